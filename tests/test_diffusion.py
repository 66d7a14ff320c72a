"""Diffusion: noise in one step and in many, three names for one guess, samplers where the answer is known, a U-Net and its recipe."""

from functools import partial
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course.checkpoint import WEIGHTS, CheckpointError, save_weights
from genai_course.diffusion import (
    PICTURES,
    RECIPES,
    SCHEDULES,
    SHAPES,
    Guess,
    Layers,
    PictureAttention,
    PointMLP,
    TimedBlock,
    TimeNumbers,
    UNet,
    average_steadily,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser,
    diffusion_loss,
    dpm_solver,
    drawing_task,
    drawn,
    exact_denoiser,
    guess_from,
    held_out_loss,
    kept_after,
    linear_schedule,
    load_drawer,
    moments,
    noised,
    points_of,
    posterior,
    strengths,
    target_of,
    walk,
    with_noise,
)
from genai_course.training import Turn, as_tensors, train

seeds, TARGETS = st.integers(0, 2**31), ("noise", "picture", "v")


def generator(seed=0): return torch.Generator().manual_seed(seed)


def random(*shape, seed=0): return torch.randn(shape, generator=generator(seed))


def close(one, other, eps=1e-5): return torch.allclose(one, other, atol=eps, rtol=eps)


def stirred(model, seed=0):
    "The model with random weights throughout, so that every part matters."
    torch.manual_seed(seed)
    for p in model.parameters(): nn.init.normal_(p, std=0.2)
    return model


# ---- schedules and noise


@pytest.mark.parametrize("name", SCHEDULES)
@given(steps=st.integers(2, 1200))
def test_a_schedule_falls_from_a_clean_picture_to_noise(name, steps):
    alpha_bar = SCHEDULES[name](steps)
    assert alpha_bar.shape == (steps + 1,) and alpha_bar[0] == 1 and (alpha_bar > 0).all() and (alpha_bar.diff() < 0).all()
    assert alpha_bar[-1] < 0.01


