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

EXERCISE = {
    'title': 'Both sides of a duel, by your own hand',
    'setup': '''import torch
from torch.nn import functional as F''',
    'questions': {
        'q1': {
            'title': 'Least squares',
            'names': ['least_squares'],
            'answer': '''def least_squares(real, made):
    "`(of_critic, of_generator)`: what each pays, given scores of real things (B,) and of made ones (N,)."
    of_critic = (real - 1).square().mean() + made.square().mean()
    return of_critic, (made - 1).square().mean()''',
            'explanation': 'A square is steep far from its goal. So the farther a made thing is from being believed, the harder its maker is pushed: the opposite of the first game of the lesson, whose push dies just there.',
            'hints': [
                '`(real - 1) ** 2` is what is missing for the real ones, squared.',
                "`.mean()` of each, and the critic's two added.",
            ],
            'mistakes': [
                {
                    'message': 'The generator pays for being *taken for real*: it should want the score 1 for what it makes, not 0.',
                    'code': '''def least_squares(real, made):
    return (real - 1).square().mean() + made.square().mean(), made.square().mean()''',
                },
                {
                    'message': 'The squares were added up. With means, a game does not change with the size of a batch.',
                    'code': '''def least_squares(real, made):
    return (real - 1).square().sum() + made.square().sum(), (made - 1).square().sum()''',
                },
                {
                    'message': "Real and made are exchanged in the critic's part: it wants 1 for the real ones.",
                    'code': '''def least_squares(real, made):
    return real.square().mean() + (made - 1).square().mean(), (made - 1).square().mean()''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'In pairs',
            'names': ['in_pairs'],
            'answer': '''def in_pairs(real, made):
    "`(of_critic, of_generator)`: what each pays, given scores of real things (B,) and of the made ones they are paired with (B,)."
    ahead = real - made
    return F.softplus(-ahead).mean(), F.softplus(ahead).mean()''',
            'explanation': 'A critic alone with a made thing can call everything false that is not just like the data it knows. In pairs that gains it nothing: it has to find, for *each* real thing, what sets the made one apart. So a generator that serves one kind only is found out by the pairs with all other kinds.',
            'hints': [
                '−log of a sigmoid: $-\\log \\frac{1}{1 + e^{-d}} = \\log(1 + e^{-d})$.',
                '`F.softplus(x)` is $\\log(1 + e^x)$, and does not overflow.',
            ],
            'mistakes': [
                {
                    'message': 'Where scores are far apart something becomes infinite: the logarithm of a sigmoid that is 0 in 32 bits, or e to the power of a large number. `F.softplus` or `F.logsigmoid` do both steps at once, and stay finite.',
                    'code': '''def in_pairs(real, made):
    return -torch.sigmoid(real - made).log().mean(), -torch.sigmoid(made - real).log().mean()''',
                },
                {
                    'message': 'The two players are exchanged: the critic is surprised where the *made* one has the higher score.',
                    'code': '''def in_pairs(real, made):
    return F.softplus(real - made).mean(), F.softplus(made - real).mean()''',
                },
                {
                    'message': 'These are not pairs: each real thing was compared with the mean of all made ones. (There is such a game; this is another.)',
                    'code': '''def in_pairs(real, made):
    return F.softplus(made.mean() - real).mean(), F.softplus(real.mean() - made).mean()''',
                },
                {
                    'message': 'Each score was judged by itself. Only the difference within a pair may count.',
                    'code': '''def in_pairs(real, made):
    return F.softplus(-real).mean() + F.softplus(made).mean(), F.softplus(-made).mean()''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'How steep?',
            'names': ['steepness'],
            'answer': '''def steepness(x, w, v):
    "The mean over points x (B, D) of the squared length of the gradient of torch.tanh(x @ w) @ v by the point; gradients reach w (D, H) and v (H,)."
    x = x.detach().requires_grad_()
    scores = torch.tanh(x @ w) @ v
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return slope.square().sum(1).mean()''',
            'explanation': 'Backpropagation is itself made of steps that can be differentiated. `create_graph=True` keeps them, and a gradient becomes a number like any other, with a gradient of its own. This is all that R1 and R2 need.',
            'hints': [
                'The points must ask for a gradient: `x = x.detach().requires_grad_()` makes points of your own that do, and leaves the given ones alone.',
                '`torch.autograd.grad(scores.sum(), x, create_graph=True)` gives a tuple with the slope at each point, `(B, D)`.',
            ],
            'mistakes': [
                {
                    'message': 'The number is right, but nothing can be learned from it: `torch.autograd.grad` throws its own steps away. Ask it to keep them, with `create_graph=True`.',
                    'code': '''def steepness(x, w, v):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad((torch.tanh(x @ w) @ v).sum(), x)
    return slope.square().sum(1).mean()''',
                },
                {
                    'message': 'The mean was taken over all numbers of all slopes. A slope counts whole: add up the squares of its numbers, then take the mean over points.',
                    'code': '''def steepness(x, w, v):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad((torch.tanh(x @ w) @ v).sum(), x, create_graph=True)
    return slope.square().mean()''',
                },
                {
                    'message': "The gradient of the *mean* score was taken, so each point's slope is too small by the number of points. Take that of the sum: each point moves its own score alone.",
                    'code': '''def steepness(x, w, v):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad((torch.tanh(x @ w) @ v).mean(), x, create_graph=True)
    return slope.square().sum(1).mean()''',
                },
                {
                    'message': 'These are lengths, not their squares.',
                    'code': '''def steepness(x, w, v):
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad((torch.tanh(x @ w) @ v).sum(), x, create_graph=True)
    return slope.norm(dim=1).mean()''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Whose turn is it?',
            'names': ['one_round'],
            'answer': '''def one_round(w, g, x, z, lr):
    "New `(w, g)`, of shapes (D,) and (L, D), after both turns on real points x (B, D) and latents z (B, L)."
    w = w - lr * ((z @ g).mean(0) - x.mean(0))
    return w, g + lr * torch.outer(z.mean(0), w)''',
            'explanation': "Call the round again and again, and the two circle around each other for ever, each always answering the other's last move. The lesson's penalty on slopes shrinks `w`, and turns the circle into a spiral inwards.",
            'hints': [
                "The critic's loss is linear in `w`: its gradient is the mean made point minus the mean real point.",
                "The generator's loss is −mean(z) @ g @ w. Its gradient by `g[i, j]` is −mean(z)[i] · w[j].",
            ],
            'mistakes': [
                {
                    'message': 'Both moved at once: the generator played against the critic as it was *before* its turn.',
                    'code': '''def one_round(w, g, x, z, lr):
    return w - lr * ((z @ g).mean(0) - x.mean(0)), g + lr * torch.outer(z.mean(0), w)''',
                },
                {
                    'message': 'The generator went the wrong way: its loss is *minus* the mean score of what it makes, so descent raises that score.',
                    'code': '''def one_round(w, g, x, z, lr):
    w = w - lr * ((z @ g).mean(0) - x.mean(0))
    return w, g - lr * torch.outer(z.mean(0), w)''',
                },
                {
                    'message': "The critic went the wrong way: descent makes made points' scores *lower* than real ones'.",
                    'code': '''def one_round(w, g, x, z, lr):
    w = w + lr * ((z @ g).mean(0) - x.mean(0))
    return w, g + lr * torch.outer(z.mean(0), w)''',
                },
                {
                    'message': "In its turn the critic moved the generator as well: made points must come out of the critic's turn as they went in. Only `w` may move there.",
                    'code': '''def one_round(w, g, x, z, lr):
    before = w
    w = w - lr * ((z @ g).mean(0) - x.mean(0))
    return w, g - lr * torch.outer(z.mean(0), before) + lr * torch.outer(z.mean(0), w)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'Spot the collapse',
            'names': ['missing'],
            'answer': '''def missing(points, centres, radius, least):
    "Which of the centres (M, D) have fewer than `least` of the points (N, D): a list of whole numbers, in order."
    far, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[far <= radius], minlength=len(centres))
    return [i for i, count in enumerate(counts.tolist()) if count < least]''',
            'explanation': 'Neither loss shows a collapse: against a lazy critic, a generator that makes one thing over and over can have a fine loss. Where labels are known exactly, a count shows it at once. For pictures, a judge has to say what is on them first.',
            'hints': [
                '`torch.cdist(points, centres)` are all distances, `(N, M)`; `.min(1)` gives the smallest of each row and where it stands.',
                '`torch.bincount(numbers, minlength=M)` counts how often each of 0 to M − 1 occurs.',
            ],
            'mistakes': [
                {
                    'message': 'These are the clouds that *are* covered.',
                    'code': '''def missing(points, centres, radius, least):
    far, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[far <= radius], minlength=len(centres))
    return [i for i, count in enumerate(counts.tolist()) if count >= least]''',
                },
                {
                    'message': 'Every point was counted to its nearest centre, however far off it was. What lies in no cloud must not count: a blur between the clouds would pass for all of them.',
                    'code': '''def missing(points, centres, radius, least):
    counts = torch.bincount(torch.cdist(points, centres).argmin(1), minlength=len(centres))
    return [i for i, count in enumerate(counts.tolist()) if count < least]''',
                },
                {
                    'message': 'Clouds at the end without any point were forgotten: `bincount` counts only as far as the largest number it meets, unless it is told `minlength`.',
                    'code': '''def missing(points, centres, radius, least):
    far, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[far <= radius])
    return [i for i, count in enumerate(counts.tolist()) if count < least]''',
                },
                {
                    'message': 'A cloud with just `least` points is covered.',
                    'code': '''def missing(points, centres, radius, least):
    far, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[far <= radius], minlength=len(centres))
    return [i for i, count in enumerate(counts.tolist()) if count <= least]''',
                },
                {
                    'message': 'A point at just the radius belongs: *no farther* includes equal.',
                    'code': '''def missing(points, centres, radius, least):
    far, nearest = torch.cdist(points, centres).min(1)
    counts = torch.bincount(nearest[far < radius], minlength=len(centres))
    return [i for i, count in enumerate(counts.tolist()) if count < least]''',
                },
                {
                    'message': 'A point between two clouds was counted to both. It belongs to the nearest centre alone.',
                    'code': '''def missing(points, centres, radius, least):
    counts = (torch.cdist(points, centres) <= radius).sum(0)
    return [i for i, count in enumerate(counts.tolist()) if count < least]''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'Toned down, but only at first',
            'names': ['toned'],
            'answer': '''def toned(styles, middle, share, layers):
    "Styles (B, L, W), in the first `layers` of L brought nearer to the middle (W,): share 1 changes nothing, 0 leaves the middle alone. The same shape."
    nearer = middle + share * (styles - middle)
    return torch.cat([nearer[:, :layers], styles[:, layers:]], dim=1)''',
            'explanation': "StyleGAN's makers did the same: only the coarse layers were truncated, so that shapes became safe while colours and textures kept their variety.",
            'hints': [
                '`styles[:, :layers]` are the first layers of all pictures.',
                '`torch.cat([..., ...], dim=1)` joins the first layers and the others.',
            ],
            'mistakes': [
                {
                    'message': 'The share is the wrong way round: with 1 a style should stay as it is.',
                    'code': '''def toned(styles, middle, share, layers):
    nearer = styles + share * (middle - styles)
    return torch.cat([nearer[:, :layers], styles[:, layers:]], dim=1)''',
                },
                {
                    'message': 'The style itself was shrunk. Nearer to the *middle* is meant, and the middle is seldom 0.',
                    'code': '''def toned(styles, middle, share, layers):
    return torch.cat([share * styles[:, :layers], styles[:, layers:]], dim=1)''',
                },
                {
                    'message': 'All layers were toned down.',
                    'code': '''def toned(styles, middle, share, layers):
    return middle + share * (styles - middle)''',
                },
                {
                    'message': 'The last layers were toned down, not the first.',
                    'code': '''def toned(styles, middle, share, layers):
    nearer = middle + share * (styles - middle)
    return torch.cat([styles[:, :styles.shape[1] - layers], nearer[:, styles.shape[1] - layers:]], dim=1)''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Crossed styles',
            'names': ['crossed'],
            'answer': '''def crossed(one, other, at):
    "Styles (B, L, W): picture i has those of `one` (B, L, W) in layers before at[i], of `other` (B, L, W) from there on; at is (B,), whole numbers from 0 to L."
    layer = torch.arange(one.shape[1])
    return torch.where((layer[None, :] < at[:, None])[..., None], one, other)''',
            'explanation': 'A generator that is trained on crossed styles cannot count on its layers agreeing in advance. So each layer learns to be responsible for something that can be changed by itself: this is why mixing works so well afterwards.',
            'hints': [
                'A loop over pictures will do: copy `other`, then overwrite the first `at[i]` layers of picture i.',
                'Without a loop: `torch.arange(L)[None, :] < at[:, None]` is a table (B, L) of who is before its crossing.',
            ],
            'mistakes': [
                {
                    'message': 'The two are exchanged: `one` comes first.',
                    'code': '''def crossed(one, other, at):
    return torch.where((torch.arange(one.shape[1])[None, :] < at[:, None])[..., None], other, one)''',
                },
                {
                    'message': 'All pictures crossed where the first one does.',
                    'code': '''def crossed(one, other, at):
    return torch.cat([one[:, :at[0]], other[:, at[0]:]], dim=1)''',
                },
                {
                    'message': "One layer too far: from layer `at` on the style is the other's, so `one` has the layers *before* it alone.",
                    'code': '''def crossed(one, other, at):
    return torch.where((torch.arange(one.shape[1])[None, :] <= at[:, None])[..., None], one, other)''',
                },
                {
                    'message': 'The styles were blended by the share of layers, in every layer. They are to be crossed: each layer has the one or the other.',
                    'code': '''def crossed(one, other, at):
    share = (at / one.shape[1])[:, None, None]
    return share * one + (1 - share) * other''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'Find the bug: glaring pictures',
            'names': ['styled'],
            'answer': '''def styled(x, weight, scale):
    "Maps (B, O, H, W) of x (B, I, H, W) under filters (O, I, 3, 3), the inputs scaled by `scale` (B, I), each output divided by its spread."
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = scale.square() @ weight.square().sum((2, 3)).T
    return maps / (energy[:, :, None, None] + 1e-8).sqrt()''',
            'explanation': 'Scaling the inputs and dividing the outputs is the same as giving each picture filters of its own, and much cheaper. The first StyleGAN normalised the maps themselves, and drew small blobs to get around it; its makers replaced that by this division by the spread that is *expected*.',
            'hints': [
                'What happens to the maps if the style is ten times as large? And what to the spread by which they are divided?',
                'In the formula the square is around style *and* weight. Where in `energy` is the style squared?',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. Look at the energy: the style goes into it without its square. Ten times the style gives ten times the maps, but only the root of ten times the spread.',
                    'code': '''def styled(x, weight, scale):
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = scale.abs() @ weight.square().sum((2, 3)).T
    return maps / (energy[:, :, None, None] + 1e-8).sqrt()''',
                },
                {
                    'message': 'The style is left out of the energy now, so nothing makes up for it.',
                    'code': '''def styled(x, weight, scale):
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = weight.square().sum((1, 2, 3)).expand(len(x), -1)
    return maps / (energy[:, :, None, None] + 1e-8).sqrt()''',
                },
                {
                    'message': 'The maps are divided by the energy itself. The spread is its root.',
                    'code': '''def styled(x, weight, scale):
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = scale.square() @ weight.square().sum((2, 3)).T
    return maps / (energy[:, :, None, None] + 1e-8)''',
                },
                {
                    'message': 'The sums were squared, not the squares summed: weights of opposite sign cancel that way.',
                    'code': '''def styled(x, weight, scale):
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = scale.square() @ weight.sum((2, 3)).square().T
    return maps / (energy[:, :, None, None] + 1e-8).sqrt()''',
                },
                {
                    'message': 'Large styles are divided rightly, small ones are not: the spread may be below 1.',
                    'code': '''def styled(x, weight, scale):
    maps = F.conv2d(x * scale[:, :, None, None], weight, padding=1)
    energy = scale.square() @ weight.square().sum((2, 3)).T
    return maps / energy[:, :, None, None].sqrt().clamp(min=1)''',
                },
            ],
            'held_out': 1,
        },
    },
}
