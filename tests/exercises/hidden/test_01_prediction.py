"""Held-out tests of the exercise 01_prediction. Generated from nbs/exercises/01_prediction.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def test_perplexity_of_dice(sol):
    "is the number of sides for a fair die, however often it is thrown, and right for a loaded one"
    expect.close(sol.perplexity(np.array([0.2, 0.4, 0.1])), (1 / (0.2 * 0.4 * 0.1)) ** (1 / 3), "the perplexity")
    for sides in (1, 2, 6, 20): expect.close(sol.perplexity(np.full(3 * sides, 1 / sides)), float(sides), "the perplexity")


def test_next_words_adds_up(sol):
    "gives probabilities that add up to 1 in a longer text"
    words = [("a", "b", "c", "d")[i] for i in np.random.default_rng(0).integers(0, 4, 200)]
    found = sol.next_words(words, "b")
    expect.close(sum(found.values()), 1.0, "the sum")
    pairs = [second for first, second in zip(words[:-1], words[1:], strict=True) if first == "b"]
    expect.equal(found, {word: pairs.count(word) / len(pairs) for word in "abcd"}, "what comes after `b`")


def test_land_shares(sol):
    "draws each symbol as often as its count says, over an even grid of numbers"
    counts = np.array([4, 0, 1, 7, 8])
    landed = [sol.land(counts, (i + 0.5) / 200) for i in range(200)]
    expect.close(np.bincount(landed, minlength=5), counts * 10, "how often each symbol was drawn")


def test_heat_zero_stays(sol):
    "keeps a count of 0 at 0 when it is hot, and leaves the counts alone"
    expect.close(sol.heat(np.array([0.0, 1.0, 1000.0]), 1000.0), [0.0, 0.4982735, 0.5017265], "the probabilities at temperature 1000")
    expect.inputs_kept(sol)


def test_blend_adds_up(sol):
    "is right for other counts and other k, and leaves its inputs alone"
    rng = np.random.default_rng(0)
    for k in (0.5, 1.0, 10.0):
        long, short = rng.integers(0, 5, 6).astype(float), rng.integers(1, 50, 6).astype(float)
        n = long.sum()
        expect.close(sol.blend(long, short, k), n / (n + k) * long / n + k / (n + k) * short / short.sum(), "the probabilities")
        expect.inputs_kept(sol)


def test_bits_longer(sol):
    "is right for longer texts, whatever their order"
    text = "what comes next is what came before, more often than not"
    counts = np.array([text.count(character) for character in sorted(set(text))])
    expected = -(counts * np.log2(counts / counts.sum())).sum()
    for version in (text, text[::-1]): expect.close(sol.bits(version), expected, "the bits")


def test_learning_longer(sol):
    "is right for sixty throws of a loaded die, in whatever order they come"
    throws = np.random.default_rng(0).choice(4, 60, p=[0.7, 0.1, 0.1, 0.1]).tolist()
    for order in (throws, sorted(throws), throws[::-1]):
        p = [(order[:t].count(side) + 0.5) / (t + 2.0) for t, side in enumerate(order)]
        expect.close(sol.learning_loss(order, 4, 0.5), -np.mean(np.log(p)), "the mean surprise")


TESTS = {
    'test_perplexity_of_dice': {
        'question': 'q1',
        'name': 'dice',
        'points': 1,
        'hidden': True,
    },
    'test_next_words_adds_up': {
        'question': 'q2',
        'name': 'adds-up',
        'points': 1,
        'hidden': True,
    },
    'test_land_shares': {
        'question': 'q3',
        'name': 'shares',
        'points': 1,
        'hidden': True,
    },
    'test_heat_zero_stays': {
        'question': 'q4',
        'name': 'zero-stays',
        'points': 1,
        'hidden': True,
    },
    'test_blend_adds_up': {
        'question': 'q5',
        'name': 'adds-up',
        'points': 1,
        'hidden': True,
    },
    'test_bits_longer': {
        'question': 'q6',
        'name': 'longer',
        'points': 1,
        'hidden': True,
    },
    'test_learning_longer': {
        'question': 'q7',
        'name': 'longer',
        'points': 2,
        'hidden': True,
    },
}