def test_the_schedules_are_the_published_ones():
    beta = np.linspace(1e-4, 0.02, 1000)
    assert np.allclose(linear_schedule(1000)[1:], np.cumprod(1 - beta))
    f = np.cos((np.arange(1001) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
    assert np.allclose(cosine_schedule(1000)[:-1], (f / f[0])[:-1], atol=1e-9)
    assert (cosine_schedule(1000)[-1] / cosine_schedule(1000)[-2]).item() == pytest.approx(0.001)


@given(betas=st.lists(st.floats(0.01, 0.5), min_size=1, max_size=30), x_0=st.floats(-2, 2), seed=seeds)
def test_many_small_steps_are_one_large_one(betas, x_0, seed):
    x, rng = torch.full((40_000,), x_0, dtype=torch.float64), generator(seed)
    for beta in betas: x = (1 - beta) ** 0.5 * x + beta**0.5 * torch.randn(x.shape, generator=rng, dtype=torch.float64)
    signal, noise = strengths(kept_after(torch.tensor(betas)), len(betas), x)
    assert abs(x.mean() - signal * x_0) < 5 * noise / 200 and x.std().item() == pytest.approx(noise.item(), rel=0.03)


@given(seed=seeds, t=st.lists(st.integers(0, 1000), min_size=1, max_size=5))
def test_each_picture_of_a_batch_has_its_own_time(seed, t):
    alpha_bar = cosine_schedule()
    x_0, eps = random(len(t), 2, 3, 3, seed=seed), random(len(t), 2, 3, 3, seed=seed + 1)
    together = noised(x_0, eps, torch.tensor(t), alpha_bar)
    for i, time in enumerate(t):
        assert close(together[i], alpha_bar[time] ** 0.5 * x_0[i] + (1 - alpha_bar[time]) ** 0.5 * eps[i])
        assert close(together[i], noised(x_0[i : i + 1], eps[i : i + 1], time, alpha_bar)[0])


def test_at_time_0_there_is_the_picture_alone_and_at_the_end_next_to_nothing_of_it():
    x_0, eps = random(3, 1, 4, 4), random(3, 1, 4, 4, seed=1)
    assert torch.equal(noised(x_0, eps, 0, cosine_schedule()), x_0)
    assert close(noised(x_0, eps, 1000, cosine_schedule()), eps, 1e-3)
    with pytest.raises(IndexError): noised(x_0, eps, 1001, cosine_schedule())


def test_small_noise_is_not_lost_in_rounding():
    signal, noise = strengths(linear_schedule(), 1, torch.zeros(1))
    assert noise.item() == pytest.approx(0.01, rel=1e-6) and noise.dtype == torch.float32


# ---- three names for one guess


@given(target=st.sampled_from(TARGETS), t=st.integers(20, 900), seed=seeds)
def test_noise_picture_and_v_say_the_same(target, t, seed):
    alpha_bar, x_0, eps = cosine_schedule(), random(2, 5, seed=seed).double(), random(2, 5, seed=seed + 1).double()
    x = noised(x_0, eps, t, alpha_bar)
    signal, noise = strengths(alpha_bar, t, x)
    guess = guess_from(target, target_of(target, x_0, eps, signal, noise), x, signal, noise)
    assert close(guess.x_0, x_0, 1e-8) and close(guess.eps, eps, 1e-8)
    assert close(signal * guess.x_0 + noise * guess.eps, x, 1e-8)


@given(target=st.sampled_from(TARGETS), t=st.integers(20, 900), seed=seeds)
def test_whatever_is_answered_the_two_parts_make_up_what_is_there(target, t, seed):
    alpha_bar, x, answer = cosine_schedule(), random(2, 5, seed=seed).double(), random(2, 5, seed=seed + 1).double()
    signal, noise = strengths(alpha_bar, t, x)
    guess = guess_from(target, answer, x, signal, noise)
    assert close(signal * guess.x_0 + noise * guess.eps, x, 1e-8)
    assert close(target_of(target, guess.x_0, guess.eps, signal, noise), answer, 1e-8)


def test_v_stays_finite_where_nothing_is_left_of_the_picture():
    x, answer = random(2, 3), random(2, 3, seed=1)
    guess = guess_from("v", answer, x, torch.zeros(1), torch.ones(1))
    assert close(guess.eps, x) and close(guess.x_0, -answer)


def test_an_unknown_target_is_refused():
    with pytest.raises(ValueError, match="noise, picture or v, not for 'score'"): guess_from("score", *random(2, 1), torch.ones(1), torch.ones(1))


# ---- batches and the loss


@given(size=st.integers(1, 40), steps=st.integers(1, 1000), seed=st.integers(0, 99))
def test_the_times_of_a_batch_are_spread_over_all(size, steps, seed):
    x_0, t, eps = next(with_noise([(np.zeros((size, 1, 2, 2), np.float32), np.arange(size))], steps, seed))
    assert x_0.shape == eps.shape == (size, 1, 2, 2) and t.shape == (size,) and t.dtype == np.int64 and eps.dtype == np.float32
    assert t.min() >= 1 and t.max() <= steps
    stretches = np.sort((t - 1) / steps * size)
    assert (stretches >= np.arange(size) - size / steps - 1e-9).all() and (stretches <= np.arange(size) + 1).all()


def test_times_fall_evenly_and_noise_is_a_bell_curve():
    batches = list(with_noise([(np.zeros((50, 3, 4, 4), np.float32),)] * 100, 10))
    counts = np.bincount(np.concatenate([t for _, t, _ in batches]), minlength=11)
    assert counts[0] == 0 and counts[1:].min() > 400 and counts[1:].max() < 600
    noise = np.stack([eps for *_, eps in batches])
    assert abs(noise.mean()) < 0.01 and noise.std() == pytest.approx(1, abs=0.01)


def test_a_batch_is_a_function_of_seed_and_step():
    def stream(seed, start): return with_noise([(np.zeros((4, 2), np.float32),)] * 9, 1000, seed, start)

    through, late = list(stream(3, 0)), next(stream(3, 5))
    assert all(np.array_equal(a, b) for a, b in zip(through[5], late, strict=True))
    assert not np.array_equal(through[4][2], late[2]) and not np.array_equal(next(stream(4, 5))[2], late[2])


class Answers(nn.Module):
    "A network that answers with what it is given, and keeps what it was asked."
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, x, t):
        self.asked = x, t
        return self.answer


@pytest.mark.parametrize("target", TARGETS)
def test_the_loss_is_the_squared_error_of_what_is_asked_for(target):
    alpha_bar, t = cosine_schedule(), torch.tensor([5, 500, 990])
    x_0, eps, answer = random(3, 1, 4, 4), random(3, 1, 4, 4, seed=1), random(3, 1, 4, 4, seed=2)
    a, b = alpha_bar[t].sqrt().float().view(3, 1, 1, 1), (1 - alpha_bar[t]).sqrt().float().view(3, 1, 1, 1)
    wanted = {"noise": eps, "picture": x_0, "v": a * eps - b * x_0}[target]
    model = Answers(answer)
    assert diffusion_loss(model, (x_0, t, eps), alpha_bar, target).item() == pytest.approx(((answer - wanted) ** 2).mean().item(), rel=1e-5)
    assert close(model.asked[0], a * x_0 + b * eps) and torch.equal(model.asked[1], t)
    assert diffusion_loss(Answers(wanted), (x_0, t, eps), alpha_bar, target).item() == pytest.approx(0, abs=1e-10)


def test_errors_of_the_three_targets_differ_by_the_signal_to_noise_ratio():
    alpha_bar, t, x_0, eps = cosine_schedule(), 400, random(2, 9).double(), random(2, 9, seed=1).double()
    x, (signal, noise) = noised(x_0, eps, t, alpha_bar), strengths(alpha_bar, t, x_0)
    wrong = guess_from("picture", x_0 + 0.1 * random(2, 9, seed=2), x, signal, noise)
    errors = {target: F.mse_loss(target_of(target, wrong.x_0, wrong.eps, signal, noise), target_of(target, x_0, eps, signal, noise)) for target in TARGETS}
    ratio = alpha_bar[t] / (1 - alpha_bar[t])
    assert close(errors["noise"], ratio * errors["picture"], 1e-7) and close(errors["v"], (1 + ratio) * errors["picture"], 1e-7)


# ---- the best guess


@given(seed=seeds, t=st.integers(1, 1000), count=st.integers(1, 6))
def test_the_best_guess_is_the_mean_weighted_by_likelihood(seed, t, count):
    alpha_bar, points, x = cosine_schedule(), random(count, 2, seed=seed).double(), random(3, 2, seed=seed + 1).double()
    guess = exact_denoiser(points, alpha_bar)(x, t)
    signal, noise = (alpha_bar[t] ** 0.5).item(), ((1 - alpha_bar[t]) ** 0.5).item()
    for row, seen in zip(x, guess.x_0, strict=True):
        log_p = torch.distributions.Normal(signal * points, noise).log_prob(row).sum(-1)
        assert close(seen, log_p.softmax(0) @ points, 1e-6)
    assert close(signal * guess.x_0 + noise * guess.eps, x, 1e-7)


def test_under_noise_alone_the_best_guess_is_the_mean_and_under_none_the_nearest():
    points = random(20, 1, 3, 3)
    best = exact_denoiser(points, cosine_schedule())
    assert close(best(random(4, 1, 3, 3, seed=1), 1000).x_0, points.mean(0).expand(4, -1, -1, -1), 1e-2)
    assert close(best(points[:4] + 0.01, 1).x_0, points[:4], 1e-4)


# ---- the way back


@given(t=st.integers(2, 1000), data=st.data())
def test_the_posterior_is_bayes_rule(t, data):
    s, alpha_bar = data.draw(st.integers(1, t - 1)), linear_schedule()
    x, x_0 = torch.tensor([0.3], dtype=torch.float64), torch.tensor([-0.8], dtype=torch.float64)
    mean, variance = posterior(x, x_0, alpha_bar, t, s)
    left = alpha_bar[t] / alpha_bar[s]  # bell curves: what x_0 says about the earlier time, and what x says
    precision = 1 / (1 - alpha_bar[s]) + left / (1 - left)
    expected = (alpha_bar[s] ** 0.5 * x_0 / (1 - alpha_bar[s]) + left**0.5 * x / (1 - left)) / precision
    assert close(mean, expected, 1e-6) and variance == pytest.approx((1 / precision).item(), rel=1e-6)


@given(t=st.integers(1, 1000), data=st.data(), seed=seeds)
def test_ddim_at_eta_1_moves_as_ddpm(t, data, seed):
    s, alpha_bar = data.draw(st.integers(0, t - 1)), cosine_schedule()
    x, x_0 = random(2, 3, seed=seed).double(), random(2, 3, seed=seed + 1).double()
    guess = guess_from("picture", x_0, x, *strengths(alpha_bar, t, x))
    mean, variance = posterior(x, x_0, alpha_bar, t, s)
    sigma = ((1 - alpha_bar[s]) / (1 - alpha_bar[t])) ** 0.5 * (1 - alpha_bar[t] / alpha_bar[s]) ** 0.5  # Song et al., eq. 16 with eta = 1
    assert variance == pytest.approx((sigma**2).item(), rel=1e-6)
    assert close(mean, alpha_bar[s] ** 0.5 * x_0 + (1 - alpha_bar[s] - sigma**2).clamp(min=0) ** 0.5 * guess.eps, 1e-6)


@given(steps=st.integers(1, 1000), data=st.data())
def test_moments_fall_to_0_without_standing_still(steps, data):
    count = data.draw(st.integers(1, steps))
    times = moments(cosine_schedule(steps), count)
    assert times[0] == steps and times[-1] == 0 and len(times) == count + 1 and all(t > s for t, s in pairwise(times))


@pytest.mark.parametrize("count", [0, -1, 11])
def test_a_number_of_steps_that_does_not_fit_is_refused(count):
    with pytest.raises(ValueError, match="choose from 1 to 10"): moments(cosine_schedule(10), count)


MEAN, COVARIANCE = torch.tensor([1.0, -0.5], dtype=torch.float64), torch.tensor([[1.0, 0.6], [0.6, 0.5]], dtype=torch.float64)


def of_a_cloud(alpha_bar):
    "The best guess where the data are the Gaussian cloud, direction by direction."
    sizes, turn = torch.linalg.eigh(COVARIANCE)

    def guess(x, t):
        signal, noise = alpha_bar[t].sqrt(), (1 - alpha_bar[t]).sqrt()
        along = (x - signal * MEAN) @ turn * (signal * sizes / (signal**2 * sizes + noise**2))
        x_0 = MEAN + along @ turn.T
        return Guess((x - signal * x_0) / noise, x_0)
    return guess


@given(count=st.integers(1, 40), seed=st.integers(0, 99))
def test_whole_drawings_of_ddpm_and_of_ddim_at_eta_1_are_the_same(count, seed):
    alpha_bar, x = cosine_schedule(), random(3, 2, seed=seed).double()
    best = of_a_cloud(alpha_bar)
    one, other = drawn(ddpm(best, x, alpha_bar, count, generator(seed))), drawn(ddim(best, x, alpha_bar, count, 1.0, generator(seed)))
    assert close(one, other, 1e-6)


SAMPLERS = {"DDPM": partial(ddpm, count=1000), "half of eta": partial(ddim, count=500, eta=0.5)}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_known_cloud_comes_out_with_its_mean_and_covariance(name, schedule):
    alpha_bar, begin = SCHEDULES[schedule](), random(20_000, 2).double()
    cloud = drawn(SAMPLERS[name](of_a_cloud(alpha_bar), begin, alpha_bar, generator=generator(1)))
    assert close(cloud.mean(0), MEAN, 0.03) and close(cloud.T.cov(), COVARIANCE, 0.04)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_without_fresh_noise_each_point_of_a_cloud_goes_where_the_exact_flow_leads_it(schedule):
    alpha_bar, begin = SCHEDULES[schedule](), random(200, 2).double()
    sizes, turn = torch.linalg.eigh(COVARIANCE)
    last = alpha_bar[-1]
    exact = MEAN + ((begin - last.sqrt() * MEAN) @ turn * (sizes / (last * sizes + 1 - last)).sqrt()) @ turn.T  # each direction is only stretched
    def error(sampler, count): return (drawn(sampler(of_a_cloud(alpha_bar), begin, alpha_bar, count)) - exact).abs().max().item()
    assert error(ddim, 1000) < 0.02 and error(dpm_solver, 100) < 0.02
    assert error(ddim, 200) < 0.6 * error(ddim, 100)  # first order: half the step, half the error
    assert error(dpm_solver, 40) < error(ddim, 40) / 2


def test_the_perfect_denoiser_draws_copies():
    points, alpha_bar = random(12, 1, 2, 2), cosine_schedule()
    for sampler in (ddpm, ddim):
        made = drawn(sampler(exact_denoiser(points, alpha_bar), random(30, 1, 2, 2, seed=1), alpha_bar, 500, generator=generator()))
        nearest = torch.cdist(made.flatten(1), points.flatten(1)).min(1)
        assert nearest.values.max() < 0.05 and len(set(nearest.indices.tolist())) > 5


@pytest.mark.parametrize("sampler", [ddpm, ddim, dpm_solver])
def test_a_sampler_hands_out_every_step(sampler):
    alpha_bar, begin = cosine_schedule(), random(2, 3)
    best = exact_denoiser(random(4, 3, seed=1), alpha_bar)
    frames = list(sampler(best, begin, alpha_bar, 7))
    assert [frame.t for frame in frames] == moments(alpha_bar, 7)[:-1] and torch.equal(frames[0].x, begin)
    for frame, after in pairwise(frames): assert torch.equal(frame.x_next, after.x)
    for frame in frames: assert torch.equal(frame.x_0, best(frame.x, frame.t).x_0) and torch.equal(frame.eps, best(frame.x, frame.t).eps)
    assert close(frames[-1].x_next, frames[-1].x_0, 1e-4)  # the last step leads to the last guess


@pytest.mark.parametrize("sampler", [ddpm, ddim, dpm_solver])
def test_a_sampler_takes_no_step_that_nobody_asked_for(sampler):
    looks, alpha_bar = [], cosine_schedule()
    def counting(x, t):
        looks.append(t)
        return Guess(x, x)
    for _ in islice(sampler(counting, random(1, 2), alpha_bar, 50), 3): pass
    assert len(looks) == 3


def test_the_same_generator_draws_the_same_and_only_ddpm_cares():
    alpha_bar = cosine_schedule()
    def draw(sampler, seed): return drawn(sampler(of_a_cloud(alpha_bar), random(3, 2).double(), alpha_bar, 30, generator=generator(seed)))
    assert torch.equal(draw(ddpm, 1), draw(ddpm, 1)) and not torch.equal(draw(ddpm, 1), draw(ddpm, 2))
    assert torch.equal(draw(ddim, 1), draw(ddim, 2))


def test_no_steps_draw_nothing():
    with pytest.raises(ValueError, match="without a step"): drawn([])
    assert list(walk(lambda x, t: Guess(x, x), random(1, 2), [0], lambda x, guess, t, s: x)) == []


# ---- networks


def test_times_are_told_apart_and_near_ones_are_alike():
    hands = TimeNumbers(1000, 32).hands
    assert hands.shape == (1001, 32)
    at = torch.arange(1001)[:, None] / 10_000 ** (torch.arange(16) / 16)
    assert close(hands, torch.cat([at.cos(), at.sin()], -1), 1e-4)
    distances = torch.cdist(hands, hands) + 9 * torch.eye(1001)
    assert distances.min() > 0.1 and distances[500, 501] < distances[500, 520]


def test_a_fresh_block_adds_nothing_and_a_trained_one_hears_the_time():
    x, known = random(2, 16, 4, 4), random(2, 8, seed=1)
    for part in (TimedBlock(16, 16, told=8), PictureAttention(16), Layers(16, 16, 8, 2, True)): assert torch.equal(part(x, known), x)
    block = stirred(TimedBlock(16, 24, told=8))
    assert block(x, known).shape == (2, 24, 4, 4) and not close(block(x, known), block(x, known + 1))


def test_a_block_is_the_formula():
    block, x, known = stirred(TimedBlock(8, 16, told=4)), random(3, 8, 5, 5), random(3, 4, seed=1)
    inside = F.conv2d(F.silu(F.group_norm(x, 8, block.first[0].weight, block.first[0].bias)), block.first[2].weight, block.first[2].bias, padding=1)
    heard = F.linear(F.silu(known), block.hear.weight, block.hear.bias)
    inside = F.group_norm(inside, 8, block.norm.weight, block.norm.bias) * (1 + heard[:, :16, None, None]) + heard[:, 16:, None, None]
    expected = F.conv2d(x, block.short_cut.weight, block.short_cut.bias) + F.conv2d(F.silu(inside), block.second.weight, block.second.bias, padding=1)
    assert close(block(x, known), expected, 1e-4)


def test_attention_is_torchs_and_does_not_know_where_a_place_is():
    layer, x = stirred(PictureAttention(16, heads=2)), random(2, 16, 3, 3)
    torchs = nn.MultiheadAttention(16, 2, batch_first=True)
    with torch.no_grad():
        torchs.in_proj_weight.copy_(layer.to_qkv.weight), torchs.out_proj.weight.copy_(layer.out.weight), torchs.out_proj.bias.copy_(layer.out.bias)
    places = layer.norm(x).flatten(2).transpose(1, 2)
    assert close(layer(x, None), x + torchs(places, places, places)[0].transpose(1, 2).reshape(x.shape), 1e-4)
    assert close(layer(x.flip(2, 3), None).flip(2, 3), layer(x, None), 1e-4)


@pytest.mark.parametrize("channels, widths, depth, side", [(1, (16, 24), 1, 8), (3, (8, 16, 24), 2, 32), (1, (16,), 1, 5), (2, (8, 8, 8), 1, 8)])
def test_a_unet_takes_and_gives_pictures_of_any_fitting_size(channels, widths, depth, side):
    model, x = UNet(channels, widths, depth, steps=50), random(2, channels, side, side)
    assert torch.equal(model(x, torch.tensor([0, 50])), torch.zeros_like(x))
    answer = stirred(model)(x, torch.tensor([0, 50]))
    assert answer.shape == x.shape and answer.abs().max() > 0


def test_rows_of_a_batch_do_not_meet_and_every_pixel_and_the_time_count():
    model, x, t = stirred(UNet(1, (8, 16), steps=50)).eval(), random(2, 1, 8, 8), torch.tensor([10, 40])
    with torch.no_grad():
        together = model(x, t)
        assert close(together[:1], model(x[:1], t[:1]), 1e-3) and not close(together[:1], model(x[:1], t[1:]), 1e-3)
        other = x.clone()
        other[0, 0, 0, 0] += 3
        changed = (model(other, t) - together).abs()
    assert changed[1].max() < 1e-6 and changed[0, 0, 7, 7] > 0  # the far corner feels it


def test_the_short_cut_carries_detail_past_the_bottom():
    model, x = stirred(UNet(1, (8, 16), steps=50)), random(1, 1, 8, 8)
    for p in model.levels.larger.parameters(): nn.init.zeros_(p)  # nothing comes up from inside
    assert not close(model(x, torch.tensor([5])), model(-x, torch.tensor([5])), 1e-3)


def test_a_folded_network_takes_squares_of_pixels_for_places():
    def squares(x): return x.reshape(2, 3, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4).reshape(2, 12, 4, 4)
    folded, flat = (stirred(UNet(channels, (8, 16), steps=50, fold=fold)).eval() for channels, fold in ((3, 2), (12, 1)))
    flat.load_state_dict(folded.state_dict())
    x, t = random(2, 3, 8, 8), torch.tensor([10, 40])
    with torch.no_grad(): assert close(squares(folded(x, t)), flat(squares(x), t), 1e-5)
    with pytest.raises(ValueError, match="take sides that 4 divides"): folded(torch.zeros(1, 3, 6, 8), torch.tensor([1]))


def test_pictures_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="pictures of 6 by 10 cannot be halved so often: take sides that 4 divides"):
        UNet(1, (8, 8, 8))(torch.zeros(1, 1, 6, 10), torch.tensor([1]))
    with pytest.raises(ValueError, match="3 heads cannot share 16 channels"): PictureAttention(16, heads=3)


