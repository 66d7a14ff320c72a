"""What passes from reading a submission, through running it, to reporting on it: plain data."""

from dataclasses import dataclass, field

from genai_course.grading.recorder import Failure
from genai_course.grading.runner import Result


@dataclass(frozen=True)
class Piece:
    "Code of a submission that is to run: an answer, or the definitions and imports of another cell."
    source: str
    question: str = ""  # the question that it answers; empty for definitions of another cell
    number: int = 0  # the cell's place in the notebook, from 1


@dataclass
class QuestionOutcome:
    "What running and testing the answer to one question found."
    ident: str
    results: list[Result] = field(default_factory=list)
    cell_error: Failure | None = None  # what the answer's cell raised while it was run
    printed: str = ""  # the head of what cell and tests printed
    printed_size: int = 0  # bytes in all


@dataclass
class Outcome:
    "What running and testing a whole submission found."
    isolation: str  # "bubblewrap" or "plain"
    questions: list[QuestionOutcome] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
