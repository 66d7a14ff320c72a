"""The README's table of lessons, made of what the lessons say about themselves."""

from pathlib import Path
from urllib.parse import quote

from genai_course.cli.catalogue import Lesson, notebooks
from genai_course.cli.docs_pages import quotes
from genai_course.cli.markdown import table
from genai_course.cli.trouble import Trouble
from genai_course.core import write_atomically

BEGIN, END = "<!-- The lessons: written by `python -m genai_course build`. -->\n\n", "\n\n<!-- End of the lessons. -->"


def row(lesson: Lesson) -> list[str]:
    "A lesson with the claims that it tests, the minutes of its reader, and the time that its cells take."
    title, said, facts = f"[{lesson.words.title}](nbs/{quote(lesson.stem)}.ipynb)", lesson.words.question, lesson.words.facts
    return [lesson.stem[:2], title, " ".join(f'"{claim}"' for claim in quotes(said)), facts.get("minutes", ""), facts.get("run_all", "")]


def with_lessons(readme: str, lessons: list[Lesson]) -> str:
    "The `readme` with the table of `lessons` between its two marks. Raises Trouble where they are missing."
    before, begun, rest = readme.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended): raise Trouble(f"README.md has lost the marks around its table of lessons: put {BEGIN.strip()!r} and {END.strip()!r} back.")
    return before + BEGIN + table(["", "lesson", "the claim it tests", "minutes", "all cells"], map(row, lessons)) + END + after


def write_lessons(course: Path) -> None:
    "Bring the README's table up to date. Raises Trouble, OSError."
    file = course / "README.md"
    text = file.read_text(encoding="utf-8")
    fresh = with_lessons(text, [lesson for lesson in notebooks(course) if lesson.number])
    if fresh != text: write_atomically(file, fresh)
