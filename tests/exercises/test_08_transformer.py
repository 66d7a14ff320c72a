"""Open tests of the exercise 08_transformer. Generated from nbs/exercises/08_transformer.ipynb: edit that one."""

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


def test_loss_by_hand(sol):
    "is right for the three tokens above"
    scores = torch.tensor([[[0.0, 0.0], [0.0, math.log(3)], [5.0, 5.0]]])
    expect.close(sol.loss_by_place(scores, torch.tensor([[0, 1, 1]])), torch.tensor([math.log(2), math.log(4 / 3)]), "the losses")


def test_loss_batch(sol):
    "is right for four texts of six tokens"
    given = numbers(4, 6, 5), some_tokens(4, 6, 5)
    expect.close(sol.loss_by_place(*given), judge_of_loss_by_place(*given), "the losses")
    expect.inputs_kept(sol)


def test_sees_by_hand(sol):
    "is right for the table above"
    expect_sees(sol, 2, 2, [1])


def test_sees_batch(sol):
    "is right for three rows with different fillers, for one new place, and for a new place that is a filler"
    expect_sees(sol, 3, 4, [0, 2, 3])
    expect_sees(sol, 1, 5, [0, 4])
    expect_sees(sol, 3, 1, [0, 2])


def test_block_by_hand(sol):
    "is right for the one place above"
    got = sol.block(torch.tensor([[[1.0, 7.0]]]), torch.ones(1, 1), torch.tensor([[5.0], [0.0]]), torch.tensor([[0.0, 0.6]]))
    expect.close(got, torch.tensor([[[1.2, 9.0]]]), "the stream")


def test_block_nothing_added(sol):
    "leaves the stream as it is where neither part has anything to add"
    x = numbers(2, 3, 4)
    expect.close(sol.block(x, torch.zeros(3, 3), numbers(4, 5), torch.zeros(5, 4)), x, "the stream")


def test_block_texts(sol):
    "is right for two texts of four places"
    given = 5 * numbers(2, 4, 6), shares(4), numbers(6, 8, seed=1), numbers(8, 6, seed=2)
    expect.close(sol.block(*given), judge_of_block(*given), "the stream")
    expect.inputs_kept(sol)


def test_count_by_hand(sol):
    "is right for the small model above, tied and not"
    expect_count(sol, 212, 1, 4, 2, 1, 6, 10, False)
    expect_count(sol, 172, 1, 4, 2, 1, 6, 10, True)


def test_count_llama(sol):
    "gives the 8,030,261,248 numbers of Llama 3 8B"
    expect_count(sol, 8_030_261_248, 32, 4096, 32, 8, 14_336, 128_256, False)


def test_cache_bytes(sol):
    "gives the 8 bytes above, twice that where a number takes four, and a gibibyte for 8,192 places of Llama 3 8B"
    expect_cache(sol, 8, 1, 4, 2, 1, 1)
    expect_cache(sol, 16, 1, 4, 2, 1, 1, 4)
    expect_cache(sol, 2**30, 32, 4096, 32, 8, 8192)


def test_gated_by_hand(sol):
    "is right for the two numbers above"
    inside = 0.75 * math.log(3) * 2
    got = sol.gated(torch.tensor([math.log(3), 2.0]), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0], [-1.0]]))
    expect.close(got, torch.tensor([inside, -inside]), "what comes out")


def test_gated_texts(sol):
    "is right for two texts of three places"
    given = numbers(2, 3, 4), numbers(6, 4, seed=1), numbers(6, 4, seed=2), numbers(4, 6, seed=3)
    expect.close(sol.gated(*given), judge_of_gated(*given), "what comes out")


def test_fair_width(sol):
    "gives Llama 2's 11,008, a width that is a multiple already, and never less than 8/3"
    expect.equal(sol.fair_width(4096, 256), 11_008, "the width for 4096")
    expect.equal(sol.fair_width(6, 8), 16, "the width for 6")
    expect.equal(sol.fair_width(4, 1), 11, "the width for 4")


def test_norm_backward_by_hand(sol):
    "is right for the two numbers above"
    got = sol.norm_backward(torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[1.0, 7.0]]]), torch.ones(2))
    grad_x, grad_weight = expect.parts(got, 2, "grad_x and grad_weight")
    expect.close(grad_x, torch.tensor([[[0.196, -0.028]]]), "grad_x")
    expect.close(grad_weight, torch.tensor([0.2, 0.0]), "grad_weight")


def test_norm_backward_texts(sol):
    "agrees with torch for two texts of three places, with weights, and for rows that are all 0"
    expect_norm_backward(sol, numbers(2, 3, 4), numbers(2, 3, 4, seed=1), numbers(4, seed=2))
    expect_norm_backward(sol, numbers(2, 1, 3, seed=6) / 1000, torch.zeros(2, 1, 3), numbers(3, seed=7))


def test_remember_by_hand(sol):
    "is right for the fourth place above"
    kept, new = torch.tensor([[[[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]]]), torch.tensor([[[[1.0, 0.0]]]])
    q, keys, values = expect.parts(sol.remember(kept, kept, new, new, new), 3, "queries, keys and values")
    at_three = torch.tensor([[[[math.cos(3), math.sin(3)]]]])
    expect.close(q, at_three, "the query")
    expect.close(keys, torch.cat([kept, at_three], 2), "the keys")
    expect.close(values, torch.cat([kept, new], 2), "the values")


def test_remember_several(sol):
    "is right for three new places after two"
    expect_remembered(sol, 2, 3)


def test_remember_empty(sol):
    "begins at place 0 where nothing is kept yet"
    expect_remembered(sol, 0, 4)


def test_attend_one_new(sol):
    "is right for one new place after four, with as many key heads as query heads"
    expect_attended(sol, 4, 1, 2, 2)


def test_attend_shared(sol):
    "is right for three new places after two, with 6 query heads and 2 key heads"
    expect_attended(sol, 2, 3, 6, 2)


TESTS = {
    'test_loss_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_loss_batch': {
        'question': 'q1',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_sees_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_sees_batch': {
        'question': 'q2',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_block_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_block_nothing_added': {
        'question': 'q3',
        'name': 'nothing-added',
        'points': 1,
        'hidden': False,
    },
    'test_block_texts': {
        'question': 'q3',
        'name': 'texts',
        'points': 1,
        'hidden': False,
    },
    'test_count_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_count_llama': {
        'question': 'q4',
        'name': 'llama',
        'points': 1,
        'hidden': False,
    },
    'test_cache_bytes': {
        'question': 'q4',
        'name': 'cache',
        'points': 1,
        'hidden': False,
    },
    'test_gated_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_gated_texts': {
        'question': 'q5',
        'name': 'texts',
        'points': 1,
        'hidden': False,
    },
    'test_fair_width': {
        'question': 'q5',
        'name': 'fair',
        'points': 1,
        'hidden': False,
    },
    'test_norm_backward_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_norm_backward_texts': {
        'question': 'q6',
        'name': 'texts',
        'points': 2,
        'hidden': False,
    },
    'test_remember_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_remember_several': {
        'question': 'q7',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_remember_empty': {
        'question': 'q7',
        'name': 'empty',
        'points': 1,
        'hidden': False,
    },
    'test_attend_one_new': {
        'question': 'q8',
        'name': 'one-new',
        'points': 1,
        'hidden': False,
    },
    'test_attend_shared': {
        'question': 'q8',
        'name': 'shared',
        'points': 2,
        'hidden': False,
    },
}
