"""Where the course and its environment are on this machine."""

import os
from pathlib import Path

from genai_course.cli.trouble import Trouble


def _is_course(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("nbs", "genai_course", "pyproject.toml"))


def course_folder() -> Path:
    "The clone of the course that this package is part of, else the one around the working directory. Raises Trouble if there is none."
    package = Path(__file__).resolve().parents[2]
    for folder in [package, Path.cwd(), *Path.cwd().parents]:
        if _is_course(folder): return folder
    raise Trouble(f"the course's notebooks are not at {Path.cwd()}. Go into a clone of the course, which has a folder nbs, and start again.")


def constraints_file(course: Path) -> Path:
    "The file of exact versions that set-up installs."
    return course / "genai_course" / "constraints.txt"


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
