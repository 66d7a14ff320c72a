"""The README says what the lessons say, and shows what its own commands make."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from genai_course.cli.catalogue import notebooks
from genai_course.cli.notebooks import read_notebook
from genai_course.cli.readme import BEGIN, END, with_lessons
from genai_course.cli.trouble import Trouble
from genai_course.core import course_folder

COURSE = course_folder()
README = (COURSE / "README.md").read_text(encoding="utf-8")
LESSONS = [lesson for lesson in notebooks(COURSE) if lesson.number]


def test_its_table_is_made_of_what_the_lessons_say():
    assert with_lessons(README, LESSONS) == README, "run: python -m genai_course build"
    assert all(f"[{lesson.words.title}](nbs/{lesson.stem}.ipynb)" in README for lesson in LESSONS)


def test_the_map_that_is_shown_on_the_web_has_every_lesson():
    shown = json.dumps(read_notebook(COURSE / "nbs" / "course_map.ipynb"), ensure_ascii=False)
    assert [lesson.stem for lesson in LESSONS if f"{lesson.stem}.ipynb" not in shown] == [], "run its cell again: a lesson has come"


def test_a_table_that_has_aged_is_written_anew_and_nothing_else():
    aged = f"Above.\n{BEGIN}| old |{END}\nBelow."
    fresh = with_lessons(aged, LESSONS[:1])
    assert fresh.startswith(f"Above.\n{BEGIN}|") and fresh.endswith(f"|{END}\nBelow.") and "old" not in fresh
    assert fresh.count("\n| 0") == 1 and LESSONS[0].words.title in fresh


@pytest.mark.parametrize("lost", [BEGIN, END])
def test_a_readme_without_its_marks_is_told_so(lost):
    with pytest.raises(Trouble, match="put .* back"): with_lessons(README.replace(lost, ""), LESSONS)


def test_the_strip_at_its_top_is_what_its_command_draws(tmp_path):
    (line,) = [line for line in README.splitlines() if "--strip docs/strip.png" in line]
    (tmp_path / "docs").mkdir()
    subprocess.run([sys.executable, *shlex.split(line)[1:]], cwd=tmp_path, check=True, capture_output=True)
    shown, drawn = (np.asarray(Image.open(folder / "docs" / "strip.png").convert("RGB"), dtype=float) for folder in (COURSE, tmp_path))
    assert "](docs/strip.png)" in README.partition("## ")[0] and shown.shape == drawn.shape
    assert np.abs(shown - drawn).mean() < 2, "the weights have changed since: run the command in the README"  # processors round differently
