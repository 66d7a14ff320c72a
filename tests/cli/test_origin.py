"""What a notebook's outputs come from."""

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
