"""Which lesson's exercise a submission is."""

import ast
import re
from functools import cache

from genai_course.grading.classes.definitions import defined_names
from genai_course.grading.classes.magics import parse
from genai_course.grading.classes.reading import Reading, Unreadable
from genai_course.grading.spec import SHIPPED, SpecError, stems, version_of

OPENING = re.compile(r"""\bexercise\(\s*["'](\w+)["']""")  # as in exercise("02_backprop", globals())


def lesson_called(name: str) -> str:
    "The stem of the lesson with this number (6 or 06), name or stem. Raises SpecError where there is none."
    found = [stem for stem in stems() if name in (stem, stem[:2], stem[:2].lstrip("0"), stem[3:])]
    if not found: raise SpecError(f"There is no exercise for lesson {name!r}. There are: {', '.join(stems())}.")
    return found[0]


def lesson_of(reading: Reading) -> str:
    "The stem of the lesson, by the notebook's mark, its opening cell, or the functions it defines. Raises Unreadable where none tells."
    for stem in [reading.mark("exercise"), *[found[1] for cell in reading.cells if (found := OPENING.search(cell.source))]]:
        if stem in stems(): return stem
    return _by_functions(reading)


def version_warnings(reading: Reading, stem: str) -> list[str]:
    "A warning where the notebook is of another lesson, or was made with other tests, than those that it is graded with."
    made_for, version = reading.mark("exercise"), reading.mark("spec")
    if made_for and made_for != stem: return [f"The notebook says that it is {made_for}; it was graded as {stem}."]
    if version in ("", version_of((SHIPPED / f"{stem}.py").read_text(encoding="utf-8"))): return []
    return ["The exercise was revised after this notebook was made: the tests are newer than the submission. Read its questions beside the new ones."]


def _by_functions(reading):
    defined = {name for cell in reading.cells if (tree := parse(cell.source)) for name in defined_names(tree)}
    counts = {stem: len(defined & _asked_for(stem)) for stem in stems()}
    best = [stem for stem, count in counts.items() if count and count == max(counts.values())]
    if len(best) != 1: raise Unreadable("It is not clear which lesson this is. Name it, as in --lesson 02.")
    return best[0]


@cache
def _asked_for(stem: str) -> set[str]:
    "The functions that an exercise asks for, read from its spec without running that."
    tree = ast.parse((SHIPPED / f"{stem}.py").read_text(encoding="utf-8"))
    exercise = next(node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "EXERCISE")
    return {name for question in ast.literal_eval(exercise)["questions"].values() for name in question["names"]}
