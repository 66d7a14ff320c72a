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

EXERCISE = {
    'title': 'There and back, by your own hand',
    'setup': '''import math

import torch
from torch.nn import functional as F''',
    'questions': {
        'q1': {
            'title': 'Noise for a whole batch',
            'names': ['under_noise'],
            'answer': '''def under_noise(x_0, eps, t, alpha_bar):
    "Pictures x_0 (B, C, H, W) under noise eps (B, C, H, W), each at its own of the times t (B,), whole numbers: (B, C, H, W)."
    kept = alpha_bar[t][:, None, None, None]
    return kept.sqrt() * x_0 + (1 - kept).sqrt() * eps''',
            'explanation': 'One line of arithmetic in the place of up to a thousand steps of noise: it is why diffusion can be trained on single moments, drawn at random, and never has to run the whole way.',
            'hints': [
                '`alpha_bar[t]` with a tensor of times gives a tensor of as many numbers, `(B,)`.',
                'To multiply whole pictures by it, it needs the shape `(B, 1, 1, 1)`: `[:, None, None, None]` or `.view(-1, 1, 1, 1)`.',
            ],
            'mistakes': [
                {
                    'message': 'The roots are missing: `alpha_bar` is a share of the *variance*; strengths are its roots.',
                    'code': '''def under_noise(x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return kept * x_0 + (1 - kept) * eps''',
                },
                {
                    'message': 'The noise is too weak: its strength is the root of what is left over, `sqrt(1 - alpha_bar)`, not 1 minus the root. The squares of both strengths must add up to 1.',
                    'code': '''def under_noise(x_0, eps, t, alpha_bar):
    signal = alpha_bar[t].view(-1, 1, 1, 1).sqrt()
    return signal * x_0 + (1 - signal) * eps''',
                },
                {
                    'message': 'The times were laid along the last axis, so that each *column* of a picture has its own. A time belongs to a whole picture, the first axis: give `alpha_bar[t]` three more axes.',
                    'code': '''def under_noise(x_0, eps, t, alpha_bar):
    kept = alpha_bar[t]
    return kept.sqrt() * x_0 + (1 - kept).sqrt() * eps''',
                },
                {
                    'message': 'All pictures have got the time of the first one.',
                    'code': '''def under_noise(x_0, eps, t, alpha_bar):
    kept = alpha_bar[t[0]]
    return kept.sqrt() * x_0 + (1 - kept).sqrt() * eps''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'A plan for the noise',
            'names': ['cosine_shares'],
            'answer': '''def cosine_shares(steps, offset):
    "The share of each of `steps` steps, as a tensor (steps,) of type float32; none above 0.999."
    times = torch.arange(steps + 1, dtype=torch.float64) / steps
    f = torch.cos((times + offset) / (1 + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=0.999).float()''',
            'explanation': "With the offset the first shares do not get too small: at a thousand steps without it, the first would be a few millionths, less noise than a pixel's own rounding. The cut at 0.999 touches the last step alone.",
            'hints': [
                'First the numbers f(0), f(1), ..., f(T): there is one more of them than there are steps.',
                '`f[1:] / f[:-1]` divides each number by the one before it. `.clamp(max=...)` cuts what is too large.',
            ],
            'mistakes': [
                {
                    'message': 'The cosine is not squared.',
                    'code': '''def cosine_shares(steps, offset):
    f = torch.cos((torch.arange(steps + 1) / steps + offset) / (1 + offset) * math.pi / 2)
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)''',
                },
                {
                    'message': 'The last share is 1: nothing would be left of the picture, and whoever divides by what is left divides by 0. Cut the shares at 0.999.',
                    'code': '''def cosine_shares(steps, offset):
    f = torch.cos((torch.arange(steps + 1) / steps + offset) / (1 + offset) * math.pi / 2) ** 2
    return 1 - f[1:] / f[:-1]''',
                },
                {
                    'message': "These are the shares that are noise *since the beginning*, 1 − f(t) / f(0). A step's own share is of what was left just before it: 1 − f(t) / f(t − 1).",
                    'code': '''def cosine_shares(steps, offset):
    f = torch.cos((torch.arange(steps + 1) / steps + offset) / (1 + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[0]).clamp(max=0.999)''',
                },
                {
                    'message': 'The offset is added, but the sum is not divided by 1 + offset, so the cosine goes past its zero.',
                    'code': '''def cosine_shares(steps, offset):
    f = torch.cos((torch.arange(steps + 1) / steps + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)''',
                },
                {
                    'message': 'The first share is missing: with times 0 to T there are T shares, and the first belongs to the step from 0 to 1.',
                    'code': '''def cosine_shares(steps, offset):
    f = torch.cos((torch.arange(1, steps + 1) / steps + offset) / (1 + offset) * math.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=0.999)''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'One guess, two parts',
            'names': ['picture_and_noise'],
            'answer': '''def picture_and_noise(v, x, kept):
    "`(x_0, eps)` in x (B, C, H, W), given v (B, C, H, W) and the number `kept`, alpha_bar, from 0 to 1."
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    return signal * x - noise * v, noise * x + signal * v''',
            'explanation': 'The pair (x, v) is the pair (picture, noise), turned by an angle; you turned it back. Turning never makes anything larger, which is why v is so well-behaved at both ends, where asking for noise, or for the picture, means dividing by nearly 0.',
            'hints': [
                'Multiply the formula for x by the strength of the picture and the formula for v by the strength of the noise. What happens to eps if you subtract?',
                'The squares of both strengths add up to 1. So `signal * x - noise * v` is x_0 and nothing else.',
            ],
            'mistakes': [
                {
                    'message': 'A sign is wrong. Put the formulas for x and v into your own: in `signal * x - noise * v` all that has eps in it must cancel.',
                    'code': '''def picture_and_noise(v, x, kept):
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    return signal * x + noise * v, noise * x - signal * v''',
                },
                {
                    'message': 'The right two, in the wrong order: the picture comes first.',
                    'code': '''def picture_and_noise(v, x, kept):
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    return noise * x + signal * v, signal * x - noise * v''',
                },
                {
                    'message': 'The roots are missing: `kept` is a share of the variance, strengths are its roots.',
                    'code': '''def picture_and_noise(v, x, kept):
    return kept * x - (1 - kept) * v, (1 - kept) * x + kept * v''',
                },
                {
                    'message': 'You took v for the noise itself. It is a mixture of noise and picture.',
                    'code': '''def picture_and_noise(v, x, kept):
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    return (x - noise * v) / max(signal, 1e-6), v''',
                },
                {
                    'message': 'Somewhere you divide by a strength that may be 0. It works without any division: multiply x and v by signal and noise so that one of the two parts cancels.',
                    'code': '''def picture_and_noise(v, x, kept):
    kept = torch.tensor(kept)
    x_0 = kept.sqrt() * x - (1 - kept).sqrt() * v
    return x_0, (x - kept.sqrt() * x_0) / (1 - kept).sqrt()''',
                },
                {
                    'message': 'You keep from dividing by 0, but where there is no noise, nothing of eps is left in x: only v knows it. Use `noise * x + signal * v`, without any division.',
                    'code': '''def picture_and_noise(v, x, kept):
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    x_0 = signal * x - noise * v
    return x_0, (x - signal * x_0) / max(noise, 1e-8)''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Telling the time',
            'names': ['hands'],
            'answer': '''def hands(t, width):
    "A row of `width` numbers, an even count, for each of the times t (B,): all sines, then all cosines, (B, width), float32."
    speeds = 10_000 ** (-torch.arange(width // 2) / (width // 2))
    angles = t[:, None] * speeds
    return torch.cat([angles.sin(), angles.cos()], dim=1)''',
            'explanation': "Fast hands tell neighbouring times apart, slow ones tell early from late. They are lesson 07's hands: there they turned queries and keys, here the network is shown where they stand. Newer diffusion models show it the noise level itself in this way, which need not be a whole number.",
            'hints': [
                'First the speeds, a row of `width // 2` numbers. `torch.arange(n)` counts from 0.',
                '`t[:, None] * speeds` makes a table: a row for each time, a column for each hand.',
            ],
            'mistakes': [
                {
                    'message': 'The cosines come first. The question has the sines first.',
                    'code': '''def hands(t, width):
    angles = t[:, None] * 10_000 ** (-torch.arange(width // 2) / (width // 2))
    return torch.cat([angles.cos(), angles.sin()], dim=1)''',
                },
                {
                    'message': 'Sine and cosine take turns. All sines come first, then all cosines.',
                    'code': '''def hands(t, width):
    angles = t[:, None] * 10_000 ** (-torch.arange(width // 2) / (width // 2))
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)''',
                },
                {
                    'message': 'The hands get slower too gently: hand i of a half of h has the speed 10000 ** (-i / h), and h is half of `width`.',
                    'code': '''def hands(t, width):
    angles = t[:, None] * 10_000 ** (-torch.arange(width // 2) / width)
    return torch.cat([angles.sin(), angles.cos()], dim=1)''',
                },
                {
                    'message': 'The minus sign in the exponent is missing: later hands turn faster and faster, when they should turn slower and slower.',
                    'code': '''def hands(t, width):
    angles = t[:, None] * 10_000 ** (torch.arange(width // 2) / (width // 2))
    return torch.cat([angles.sin(), angles.cos()], dim=1)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'The loss',
            'names': ['noise_loss'],
            'answer': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    "Mean squared error of predict(x_t, t) for pictures x_0 (B, C, H, W) under noise eps at times t (B,): one number, as a tensor."
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    x = kept.sqrt() * x_0 + (1 - kept).sqrt() * eps
    return F.mse_loss(predict(x, t), eps)''',
            'explanation': 'This is the whole of training: no adversary, no sampling, no chain of steps, a squared error. It is the reason why diffusion took over from the contests of lesson 17: it is slow to draw, and easy to train.',
            'hints': ['You have written the mixing already: question 1.', '`F.mse_loss(a, b)` is the mean of `(a - b) ** 2`.'],
            'mistakes': [
                {
                    'message': 'The network was shown the clean pictures. It has to see them under the noise, or there is nothing to find.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    return F.mse_loss(predict(x_0, t), eps)''',
                },
                {
                    'message': 'The answer was compared with the picture. The network was asked for the noise.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return F.mse_loss(predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, t), x_0)''',
                },
                {
                    'message': 'The squares were added up. With the mean, the loss does not depend on how many pixels there are.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return ((predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, t) - eps) ** 2).sum()''',
                },
                {
                    'message': 'The errors were not squared, only made positive. Then a network learns the *median*, and the steps back need the mean.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return (predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, t) - eps).abs().mean()''',
                },
                {
                    'message': 'The network was told the wrong times: it needs those at which the pictures were mixed.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return F.mse_loss(predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, torch.zeros_like(t)), eps)''',
                },
                {
                    'message': 'The number is right, but nothing can be learned from it: on the way the gradient was cut off, as `.item()` and `torch.no_grad()` do.',
                    'code': '''def noise_loss(predict, x_0, eps, t, alpha_bar):
    kept = alpha_bar[t].view(-1, 1, 1, 1)
    return torch.tensor(F.mse_loss(predict(kept.sqrt() * x_0 + (1 - kept).sqrt() * eps, t), eps).item())''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'A step without luck',
            'names': ['step_back'],
            'answer': '''def step_back(x, eps, now, then):
    "x (B, C, H, W), in which the noise eps (B, C, H, W) is seen, at the earlier time: (B, C, H, W). `now` and `then` are numbers, alpha_bar."
    x_0 = (x - math.sqrt(1 - now) * eps) / math.sqrt(now)
    return math.sqrt(then) * x_0 + math.sqrt(1 - then) * eps''',
            'explanation': "Divide x by the strength of the picture, and call `before` and `after` the noise for each unit of picture, $\\sqrt{(1-\\bar\\alpha)/\\bar\\alpha}$, at both times. Then a step only adds `(after - before) * eps`: one step of Euler's method along a curve. Better methods for curves, such as the lesson's last sampler, need fewer steps for the same curve.",
            'hints': [
                'The picture first: take the noise off, as strong as it is *now*, and divide by how strong the picture is now.',
                'Then mix again, with both strengths of the *earlier* time.',
            ],
            'mistakes': [
                {
                    'message': 'The noise was put back as strong as it was. At the earlier time there is less of it: the root of 1 − then.',
                    'code': '''def step_back(x, eps, now, then):
    x_0 = (x - math.sqrt(1 - now) * eps) / math.sqrt(now)
    return math.sqrt(then) * x_0 + math.sqrt(1 - now) * eps''',
                },
                {
                    'message': 'The picture beneath is too weak: what is left after the noise is taken off is sqrt(now) times the picture. Divide by it.',
                    'code': '''def step_back(x, eps, now, then):
    return math.sqrt(then) * (x - math.sqrt(1 - now) * eps) + math.sqrt(1 - then) * eps''',
                },
                {
                    'message': 'No noise was put back. The step would arrive at a faint picture without noise, which no network has ever seen.',
                    'code': '''def step_back(x, eps, now, then):
    return math.sqrt(then) * (x - math.sqrt(1 - now) * eps) / math.sqrt(now)''',
                },
                {
                    'message': 'That is the picture beneath, all at once. Mix it again with the noise, for the earlier time.',
                    'code': '''def step_back(x, eps, now, then):
    return (x - math.sqrt(1 - now) * eps) / math.sqrt(now)''',
                },
                {
                    'message': 'The roots are missing: strengths are the roots of shares of the variance.',
                    'code': '''def step_back(x, eps, now, then):
    return then * (x - (1 - now) * eps) / now + (1 - then) * eps''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Two witnesses',
            'names': ['came_from'],
            'answer': '''def came_from(x, x_0, now, then):
    "`(mean, variance)` of where x (B, C, H, W) was at the earlier time if x_0 (B, C, H, W) lies beneath: a tensor like x, and a number."
    left = now / then
    of_picture, of_present = 1 / (1 - then), left / (1 - left)
    variance = 1 / (of_picture + of_present)
    return variance * (of_picture * math.sqrt(then) * x_0 + of_present * x / math.sqrt(left)), variance''',
            'explanation': "This is Bayes' rule for bell curves. The lesson's formula is the same, sorted. A short way back, the present is nearly certain and outweighs the guess at the picture: that is how many small steps forgive a poor guess.",
            'hints': [
                'Write down what each witness says, a value and a variance. Only then combine them.',
                'With the weights `a = 1 / variance_1` and `b = 1 / variance_2`: the mean is `(a * value_1 + b * value_2) / (a + b)`, the variance `1 / (a + b)`.',
            ],
            'mistakes': [
                {
                    'message': 'The weights are the variances themselves, so the less certain witness counts more. A weight is 1 over the variance.',
                    'code': '''def came_from(x, x_0, now, then):
    left = now / then
    a, b = 1 - then, (1 - left) / left
    return (a * math.sqrt(then) * x_0 + b * x / math.sqrt(left)) / (a + b), a * b / (a + b)''',
                },
                {
                    'message': 'The two variances were added. Two witnesses together are *more* certain than either: add the weights, and take 1 over the sum.',
                    'code': '''def came_from(x, x_0, now, then):
    left = now / then
    a, b = 1 / (1 - then), left / (1 - left)
    return (a * math.sqrt(then) * x_0 + b * x / math.sqrt(left)) / (a + b), 1 / a + 1 / b''',
                },
                {
                    'message': 'The present says where the pixel was only after you undo the factor: x divided by the root of alpha, where alpha is now / then.',
                    'code': '''def came_from(x, x_0, now, then):
    left = now / then
    a, b = 1 / (1 - then), left / (1 - left)
    return (a * math.sqrt(then) * x_0 + b * x) / (a + b), 1 / (a + b)''',
                },
                {
                    'message': 'For what happened between the two times you used all that happened since the beginning. Between them, alpha is now / then.',
                    'code': '''def came_from(x, x_0, now, then):
    a, b = 1 / (1 - then), now / (1 - now)
    return (a * math.sqrt(then) * x_0 + b * x / math.sqrt(now)) / (a + b), 1 / (a + b)''',
                },
                {
                    'message': 'The second value is the spread. The variance was asked for, its square.',
                    'code': '''def came_from(x, x_0, now, then):
    left = now / then
    a, b = 1 / (1 - then), left / (1 - left)
    return (a * math.sqrt(then) * x_0 + b * x / math.sqrt(left)) / (a + b), (a + b) ** -0.5''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'Find the bug: pale pictures',
            'names': ['sampled'],
            'answer': '''def sampled(see, x, times, alpha_bar, fresh):
    "From x (B, C, H, W) at times[0], a list of whole numbers, back to times[-1]; fresh (steps, B, C, H, W) is the noise of each step."
    for i in range(len(times) - 1):
        now, then = alpha_bar[times[i]], alpha_bar[times[i + 1]]
        ratio = now / then
        mean = then.sqrt() * (1 - ratio) / (1 - now) * see(x, times[i]) + ratio.sqrt() * (1 - then) / (1 - now) * x
        variance = (1 - then) / (1 - now) * (1 - ratio)
        x = mean + variance.sqrt() * fresh[i]
    return x''',
            'explanation': 'With too little fresh noise every step ends too near to the mean, and the mean of pictures is pale. The error shows in no loss and raises nothing: samplers have to be tested where the answer is known, as the lesson did with a Gaussian cloud. (The same sampler can be written as DDIM with $\\eta = 1$.)',
            'hints': [
                'The mean is the formula of question 7. So look at what is added to it.',
                'To give noise of spread 1 the variance v, by what do you have to multiply it?',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. Look at the noise: what is added has the *variance* for its strength. A strength is a spread, the root of the variance; and a number below 1 is smaller than its root.',
                    'code': '''def sampled(see, x, times, alpha_bar, fresh):
    for i in range(len(times) - 1):
        now, then = alpha_bar[times[i]], alpha_bar[times[i + 1]]
        ratio = now / then
        mean = then.sqrt() * (1 - ratio) / (1 - now) * see(x, times[i]) + ratio.sqrt() * (1 - then) / (1 - now) * x
        variance = (1 - then) / (1 - now) * (1 - ratio)
        x = mean + variance * fresh[i]
    return x''',
                },
                {
                    'message': 'Now no noise is added at all. Each step would go to the mean, and the pictures get paler still.',
                    'code': '''def sampled(see, x, times, alpha_bar, fresh):
    for i in range(len(times) - 1):
        now, then = alpha_bar[times[i]], alpha_bar[times[i + 1]]
        ratio = now / then
        x = then.sqrt() * (1 - ratio) / (1 - now) * see(x, times[i]) + ratio.sqrt() * (1 - then) / (1 - now) * x
    return x''',
                },
                {
                    'message': 'The noise is too strong now: 1 − ratio is the variance of the step *forward*. Part of it is explained by the picture; the way back has (1 − then) / (1 − now) times as much.',
                    'code': '''def sampled(see, x, times, alpha_bar, fresh):
    for i in range(len(times) - 1):
        now, then = alpha_bar[times[i]], alpha_bar[times[i + 1]]
        ratio = now / then
        mean = then.sqrt() * (1 - ratio) / (1 - now) * see(x, times[i]) + ratio.sqrt() * (1 - then) / (1 - now) * x
        x = mean + (1 - ratio).sqrt() * fresh[i]
    return x''',
                },
                {
                    'message': 'The noise is right now, but `see` is told the earlier time. It looks at x, which stands at the present one.',
                    'code': '''def sampled(see, x, times, alpha_bar, fresh):
    for i in range(len(times) - 1):
        now, then = alpha_bar[times[i]], alpha_bar[times[i + 1]]
        ratio = now / then
        mean = then.sqrt() * (1 - ratio) / (1 - now) * see(x, times[i + 1]) + ratio.sqrt() * (1 - then) / (1 - now) * x
        x = mean + ((1 - then) / (1 - now) * (1 - ratio)).sqrt() * fresh[i]
    return x''',
                },
            ],
            'held_out': 1,
        },
    },
}
