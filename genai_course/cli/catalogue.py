"""The lessons and tools that this clone of the course, or the installed package, holds, and the learner's copies of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genai_course.cli.copies import State, bring_up_to_date, read_copy, state
from genai_course.cli.notebooks import FrontMatter, front_matter, read_notebook


COPIED = ("lessons", "exercises")  # what a learner gets a copy of in a clone, where all else is at hand


@dataclass(frozen=True)
class Lesson:
    "One numbered notebook of the course, with its exercise if it has one."
    stem: str  # such as "02_backprop"
    words: FrontMatter
    originals: dict[str, Path]  # the course's own files: "lessons" and, as far as they are there, "exercises", "explorers" and "solutions"

    @property
    def number(self) -> int:
        "Its place in the course; 0 for a tool."
        return int(self.stem[:2])

    @property
    def builds_on(self) -> list[int]:
        "The numbers of the lessons that it needs directly."
        return [int(number) for number in re.findall(r"\d+", self.needs)]

    @property
    def needs(self) -> str:
        "The same as its line `- builds_on: 01, 04` says it, or that there is none."
        return self.words.facts.get("builds_on", "none")

    @property
    def name(self) -> str:
        "The stem without its number: the name of the module."
        return self.stem[3:]


def notebooks(course: Path) -> list[Lesson]:
    "All numbered notebooks in the order of the course, tools (00) first."
    files = sorted(file for file in (course / "nbs").glob("[0-9][0-9]_*.ipynb") if re.fullmatch(r"\d\d_\w+", file.stem))
    return [_lesson(course, file) for file in files]


def _lesson(course: Path, file: Path) -> Lesson:
    places = {"lessons": file, "exercises": course / "exercises" / file.name, "explorers": course / "nbs" / "explorers" / file.name, "solutions": course / "solutions" / file.name}
    return Lesson(file.stem, front_matter(read_notebook(file)), {kind: place for kind, place in places.items() if place.exists()})


def copies(lesson: Lesson, work: Path) -> Iterator[tuple[Path, Path]]:
    "Each original of a lesson with the place of the learner's copy of it."
    for kind, original in lesson.originals.items(): yield original, work / kind / original.name


def prepare(course: Path, work: Path, everything: bool = False) -> dict[Path, State]:
    "Make or refresh the learner's copies of all lessons and exercises, or of `everything`; returns how they stand, by file. Raises OSError."
    pairs = [pair for lesson in notebooks(course) if everything or lesson.number for pair in copies(lesson, work)]
    return {mine: bring_up_to_date(original, mine) for original, mine in pairs if everything or mine.parent.name in COPIED}


def states(lesson: Lesson, work: Path) -> dict[Path, State]:
    "How the learner's copies of a lesson stand, as far as they exist, by file."
    pairs = [(original, mine) for original, mine in copies(lesson, work) if mine.exists()]
    return {mine: state(read_notebook(original), read_copy(mine)) for original, mine in pairs}
