"""`doctor`: looks for what is wrong with this machine's set-up and says the mend, line by line. Needs Python alone."""

import argparse
import subprocess
import sys
from pathlib import Path

from genai_course.cli.checkup import Finding, machine_findings, place_of
from genai_course.cli.environment import add_to_path, runs_in
from genai_course.cli.folders import CARRIED, course_folder, environment_folder, python_in
from genai_course.cli.requirements import how_to_install, missing
from genai_course.cli.stamp import is_ready


def _environment_finding(course: Path) -> Finding:
    environment = environment_folder(course)
    if not runs_in(environment) and not missing(course): return Finding(True, f"packages: all are in {sys.prefix}; no .venv is needed")
    if course == CARRIED: return Finding(False, f"packages: {', '.join(missing(course))} not in {sys.prefix}", f"run: {how_to_install(missing(course))}")
    if is_ready(course, environment): return Finding(True, f"packages: complete in {environment}")
    state = "half made or out of date" if environment.exists() else "not made yet"
    return Finding(False, f"packages: {environment} is {state}", "run: python -m genai_course")


def _inner_status(course: Path) -> int:
    "Look at what only the environment's own interpreter can see; prints its findings and returns the status."
    python = python_in(environment_folder(course)) if missing(course) else Path(sys.executable)
    add_to_path(course)
    return subprocess.run([str(python), "-m", "genai_course.cli.checkup_inside"], cwd=place_of(course)).returncode


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Print every finding; returns 1 if something must be mended."
    course = course_folder()
    outside = [*machine_findings(course), _environment_finding(course)]
    for finding in outside: print(finding)
    sys.stdout.flush()
    inside = _inner_status(course) if outside[-1].good else 1
    good = all(finding.good for finding in outside) and inside == 0
    print("Everything is in order." if good else "Something must be mended: see the lines that begin with ✗.")
    return 0 if good else 1
