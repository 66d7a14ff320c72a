"""Grades one submission: its code runs in a sandbox, its tests run here."""

import ast
from dataclasses import replace

from genai_course.grading.outcome import Outcome, Piece, QuestionOutcome
from genai_course.grading.recorder import Failure, GraderError
from genai_course.grading.runner import Result, run_question
from genai_course.grading.sandbox.calls import Names, call_there
from genai_course.grading.sandbox.isolation import chosen
from genai_course.grading.sandbox.process import Printed
from genai_course.grading.sandbox.session import Limits, Session
from genai_course.grading.spec import Question, Spec

LONGEST = 2000  # characters of a text in a report
HARMLESS = {f"genai_course.grading.{name}" for name in ("exercise", "lessons")}  # what every exercise imports


def grade(pieces: list[Piece], spec: Spec, *, isolation: str = "best", hidden: bool = True, limits: Limits = Limits()) -> Outcome:  # noqa: B008
    """Run `pieces` and all tests of `spec`, `hidden` ones too if wanted, with answers in `isolation`: best, bubblewrap or plain.

    Raises IsolationError where that isolation is not to be had, and GraderError where the grader or the spec is broken.
    """
    kind, rounds = chosen(isolation), [False, True] if hidden else [False]
    with Session(kind, spec.setup, pieces, limits) as session:
        session.run_all()
        found = {ident: QuestionOutcome(ident) for ident in spec.questions}
        for is_hidden in rounds:  # all open tests come first, so that what learners read in their report holds nothing of hidden ones
            for ident, question in spec.questions.items():
                timed_out = any(result.status == "timeout" for result in found[ident].results)
                found[ident].results += _run_tests(session, question, is_hidden, 0.0 if timed_out else limits.question_seconds)
        for ident in spec.questions: _add_cell(found[ident], session)
        return Outcome(kind, list(found.values()), [*_loose(session), *_stopped_cells(session), *_peeks(pieces)])


def _run_tests(session: Session, question: Question, hidden: bool, seconds: float) -> list[Result]:
    "What the open or the hidden tests of a question find in `seconds`."
    chosen_tests = replace(question, tests=[test for test in question.tests if test.hidden == hidden])
    session.begin("" if hidden else question.ident, seconds)
    try: results = run_question(chosen_tests, Names(session), seconds, True, call_there)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise GraderError(f"The report on {question.ident} cannot be written: {type(error).__name__}: {error}") from error
    session.finish()
    for result in results: _check_the_spec(question, result), _shorten(result)
    return results


def _shorten(result: Result) -> None:
    "Keep what an answer has a hand in at a length that fits a report, and in characters that show."
    result.message = _shown(result.message)
    result.expected, result.got = ({row: _shown(text) for row, text in side.items()} if side else side for side in (result.expected, result.got))


def _shown(text: str) -> str: return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text[:LONGEST])


def _add_cell(found: QuestionOutcome, session: Session) -> None:
    "Note what the question's cell raised, and what was printed."
    places = [place for place, piece in enumerate(session.pieces) if piece.question == found.ident]
    if places and places[-1] in session.failures:
        found.cell_error = session.failures[places[-1]]
        _explain_missing(found.results, found.cell_error, session.lost.get(places[-1], "error"))
    printed = session.printed.get(found.ident, Printed())
    found.printed, found.printed_size = printed.text, printed.size


def _check_the_spec(question: Question, result: Result) -> None:
    if result.status == "error" and not result.calls:
        raise GraderError(f"The test {result.name} of {question.ident} cannot run, whatever the answer is.")


def _explain_missing(results: list[Result], failure: Failure, status: str) -> None:
    "A name that is missing because its cell stopped is not the same as one that was forgotten."
    for result in results:
        if result.status == "missing" and not result.calls:
            result.status, result.message = status, failure.told if status == "error" else failure.message
            result.line = {"number": failure.line, "text": failure.text} if failure.text else None


def _loose(session: Session) -> list[str]:
    return [f"This system cannot bound an answer's {', '.join(session.loose)}."] if session.loose else []


def _stopped_cells(session: Session) -> list[str]:
    "Failures of pieces that answer no question."
    return [f"Cell {session.pieces[place].number} stopped: {failure.told}"
            for place, failure in sorted(session.failures.items()) if not session.pieces[place].question]


def _peeks(pieces: list[Piece]) -> list[str]:
    "Pieces that import the grader, where answers are kept."
    return [f"Cell {piece.number} imports genai_course.grading, where answers are kept." for piece in pieces if _imports_grader(piece.source)]


def _imports_grader(source: str) -> bool:
    try: nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError): return False
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    return any(name.startswith("genai_course.grading") and name not in HARMLESS for name in names)
