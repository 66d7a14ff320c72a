"""Open tests of the exercise 15_guidance. Generated from nbs/exercises/15_guidance.ipynb: edit that one."""

import math

import torch

from genai_course.grading import expect

LEFT = torch.tensor([1.0, 0.81, 0.64, 0.36, 0.19, 0.04])


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)


def pixel(*values):
    "Pictures of one pixel each: (B, 1, 1, 1)."
    return torch.tensor(values).view(-1, 1, 1, 1)

def judge_of_blanks(rows, blank, luck, share):
    "Caption by caption."
    return torch.stack([blank if mine < share else row for row, mine in zip(rows, luck.tolist(), strict=True)])


NOTHING = torch.tensor([1, 0, 0])

def judge_of_weights(q, k, is_word):
    "Picture by picture, of the words alone; then zeros for the filling."
    found = []
    for places, words, known in zip(q, k, is_word, strict=True):
        weights = (places @ words[known].T / math.sqrt(q.shape[-1])).softmax(1)
        found.append(weights @ torch.eye(len(known))[known])  # each weight to where its word stands
    return torch.stack(found)


def words_known(*counts, length=5):
    "True for the first so many words of each caption: (B, length)."
    return torch.arange(length) < torch.tensor(counts)[:, None]

def listening(x, t, rows):
    "A network that takes half of what it sees, and adds the mean of each caption's numbers and a tenth of its time."
    if not hasattr(t, "shape"): raise ValueError(f"the network was given the time as a {type(t).__name__}; it wants a tensor, one time for each picture")
    if not len(x) == len(t) == len(rows): raise ValueError(f"the network was given {len(x)} pictures, {len(t)} times and {len(rows)} captions")
    return 0.5 * x + (rows.float().mean(1) + t / 10).view(-1, 1, 1, 1)


def judge_of_guided(x, t, rows, blank, scale):
    "Both answers one after the other, with the network `listening`."
    times = torch.full((len(x),), t)
    told, without = listening(x, times, rows), listening(x, times, blank.repeat(len(x), 1))
    return scale * told + (1 - scale) * without

def judge_of_pictures(v_told, v_blank, x, kept, scale):
    "By way of the noises."
    signal, noise = math.sqrt(kept), math.sqrt(1 - kept)
    told, without = noise * x + signal * v_told, noise * x + signal * v_blank
    return ((x - noise * (without + scale * (told - without))) / signal).clip(-1, 1)

def judge_of_composed(blank, guesses, scales):
    "Prompt by prompt, one pull after the other."
    made = blank.clone()
    for guess, scale in zip(guesses, scales.tolist(), strict=True): made = made + scale * (guess - blank)
    return made

def judge_of_reach(x_0, share):
    "Picture by picture, number by number."
    made = []
    for picture in x_0:
        sizes = sorted(abs(number) for number in picture.flatten().tolist())
        place = share * (len(sizes) - 1)
        low = min(int(place + 1e-9), len(sizes) - 2)
        reach = max(1.0, sizes[low] + (place - low) * (sizes[low + 1] - sizes[low]))
        made.append(torch.tensor([max(-1.0, min(1.0, number / reach)) for number in picture.flatten().tolist()]).view(picture.shape))
    return torch.stack(made)

def seeing(x, t, prompt):
    "A network that takes half of what it sees, adds a tenth of the time, and a quarter of the picture more for each letter of the prompt."
    return (0.5 + len(prompt) / 4) * x + t / 10 - len(prompt) / 5


def judge_of_drawn(x, times, prompt, scale):
    "Step by step with the network `seeing`, by way of the picture."
    for t, s in zip(times, times[1:], strict=False):
        now, then = LEFT[t].item(), LEFT[s].item()
        eps = scale * seeing(x, t, prompt) + (1 - scale) * seeing(x, t, "")
        x_0 = (x - math.sqrt(1 - now) * eps) / math.sqrt(now)
        x = math.sqrt(then) * x_0 + math.sqrt(1 - then) * eps
    return x

def expect_adherence(sol, asked, seen):
    "Compare with counting."
    told = [[(a, b) for a, b in zip(*both, strict=True) if a != -1] for both in zip(asked.tolist(), seen.tolist(), strict=True)]
    right = [all(a == b for a, b in pairs) for pairs in told if pairs]
    share = sum(right) / len(right)
    mine, error = expect.parts(sol.adherence(asked, seen), 2, "the share, its error")
    expect.close(mine, share, "the share", atol=1e-6)
    expect.close(error, math.sqrt(share * (1 - share) / len(right)), "the error", atol=1e-6)


