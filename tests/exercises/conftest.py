"""`sol` for the generated tests: the answers of the solution whose tests they are."""

from pathlib import Path

import pytest

from genai_course.grading.recorder import Recorder
from genai_course.grading.submission import answers_in

SOLUTIONS = Path(__file__).parents[2] / "solutions"


@pytest.fixture(scope="module")
def answers(request):
    "What the solution defines, for the exercise that the test file is named after."
    return answers_in(SOLUTIONS / f"{request.path.stem.removeprefix('test_')}.ipynb")


@pytest.fixture
def sol(answers):
    "The answers as a test sees them."
    return Recorder(answers)
