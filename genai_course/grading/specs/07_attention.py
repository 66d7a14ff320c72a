"""Open tests of the exercise 07_attention. Generated from nbs/exercises/07_attention.ipynb: edit that one."""

import torch
from torch.nn import functional as F

from genai_course import attention
from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)


def past(length):
    "True where a row's place is the column's, or later."
    return torch.tensor([[column <= row for column in range(length)] for row in range(length)])

def expect_window(sol, length, width):
    "Compare with the mask made cell by cell."
    wanted = torch.tensor([[row - width < column <= row for column in range(length)] for row in range(length)])
    expect.close(sol.window_mask(length, width), wanted, f"the mask for {length} words and a window of {width}")

def judge_of_shares(q, k, mask):
    "Torch's own attention, asked for its shares: the values are a one for each key."
    return F.scaled_dot_product_attention(q, k, torch.eye(k.shape[-2]).expand(*k.shape[:-1], -1), mask)

def judge_of_near_shares(scores, slope):
    "Cell by cell: the cost of each distance, minus infinity for what is ahead."
    length = scores.shape[-1]
    cost = torch.tensor([[slope * (row - column) if column <= row else torch.inf for column in range(length)] for row in range(length)])
    return (scores - cost).softmax(-1)

def judge_of_split(qkv, heads):
    "Cut by cut: three parts, each cut into heads."
    return torch.stack([torch.stack(part.chunk(heads, -1), 1) for part in qkv.chunk(3, -1)])

def judge_of_turn(x, angles):
    "An arrow is a complex number, and turning is multiplying."
    arrows = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(arrows * torch.polar(torch.ones_like(angles), angles)).flatten(-2)

def judge_of_self_attention(x, to_qkv, out, heads):
    "The lesson's layer with these weights."
    layer = attention.SelfAttention(x.shape[-1], heads)
    return torch.func.functional_call(layer, {"to_qkv.weight": to_qkv.T, "out.weight": out.T}, x)


def layer_inputs(B, T, C, grad=False): return numbers(B, T, C, grad=grad), numbers(C, 3 * C, seed=1, grad=grad), numbers(C, C, seed=2, grad=grad)


def expect_layer(sol, B, T, C, heads):
    "Compare with the lesson's layer."
    given = layer_inputs(B, T, C)
    expect.close(sol.self_attention(*given, heads), judge_of_self_attention(*given, heads), "what the layer gives", rtol=1e-4, atol=1e-4)

