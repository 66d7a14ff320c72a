"""What `doctor` looks at with Python alone: the machine, the course's folder, browser and kernels."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from genai_course.cli.install import FIRST_TIME, GIGABYTE
from genai_course.cli.folders import CARRIED, environment_folder, unpacked_folder

ENOUGH_MEMORY = 3.0  # gigabytes
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass(frozen=True)
class Finding:
    "One line of the doctor's report."
    good: bool
    text: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f". Mend: {self.mend}" if self.mend else ""
        return f"{'✓' if self.good else '✗'} {self.text}{mend}"


def python_finding() -> Finding:
    "Which Python this is."
    number = ".".join(map(str, sys.version_info[:3]))
    tried = sys.version_info[:2] <= (3, 13)
    return Finding(tried, f"Python {number} at {sys.executable}", "" if tried else "the course is tried with 3.11 to 3.13; use one of them")


def place_of(course: Path) -> Path:
    "The folder that is written to: a clone, or where an installed course has been, or would be, unpacked."
    return course if course != CARRIED else unpacked_folder() or Path.cwd()


def disk_finding(course: Path) -> Finding:
    "How much space there is, against what is still to be installed."
    is_set_up, place = course == CARRIED or environment_folder(course).exists(), place_of(course)
    free, needed = shutil.disk_usage(place).free / GIGABYTE, 0.2 if is_set_up else FIRST_TIME
    mend = "" if free >= needed else f"free some space; {needed:.1f} GB are needed"
    return Finding(free >= needed, f"disk: {free:.1f} GB free at {place}", mend)


def _memory() -> float | None:
    "Gigabytes of memory, or None where Python alone cannot tell."
    try: return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIGABYTE
    except (AttributeError, ValueError, OSError): return None


def processor_finding() -> Finding:
    "Cores and memory."
    memory, cores = _memory(), os.cpu_count() or 1
    words = "memory unknown" if memory is None else f"{memory:.1f} GB of memory"
    good = memory is None or memory >= ENOUGH_MEMORY
    mend = "" if good else f"close other programs; lessons need about {ENOUGH_MEMORY:.0f} GB"
    return Finding(good, f"processor: {cores} cores, {words}", mend)


def writable_finding(course: Path) -> Finding:
    "Whether the course's folder can be written."
    place = place_of(course)
    good = os.access(place, os.W_OK)
    return Finding(good, f"course: {place}", "" if good else "it may not be written; move it to a folder of your own")


def browser_finding() -> Finding:
    "Whether the browser tests will find a Chromium. Only authors need one, so its absence is no fault."
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found: return Finding(True, f"browser tests: {found}")
    return Finding(True, "browser tests: no Chromium found, so they are skipped", "install chromium, if you want to run them")


def machine_findings(course: Path) -> list[Finding]:
    "All findings about the machine and the course's folder; an installed course has no tests that want a browser."
    findings = [python_finding(), writable_finding(course), disk_finding(course), processor_finding()]
    return findings if course == CARRIED else [*findings, browser_finding()]
