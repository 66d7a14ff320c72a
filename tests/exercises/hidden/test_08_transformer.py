"""Held-out tests of the exercise 08_transformer. Generated from nbs/exercises/08_transformer.ipynb: edit that one."""

import math

import torch
from torch.nn import functional as F

from genai_course import attention
from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)


def turned(x, first=0):
    "`x` (..., T, D) at the places from `first` on, each place turned by itself."
    turns = attention.angles(first + x.shape[-2], x.shape[-1])
    return torch.stack([attention.rotate(x[..., i : i + 1, :], turns[first + i : first + i + 1])[..., 0, :] for i in range(x.shape[-2])], -2) if x.shape[-2] else x

def judge_of_loss_by_place(scores, tokens):
    "Place by place and text by text."
    shares = scores.softmax(-1)
    texts, length = tokens.shape
    return torch.stack([torch.stack([-shares[b, t, tokens[b, t + 1]].log() for b in range(texts)]).mean() for t in range(length - 1)])


def some_tokens(B, T, V, seed=0): return torch.randint(V, (B, T), generator=torch.Generator().manual_seed(seed))

def expect_sees(sol, new, cached, padding):
    "Compare with the mask made cell by cell."
    wanted = [[[fillers <= column <= cached + row for column in range(cached + new)] for row in range(new)] for fillers in padding]
    expect.close(sol.sees(new, cached, torch.tensor(padding)), torch.tensor(wanted), f"the mask for {new} new after {cached}, with {padding} fillers")

def judge_of_block(x, mix, up, down):
    "With torch's own norm."
    def read(x): return F.rms_norm(x, x.shape[-1:], eps=1e-6)
    after = x + torch.einsum("ts,bsc->btc", mix, read(x))
    return after + F.linear(F.linear(read(after), up.T).clamp(min=0), down.T)


def shares(length): return torch.ones(length, length).tril() / torch.arange(1, length + 1)[:, None]

def expect_count(sol, wanted, *sizes): expect.close(sol.count(*sizes), wanted, f"the count for {sizes}", rtol=0, atol=0.5)


def expect_cache(sol, wanted, *sizes): expect.close(sol.cache_bytes(*sizes), wanted, f"the bytes for {sizes}", rtol=0, atol=0.5)

def judge_of_gated(x, gate, up, down):
    "Written out."
    opened, passing = (torch.einsum("...c,fc->...f", x, matrix) for matrix in (gate, up))
    return torch.einsum("...f,cf->...c", opened * passing / (1 + (-opened).exp()), down)

def expect_norm_backward(sol, grad, x, weight):
    "Compare with torch's own norm and its own gradients."
    x, weight = x.requires_grad_(), weight.requires_grad_()
    wanted = torch.autograd.grad(F.rms_norm(x, weight.shape, weight, eps=1e-6), (x, weight), grad)
    got = expect.parts(sol.norm_backward(grad, x.detach(), weight.detach()), 2, "grad_x and grad_weight")
    for mine, theirs, name in zip(got, wanted, ("grad_x", "grad_weight"), strict=True): expect.close(mine, theirs, name, rtol=1e-4, atol=1e-4)
    expect.inputs_kept(sol)

def expect_remembered(sol, kept, new, heads=2, D=4, seed=0):
    "Compare with all places turned at once."
    q, k, v = (numbers(2, heads, kept + new, D, seed=seed + i) for i in range(3))
    all_keys = turned(k)
    got = sol.remember(all_keys[:, :, :kept], v[:, :, :kept], q[:, :, kept:], k[:, :, kept:], v[:, :, kept:])
    for mine, theirs, name in zip(expect.parts(got, 3, "queries, keys and values"), (turned(q[:, :, kept:], kept), all_keys, v), ("the queries", "the keys", "the values"), strict=True):
        expect.close(mine, theirs, f"{name}, with {new} new after {kept} kept")
    expect.inputs_kept(sol)