def judge_of_grouped(q, k, v):
    "Head by head."
    each = q.shape[1] // k.shape[1]
    return torch.stack([F.scaled_dot_product_attention(q[:, head], k[:, head // each], v[:, head // each], is_causal=True) for head in range(q.shape[1])], 1)


def shared_inputs(queries, keys, seed=0, grad=False):
    return numbers(2, queries, 4, 6, seed=seed, grad=grad), numbers(2, keys, 4, 6, seed=seed + 1, grad=grad), numbers(2, keys, 4, 6, seed=seed + 2, grad=grad)


def test_window_by_hand(sol):
    "is right for four words and a window of 2"
    expect_window(sol, 4, 2)


def test_window_wide(sol):
    "sees the whole past where the window is as long as the text, or longer"
    for width in (5, 9): expect_window(sol, 5, width)


def test_shares_by_hand(sol):
    "gives three quarters and a quarter in the example"
    q, k = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[1.0986123, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 0.0]])
    expect.close(sol.shares(q, k, torch.ones(1, 2, dtype=torch.bool)), torch.tensor([[0.75, 0.25]]), "the row of shares")


def test_shares_past(sol):
    "gives nothing to the future, and rows that add up to 1"
    q, k = numbers(5, 3), numbers(5, 3, seed=1)
    expect.close(sol.shares(q, k, past(5)), judge_of_shares(q, k, past(5)), "the table of shares")


def test_near_by_hand(sol):
    "gives a seventh, two and four in the example"
    wanted = torch.tensor([[1, 0, 0], [1 / 3, 2 / 3, 0], [1 / 7, 2 / 7, 4 / 7]])
    expect.close(sol.near_shares(torch.zeros(3, 3), 0.6931472), wanted, "the table of shares")


def test_near_scores(sol):
    "takes the cost from the scores, for all rows"
    expect.close(sol.near_shares(numbers(5, 5), 0.5), judge_of_near_shares(numbers(5, 5), 0.5), "the table of shares")


def test_split_by_hand(sol):
    "splits the numbers 0 to 11 as above"
    wanted = torch.tensor([[[0, 1], [2, 3]], [[4, 5], [6, 7]], [[8, 9], [10, 11]]]).float().view(3, 1, 2, 1, 2)
    expect.close(sol.split(torch.arange(12.0).view(1, 1, 12), 2), wanted, "what was split")


def test_split_words(sol):
    "keeps each word's numbers together, in two texts of three words"
    expect.close(sol.split(torch.arange(72.0).view(2, 3, 12), 2), judge_of_split(torch.arange(72.0).view(2, 3, 12), 2), "what was split")


def test_join(sol):
    "puts the heads' numbers side by side, for each word"
    x = torch.arange(24.0).view(1, 3, 2, 4)
    expect.close(sol.join(x), torch.cat([x[:, head] for head in range(3)], dim=-1), "what was joined")


def test_turn_by_hand(sol):
    "turns 1, 0, 0, 2 by a quarter of a circle"
    expect.close(sol.turn(torch.tensor([[1.0, 0.0, 0.0, 2.0]]), torch.full((1, 2), torch.pi / 2)), torch.tensor([[0.0, 1.0, -2.0, 0.0]]), "the turned numbers", atol=1e-6)


def test_turn_words(sol):
    "turns each arrow of each word by its own angle"
    expect.close(sol.turn(numbers(5, 6), attention.angles(5, 6)), judge_of_turn(numbers(5, 6), attention.angles(5, 6)), "the turned numbers", atol=1e-5)


def test_layer_one_word(sol):
    "gives a single word its own value, times `out`"
    x, to_qkv, out = layer_inputs(1, 1, 4)
    expect.close(sol.self_attention(x, to_qkv, out, 2), x @ to_qkv[:, 8:] @ out, "what the layer gives", rtol=1e-4, atol=1e-4)


def test_layer_words(sol):
    "is right for five words and two heads"
    expect_layer(sol, 1, 5, 8, 2)


def test_grouped(sol):
    "is right for six query heads and two of keys"
    expect.close(sol.grouped(*shared_inputs(6, 2)), judge_of_grouped(*shared_inputs(6, 2)), "what the heads found")


TESTS = {
    'test_window_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_window_wide': {
        'question': 'q1',
        'name': 'wide',
        'points': 1,
        'hidden': False,
    },
    'test_shares_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_shares_past': {
        'question': 'q2',
        'name': 'past',
        'points': 1,
        'hidden': False,
    },
    'test_near_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_near_scores': {
        'question': 'q3',
        'name': 'scores',
        'points': 1,
        'hidden': False,
    },
    'test_split_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_split_words': {
        'question': 'q4',
        'name': 'words',
        'points': 1,
        'hidden': False,
    },
    'test_join': {
        'question': 'q4',
        'name': 'join',
        'points': 1,
        'hidden': False,
    },
    'test_turn_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_turn_words': {
        'question': 'q5',
        'name': 'words',
        'points': 1,
        'hidden': False,
    },
    'test_layer_one_word': {
        'question': 'q6',
        'name': 'one-word',
        'points': 1,
        'hidden': False,
    },
    'test_layer_words': {
        'question': 'q6',
        'name': 'words',
        'points': 1,
        'hidden': False,
    },
    'test_grouped': {
        'question': 'q7',
        'name': 'six-and-two',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'Who looks at whom',
    'setup': '''import math

import torch
from torch.nn import functional as F


def angles(length, numbers):
    "By how much each pair is turned at each place: (length, numbers / 2), in radians."
    return torch.arange(length)[:, None] * 10_000.0 ** (-torch.arange(0, numbers, 2) / numbers)


def rotate(x, angles):
    "Turn the pairs (i, i + D/2) of the numbers of `x` (..., T, D) by `angles` (T, D / 2)."
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()], dim=-1)''',
    'questions': {
        'q1': {
            'title': 'A window on the past',
            'names': ['window_mask'],
            'answer': '''def window_mask(length, width):
    "Who may look at whom: (length, length) of bool, True where the column is one of the `width` last places up to the row's own."
    place = torch.arange(length)
    back = place[:, None] - place
    return (back >= 0) & (back < width)''',
            'explanation': '''With a window of `width` the number of scores grows with the length, not with its square. Nothing is lost for good: a word that is out of sight can still be seen by a word that is in sight, and so
comes through from layer to layer, a window further each time.''',
            'hints': [
                'For each cell ask: how many places back is the column, seen from the row? 0 is the word itself.',
                '`torch.arange(length)[:, None] - torch.arange(length)` is a table of just that. Two conditions on it, joined by `&`.',
            ],
            'mistakes': [
                {
                    'message': 'The mask stands upside down: rows look, columns are looked at, so the True cells lie on and *below* the diagonal.',
                    'code': '''def window_mask(length, width):
    place = torch.arange(length)
    back = place - place[:, None]
    return (back >= 0) & (back < width)''',
                },
                {
                    'message': 'True and False are swapped: here True means *may look*.',
                    'code': '''def window_mask(length, width):
    place = torch.arange(length)
    back = place[:, None] - place
    return ~((back >= 0) & (back < width))''',
                },
                {
                    'message': 'The window is one word too long: a width of 2 is the word itself and *one* before it.',
                    'code': '''def window_mask(length, width):
    place = torch.arange(length)
    back = place[:, None] - place
    return (back >= 0) & (back <= width)''',
                },
                {
                    'message': 'That window reaches into the future as well: who may look back two words may not look two words ahead.',
                    'code': '''def window_mask(length, width):
    place = torch.arange(length)
    return (place[:, None] - place).abs() < width''',
                },
                {
                    'message': 'This is the mask of the lesson, which sees the whole past; the window is forgotten.',
                    'code': '''def window_mask(length, width):
    return torch.ones(length, length, dtype=torch.bool).tril()''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'Find the bugs: who gets which share',
            'names': ['shares'],
            'answer': '''def shares(q, k, mask):
    "How much each query (..., T, D) looks at each key (..., S, D), only where `mask` (T, S) is True: (..., T, S), each row adding up to 1."
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~mask, -math.inf).softmax(-1)''',
            'explanation': '''Neither bug raises an error, and all shapes are right. The wrong axis even lets the future in: each share is divided by a sum that runs over later words too. The test that finds both at once costs one line: do the rows add up to 1, and
does it agree with `F.scaled_dot_product_attention`?''',
            'hints': [
                'Run the example: make `q`, `k` and a mask of True, and print the scores first, then the result.',
                'One thing is missing in the line of the scores. The other is a single number in the last line: which axis is "who looks", and which "at whom"?',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. Go through the example with it: where is the division by the root, and along which axis should the shares add up to 1?',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2)).masked_fill(~mask, -math.inf).softmax(-2)''',
                },
                {
                    'message': 'The root is forgotten: divide the scores by `math.sqrt(D)`, with D numbers in a query.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2)).masked_fill(~mask, -math.inf).softmax(-1)''',
                },
                {
                    'message': 'The softmax runs along the wrong axis: each *row*, one word that looks, has one share to give away. Yours add up to 1 in each column.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf).softmax(-2)''',
                },
                {
                    'message': 'Divided by D itself; it is the *square root* of D that keeps random scores at their size.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / q.shape[-1]).masked_fill(~mask, -math.inf).softmax(-1)''',
                },
                {
                    'message': 'Divided by the root of how many *keys* there are. What makes a score large is how many *numbers* a query has: those are added up.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / math.sqrt(k.shape[-2])).masked_fill(~mask, -math.inf).softmax(-1)''',
                },
                {
                    'message': 'What is masked was struck out *after* the softmax, so what is left of a row adds up to less than 1. Strike it out of the scores, before.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1) * mask''',
                },
                {
                    'message': 'A masked score of 0 is a score like any other, and gets a share. Only minus infinity becomes a share of exactly 0.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) * mask).softmax(-1)''',
                },
                {
                    'message': 'The mask is upside down: `masked_fill` writes where its mask is True, and ours is True where one *may* look. `~mask` turns it round.',
                    'code': '''def shares(q, k, mask):
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).masked_fill(mask, -math.inf).softmax(-1)''',
                },
            ],
            'held_out': 2,
        },
        'q3': {
            'title': 'Distance costs',
            'names': ['near_shares'],
            'answer': '''def near_shares(scores, slope):
    "Shares (..., T, T) from `scores` (..., T, T), less `slope` for each place back, the future struck out."
    place = torch.arange(scores.shape[-1])
    back = place[:, None] - place
    return (scores - slope * back).masked_fill(back < 0, -math.inf).softmax(-1)''',
            'explanation': '''This is a linear bias on attention (ALiBi, Press and others 2021). Each head gets a slope of its own, so that some look near and some far. Nothing is learned for it, and it means something at distances that were never met in training.
Most large models rotate all the same.''',
            'hints': [
                "The table of distances is that of question 1: the row's place less the column's.",
                'Where that table is negative lies the future: `masked_fill(back < 0, -math.inf)`, after the cost is taken off, before the softmax.',
            ],
            'mistakes': [
                {
                    'message': 'The sign is wrong: what is far away has got *more*. Each step back costs, so take it away.',
                    'code': '''def near_shares(scores, slope):
    place = torch.arange(scores.shape[-1])
    back = place[:, None] - place
    return (scores + slope * back).masked_fill(back < 0, -math.inf).softmax(-1)''',
                },
                {
                    'message': 'The future is not struck out: it only got dearer with its distance, and still gets a share.',
                    'code': '''def near_shares(scores, slope):
    place = torch.arange(scores.shape[-1])
    return (scores - slope * (place[:, None] - place).abs()).softmax(-1)''',
                },
                {
                    'message': 'The cost is the same in all columns of a row, the place of the word that looks. Softmax does not notice what is taken from a whole row: the cost must be the *distance* of the two.',
                    'code': '''def near_shares(scores, slope):
    place = torch.arange(scores.shape[-1])
    return (scores - slope * place[:, None]).masked_fill(place[:, None] < place, -math.inf).softmax(-1)''',
                },
                {
                    'message': 'The shares were *divided* by one plus the distance times the slope, after the softmax. Take the cost from the scores, before it.',
                    'code': '''def near_shares(scores, slope):
    place = torch.arange(scores.shape[-1])
    back = place[:, None] - place
    shares = scores.masked_fill(back < 0, -math.inf).softmax(-1) / (1 + slope * back.clamp(0))
    return shares / shares.sum(-1, keepdim=True)''',
                },
            ],
            'held_out': 2,
        },
        'q4': {
            'title': 'Heads, out of one matrix product',
            'names': ['split', 'join'],
            'answer': '''def split(qkv, heads):
    "Queries, keys and values (3, B, heads, T, D) out of `qkv` (B, T, 3 * heads * D)."
    B, T, C = qkv.shape
    return qkv.view(B, T, 3, heads, C // (3 * heads)).permute(2, 0, 3, 1, 4)


def join(x):
    "The heads' numbers (B, heads, T, D) side by side again: (B, T, heads * D)."
    return x.transpose(1, 2).flatten(2)''',
            'explanation': '''`view` never moves a number; it only says how the row of numbers in memory is to be read. `permute` and `transpose` change which number is met next. The commonest bug in hand-written attention is to use the first where the second was needed: all
shapes are right, and each head gets a mash of several words.''',
            'hints': [
                'The last axis holds three things in one: which of the three, which head, which number. `view` (or `unflatten`) can make three axes of it, in that order.',
                'You now have (B, T, 3, heads, D). `permute` puts the axes in a new order; write down for each new axis which of the old ones it was.',
                'The way back: heads behind the words again (`transpose(1, 2)`), then the last two axes become one (`flatten(2)`).',
            ],
            'mistakes': [
                {
                    'message': 'The numbers were poured into the new shape without being moved: `view` alone mixes words and heads. First `view` as (B, T, 3, heads, D), then move the axes.',
                    'code': '''def split(qkv, heads):
    B, T, C = qkv.shape
    return qkv.reshape(3, B, heads, T, C // (3 * heads))


def join(x):
    return x.transpose(1, 2).flatten(2)''',
                },
                {
                    'message': "The heads take turns, a number each: head 0 got numbers 0, 2, ... Each head's numbers lie side by side.",
                    'code': '''def split(qkv, heads):
    B, T, C = qkv.shape
    return qkv.reshape(B, T, 3, C // (3 * heads), heads).permute(2, 0, 4, 1, 3)


def join(x):
    return x.transpose(1, 2).flatten(2)''',
                },
                {
                    'message': 'The three parts are mixed: you read the numbers as (query, key, value) for each head in turn. *First* come the queries of all heads.',
                    'code': '''def split(qkv, heads):
    B, T, C = qkv.shape
    return qkv.reshape(B, T, heads, 3, C // (3 * heads)).permute(3, 0, 2, 1, 4)


def join(x):
    return x.transpose(1, 2).flatten(2)''',
                },
                {
                    'message': 'Splitting works. In `join` the heads were flattened without being moved back: words and heads are mixed. Swap the two axes first.',
                    'code': '''def split(qkv, heads):
    B, T, C = qkv.shape
    return qkv.reshape(B, T, 3, heads, C // (3 * heads)).permute(2, 0, 3, 1, 4)


def join(x):
    B, heads, T, D = x.shape
    return x.reshape(B, T, heads * D)''',
                },
                {
                    'message': "Splitting works. `join` puts the heads' numbers in turns, a number of each; put all of head 0's first.",
                    'code': '''def split(qkv, heads):
    B, T, C = qkv.shape
    return qkv.reshape(B, T, 3, heads, C // (3 * heads)).permute(2, 0, 3, 1, 4)


def join(x):
    return x.permute(0, 2, 3, 1).flatten(2)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'Turn the arrows',
            'names': ['turn'],
            'answer': '''def turn(x, angles):
    "Turn the pairs (0, 1), (2, 3), ... of the numbers of `x` (..., T, D) by `angles` (T, D / 2), in radians."
    first, second = x[..., 0::2], x[..., 1::2]
    turned = first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()
    return torch.stack(turned, dim=-1).flatten(-2)''',
            'explanation': "A pair of numbers is a complex number, and to turn it is to multiply it by $e^{i\\theta}$; `torch.view_as_complex` lets you write it so. Both layouts are in use, and both serve equally well; only they must not be mixed. Files of Llama's weights exist in both.",
            'hints': [
                '`x[..., 0::2]` is every second number, from the first on; `x[..., 1::2]` the others. Both are (..., T, D / 2), as the angles are.',
                'Compute both new halves before you put anything together. To lay them side by side again, `torch.stack([first, second], dim=-1)` gives (..., T, D / 2, 2).',
                '`.flatten(-2)` makes the last two axes one: first, second, first, second, ...',
            ],
            'mistakes': [
                {
                    'message': "That is the lesson's layout, number `i` with number `i + D/2`. Here *neighbours* are a pair: `x[..., 0::2]` and `x[..., 1::2]`.",
                    'code': '''def turn(x, angles):
    first, second = x.chunk(2, -1)
    return torch.cat([first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()], -1)''',
                },
                {
                    'message': 'The arrows are turned rightly, but their halves do not stand side by side again: all first numbers come first, then all second ones.',
                    'code': '''def turn(x, angles):
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.cat([first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()], -1)''',
                },
                {
                    'message': 'The arrows turn the other way round: look at the signs of the two sines.',
                    'code': '''def turn(x, angles):
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack([first * angles.cos() + second * angles.sin(), second * angles.cos() - first * angles.sin()], -1).flatten(-2)''',
                },
                {
                    'message': 'The second half of each arrow was computed from the first half *after* that had been turned. Keep the old one until both are done.',
                    'code': '''def turn(x, angles):
    first, second = x[..., 0::2], x[..., 1::2]
    first = first * angles.cos() - second * angles.sin()
    second = first * angles.sin() + second * angles.cos()
    return torch.stack([first, second], -1).flatten(-2)''',
                },
                {
                    'message': 'All arrows of a word turn by the angle of its first one. Each has its own: the first turns fastest, the last hardly at all.',
                    'code': '''def turn(x, angles):
    first, second, angles = x[..., 0::2], x[..., 1::2], angles[:, :1]
    return torch.stack([first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()], -1).flatten(-2)''',
                },
            ],
            'held_out': 2,
        },
        'q6': {
            'title': 'All together',
            'names': ['self_attention'],
            'answer': '''def self_attention(x, to_qkv, out, heads):
    "Causal self-attention in `heads` heads with rotated queries and keys: `x` (B, T, C) to (B, T, C)."
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    turns = angles(q.shape[-2], q.shape[-1])
    seen = F.scaled_dot_product_attention(rotate(q, turns), rotate(k, turns), v, is_causal=True)
    return seen.transpose(1, 2).flatten(2) @ out''',
            'explanation': 'These few lines are, but for details, the attention layer of the open models of today. In lesson 08 a few dozen lines around it make a GPT. The rest of a large model is the same again, many times over.',
            'hints': [
                'Five steps: one product for queries, keys and values; heads; turn two of the three; look; side by side again, times `out`.',
                'With question 4 solved, `q, k, v = split(x @ to_qkv, heads)` are the first two steps, and `join(...) @ out` the last.',
                '`angles` needs the number of words and the numbers *of a head*: `angles(q.shape[-2], q.shape[-1])`.',
            ],
            'mistakes': [
                {
                    'message': 'The values were turned as well. They are what is handed over, not what is compared: only queries and keys are turned.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    parts = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    turned = [rotate(part, angles(part.shape[-2], part.shape[-1])) for part in parts]
    return F.scaled_dot_product_attention(*turned, is_causal=True).transpose(1, 2).flatten(2) @ out''',
                },
                {
                    'message': "The future was not struck out: the first word's answer changes with words that come after it.",
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    turns = angles(q.shape[-2], q.shape[-1])
    return F.scaled_dot_product_attention(rotate(q, turns), rotate(k, turns), v).transpose(1, 2).flatten(2) @ out''',
                },
                {
                    'message': 'Nobody was turned, so the layer does not know how far apart two words are: `rotate(q, angles(T, D))`, and the keys likewise.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2) @ out''',
                },
                {
                    'message': 'Only the queries were turned. Then the score depends on where the query stands, not on how far the two are apart; turn the keys as well.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    return F.scaled_dot_product_attention(rotate(q, angles(q.shape[-2], q.shape[-1])), k, v, is_causal=True).transpose(1, 2).flatten(2) @ out''',
                },
                {
                    'message': 'The scores are divided by the root of C, all numbers of a word. Each head compares D = C / heads numbers: divide by the root of D.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    turns = angles(q.shape[-2], q.shape[-1])
    seen = F.scaled_dot_product_attention(rotate(q, turns), rotate(k, turns), v, is_causal=True, scale=x.shape[-1] ** -0.5)
    return seen.transpose(1, 2).flatten(2) @ out''',
                },
                {
                    'message': 'The heads were not split: one large head compares all numbers of a word.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = (x @ to_qkv).chunk(3, -1)
    turns = angles(q.shape[-2], q.shape[-1])
    return F.scaled_dot_product_attention(rotate(q, turns), rotate(k, turns), v, is_causal=True) @ out''',
                },
                {
                    'message': 'The last step is missing: what the heads found, side by side, times `out`.',
                    'code': '''def self_attention(x, to_qkv, out, heads):
    q, k, v = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (x @ to_qkv).chunk(3, -1)]
    turns = angles(q.shape[-2], q.shape[-1])
    return F.scaled_dot_product_attention(rotate(q, turns), rotate(k, turns), v, is_causal=True).transpose(1, 2).flatten(2)''',
                },
            ],
            'held_out': 2,
        },
        'q7': {
            'title': 'A stretch: heads that share',
            'names': ['grouped'],
            'answer': '''def grouped(q, k, v):
    "Causal attention of query heads (B, Hq, T, D) that share key and value heads (B, Hk, T, D), neighbours together: (B, Hq, T, D)."
    each = q.shape[1] // k.shape[1]
    return F.scaled_dot_product_attention(q, k.repeat_interleave(each, 1), v.repeat_interleave(each, 1), is_causal=True)''',
            'explanation': "With 64 query heads and 8 of keys, what has to be kept shrinks to an eighth; the quality hardly suffers, says the paper (Ainslie and others 2023). Llama 2's largest model and all of Llama 3 are built so. The copies need not be made: `q.unflatten(1, (Hk, -1))` puts the queries into groups, and each group meets its one head of keys.",
            'hints': [
                "If each query head had keys of its own, torch's function would do. So give each query head a copy of the keys that it shares.",
                '`repeat_interleave(each, 1)` repeats each head `each` times before it goes on to the next; `each` is Hq divided by Hk.',
            ],
            'mistakes': [
                {
                    'message': 'The key heads are dealt out in turns: query heads 0, 2, 4 got the first. *Neighbours* share: 0, 1, 2. `repeat` puts whole copies one after the other; `repeat_interleave` repeats each.',
                    'code': '''def grouped(q, k, v):
    each = q.shape[1] // k.shape[1]
    return F.scaled_dot_product_attention(q, k.repeat(1, each, 1, 1), v.repeat(1, each, 1, 1), is_causal=True)''',
                },
                {
                    'message': 'All query heads look into the first head of keys. Each group has one of its own.',
                    'code': '''def grouped(q, k, v):
    return F.scaled_dot_product_attention(q, k[:, :1].expand_as(q), v[:, :1].expand_as(q), is_causal=True)''',
                },
                {
                    'message': 'The query heads of a group were averaged, so all of a group answer alike. They share keys, not questions.',
                    'code': '''def grouped(q, k, v):
    each = q.shape[1] // k.shape[1]
    asked = q.unflatten(1, (-1, each)).mean(2)
    return F.scaled_dot_product_attention(asked, k, v, is_causal=True).repeat_interleave(each, 1)''',
                },
                {
                    'message': 'The future was not struck out.',
                    'code': '''def grouped(q, k, v):
    each = q.shape[1] // k.shape[1]
    return F.scaled_dot_product_attention(q, k.repeat_interleave(each, 1), v.repeat_interleave(each, 1))''',
                },
                {
                    'message': 'The scores are not divided by the root of D.',
                    'code': '''def grouped(q, k, v):
    each = q.shape[1] // k.shape[1]
    return F.scaled_dot_product_attention(q, k.repeat_interleave(each, 1), v.repeat_interleave(each, 1), is_causal=True, scale=1.0)''',
                },
            ],
            'held_out': 2,
        },
    },
}