def test_a_network_that_is_told_more_hands_it_to_its_own_layers():
    class Told(nn.Module):
        "Mixes the channels, and adds a number that each picture comes with."
        def __init__(self, inputs, outputs):
            super().__init__()
            self.mix = nn.Conv2d(inputs, outputs, 1)

        def forward(self, x, known): return self.mix(x) + known[1][:, None, None, None]

    class Captioned(UNet):
        def layers(self, inputs, outputs, attends=False): return Told(inputs, outputs)

        def forward(self, x, t, number): return self.through(x, (self.time(t), number))

    model, x, t = stirred(Captioned(1, (8, 16), steps=50)), random(2, 1, 8, 8), torch.tensor([5, 5])
    with torch.no_grad(): one, other = model(x, t, torch.zeros(2)), model(x, t, torch.tensor([0.0, 2.0]))
    assert torch.equal(one[0], other[0]) and not close(one[1], other[1], 1e-3)


def test_a_networks_denoiser_reads_its_answer_and_limits_the_picture():
    alpha_bar, x, answer = cosine_schedule(), 3 * random(2, 1, 4, 4), random(2, 1, 4, 4, seed=1)
    model = Answers(answer)
    for target in TARGETS:
        plain = denoiser(model, alpha_bar, target)(x, 300)
        expected = guess_from(target, answer, x, *strengths(alpha_bar, 300, x))
        assert close(plain.x_0, expected.x_0) and close(plain.eps, expected.eps) and model.asked[1].tolist() == [300, 300]
        cut = denoiser(model, alpha_bar, target, limit=1)(x, 300)
        assert close(cut.x_0, expected.x_0.clamp(-1, 1)) and close(noised(cut.x_0, cut.eps, 300, alpha_bar), x, 1e-4)