def whole_text(x, to_q, to_k, to_v, out, D):
    "Without a cache, head by head: the result, and the keys and values of all places."
    queries, keys, values = ([x @ part.T for part in matrix.split(D)] for matrix in (to_q, to_k, to_v))
    keys, each, mask = [turned(k) for k in keys], len(queries) // len(keys), attention.causal_mask(x.shape[1])
    found = [attention.attention(turned(q), keys[i // each], values[i // each], mask) for i, q in enumerate(queries)]
    return torch.cat(found, -1) @ out.T, torch.stack(keys, 1), torch.stack(values, 1)


def expect_attended(sol, kept, new, query_heads, key_heads, D=4, C=6, seed=0):
    "Compare the new places with the same ones of the text read at once."
    matrices = [numbers(heads * D, C, seed=seed + i) for i, heads in enumerate((query_heads, key_heads, key_heads))] + [numbers(C, query_heads * D, seed=seed + 3)]
    x = numbers(2, kept + new, C, seed=seed + 4)
    result, keys, values = whole_text(x, *matrices, D)
    got = expect.parts(sol.attend(x[:, kept:], keys[:, :, :kept], values[:, :, :kept], *matrices), 3, "the result, keys and values")
    for mine, theirs, name in zip(got, (result[:, kept:], keys, values), ("the result", "the keys", "the values"), strict=True):
        expect.close(mine, theirs, f"{name}, with {new} new after {kept} kept, {query_heads} query heads and {key_heads} of keys", rtol=1e-3, atol=1e-4)
    expect.inputs_kept(sol)


def test_loss_gradient(sol):
    "is ln 9 everywhere for nine tokens that are equally likely, and lets the gradient through to the scores"
    expect.close(sol.loss_by_place(torch.zeros(2, 4, 9), some_tokens(2, 4, 9)), torch.full((3,), math.log(9)), "the losses")
    expect.gradients(sol.loss_by_place, judge_of_loss_by_place, numbers(3, 5, 7, seed=1, grad=True), some_tokens(3, 5, 7, seed=1))


def test_sees_all_sizes(sol):
    "is right for every small size, with an empty cache too"
    for new in range(1, 5):
        for cached in range(5): expect_sees(sol, new, cached, [0, 1, cached])


def test_block_gradient(sol):
    "lets the gradient through, to the stream and to the matrices"
    given = numbers(2, 3, 4, seed=3, grad=True), shares(3), numbers(4, 6, seed=4, grad=True), numbers(6, 4, seed=5, grad=True)
    expect.gradients(sol.block, judge_of_block, *given)


def test_count_others(sol):
    "is right for Llama 2 7B, Mistral 7B, Llama 3 70B and Llama 3.2 1B, and for the cache in 4 bytes"
    expect_count(sol, 6_738_415_616, 32, 4096, 32, 32, 11_008, 32_000, False)
    expect_count(sol, 7_241_732_096, 32, 4096, 32, 8, 14_336, 32_000, False)
    expect_count(sol, 70_553_706_496, 80, 8192, 64, 8, 28_672, 128_256, False)
    expect_count(sol, 1_235_814_400, 16, 2048, 32, 8, 8192, 128_256, True)
    expect_cache(sol, 4 * 2**30, 32, 4096, 32, 32, 4096, 4)


def test_gated_gradient(sol):
    "lets the gradient through, and is fair for every width up to 200"
    given = numbers(2, 3, 4, seed=4, grad=True), numbers(5, 4, seed=5, grad=True), numbers(5, 4, seed=6, grad=True), numbers(4, 5, seed=7, grad=True)
    expect.gradients(sol.gated, judge_of_gated, *given)
    for width in range(1, 201, 7):
        for multiple in (1, 3, 64): expect.equal(sol.fair_width(width, multiple), next(F for F in range(0, 9999, multiple) if 3 * F >= 8 * width), f"the width for {width} and {multiple}")


def test_norm_backward_sizes(sol):
    "agrees with torch for rows that are large, or very small"
    expect_norm_backward(sol, numbers(1, 5, 6, seed=3), 1000 * numbers(1, 5, 6, seed=4), numbers(6, seed=5))
    expect_norm_backward(sol, numbers(2, 2, 3, seed=8) / 1000, numbers(2, 2, 3, seed=9) / 1000, numbers(3, seed=10))


def test_remember_pieces(sol):
    "is right however a text of nine places is cut in two"
    for kept in range(9): expect_remembered(sol, kept, 9 - kept, heads=3, D=6, seed=kept)


def test_attend_pieces(sol):
    "is right however a text is cut, also with nothing kept, and with one key head for all"
    for kept in range(5): expect_attended(sol, kept, 5 - kept, 4, 1 + kept % 2, D=6, seed=10 * kept)


TESTS = {
    'test_loss_gradient': {
        'question': 'q1',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_sees_all_sizes': {
        'question': 'q2',
        'name': 'all-sizes',
        'points': 1,
        'hidden': True,
    },
    'test_block_gradient': {
        'question': 'q3',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_count_others': {
        'question': 'q4',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_gated_gradient': {
        'question': 'q5',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_norm_backward_sizes': {
        'question': 'q6',
        'name': 'sizes',
        'points': 1,
        'hidden': True,
    },
    'test_remember_pieces': {
        'question': 'q7',
        'name': 'pieces',
        'points': 1,
        'hidden': True,
    },
    'test_attend_pieces': {
        'question': 'q8',
        'name': 'pieces',
        'points': 1,
        'hidden': True,
    },
}
