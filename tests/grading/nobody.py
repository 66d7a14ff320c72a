"""How a program runs as the ordinary user `nobody`, also where the interpreter lies in root's own folder."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import genai_course
from genai_course.grading.sandbox.isolation import _open_to_others

NOBODY = "65534"


def why_not() -> str:
    "Why nothing can be run as nobody here; empty where it can."
    if not sys.platform.startswith("linux"): return "there is no user called nobody with a known number here"
    if os.getuid() != 0: return "only root can become another user"
    return "" if shutil.which("bwrap") and shutil.which("setpriv") else "bwrap and setpriv are not both installed"


def run_as_nobody(program: Path, *arguments: str) -> str:
    "What the Python file `program` prints when nobody runs it. Raises CalledProcessError."
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o777)
        variables = [f"HOME={home}", f"TMPDIR={home}", f"PATH={os.environ['PATH']}", f"PYTHONPATH={Path(genai_course.__file__).parents[1]}",
                     "GENAI_DOWNLOADS=/nowhere", "OMP_NUM_THREADS=1"]  # fmt: skip
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env", "-i", *variables]
        command = [*_view(), *become, sys.executable, "-B", str(program), *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=home).stdout


def _view():
    "The machine as it is, but with what leads to the interpreter and the course open to all."
    words = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    for path in (Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parents[2]):
        closed = next((folder for folder in reversed(path.parents) if not _open_to_others(folder)), None)
        if closed: words += ["--perms", "0755", "--tmpfs", str(closed), *_folders(closed, path), "--bind", str(path), str(path)]
    return words


def _folders(top, path): return [word for folder in reversed(path.parents) if folder.is_relative_to(top) for word in ("--dir", str(folder))]
