"""A small course in a temporary folder, and ways to run the commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def notebook(*cells: tuple[str, str]) -> dict:
    "A notebook of (kind, source) cells."
    made = [{"cell_type": kind, "id": f"cell{number}", "metadata": {}, "source": source} for number, (kind, source) in enumerate(cells)]
    for cell in made:
        if cell["cell_type"] == "code": cell |= {"outputs": [], "execution_count": None}
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def write_notebook(file: Path, *cells: tuple[str, str]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    return file


def first_words(title: str, question: str, minutes: int, *facts: str) -> tuple[str, str]:
    return "markdown", "\n- ".join([f"# {title}\n\n> {question}\n\n- minutes: {minutes}", "run_all: 60 s", *facts])


@pytest.fixture
def course(tmp_path) -> Path:
    "A course with a tool and two lessons, the second with an exercise."
    folder = tmp_path / "my course"
    write_notebook(folder / "nbs/00_core.ipynb", ("markdown", "# Core\n\n> What all share."))
    write_notebook(folder / "nbs/01_first.ipynb", first_words("First", "Why?", 30), ("code", "1 + 1"))
    write_notebook(folder / "nbs/02_second.ipynb", first_words("Second", "How?", 90, "builds_on: 01"), ("code", "2 + 2"))
    write_notebook(folder / "nbs/course_map.ipynb", ("markdown", "# Map"), ("code", "course_map()"))
    write_notebook(folder / "exercises/02_second.ipynb", ("markdown", "# Exercise"), ("code", "answer = None"))
    (folder / "genai_course").mkdir()
    (folder / "genai_course/constraints.txt").write_text("# What the lessons run on\npip==26.3\nsetuptools==84.2.1\ntorch==2.13.0\n")
    (folder / "pyproject.toml").write_text('[project]\ndependencies = ["no-such-package>=1"]\noptional-dependencies = {dev = ["no-other>=2"], bench = []}\n')
    return folder


@pytest.fixture
def run():
    "Run the course's command in a process of its own: run('lab', '--port', '1', cwd=...)."
    def run(*arguments, cwd=ROOT, **variables):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
        command = [sys.executable, "-m", "genai_course", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)
    return run
