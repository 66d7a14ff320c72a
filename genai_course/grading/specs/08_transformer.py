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

EXERCISE = {
    'title': 'Blocks, gates and caches',
    'setup': '''import torch
from torch.nn import functional as F


def norm(x):
    "Each row of x (..., C) at size 1: RMSNorm, its weights all 1."
    return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt()


def angles(length, numbers):
    "By how much each pair is turned at each place: (length, numbers / 2), in radians."
    return torch.arange(length)[:, None] * 10_000.0 ** (-torch.arange(0, numbers, 2) / numbers)


def rotate(x, angles):
    "Turn the pairs (i, i + D/2) of the numbers of `x` (..., T, D) by `angles` (T, D / 2)."
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * angles.cos() - second * angles.sin(), first * angles.sin() + second * angles.cos()], dim=-1)''',
    'questions': {
        'q1': {
            'title': 'Does more context help?',
            'names': ['loss_by_place'],
            'answer': '''def loss_by_place(scores, tokens):
    "The surprise in nats at the next token, at each place but the last, its mean over the texts: (T - 1,), from scores (B, T, V) and tokens (B, T)."
    return F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none").mean(0)''',
            'explanation': 'Draw this curve for a large model and it still falls after thousands of tokens. That is *learning in context*: no weight changes, and yet the model gets better at this text. The paper on GPT-3 is about little else.',
            'hints': [
                'The scores without the last place, `scores[:, :-1]`, belong to the tokens without the first, `tokens[:, 1:]`.',
                '`F.cross_entropy` wants the vocabulary on the second axis: `scores.transpose(1, 2)`. With `reduction="none"` it gives a loss for each token.',
            ],
            'mistakes': [
                {
                    'message': 'You compare each score with the token at its own place, which the model has just read. Its guess is at the next one: shift the tokens by one.',
                    'code': '''def loss_by_place(scores, tokens):
    return F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, :-1], reduction="none").mean(0)''',
                },
                {
                    'message': 'You shifted the other way: the scores are compared with the token *before* their place. The token after it was asked for.',
                    'code': '''def loss_by_place(scores, tokens):
    return F.cross_entropy(scores[:, 1:].transpose(1, 2), tokens[:, :-1], reduction="none").mean(0)''',
                },
                {
                    'message': '`roll` brings the first token of each text round to its end, as if it came next there. The last place has no loss: leave it out.',
                    'code': '''def loss_by_place(scores, tokens):
    return F.cross_entropy(scores.transpose(1, 2), tokens.roll(-1, 1), reduction="none").mean(0)''',
                },
                {
                    'message': 'This is one loss for each text. The mean goes over the texts, so that one loss is left for each *place*.',
                    'code': '''def loss_by_place(scores, tokens):
    return F.cross_entropy(scores[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none").mean(1)''',
                },
                {
                    'message': 'This is one loss for all. Ask `cross_entropy` for every single one, `reduction="none"`, and take the mean over the texts only.',
                    'code': '''def loss_by_place(scores, tokens):
    return F.cross_entropy(scores[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'Who sees what, after a cache',
            'names': ['sees'],
            'answer': '''def sees(new, cached, padding):
    "Who may look at whom: (B, new, cached + new) of bool, a row for each new place, a column for every place; `padding` (B,): the fillers in front."
    place = torch.arange(cached + new)
    return (place <= place[cached:, None]) & (place >= padding[:, None, None])''',
            'explanation': '''Torch's `is_causal=True` lines the mask up at the upper left corner: with a cache, the first new place would see only the very first of the text. Nothing fails, and
the model writes nonsense. With one new token at a time, the usual case, nothing lies ahead of it, and only the fillers have to be struck out; the rest of the mask counts when several come at once.''',
            'hints': [
                'Number all places, 0 to `cached + new - 1`. The new ones are `place[cached:]`. Two conditions have to hold, joined by `&`.',
                'The past is `place <= place[cached:, None]`, of shape `(new, cached + new)`. For the fillers, `padding[:, None, None]` has the shape `(B, 1, 1)`.',
            ],
            'mistakes': [
                {
                    'message': 'Your new places count from 0, as if nothing came before them. The first of them is place number `cached`, and sees all of the cache.',
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    return (place <= torch.arange(new)[:, None]) & (place >= padding[:, None, None])''',
                },
                {
                    'message': 'No place sees itself here. It may: at itself, and at what comes before it.',
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    return (place < place[cached:, None]) & (place >= padding[:, None, None])''',
                },
                {
                    'message': 'You struck out one place too many: with `padding` fillers, the first real place is number `padding`, since places count from 0.',
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    return (place <= place[cached:, None]) & (place > padding[:, None, None])''',
                },
                {
                    'message': 'A filler looks at itself here. A new place that is a filler looks at nothing.',
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    mask = (place <= place[cached:, None]) & (place >= padding[:, None, None])
    return mask | (place == place[cached:, None])''',
                },
                {
                    'message': 'You struck out places at the end. The fillers stand at the front of each row.',
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    return (place <= place[cached:, None]) & (place < cached + new - padding[:, None, None])''',
                },
                {
                    'message': "The new places see the whole cache, but each other's future too. Among the new ones, nobody may look ahead.",
                    'code': '''def sees(new, cached, padding):
    place = torch.arange(cached + new)
    return (place >= padding[:, None, None]).expand(-1, new, -1)''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Find the bugs: one layer',
            'names': ['block'],
            'answer': '''def block(x, mix, up, down):
    "One layer: x (B, T, C) to (B, T, C), with attention's shares `mix` (T, T) and feed-forward's matrices `up` (C, F) and `down` (F, C)."
    x = x + mix @ norm(x)
    return x + F.relu(norm(x) @ up) @ down''',
            'explanation': '''In 2017 the norm stood on the stream (post-norm). Such models learned only if their rate rose slowly from 0, and hardly at all when they were deep: on the way back the gradient had to pass every norm. Since GPT-2 the
stream is left alone (pre-norm), the gradient runs down it untouched, and a hundred layers can be trained.''',
            'hints': [
                'Write down for each part what it reads and what it adds to. It reads `norm(x)` and adds to `x`. The `x` of the second part is the one that the first has added to.',
                'Both lines have the form `x = x + part(norm(x))`; for attention, `part` is `mix @`.',
            ],
            'mistakes': [
                {
                    'message': 'The norm sits on the stream itself (*post-norm*). Then nothing gets through a layer as it was. Norm only what a part *reads*: `x + part(norm(x))`.',
                    'code': '''def block(x, mix, up, down):
    x = norm(x + mix @ x)
    return norm(x + F.relu(x @ up) @ down)''',
                },
                {
                    'message': "The stream itself still goes through the norm, in attention's line or in both, and attention reads it without one. Only what a part *reads* is normed: `x + mix @ norm(x)`, then the same for feed-forward.",
                    'code': '''def block(x, mix, up, down):
    x = norm(x + mix @ x)
    return x + F.relu(norm(x) @ up) @ down''',
                },
                {
                    'message': "Attention reads rightly now. But the stream itself still goes through a norm: in attention's line, or because feed-forward adds to `norm(x)`. Add to `x` as it came in, in both lines.",
                    'code': '''def block(x, mix, up, down):
    x = x + mix @ norm(x)
    inside = norm(x)
    return inside + F.relu(inside @ up) @ down''',
                },
                {
                    'message': "What attention finds is added to the normed stream. The norm is for reading only: `x + mix @ norm(x)`, and the same in feed-forward's line.",
                    'code': '''def block(x, mix, up, down):
    x = norm(x) + mix @ norm(x)
    return norm(x) + F.relu(norm(x) @ up) @ down''',
                },
                {
                    'message': 'Feed-forward reads the stream without a norm. It needs one of its own, after attention has added.',
                    'code': '''def block(x, mix, up, down):
    x = x + mix @ norm(x)
    return x + F.relu(x @ up) @ down''',
                },
                {
                    'message': 'Both parts read the stream as it came in. Feed-forward comes second: it reads what attention has added.',
                    'code': '''def block(x, mix, up, down):
    return x + mix @ norm(x) + F.relu(norm(x) @ up) @ down''',
                },
                {
                    'message': 'Feed-forward is right. But attention reads the stream without a norm: `mix @ norm(x)`.',
                    'code': '''def block(x, mix, up, down):
    x = x + mix @ x
    return x + F.relu(norm(x) @ up) @ down''',
                },
                {
                    'message': 'One of the two parts replaces the stream. Each has to *add* to it: `x + ...`, twice.',
                    'code': '''def block(x, mix, up, down):
    x = x + mix @ norm(x)
    return F.relu(norm(x) @ up) @ down''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'What a model weighs, from its published sizes',
            'names': ['count', 'cache_bytes'],
            'answer': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    "How many numbers the model has: a whole number."
    attention = 2 * width**2 + 2 * width * key_heads * (width // heads)
    layer = attention + 3 * width * feed_forward + 2 * width
    return layers * layer + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    "How many bytes the keys and values of `places` tokens take: a whole number."
    return 2 * layers * key_heads * (width // heads) * places * bytes_each''',
            'explanation': '''A gibibyte for each reader of a long text: with all 32 heads it would be four, and a graphics card would serve a quarter as many people. The weights, 16 gigabytes at 2 bytes each, are there once for all.
So with many readers the cache takes most of the memory. Shared heads (question 8), windows and compressed keys are all ways to make it smaller.''',
            'hints': [
                'Count one layer first: four matrices of attention, three of feed-forward, two norms. Times `layers`; then one norm, and one or two tables of `vocabulary` × `width`.',
                'Keys of one place and layer are `key_heads * (width // heads)` numbers. Values are as many.',
            ],
            'mistakes': [
                {
                    'message': 'The matrices for keys and values are counted as wide as that for queries. They have only `key_heads` heads of `width / heads` numbers.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    return layers * (4 * width**2 + 3 * width * feed_forward + 2 * width) + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * key_heads * (width // heads) * places * bytes_each''',
                },
                {
                    'message': 'Feed-forward is counted with two matrices, as in the lesson. This one has three.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 2 * width * feed_forward + 2 * width
    return layers * layer + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * key_heads * (width // heads) * places * bytes_each''',
                },
                {
                    'message': 'Tied and not tied have changed places: a tied model has one table for tokens and head, the others have two.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 3 * width * feed_forward + 2 * width
    return layers * layer + width + (2 if tied else 1) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * key_heads * (width // heads) * places * bytes_each''',
                },
                {
                    'message': 'The norm at the end is missing: `width` numbers, once, not in each layer.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 3 * width * feed_forward + 2 * width
    return layers * layer + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * key_heads * (width // heads) * places * bytes_each''',
                },
                {
                    'message': "The cache is counted for all `heads`. Only the key heads' keys and values are kept: that is what they are few for.",
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 3 * width * feed_forward + 2 * width
    return layers * layer + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * width * places * bytes_each''',
                },
                {
                    'message': 'The cache is half as large as it should be: values are kept as well as keys.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 3 * width * feed_forward + 2 * width
    return layers * layer + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return layers * key_heads * (width // heads) * places * bytes_each''',
                },
                {
                    'message': 'Each number is counted with 2 bytes. It has `bytes_each`.',
                    'code': '''def count(layers, width, heads, key_heads, feed_forward, vocabulary, tied):
    layer = 2 * width**2 + 2 * width * key_heads * (width // heads) + 3 * width * feed_forward + 2 * width
    return layers * layer + width + (1 if tied else 2) * vocabulary * width


def cache_bytes(layers, width, heads, key_heads, places, bytes_each=2):
    return 2 * layers * key_heads * (width // heads) * places * 2''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'A gate',
            'names': ['gated', 'fair_width'],
            'answer': '''def gated(x, gate, up, down):
    "A gated feed-forward: x (..., C) to (..., C), with `gate` and `up` (F, C) and `down` (C, F)."
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    "The smallest multiple of `multiple` that is not below 8/3 of `width`: a whole number."
    return -(-8 * width // (3 * multiple)) * multiple''',
            'explanation': '''Why it is better, its author could not tell: "We offer no explanation as to why these architectures seem to work; we attribute their success, as all else, to divine benevolence" (Shazeer 2020). One thing can be said: with a
gate, two readings of the stream are *multiplied*, which sums and bends alone can only imitate. Llama, Mistral, Qwen and DeepSeek all have it.''',
            'hints': [
                '`x @ gate.T` has the shape `(..., F)`. `F.silu` bends it.',
                'Multiply it with `x @ up.T`, and go back with `down.T`.',
                'To round a division up in whole numbers: `-(-a // b)`. Here a is `8 * width`, and b is `3 * multiple`.',
            ],
            'mistakes': [
                {
                    'message': 'The bend is on the wrong side: it belongs to what `gate` gives, not to what `up` gives.',
                    'code': '''def gated(x, gate, up, down):
    return ((x @ gate.T) * F.silu(x @ up.T)) @ down.T


def fair_width(width, multiple):
    return -(-8 * width // (3 * multiple)) * multiple''',
                },
                {
                    'message': 'The gate goes through a sigmoid only. (That was the first gate, GLU.) silu is z times sigmoid(z).',
                    'code': '''def gated(x, gate, up, down):
    return (torch.sigmoid(x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    return -(-8 * width // (3 * multiple)) * multiple''',
                },
                {
                    'message': 'You bend after multiplying. The bend comes first, on the gate alone; then the two are multiplied.',
                    'code': '''def gated(x, gate, up, down):
    return F.silu((x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    return -(-8 * width // (3 * multiple)) * multiple''',
                },
                {
                    'message': 'Gate and content are added. A gate *multiplies*: where it is 0, nothing passes.',
                    'code': '''def gated(x, gate, up, down):
    return (F.silu(x @ gate.T) + x @ up.T) @ down.T


def fair_width(width, multiple):
    return -(-8 * width // (3 * multiple)) * multiple''',
                },
                {
                    'message': 'The width is rounded down, and becomes less than was asked for. Round up to the next multiple.',
                    'code': '''def gated(x, gate, up, down):
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    return 8 * width // (3 * multiple) * multiple''',
                },
                {
                    'message': 'Where 8/3 of the width is a multiple already, you go on to the next one. *Not below* includes equal.',
                    'code': '''def gated(x, gate, up, down):
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    return (8 * width // (3 * multiple) + 1) * multiple''',
                },
                {
                    'message': 'You cut off the fraction of 8/3 of the width before you look for the multiple. For width 4 it is 10.67: 10 is below that.',
                    'code': '''def gated(x, gate, up, down):
    return (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def fair_width(width, multiple):
    return multiple * ((int(8 * width / 3) + multiple - 1) // multiple)''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'The way back through RMSNorm',
            'names': ['norm_backward'],
            'answer': '''def norm_backward(grad, x, weight):
    "The gradients `(grad_x, grad_weight)` of RMSNorm, given `grad` for what it gave: grad and x (B, T, C), weight (C,)."
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    unit, inward = x / size, grad * weight
    along = (inward * unit).mean(-1, keepdim=True)
    return (inward - unit * along) / size, (grad * unit).sum((0, 1))''',
            'explanation': '''The gradient is divided by the size: the longer a stream has grown, the less can what is added still turn it. This is one reason why late layers of deep models do less than early ones. And the rule needs one mean less than layer norm's, forwards
and backwards: RMSNorm took its place because it is cheaper and no worse.''',
            'hints': [
                'Four lines: `size` (keep the last axis, `keepdim=True`), `unit`, `inward`, and the mean of `inward * unit` over the last axis. Then both results.',
                "The weights' gradient is `(grad * unit).sum((0, 1))`: over texts and places, not over the C numbers.",
            ],
            'mistakes': [
                {
                    'message': 'You treat the size as a fixed number. It grows with x too: take away the part of the gradient that lies along x.',
                    'code': '''def norm_backward(grad, x, weight):
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    return grad * weight / size, (grad * x / size).sum((0, 1))''',
                },
                {
                    'message': 'On its way to x, the gradient has to pass the weights: begin with `grad * weight`.',
                    'code': '''def norm_backward(grad, x, weight):
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    unit = x / size
    return (grad - unit * (grad * unit).mean(-1, keepdim=True)) / size, (grad * unit).sum((0, 1))''',
                },
                {
                    'message': 'The part along x is the *mean* of inward · unit, not the sum: a unit row has size 1, so the squares of its C numbers add up to C.',
                    'code': '''def norm_backward(grad, x, weight):
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    unit, inward = x / size, grad * weight
    return (inward - unit * (inward * unit).sum(-1, keepdim=True)) / size, (grad * unit).sum((0, 1))''',
                },
                {
                    'message': "This is layer norm's way back: you also take away the mean. RMSNorm has no mean to subtract, forwards or backwards.",
                    'code': '''def norm_backward(grad, x, weight):
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    unit, inward = x / size, grad * weight
    return (inward - inward.mean(-1, keepdim=True) - unit * (inward * unit).mean(-1, keepdim=True)) / size, (grad * unit).sum((0, 1))''',
                },
                {
                    'message': "The weights' gradient has a row for each place. One weight serves all places and texts, so their shares are added up: shape (C,).",
                    'code': '''def norm_backward(grad, x, weight):
    size = (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    unit, inward = x / size, grad * weight
    return (inward - unit * (inward * unit).mean(-1, keepdim=True)) / size, grad * unit''',
                },
                {
                    'message': 'The 0.000001 is missing: a row of zeros has size 0, and 0 / 0 is not a number.',
                    'code': '''def norm_backward(grad, x, weight):
    size = x.square().mean(-1, keepdim=True).sqrt()
    unit, inward = x / size, grad * weight
    return (inward - unit * (inward * unit).mean(-1, keepdim=True)) / size, (grad * unit).sum((0, 1))''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Into the cache',
            'names': ['remember'],
            'answer': '''def remember(keys, values, q, k, v):
    "The turned queries (B, heads, T, D) of T new places, and all keys and values (B, heads, S + T, D), given those kept (S) and the new q, k, v (T)."
    S, T, D = keys.shape[-2], *k.shape[-2:]
    turns = angles(S + T, D)[S:]
    return rotate(q, turns), torch.cat([keys, rotate(k, turns)], dim=-2), torch.cat([values, v], dim=-2)''',
            'explanation': '''A key is computed once and serves to the end of the text, because a later token changes nothing in an earlier one. An off-by-one in the places is nasty: all new keys are shifted by the same step, so they fit each other, and the
text goes on nearly as well as before. What finds such a bug is the test that you have just passed: in pieces and at once must agree.''',
            'hints': [
                'How many places are kept? `keys.shape[-2]`. The new ones have the numbers from there on, and so they need the last rows of `angles(S + T, D)`.',
                '`turns = angles(S + T, D)[S:]` turns `q` and `k`. Then join kept and new along the third axis: `torch.cat([..., ...], dim=-2)`.',
            ],
            'mistakes': [
                {
                    'message': 'The new places are turned as if the text began with them. With S places kept, the first new one is place S, not place 0.',
                    'code': '''def remember(keys, values, q, k, v):
    turns = angles(k.shape[-2], k.shape[-1])
    return rotate(q, turns), torch.cat([keys, rotate(k, turns)], dim=-2), torch.cat([values, v], dim=-2)''',
                },
                {
                    'message': 'The places are off by one: those kept are numbers 0 to S − 1, so the first new one is number S, not S + 1.',
                    'code': '''def remember(keys, values, q, k, v):
    S, T = keys.shape[-2], k.shape[-2]
    turns = angles(S + T + 1, k.shape[-1])[S + 1:]
    return rotate(q, turns), torch.cat([keys, rotate(k, turns)], dim=-2), torch.cat([values, v], dim=-2)''',
                },
                {
                    'message': 'The kept keys are turned a second time. They were turned when they came in: turn only the new ones.',
                    'code': '''def remember(keys, values, q, k, v):
    turns = angles(keys.shape[-2] + k.shape[-2], k.shape[-1])
    return rotate(q, turns[keys.shape[-2]:]), rotate(torch.cat([keys, k], dim=-2), turns), torch.cat([values, v], dim=-2)''',
                },
                {
                    'message': 'Values are turned too. Only queries and keys are: places matter for who looks at whom, not for what is fetched.',
                    'code': '''def remember(keys, values, q, k, v):
    S, T = keys.shape[-2], k.shape[-2]
    turns = angles(S + T, k.shape[-1])[S:]
    return rotate(q, turns), torch.cat([keys, rotate(k, turns)], dim=-2), torch.cat([values, rotate(v, turns)], dim=-2)''',
                },
                {
                    'message': 'The query is not turned. It and the key have to be turned in the same way, or their angle says nothing about the distance.',
                    'code': '''def remember(keys, values, q, k, v):
    S, T = keys.shape[-2], k.shape[-2]
    turns = angles(S + T, k.shape[-1])[S:]
    return q, torch.cat([keys, rotate(k, turns)], dim=-2), torch.cat([values, v], dim=-2)''',
                },
                {
                    'message': 'The new keys and values stand in front of the kept ones. They come later in the text: put them behind.',
                    'code': '''def remember(keys, values, q, k, v):
    S, T = keys.shape[-2], k.shape[-2]
    turns = angles(S + T, k.shape[-1])[S:]
    return rotate(q, turns), torch.cat([rotate(k, turns), keys], dim=-2), torch.cat([v, values], dim=-2)''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'A stretch: the attention of Llama, as it writes',
            'names': ['attend'],
            'answer': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    "`(result, keys, values)` for new places x (B, T, C) after those kept (B, Hk, S, D): the result (B, T, C), and all keys and values (B, Hk, S + T, D)."
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(S + T, D)[S:]
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2), torch.cat([values, v], dim=2)
    mask = torch.ones(T, S + T, dtype=torch.bool).tril(S)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys.repeat_interleave(each, 1), values.repeat_interleave(each, 1), attn_mask=mask)
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
            'explanation': '''These eight lines run for every token that Llama, Mistral or Qwen write, in each layer. A server does the rest of its work around them: it cuts the cache into pages, so that thousands of texts share one memory (vLLM), keeps the
cache of a beginning that many have in common (*prompt caching*, which is why repeated prompts are cheaper), and throws away what nobody will ask for again.''',
            'hints': [
                'Cut into heads first: `(x @ to_q.T).unflatten(-1, (-1, D)).transpose(1, 2)`, and keys and values likewise. Then turn and keep, as in question 7.',
                'Each key head serves `each = to_q.shape[0] // to_k.shape[0]` query heads: `keys.repeat_interleave(each, 1)`. The mask is `torch.ones(T, S + T, dtype=torch.bool).tril(S)`.',
                'Join the heads again, `seen.transpose(1, 2).flatten(2)`, and then `@ out.T`.',
            ],
            'mistakes': [
                {
                    'message': 'The wrong heads share. `repeat` gives key heads 0 1 0 1 0 1; neighbours share, 0 0 0 1 1 1, as `repeat_interleave` gives.',
                    'code': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(S + T, D)[S:]
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2), torch.cat([values, v], dim=2)
    mask = torch.ones(T, S + T, dtype=torch.bool).tril(S)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys.repeat(1, each, 1, 1), values.repeat(1, each, 1, 1), attn_mask=mask)
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
                },
                {
                    'message': '`is_causal=True` lines the mask up at the upper left: the first new place sees only the first of the text. It has to see all that is kept: make the mask yourself.',
                    'code': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(S + T, D)[S:]
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2), torch.cat([values, v], dim=2)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys.repeat_interleave(each, 1), values.repeat_interleave(each, 1), is_causal=True)
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
                },
                {
                    'message': 'Without a mask this works for one new place only. Where several come at once, the earlier ones must not see the later ones.',
                    'code': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(S + T, D)[S:]
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2), torch.cat([values, v], dim=2)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys.repeat_interleave(each, 1), values.repeat_interleave(each, 1))
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
                },
                {
                    'message': 'You keep the repeated heads. Keep the few, and repeat them only while attention is computed: the small cache is what they are shared for.',
                    'code': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(S + T, D)[S:]
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2).repeat_interleave(each, 1), torch.cat([values, v], dim=2).repeat_interleave(each, 1)
    mask = torch.ones(T, S + T, dtype=torch.bool).tril(S)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys, values, attn_mask=mask)
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
                },
                {
                    'message': 'The new places are turned as if the text began with them. With S places kept, they are numbers S, S + 1 and so on.',
                    'code': '''def attend(x, keys, values, to_q, to_k, to_v, out):
    S, D = keys.shape[-2:]
    T, each = x.shape[1], to_q.shape[0] // to_k.shape[0]
    q, k, v = [(x @ matrix.T).unflatten(-1, (-1, D)).transpose(1, 2) for matrix in (to_q, to_k, to_v)]
    turns = angles(T, D)
    keys, values = torch.cat([keys, rotate(k, turns)], dim=2), torch.cat([values, v], dim=2)
    mask = torch.ones(T, S + T, dtype=torch.bool).tril(S)
    seen = F.scaled_dot_product_attention(rotate(q, turns), keys.repeat_interleave(each, 1), values.repeat_interleave(each, 1), attn_mask=mask)
    return seen.transpose(1, 2).flatten(2) @ out.T, keys, values''',
                },
            ],
            'held_out': 1,
        },
    },
}