def test_points_are_learned():
    torch.manual_seed(0)
    points, alpha_bar, model = points_of(SHAPES["ring"], 400), cosine_schedule(200), PointMLP(64, 2, steps=200)
    stream = as_tensors(with_noise([(points,)] * 1500, 200))
    for _ in train(stream, Turn("loss", partial(diffusion_loss, model, alpha_bar=alpha_bar), torch.optim.Adam(model.parameters(), 0.003)), steps=1500): pass
    made = drawn(ddpm(denoiser(model, alpha_bar), random(300, 2), alpha_bar, 100, generator()))
    assert (made.norm(dim=1) - 1.4).abs().median() < 0.12  # near the ring,
    assert (made[:, 0] > 0).float().mean().item() == pytest.approx(0.5, abs=0.12)  # on all sides of it


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes_fit_the_plane_and_repeat_with_their_seed(shape):
    points = points_of(SHAPES[shape], 500, seed=2)
    assert points.shape == (500, 2) and points.dtype == np.float32 and np.abs(points).max() < 2.5
    assert np.array_equal(points, points_of(SHAPES[shape], 500, seed=2)) and not np.array_equal(points, points_of(SHAPES[shape], 500))


def test_an_average_forgets_its_beginning():
    kept, model = nn.Linear(1, 1), nn.Linear(1, 1)
    nn.init.constant_(kept.weight, 100.0), nn.init.constant_(model.weight, 1.0)
    for i in range(30): average_steadily(kept, model, i, decay=0.9)
    assert kept.weight.item() == pytest.approx(1, abs=0.05)
    steady = kept.weight.item()
    nn.init.constant_(model.weight, 2.0)
    average_steadily(kept, model, 5000, decay=0.9)
    assert kept.weight.item() == pytest.approx(0.9 * steady + 0.1 * 2.0, rel=1e-5)


