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
