"""The course map: every lesson of this clone with its question, minutes, state and links, as markdown and as a notebook."""

import json
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

from genai_course.cli.catalogue import Lesson, copies, notebooks, states
from genai_course.cli.copies import State, as_copy, bring_up_to_date, read_copy
from genai_course.cli.folders import course_folder
from genai_course.cli.markdown import table
from genai_course.cli.notebooks import read_notebook, source_hash
from genai_course.cli.unpacking import work_folder
from genai_course.core import write_atomically
from genai_course.grading import lessons as exercise_records

NEWER = "A newer version of {files} exists; yours is kept. To get the new one, rename or delete yours and start again."


class CourseMap:
    "The map as a notebook cell shows it."

    def __init__(self, text: str): self.text = text

    def __repr__(self) -> str: return self.text

    def _repr_markdown_(self) -> str: return self.text


def course_map(here: Path | None = None) -> CourseMap:
    "The map of the course with your own state, its links counted from the folder `here` (default: the working directory)."
    course, work, here = course_folder(), work_folder(), here or Path.cwd()
    numbered, records = notebooks(course), {record["stem"]: record for record in exercise_records()}
    lessons, done = [lesson for lesson in numbered if lesson.number > 0], {stem for stem, record in records.items() if record["done"]}
    rows = [_row(lesson, work, here, records.get(lesson.stem)) for lesson in lessons]
    tools = [[_link(lesson.words.title or lesson.name, _places(lesson, work)["lessons"], here), lesson.words.question] for lesson in numbered if lesson.number == 0]
    parts = [_progress(lessons, done, work, here), table(["Lesson", "Its question", "Minutes", "Builds on", "Where you are", "Exercise"], rows), *_notes(lessons, work)]
    parts += ["**Tools** that the lessons share, each shown at work:", table(["Tool", "What for"], tools)]
    return CourseMap("\n\n".join(parts))


def _link(text: str, target: Path, here: Path) -> str:
    return f"[{text}]({quote(os.path.relpath(target, here).replace(os.sep, '/'))})"


def _places(lesson: Lesson, work: Path) -> dict[str, Path]:
    "Where a lesson's notebooks are opened: the learner's copies, or the originals where there are none."
    return {mine.parent.name: mine if mine.exists() else original for original, mine in copies(lesson, work)}


def _title(lesson: Lesson, work: Path, here: Path) -> str:
    return _link(f"{lesson.stem[:2]} {lesson.words.title}", _places(lesson, work)["lessons"], here)


def opened_by(done: Collection[str], lessons: Sequence[Lesson]) -> list[Lesson]:
    "The lessons still to do for which nothing is missing, once those with the stems `done` are; one without an exercise keeps none closed."
    missing = {lesson.number for lesson in lessons if "exercises" in lesson.originals and lesson.stem not in done}
    return [lesson for lesson in lessons if lesson.stem not in done and missing.isdisjoint(lesson.builds_on)]


def _progress(lessons: Sequence[Lesson], done: Collection[str], work: Path, here: Path) -> str:
    "How far the learner is, and which lessons that opens."
    graded = [lesson for lesson in lessons if "exercises" in lesson.originals]
    finished, opened = [lesson for lesson in graded if lesson.stem in done], opened_by(done, lessons)
    said = f"**Done:** the exercises of {len(finished)} of {len(graded)} lessons, {_minutes(finished)} of {_minutes(graded)} minutes."
    return f"{said} **Open to you**, for what they build on is done: {' · '.join(_title(lesson, work, here) for lesson in opened)}" if opened else said


def _minutes(lessons: Iterable[Lesson]) -> str:
    return f"{sum(int(lesson.words.facts.get('minutes', 0)) for lesson in lessons):,}"


def _row(lesson: Lesson, work: Path, here: Path, record: dict | None) -> list[str]:
    places, facts = _places(lesson, work), lesson.words.facts
    exercise = _link("open the exercise", places["exercises"], here) if "exercises" in places else "none"
    return [_title(lesson, work, here), lesson.words.question, facts.get("minutes", ""), lesson.needs, _state(lesson, work, record), exercise]


def _state(lesson: Lesson, work: Path, record: dict | None) -> str:
    if record and record["done"]: return f"● done ({record['solved']} of {record['questions']})"
    if record and record["solved"]: return f"◑ exercise {record['solved']} of {record['questions']}"
    opened = any(found is not State.NEW for found in states(lesson, work).values())
    return "◔ opened" if opened else "○ new"


def _notes(lessons: Iterable[Lesson], work: Path) -> list[str]:
    found = [pair for lesson in lessons for pair in states(lesson, work).items()]
    outdated = [f"`{mine.relative_to(work).as_posix()}`" for mine, stands in found if stands is State.OUTDATED]
    return [NEWER.format(files=", ".join(outdated))] if outdated else []


def write_map(course: Path, work: Path) -> Path:
    "Write the map's notebook into the folder `work`, showing the present state without being run, unless it was edited there; returns its path. Raises OSError."
    file, original = work / "course_map.ipynb", read_notebook(course / "nbs" / "course_map.ipynb")
    bring_up_to_date(course / "nbs" / "course_map.ipynb", file)
    if (mine := read_copy(file)) is None or source_hash(mine) != source_hash(original): return file
    notebook = as_copy(original)
    text = course_map(work).text
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/markdown": text, "text/plain": text}}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code": cell.update(outputs=[output], execution_count=1)
    return write_atomically(file, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
