"""Recognises a typical mistake by what it does: an answer that behaves like one gets that one's message."""

from genai_course.grading.recorder import Call
from genai_course.grading.runner import Result, run_question
from genai_course.grading.spec import Question, Spec

SECONDS = 10.0  # for each known mistake; they are ours, and quick


def named_mistakes(spec: Spec, question: Question, results: list[Result]) -> list[str]:
    "The messages of the mistakes that behave like the answer that gave `results`, in a test that it failed, and in the most tests in all."
    failed = {result.name for result in results if result.status in ("fail", "error") and result.calls}
    if not failed: return []
    alike = {mistake["message"]: _tests_alike(results, _calls_of(spec, question, mistake["code"])) for mistake in question.mistakes}
    counts = {message: len(tests) for message, tests in alike.items() if tests & failed}
    return [message for message, count in counts.items() if count == max(counts.values())]


def namespace_with(spec: Spec, code: str) -> dict:
    "What a notebook would hold after its setup, all right answers, and then `code`."
    namespace = {"__name__": "answer"}
    for part in [spec.setup, *[question.answer for question in spec.questions.values()], code]:
        exec(compile(part, "<answer>", "exec"), namespace)
    return namespace


def _calls_of(spec, question, code):
    results = run_question(question, namespace_with(spec, code), SECONDS, hidden=False)
    return {result.name: result.calls for result in results}


def _tests_alike(results, known): return {result.name for result in results if _same_calls(result.calls, known[result.name])}


def _same_calls(a: list[Call], b: list[Call]) -> bool:
    return len(a) == len(b) and all(ours.like(theirs) for ours, theirs in zip(a, b, strict=True))