# ---- the recipe

SMALL = {"pictures": "digits", "widths": [8, 16], "depth": 1, "fold": 1, "schedule": "cosine", "target": "v", "size": 16, "lr": 0.003, "decay": 0.9}


def trained(steps, **changes):
    task = drawing_task(seed=0, device="cpu", **{**SMALL, **changes})
    before = task.val_loss()
    for step in train(task.batches(0), *task.turns, steps=steps): task.after(step)
    return task, before


def test_the_recipe_learns_and_keeps_the_average():
    task, before = trained(60)
    assert 0.7 < before < 1.3 and task.val_loss() < 0.8 * before  # an untrained U-Net says 0, and v has a spread of about 1
    assert any(not torch.equal(a, b) for a, b in zip(task.model.parameters(), task.others["model in training"].parameters(), strict=True))


def test_the_held_out_loss_is_always_the_same_and_that_of_nothing_known():
    alpha_bar, x = cosine_schedule(), np.random.default_rng(0).normal(size=(40, 1, 4, 4)).astype(np.float32)
    model = UNet(1, (8, 8))
    assert held_out_loss(model, x, alpha_bar) == held_out_loss(model, x, alpha_bar)
    assert held_out_loss(model, x, alpha_bar, "noise", rounds=10) == pytest.approx(1, abs=0.05)


