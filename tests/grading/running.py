"""Runs the real command on small classes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from corpus.files import ROOT, Case, write_all

GRADE = [sys.executable, "-m", "genai_course", "grade"]


def grade(*arguments, cwd=ROOT, **variables):
    "The finished command `grade` with these arguments."
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run([*GRADE, *map(str, arguments)], cwd=cwd, env=surroundings, capture_output=True, text=True)


def started(*arguments) -> subprocess.Popen:
    "The command `grade`, at work."
    return subprocess.Popen([*GRADE, *map(str, arguments)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def reports(folder: Path) -> dict[str, dict]:
    "The reports in a folder of grades, by student, without what may differ between two runs."
    found = [json.loads(file.read_text()) for file in (folder / "reports").glob("*.json")]
    return {report["student"]: _without_times(report) for report in found}


def _without_times(thing):
    if isinstance(thing, dict): return {key: _without_times(value) for key, value in thing.items() if key != "seconds"}
    return [_without_times(item) for item in thing] if isinstance(thing, list) else thing


def is_right(report: dict, case: Case) -> bool:
    "Whether a report says what a case must get."
    if case.solved is None: return report["status"] == "unreadable"
    return report["status"] == "ok" and {one["id"] for one in report["questions"] if one["score"] == one["max"]} == set(case.solved)


def some(folder: Path, cases: list[Case]) -> Path:
    "The submissions of some cases."
    return write_all(folder / "submissions", cases)
