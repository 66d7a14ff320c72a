"""Held-out tests of the exercise 06_tokenizer. Generated from nbs/exercises/06_tokenizer.ipynb: edit that one."""

import math

import numpy as np

from genai_course.grading import expect


def test_inside_doubling(sol):
    "is right where each token is the one before it, twice, or wraps it"
    merges = [(7, 7), *[(i, i) for i in range(256, 261)]]
    expect.equal(sol.inside(261, merges), [7] * 64, "what is inside of 261")
    nested = [(1, 2), *[(i % 200, 256 + i) for i in range(9)]]
    expect.equal(sol.inside(265, nested), [8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2], "what is inside of 265")


def test_utf8_borders(sol):
    "agrees with Python at every border, and for characters of many languages"
    for n in [0, 127, 128, 2047, 2048, 55295, 57344, 65535, 65536, 1114111, *map(ord, "éßжאअ中あ한𝄞")]:
        expect.equal(sol.utf8(n), list(chr(n).encode("utf-8")), f"the bytes of {n}")


def test_bits_in_other_writing(sol):
    "counts bytes, not characters or tokens, where those differ"
    expect.close(sol.bits_per_byte(np.array([3.0, 1.0, 4.0]), "Zoë ♥"), 8 / math.log(2) / 8, "bits per byte")
    expect.close(sol.bits_per_byte(np.full(6, math.log(2)), "abc"), 2.0, "bits per byte")


def test_rows_many(sol):
    "is right for every number of tokens from 8 to 30"
    for count in range(8, 31):
        ids = [(7 * i) % 31 for i in range(count)]
        x, y = expect.parts(sol.rows(ids, 7), 2, "x and y")
        places = np.arange((count - 1) // 7 * 7).reshape(-1, 7)
        expect.close(x, np.array(ids)[places], "x")
        expect.close(y, np.array(ids)[places + 1], "y")


def test_wordpiece_marks(sol):
    "keeps beginnings and continuations apart, and never goes back on a choice"
    expect.equal(sol.wordpiece("aaaa", {"a", "##aa", "##a"}), ["a", "##aa", "##a"], "the pieces of aaaa")
    expect.equal(sol.wordpiece("abab", {"ab", "##a", "##b"}), ["ab", "##a", "##b"], "the pieces of abab")
    expect.equal(sol.wordpiece("xyzw", {"x", "xyz", "##yz", "##yzw"}), ["[UNK]"], "the pieces of xyzw")


def test_stream_any_cut(sol):
    "is right wherever the bytes of a text in several languages are cut"
    raw = "aü♥🫠ज़é".encode()
    for size in (1, 2, 3, 5):
        tokens = [raw[i : i + size] for i in range(0, len(raw), size)]
        complete = [raw[: min(len(raw), i + size)].decode("utf-8", errors="ignore") for i in range(0, len(raw), size)]
        expected = [after[len(before) :] for before, after in zip(["", *complete], complete, strict=False)]
        expect.equal(sol.stream(tokens), expected, f"what is shown of tokens of {size} bytes")


def test_best_cut_long(sol):
    "is right, and in time, for words of 10 and of 60 letters"
    rng = np.random.default_rng(0)
    letters = "".join("ab"[i] for i in rng.integers(0, 2, 60))
    pieces = {letters[i : i + k] for k in (1, 2, 3, 4) for i in range(56)}
    log_p = {piece: -float(rng.uniform(1, 2 + len(piece))) for piece in sorted(pieces)}
    def every_cut(word): return [[]] if not word else [[word[:k], *rest] for k in range(1, 5) if word[:k] in log_p for rest in every_cut(word[k:])]
    def total(cut): return sum(log_p[piece] for piece in cut)
    expect.equal(sol.best_cut(letters[:10], log_p), max((c for c in every_cut(letters[:10]) if "".join(c) == letters[:10]), key=total), "the best cut of 10 letters")
    cut = sol.best_cut(letters, log_p)
    expect.true(isinstance(cut, list | tuple) and "".join(map(str, cut)) == letters, "The pieces, put together, should give the word.", got=cut)
    halves = [sol.best_cut(part, log_p) for part in (letters[:30], letters[30:])]
    expect.true(total(cut) >= total(halves[0]) + total(halves[1]) - 1e-9, "There is a better cut of a long word: its halves, each cut at its best.")
    last = [0.0]
    for end in range(1, 61): last.append(max(last[start] + log_p[letters[start:end]] for start in range(max(0, end - 4), end) if letters[start:end] in log_p))
    expect.close(total(cut), last[-1], "the sum of log-probabilities for 60 letters")


TESTS = {
    'test_inside_doubling': {
        'question': 'q1',
        'name': 'doubling',
        'points': 1,
        'hidden': True,
    },
    'test_utf8_borders': {
        'question': 'q2',
        'name': 'borders',
        'points': 1,
        'hidden': True,
    },
    'test_bits_in_other_writing': {
        'question': 'q3',
        'name': 'languages',
        'points': 1,
        'hidden': True,
    },
    'test_rows_many': {
        'question': 'q4',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
    'test_wordpiece_marks': {
        'question': 'q5',
        'name': 'marks',
        'points': 2,
        'hidden': True,
    },
    'test_stream_any_cut': {
        'question': 'q6',
        'name': 'any-cut',
        'points': 2,
        'hidden': True,
    },
    'test_best_cut_long': {
        'question': 'q7',
        'name': 'long',
        'points': 2,
        'hidden': True,
    },
}
