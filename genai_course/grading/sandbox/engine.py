"""Grades one submission: its code runs in a sandbox, its tests run here."""

import ast

from genai_course.grading.outcome import Outcome, Piece, QuestionOutcome
from genai_course.grading.recorder import GraderError
from genai_course.grading.runner import Result, run_question
from genai_course.grading.sandbox.calls import Names, call_there
from genai_course.grading.sandbox.isolation import chosen
from genai_course.grading.sandbox.process import Printed
from genai_course.grading.sandbox.session import Limits, Session
from genai_course.grading.spec import Question, Spec


def grade(pieces: list[Piece], spec: Spec, *, isolation: str = "best", hidden: bool = True, limits: Limits = Limits()) -> Outcome:  # noqa: B008
    """Run `pieces` and all tests of `spec`, `hidden` ones too if wanted, with answers in `isolation`: best, bubblewrap or plain.

    Raises IsolationError where that isolation is not to be had, and GraderError where the grader or the spec is broken.
    """
    kind = chosen(isolation)
    with Session(kind, spec.setup, pieces, limits) as session:
        session.run_all()
        questions = [_grade_question(session, question, hidden) for question in spec.questions.values()]
        return Outcome(kind, questions, [*_loose(session), *_stopped_cells(session), *_peeks(pieces)])


def _grade_question(session: Session, question: Question, hidden: bool) -> QuestionOutcome:
    session.begin(question.ident)
    results = run_question(question, Names(session), session.limits.question_seconds, hidden, call_there)
    session.settle()
    for result in results: _blame_the_spec(question, result)
    place = _failed_piece(session, question)
    if place is not None: _explain_missing(results, session.failures[place], session.lost.get(place, "error"))
    printed = session.printed.get(question.ident, Printed())
    return QuestionOutcome(question.ident, results, session.failures.get(place), printed.text, printed.size)


def _blame_the_spec(question: Question, result: Result) -> None:
    if result.status == "error" and not result.calls:
        raise GraderError(f"The test {result.name} of {question.ident} cannot run, whatever the answer is.")


def _failed_piece(session: Session, question: Question) -> int | None:
    "The place of the last piece for the question, if it failed."
    places = [place for place, piece in enumerate(session.pieces) if piece.question == question.ident]
    return places[-1] if places and places[-1] in session.failures else None


def _explain_missing(results: list[Result], failure, status: str) -> None:
    "A name that is missing because its cell stopped is not the same as one that was forgotten."
    for result in results:
        if result.status == "missing" and not result.calls:
            result.status, result.message = status, f"{failure.kind}: {failure.message}".rstrip(": ")
            result.line = {"number": failure.line, "text": failure.text} if failure.text else None


def _loose(session: Session) -> list[str]:
    return [f"This system cannot bound an answer's {', '.join(session.loose)}."] if session.loose else []


def _stopped_cells(session: Session) -> list[str]:
    "Failures of pieces that answer no question."
    return [f"Cell {session.pieces[place].number} stopped: {failure.kind}: {failure.message}".rstrip(": ")
            for place, failure in sorted(session.failures.items()) if not session.pieces[place].question]


def _peeks(pieces: list[Piece]) -> list[str]:
    "Pieces that import the grader, where answers are kept."
    return [f"Cell {piece.number} imports genai_course.grading, where answers are kept." for piece in pieces if _imports_grader(piece.source)]


def _imports_grader(source: str) -> bool:
    try: nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError): return False
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names]
    return any(f"{name}.".startswith("genai_course.grading.") for name in names)
