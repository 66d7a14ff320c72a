"""`test`: runs pytest with the course's usual circumstances; what it does not know is passed on to pytest."""

import argparse
import os
import subprocess
import sys
import tempfile

from genai_course.cli.downloads import fetch_or_say
from genai_course.cli.folders import course_folder
from genai_course.core import downloads_folder

PROCESSES = 2
ALONE = ("-n", "--numprocesses", "--pdb", "--trace", "-s", "--collect-only", "--co")  # options with which pytest runs in one process, or says itself


def pytest_arguments(others: list[str]) -> list[str]:
    "Pytest's arguments: `others`, run in two processes unless they say otherwise or there is one processor."
    said = any(other == option or other.startswith(f"{option}=") or (option == "-n" and other[:2] == "-n") for other in others for option in ALONE)
    if said or (os.cpu_count() or 1) < PROCESSES: return others
    return ["-n", str(PROCESSES), "--dist", "loadscope", *others]


def circumstances(full: bool, data: str) -> dict[str, str]:
    "The environment that tests run in: no widgets, a data folder of their own, what was downloaded shared, and how much is to run."
    amount = {"GENAI_TIME_BUDGET": "1.0" if full else "0.1", "GENAI_FULL": "1" if full else "0"}
    ours = {"GENAI_HEADLESS": "1", "GENAI_DATA": data, "OMP_NUM_THREADS": "1", **amount}
    return {**os.environ, "GENAI_DOWNLOADS": str(downloads_folder()), **ours}


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Fetch the data that tests read, and run them; returns pytest's exit status."
    fetch_or_say()
    with tempfile.TemporaryDirectory(prefix="genai_course_", ignore_cleanup_errors=True) as data:
        command = [sys.executable, "-m", "pytest", *pytest_arguments(others)]
        return subprocess.run(command, cwd=course_folder(), env=circumstances(options.full, data)).returncode
