"""Every broken or hostile answer is graded for real: it gets what it must, and the other question keeps all its points."""

import json
import re
from functools import cache
from pathlib import Path

import nobody
import pytest
from corpus import grading
from corpus.hostile import HOSTILE, PLAIN_TOO

from genai_course.grading.sandbox import isolation

WALLED = pytest.mark.skipif(bool(isolation.why_no_bubblewrap()), reason=isolation.why_no_bubblewrap())
BY_NOBODY = pytest.mark.skipif(bool(nobody.why_not()), reason=nobody.why_not())


def name_of(case): return case.name


def expect_found(case, found):
    assert [bool(re.fullmatch(*pair)) for pair in zip(case.statuses, found["statuses"], strict=True)] == [True, True], found
    assert re.fullmatch(case.message, found["message"])
    assert re.fullmatch(case.cell, found["cell"])
    assert (found["others"] == [], found["printed"] <= 3 * 4096) == (case.alone, True)


def test_the_corpus_is_large_and_its_names_differ(): assert len({case.name for case in HOSTILE}) == len(HOSTILE) >= 60


@WALLED
@pytest.mark.parametrize("case", HOSTILE, ids=name_of)
def test_in_bubblewrap(case): expect_found(case, grading.found(case, "bubblewrap"))


@cache
def found_by_nobody(): return json.loads(nobody.run_as_nobody(Path(grading.__file__), "plain"))


@BY_NOBODY
@pytest.mark.parametrize("case", PLAIN_TOO, ids=name_of)
def test_in_a_plain_process_as_an_ordinary_user(case): expect_found(case, found_by_nobody()[case.name])
