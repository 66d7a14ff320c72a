"""Held-out tests of the exercise 13_diffusion. Generated from nbs/exercises/13_diffusion.ipynb: edit that one."""

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


def test_noise_colours(sol):
    "works for coloured pictures, and leaves its inputs alone"
    x_0, eps, t = numbers(4, 3, 2, 5), numbers(4, 3, 2, 5, seed=1), torch.tensor([5, 5, 1, 2])
    expect.close(sol.under_noise(x_0, eps, t, LEFT), judge_of_noise(x_0, eps, t))
    expect.inputs_kept(sol)


def test_shares_thousand(sol):
    "is right for a thousand steps with the usual offset, and for one"
    expect.close(sol.cosine_shares(1000, 0.008), judge_of_shares(1000, 0.008), "the shares", 1e-3, 2e-5)
    expect.close(sol.cosine_shares(1, 0.008), torch.tensor([0.999]), "the share of a single step")


def test_split_between(sol):
    "is right in between, and leaves its inputs alone"
    for kept in (0.01, 0.5, 0.9): expect_split(sol, numbers(2, 3, 2, 4), numbers(2, 3, 2, 4, seed=1), kept)
    expect.inputs_kept(sol)


def test_hands_others(sol):
    "is right for two numbers and for many, and for one time"
    for width in (2, 32): expect.close(sol.hands(torch.tensor([12]), width), judge_of_hands(torch.tensor([12]), width), "the hands")


def test_loss_others(sol):
    "is right for coloured pictures, is 0 for a perfect network, and leaves its inputs alone"
    x_0, eps, t = numbers(4, 3, 3, 2, seed=2), numbers(4, 3, 3, 2, seed=3), torch.tensor([2, 2, 0, 4])
    expect.close(sol.noise_loss(half, x_0, eps, t, LEFT), judge_of_loss(x_0, eps, t), "the loss")
    expect.inputs_kept(sol)
    expect.close(sol.noise_loss(lambda x, t: eps, x_0, eps, t, LEFT), torch.tensor(0.0), "the loss of a perfect network")


def test_step_far(sol):
    "is right for short and long steps, and leaves its inputs alone"
    for now, then in [(0.01, 0.02), (0.05, 0.99), (0.7, 0.8)]: expect_step(sol, numbers(2, 3, 2, 3), numbers(2, 3, 2, 3, seed=1), now, then)
    expect.inputs_kept(sol)


def test_past_others(sol):
    "is right for short and for long ways back, and leaves its inputs alone"
    for now, then in [(0.5, 0.51), (0.01, 0.98)]:
        expect_past(sol, numbers(2, 3, 2, 2, seed=2), numbers(2, 3, 2, 2, seed=3), now, then)
        expect.inputs_kept(sol)


def test_sampler_skipping(sol):
    "is right where times are skipped, for coloured pictures, and leaves its inputs alone"
    x, fresh = numbers(2, 3, 2, 1, seed=2), numbers(3, 2, 3, 2, 1, seed=3)
    expect.close(sol.sampled(half, x, [5, 2, 1, 0], LEFT, fresh), judge_of_sampler(x, [5, 2, 1, 0], fresh))
    expect.inputs_kept(sol)


TESTS = {
    'test_noise_colours': {
        'question': 'q1',
        'name': 'colours',
        'points': 1,
        'hidden': True,
    },
    'test_shares_thousand': {
        'question': 'q2',
        'name': 'thousand',
        'points': 1,
        'hidden': True,
    },
    'test_split_between': {
        'question': 'q3',
        'name': 'between',
        'points': 1,
        'hidden': True,
    },
    'test_hands_others': {
        'question': 'q4',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_loss_others': {
        'question': 'q5',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_step_far': {
        'question': 'q6',
        'name': 'far',
        'points': 1,
        'hidden': True,
    },
    'test_past_others': {
        'question': 'q7',
        'name': 'others',
        'points': 2,
        'hidden': True,
    },
    'test_sampler_skipping': {
        'question': 'q8',
        'name': 'skipping',
        'points': 1,
        'hidden': True,
    },
}
