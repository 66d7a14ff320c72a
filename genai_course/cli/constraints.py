"""Reads `constraints.txt`: the exact version of every package, in sections that say what needs it."""

import re
import sys
from collections.abc import Iterable
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
    headings = [f"# {SECTIONS[name]}" for name in ("run", *extras)]
    found, wanted = {}, False
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "): wanted = line in headings
        elif wanted and "==" in line and _fits_here(line):
            name, version = line.split(";")[0].split("==")
            found[name.strip()] = version.strip()
    return found
