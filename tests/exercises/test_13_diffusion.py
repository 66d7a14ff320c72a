"""Open tests of the exercise 13_diffusion. Generated from nbs/exercises/13_diffusion.ipynb: edit that one."""

import math

import torch

from genai_course.grading import expect

LEFT = torch.tensor([1.0, 0.81, 0.64, 0.36, 0.19, 0.04])


def numbers(*shape, seed=0):
    "Random numbers with two decimals, always the same for the same seed."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return (made * 100).round() / 100


def expect_two(got, first, second, names):
    "Compare two returned values, in their order."
    one, other = expect.parts(got, 2, " and ".join(names))
    expect.close(one, first, names[0])
    expect.close(other, second, names[1])


def half(x, t):
    "A predictor that takes half of what it sees, and adds a tenth of the time: a number, or one for each picture."
    return 0.5 * x + (t.view(-1, *[1] * (x.dim() - 1)) if hasattr(t, "view") else t) / 10

def judge_of_noise(x_0, eps, t):
    "Picture by picture."
    return torch.stack([math.sqrt(LEFT[i]) * x + math.sqrt(1 - LEFT[i]) * e for x, e, i in zip(x_0, eps, t.tolist(), strict=True)])

def judge_of_shares(steps, offset):
    "Number by number."
    f = [math.cos((t / steps + offset) / (1 + offset) * math.pi / 2) ** 2 for t in range(steps + 1)]
    return torch.tensor([min(0.999, 1 - after / before) for before, after in zip(f, f[1:], strict=False)])

def expect_split(sol, x_0, eps, kept):
    "Mix x_0 and eps, and expect them back."
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    got = sol.picture_and_noise(signal * eps - noise * x_0, signal * x_0 + noise * eps, kept)
    expect_two(got, x_0, eps, ("x_0", "eps"))

