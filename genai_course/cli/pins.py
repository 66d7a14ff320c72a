"""`python -m genai_course.cli.pins` writes `constraints.txt` anew: the newest versions that fit `pyproject.toml` and one another.

Pip resolves for the oldest Python of the course; lines for other systems, which pip cannot see from here, are kept below by hand.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from genai_course.cli.constraints import SECTIONS
from genai_course.cli.folders import constraints_file, course_folder
from genai_course.cli.requirements import normal, requirements

OLDEST_PYTHON = "3.11.0"
CHOSEN = ["torch==2.13.0"]  # the version that has a small build for the CPU on every system
TOOLS = ["pip", "setuptools"]  # what set-up itself uses
ELSEWHERE = ['appnope==1.0.0; sys_platform == "darwin"', 'colorama==0.4.6; sys_platform == "win32"', 'pywinpty==3.1.2; sys_platform == "win32"']
HEAD = "# Exact versions of all packages, for Linux, macOS and Windows. Written by: python -m genai_course.cli.pins\n"


def resolved(wanted: list[str], constraints: Path | None = None) -> dict[str, str]:
    "The versions that pip would install for the requirements `wanted`, by name. Raises CalledProcessError if there is no solution."
    bound = [f"--constraint={constraints}"] if constraints else []
    options = ["--dry-run", "--ignore-installed", "--quiet", "--only-binary=:all:", f"--python-version={OLDEST_PYTHON}", "--target=unused"]
    command = [sys.executable, "-m", "pip", "install", *options, "--report=-", *bound, *wanted]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    metadata = [item["metadata"] for item in report["install"]]
    return {normal(item["name"]): item["version"].split("+")[0] for item in metadata}


def _names(wanted: list[str], versions: dict[str, str]) -> set[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "constraints.txt")
        file.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        return set(resolved(wanted, file))


def sections(course: Path) -> dict[str, list[str]]:
    "The lines of each section; a package stands in the first section that needs it."
    extras = [name for name in SECTIONS if name != "run"]
    everything = resolved([*CHOSEN, *TOOLS, *requirements(course, extras)])
    lines, seen = {}, set()
    for section in SECTIONS:
        needed = _names([*TOOLS, *requirements(course, [] if section == "run" else [section])], everything)
        lines[section] = sorted(f"{name}=={everything[name]}" for name in needed if name not in seen)
        seen |= set(needed)
    lines["run"] = sorted([*lines["run"], *ELSEWHERE])
    return lines


def main() -> None:
    "Write the course's `constraints.txt`."
    course = course_folder()
    parts = [f"\n# {SECTIONS[name]}\n" + "".join(f"{line}\n" for line in lines) for name, lines in sections(course).items()]
    constraints_file(course).write_text(HEAD + "".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
