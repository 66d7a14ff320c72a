"""Held-out tests of the exercise 10_finetuning. Generated from nbs/exercises/10_finetuning.ipynb: edit that one."""

import math

import torch
from torch.nn import functional as F

from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)

def expect_numbers(sol, shapes, rank, wanted):
    "The count for `rank`, exactly."
    expect.close(sol.lora_numbers(shapes, rank), wanted, f"the count for rank {rank}", rtol=0, atol=0.5)


def expect_rank(sol, shapes, numbers, wanted):
    "The rank for so many numbers, exactly."
    expect.close(sol.largest_rank(shapes, numbers), wanted, f"the rank for {numbers:,} numbers", rtol=0, atol=0.5)


LLAMA = [(4096, 4096), (1024, 4096)] * 32  # queries and values of Llama 3 8B

def judge_of_voices(x, weight, a, b, alpha, which):
    "Text by text, with whole matrices."
    changes = [torch.zeros_like(weight) if i < 0 else alpha / a.shape[1] * b[i] @ a[i] for i in which.tolist()]
    return torch.stack([F.linear(text, weight + change) for text, change in zip(x, changes, strict=True)])


def some_voices(which, T=3, n=4, m=5, r=2, count=3, seed=0, grad=False):
    "Arguments for texts that want those adapters."
    return (numbers(len(which), T, n, seed=seed), numbers(m, n, seed=seed + 1), numbers(count, r, n, seed=seed + 2, grad=grad), numbers(count, m, r, seed=seed + 3, grad=grad),
            6.0, torch.tensor(which))  # fmt: skip

def judge_of_merge(weight, adapters):
    "With twice the digits."
    changes = [strength * alpha / a.shape[0] * torch.einsum("mr,rn->mn", b.double(), a.double()) for a, b, alpha, strength in adapters]
    return (weight.double() + sum(changes)).to(weight.dtype)


def some_adapters(ranks, m, n, seed=0):
    "An adapter for each rank, with alphas and strengths of their own."
    return [(numbers(r, n, seed=seed + r), numbers(m, r, seed=seed + r + 50), 2.0 + i, 1.5 - 0.5 * i) for i, r in enumerate(ranks)]


def expect_merged(sol, weight, adapters, what="the merged matrix"): expect.close(sol.merge(weight, adapters), judge_of_merge(weight, adapters), what)

def expect_step(sol, names, frozen, moving, lr=0.1, decay=0.5, without=()):
    "Compare each weight after a step; those in `moving` move."
    weights = {name: numbers(2, 3, seed=i) for i, name in enumerate(names)}
    gradients = {name: None if name in without else numbers(2, 3, seed=100 + i) for i, name in enumerate(names)}
    got = sol.step(weights, gradients, frozen, lr, decay)
    expect.true(isinstance(got, dict), "Return a dictionary of the weights by their names.", got=got)
    expect.equal(sorted(got), sorted(names), "the list of names")
    for name in names:
        wanted = (1 - lr * decay) * weights[name] - lr * gradients[name] if name in moving else weights[name]
        expect.close(got[name], wanted, f"the weight {name} with {', '.join(frozen) or 'nothing'} frozen")

def judge_of_answers(scores, tokens, begins, ends):
    "Token by token."
    p = scores.softmax(-1)
    found = [-p[b, t - 1, tokens[b, t]].log() for b in range(len(tokens)) for t in range(int(begins[b]), int(ends[b]))]
    return torch.stack(found).mean()


def some_answers(begins, ends, T=7, V=5, seed=0, grad=False):
    "Arguments for texts with these answers."
    tokens = torch.randint(V, (len(begins), T), generator=torch.Generator().manual_seed(seed))
    return numbers(len(begins), T, V, seed=seed, grad=grad), tokens, torch.tensor(begins), torch.tensor(ends)

def judge_of_chances(surprises, before):
    "Letter by letter, each row from the one before it, with twice the digits."
    p, rows = before.double(), []
    for row in surprises.double():
        p = p * torch.exp(row.min() - row)
        p = p / p.sum()
        rows.append(p)
    return torch.stack(rows).to(surprises.dtype)


def expect_chances(sol, surprises, before, what="the chances"): expect.close(sol.chances(surprises, before), judge_of_chances(surprises, before), what, rtol=1e-3, atol=1e-5)

