"""Runs the tests of one question against a namespace; gives plain data back, whatever the answer does."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from genai_course.grading.expect import Mismatch, describe
from genai_course.grading.limits import TimeUp, captured_output, stopped_after, within
from genai_course.grading.recorder import AnswerFailed, Call, Died, Failure, GraderError, Missing, Recorder, Unsteady, call_here, recorder_calls
from genai_course.grading.spec import Question, Test

Status = Literal["pass", "fail", "timeout", "died", "missing", "error"]


@dataclass
class Result:
    "What one test found."
    name: str
    title: str
    hidden: bool
    points: int
    status: Status
    message: str = ""
    expected: dict | None = None  # texts: type, shape, dtype, values
    got: dict | None = None
    line: dict | None = None  # the learner's own failing line: number, text
    printed: str = ""  # the head of what the answer printed
    printed_size: int = 0  # characters in all
    seconds: float = 0.0
    calls: list[Call] = field(default_factory=list)  # for comparison with known mistakes

    @property
    def score(self) -> int:
        "The points that were earned."
        return self.points if self.status == "pass" else 0


def run_question(question: Question, namespace: Mapping, seconds: float, hidden: bool = True, call: Callable = call_here) -> list[Result]:
    "Run the tests of `question` against the functions in `namespace`, for `seconds` in all; `hidden` ones too if wanted. `call`: see Recorder."
    deadline = time.perf_counter() + seconds
    tests = [test for test in question.tests if hidden or not test.hidden]
    run = partial(_run_test, question.names, partial(Recorder, namespace, call), deadline, seconds)
    return [run(test) if time.perf_counter() < deadline else _not_run(test) for test in tests]


def _not_run(test):
    return Result(test.name, test.title, test.hidden, test.points, "timeout", "Not run: an earlier test used up the time.")


def _run_test(names: list[str], record: Callable, deadline: float, seconds: float, test: Test) -> Result:
    result, sol, started = Result(test.name, test.title, test.hidden, test.points, "pass"), record(), time.perf_counter()
    with captured_output() as output:
        try:
            for name in names: getattr(sol, name)
            within(deadline - started, lambda: test.run(sol))
        except TimeUp: result.status, result.message = "timeout", stopped_after(seconds)
        except GraderError: raise
        except Exception as error: _note(result, error, sol)
    result.printed, result.printed_size = output.text, output.size
    result.calls, result.seconds = recorder_calls(sol), time.perf_counter() - started
    return result


def _note(result, error, sol):
    match error:
        case Died(): result.status, result.message = "died", str(error)
        case Unsteady(): result.status, result.message = "fail", str(error)
        case Missing(): result.status, result.message = "missing", str(error)
        case AnswerFailed(): _answer_failed(result, error.failure)
        case Mismatch():
            result.status, result.message = "fail", error.reason
            result.expected, result.got = error.expected, error.got
        case AssertionError() if str(error): result.status, result.message = "fail", str(error)
        case _: _test_broke(result, sol)


def _answer_failed(result: Result, failure: Failure):
    if failure.unanswered:
        result.status, result.message = "missing", "Not answered yet: the line that stands for your answer is still there."
        return
    result.status, result.message = "error", failure.told
    if failure.text: result.line = {"number": failure.line, "text": failure.text}


def _test_broke(result, sol):
    "A test that cannot work with what it got: nearly always a result of an unexpected kind."
    calls, result.status = recorder_calls(sol), "error"
    if not calls or isinstance(calls[-1].outcome, Failure):
        result.message = "This test could not run. That is not your fault."
        return
    result.status, result.got = "fail", describe(calls[-1].outcome)
    result.message = (f"{calls[-1].name} returned something of another kind than was asked for. "
                      "Compare with what the question says to return.")
