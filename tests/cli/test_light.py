"""What runs before the environment is there: any Python reads it, and it needs no package."""

import ast
import glob
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import genai_course
from genai_course.__main__ import python_complaint

ROOT = Path(genai_course.__file__).resolve().parents[1]
HEAVY = ("numpy", "torch", "fastcore", "jupyterlab", "matplotlib", "sklearn", "ipywidgets")


def old_pythons() -> list[str]:
    "Interpreters on this machine that are older than the course needs."
    names = [shutil.which(name) for name in ("python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10")]
    names += glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python"))
    return [name for name in filter(None, names) if _is_old(name)]


def _is_old(python: str) -> bool:
    return subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info >= (3, 11))"], capture_output=True).returncode == 0


def test_an_old_python_reads_it_and_gets_one_line():
    if not (pythons := old_pythons()): pytest.skip("no Python older than 3.11 is installed here")
    for python in pythons:
        done = subprocess.run([python, "-m", "genai_course", "lab"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr.count("\n") == 1 and "Python 3.11 or newer is needed" in done.stderr


@pytest.mark.parametrize("file", ["__init__.py", "__main__.py"])
def test_the_first_files_have_nothing_that_an_old_python_cannot_read(file):
    tree = ast.parse((ROOT / "genai_course" / file).read_text(encoding="utf-8"), feature_version=(3, 4))
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef)
    assert not [node for node in ast.walk(tree) if isinstance(node, new) or getattr(node, "returns", None)]


@pytest.mark.parametrize("version, fits", [((2, 7), False), ((3, 6), False), ((3, 10), False), ((3, 11), True), ((3, 13), True), ((4, 0), True)])
def test_which_pythons_will_do(version, fits):
    assert (python_complaint(version) == "") == fits


def test_commands_need_no_package_before_the_environment():
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import genai_course.cli, genai_course.cli.commands.doctor; "
        f"genai_course.cli.parser(); sys.exit(any(name in sys.modules for name in {HEAVY}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_package_alone_imports_nothing_heavy():
    program = f"import sys, genai_course; sys.exit(any(name in sys.modules for name in {HEAVY}))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
