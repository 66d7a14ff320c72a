"""Builds the course's web site: pages are made into a temporary folder that mirrors the course, Sphinx makes HTML of them, and the whole takes the place of the old site."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from pathlib import Path

from filelock import FileLock, Timeout

from genai_course.cli import docs_pages as pages
from genai_course.cli import normal
from genai_course.cli.catalogue import Lesson, notebooks
from genai_course.cli.docs_api import api_page, modules
from genai_course.cli.docs_cells import page
from genai_course.cli.docs_live import script, script_name, may_have_views, view_html, views
from genai_course.cli.notebooks import read_notebook
from genai_course.cli.recipe_list import recipe_lines
from genai_course.cli.trouble import Trouble, explained

CONF = "from genai_course.cli.docs_conf import *\n"
LINK = re.compile(r"\]\(([^)\s#]+)")
ALWAYS_LIVE = "00_gallery"  # the tool whose charts all work in the page


def said_of(lesson: Lesson, explorers: Mapping[str, Path]) -> str:
    "What stands under a lesson's title: how long it takes, and where its explorers and its exercise are."
    facts = lesson.words.facts
    parts = [f"{facts['minutes']} minutes" if "minutes" in facts else "", f"all cells run in {facts['run_all']}" if "run_all" in facts else "", f"builds on {facts['builds_on']}" if "builds_on" in facts else ""]
    parts += [f"[explorers](explorers/{lesson.stem}.ipynb)" if lesson.stem in explorers else "", f"[exercise](../exercises/{lesson.stem}.ipynb)" if "exercises" in lesson.originals else ""]
    return " · ".join(part for part in [*parts, f"[`genai_course.{lesson.name}`](../api/{lesson.name}.md)"] if part)


class Source:
    "The folder that Sphinx reads: it mirrors the course, so that links between its files hold."
    def __init__(self, course: Path, folder: Path):
        self.course, self.folder, self.static = course, folder, folder / "_static"
        self.static.mkdir(parents=True)

    def write(self, name: str, text: str) -> None:
        "Write a page, and bring along the files of the course that it links to."
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        for link in LINK.findall(text): self.bring((file.parent / link).resolve())

    def bring(self, wanted: Path) -> None:
        "Copy a file of the course to the same place here, unless it is a page or not there."
        if not wanted.is_relative_to(self.folder.resolve()): return
        name = wanted.relative_to(self.folder.resolve())
        if wanted.exists() or not (self.course / name).is_file() or name.suffix in (".md", ".ipynb"): return
        wanted.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.course / name, wanted)

    def notebook(self, file: Path, said: str, live: bool) -> bool:
        "Make the page of a notebook; returns whether it has views that work in the page. Raises Trouble."
        name, notebook = file.relative_to(self.course), read_notebook(file)
        stem = file.stem if file.parent.name == "nbs" else f"{file.parent.name}-{file.stem}"
        found = views(notebook, file.parent) if live and may_have_views(notebook) else {}
        way = "/".join([".."] * (len(name.parts) - 1) + ["_static"])
        html = {cell: [self.view(view, f"{stem}-{cell}-{number}", way) for number, view in enumerate(handed)] for cell, handed in found.items()}
        made = page(notebook, stem, said, html)
        self.write(name.as_posix(), dumps(made, ensure_ascii=False))
        return bool(found)

    def exercise(self, lesson: Lesson) -> None:
        "Make the page of a lesson's exercise, if it has one, with the notebook itself to take home."
        if "exercises" not in lesson.originals: return
        original = self.folder / "originals" / f"{lesson.stem}.ipynb"
        original.parent.mkdir(exist_ok=True)
        shutil.copyfile(lesson.originals["exercises"], original)
        self.notebook(lesson.originals["exercises"], f"[Lesson {lesson.stem[:2]}](../nbs/{lesson.stem}.ipynb) · {{download}}`the notebook <../originals/{original.name}>`", False)

    def view(self, view: Mapping, name: str, way: str) -> str:
        "The HTML of a live view, whose script is put among the static files."
        (self.static / script_name(view["module"])).write_text(script(view["module"], (self.course / "genai_course/static/page.js").read_text(encoding="utf-8")), encoding="utf-8")
        return view_html(view, name, way)


def questions() -> dict[str, int]:
    "How many questions each exercise has, by stem."
    from genai_course.grading import lessons
    return {record["stem"]: record["questions"] for record in lessons()}


def make_source(course: Path, folder: Path) -> None:
    "Fill `folder` with what Sphinx reads. Raises Trouble, OSError."
    source, numbered = Source(course, folder), notebooks(course)
    lessons, tools = [lesson for lesson in numbered if lesson.number], [lesson for lesson in numbered if not lesson.number]
    explorers = {file.stem: file for file in sorted((course / "nbs" / "explorers").glob("*.ipynb"))}
    live = {lesson.stem for lesson in tools if source.notebook(lesson.originals["lessons"], f"[`genai_course.{lesson.name}`](../api/{lesson.name}.md)", lesson.stem == ALWAYS_LIVE)}
    for lesson in lessons: source.notebook(lesson.originals["lessons"], said_of(lesson, explorers), False)
    for lesson in lessons: source.exercise(lesson)
    live |= {stem for stem, file in explorers.items() if source.notebook(file, f"[Lesson {stem[:2]}](../{stem}.ipynb)", True)}
    gallery = {lesson.stem: lesson.originals["lessons"] for lesson in tools if lesson.stem == ALWAYS_LIVE}
    made = modules(course)
    generated = {"index": pages.front_page(course, lessons, tools, explorers), "lessons": pages.lessons_page(lessons), "claims": pages.claims_page(lessons), "tools": pages.tools_page(tools),
                 "explorers": pages.explorers_page(explorers | gallery, live), "exercises": pages.exercises_page(lessons, questions()), "api/index": pages.api_index(made),
                 "normal": normal.page(recipe_lines())}  # fmt: skip
    for name, text in (generated | {f"api/{module.stem}": api_page(module) for module in made}).items(): source.write(f"{name}.md", text)
    for name, title in (pages.guides(course) | {"docs/glossary": "Glossary"}).items():
        if (course / f"{name}.md").exists(): source.write(f"{name}.md", pages.guide(title, (course / f"{name}.md").read_text(encoding="utf-8")))
    for file in [*(course / "docs" / "site").glob("*.*"), course / "genai_course/static/style.css"]: shutil.copy(file, source.static)
    (folder / "normal").mkdir()
    for name, png in normal.pictures().items(): (folder / "normal" / f"{name}.png").write_bytes(png)
    (folder / "conf.py").write_text(CONF, encoding="utf-8")


def make_html(source: Path, out: Path, jobs: str = "auto") -> None:
    "Let Sphinx make HTML. Raises Trouble where it warns, such as of a link that leads nowhere."
    from sphinx.cmd.build import main as sphinx

    options = ["-b", "html", "-q", "-W", "--keep-going", "-j", jobs, "-d", str(source.with_name("doctrees"))]
    if sphinx([*options, str(source), str(out)]): raise Trouble("the site has faults, listed above; the old one, if any, is as it was. Mend them and start again.")


def check_place(out: Path) -> None:
    "Raise Trouble unless the site may be put at `out`: there is nothing yet, or a site, or an empty folder."
    if out.exists() and not out.is_dir(): raise Trouble(f"{out} is a file: give --out a folder.")
    if out.exists() and any(out.iterdir()) and not (out / ".buildinfo").exists():
        raise Trouble(f"{out} holds other files than a site, which would be lost: give --out another folder.")


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    "A temporary folder beside `out` for one build at a time; takes away what a killed build has left. Raises Trouble, OSError."
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out.parent / f".{out.name}.lock", timeout=0):
            old = out.with_name(f".{out.name}.old")
            if old.exists() and not out.exists(): old.rename(out)  # killed between the two moves of `replace`
            for left in [old, *out.parent.glob(f".{out.name}.new-*")]: shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=f".{out.name}.new-", dir=out.parent, ignore_cleanup_errors=True) as folder: yield Path(folder)
    except Timeout: raise Trouble(f"another build is writing {out}: wait for it, or give another --out.") from None


def replace(new: Path, out: Path) -> None:
    "Put the folder `new` in the place of `out`. Raises OSError, the old one left or put back."
    old = out.with_name(f".{out.name}.old")
    if out.exists(): out.rename(old)
    try: new.rename(out)
    except OSError:
        if old.exists(): old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def build(course: Path, out: Path) -> Path:
    "Build the site of `course` at `out`; returns its front page. Raises Trouble."
    check_place(out)
    try:
        with workshop(out) as folder:
            make_source(course, folder / "source")
            make_html(folder / "source", folder / "html")
            replace(folder / "html", out)
    except OSError as error: raise explained(error) from error
    return out / "index.html"
