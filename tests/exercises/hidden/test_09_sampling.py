"""Held-out tests of the exercise 09_sampling. Generated from nbs/exercises/09_sampling.ipynb: edit that one."""

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


def test_heated_extremes(sol):
    "stays with numbers at temperatures near 0, and keeps a 0 a 0"
    p = np.array([0.001] * 500 + [0.0] + [0.5])
    powers = (p / 0.5) ** 500
    expect.close(sol.heated(p, 0.002), powers / powers.sum(), "the probabilities at 0.002")
    expect.close(sol.heated(np.full(1000, 0.001), 0.001), np.full(1000, 0.001), "the probabilities at 0.001")
    expect.close(sol.heated(np.array([0.0, 0.25, 0.75]), 2), np.array([0.0, 0.5, 0.75**0.5]) / (0.5 + 0.75**0.5), "the probabilities at 2")


def test_sizes_many(sol):
    "is right for many rows and shares"
    p = np.random.default_rng(0).dirichlet(np.full(30, 0.3), size=20)
    for share in (0.1, 0.5, 0.9, 0.99):
        wanted = []
        for row in p:
            total, count = 0.0, 0
            for x in sorted(row, reverse=True):
                if count and total >= share: break
                total, count = total + x, count + 1
            wanted.append(count)
        expect.close(sol.nucleus_sizes(p, share), np.array(wanted), f"the sizes for {share}")


def test_min_p_any(sol):
    "agrees with the softmax, also for very large logits and a share of 1"
    logits = np.random.default_rng(1).normal(scale=3, size=(8, 12)).round(2)
    for share in (0.02, 0.2, 0.7, 1.0):
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        wanted = (p >= share * p.max(axis=1, keepdims=True)).tolist()
        expect.equal(np.asarray(sol.min_p_mask(logits, share)).tolist(), wanted, f"the mask for {share}")
        expect.equal(np.asarray(sol.min_p_mask(logits * 1024 / 1024 + 4096, share)).tolist(), (logits + 4096 >= (logits + 4096).max(axis=1, keepdims=True) + np.log(share)).tolist(), "the mask for large logits")


def test_penalised_many(sol):
    "is right for a long text, and for each penalty alone"
    rng = np.random.default_rng(2)
    logits, written = rng.normal(size=20).round(2), rng.integers(0, 15, 60).tolist()
    for presence, frequency in [(1.0, 0.0), (0.0, 0.3), (0.7, -0.2)]:
        wanted = [x - presence * (i in written) - frequency * written.count(i) for i, x in enumerate(logits)]
        expect.close(sol.penalised(logits, written, presence, frequency), np.array(wanted), "the logits")


def test_cut_others(sol):
    "leaves a text whole that has no end, and is empty where the end comes first"
    for text, ends, wanted in [("no end here", ["\n\n", "JULIET:"], "no end here"), ("\n\nAy.", ["\n\n"], ""), ("abcab", ["c", "ab", "b"], ""),
                               ("one two one", ["one"], ""), ("x.y.z", ["."], "x"), ("text", [], "text")]:
        expect.equal(sol.cut_at(text, ends), wanted, f"what is left of {text!r}")


def test_written_many(sol):
    "is right for many numbers, and for none"
    numbers = [*np.random.default_rng(3).random(40).round(3).tolist(), 0.0, 0.987]
    for next_p in (after_last, by_length):
        for stop in (2, 9): expect.equal(sol.written(next_p, [0, 1], numbers, stop), by_the_book(next_p, [0, 1], numbers, stop), "the tokens")
    expect.equal(sol.written(after_last, [0], [], 9), [], "the tokens for no numbers")


TESTS = {
    'test_heated_extremes': {
        'question': 'q1',
        'name': 'extremes',
        'points': 1,
        'hidden': True,
    },
    'test_sizes_many': {
        'question': 'q2',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
    'test_min_p_any': {
        'question': 'q3',
        'name': 'any',
        'points': 1,
        'hidden': True,
    },
    'test_penalised_many': {
        'question': 'q4',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
    'test_cut_others': {
        'question': 'q5',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_written_many': {
        'question': 'q6',
        'name': 'many',
        'points': 2,
        'hidden': True,
    },
}
