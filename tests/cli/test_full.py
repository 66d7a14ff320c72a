"""What `test --full` adds."""

import os
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


@pytest.mark.parametrize("full, outcome", [("0", "1 passed, 1 skipped"), ("1", "2 passed")])
def test_long_tests_run_only_where_everything_is_to_run(tmp_path, full, outcome):
    shutil.copy(CONFTEST, tmp_path)
    (tmp_path / "test_example.py").write_text(EXAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "GENAI_FULL": full}, capture_output=True, text=True)
    assert outcome in done.stdout, done.stdout
