"""The report on one submission, schema `genai-grade/1`: plain data that JSON can hold."""

import platform
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from genai_course import __version__
from genai_course.grading.outcome import Outcome, QuestionOutcome
from genai_course.grading.runner import Result
from genai_course.grading.sandbox.session import SEED
from genai_course.grading.spec import Question, Spec

SCHEMA = "genai-grade/1"
PACKAGES = ("numpy", "torch")


def empty_report() -> dict:
    "A report on nothing, with every key."
    return {"schema": SCHEMA, "submission": "", "sha256": "", "student": "", "lesson": "", "title": "", "spec_hash": "", "versions": dict(versions()),
            "seed": SEED, "isolation": "", "status": "ok", "error": "", "warnings": [], "score": 0, "max": 0, "seconds": 0.0, "questions": []}


@cache
def versions() -> tuple[tuple[str, str], ...]:
    "The versions that a grade may depend on, by name."
    return (("genai_course", __version__), ("python", platform.python_version()), *[(name, _version(name)) for name in PACKAGES])


def _version(name):
    try: return version(name)
    except PackageNotFoundError: return ""


def findings(spec: Spec, outcome: Outcome, advice: Callable[[Question, list[Result]], list[str]]) -> dict:
    "What an outcome adds to a report: questions, score and max; `advice` names the typical mistakes in a question's open tests."
    known = {question.ident: question for question in outcome.questions}
    questions = [_question(question, known[ident], advice) for ident, question in spec.questions.items()]
    return {"score": sum(one["score"] for one in questions), "max": sum(one["max"] for one in questions), "questions": questions}


def _question(question: Question, found: QuestionOutcome, advice) -> dict:
    opened = [result for result in found.results if not result.hidden]
    return {"id": question.ident, "title": question.title, "score": sum(result.score for result in found.results), "max": question.points,
            "cell_error": asdict(found.cell_error) if found.cell_error else None, "stdout_bytes": found.printed_size,
            "stdout_head": found.printed, "advice": advice(question, opened), "tests": [_test(question, result) for result in found.results]}


def _test(question: Question, result: Result) -> dict:
    message = _not_found(question) if result.status == "missing" and not result.calls else result.message
    return {"name": result.name, "title": result.title, "hidden": result.hidden, "points": result.points, "score": result.score,
            "status": result.status, "message": message, "line": result.line, "expected": result.expected, "got": result.got,
            "seconds": round(result.seconds, 3)}


def _not_found(question):
    names = " and ".join(f"`{name}`" for name in question.names)
    return f"The notebook defines no function called {names}."