def test_blanks_by_hand(sol):
    "is right for the three captions above, and leaves them as they were"
    rows = torch.tensor([[5, 6, 1], [7, 1, 0], [8, 9, 1]])
    expect.close(sol.some_blank(rows, NOTHING, torch.tensor([0.05, 0.5, 0.09]), 0.1), torch.tensor([[1, 0, 0], [7, 1, 0], [1, 0, 0]]), "the captions")
    expect.inputs_kept(sol)


def test_blanks_none_and_all(sol):
    "takes none at a share of 0, and all at a share of 1"
    rows, luck = torch.tensor([[5, 6, 1], [7, 1, 0]]), torch.tensor([0.0, 0.99])
    for share in (0.0, 1.0): expect.close(sol.some_blank(rows, NOTHING, luck, share), judge_of_blanks(rows, NOTHING, luck, share), f"the captions at a share of {share:g}")


def test_weights_by_hand(sol):
    "is right for the place above"
    q, k = torch.tensor([[[2.1972246, 0.0, 0.0, 0.0]]]), torch.tensor([[[1.0, 0, 0, 0], [0, 0, 0, 0], [5, 0, 0, 0]]])
    expect.close(sol.word_weights(q, k, torch.tensor([[True, True, False]])), torch.tensor([[[0.75, 0.25, 0.0]]]), "the weights")


def test_weights_batch(sol):
    "gives each of three pictures its own words; a blank caption has one, its end sign"
    q, k, is_word = numbers(3, 4, 6), numbers(3, 5, 6, seed=1), words_known(5, 1, 3)
    expect.close(sol.word_weights(q, k, is_word), judge_of_weights(q, k, is_word), "the weights")
    expect.inputs_kept(sol)


def test_guided_by_hand(sol):
    "is right for the pixel above, at four scales"
    says = lambda x, t, rows: torch.where((rows == 7).any(1), 3.0, 1.0).view(-1, 1, 1, 1)
    for scale, wanted in [(2, 5.0), (1, 3.0), (0, 1.0), (0.5, 2.0)]:
        expect.close(sol.guided(says, pixel(0.0), 3, torch.tensor([[7, 1, 0]]), NOTHING, scale), pixel(wanted), f"the guided noise at the scale {scale}")


def test_guided_batch(sol):
    "is right for three pictures with three captions"
    x, rows = numbers(3, 1, 2, 2), torch.tensor([[5, 6, 1], [7, 1, 0], [8, 9, 1]])
    expect.close(sol.guided(listening, x, 4, rows, NOTHING, 3.0), judge_of_guided(x, 4, rows, NOTHING, 3.0), "the guided noise")


def test_guided_one_pass(sol):
    "asks the network once, about all pictures with and without their captions"
    sizes = []
    def counting(x, t, rows):
        sizes.append(len(x))
        return listening(x, t, rows)
    x, rows = numbers(2, 1, 1, 2), torch.tensor([[5, 6, 1], [7, 1, 0]])
    expect.close(sol.guided(counting, x, 1, rows, NOTHING, 2.0), judge_of_guided(x, 1, rows, NOTHING, 2.0), "the guided noise")
    expect.equal(sizes, [4], "how many pictures there were in each call of the network")


def test_picture_by_hand(sol):
    "is right for the pixel above, at three scales"
    for scale, wanted in [(2.0, 0.4), (1.0, 1.0), (3.0, -0.2)]:
        expect.close(sol.guided_picture(pixel(-1.0), pixel(-2.0), pixel(0.5), 0.64, scale), pixel(wanted), f"the picture at the scale {scale:g}")


def test_picture_beyond(sol):
    "ends at −1 and 1, and nowhere before"
    v_told, v_blank, x = pixel(-1.0, 1.0, 3.0, 0.5), pixel(0.5, -2.0, 2.0, 0.5), pixel(0.3, 0.2, 0.5, 0.1)
    expect.close(sol.guided_picture(v_told, v_blank, x, 0.36, 4.0), judge_of_pictures(v_told, v_blank, x, 0.36, 4.0), "the pictures")


def test_composed_by_hand(sol):
    "is right for the two prompts above, and is guidance for a single one"
    expect.close(sol.composed(pixel(1.0), torch.stack([pixel(3.0), pixel(2.0)]), torch.tensor([4.0, -3.0])), pixel(6.0), "the noise")
    expect.close(sol.composed(pixel(1.0), pixel(3.0)[None], torch.tensor([2.0])), pixel(5.0), "the noise of a single prompt")


