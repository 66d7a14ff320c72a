"""What `test --full` adds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
EXAMPLE = """
import hypothesis, pytest

@pytest.mark.full
def test_long(): pass

def test_more(full): assert full == (hypothesis.settings.default.max_examples == 1000)
"""
LESSONS = """
import pytest

@pytest.mark.parametrize("name", ["01_prediction.ipynb", "08_transformer.ipynb", "00_core.ipynb", "explorers/01_prediction.ipynb"])
def test_a_notebook_runs_from_top_to_bottom(name): pass
"""


@pytest.mark.parametrize("full, outcome", [("0", "1 passed, 1 skipped"), ("1", "2 passed")])
def test_long_tests_run_only_where_everything_is_to_run(tmp_path, full, outcome):
    assert outcome in said(tmp_path, EXAMPLE, full)


def said(folder, tests, full):
    "What pytest says of `tests` in an empty folder with the course's conftest."
    shutil.copy(CONFTEST, folder)
    (folder / "test_example.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(folder)]
    return subprocess.run(command, cwd=folder, env={**os.environ, "GENAI_FULL": full}, capture_output=True, text=True).stdout


def test_with_everything_the_lessons_times_are_a_table(tmp_path):
    whole = said(tmp_path, LESSONS, "1")
    assert re.search(r"^01_prediction +0 s, stated +60 s\n08_transformer +0 s, stated +\d+ s\n2 lessons +0.0 minutes$", whole, re.M), whole
    assert "stated" not in said(tmp_path, LESSONS, "0") and "4 passed" in whole
