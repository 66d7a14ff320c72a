"""The README says what the lessons say, and shows what its own commands make."""

import json
import shlex
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from genai_course.cli.benches.measuring import at_most, how_much_faster, lower_than
from genai_course.cli.catalogue import notebooks
from genai_course.cli.readme import MEASURED, TABLES, figure, figures, figures_table, lessons_table, marks, with_table, with_tables
from genai_course.cli.trouble import Trouble
from genai_course.core import course_folder

COURSE = course_folder()
README = (COURSE / "README.md").read_text(encoding="utf-8")
LESSONS = [lesson for lesson in notebooks(COURSE) if lesson.number]


def test_its_tables_are_made_of_what_lessons_say_and_what_was_measured():
    assert with_tables(README, COURSE) == README, "run: python -m genai_course build"
    assert all(f"[{lesson.words.title}](nbs/{lesson.stem}.ipynb)" in README for lesson in LESSONS)
    assert all((result.name in README) == bool(result.peer) for results in figures(COURSE).values() for result in results) and figures(COURSE)


def test_a_table_that_has_aged_is_written_anew_and_nothing_else():
    begin, end = marks("lessons")
    fresh = with_table(f"Above.\n{begin}| old |{end}\nBelow.", "lessons", lessons_table(LESSONS[:1]))
    assert fresh.startswith(f"Above.\n{begin}|") and fresh.endswith(f"|{end}\nBelow.") and "old" not in fresh
    assert fresh.count("\n| 0") == 1 and LESSONS[0].words.title in fresh


@pytest.mark.parametrize("lost", [mark for name in TABLES for mark in marks(name)])
def test_a_readme_without_its_marks_is_told_so(lost):
    with pytest.raises(Trouble, match="put .* back"): with_tables(README.replace(lost, ""), COURSE)


def test_a_figure_says_what_it_is_beside_and_whether_the_goal_was_reached():
    beside = how_much_faster("steps", "another", [(1.0, 3.0), (1.0, 5.0), (2.0, 8.0)], goal=10)
    assert figure("text", beside) == ["steps", "1 seconds", "another: 5 seconds", "4 (3 to 5)", "ratio >= 10: not reached", "`bench text`"]
    assert figures_table({"text": [beside, at_most("start", 2.0, "s", [2.0, 2.0], 3)]}).count("\n") == 2  # what stands alone is left out


def test_what_single_rounds_contradict_is_said():
    rounds = [(1.0, 3.0), (1.0, 5.0), (2.0, 8.0)]
    verdict = lambda result: figure("text", result)[4].partition(": ")[2]
    assert verdict(how_much_faster("steps", "another", rounds, goal=3.5)) == "reached, though not in each round"
    assert verdict(how_much_faster("steps", "another", rounds, goal=4.5)) == "not reached, though in some rounds"
    assert verdict(how_much_faster("steps", "another", rounds, goal=2)) == "reached"
    once = lower_than("far", "distance", "another", [(1.0, 2.0)])
    assert figure("text", once)[1:5] == ["1", "another: 2", "0.5", "ratio < 1, each time: reached"]


def test_figures_of_no_family_are_told(tmp_path):
    (tmp_path / MEASURED).mkdir(parents=True)
    (tmp_path / MEASURED / "text.json").write_text(json.dumps({"results": [at_most("start", 2.0, "s", [1.0, 3.0], 3).as_json()]}))
    assert figures(tmp_path)["text"][0].spread == [1.0, 3.0]
    (tmp_path / MEASURED / "speed.json").write_text(json.dumps({"results": []}))
    with pytest.raises(Trouble, match="of no family"): figures(tmp_path)


def test_the_strip_at_its_top_is_what_its_command_draws(tmp_path):
    (line,) = [line for line in README.splitlines() if "--strip strip.png" in line]
    subprocess.run([sys.executable, *shlex.split(line)[1:]], cwd=tmp_path, check=True, capture_output=True)
    shown, drawn = (np.asarray(Image.open(folder / "strip.png").convert("RGB"), dtype=float) for folder in (COURSE / "docs", tmp_path))
    assert "](docs/strip.png)" in README.partition("## ")[0] and shown.shape == drawn.shape
    assert np.abs(shown - drawn).mean() < 2, "the weights have changed since: run the command in the README, with docs/strip.png"  # processors round differently