def test_composed_three(sol):
    "is right for three prompts and whole pictures"
    blank, guesses, scales = numbers(2, 1, 2, 4), numbers(3, 2, 1, 2, 4, seed=1), torch.tensor([2.0, -1.5, 0.5])
    expect.close(sol.composed(blank, guesses, scales), judge_of_composed(blank, guesses, scales), "the noise")
    expect.inputs_kept(sol)


def test_reach_by_hand(sol):
    "is right for the numbers above, where the largest of them is the reach, and where the reach is below 1"
    x_0 = torch.tensor([0.5, -1.0, 2.0, -4.0]).view(1, 1, 2, 2)
    for share in (2 / 3, 1.0, 0.0): expect.close(sol.brought_back(x_0, share), judge_of_reach(x_0, share), f"the picture at a share of {share:.3g}")


def test_reach_batch(sol):
    "gives each of three coloured pictures its own reach, and leaves a pale one pale"
    x_0 = numbers(3, 3, 2, 4) * torch.tensor([3.0, 0.2, 1.0]).view(3, 1, 1, 1) + 0.1
    expect.close(sol.brought_back(x_0, 0.9), judge_of_reach(x_0, 0.9), "the pictures")
    expect.inputs_kept(sol)


def test_drawn_all_steps(sol):
    "is right all the way to the picture, without guidance and with some"
    x = numbers(2, 1, 2, 2)
    for scale in (1.0, 2.0):
        expect.close(sol.drawn(seeing, x, [5, 4, 3, 2, 1, 0], LEFT, "a cat", scale), judge_of_drawn(x, [5, 4, 3, 2, 1, 0], "a cat", scale), f"the picture at the scale {scale:g}", 1e-4, 1e-4)


def test_drawn_two_steps(sol):
    "is right for two steps at the scale 3"
    x = numbers(2, 1, 2, 2, seed=1)
    expect.close(sol.drawn(seeing, x, [4, 3, 1], LEFT, "an owl", 3.0), judge_of_drawn(x, [4, 3, 1], "an owl", 3.0), "the picture", 1e-4, 1e-4)


def test_adherence_by_hand(sol):
    "is right for the four pictures above"
    expect_adherence(sol, torch.tensor([[2, 0], [1, -1], [3, 4], [-1, -1]]), torch.tensor([[2, 0], [1, 5], [3, 1], [0, 0]]))
    expect.inputs_kept(sol)


def test_adherence_one_sided(sol):
    "is right where all pictures are, and where none is"
    asked = torch.tensor([[0, 1, -1], [2, -1, -1], [5, 5, 5]])
    expect_adherence(sol, asked, torch.tensor([[0, 1, 3], [2, 2, 2], [5, 5, 5]]))
    expect_adherence(sol, asked, torch.tensor([[0, 0, 3], [1, 2, 2], [5, 5, 4]]))


