"""Grades the corpus; as a program, in the isolation that is named, and prints what it found."""

import json
import sys
from pathlib import Path

if __name__ == "__main__": sys.path.insert(0, str(Path(__file__).parents[1]))
from corpus.hostile import PLAIN_TOO, Hostile

from genai_course.grading.outcome import Piece
from genai_course.grading.sandbox.engine import grade
from genai_course.grading.sandbox.session import Limits
from genai_course.grading.spec import load_spec

HIDDEN = Path(__file__).parents[2] / "exercises" / "hidden" / "test_02_backprop.py"
SHORT, LONG = 8.0, 100.0  # seconds for a question that may run out of them, and for one that must not
MEMORY = 2**30
KEPT = ("q1", "q6")  # the questions that are graded: the hostile one, and one after it, whose tests pass functions


def spec_of_two():
    spec = load_spec("02_backprop", HIDDEN)
    spec.questions = {ident: spec.questions[ident] for ident in KEPT}
    return spec


def found(case: Hostile, kind: str) -> dict:
    "What became of question 1, and of the others."
    spec = spec_of_two()
    pieces = [Piece(case.code if ident == "q1" else question.answer, ident, number) for number, (ident, question) in enumerate(spec.questions.items(), 1)]
    seconds = SHORT if any("timeout" in status for status in case.statuses) else LONG
    first, *others = grade(pieces, spec, isolation=kind, limits=Limits(seconds, case.seconds, MEMORY)).questions
    return {"statuses": [result.status for result in first.results], "message": next((r.message for r in first.results if r.message), ""),
            "cell": first.cell_error.kind if first.cell_error else "", "printed": len(first.printed.encode()),
            "others": [(r.name, r.status, r.message) for question in others for r in question.results if r.status != "pass"]}


if __name__ == "__main__": print(json.dumps({case.name: found(case, sys.argv[1]) for case in PLAIN_TOO}))
