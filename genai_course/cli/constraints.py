"""Reads `constraints.txt`: the exact version of every package, in sections that say what needs it."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

SECTIONS = {
    "run": "What the lessons run on",
    "dev": "What tests and authors need besides (extra dev)",
    "scale": "Beyond one machine: a class on a cluster, training on many processors (extra scale)",
    "docs": "The web site (extra docs)",
    "bench": "Peers (extra bench)",
    "avatars": "Pictures by designers (extra avatars)",
}


def _fits_here(line: str) -> bool:
    platform = re.search(r'sys_platform == "(\w+)"', line)
    return platform is None or platform[1] == sys.platform


def pins(file: Path, extras: Iterable[str] = ()) -> dict[str, str]:
    "The version of each package that the run time and `extras` need on this system, by name."
    return {name: version for line in _lines(file, extras) if _fits_here(line) for name, version in [_pin(line)]}


def every_pin(file: Path) -> dict[str, str]:
    "The version of each package that the run time needs on any system, by name."
    return dict(map(_pin, _lines(file)))


def _lines(file: Path, extras: Iterable[str] = ()) -> Iterator[str]:
    headings = [f"# {SECTIONS[name]}" for name in ("run", *extras)]
    wanted = False
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "): wanted = line in headings
        elif wanted and "==" in line: yield line


def _pin(line: str) -> tuple[str, str]:
    name, version = line.split(";")[0].split("==")
    return name.strip(), version.strip()
