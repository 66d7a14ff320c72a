"""A spec: the tests of an exercise as plain functions, and what the notebook needs beside them, loaded from a Python file."""

import ast
import hashlib
import runpy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "specs"
LITERALS = ("TESTS", "EXERCISE")  # what of a spec is plain data


class SpecError(ValueError):
    "A spec that is not there or cannot be used; the message is for the learner or instructor."


@dataclass(frozen=True)
class Test:
    "One test: `run(sol)` raises where the answer is not right."
    name: str
    title: str  # what a right answer does, in a sentence
    points: int
    hidden: bool
    run: Callable[[Any], None]


@dataclass
class Question:
    "One question as the notebook knows it."
    ident: str
    title: str
    names: list[str]  # the functions to define
    answer: str  # code
    explanation: str  # markdown
    hints: list[str]  # markdown
    mistakes: list[dict]  # {message, code}
    held_out: int  # how many tests run at grading only
    tests: list[Test] = field(default_factory=list)

    @property
    def points(self) -> int:
        "The points of its tests."
        return sum(test.points for test in self.tests)


@dataclass
class Spec:
    "One exercise: its questions by their ids, and the code of its setup."
    stem: str
    title: str
    setup: str
    questions: dict[str, Question]


def stems() -> list[str]:
    "The exercises that have a spec, in the lessons' order."
    return sorted(path.stem for path in SHIPPED.glob("[0-9]*.py"))


def load_spec(stem: str, *more: Path | str) -> Spec:
    "The shipped spec of the exercise `stem`, with the tests of the files `more` added. Raises SpecError where there is none."
    loaded = runpy.run_path(str(_shipped(stem)))
    return _spec(stem, loaded, *[runpy.run_path(str(file)) for file in more])


def outline(stem: str) -> Spec:
    "The shipped spec of the exercise `stem` as read, not run (running it may need torch): its tests have points, and no use. Raises SpecError."
    statements = ast.parse(_shipped(stem).read_text(encoding="utf-8")).body
    named = [(ast.unparse(one.targets[0]), one.value) for one in statements if isinstance(one, ast.Assign)]
    read = {name: ast.literal_eval(value) for name, value in named if name in LITERALS}
    return _spec(stem, read | dict.fromkeys(read["TESTS"], _not_run))


def _shipped(stem):
    if stem not in stems(): raise SpecError(f"There is no exercise called {stem!r}. There are: {', '.join(stems()) or 'none'}.")
    return SHIPPED / f"{stem}.py"


def _not_run(sol): raise RuntimeError("this test was read, not run: use load_spec")


def _spec(stem, *contents):
    exercise = contents[0]["EXERCISE"]
    questions = {ident: Question(ident, **known) for ident, known in exercise["questions"].items()}
    spec = Spec(stem, exercise["title"], exercise["setup"], questions)
    for content in contents: _add_tests(spec, content)
    return spec


def version_of(source: str) -> str:
    "A mark for the source of a shipped spec; an exercise's notebook carries that of the spec it was made with."
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _add_tests(spec, content):
    for function, known in content["TESTS"].items():
        run = content[function]
        test = Test(known["name"], (run.__doc__ or known["name"]).strip(), known["points"], known["hidden"], run)
        spec.questions[known["question"]].tests.append(test)
