"""Open tests of the exercise 10_finetuning. Generated from nbs/exercises/10_finetuning.ipynb: edit that one."""

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


def test_numbers_by_hand(sol):
    "is right for the two matrices above"
    for rank in (1, 2, 3): expect_numbers(sol, [(6, 4), (3, 4)], rank, 17 * rank)
    expect_rank(sol, [(6, 4), (3, 4)], 50, 2)


def test_rank_edges(sol):
    "finds the largest rank where the numbers fit exactly, and 0 where not even rank 1 does"
    for numbers, rank in ((51, 3), (52, 3), (17, 1), (16, 0)): expect_rank(sol, [(6, 4), (3, 4)], numbers, rank)


def test_voices_by_hand(sol):
    "is right for the three texts above"
    x, a, b = torch.full((3, 1, 1), 3.0), torch.tensor([[[2.0]], [[1.0]]]), torch.tensor([[[1.0]], [[-1.0]]])
    expect.close(sol.voices(x, torch.ones(1, 1), a, b, 1.0, torch.tensor([0, 1, -1])), torch.tensor([[[9.0]], [[0.0]], [[3.0]]]), "what comes out")


def test_voices_batch(sol):
    "is right for texts that want adapters 2, 0, 2 and 1"
    given = some_voices([2, 0, 2, 1])
    expect.close(sol.voices(*given), judge_of_voices(*given), "what comes out")
    expect.inputs_kept(sol)


def test_voices_nobody(sol):
    "leaves texts of nobody's voice to the bare model"
    given = some_voices([-1, 1, -1], seed=10)
    expect.close(sol.voices(*given), judge_of_voices(*given), "what comes out")


def test_merge_by_hand(sol):
    "is right for the small matrix above"
    adapter = torch.tensor([[2.0, 3.0]]), torch.tensor([[1.0]]), 2.0, 0.5
    expect.close(sol.merge(torch.tensor([[1.0, 0.0]]), [adapter]), torch.tensor([[3.0, 3.0]]), "the merged matrix")


def test_merge_several(sol):
    "adds up adapters of ranks 3, 1 and 2, and leaves everything that it was given as it was"
    expect_merged(sol, numbers(4, 4), some_adapters([3, 1, 2], 4, 4))
    expect.inputs_kept(sol)


def test_merge_half(sol):
    "keeps `float16` where the matrix has it, and rounds once, in the end"
    expect_merged(sol, numbers(3, 5, seed=1).half(), some_adapters([2, 4], 3, 5, seed=3), "the merged matrix in float16")
    small = torch.full((1, 3), 0.02), torch.full((2, 1), 0.02), 1.0, 1.0
    expect_merged(sol, torch.ones(2, 3).half(), [small] * 100, "the matrix after a hundred small changes")


def test_step_by_hand(sol):
    "moves the weight above, and leaves it where it is frozen"
    for frozen, wanted in (([], 1.8), (["head"], 2.0)):
        got = sol.step({"head": torch.tensor([2.0])}, {"head": torch.tensor([1.0])}, frozen, 0.1, 0.5)
        expect.equal(sorted(got), ["head"], "the list of names")
        expect.close(got["head"], torch.tensor([wanted]), f"the weight with {frozen} frozen")


def test_step_names(sol):
    "freezes embed, and blocks.1 with all that is inside of it, but neither blocks.10 nor the head"
    names = ["embed", "blocks.1.up", "blocks.1.norm.weight", "blocks.10.up", "head", "blocks.1"]
    expect_step(sol, names, ["embed", "blocks.1"], ["blocks.10.up", "head"])
    expect.inputs_kept(sol)


def test_step_no_gradient(sol):
    "leaves a weight without a gradient exactly as it is, decay or not"
    expect_step(sol, ["embed", "head", "norm"], [], ["head"], without=("embed", "norm"))


def test_answers_by_hand(sol):
    "is right for the text above, whatever stands at the other places"
    scores = torch.tensor([[[5.0, -5.0], [0.0, math.log(3)], [0.0, 0.0], [9.0, 1.0]]])
    expect.close(sol.answer_loss(scores, torch.tensor([[0, 1, 1, 0]]), torch.tensor([2]), torch.tensor([4])), torch.tensor((math.log(4 / 3) + math.log(2)) / 2), "the loss")


def test_answers_batch(sol):
    "is right for three texts with answers of one, three and six tokens"
    given = some_answers([2, 3, 1], [3, 6, 7])
    expect.close(sol.answer_loss(*given), judge_of_answers(*given), "the loss")
    expect.inputs_kept(sol)


def test_chances_by_hand(sol):
    "is right for the letter above"
    expect.close(sol.chances(torch.tensor([[2.0, 2 - math.log(9)]]), torch.tensor([0.9, 0.1])), torch.tensor([[0.5, 0.5]]), "the chances")


def test_chances_letters(sol):
    "is right after each of six letters, for three styles"
    expect_chances(sol, numbers(6, 3).abs(), torch.tensor([0.5, 0.3, 0.2]))
    expect.inputs_kept(sol)


def test_chances_long(sol):
    "stays with numbers over 3,000 letters"
    expect_chances(sol, 2 + (numbers(3000, 3, seed=1).abs() * 6.4).round() / 64, torch.tensor([0.2, 0.3, 0.5]), "the chances in a long text")


def test_squeezed_by_hand(sol):
    "is right for 3 and 4 on a diagonal"
    before = torch.ones(2, 2)
    got = expect.parts(sol.squeezed(before, before + torch.diag(torch.tensor([3.0, 4.0])), 1), 2, "the matrix and the share")
    expect.close(got[0], before + torch.diag(torch.tensor([0.0, 4.0])), "the matrix")
    expect.close(got[1], torch.tensor(0.64), "the share")


def test_squeezed_ranks(sol):
    "is right for ranks 1, 2 and 3 of a matrix of 5 by 4"
    for rank in (1, 2, 3): expect_squeezed(sol, numbers(5, 4), numbers(5, 4, seed=1), rank)
    expect.inputs_kept(sol)


TESTS = {
    'test_numbers_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_rank_edges': {
        'question': 'q1',
        'name': 'edges',
        'points': 1,
        'hidden': False,
    },
    'test_voices_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_voices_batch': {
        'question': 'q2',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_voices_nobody': {
        'question': 'q2',
        'name': 'nobody',
        'points': 1,
        'hidden': False,
    },
    'test_merge_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_merge_several': {
        'question': 'q3',
        'name': 'several',
        'points': 1,
        'hidden': False,
    },
    'test_merge_half': {
        'question': 'q3',
        'name': 'half',
        'points': 1,
        'hidden': False,
    },
    'test_step_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_step_names': {
        'question': 'q4',
        'name': 'names',
        'points': 1,
        'hidden': False,
    },
    'test_step_no_gradient': {
        'question': 'q4',
        'name': 'no-gradient',
        'points': 1,
        'hidden': False,
    },
    'test_answers_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_answers_batch': {
        'question': 'q5',
        'name': 'batch',
        'points': 2,
        'hidden': False,
    },
    'test_chances_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_chances_letters': {
        'question': 'q6',
        'name': 'letters',
        'points': 1,
        'hidden': False,
    },
    'test_chances_long': {
        'question': 'q6',
        'name': 'long',
        'points': 1,
        'hidden': False,
    },
    'test_squeezed_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_squeezed_ranks': {
        'question': 'q7',
        'name': 'ranks',
        'points': 1,
        'hidden': False,
    },
}
