"""What a notebook's outputs come from."""

import pytest

from genai_course.cli import build
from genai_course.cli.origin import modules_behind, origin

SOURCE = "import numpy\nfrom genai_course.grading import exercise"
FILES = {"core.py": "import os", "lone.py": "", "grading/__init__.py": "from genai_course.grading.cards import Card",
         "grading/cards.py": "from ..core import settings\nfrom . import marks", "grading/marks.py": "from genai_course.grading.cards import Card"}


def package(folder):
    for name, text in FILES.items():
        file = folder / "genai_course" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def test_modules_are_followed_through_packages_and_circles(tmp_path):
    found = {str(file.relative_to(tmp_path / "genai_course")) for file in modules_behind(SOURCE, package(tmp_path))}
    assert found == FILES.keys() - {"lone.py"}


def test_a_change_anywhere_behind_is_noticed(tmp_path):
    notebook = {"cells": [{"cell_type": "code", "source": [SOURCE]}]}
    before = origin(notebook, package(tmp_path))
    for name in FILES:
        file = tmp_path / "genai_course" / name
        file.write_text(FILES[name] + "\n")
        assert (origin(notebook, tmp_path) != before) == (name != "lone.py"), name
        file.write_text(FILES[name])


# ---- building

NAMES = ("01_first", "02_second", "course_map")


@pytest.mark.parametrize(("stem", "run"), [(None, ["02_second", "course_map"]), ("01_first", []), ("first", []), ("02_second", ["02_second"]),
                                           ("second", ["02_second"]), ("course_map", ["course_map"]), ("third", [])])  # fmt: skip
def test_what_is_stale_and_asked_for_is_run_and_the_map_always(tmp_path, monkeypatch, stem, run):
    seen = []
    for name, value in {"course_folder": lambda: tmp_path, "export_modules": seen.append, "write_tables": seen.append, "is_fresh": lambda file, root: file.stem != "02_second",
                        "notebooks_with_outputs": lambda root: [root / f"{each}.ipynb" for each in NAMES], "refresh": lambda file, root: seen.append(file.stem)}.items():  # fmt: skip
        monkeypatch.setattr(build, name, value)
    monkeypatch.setattr("genai_course.grading.build.main", lambda arguments: 0)
    assert build.build(stem) == 0 and seen == [tmp_path, tmp_path, *run]


def test_nothing_is_run_where_the_exercises_have_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "course_folder", lambda: tmp_path)
    monkeypatch.setattr(build, "export_modules", lambda root: None)
    monkeypatch.setattr(build, "notebooks_with_outputs", lambda root: pytest.fail("went on"))
    monkeypatch.setattr("genai_course.grading.build.main", lambda arguments: 1)
    assert build.build() == 1
