"""What the course needs to be installed, read from `pyproject.toml` or what the installed package says, and whether this interpreter has it."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from genai_course.cli.folders import CARRIED

COMPARISONS = {
    ">=": lambda have, bound: have >= bound,
    "<": lambda have, bound: have < bound,
    "==": lambda have, bound: have == bound,
}


def requirements(course: Path, extras: Iterable[str] = ()) -> list[str]:
    "What the course asks for at run time and for `extras`, such as 'numpy>=2.0'."
    if course == CARRIED: return _requirements_of_the_package(extras)
    project = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    return [*project["dependencies"], *[line for extra in extras for line in optional[extra]]]


def _requirements_of_the_package(extras: Iterable[str]) -> list[str]:
    "The same for an installed course, whose lines look like 'numpy>=2.0' and 'dask>=2025.1; extra == \"scale\"'."
    parts = [re.fullmatch(r'([^;]+?)\s*(?:;\s*extra\s*==\s*"(\w+)")?', line).groups() for line in requires("genai_course") or []]
    return [line for wanted in (None, *extras) for line, extra in parts if extra == wanted]


def name_of(requirement: str) -> str:
    "The package that a requirement, or a line of the constraints, names: 'ipykernel>=7.4,<8' gives 'ipykernel'."
    return re.match(r"[\w.-]+", requirement)[0]


def normal(name: str) -> str:
    "A package's name in the form in which names are compared: 'Send2Trash' and 'send2trash', 'a_b' and 'a-b' are the same."
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", text.split("+")[0])]
    return tuple([*parts, 0, 0, 0][:3])


def accepts(requirement: str, installed: str) -> bool:
    "Whether the version `installed` meets a requirement such as 'ipykernel>=7.4,<8'."
    bounds = re.findall(r"(>=|==|<)\s*([\d.]+)", requirement.split(";")[0])
    return all(COMPARISONS[sign](_numbers(installed), _numbers(bound)) for sign, bound in bounds)


def installed_version(name: str) -> str | None:
    "The version of a package in this interpreter, or None."
    try: return version(name)
    except PackageNotFoundError: return None


def missing(course: Path, extras: Iterable[str] = ()) -> list[str]:
    "The requirements that this interpreter does not meet."
    found = [(line, installed_version(name_of(line))) for line in requirements(course, extras)]
    return [line for line, have in found if have is None or not accepts(line, have)]


def how_to_install(lacking: Iterable[str]) -> str:
    "The command that installs the requirements `lacking` beside an installed course."
    return " ".join(["python -m pip install", *(f'"{line}"' for line in lacking)])