def expect_squeezed(sol, before, after, rank):
    "Compare with the projection of the change on its strongest directions, found without the singular parts of the change itself."
    change = (after - before).double()
    directions = torch.linalg.eigh(change.T @ change).eigenvectors[:, -rank:]
    kept = change @ directions @ directions.T
    total = change.square().sum()
    weight, share = expect.parts(sol.squeezed(before, after, rank), 2, "the matrix and the share")
    expect.close(weight, before + kept.float(), f"the matrix with a change of rank {rank}", rtol=1e-3, atol=1e-4)
    expect.close(share, (kept.square().sum() / total).float() if total > 0 else torch.tensor(1.0), f"the share of rank {rank}", rtol=1e-3, atol=1e-4)


def test_numbers_llama(sol):
    "gives the 3,407,872 numbers of a LoRA of rank 8 on the queries and values of Llama 3 8B, and the rank back"
    expect_numbers(sol, LLAMA, 8, 3_407_872)
    expect_rank(sol, LLAMA, 3_407_872, 8)
    expect_rank(sol, LLAMA, 3_407_871, 7)


def test_voices_gradient(sol):
    "lets the gradient through to all adapters that were asked for"
    given = some_voices([1, -1, 1, 0], T=2, n=3, m=2, r=1, seed=20, grad=True)
    expect.gradients(sol.voices, judge_of_voices, *given)


def test_merge_same_output(sol):
    "gives the matrix itself without adapters, and takes an adapter out again with the opposite strength"
    weight, (adapter, *_) = numbers(6, 3, seed=7), some_adapters([2], 6, 3, seed=9)
    expect_merged(sol, weight, [])
    a, b, alpha, strength = adapter
    expect_merged(sol, judge_of_merge(weight, [adapter]), [(a, b, alpha, -strength)])


def test_step_other_parts(sol):
    "freezes by whole parts of a name only, with other rates and decays too"
    names = ["a", "a.b", "ab", "b.a", "a.bc.d"]
    expect_step(sol, names, ["a.b"], ["a", "ab", "b.a", "a.bc.d"], lr=0.01, decay=0.0)
    expect_step(sol, names, ["a"], ["ab", "b.a"], lr=1.0, decay=0.9, without=("a",))


def test_answers_gradient(sol):
    "is ln 5 where five tokens are equally likely; lets the gradient through, and none of it to what is no answer"
    expect.close(sol.answer_loss(torch.zeros(1, 4, 5), torch.tensor([[0, 4, 2, 1]]), torch.tensor([1]), torch.tensor([3])), torch.tensor(math.log(5)), "the loss")
    expect.gradients(sol.answer_loss, judge_of_answers, *some_answers([1, 4], [2, 6], seed=5, grad=True))


def test_chances_impossible(sol):
    "leaves a style that does not occur at 0, however much speaks for it, and moves nothing where all are equally surprised"
    expect_chances(sol, numbers(5, 3, seed=2).abs(), torch.tensor([0.0, 0.25, 0.75]))
    expect_chances(sol, torch.tensor([[0.0, 40.0]]), torch.tensor([0.0, 1.0]))
    expect.close(sol.chances(torch.ones(4, 2), torch.tensor([0.3, 0.7])), torch.tensor([[0.3, 0.7]] * 4), "the chances")


def test_squeezed_others(sol):
    "gets everything back at full rank and of a true LoRA, and gives 1 where nothing changed"
    before, lora = numbers(4, 6, seed=2), numbers(4, 2, seed=3) @ numbers(2, 6, seed=4)
    for after, rank in ((numbers(4, 6, seed=5), 4), (before + lora, 2), (before, 1)): expect_squeezed(sol, before, after, rank)


TESTS = {
    'test_numbers_llama': {
        'question': 'q1',
        'name': 'llama',
        'points': 1,
        'hidden': True,
    },
    'test_voices_gradient': {
        'question': 'q2',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_merge_same_output': {
        'question': 'q3',
        'name': 'same-output',
        'points': 1,
        'hidden': True,
    },
    'test_step_other_parts': {
        'question': 'q4',
        'name': 'other-parts',
        'points': 1,
        'hidden': True,
    },
    'test_answers_gradient': {
        'question': 'q5',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_chances_impossible': {
        'question': 'q6',
        'name': 'impossible',
        'points': 1,
        'hidden': True,
    },
    'test_squeezed_others': {
        'question': 'q7',
        'name': 'others',
        'points': 2,
        'hidden': True,
    },
}
