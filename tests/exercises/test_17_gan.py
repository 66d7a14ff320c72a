"""Open tests of the exercise 17_gan. Generated from nbs/exercises/17_gan.ipynb: edit that one."""

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


def test_squares_by_hand(sol):
    "is right for the scores above"
    expect_squares(sol, torch.tensor([2.0, 0.0]), torch.tensor([-1.0, 1.0]))


def test_squares_numbers(sol):
    "is right for five real things and five made ones"
    expect_squares(sol, numbers(5), numbers(5, seed=1))


def test_pairs_by_hand(sol):
    "is right for the pair above, and for one that the critic gets right"
    expect_pairs(sol, torch.tensor([1.0]), torch.tensor([1.0]))
    expect_pairs(sol, torch.tensor([3.0]), torch.tensor([-1.0]))


def test_pairs_far(sol):
    "stays finite for scores that are far apart"
    expect_pairs(sol, torch.tensor([1000.0, -200.0]), torch.tensor([0.0, 300.0]))


def test_steep_by_hand(sol):
    "is right for the point above"
    expect.close(sol.steepness(torch.tensor([[0.0, 5.0]]), torch.tensor([[1.0], [0.0]]), torch.tensor([2.0])), torch.tensor(4.0))


def test_steep_several(sol):
    "is right for five points"
    x, w, v = numbers(5, 2), numbers(2, 4, seed=1), numbers(4, seed=2)
    expect.close(sol.steepness(x, w, v), judge_of_steepness(x, w, v))


def test_steep_learned(sol):
    "can be learned from: gradients reach the weights"
    expect.gradients(sol.steepness, judge_of_steepness, numbers(5, 2), numbers(2, 4, seed=1, grad=True), numbers(4, seed=2, grad=True))


def test_round_by_hand(sol):
    "is right for the numbers above"
    expect_round(sol, torch.zeros(1), torch.ones(1, 1), torch.tensor([[3.0]]), torch.ones(1, 1), 1.0)


def test_round_several(sol):
    "is right for five points in a plane"
    expect_round(sol, numbers(2), numbers(3, 2, seed=1), numbers(5, 2, seed=2), numbers(5, 3, seed=3), 0.1)


def test_missing_by_hand(sol):
    "is right for the points above"
    expect.equal(sol.missing(torch.tensor([[0.0], [0.5], [9.0], [6.0]]), LINE, 1.0, 2), [1])


def test_missing_last(sol):
    "does not forget a last cloud that has no point at all, finds none missing where none is, and gives each point to one cloud alone"
    expect.equal(sol.missing(torch.tensor([[0.0], [0.5]]), torch.tensor([[0.0], [10.0], [20.0]]), 1.0, 1), [1, 2])
    expect.equal(sol.missing(torch.tensor([[0.0], [10.5]]), LINE, 1.0, 1), [])
    expect.equal(sol.missing(torch.tensor([[0.0], [9.0]]), LINE, 1.0, 1), [])
    expect.equal(sol.missing(torch.tensor([[0.5], [0.9]]), torch.tensor([[0.0], [2.0]]), 1.5, 1), [1])


def test_toned_by_hand(sol):
    "is right for the numbers above"
    expect.close(sol.toned(torch.full((1, 2, 1), 4.0), torch.tensor([2.0]), 0.5, 1), torch.tensor([[[3.0], [4.0]]]))


def test_toned_several(sol):
    "is right for three pictures of five layers"
    given = numbers(3, 5, 4), numbers(4, seed=1), 0.7, 2
    expect.close(sol.toned(*given), judge_of_toned(*given))


def test_crossed_by_hand(sol):
    "is right for the two pictures above"
    expect.close(sol.crossed(torch.ones(2, 3, 1), 2 * torch.ones(2, 3, 1), torch.tensor([1, 3])), torch.tensor([[[1.0], [2], [2]], [[1], [1], [1]]]))


def test_crossed_several(sol):
    "is right for four pictures"
    given = numbers(4, 5, 3), numbers(4, 5, 3, seed=1), torch.tensor([2, 0, 5, 4])
    expect.close(sol.crossed(*given), judge_of_crossed(*given))


def test_styled_large(sol):
    "gives the same for a style, for ten times and for a tenth of it"
    x, weight, scale = numbers(2, 3, 4, 4), numbers(2, 3, 3, 3, seed=1), numbers(2, 3, seed=2)
    for times in (10, 0.1): expect.close(sol.styled(x, weight, times * scale), judge_of_styled(x, weight, scale))


def test_styled_several(sol):
    "is right for two pictures with styles of their own"
    x, weight, scale = numbers(2, 3, 4, 4), numbers(5, 3, 3, 3, seed=1), numbers(2, 3, seed=2)
    expect.close(sol.styled(x, weight, scale), judge_of_styled(x, weight, scale))


TESTS = {
    'test_squares_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_squares_numbers': {
        'question': 'q1',
        'name': 'numbers',
        'points': 1,
        'hidden': False,
    },
    'test_pairs_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_pairs_far': {
        'question': 'q2',
        'name': 'far',
        'points': 1,
        'hidden': False,
    },
    'test_steep_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_steep_several': {
        'question': 'q3',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_steep_learned': {
        'question': 'q3',
        'name': 'learned-from',
        'points': 1,
        'hidden': False,
    },
    'test_round_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_round_several': {
        'question': 'q4',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_missing_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_missing_last': {
        'question': 'q5',
        'name': 'none-made',
        'points': 1,
        'hidden': False,
    },
    'test_toned_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_toned_several': {
        'question': 'q6',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_crossed_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_crossed_several': {
        'question': 'q7',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_styled_large': {
        'question': 'q8',
        'name': 'large',
        'points': 1,
        'hidden': False,
    },
    'test_styled_several': {
        'question': 'q8',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
}
