"""The README's tables: of lessons, made of what they say about themselves, and of figures, made of what `bench` has measured."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import quote

from genai_course.cli import BENCHES
from genai_course.cli.benches.measuring import Result
from genai_course.cli.catalogue import Lesson, notebooks
from genai_course.cli.docs_pages import quotes
from genai_course.cli.markdown import table
from genai_course.cli.trouble import Trouble
from genai_course.core import write_atomically

MEASURED = Path("docs", "measured")  # NAME.json of each family: python -m genai_course bench NAME --json docs/measured/NAME.json


def marks(name: str) -> tuple[str, str]:
    "What stands before a table and after it."
    return f"<!-- The {name}: written by `python -m genai_course build`. -->\n\n", f"\n\n<!-- End of the {name}. -->"


def row(lesson: Lesson) -> list[str]:
    "A lesson with the claims that it tests, the minutes of its reader, and the time that its cells take."
    title, said, facts = f"[{lesson.words.title}](nbs/{quote(lesson.stem)}.ipynb)", lesson.words.question, lesson.words.facts
    return [lesson.stem[:2], title, " ".join(f'"{claim}"' for claim in quotes(said)), facts.get("minutes", ""), facts.get("run_all", "")]


def lessons_table(lessons: Iterable[Lesson]) -> str:
    "All lessons, a row each."
    return table(["", "lesson", "the claim it tests", "minutes", "all cells"], map(row, lessons))


def said(value: float) -> str:
    "Three digits of a number, or all whole ones where it has more."
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def figure(name: str, result: Result) -> list[str]:
    "What was measured of the family `name` beside another implementation, and whether the goal was reached."
    low, high = result.spread
    ratio = said(result.ratio) + (f" ({said(low)} to {said(high)})" if low < high else "")
    return [result.name, with_unit(result.value, result), f"{result.peer}: {with_unit(result.peer_value, result)}", ratio, f"{result.goal}: {verdict(result)}", f"`bench {name}`"]


def with_unit(value: float, result: Result) -> str:
    "A value of a figure; a distance has no unit."
    return said(value) if result.unit == "distance" else f"{said(value)} {result.unit}"


def verdict(result: Result) -> str:
    "Whether the goal was reached, by the median of the rounds or each time as it says; and whether single rounds said otherwise."
    low, high = result.spread
    split = "each time" not in result.goal and low < float(re.search(r"[\d.]+$", result.goal)[0]) < high
    return ("reached" if result.met else "not reached") + (", though not in each round" if split and result.met else ", though in some rounds" if split else "")


def figures_table(measured: dict[str, list[Result]]) -> str:
    "All figures that have another one beside them, a row each, in the order of the families."
    rows = [figure(name, result) for name in BENCHES for result in measured.get(name, []) if result.peer]
    return table(["figure", "ours", "the other", "ratio, and its spread", "goal", "command"], rows).replace(">=", "≥").replace("<=", "≤")


def figures(course: Path) -> dict[str, list[Result]]:
    "What was measured of each family, by name. Raises Trouble for a file of no family."
    read = {file.stem: json.loads(file.read_text(encoding="utf-8"))["results"] for file in sorted((course / MEASURED).glob("*.json"))}
    if strays := [name for name in read if name not in BENCHES]: raise Trouble(f"{MEASURED / strays[0]}.json is of no family that `bench` measures: name it as one of {', '.join(BENCHES)}, or remove it.")
    return {name: [Result(**found) for found in results] for name, results in read.items()}


TABLES: dict[str, Callable[[Path], str]] = {
    "lessons": lambda course: lessons_table(lesson for lesson in notebooks(course) if lesson.number),
    "figures": lambda course: figures_table(figures(course)),
}


def with_table(readme: str, name: str, content: str) -> str:
    "The `readme` with a table's `content` between its two marks. Raises Trouble where they are missing."
    begin, end = marks(name)
    before, begun, rest = readme.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended): raise Trouble(f"README.md has lost the marks around its table of {name}: put {begin.strip()!r} and {end.strip()!r} back.")
    return before + begin + content + end + after


def with_tables(readme: str, course: Path) -> str:
    "The `readme` with all of its tables as they are now. Raises Trouble."
    for name, content in TABLES.items(): readme = with_table(readme, name, content(course))
    return readme


def write_tables(course: Path) -> None:
    "Bring the README's tables up to date. Raises Trouble, OSError."
    file = course / "README.md"
    text = file.read_text(encoding="utf-8")
    fresh = with_tables(text, course)
    if fresh != text: write_atomically(file, fresh)