def judge_of_hands(t, width):
    "Number by number."
    angles = [[time * 10_000 ** (-i / (width // 2)) for i in range(width // 2)] for time in t.tolist()]
    return torch.tensor([[*map(math.sin, row), *map(math.cos, row)] for row in angles])

def judge_of_loss(x_0, eps, t):
    "Picture by picture, with the predictor `half`."
    x = judge_of_noise(x_0, eps, t)
    return torch.stack([(half(row[None], t[i : i + 1])[0] - eps[i]).square().mean() for i, row in enumerate(x)]).mean()


def blind(x, t):
    "The predictor `half`, which lets no gradient through: what reaches eps comes from the comparison alone."
    return 0.5 * x.detach()


def judge_of_blind_loss(predict, x_0, eps, t, left):
    kept = left[t].view(-1, 1, 1, 1)
    return (predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, t) - eps).square().mean()

def expect_step(sol, x_0, eps, now, then):
    "Mix x_0 and eps for one time, and expect the mixture for the other."
    mixed, wanted = [math.sqrt(kept) * x_0 + math.sqrt(1 - kept) * eps for kept in (now, then)]
    expect.close(sol.step_back(mixed, eps, now, then), wanted, "the step", 1e-4, 1e-4)

def judge_of_past(x, x_0, now, then):
    "The published formula: Ho et al. 2020, eq. 7."
    left = now / then
    mean = math.sqrt(then) * (1 - left) / (1 - now) * x_0 + math.sqrt(left) * (1 - then) / (1 - now) * x
    return mean, (1 - then) / (1 - now) * (1 - left)


def expect_past(sol, x, x_0, now, then):
    expect_two(sol.came_from(x, x_0, now, then), *judge_of_past(x, x_0, now, then), ("mean", "variance"))

def judge_of_sampler(x, times, fresh):
    "Step by step, with the predictor `half` and the formula of question 7."
    for t, s, noise in zip(times, times[1:], fresh, strict=False):
        mean, variance = judge_of_past(x, half(x, t), LEFT[t].item(), LEFT[s].item())
        x = mean + math.sqrt(variance) * noise
    return x


def test_noise_by_hand(sol):
    "is right for the pixel above"
    one = torch.ones(1, 1, 1, 1)
    expect.close(sol.under_noise(one, one, torch.tensor([2]), LEFT), 1.4 * one)


def test_noise_batch(sol):
    "gives each of three pictures its own time"
    x_0, eps, t = numbers(3, 1, 2, 3), numbers(3, 1, 2, 3, seed=1), torch.tensor([0, 3, 5])
    expect.close(sol.under_noise(x_0, eps, t, LEFT), judge_of_noise(x_0, eps, t))


def test_shares_by_hand(sol):
    "is right for the two steps above, and for four"
    expect.close(sol.cosine_shares(2, 0.0), torch.tensor([0.5, 0.999]), "the shares")
    expect.close(sol.cosine_shares(4, 0.0), judge_of_shares(4, 0.0), "the shares of 4 steps")


def test_shares_offset(sol):
    "heeds the offset"
    expect.close(sol.cosine_shares(5, 0.1), judge_of_shares(5, 0.1), "the shares")


def test_split_by_hand(sol):
    "is right for the numbers above"
    one = torch.ones(1, 1, 1, 1)
    expect_two(sol.picture_and_noise(one, 2 * one, 0.64), one, 2 * one, ("x_0", "eps"))


def test_split_ends(sol):
    "works where there is only noise, and where there is none"
    for kept in (0.0, 1.0): expect_split(sol, numbers(2, 1, 2, 2), numbers(2, 1, 2, 2, seed=1), kept)


def test_hands_by_hand(sol):
    "is right at times 0 and 3, with four numbers"
    expect.close(sol.hands(torch.tensor([0, 3]), 4), torch.tensor([[0, 0, 1, 1], [math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03)]]), "the hands")


def test_hands_wide(sol):
    "is right for eight numbers"
    expect.close(sol.hands(torch.tensor([1, 7, 40]), 8), judge_of_hands(torch.tensor([1, 7, 40]), 8), "the hands")


def test_loss_by_hand(sol):
    "is right for the pixel above"
    one = torch.ones(1, 1, 1, 1)
    expect.close(sol.noise_loss(lambda x, t: 0.5 * x, one, 2 * one, torch.tensor([2]), LEFT), torch.tensor(1.0), "the loss")


def test_loss_batch(sol):
    "is right for three pictures at three times, and can be learned from: the gradient gets through"
    x_0, eps, t = numbers(3, 1, 2, 2), numbers(3, 1, 2, 2, seed=1), torch.tensor([1, 3, 5])
    expect.close(sol.noise_loss(half, x_0, eps, t, LEFT), judge_of_loss(x_0, eps, t), "the loss")
    expect.gradients(sol.noise_loss, judge_of_blind_loss, blind, x_0, eps.clone().requires_grad_(), t, LEFT)


def test_step_by_hand(sol):
    "is right for the numbers above"
    one = torch.ones(1, 1, 1, 1)
    expect.close(sol.step_back(2.2 * one, 2 * one, 0.36, 0.64), 2 * one, "the step")


def test_step_to_picture(sol):
    "gives the picture where the earlier time has no noise, and changes nothing where both times are the same"
    for then in (1.0, 0.5): expect_step(sol, numbers(2, 1, 2, 2), numbers(2, 1, 2, 2, seed=1), 0.5, then)


def test_past_pixel(sol):
    "is right for one pixel: x = 1, x_0 = 0, from 0.36 back to 0.72"
    expect_past(sol, torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1), 0.36, 0.72)


def test_past_pictures(sol):
    "is right for whole pictures"
    expect_past(sol, numbers(2, 1, 2, 3), numbers(2, 1, 2, 3, seed=1), 0.3, 0.5)


def test_sampler_one_step(sol):
    "is right for a single step from time 4 to time 2"
    x, fresh = numbers(2, 1, 2, 2), numbers(1, 2, 1, 2, 2, seed=1)
    expect.close(sol.sampled(half, x, [4, 2], LEFT, fresh), judge_of_sampler(x, [4, 2], fresh))


def test_sampler_all_steps(sol):
    "is right all the way to the picture"
    x, fresh = numbers(2, 1, 2, 2), numbers(5, 2, 1, 2, 2, seed=1)
    expect.close(sol.sampled(half, x, [5, 4, 3, 2, 1, 0], LEFT, fresh), judge_of_sampler(x, [5, 4, 3, 2, 1, 0], fresh))


TESTS = {
    'test_noise_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_noise_batch': {
        'question': 'q1',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_shares_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_shares_offset': {
        'question': 'q2',
        'name': 'offset',
        'points': 1,
        'hidden': False,
    },
    'test_split_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_split_ends': {
        'question': 'q3',
        'name': 'ends',
        'points': 1,
        'hidden': False,
    },
    'test_hands_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_hands_wide': {
        'question': 'q4',
        'name': 'wide',
        'points': 1,
        'hidden': False,
    },
    'test_loss_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_loss_batch': {
        'question': 'q5',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_step_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_step_to_picture': {
        'question': 'q6',
        'name': 'to-the-picture',
        'points': 1,
        'hidden': False,
    },
    'test_past_pixel': {
        'question': 'q7',
        'name': 'pixel',
        'points': 1,
        'hidden': False,
    },
    'test_past_pictures': {
        'question': 'q7',
        'name': 'pictures',
        'points': 1,
        'hidden': False,
    },
    'test_sampler_one_step': {
        'question': 'q8',
        'name': 'one-step',
        'points': 1,
        'hidden': False,
    },
    'test_sampler_all_steps': {
        'question': 'q8',
        'name': 'all-steps',
        'points': 1,
        'hidden': False,
    },
}
