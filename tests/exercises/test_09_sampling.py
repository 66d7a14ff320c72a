"""Open tests of the exercise 09_sampling. Generated from nbs/exercises/09_sampling.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def after_last(tokens):
    "Probabilities of five tokens: the one after the last token is the likeliest."
    p = np.full(5, 0.05)
    p[(tokens[-1] + 1) % 5] += 0.75
    return p


def by_length(tokens):
    "Probabilities of three tokens that depend on how many there are so far."
    return np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]])[len(tokens) % 3]


def by_the_book(next_p, prompt, numbers, stop):
    "The loop, number by number."
    tokens = list(prompt)
    for number in numbers:
        total, token = 0.0, -1
        while total <= number: token, total = token + 1, total + next_p(tokens)[token + 1]
        if token == stop: break
        tokens.append(token)
    return tokens[len(prompt) :]


def test_heated_by_hand(sol):
    "is right for the two numbers above, and changes nothing at 1"
    expect.close(sol.heated(np.array([0.8, 0.2]), 0.5), np.array([0.64, 0.04]) / 0.68, "the probabilities")
    expect.close(sol.heated(np.array([0.5, 0.3, 0.2]), 1), np.array([0.5, 0.3, 0.2]), "the probabilities")


def test_heated_zero(sol):
    "leaves only the likeliest at 0, in equal parts if there are several; stays with numbers near 0"
    expect.close(sol.heated(np.array([0.2, 0.5, 0.3]), 0), np.array([0.0, 1.0, 0.0]), "the probabilities at 0")
    expect.close(sol.heated(np.array([0.4, 0.2, 0.4]), 0), np.array([0.5, 0.0, 0.5]), "the probabilities at 0")
    expect.close(sol.heated(np.full(100, 0.01), 0.001), np.full(100, 0.01), "the probabilities at 0.001")


def test_sizes_by_hand(sol):
    "is right for the three numbers above"
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    expect.close(sol.nucleus_sizes(p, 0.6), np.array([2, 2]), "the sizes for 0.6")
    expect.close(sol.nucleus_sizes(p, 0.5), np.array([1, 1]), "the sizes for 0.5")


def test_sizes_at_least_one(sol):
    "keeps one token where the share is 0"
    expect.close(sol.nucleus_sizes(np.array([[0.25, 0.75], [0.5, 0.5]]), 0.0), np.array([1, 1]), "the sizes for 0")


def test_min_p_by_hand(sol):
    "is right for the three logits above, and for another row beside them"
    expect.equal(np.asarray(sol.min_p_mask(np.array([[2.0, 1.0, 0.0], [0.0, 5.0, 3.0]]), 0.3)).tolist(), [[True, True, False], [False, True, False]], "the mask")


def test_penalised_by_hand(sol):
    "is right for the three logits above"
    expect.close(sol.penalised(np.array([1.0, 2.0, 3.0]), [2, 2, 0], 0.5, 0.1), np.array([0.4, 2.0, 2.3]), "the logits")
    expect.inputs_kept(sol)


def test_penalised_nothing(sol):
    "changes nothing where nothing is written"
    expect.close(sol.penalised(np.array([1.0, -2.0]), [], 0.5, 0.1), np.array([1.0, -2.0]), "the logits")


def test_cut_by_hand(sol):
    "is right for the text above, in whatever order the ends come, for one end that comes twice, for ends that overlap, and for none"
    for text, wanted in [("one.two", "one"), ("no end", "no end"), ("a.b.c", "a")]: expect.equal(sol.cut_at(text, ["."]), wanted, f"what is left of {text!r}")
    for ends in (["ROMEO:", "\n\n"], ["\n\n", "ROMEO:"]): expect.equal(sol.cut_at("Ay.\n\nROMEO: No", ends), "Ay.", "the text")
    for ends in (["\nROMEO:", "\n\n"], ["\n\n", "\nROMEO:"]): expect.equal(sol.cut_at("Ay.\n\nROMEO: No", ends), "Ay.", "the text")


def test_written_by_hand(sol):
    "draws token 1 for 0.6, and asks again with it; on a border it takes the later token"
    expect.equal(sol.written(by_length, [2, 2, 2], [0.6, 0.15, 0.7], 9), [1, 1, 1], "the tokens")
    expect.equal(sol.written(by_length, [2, 2, 2], [0.5], 9), [1], "the tokens for 0.5")


def test_written_stop(sol):
    "ends before the stop token, also where the prompt holds one, and leaves the prompt alone"
    expect.equal(sol.written(after_last, [0], [0.15, 0.5, 0.5, 0.5, 0.5], 3), [1, 2], "the tokens")
    expect.equal(sol.written(after_last, [3, 0], [0.15, 0.5, 0.5, 0.5], 3), [1, 2], "the tokens after a prompt that holds the stop token")
    expect.inputs_kept(sol)


TESTS = {
    'test_heated_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_heated_zero': {
        'question': 'q1',
        'name': 'zero',
        'points': 1,
        'hidden': False,
    },
    'test_sizes_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_sizes_at_least_one': {
        'question': 'q2',
        'name': 'at-least-one',
        'points': 1,
        'hidden': False,
    },
    'test_min_p_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_penalised_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_penalised_nothing': {
        'question': 'q4',
        'name': 'nothing-written',
        'points': 1,
        'hidden': False,
    },
    'test_cut_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_written_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_written_stop': {
        'question': 'q6',
        'name': 'stop',
        'points': 1,
        'hidden': False,
    },
}
