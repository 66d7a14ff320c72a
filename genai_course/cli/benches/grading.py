"""How long grading one submission takes, from a fresh sandbox to the outcome: with numpy, and where torch has to load."""

from collections.abc import Iterator
from dataclasses import replace

from genai_course.cli.benches.measuring import Result, alone, seconds
from genai_course.cli.folders import course_folder
from genai_course.grading.outcome import Outcome, Piece
from genai_course.grading.sandbox.engine import grade
from genai_course.grading.spec import Spec, load_spec

STEM = "02_backprop"
NUMPY_GOAL, TORCH_GOAL = 1, 3  # seconds, on one core


def spec_of_the_exercise() -> Spec:
    "Exercise 02 with its held-out tests, where this is a full clone; else without."
    held_out = course_folder() / "tests" / "exercises" / "hidden" / f"test_{STEM}.py"
    return load_spec(STEM, *([held_out] if held_out.exists() else []))


def graded(spec: Spec) -> Outcome:
    "A submission of all right answers, graded."
    return grade([Piece(question.answer, ident) for ident, question in spec.questions.items()], spec)


def submission(name: str, spec: Spec, goal: float) -> Result:
    "Seconds that grading a submission takes, after one that does not count."
    isolation = graded(spec).isolation
    return alone(f"{name}, {isolation}", [seconds(lambda: graded(spec)) for _ in range(7)], "seconds", goal)


def measure() -> Iterator[Result]:
    "All figures of this family."
    spec = spec_of_the_exercise()
    yield submission("one submission", spec, NUMPY_GOAL)
    yield submission("one submission with torch", replace(spec, setup=f"import torch\n{spec.setup}"), TORCH_GOAL)
