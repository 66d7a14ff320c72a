"""The pages of the web site that are made of what other files say: its front page, and the lists of lessons, claims, explorers, tools and exercises."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from genai_course.cli.catalogue import Lesson
from genai_course.cli.docs_api import Module
from genai_course.cli.docs_cells import headings, target
from genai_course.cli.markdown import capitalised, table
from genai_course.cli.notebooks import front_matter, read_notebook, source_of
from genai_course.cli.trouble import Trouble

END_OF_FIRST_SCREEN = "\n## Lessons"
VERDICT = re.compile(r"^\|\s*(\S.*?)\s*\|\s*(\*\*.+?)\s*\|$", re.M)  # a row of the table in a lesson's last section
HOW_TO_CHECK = """
Each lesson has an exercise: a notebook with blanks to fill in, and checks that say on the spot what went wrong. In JupyterLab (`python -m genai_course`) open one from the
course map; you work in a copy of your own, which nothing overwrites.

- Run the cell below a question to **check** your answer. A wrong one is told what went wrong: with which input, what came out, and what should have.
- Stuck? `hint("q1")` in a cell of its own gives a hint, a little more each time.
- `python -m genai_course progress` shows how far you are; `python -m genai_course grade work/exercises/02_backprop.ipynb` gives the points as an instructor sees them.
- The answers, with an explanation, lie in the folder `solutions` of the course. They are not on this site.
"""


def lesson_link(lesson: Lesson) -> str:
    "A link from a page at the root to a lesson or tool."
    number = f"{lesson.stem[:2]} · " if lesson.number else ""
    return f"[{number}{lesson.words.title}](nbs/{lesson.stem}.ipynb)"


def quotes(question: str) -> list[str]:
    "What people claim, out of a lesson's question: the whole sentences between quotation marks."
    return [capitalised(claim) for claim in re.findall(r'"([^"]+[.!?])"', question)]


def verdicts(lesson: Lesson) -> tuple[int, list[tuple[str, str]]]:
    "Claims and verdicts, as the table at the end of a lesson has them, and the number of the heading above it."
    count = 0
    for text in [source_of(cell) for cell in read_notebook(lesson.originals["lessons"])["cells"] if cell["cell_type"] == "markdown"]:
        count += len(headings(text))
        if re.search(r"^\|\s*claim\s*\|\s*verdict\s*\|", text, re.M): return count - 1, VERDICT.findall(text)
    return 0, []


def lessons_page(lessons: list[Lesson]) -> str:
    "The lessons in their order."
    rows = [[lesson_link(lesson), lesson.words.question, lesson.words.facts.get("minutes", ""), lesson.needs, lesson.words.facts.get("run_all", "")] for lesson in lessons]
    total = sum(int(lesson.words.facts.get("minutes", 0)) for lesson in lessons)
    said = f"{len(lessons)} lessons, about {total / 60:.0f} hours of work. *Builds on* says which lessons one needs, beside what these need themselves; *all cells* how long it computes on two processor cores."
    return f"# Lessons\n\n{said}\n\n" + table(["Lesson", "The claim, and what you do about it", "Minutes", "Builds on", "All cells"], rows) + "\n"


def claims_page(lessons: list[Lesson]) -> str:
    "The claims that lessons test, with what came out."
    said = "What articles, talks and comments say about generative AI, and what the lesson found that tests it. Verdicts hold for what the lesson measured; it says how far that goes."
    parts = ["# Claims", said, "## What each lesson begins with", table(["People say", "Tested in"], [[f'"{claim}"', lesson_link(lesson)] for lesson in lessons for claim in quotes(lesson.words.question)])]
    for lesson in lessons:
        number, found = verdicts(lesson)
        if found: parts += [f"## {lesson.words.title}", f"From [the end of lesson {lesson.stem[:2]}](#{target(lesson.stem, number)}):", table(["Claim", "Verdict"], found)]
    return "\n\n".join(parts) + "\n"


def explorers_page(explorers: Mapping[str, Path], live: Iterable[str]) -> str:
    "The explorers; `live` are the stems of those with views that work in the page."
    rows = []
    for stem, file in explorers.items():
        words = front_matter(read_notebook(file))
        place = f"nbs/{stem}.ipynb" if stem.startswith("00") else f"nbs/explorers/{stem}.ipynb"
        rows.append([f"[{words.title}]({place})", words.question, "works in the page" if stem in live else "pictures; live in JupyterLab"])
    said = ("Explorers let you change the numbers and watch what happens, by mouse or keyboard. Most ask Python, so they come alive in JupyterLab (`python -m genai_course`) and stand here as "
            "pictures, each with its description. Those that work by themselves are live on this site too.")  # fmt: skip
    return f"# Explorers\n\n{said}\n\n" + table(["Explorer", "What it shows", "Here"], rows) + "\n"


def tools_page(tools: list[Lesson]) -> str:
    "The tools that lessons share."
    rows = [[lesson_link(tool), tool.words.question, f"[`genai_course.{tool.name}`](api/{tool.name}.md)"] for tool in tools]
    return "# Tools\n\nWhat the lessons share, each shown at work in a notebook of its own.\n\n" + table(["Tool", "What for", "Reference"], rows) + "\n"


def exercises_page(lessons: list[Lesson], questions: Mapping[str, int]) -> str:
    "The exercises, with how to check them; `questions` says how many each has, by stem."
    found = {lesson.stem: front_matter(read_notebook(lesson.originals["exercises"])).title for lesson in lessons if "exercises" in lesson.originals}
    rows = [[f"[{found[lesson.stem]}](exercises/{lesson.stem}.ipynb)", lesson_link(lesson), str(questions.get(lesson.stem, ""))] for lesson in lessons if lesson.stem in found]
    tree = toctree("", [f"{stem[:2]} {title} <exercises/{stem}>" for stem, title in found.items()])
    return f"# Exercises\n{HOW_TO_CHECK}\n" + table(["Exercise", "Lesson", "Questions"], rows) + "\n\n" + tree


def api_index(modules: list[Module]) -> str:
    "The modules of the library."
    rows = [[f"[`{module.name}`]({module.stem}.md)", front_matter(read_notebook(module.notebook)).title] for module in modules]
    said = "Everything that lessons and tools export, to be imported in projects of your own. Shapes, units and errors are said with each name; each links to the section that builds it."
    return f"# Library\n\n{said}\n\n" + table(["Module", "Built in"], rows) + "\n\n" + toctree("", [f"{module.stem} <{module.stem}>" for module in modules])


def toctree(caption: str, entries: Iterable[str]) -> str:
    "A hidden table of contents, which gives the side bar its part called `caption`."
    return "\n".join(["```{toctree}", ":hidden:", *([f":caption: {caption}"] if caption else []), "", *entries, "```"]) + "\n"


def first_screen(readme: str) -> str:
    "What the README says before its list of lessons. Raises Trouble where it has none."
    screen, found, _ = readme.partition(END_OF_FIRST_SCREEN)
    if not found: raise Trouble(f"README.md has no heading {END_OF_FIRST_SCREEN.strip()!r}: the site's front page ends there. Give it one.")
    return screen


def guides(course: Path) -> dict[str, str]:
    "The pages that are written by hand, but for the glossary, with their titles: `docs/instructors` and so on."
    files = [file for file in sorted((course / "docs").glob("*.md")) if file.stem != "glossary"]
    titles = {f"docs/{file.stem}": file.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ") for file in files}
    return titles | {name: title for name, title in {"CONTRIBUTING": "For authors", "CHANGELOG": "Changelog"}.items() if (course / f"{name}.md").exists()}


def guide(title: str, text: str) -> str:
    "A page that is written by hand: with `title` above it, where it has several titles of its own."
    lines = text.split("\n")
    marked = [at for at in headings(text) if lines[at].startswith("#")]
    if sum(lines[at].startswith("# ") for at in marked) < 2: return text
    for at in marked: lines[at] = f"#{lines[at]}"
    return "\n".join([f"# {title}", "", *lines])


def front_page(course: Path, lessons: list[Lesson], tools: list[Lesson], explorers: Mapping[str, Path]) -> str:
    "The front page: the README's first screen, and the whole site in the side bar."
    titled = [f"{lesson.stem[:2]} {lesson.words.title.split(':')[0]} <nbs/{lesson.stem}>" for lesson in lessons]
    live = [f"{stem[:2]} {front_matter(read_notebook(file)).title.split(': ', 1)[-1]} <nbs/explorers/{stem}>" for stem, file in explorers.items() if not stem.startswith("00")]
    reference = [f"{title} <{name}>" for title, name in {"Library": "api/index", "Glossary": "docs/glossary"}.items() if name != "docs/glossary" or (course / "docs/glossary.md").exists()]
    trees = {"Lessons": ["All lessons <lessons>", *titled, "Claims <claims>", "Exercises <exercises>", "Is my result normal? <normal>"], "Explorers": ["All explorers <explorers>", *live],
             "Tools": ["All tools <tools>", *[f"{tool.words.title.split(':')[0]} <nbs/{tool.stem}>" for tool in tools]],
             "Reference": reference, "Guides": [f"{title} <{name}>" for name, title in guides(course).items()]}  # fmt: skip
    ways = "Go on with the [lessons](lessons.md), the [claims](claims.md) that they test, the [explorers](explorers.md), or the [library](api/index.md) that they build."
    return "\n\n".join([first_screen((course / "README.md").read_text(encoding="utf-8")), ways, *[toctree(caption, entries) for caption, entries in trees.items() if entries]])
