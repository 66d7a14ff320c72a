"""Makes the course's environment and fills it with the pinned packages; goes on where an earlier set-up was cut off."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from genai_course.cli.constraints import pins
from genai_course.cli.display import Display
from genai_course.cli.folders import constraints_file, packages_in, python_in
from genai_course.cli.pip_run import pip
from genai_course.cli.repair import is_complete, remove_broken
from genai_course.cli.trouble import Trouble

GIGABYTE = 1e9
FIRST_TIME, ADDITION, TEMPORARY = 2.0, 0.5, 0.4  # gigabytes that must be free: for all packages, for an extra, for pip's own work
TOOLS = ("pip", "setuptools")
NOT_IMPORTED = r"[/\\](tests?|testing|_inductor|onnx)[/\\]"  # parts of packages that no lesson loads
COMPILE = ["-m", "compileall", "-q", "-q", "-j", "0", "-x", NOT_IMPORTED]


def _has(environment: Path, name: str, version: str) -> bool:
    return any(is_complete(folder / f"{name}-{version}.dist-info") for folder in packages_in(environment))


def check_space(environment: Path) -> None:
    "Raise Trouble unless the disks have room for what is still to be installed."
    first = not any(list(folder.glob("torch-*.dist-info")) for folder in packages_in(environment))
    for folder, needed in [(environment.parent, FIRST_TIME if first else ADDITION), (Path(tempfile.gettempdir()), TEMPORARY)]:
        free = shutil.disk_usage(folder).free / GIGABYTE
        if free < needed:
            raise Trouble(f"{folder} has {free:.1f} GB free, and set-up needs {needed:.1f} GB there. Free some space and start again.")


def _works(python: Path) -> bool:
    "Whether an environment's interpreter starts and has the version of this one."
    if not python.exists(): return False
    command = [str(python), "-c", f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def make_environment(folder: Path) -> None:
    "Make a virtual environment without packages, complete a half-made one, or make one anew whose Python is gone or another version."
    if python_in(folder).exists() and Path(sys.prefix).resolve() == folder.resolve(): return
    try: import venv
    except ImportError: raise Trouble(f"the Python at {sys.executable} lacks its module venv. On Debian and Ubuntu: sudo apt install python3-venv") from None
    venv.EnvBuilder(symlinks=os.name != "nt", clear=not _works(python_in(folder))).create(folder)


def _way_to_pip(environment: Path) -> list[str]:
    "How to start a pip that installs into an environment that may not have one yet."
    python = str(python_in(environment))
    if any((folder / "pip" / "__main__.py").exists() for folder in packages_in(environment)): return [python, "-m", "pip"]
    if importlib.util.find_spec("pip"): return [sys.executable, "-m", "pip", "--python", python]
    if importlib.util.find_spec("ensurepip") is None or subprocess.run([python, "-m", "ensurepip"], capture_output=True).returncode:
        raise Trouble(f"the Python at {sys.executable} has no pip. On Debian and Ubuntu: sudo apt install python3-pip python3-venv")
    return [python, "-m", "pip"]


def _install_tools(environment: Path, constraints: dict[str, str], display: Display) -> None:
    "Put the pinned pip and setuptools into the environment; they install everything else."
    wanted = [f"{name}=={constraints[name]}" for name in TOOLS if not _has(environment, name, constraints[name])]
    if wanted: _pip(environment, _way_to_pip(environment), ["--progress-bar=off", *wanted], len(wanted), display)


def _pip(environment: Path, command: list[str], arguments: list[str], expected: int, display: Display) -> None:
    pip(command, arguments, packages_in(environment)[0], expected, display, environment / "install.log")


def install(course: Path, environment: Path, extras: Iterable[str]) -> None:
    "Install the pinned packages for the run time and `extras`, and the course itself in place. Raises Trouble with a reason."
    constraints = pins(constraints_file(course), extras)
    display = Display()
    display.show("preparing", str(environment))
    make_environment(environment)
    for folder in packages_in(environment): remove_broken(folder)
    _install_tools(environment, constraints, display)
    course_and_extras = f"{course}[{','.join(extras)}]" if extras else str(course)
    arguments = ["--progress-bar=raw", "--no-build-isolation", "--constraint", str(constraints_file(course)), "--editable", course_and_extras]
    _pip(environment, [str(python_in(environment)), "-m", "pip"], arguments, len(constraints), display)
    compile_in_background(environment)


def compile_in_background(environment: Path) -> None:
    "Start compiling the packages, which makes later starts quicker, at low priority; it may be stopped at any time."
    nice = ["nice"] if shutil.which("nice") else []
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen([*nice, str(python_in(environment)), *COMPILE, str(packages_in(environment)[0])], start_new_session=True, **silent)