TESTS = {
    'test_blanks_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_blanks_none_and_all': {
        'question': 'q1',
        'name': 'none-and-all',
        'points': 1,
        'hidden': False,
    },
    'test_weights_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_weights_batch': {
        'question': 'q2',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_guided_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_guided_batch': {
        'question': 'q3',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_guided_one_pass': {
        'question': 'q3',
        'name': 'one-pass',
        'points': 1,
        'hidden': False,
    },
    'test_picture_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_picture_beyond': {
        'question': 'q4',
        'name': 'beyond',
        'points': 1,
        'hidden': False,
    },
    'test_composed_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_composed_three': {
        'question': 'q5',
        'name': 'three',
        'points': 1,
        'hidden': False,
    },
    'test_reach_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_reach_batch': {
        'question': 'q6',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_drawn_all_steps': {
        'question': 'q7',
        'name': 'all-steps',
        'points': 1,
        'hidden': False,
    },
    'test_drawn_two_steps': {
        'question': 'q7',
        'name': 'two-steps',
        'points': 1,
        'hidden': False,
    },
    'test_adherence_by_hand': {
        'question': 'q8',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_adherence_one_sided': {
        'question': 'q8',
        'name': 'one-sided',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'Told what to draw',
    'setup': '''import math
from itertools import pairwise

import torch''',
    'questions': {
        'q1': {
            'title': 'Captions that go missing',
            'names': ['some_blank'],
            'answer': '''def some_blank(rows, blank, luck, share):
    "Captions `rows` (B, T), those replaced by the caption `blank` (T,) whose `luck` (B,) is below the number `share`: (B, T)."
    return torch.where((luck < share)[:, None], blank, rows)''',
            'explanation': 'Two networks for the price of one, and they differ in nothing but the caption, which is what guidance is about. A network that has never seen the blank caption would answer it all the same, with anything: nobody would notice in the loss.',
            'hints': [
                '`luck < share` says True or False for each caption, `(B,)`.',
                '`torch.where(condition, a, b)` takes from `a` where the condition holds. Give the condition the shape `(B, 1)`: `[:, None]`.',
            ],
            'mistakes': [
                {
                    'message': 'The wrong ones went: a caption whose luck is *below* the share is replaced, the others stay.',
                    'code': '''def some_blank(rows, blank, luck, share):
    return torch.where((luck < share)[:, None], rows, blank)''',
                },
                {
                    'message': 'The captions are gone from the batch altogether, and the rest no longer lies beside its pictures. Put the blank caption in their place.',
                    'code': '''def some_blank(rows, blank, luck, share):
    return rows[luck >= share]''',
                },
                {
                    'message': 'Nothing but filling is left. The blank caption is not nothing: it has its end sign, and it is given to you as `blank`.',
                    'code': '''def some_blank(rows, blank, luck, share):
    return torch.where((luck < share)[:, None], 0, rows)''',
                },
                {
                    'message': 'You wrote into the captions that you were given. Whoever takes the same batch again finds them missing there, too. Make new rows.',
                    'code': '''def some_blank(rows, blank, luck, share):
    rows[luck < share] = blank
    return rows''',
                },
                {
                    'message': 'Luck was laid along the *words*, so that parts of captions go. It belongs to whole captions, the first axis: `luck[:, None]`.',
                    'code': '''def some_blank(rows, blank, luck, share):
    return torch.where(luck < share, blank, rows)''',
                },
                {
                    'message': 'A luck of exactly 0 is not below a share of 0: without dropping, a caption still goes now and then. Use `<`.',
                    'code': '''def some_blank(rows, blank, luck, share):
    return torch.where((luck <= share)[:, None], blank, rows)''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'Where a place looks',
            'names': ['word_weights'],
            'answer': '''def word_weights(q, k, is_word):
    "How much each place, with queries q (B, P, C), looks at each word, with keys k (B, T, C); none at filling, where `is_word` (B, T) is False: (B, P, T)."
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~is_word[:, None], -math.inf).softmax(-1)''',
            'explanation': "The column of one word, put back into the picture's height and width, is the lesson's heat map. A blank caption has a single word, its end sign: every place looks at it with all its weight, wherever it is. So no heat map can show anything there.",
            'hints': [
                '`q @ k.transpose(1, 2)` has the shape `(B, P, T)`: a score for each place and word.',
                '`.masked_fill(~is_word[:, None], -math.inf)` puts minus infinity wherever there is no word; the softmax makes 0 of it.',
            ],
            'mistakes': [
                {
                    'message': 'The weights of each *word* add up to 1, over the places. Each place has to share out its own look among the words: softmax over the last axis.',
                    'code': '''def word_weights(q, k, is_word):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return torch.nan_to_num(scores.masked_fill(~is_word[:, None], -math.inf).softmax(1))''',
                },
                {
                    'message': 'Filling is set to 0 after the softmax, but it had its share of it: what is left no longer adds up to 1. Take it out before.',
                    'code': '''def word_weights(q, k, is_word):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.softmax(-1) * is_word[:, None]''',
                },
                {
                    'message': 'A *score* of 0 is not a weight of 0: the softmax makes a share of it. Minus infinity becomes 0.',
                    'code': '''def word_weights(q, k, is_word):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~is_word[:, None], 0.0).softmax(-1)''',
                },
                {
                    'message': 'The root of C is missing: the scores are that much too large, and the weights too sure of themselves.',
                    'code': '''def word_weights(q, k, is_word):
    return (q @ k.transpose(1, 2)).masked_fill(~is_word[:, None], -math.inf).softmax(-1)''',
                },
                {
                    'message': 'The filling is looked at and the words are not. `is_word` is True where there *is* a word; `~` turns it round.',
                    'code': '''def word_weights(q, k, is_word):
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    return torch.nan_to_num(scores.masked_fill(is_word[:, None], -math.inf).softmax(-1))''',
                },
                {
                    'message': 'The filling is looked at like any word. It has a key, too, but it means nothing: use `is_word`.',
                    'code': '''def word_weights(q, k, is_word):
    return (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1)''',
                },
            ],
            'held_out': 2,
        },
        'q3': {
            'title': 'Two answers, one pass',
            'names': ['guided'],
            'answer': '''def guided(model, x, t, rows, blank, scale):
    "The guided noise in x (B, C, H, W) at the time t with captions `rows` (B, T) against `blank` (T,), by one call of model(pictures, times, captions)."
    B = len(x)
    both = model(torch.cat([x, x]), torch.full((2 * B,), t), torch.cat([rows, blank.expand(B, -1)]))
    told, without = both.chunk(2)
    return without + scale * (told - without)''',
            'explanation': 'A guided step costs two passes of the network however they are packed; that is the price of guidance. Some large models are trained once more to give the guided answer at once. In the first paper (Ho and Salimans 2021) 0 stands for no guidance: our scale is one more than theirs.',
            'hints': [
                '`torch.cat([x, x])` puts a batch behind itself. `blank.expand(B, -1)` is the blank caption B times.',
                '`told, without = answer.chunk(2)` takes the answer apart, in the order in which you put it together.',
            ],
            'mistakes': [
                {
                    'message': 'The noise is right, but the network was asked twice. Put both halves into one batch with `torch.cat`, and take the answer apart again.',
                    'code': '''def guided(model, x, t, rows, blank, scale):
    times = torch.full((len(x),), t)
    told, without = model(x, times, rows), model(x, times, blank.expand(len(x), -1))
    return without + scale * (told - without)''',
                },
                {
                    'message': 'You count from told, so that a scale of 1 is twice as far as it should be. Papers do that, too; here 1 is no guidance. Start at blank.',
                    'code': '''def guided(model, x, t, rows, blank, scale):
    both = model(torch.cat([x, x]), torch.full((2 * len(x),), t), torch.cat([rows, blank.expand(len(x), -1)]))
    told, without = both.chunk(2)
    return told + scale * (told - without)''',
                },
                {
                    'message': 'The halves are swapped: the answer comes in the order of the batch. This pushes *away* from the caption.',
                    'code': '''def guided(model, x, t, rows, blank, scale):
    both = model(torch.cat([x, x]), torch.full((2 * len(x),), t), torch.cat([rows, blank.expand(len(x), -1)]))
    without, told = both.chunk(2)
    return without + scale * (told - without)''',
                },
                {
                    'message': 'Pictures and captions do not lie beside each other: `repeat_interleave` puts both copies of a picture one after the other, the captions come all told, then all blank.',
                    'code': '''def guided(model, x, t, rows, blank, scale):
    both = model(x.repeat_interleave(2, dim=0), torch.full((2 * len(x),), t), torch.cat([rows, blank.expand(len(x), -1)]))
    told, without = both.chunk(2)
    return without + scale * (told - without)''',
                },
                {
                    'message': 'That is the push alone. It starts at what the network sees without a caption: add blank.',
                    'code': '''def guided(model, x, t, rows, blank, scale):
    both = model(torch.cat([x, x]), torch.full((2 * len(x),), t), torch.cat([rows, blank.expand(len(x), -1)]))
    told, without = both.chunk(2)
    return scale * (told - without)''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'The same push, whatever it pushes',
            'names': ['guided_picture'],
            'answer': '''def guided_picture(v_told, v_blank, x, kept, scale):
    "The picture seen in x under guidance, from v_told and v_blank, all (B, C, H, W), with no number beyond -1 or 1; `kept` and `scale` are numbers."
    v = v_blank + scale * (v_told - v_blank)
    return (math.sqrt(kept) * x - math.sqrt(1 - kept) * v).clamp(-1, 1)''',
            'explanation': 'Blank counts with the weight $1 - w$, told with $w$. The weights add up to 1, so $x$, which is in both, comes out exactly once: noise, picture and $v$ may all be guided. Cutting bends the line, and so does rounding to 8 bits or looking through the decoder of lesson 16. Such things come after the push.',
            'hints': [
                'One of the two ways of the example is two lines: guide v, then make a picture of it.',
                '`.clamp(-1, 1)` cuts. In the example, what comes out if you cut 1.6 before you guide?',
            ],
            'mistakes': [
                {
                    'message': 'You cut the two pictures, and then guide. What lay beyond 1 for one of them has lost its distance to the other. Guide first, cut last.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    told, without = ((math.sqrt(kept) * x - math.sqrt(1 - kept) * v).clamp(-1, 1) for v in (v_told, v_blank))
    return (without + scale * (told - without)).clamp(-1, 1)''',
                },
                {
                    'message': 'The guided picture is right, but not cut: some numbers lie beyond −1 or 1. `.clamp(-1, 1)` at the end.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    v = v_blank + scale * (v_told - v_blank)
    return math.sqrt(kept) * x - math.sqrt(1 - kept) * v''',
                },
                {
                    'message': 'x is counted twice: you made a picture of the *difference* of both answers and added it to another picture. Make a picture of the guided v, or take the difference of two pictures.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    def picture(v): return math.sqrt(kept) * x - math.sqrt(1 - kept) * v
    return (picture(v_blank) + picture(scale * (v_told - v_blank))).clamp(-1, 1)''',
                },
                {
                    'message': 'That is the noise in x. The picture is `signal * x - noise * v`.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    v = v_blank + scale * (v_told - v_blank)
    return (math.sqrt(1 - kept) * x + math.sqrt(kept) * v).clamp(-1, 1)''',
                },
                {
                    'message': 'The roots are missing: `kept` is a share of the variance, strengths are its roots.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    v = v_blank + scale * (v_told - v_blank)
    return (kept * x - (1 - kept) * v).clamp(-1, 1)''',
                },
                {
                    'message': 'You took v for the noise itself. It is a mixture of noise and picture.',
                    'code': '''def guided_picture(v_told, v_blank, x, kept, scale):
    v = v_blank + scale * (v_told - v_blank)
    return ((x - math.sqrt(1 - kept) * v) / math.sqrt(kept)).clamp(-1, 1)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'Several prompts, and some that are not wanted',
            'names': ['composed'],
            'answer': '''def composed(blank, guesses, scales):
    "Noise seen without a prompt (B, C, H, W), pulled towards that of K prompts, `guesses` (K, B, C, H, W), each by one of `scales` (K,): (B, C, H, W)."
    pulls = scales.view(-1, 1, 1, 1, 1) * (guesses - blank)
    return blank + pulls.sum(0)''',
            'explanation': 'With the scales $w$ and $1 - w$ blank cancels: what is left is the negative prompt in its place, with no third pass to pay for. It also shows what a negative prompt does at scale 1: nothing at all. There is no "not" in this arithmetic, only "away from where that prompt lies".',
            'hints': [
                '`guesses - blank` subtracts blank from each guess: `(K, B, C, H, W)`.',
                '`scales.view(-1, 1, 1, 1, 1)` multiplies each guess as a whole; `.sum(0)` adds up over the prompts.',
            ],
            'mistakes': [
                {
                    'message': 'The guesses themselves are added to blank. A pull is the way *from blank to* a guess: take blank off each.',
                    'code': '''def composed(blank, guesses, scales):
    return blank + (scales.view(-1, 1, 1, 1, 1) * guesses).sum(0)''',
                },
                {
                    'message': 'Blank is there once for each prompt. Only the pulls are added up; there is one blank to start from.',
                    'code': '''def composed(blank, guesses, scales):
    return (blank + scales.view(-1, 1, 1, 1, 1) * (guesses - blank)).sum(0)''',
                },
                {
                    'message': 'That is the mean of the pulls. They are added up: two prompts pull harder than one.',
                    'code': '''def composed(blank, guesses, scales):
    return blank + (scales.view(-1, 1, 1, 1, 1) * (guesses - blank)).mean(0)''',
                },
                {
                    'message': 'Unwanted prompts were left out. A scale below 0 is no mistake: it pushes away.',
                    'code': '''def composed(blank, guesses, scales):
    return blank + (scales.clamp(min=0).view(-1, 1, 1, 1, 1) * (guesses - blank)).sum(0)''',
                },
                {
                    'message': 'The scales were laid along the last axis, across each picture. They belong to the prompts, the first axis: give them four more axes.',
                    'code': '''def composed(blank, guesses, scales):
    return blank + (scales * (guesses - blank)).sum(0)''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'Whiter than white',
            'names': ['brought_back'],
            'answer': '''def brought_back(x_0, share):
    "Guided pictures x_0 (B, C, H, W), each cut at its own reach for the number `share`, from 0 to 1, and divided by it; a reach below 1 counts as 1."
    reach = x_0.flatten(1).abs().quantile(share, dim=1).clamp(min=1)[:, None, None, None]
    return x_0.clamp(-reach, reach) / reach''',
            'explanation': "The few numbers that lie furthest out are given up, all others keep their differences: clouds stay clouds where a plain cut would make a white patch. The lesson's `rescaled` is another answer to the same trouble. It looks at the spread, and needs the picture without guidance; this one looks at the picture alone.",
            'hints': [
                '`x_0.flatten(1).abs()` has a row of sizes for each picture; `.quantile(share, dim=1)` finds a reach in each, `(B,)`.',
                '`.clamp(min=1)` looks after reaches below 1. With the shape `(B, 1, 1, 1)` the reach can be the bound of a `.clamp(-reach, reach)`.',
            ],
            'mistakes': [
                {
                    'message': 'One reach for the whole batch: a glaring picture pales its neighbours. Take the quantile of each picture by itself: `x_0.flatten(1)`, then `dim=1`.',
                    'code': '''def brought_back(x_0, share):
    reach = x_0.abs().quantile(share).clamp(min=1)
    return x_0.clamp(-reach, reach) / reach''',
                },
                {
                    'message': 'A pale picture has become a glaring one: divided by a reach below 1, numbers grow. Then the reach counts as 1.',
                    'code': '''def brought_back(x_0, share):
    reach = x_0.flatten(1).abs().quantile(share, dim=1).clamp(min=1e-6)[:, None, None, None]
    return x_0.clamp(-reach, reach) / reach''',
                },
                {
                    'message': 'Divided, but not cut: what lies beyond the reach is still whiter than white.',
                    'code': '''def brought_back(x_0, share):
    return x_0 / x_0.flatten(1).abs().quantile(share, dim=1).clamp(min=1)[:, None, None, None]''',
                },
                {
                    'message': 'Cut at the reach, but not divided by it: what lies between 1 and the reach is still whiter than white.',
                    'code': '''def brought_back(x_0, share):
    reach = x_0.flatten(1).abs().quantile(share, dim=1).clamp(min=1)[:, None, None, None]
    return x_0.clamp(-reach, reach)''',
                },
                {
                    'message': "That is the lesson's way, a cut at −1 and 1. Use the reach, where it is above 1.",
                    'code': '''def brought_back(x_0, share):
    return x_0.clamp(-1, 1)''',
                },
                {
                    'message': 'Black is forgotten: with their signs, the numbers that are far below 0 count as the smallest. Take the sizes first, `.abs()`.',
                    'code': '''def brought_back(x_0, share):
    reach = x_0.flatten(1).quantile(share, dim=1).clamp(min=1)[:, None, None, None]
    return x_0.clamp(-reach, reach) / reach''',
                },
                {
                    'message': 'Where the reach is below 1 nothing was cut. The few numbers beyond −1 and 1 still have to go: the reach counts as 1.',
                    'code': '''def brought_back(x_0, share):
    reach = x_0.flatten(1).abs().quantile(share, dim=1)[:, None, None, None]
    return torch.where(reach > 1, x_0.clamp(-reach, reach) / reach, x_0)''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Find the bug: right at 0 and at 1',
            'names': ['drawn'],
            'answer': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    "From noise x (B, C, H, W) at times[0], a list of whole numbers, back to times[-1], guided to `prompt` by the number `scale`: (B, C, H, W)."
    for t, s in pairwise(times):
        now, then = alpha_bar[t], alpha_bar[s]
        told, blank = see(x, t, prompt), see(x, t, "")
        eps = blank + scale * (told - blank)
        x = then.sqrt() * (x - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps
    return x''',
            'explanation': 'Two drawings that begin with the same noise drift apart, with or without guidance. From then on `told - blank` is also the difference of two pictures, and in each step it is multiplied by the scale. The mend is to take lines away: there is one x, and it is asked about twice. (One may also make both steps and guide *them*: a step of DDIM is a straight line, so question 4 holds for it, too.)',
            'hints': [
                'At the scale 1 `blank` cancels, so nothing that is wrong with it can be seen. Look at how it is made. (And at 0, x is drawn just as `without` is.)',
                'The difference of told and blank should say what the *prompt* changes. So all else must be the same. Is it?',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. After the first step it asks about two pictures: `told` is the noise in x, `blank` that in another one, which was drawn without a prompt. What is the difference of the two worth then?',
                    'code': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    without = x
    for t, s in pairwise(times):
        now, then = alpha_bar[t], alpha_bar[s]
        told, blank = see(x, t, prompt), see(without, t, "")
        eps = blank + scale * (told - blank)
        x = then.sqrt() * (x - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps
        without = then.sqrt() * (without - (1 - now).sqrt() * blank) / now.sqrt() + (1 - then).sqrt() * blank
    return x''',
                },
                {
                    'message': 'Now there is no guidance any more: at every scale you take what the network says with the prompt. The push was not the bug.',
                    'code': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    for t, s in pairwise(times):
        now, then, eps = alpha_bar[t], alpha_bar[s], see(x, t, prompt)
        x = then.sqrt() * (x - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps
    return x''',
                },
                {
                    'message': 'Both are asked about the same picture now, but it is the one that is drawn without a prompt. It has to be x: what is being drawn.',
                    'code': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    without = x
    for t, s in pairwise(times):
        now, then = alpha_bar[t], alpha_bar[s]
        told, blank = see(without, t, prompt), see(without, t, "")
        eps = blank + scale * (told - blank)
        x = then.sqrt() * (x - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps
        without = then.sqrt() * (without - (1 - now).sqrt() * blank) / now.sqrt() + (1 - then).sqrt() * blank
    return x''',
                },
                {
                    'message': 'Both are asked about x, but the picture beneath is worked out from `told` and the noise that is put back is guided. Picture and noise have to be of one guess, the guided one.',
                    'code': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    for t, s in pairwise(times):
        now, then = alpha_bar[t], alpha_bar[s]
        told, blank = see(x, t, prompt), see(x, t, "")
        eps = blank + scale * (told - blank)
        x = then.sqrt() * (x - (1 - now).sqrt() * told) / now.sqrt() + (1 - then).sqrt() * eps
    return x''',
                },
                {
                    'message': 'Both are asked about x, but in `blank + scale * (blank - told)` the push goes the wrong way, away from the prompt.',
                    'code': '''def drawn(see, x, times, alpha_bar, prompt, scale):
    for t, s in pairwise(times):
        now, then = alpha_bar[t], alpha_bar[s]
        told, blank = see(x, t, prompt), see(x, t, "")
        eps = blank + scale * (blank - told)
        x = then.sqrt() * (x - (1 - now).sqrt() * eps) / now.sqrt() + (1 - then).sqrt() * eps
    return x''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'Does it do as it is told?',
            'names': ['adherence'],
            'answer': '''def adherence(asked, seen):
    "The share of pictures on which the codes `seen` (N, A) are all that was `asked` for (N, A), -1 being anything, and its standard error: two numbers."
    open_to_all = asked == -1
    right = ((asked == seen) | open_to_all).all(1)[~open_to_all.all(1)]
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share) / len(right))''',
            'explanation': "With all or none right the formula's error is 0, which is too good to be true: three of three say little. And adherence alone can be bought with pictures that all look alike. That is why the lesson measures both.",
            'hints': [
                '`(asked == seen) | (asked == -1)` is True wherever nothing is wrong, `(N, A)`. `.all(1)` asks for all attributes of a picture.',
                'Pictures that count: `(asked != -1).any(1)`. Keep only these before you take the mean.',
            ],
            'mistakes': [
                {
                    'message': 'What the prompt left open counts as wrong: no picture can have the code −1. Whatever is seen there is right.',
                    'code': '''def adherence(asked, seen):
    counts = (asked != -1).any(1)
    right = (asked == seen).all(1)[counts]
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share) / len(right))''',
                },
                {
                    'message': 'Prompts that ask for nothing count as right. They cost the network nothing: leave them out.',
                    'code': '''def adherence(asked, seen):
    right = ((asked == seen) | (asked == -1)).all(1)
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share) / len(right))''',
                },
                {
                    'message': 'That is the share of *attributes*. A cat with the wrong hat is not half right: a picture counts only if all that was asked for is there.',
                    'code': '''def adherence(asked, seen):
    told = asked != -1
    share = (asked == seen)[told].float().mean().item()
    return share, math.sqrt(share * (1 - share) / int(told.any(1).sum()))''',
                },
                {
                    'message': 'The share is right. Its error is that of a single picture: with n pictures divide by n below the root.',
                    'code': '''def adherence(asked, seen):
    told = asked != -1
    right = ((asked == seen) | ~told).all(1)[told.any(1)]
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share))''',
                },
                {
                    'message': 'The share is right. For its error you divide by *all* pictures; those that ask for nothing were not counted.',
                    'code': '''def adherence(asked, seen):
    told = asked != -1
    right = ((asked == seen) | ~told).all(1)[told.any(1)]
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share) / len(asked))''',
                },
                {
                    'message': 'One attribute that fits is enough for you. *All* that was asked for has to be there.',
                    'code': '''def adherence(asked, seen):
    told = asked != -1
    right = ((asked == seen) & told).any(1)[told.any(1)]
    share = right.float().mean().item()
    return share, math.sqrt(share * (1 - share) / len(right))''',
                },
            ],
            'held_out': 1,
        },
    },
}
