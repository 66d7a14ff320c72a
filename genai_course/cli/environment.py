"""Finds the interpreter that has the course's packages, and sets it up where there is none."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from genai_course.cli.constraints import pins
from genai_course.cli.folders import CARRIED, constraints_file, environment_folder, python_in
from genai_course.cli.install import check_space, install
from genai_course.cli.lock import alone_in
from genai_course.cli.requirements import how_to_install, missing, name_of
from genai_course.cli.stamp import installed_extras, is_ready, remove_stamp, write_stamp
from genai_course.cli.trouble import Trouble, explained

ANNOUNCEMENT = """Setting up the course in {environment}
about {count} packages; the first time some 300 MB to download and 1.5 GB on disk, one to five minutes.
Ctrl-C stops; the same command goes on from there."""


def runs_in(environment: Path) -> bool:
    "Whether this process runs in that environment."
    return Path(sys.prefix).resolve() == environment.resolve()


def set_up(course: Path, extras: Iterable[str]) -> None:
    "Make or complete the course's own environment with `extras`. Raises Trouble with a reason."
    environment = environment_folder(course)
    extras = sorted({*extras, *installed_extras(environment)})
    try:
        environment.mkdir(exist_ok=True)
        with alone_in(environment):
            if is_ready(course, environment, extras): return
            check_space(environment)
            print(ANNOUNCEMENT.format(environment=environment, count=len(pins(constraints_file(course), extras))), flush=True)
            remove_stamp(environment)
            install(course, environment, extras)
            write_stamp(course, environment, extras)
    except OSError as error: raise explained(error) from error
    print("Set up.", flush=True)


def interpreter(course: Path, extras: Iterable[str] = ()) -> Path:
    "The interpreter that has what the course and `extras` need: this one if it has, else that of the course's own environment. Raises Trouble."
    if course == CARRIED: return _interpreter_of_the_package(course, extras)
    environment = environment_folder(course)
    if not runs_in(environment) and not missing(course, extras): return Path(sys.executable)
    if not is_ready(course, environment, extras): set_up(course, extras)
    return Path(sys.executable) if runs_in(environment) else python_in(environment)


def _interpreter_of_the_package(course: Path, extras: Iterable[str]) -> Path:
    if not (lacking := missing(course, extras)): return Path(sys.executable)
    raise Trouble(f"{sys.prefix} lacks {', '.join(map(name_of, lacking))}. Install what is missing, with: {how_to_install(lacking)}")


def add_to_path(course: Path) -> None:
    "Let every process that we start, kernels too, import the course from any folder; an installed one can be imported anyway."
    if course == CARRIED: return
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != str(course)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(course), *others])


def hand_over(python: Path, arguments: list[str]) -> int:
    "Run this command again with another interpreter, in place of this process where the system can; returns its exit status."
    command = [str(python), "-m", "genai_course", *arguments]
    if os.name != "nt": os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while True:
            try: return process.wait()
            except KeyboardInterrupt: continue  # the command itself hears Ctrl-C and ends by its own rules
