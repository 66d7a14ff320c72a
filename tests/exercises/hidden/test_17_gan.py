"""Held-out tests of the exercise 17_gan. Generated from nbs/exercises/17_gan.ipynb: edit that one."""

import torch
from torch.nn import functional as F

from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)


def expect_two(got, first, second, names):
    "Compare two returned values, in their order."
    one, other = expect.parts(got, 2, " and ".join(names))
    expect.close(one, first, names[0])
    expect.close(other, second, names[1])

def expect_squares(sol, real, made):
    critic = sum((r - 1) ** 2 for r in real.tolist()) / len(real) + sum(m**2 for m in made.tolist()) / len(made)
    generator = sum((m - 1) ** 2 for m in made.tolist()) / len(made)
    expect_two(sol.least_squares(real, made), torch.tensor(critic), torch.tensor(generator), ("of_critic", "of_generator"))

def expect_pairs(sol, real, made):
    ahead = (real - made).double()
    zero = torch.zeros_like(ahead)
    expect_two(sol.in_pairs(real, made), torch.logaddexp(zero, -ahead).mean().float(), torch.logaddexp(zero, ahead).mean().float(), ("of_critic", "of_generator"))

def judge_of_steepness(x, w, v):
    "Worked out on paper: the derivative of tanh is 1 - tanh²."
    slope = ((1 - torch.tanh(x @ w) ** 2) * v) @ w.T
    return (slope**2).sum(1).mean()

def judge_of_round(w, g, x, z, lr):
    "Both turns by autograd."
    w, g = w.clone().requires_grad_(), g.clone()
    (slope,) = torch.autograd.grad(((z @ g) @ w).mean() - (x @ w).mean(), w)
    w, g = (w - lr * slope).detach(), g.requires_grad_()
    (slope,) = torch.autograd.grad(-((z @ g) @ w).mean(), g)
    return w, (g - lr * slope).detach()


def expect_round(sol, *given):
    expect_two(sol.one_round(*given), *judge_of_round(*given), ("w", "g"))

LINE = torch.tensor([[0.0], [10.0]])


def judge_of_missing(points, centres, radius, least):
    "Point by point."
    counts = [0] * len(centres)
    for point in points:
        gaps = [float((point - centre).norm()) for centre in centres]
        if min(gaps) <= radius: counts[gaps.index(min(gaps))] += 1
    return [i for i, count in enumerate(counts) if count < least]

def judge_of_toned(styles, middle, share, layers):
    "Layer by layer."
    return torch.stack([middle + share * (styles[:, i] - middle) if i < layers else styles[:, i] for i in range(styles.shape[1])], dim=1)

def judge_of_crossed(one, other, at):
    "Picture by picture."
    return torch.stack([torch.cat([a[:i], b[i:]]) for a, b, i in zip(one, other, at.tolist(), strict=True)])

def judge_of_styled(x, weight, scale):
    "Picture by picture, with filters of its own."
    maps = []
    for picture, style in zip(x, scale, strict=True):
        own = weight * style[None, :, None, None]
        own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        maps.append(F.conv2d(picture[None], own, padding=1))
    return torch.cat(maps)


def test_squares_uneven(sol):
    "is right where there are more made things than real ones, and leaves its inputs alone"
    expect_squares(sol, numbers(3), numbers(7, seed=1))
    expect.inputs_kept(sol)


def test_pairs_several(sol):
    "is right for five pairs, and leaves its inputs alone"
    expect_pairs(sol, numbers(5), numbers(5, seed=1))
    expect.inputs_kept(sol)


def test_steep_others(sol):
    "is right for other sizes, value and gradients, and leaves its inputs alone"
    given = numbers(6, 3), numbers(3, 5, seed=1, grad=True), numbers(5, seed=2, grad=True)
    expect.gradients(sol.steepness, judge_of_steepness, *given)
    expect.close(sol.steepness(*[each.detach() for each in given]), judge_of_steepness(*given).detach())
    expect.inputs_kept(sol)


def test_round_others(sol):
    "is right for other sizes and rates, and leaves its inputs alone"
    for lr in (0.5, 2.0):
        expect_round(sol, numbers(4), numbers(2, 4, seed=1), numbers(6, 4, seed=2), numbers(6, 2, seed=3), lr)
        expect.inputs_kept(sol)


def test_missing_plane(sol):
    "is right for many points in a plane, also where balls overlap, and leaves its inputs alone"
    points, centres = numbers(60, 2), numbers(6, 2, seed=1)
    for least in (3, 8): expect.equal(sol.missing(points, centres, 0.8, least), judge_of_missing(points, centres, 0.8, least))
    expect.inputs_kept(sol)


def test_toned_ends(sol):
    "is right for no layer, for all, for the shares 0 and 1, and leaves its inputs alone"
    for share, layers in [(0.3, 0), (0.3, 5), (0.0, 3), (1.0, 3)]:
        given = numbers(2, 5, 4), numbers(4, seed=1), share, layers
        expect.close(sol.toned(*given), judge_of_toned(*given))
        expect.inputs_kept(sol)


def test_crossed_square(sol):
    "is right where there are as many pictures as layers, and leaves its inputs alone"
    given = numbers(3, 3, 2), numbers(3, 3, 2, seed=1), torch.tensor([3, 1, 2])
    expect.close(sol.crossed(*given), judge_of_crossed(*given))
    expect.inputs_kept(sol)


def test_styled_others(sol):
    "is right where there are as many outputs as inputs, and leaves its inputs alone"
    x, weight, scale = numbers(3, 4, 3, 5), numbers(4, 4, 3, 3, seed=1), numbers(3, 4, seed=2)
    expect.close(sol.styled(x, weight, scale), judge_of_styled(x, weight, scale))
    expect.inputs_kept(sol)


TESTS = {
    'test_squares_uneven': {
        'question': 'q1',
        'name': 'uneven',
        'points': 1,
        'hidden': True,
    },
    'test_pairs_several': {
        'question': 'q2',
        'name': 'several',
        'points': 1,
        'hidden': True,
    },
    'test_steep_others': {
        'question': 'q3',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_round_others': {
        'question': 'q4',
        'name': 'others',
        'points': 2,
        'hidden': True,
    },
    'test_missing_plane': {
        'question': 'q5',
        'name': 'plane',
        'points': 1,
        'hidden': True,
    },
    'test_toned_ends': {
        'question': 'q6',
        'name': 'ends',
        'points': 1,
        'hidden': True,
    },
    'test_crossed_square': {
        'question': 'q7',
        'name': 'square',
        'points': 1,
        'hidden': True,
    },
    'test_styled_others': {
        'question': 'q8',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
}
