"""Held-out tests of the exercise 15_guidance. Generated from nbs/exercises/15_guidance.ipynb: edit that one."""

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


def test_blanks_many(sol):
    "is right for many captions, and for a blank one with other numbers"
    rows, luck = torch.arange(200).view(40, 5), torch.rand(40, generator=torch.Generator().manual_seed(1))
    for share in (0.1, 0.5): expect.close(sol.some_blank(rows, torch.tensor([7, 7, 1, 0, 0]), luck, share), judge_of_blanks(rows, torch.tensor([7, 7, 1, 0, 0]), luck, share), "the captions")
    expect.inputs_kept(sol)


def test_weights_strong(sol):
    "is right where scores are large, and where filling stands in front"
    q, k, is_word = 300 * numbers(2, 7, 3, seed=2), numbers(2, 5, 3, seed=3), ~words_known(2, 4)
    expect.close(sol.word_weights(q, k, is_word), judge_of_weights(q, k, is_word), "the weights", atol=1e-5)


def test_weights_gradient(sol):
    "lets the gradient through to queries and keys"
    expect.gradients(sol.word_weights, judge_of_weights, numbers(2, 3, 4, grad=True), numbers(2, 5, 4, seed=1, grad=True), words_known(3, 4))


def test_guided_others(sol):
    "is right for coloured pictures and for one, for a blank caption with other numbers, and leaves its inputs alone"
    for count, scale in [(1, 7.5), (5, -1.0)]:
        x, rows, blank = numbers(count, 3, 2, 4, seed=count), torch.arange(count * 4).view(count, 4), torch.tensor([3, 1, 0, 0])
        expect.close(sol.guided(listening, x, 9, rows, blank, scale), judge_of_guided(x, 9, rows, blank, scale), "the guided noise")
        expect.inputs_kept(sol)


def test_picture_others(sol):
    "is right for whole pictures, much noise and little, and leaves its inputs alone"
    for kept, scale in [(0.05, 1.5), (0.5, 0.0), (0.95, 8.0)]:
        parts = [numbers(2, 3, 3, 4, seed=seed) for seed in (1, 2, 3)]
        expect.close(sol.guided_picture(*parts, kept, scale), judge_of_pictures(*parts, kept, scale), "the pictures", 1e-4, 1e-4)
        expect.inputs_kept(sol)


def test_composed_negative(sol):
    "is a negative prompt with the scales w and 1 − w, and blank where all scales are 0"
    blank, guesses = numbers(2, 3, 3, 2, seed=2), numbers(2, 2, 3, 3, 2, seed=3)
    for scale in (1.0, 2.5, 7.0):
        wanted = guesses[1] + scale * (guesses[0] - guesses[1])
        expect.close(sol.composed(blank, guesses, torch.tensor([scale, 1 - scale])), wanted, "the noise", 1e-4, 1e-4)
    expect.close(sol.composed(blank, guesses, torch.zeros(2)), blank, "the noise with all scales 0")


def test_reach_others(sol):
    "is right for the usual share of 0.995, for small ones, and for dark pictures"
    x_0 = 2 * numbers(4, 1, 9, 7, seed=2) - 1.5
    for share in (0.995, 0.5, 0.0): expect.close(sol.brought_back(x_0, share), judge_of_reach(x_0, share), "the pictures")


def test_drawn_others(sol):
    "is right for coloured pictures at other scales, and leaves its inputs alone"
    x = numbers(2, 3, 2, 3, seed=2)
    for scale in (0.0, 2.0):
        expect.close(sol.drawn(seeing, x, [4, 2, 1, 0], LEFT, "ox", scale), judge_of_drawn(x, [4, 2, 1, 0], "ox", scale), "the picture", 1e-4, 1e-4)
        expect.inputs_kept(sol)


def test_adherence_many(sol):
    "is right for two hundred pictures with five attributes"
    lucky = torch.Generator().manual_seed(4)
    seen, open_to_all, slips = (torch.randint(0, most, (200, 5), generator=lucky) for most in (6, 2, 8))
    asked = torch.where(open_to_all == 1, -1, (seen + (slips == 0)) % 6)
    asked[:3] = -1
    expect_adherence(sol, asked, seen)


TESTS = {
    'test_blanks_many': {
        'question': 'q1',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
    'test_weights_strong': {
        'question': 'q2',
        'name': 'strong',
        'points': 1,
        'hidden': True,
    },
    'test_weights_gradient': {
        'question': 'q2',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_guided_others': {
        'question': 'q3',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_picture_others': {
        'question': 'q4',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_composed_negative': {
        'question': 'q5',
        'name': 'negative',
        'points': 1,
        'hidden': True,
    },
    'test_reach_others': {
        'question': 'q6',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_drawn_others': {
        'question': 'q7',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_adherence_many': {
        'question': 'q8',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
}
