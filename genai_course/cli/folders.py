"""Where the course and its environment are on this machine."""

import os
from pathlib import Path

from genai_course.cli.trouble import Trouble

PACKAGE = Path(__file__).resolve().parents[1]
CARRIED = PACKAGE / "course"  # the notebooks that a wheel brings along (setup.py); a clone has no such folder
MARK = ".genai_course.json"  # the file that marks a folder which `lab` has unpacked them into


def _is_course(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("nbs", "genai_course", "pyproject.toml"))


def course_folder() -> Path:
    "The clone of the course that this package is part of, else the one around the working directory, else what the installed package carries. Raises Trouble if there is none."
    for folder in [PACKAGE.parent, Path.cwd(), *Path.cwd().parents]:
        if _is_course(folder): return folder
    if CARRIED.is_dir(): return CARRIED
    raise Trouble(f"the course's notebooks are not at {Path.cwd()}. Go into a clone of the course, which has a folder nbs, and start again.")


def clone_folder(command: str) -> Path:
    "The clone of the course, for a `command` that needs one. Raises Trouble where the course is an installed package."
    if (course := course_folder()) != CARRIED: return course
    raise Trouble(f"{command} works on the course's own files, and this is an installed package without them. Go into a clone of the course, and start again.")


def unpacked_folder() -> Path | None:
    "The folder at or above the working directory that an installed course has unpacked its notebooks into."
    return next((folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / MARK).is_file()), None)


def constraints_file(course: Path) -> Path:
    "The file of exact versions that set-up installs."
    return (PACKAGE if course == CARRIED else course / "genai_course") / "constraints.txt"


def environment_folder(course: Path) -> Path:
    "The virtual environment that set-up makes."
    return course / ".venv"


def python_in(environment: Path) -> Path:
    "The interpreter of a virtual environment."
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def packages_in(environment: Path) -> list[Path]:
    "The folders of a virtual environment that hold installed packages; none before it is made."
    pattern = "Lib/site-packages" if os.name == "nt" else "lib/python3*/site-packages"
    return sorted(environment.glob(pattern))