def test_batches_go_on_where_a_run_was_stopped():
    through, resumed = (drawing_task(seed=3, device="cpu", **SMALL) for _ in range(2))
    for batch, again in zip(islice(through.batches(0), 7, 12), resumed.batches(7), strict=False):
        assert all(torch.equal(a, b) for a, b in zip(batch, again, strict=True))


def test_weights_know_what_to_build(tmp_path):
    task, _ = trained(3, schedule="linear", target="noise")
    drawer = load_drawer(save_weights(tmp_path / "weights.safetensors", task.model, task.card))
    x, alpha_bar = random(2, *drawer.shape), linear_schedule()
    assert drawer.shape == (1, 8, 8) and torch.equal(drawer.alpha_bar, alpha_bar)
    with torch.no_grad(): assert close(drawer.denoise(x, 500).eps, denoiser(task.model, alpha_bar, "noise", limit=1)(x, 500).eps)
    assert drawn(ddim(drawer.denoise, x, drawer.alpha_bar, 3)).abs().max() <= 1


def test_weights_of_something_else_are_refused_in_one_line(tmp_path):
    other = save_weights(tmp_path / "other.safetensors", nn.Linear(2, 2), {"recipe": "training"})
    with pytest.raises(CheckpointError, match="holds no model that draws: name weights that `train diffusion` made"): load_drawer(other)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_can_begin_and_its_weights_are_loaded_again(name, tmp_path):
    task = RECIPES[name].make(seed=1, device="cpu", **{**RECIPES[name].settings, "size": 4})
    step = next(train(task.batches(0), *task.turns, steps=1))
    assert np.isfinite(step.losses["loss"])
    drawer = load_drawer(save_weights(tmp_path / "weights.safetensors", task.model, task.card))
    assert drawer.shape == tuple(step.batch[0].shape[1:]) and drawer.denoise(torch.zeros(1, *drawer.shape), 500).x_0.shape == (1, *drawer.shape)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_to_learn_come_in_batches_and_none_of_the_unseen_is_among_them(name):
    stream, unseen = PICTURES[name]()
    (first, *_), (later, *_) = next(iter(stream(20, 0, 0))), next(iter(stream(20, 0, 3)))
    assert first.shape == later.shape == (20, *unseen.shape[1:]) and first.dtype == np.float32 and not np.array_equal(first, later)
    assert np.abs(unseen).max() <= 1
    assert np.abs(first[:, None] - unseen[None, :64]).max((2, 3, 4)).min() > 0


def test_times_before_0_and_no_steps_are_refused():
    alpha_bar = SCHEDULES["cosine"](10)
    for t in (-1, torch.tensor([3, -2])):
        with pytest.raises(IndexError, match="no time before 0"): strengths(alpha_bar, t, torch.zeros(2, 1))
    with pytest.raises(ValueError): next(ddpm(lambda x, t: Guess(x, x), torch.zeros(1, 1), alpha_bar, count=0))


@pytest.mark.parametrize("name", ["guidance", "gan", "judge", "transformer"])
def test_weights_of_another_kind_are_one_line(name):
    with pytest.raises(CheckpointError, match="holds no model that draws"): load_drawer(WEIGHTS / f"{name}.safetensors")
