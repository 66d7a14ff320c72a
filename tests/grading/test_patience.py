"""A busy machine takes no points: what ran too long there is run again with more seconds."""

import os

import pytest

from genai_course.grading.classes.patience import with_patience
from genai_course.grading.outcome import Outcome, QuestionOutcome
from genai_course.grading.runner import Result
from genai_course.grading.sandbox.session import Limits


def outcome_with(status): return Outcome("plain", [QuestionOutcome("q1", [Result("one", "", False, 1, "pass"), Result("two", "", False, 1, status)])])


def given(monkeypatch, crowd, needed):
    "The limits that an answer gets which needs `needed` seconds for itself, where `crowd` programs want each processor; and its last status."
    monkeypatch.setattr(os, "getloadavg", lambda: (crowd * os.cpu_count(), 0.0, 0.0))
    limits_given = []

    def grade(limits):
        limits_given.append(limits)
        return outcome_with("timeout" if needed * crowd > limits.question_seconds else "pass")
    status = with_patience(grade).questions[0].results[1].status
    return limits_given, status


def test_an_idle_machine_gives_one_chance(monkeypatch):
    assert given(monkeypatch, 1, 1000) == ([Limits()], "timeout") and given(monkeypatch, 1, 1) == ([Limits()], "pass")


@pytest.mark.parametrize("crowd", [2, 5, 40])
def test_on_a_busy_one_an_answer_that_is_quick_enough_passes_and_a_loop_does_not(monkeypatch, crowd):
    limits, status = given(monkeypatch, crowd, Limits().question_seconds * 0.9)
    assert status == "pass" and limits[0] == Limits() and limits[1].question_seconds >= crowd * Limits().question_seconds
    assert limits[1].memory == Limits().memory and given(monkeypatch, crowd, 1e9)[1] == "timeout"


def test_on_a_busy_one_nothing_is_run_twice_without_need(monkeypatch): assert given(monkeypatch, 1.6, 1) == ([Limits()], "pass")
