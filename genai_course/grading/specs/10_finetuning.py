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

EXERCISE = {
    'title': 'Small changes to large models',
    'setup': '''import torch
from torch.nn import functional as F''',
    'questions': {
        'q1': {
            'title': 'What an adapter weighs',
            'names': ['lora_numbers', 'largest_rank'],
            'answer': '''def lora_numbers(shapes, rank):
    "How many numbers a LoRA of `rank` beside each matrix of `shapes`, pairs (m, n), learns in all: a whole number."
    return rank * sum(m + n for m, n in shapes)


def largest_rank(shapes, numbers):
    "The largest rank for all matrices of `shapes` with at most so many `numbers`: a whole number, 0 if there is none."
    return numbers // sum(m + n for m, n in shapes)''',
            'explanation': '3.4 million beside 8 billion: 0.04 %. What is saved is not so much the file as the *training*. Adam keeps two numbers for each one that learns, and a gradient is a third; for a frozen one, none of them.',
            'hints': [
                'Add up `m + n` over all matrices: that is what each rank costs.',
                'How many times does that cost fit into `numbers`? The operator `//` divides and rounds down.',
            ],
            'mistakes': [
                {
                    'message': 'You count the numbers of the matrices themselves, m · n. The LoRA has r rows of n and r columns of m: r (m + n).',
                    'code': '''def lora_numbers(shapes, rank):
    return rank * sum(m * n for m, n in shapes)


def largest_rank(shapes, numbers):
    return numbers // sum(m * n for m, n in shapes)''',
                },
                {
                    'message': 'Only one of the two parts is counted. `a` has r rows of n numbers, `b` has m rows of r.',
                    'code': '''def lora_numbers(shapes, rank):
    return rank * sum(n for m, n in shapes)


def largest_rank(shapes, numbers):
    return numbers // sum(n for m, n in shapes)''',
                },
                {
                    'message': 'The rank multiplies one part only: both `a` and `b` grow with it, r (m + n), not r m + n.',
                    'code': '''def lora_numbers(shapes, rank):
    return sum(rank * m + n for m, n in shapes)


def largest_rank(shapes, numbers):
    return numbers // sum(m + n for m, n in shapes)''',
                },
                {
                    'message': 'Your largest rank is rounded, and may be too large. *At most* so many numbers: round down.',
                    'code': '''def lora_numbers(shapes, rank):
    return rank * sum(m + n for m, n in shapes)


def largest_rank(shapes, numbers):
    return round(numbers / sum(m + n for m, n in shapes))''',
                },
                {
                    'message': 'Where the numbers fit exactly, your rank is one too small: *at most* so many allows just as many.',
                    'code': '''def lora_numbers(shapes, rank):
    return rank * sum(m + n for m, n in shapes)


def largest_rank(shapes, numbers):
    return max(0, (numbers - 1) // sum(m + n for m, n in shapes))''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'One model, many voices',
            'names': ['voices'],
            'answer': '''def voices(x, weight, a, b, alpha, which):
    "What a layer gives for texts x (B, T, n), (B, T, m): each text with the adapter number `which` (B,) of a (N, r, n) and b (N, m, r); -1: with none."
    change = x @ a[which].mT @ b[which].mT
    return x @ weight.T + alpha / a.shape[1] * torch.where(which[:, None, None] < 0, 0.0, change)''',
            'explanation': 'So thousands of adapters can be served beside one model: the large product, `x @ weight.T`, is made once for the whole batch, and only the small ones differ. Merged adapters could not do that. Merge where there is one voice; keep apart where there are many.',
            'hints': [
                '`a[which]` picks an adapter for each text: `(B, r, n)`. Its transpose is `a[which].mT`, `(B, n, r)`, and `x @ a[which].mT` multiplies text by text.',
                'For −1 the index picks the last adapter. `torch.where(which[:, None, None] < 0, 0.0, change)` puts zeros there afterwards.',
            ],
            'mistakes': [
                {
                    'message': "-1 means nobody's adapter. As an index it means the *last* one: `a[-1]`. Set the change to 0 there.",
                    'code': '''def voices(x, weight, a, b, alpha, which):
    return x @ weight.T + alpha / a.shape[1] * (x @ a[which].mT @ b[which].mT)''',
                },
                {
                    'message': 'Alpha is divided by the number of adapters. It is divided by the rank: the second size of `a`.',
                    'code': '''def voices(x, weight, a, b, alpha, which):
    change = x @ a[which].mT @ b[which].mT
    return x @ weight.T + alpha / a.shape[0] * torch.where(which[:, None, None] < 0, 0.0, change)''',
                },
                {
                    'message': 'Alpha stands there undivided. The change is multiplied by alpha / r.',
                    'code': '''def voices(x, weight, a, b, alpha, which):
    change = x @ a[which].mT @ b[which].mT
    return x @ weight.T + alpha * torch.where(which[:, None, None] < 0, 0.0, change)''',
                },
                {
                    'message': 'Every text gets all the adapters, added up. Each wants one only, the one that `which` names.',
                    'code': '''def voices(x, weight, a, b, alpha, which):
    change = sum(x @ a[i].T @ b[i].T for i in range(len(a)))
    return x @ weight.T + alpha / a.shape[1] * torch.where(which[:, None, None] < 0, 0.0, change)''',
                },
                {
                    'message': 'The change is all that comes out. It is *added* to what the layer gives as it is, `x @ weight.T`.',
                    'code': '''def voices(x, weight, a, b, alpha, which):
    change = x @ a[which].mT @ b[which].mT
    return alpha / a.shape[1] * torch.where(which[:, None, None] < 0, 0.0, change)''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Merge',
            'names': ['merge'],
            'answer': '''def merge(weight, adapters):
    "`weight` (m, n) with the changes of all `adapters`, tuples (a, b, alpha, strength), added: (m, n), of the type of `weight`."
    total = weight.float()
    for a, b, alpha, strength in adapters: total = total + strength * alpha / len(a) * (b @ a)
    return total.to(weight.dtype)''',
            'explanation': '''A sum of changes is a change again, so voices can be mixed, weakened, and taken out: strength −1 after strength 1 gives back the old matrix. But for rounding! In `float16` it comes back only nearly, which is why a server that changes voices often
keeps the bare matrix.''',
            'hints': [
                'Begin with `total = weight.float()`. Each adapter adds `strength * alpha / r * (b @ a)` to it, where r is the number of rows of `a`.',
                'In the end, `total.to(weight.dtype)`. Do not use `+=` on what you were given.',
            ],
            'mistakes': [
                {
                    'message': "Alpha stands there undivided. Each change is multiplied by alpha / r, with the adapter's own r.",
                    'code': '''def merge(weight, adapters):
    total = weight.float()
    for a, b, alpha, strength in adapters: total = total + strength * alpha * (b @ a)
    return total.to(weight.dtype)''',
                },
                {
                    'message': 'The strengths are left out.',
                    'code': '''def merge(weight, adapters):
    total = weight.float()
    for a, b, alpha, _ in adapters: total = total + alpha / len(a) * (b @ a)
    return total.to(weight.dtype)''',
                },
                {
                    'message': 'Only the last adapter is in the sum: each round begins again with the bare matrix.',
                    'code': '''def merge(weight, adapters):
    total = weight.float()
    for a, b, alpha, strength in adapters: total = weight.float() + strength * alpha / len(a) * (b @ a)
    return total.to(weight.dtype)''',
                },
                {
                    'message': '`+=` writes into the matrix that you were given, and whoever else uses it gets the change too. Make a new one.',
                    'code': '''def merge(weight, adapters):
    for a, b, alpha, strength in adapters: weight += strength * alpha / len(a) * (b @ a)
    return weight''',
                },
                {
                    'message': 'The merged matrix is `float32` whatever came in. Give it the type of `weight`: `.to(weight.dtype)`.',
                    'code': '''def merge(weight, adapters):
    return weight + sum(strength * alpha / len(a) * (b @ a) for a, b, alpha, strength in adapters)''',
                },
                {
                    'message': 'You round after each adapter. A change smaller than the last digit of `float16` is lost each time: add up in `float32`, round once.',
                    'code': '''def merge(weight, adapters):
    total = weight
    for a, b, alpha, strength in adapters: total = (total + strength * alpha / len(a) * (b @ a)).to(weight.dtype)
    return total''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Find the bugs: frozen?',
            'names': ['step'],
            'answer': '''def step(weights, gradients, frozen, lr, decay):
    "All weights, by name, after one step; parts named in `frozen`, and weights whose gradient is None, are as they were."
    def stays(name): return gradients[name] is None or any(name == part or name.startswith(part + ".") for part in frozen)
    return {name: w if stays(name) else w - lr * (gradients[name] + decay * w) for name, w in weights.items()}''',
            'explanation': "A gradient of 0 is not the same as being frozen: decay, and Adam's memory of older gradients, move a weight without any gradient. That is why the lesson gives the optimizer only what learns, and why in torch what is frozen has the gradient `None`, not 0.",
            'hints': [
                'Two things to decide, one after the other: which names stay (whole name, or name and dot), and then what happens to the others. For those that stay, nothing is computed at all.',
                '`name == part or name.startswith(part + ".")`. And a gradient that is `None` cannot be added to: ask for it first.',
            ],
            'mistakes': [
                {
                    'message': 'What is frozen, or has no gradient, still shrinks: decay moves it although no gradient does. (This is the bug that was found first.) It must not be touched at all.',
                    'code': '''def step(weights, gradients, frozen, lr, decay):
    moved = {}
    for name, w in weights.items():
        stays = gradients[name] is None or any(name == part or name.startswith(part + ".") for part in frozen)
        gradient = torch.zeros_like(w) if stays else gradients[name]
        moved[name] = w - lr * (gradient + decay * w)
    return moved''',
                },
                {
                    'message': '`blocks.10` begins with `blocks.1`, so you freeze it too. Ask for the whole name, or for the name and a dot.',
                    'code': '''def step(weights, gradients, frozen, lr, decay):
    def stays(name): return gradients[name] is None or name.startswith(tuple(frozen))
    return {name: w if stays(name) else w - lr * (gradients[name] + decay * w) for name, w in weights.items()}''',
                },
                {
                    'message': 'Only weights whose name is the very name of a frozen part stay. What lies inside of it, after a dot, is frozen as well.',
                    'code': '''def step(weights, gradients, frozen, lr, decay):
    def stays(name): return gradients[name] is None or name in frozen
    return {name: w if stays(name) else w - lr * (gradients[name] + decay * w) for name, w in weights.items()}''',
                },
                {
                    'message': 'The frozen weights are missing from what you return. Give back all weights, those that did not move too.',
                    'code': '''def step(weights, gradients, frozen, lr, decay):
    def stays(name): return gradients[name] is None or any(name == part or name.startswith(part + ".") for part in frozen)
    return {name: w - lr * (gradients[name] + decay * w) for name, w in weights.items() if not stays(name)}''',
                },
                {
                    'message': 'Freezing works. But `-=` writes into the weights that came in. Make new tensors for what moves.',
                    'code': '''def step(weights, gradients, frozen, lr, decay):
    for name, w in weights.items():
        if gradients[name] is None or any(name == part or name.startswith(part + ".") for part in frozen): continue
        w -= lr * (gradients[name] + decay * w)
    return weights''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'A loss on answers alone',
            'names': ['answer_loss'],
            'answer': '''def answer_loss(scores, tokens, begins, ends):
    "Mean surprise in nats at the tokens of the answers, places begins[b] to ends[b] - 1 of tokens (B, T), from scores (B, T, V); a tensor without axes."
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    place = torch.arange(1, tokens.shape[1])
    return surprise[(place >= begins[:, None]) & (place < ends[:, None])].mean()''',
            'explanation': 'Training on questions with answers is *instruction tuning*, and this mask is its usual loss: nothing is spent on learning to ask. Libraries mark what does not count by the target −100, which `F.cross_entropy` leaves out on its own.',
            'hints': [
                'First the surprise at every place but the first, `(B, T - 1)`, by `F.cross_entropy(..., reduction="none")` with the vocabulary on the second axis. Its column 0 belongs to place 1.',
                '`place = torch.arange(1, T)`; keep where `place >= begins[:, None]` and `place < ends[:, None]`; then the mean of what is kept.',
            ],
            'mistakes': [
                {
                    'message': 'The answers are shifted by one: the guess at the first token of the answer stands one place *before* it.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    place = torch.arange(tokens.shape[1] - 1)
    return surprise[(place >= begins[:, None]) & (place < ends[:, None])].mean()''',
                },
                {
                    'message': 'The question counts too. Leave out every place before the answer begins.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return surprise[torch.arange(1, tokens.shape[1]) < ends[:, None]].mean()''',
                },
                {
                    'message': 'The fillers after the answer count too. The answer ends before place `ends[b]`.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return surprise[torch.arange(1, tokens.shape[1]) >= begins[:, None]].mean()''',
                },
                {
                    'message': 'You take the mean of each text, then the mean of those: tokens of short answers count for more. All answer tokens count the same.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    place = torch.arange(1, tokens.shape[1])
    counts = ((place >= begins[:, None]) & (place < ends[:, None])).float()
    return ((surprise * counts).sum(1) / counts.sum(1)).mean()''',
                },
                {
                    'message': 'You set the other surprises to 0, but divide by all places. Divide by the number of answer tokens.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    place = torch.arange(1, tokens.shape[1])
    return (surprise * ((place >= begins[:, None]) & (place < ends[:, None]))).mean()''',
                },
                {
                    'message': 'Each score is compared with the token at its own place, which the model has read. Its guess is at the next one.',
                    'code': '''def answer_loss(scores, tokens, begins, ends):
    surprise = F.cross_entropy(scores.transpose(1, 2), tokens, reduction="none")
    place = torch.arange(tokens.shape[1])
    return surprise[(place >= begins[:, None]) & (place < ends[:, None])].mean()''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'A judge who knows what is common',
            'names': ['chances'],
            'answer': '''def chances(surprises, before):
    "The chance of each style after each letter, (letters, S), from surprises (letters, S) in nats and `before` (S,), the styles' shares among all texts."
    return (before.log() - surprises.cumsum(0)).softmax(-1)''',
            'explanation': "Bayes' rule with words for letters sorted out spam in the nineties. There it was *naive*: each word's evidence counted in full, so words that always come together were counted twice and three times, and the judge was far too sure of itself. The lesson's tables know the three letters before, and are less naive.",
            'hints': [
                'Take logarithms: log before minus the sum of the surprises so far. `surprises.cumsum(0)` has those sums.',
                'To share out in proportion to e to the power of such numbers is what `softmax(-1)` does, and it minds large ones. The logarithm of 0 is minus infinity, and softmax makes 0 of that again.',
            ],
            'mistakes': [
                {
                    'message': 'Each row is about its own letter alone. The evidence of all letters so far adds up: `cumsum` over the letters.',
                    'code': '''def chances(surprises, before):
    return (before.log() - surprises).softmax(-1)''',
                },
                {
                    'message': 'What was known before is counted again at each letter. It counts once; only surprises add up.',
                    'code': '''def chances(surprises, before):
    return (before.log() - surprises).cumsum(0).softmax(-1)''',
                },
                {
                    'message': 'What was known before is left out.',
                    'code': '''def chances(surprises, before):
    return (-surprises.cumsum(0)).softmax(-1)''',
                },
                {
                    'message': 'Where the style is more surprised, your chance is higher. The probability is e to the power *minus* the surprise.',
                    'code': '''def chances(surprises, before):
    return (before.log() + surprises.cumsum(0)).softmax(-1)''',
                },
                {
                    'message': 'In a long text all your powers are 0, and 0 / 0 is not a number. Stay with logarithms until the end: `softmax` subtracts the largest first.',
                    'code': '''def chances(surprises, before):
    p = before * (-surprises.cumsum(0)).exp()
    return p / p.sum(-1, keepdim=True)''',
                },
                {
                    'message': 'Your rows do not add up to 1; the columns do. Share out among the styles, the last axis.',
                    'code': '''def chances(surprises, before):
    return (before.log() - surprises.cumsum(0)).softmax(0)''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'A stretch: the best that a rank can do',
            'names': ['squeezed'],
            'answer': '''def squeezed(before, after, rank):
    "`(weight, share)`: `before` (m, n) with the best change of at most that `rank` towards `after`, and the share of the change's squares it has, a tensor without axes."
    u, s, v = torch.linalg.svd(after - before, full_matrices=False)
    total = s.square().sum()
    share = s[:rank].square().sum() / total if total > 0 else torch.tensor(1.0)
    return before + u[:, :rank] * s[:rank] @ v[:rank], share''',
            'explanation': "`u[:, :rank] * s[:rank]` is a `b`, and `v[:rank]` an `a`: out of any full fine-tuning a LoRA can be cut afterwards. In a model like the lesson's, changes cut down to rank 8 kept about three fifths of their squares, and nine tenths of what had been gained on psalms (the rows for letters left as they were).",
            'hints': [
                '`u, s, v = torch.linalg.svd(after - before, full_matrices=False)`. The first r parts together: `u[:, :rank] * s[:rank] @ v[:rank]`; the star multiplies each column with its own s.',
                'The share: `s[:rank].square().sum() / s.square().sum()`. What if that divides 0 by 0?',
            ],
            'mistakes': [
                {
                    'message': 'You squeeze the matrix itself. It is the *change*, `after - before`, whose parts you need; then it is added to `before`.',
                    'code': '''def squeezed(before, after, rank):
    u, s, v = torch.linalg.svd(after, full_matrices=False)
    return u[:, :rank] * s[:rank] @ v[:rank], s[:rank].square().sum() / s.square().sum()''',
                },
                {
                    'message': 'You return the change alone. Add it to `before`.',
                    'code': '''def squeezed(before, after, rank):
    u, s, v = torch.linalg.svd(after - before, full_matrices=False)
    return u[:, :rank] * s[:rank] @ v[:rank], s[:rank].square().sum() / s.square().sum()''',
                },
                {
                    'message': 'The share is of the s themselves. It is measured in their squares.',
                    'code': '''def squeezed(before, after, rank):
    u, s, v = torch.linalg.svd(after - before, full_matrices=False)
    return before + u[:, :rank] * s[:rank] @ v[:rank], s[:rank].sum() / s.sum()''',
                },
                {
                    'message': 'You keep the weakest parts. The singular values come with the largest first: take the first `rank`.',
                    'code': '''def squeezed(before, after, rank):
    u, s, v = torch.linalg.svd(after - before, full_matrices=False)
    return before + u[:, -rank:] * s[-rank:] @ v[-rank:], s[-rank:].square().sum() / s.square().sum()''',
                },
                {
                    'message': 'You keep part number `rank` only. The best change of a rank is the sum of *all* parts up to it.',
                    'code': '''def squeezed(before, after, rank):
    u, s, v = torch.linalg.svd(after - before, full_matrices=False)
    return before + s[rank - 1] * torch.outer(u[:, rank - 1], v[rank - 1]), s[rank - 1].square() / s.square().sum()''',
                },
            ],
            'held_out': 1,
        },
    },
}
