"""Open tests of the exercise 06_tokenizer. Generated from nbs/exercises/06_tokenizer.ipynb: edit that one."""

import math

import numpy as np

from genai_course.grading import expect


def test_inside_banan(sol):
    "is right for a byte, and for the three tokens above"
    merges = [(97, 110), (98, 256), (257, 256)]
    for token, expected in [(98, [98]), (256, [97, 110]), (257, [98, 97, 110]), (258, [98, 97, 110, 97, 110])]:
        expect.equal(sol.inside(token, merges), expected, f"what is inside of {token}")


def test_utf8_two_bytes(sol):
    "is right for A and ü, and for the smallest and the largest number of two bytes"
    for n, expected in [(65, [65]), (252, [195, 188]), (128, [194, 128]), (2047, [223, 191])]: expect.equal(sol.utf8(n), expected, f"the bytes of {n}")


def test_utf8_longer(sol):
    "is right for ♥, three bytes, and 🫠, four, and for the smallest numbers of each"
    for n, expected in [(9829, [226, 153, 165]), (129760, [240, 159, 171, 160]), (2048, [224, 160, 128]), (65536, [240, 144, 128, 128])]: expect.equal(sol.utf8(n), expected, f"the bytes of {n}")


def test_bits_by_hand(sol):
    "is right for the 20 bytes above"
    expect.close(sol.bits_per_byte(np.array([2, 2, 2, 2, 2.5]), "Zürich, and no more"), 10.5 / math.log(2) / 20, "bits per byte")


def test_rows_of_nine(sol):
    "is right for the nine tokens above"
    x, y = expect.parts(sol.rows(list(range(9)), 4), 2, "x and y")
    expect.close(x, np.arange(8).reshape(2, 4), "x")
    expect.close(y, np.arange(1, 9).reshape(2, 4), "y")


def test_rows_just_too_few(sol):
    "leaves a row out whose last token has nothing after it"
    x, y = expect.parts(sol.rows([5, 6, 7, 8, 9, 1], 3), 2, "x and y")
    expect.close(x, np.array([[5, 6, 7]]), "x")
    expect.close(y, np.array([[6, 7, 8]]), "y")


def test_wordpiece_unhappily(sol):
    "is right for the word above"
    vocabulary = {"un", "unhappy", "##happ", "##ily", "##i", "##ly", "##y"}
    expect.equal(sol.wordpiece("unhappy", vocabulary), ["unhappy"], "the pieces of unhappy")
    expect.equal(sol.wordpiece("unhappily", vocabulary), ["un", "##happ", "##ily"], "the pieces of unhappily")


def test_wordpiece_unknown(sol):
    "makes the whole word unknown where one place has no fitting piece, and never goes back on a choice"
    expect.equal(sol.wordpiece("cats", {"cat", "c", "##at"}), ["[UNK]"], "the pieces of cats")
    expect.equal(sol.wordpiece("scat", {"cat", "##cat", "##s"}), ["[UNK]"], "the pieces of scat")
    expect.equal(sol.wordpiece("abcd", {"ab", "abc", "##cd"}), ["[UNK]"], "the pieces of abcd")


def test_stream_heart(sol):
    "is right for the heart above"
    expect.equal(sol.stream([b"I \xe2", b"\x99", b"\xa5 U"]), ["I ", "", "♥ U"], "what is shown")


def test_stream_whole(sol):
    "keeps nothing back that is complete, such as an ü at the end of a token"
    expect.equal(sol.stream(["für".encode(), "ü".encode(), b"!"]), ["für", "ü", "!"], "what is shown")


def test_best_cut_abc(sol):
    "is right for the table above"
    expect.equal(sol.best_cut("abc", {"a": -1, "b": -3, "c": -2, "ab": -2, "bc": -1.5}), ["a", "bc"], "the best cut of abc")


def test_best_cut_not_greedy(sol):
    "gives up a good beginning where the whole is better without it, and is done in time with 60 letters"
    log_p = {"a": -1, "b": -1, "c": -5, "d": -5, "e": -5, "abc": -0.1, "ab": -3, "cde": -1}
    expect.equal(sol.best_cut("abcde", log_p), ["a", "b", "cde"], "the best cut of abcde")
    expect.equal(sol.best_cut("ab" * 30, {"a": -1, "b": -1, "ab": -1.5}), ["ab"] * 30, "the best cut of 60 letters")


TESTS = {
    'test_inside_banan': {
        'question': 'q1',
        'name': 'banan',
        'points': 1,
        'hidden': False,
    },
    'test_utf8_two_bytes': {
        'question': 'q2',
        'name': 'two-bytes',
        'points': 1,
        'hidden': False,
    },
    'test_utf8_longer': {
        'question': 'q2',
        'name': 'longer',
        'points': 1,
        'hidden': False,
    },
    'test_bits_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_rows_of_nine': {
        'question': 'q4',
        'name': 'nine',
        'points': 1,
        'hidden': False,
    },
    'test_rows_just_too_few': {
        'question': 'q4',
        'name': 'just-too-few',
        'points': 1,
        'hidden': False,
    },
    'test_wordpiece_unhappily': {
        'question': 'q5',
        'name': 'unhappily',
        'points': 1,
        'hidden': False,
    },
    'test_wordpiece_unknown': {
        'question': 'q5',
        'name': 'unknown',
        'points': 1,
        'hidden': False,
    },
    'test_stream_heart': {
        'question': 'q6',
        'name': 'heart',
        'points': 1,
        'hidden': False,
    },
    'test_stream_whole': {
        'question': 'q6',
        'name': 'whole',
        'points': 1,
        'hidden': False,
    },
    'test_best_cut_abc': {
        'question': 'q7',
        'name': 'abc',
        'points': 1,
        'hidden': False,
    },
    'test_best_cut_not_greedy': {
        'question': 'q7',
        'name': 'not-greedy',
        'points': 1,
        'hidden': False,
    },
}
