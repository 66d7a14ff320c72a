"""The note that says what an environment was made from, so that a second start need not ask pip."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from genai_course.cli.constraints import SECTIONS
from genai_course.cli.folders import constraints_file, python_in
from genai_course.cli.requirements import requirements

EXTRAS = tuple(name for name in SECTIONS if name != "run")


def stamp_file(environment: Path) -> Path:
    "Where an environment keeps its note."
    return environment / "genai_course.json"


def _source(course: Path, extras: Iterable[str]) -> str:
    "A hash of all that decides what an environment holds: its place, its Python, what is required and which versions."
    parts = [str(course), constraints_file(course).read_text(encoding="utf-8"), *requirements(course, extras)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def installed_extras(environment: Path) -> list[str]:
    "The extras that the note of an environment names; none where there is no readable note."
    try: return [extra for extra in json.loads(stamp_file(environment).read_text(encoding="utf-8"))["extras"] if extra in EXTRAS]
    except (OSError, ValueError, KeyError, TypeError): return []


def wanted_stamp(course: Path, environment: Path, extras: Iterable[str]) -> dict:
    "What the note must say where `extras` are installed and nothing has changed since."
    extras = sorted(set(extras))
    return {"source": _source(course, extras), "python": str(python_in(environment).resolve()), "extras": extras}


def is_ready(course: Path, environment: Path, extras: Iterable[str] = ()) -> bool:
    "Whether an environment holds what the course and `extras` need, judged by its note alone."
    if not python_in(environment).exists(): return False
    have = installed_extras(environment)
    try: noted = json.loads(stamp_file(environment).read_text(encoding="utf-8"))
    except (OSError, ValueError): return False
    return set(extras) <= set(have) and noted == wanted_stamp(course, environment, have)


def write_stamp(course: Path, environment: Path, extras: Iterable[str]) -> None:
    "Note that `environment` holds all that the course and `extras` need."
    _write(stamp_file(environment), json.dumps(wanted_stamp(course, environment, extras)))


def remove_stamp(environment: Path) -> None:
    "Take the note away before anything is changed, so that an interrupted set-up is seen."
    stamp_file(environment).unlink(missing_ok=True)
