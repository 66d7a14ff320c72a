"""Open tests of the exercise 01_prediction. Generated from nbs/exercises/01_prediction.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def test_perplexity_by_hand(sol):
    "is right for the four letters above"
    expect.close(sol.perplexity(np.array([0.5, 0.5, 0.5, 0.01])), np.exp(-np.mean(np.log([0.5, 0.5, 0.5, 0.01]))), "the perplexity")


def test_next_words_cat_and_dog(sol):
    "is right for the sentence above"
    words = "the cat saw the dog and the cat ran".split()
    expect.equal(sol.next_words(words, "the"), {"cat": 2 / 3, "dog": 1 / 3}, "what comes after `the`")
    expect.equal(sol.next_words(words, "cat"), {"saw": 0.5, "ran": 0.5}, "what comes after `cat`")


def test_next_words_at_the_end(sol):
    "treats the last word of the text as one with nothing after it"
    expect.equal(sol.next_words("one two one two one".split(), "one"), {"two": 1.0}, "what comes after `one`")
    expect.equal(sol.next_words(["only", "once"], "once"), {}, "what comes after `once`")


def test_land_inside(sol):
    "is right inside the pieces of 2, 3 and 5"
    for u, symbol in [(0.1, 0), (0.3, 1), (0.45, 1), (0.6, 2), (0.99, 2)]:
        expect.close(sol.land(np.array([2, 3, 5]), u), symbol, f"the symbol for u = {u}")


def test_land_borders(sol):
    "gives a border to the piece that begins there, and never draws a count of 0"
    for u, symbol in [(0.0, 1), (0.25, 3), (0.75, 4)]:
        expect.close(sol.land(np.array([0, 1, 0, 2, 1]), u), symbol, f"the symbol for u = {u}")


def test_heat_by_hand(sol):
    "is right for 1 and 3, at temperatures 1, 0.5 and 2"
    for temperature, expected in [(1.0, [0.25, 0.75]), (0.5, [0.1, 0.9]), (2.0, np.array([1, 3**0.5]) / (1 + 3**0.5))]:
        expect.close(sol.heat(np.array([1.0, 3.0]), temperature), expected, f"the probabilities at temperature {temperature}")


def test_heat_cold(sol):
    "does not overflow near 0, where the largest count takes all"
    expect.close(sol.heat(np.array([5000.0, 20.0, 4000.0]), 0.01), [1.0, 0.0, 0.0], "the probabilities at temperature 0.01", atol=1e-6)
    expect.close(sol.heat(np.array([5000.0, 20.0, 4000.0]), 0.0001), [1.0, 0.0, 0.0], "the probabilities at temperature 0.0001", atol=1e-6)


def test_blend_by_hand(sol):
    "is right for the example above"
    expect.close(sol.blend(np.array([2.0, 0.0]), np.array([30.0, 70.0]), 2.0), [0.65, 0.35], "the probabilities")


def test_blend_trust(sol):
    "trusts a long context seen eight times with four fifths, for k = 2"
    expect.close(sol.blend(np.array([8.0, 0.0]), np.array([30.0, 70.0]), 2.0), [0.86, 0.14], "the probabilities")


def test_blend_never_seen(sol):
    "lets the short context speak where the long one was never seen"
    expect.close(sol.blend(np.zeros(2), np.array([30.0, 70.0]), 2.0), [0.3, 0.7], "the probabilities")


def test_bits_by_hand(sol):
    "is right for aaab and for abab"
    expect.close(sol.bits("aaab"), 4 * 2 - 3 * np.log2(3), "the bits of aaab")
    expect.close(sol.bits("abab"), 4.0, "the bits of abab")


def test_bits_certain(sol):
    "is 0 for a text of one character, again and again"
    expect.close(sol.bits("aaaaaaa"), 0.0, "the bits of aaaaaaa")


def test_learning_by_hand(sol):
    "is right for the coin above"
    expect.close(sol.learning_loss([0, 0, 1], 2, 1.0), -np.log([1 / 2, 2 / 3, 1 / 4]).mean(), "the mean surprise")


def test_learning_first_throw(sol):
    "knows nothing before the first throw of a die with six sides"
    expect.close(sol.learning_loss([4], 6, 0.5), np.log(6), "the surprise at the first throw")


TESTS = {
    'test_perplexity_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_next_words_cat_and_dog': {
        'question': 'q2',
        'name': 'cat-and-dog',
        'points': 1,
        'hidden': False,
    },
    'test_next_words_at_the_end': {
        'question': 'q2',
        'name': 'at-the-end',
        'points': 1,
        'hidden': False,
    },
    'test_land_inside': {
        'question': 'q3',
        'name': 'inside',
        'points': 1,
        'hidden': False,
    },
    'test_land_borders': {
        'question': 'q3',
        'name': 'borders',
        'points': 1,
        'hidden': False,
    },
    'test_heat_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_heat_cold': {
        'question': 'q4',
        'name': 'cold',
        'points': 1,
        'hidden': False,
    },
    'test_blend_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_blend_trust': {
        'question': 'q5',
        'name': 'trust',
        'points': 1,
        'hidden': False,
    },
    'test_blend_never_seen': {
        'question': 'q5',
        'name': 'never-seen',
        'points': 1,
        'hidden': False,
    },
    'test_bits_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_bits_certain': {
        'question': 'q6',
        'name': 'certain',
        'points': 1,
        'hidden': False,
    },
    'test_learning_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_learning_first_throw': {
        'question': 'q7',
        'name': 'first-throw',
        'points': 1,
        'hidden': False,
    },
}
