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
