"""Held-out tests of the exercise 07_attention. Generated from nbs/exercises/07_attention.ipynb: edit that one."""

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


def test_window_others(sol):
    "is right for one word, a window of 1, and others"
    for length, width in [(1, 1), (6, 1), (7, 3), (9, 8)]: expect_window(sol, length, width)


def test_shares_shapes(sol):
    "works for several heads, fewer queries than keys, and large scores; leaves its inputs alone"
    q, k, mask = 30 * numbers(2, 3, 2, 4), 30 * numbers(2, 3, 5, 4, seed=1), past(5)[3:]
    expect.close(sol.shares(q, k, mask), judge_of_shares(q, k, mask), "the table of shares")
    expect.inputs_kept(sol)


def test_shares_gradient(sol):
    "lets the gradient through to queries and keys"
    expect.gradients(sol.shares, judge_of_shares, numbers(3, 4, grad=True), numbers(3, 4, seed=1, grad=True), past(3))


def test_near_heads(sol):
    "works for several texts and heads, without cost too, and leaves its input alone"
    for slope in (0.0, 2.0):
        expect.close(sol.near_shares(numbers(2, 3, 4, 4), slope), judge_of_near_shares(numbers(2, 3, 4, 4), slope), "the table of shares")
        expect.inputs_kept(sol)


def test_near_gradient(sol):
    "lets the gradient through to the scores"
    expect.gradients(sol.near_shares, judge_of_near_shares, numbers(4, 4, grad=True), 0.3)


def test_split_sizes(sol):
    "works for one head, one word, and what lies in memory in another order"
    for B, T, heads, D in [(2, 1, 4, 3), (1, 5, 1, 2), (3, 4, 2, 1)]:
        qkv = numbers(B, 3 * heads * D, T).transpose(1, 2)
        expect.close(sol.split(qkv, heads), judge_of_split(qkv, heads), "what was split")
        x = numbers(B, T, heads, D).transpose(1, 2)
        expect.close(sol.join(x), torch.cat([x[:, head] for head in range(heads)], dim=-1), "what was joined")


def test_turn_heads(sol):
    "works for several texts and heads, for a single arrow, and leaves its input alone"
    for x in (numbers(2, 3, 4, 8), numbers(4, 2)):
        expect.close(sol.turn(x, attention.angles(4, x.shape[-1], 10.0)), judge_of_turn(x, attention.angles(4, x.shape[-1], 10.0)), "the turned numbers", atol=1e-5)
        expect.inputs_kept(sol)


def test_turn_gradient(sol):
    "lets the gradient through"
    expect.gradients(sol.turn, judge_of_turn, numbers(3, 4, grad=True), attention.angles(3, 4))


def test_layer_sizes(sol):
    "is right for several texts, one head and four, and leaves its inputs alone"
    for heads in (1, 4):
        expect_layer(sol, 3, 6, 8, heads)
        expect.inputs_kept(sol)


def test_layer_gradient(sol):
    "lets the gradient through to the words and both matrices"
    expect.gradients(sol.self_attention, judge_of_self_attention, *layer_inputs(1, 3, 4, grad=True), 2)


def test_grouped_others(sol):
    "is right where each has its own keys, and where all share one head; leaves its inputs alone"
    for queries, keys in [(3, 3), (4, 1), (8, 4)]:
        expect.close(sol.grouped(*shared_inputs(queries, keys)), judge_of_grouped(*shared_inputs(queries, keys)), "what the heads found")
        expect.inputs_kept(sol)


def test_grouped_gradient(sol):
    "lets the gradient through, added up where heads share"
    expect.gradients(sol.grouped, judge_of_grouped, *shared_inputs(4, 2, seed=5, grad=True))


TESTS = {
    'test_window_others': {
        'question': 'q1',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_shares_shapes': {
        'question': 'q2',
        'name': 'other-shapes',
        'points': 1,
        'hidden': True,
    },
    'test_shares_gradient': {
        'question': 'q2',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_near_heads': {
        'question': 'q3',
        'name': 'heads',
        'points': 1,
        'hidden': True,
    },
    'test_near_gradient': {
        'question': 'q3',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_split_sizes': {
        'question': 'q4',
        'name': 'other-sizes',
        'points': 1,
        'hidden': True,
    },
    'test_turn_heads': {
        'question': 'q5',
        'name': 'heads',
        'points': 1,
        'hidden': True,
    },
    'test_turn_gradient': {
        'question': 'q5',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_layer_sizes': {
        'question': 'q6',
        'name': 'other-sizes',
        'points': 1,
        'hidden': True,
    },
    'test_layer_gradient': {
        'question': 'q6',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_grouped_others': {
        'question': 'q7',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_grouped_gradient': {
        'question': 'q7',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
}
