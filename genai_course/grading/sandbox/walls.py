"""What a worker sees of this machine: in bubblewrap its own /tmp, and read-only the interpreter, libraries and course; and its variables."""

import os
import sys
from pathlib import Path

from genai_course.cli.folders import CARRIED
from genai_course.core import downloads_folder
from genai_course.grading.sandbox import inside

INSIDE, PACKAGE = Path(inside.__file__).parent, Path(__file__).parents[2]
ANSWERS = [PACKAGE / "grading" / "specs", CARRIED]  # how they are checked, and the solutions among what an installed course carries
ROOM = 64 * 2**20  # bytes of the private /tmp
SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


def walls(more: tuple[str, ...] = ()) -> list[str]:
    "The beginning of a bubblewrap command: what the process inside will see."
    # Root's worker takes a user of its own; what may kill it when the grader dies is a first process that stays root's.
    own_user = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if os.getuid() == 0 else ["--unshare-user", "--as-pid-1"]
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", *own_user]
    alone = ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--clearenv"]
    variables = environment({"HOME": "/tmp", "PYTHONPATH": path_of_the_course("/course/library"), "GENAI_DOWNLOADS": "/course/downloads"})
    devices = [word for name in ("null", "zero", "urandom", "random") for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    room = ["--size", str(ROOM), "--perms", "1777", "--tmpfs", "/tmp"]  # comes first: the course itself may lie below /tmp
    private = ["--proc", "/proc", "--dir", "/dev", *devices, "--remount-ro", "/", "--chdir", "/tmp"]
    set_variables = [word for name, value in variables.items() for word in ("--setenv", name, value)]
    return ["bwrap", *apart, *alone, *more, *set_variables, *room, *_visible(), *private]


def _visible() -> list[str]:
    "Bubblewrap's words for what is seen of this machine, read-only: the system's and the interpreter's libraries, the course without its answers, its downloads."
    words = [word for path in SYSTEM for word in _as_here(path)]
    for path in _interpreter(): words += _as_here(path)
    library = path_of_the_course("/course/library/genai_course")
    shown = {INSIDE: "/course/inside", downloads_folder(): "/course/downloads", Path("/sys/devices/system/cpu"): "/sys/devices/system/cpu"}
    if library: shown[PACKAGE] = library
    for path, place in shown.items(): words += [*_folders_above(place), "--ro-bind-try", str(path), place]
    answers = [f"{library or PACKAGE}/{folder.relative_to(PACKAGE).as_posix()}" for folder in ANSWERS if folder.is_dir()]
    return [*words, *[word for place in answers for word in ("--tmpfs", place, "--remount-ro", place)]]


def _folders_above(path: str) -> list[str]:
    "The words that make the folders above `path`, so that every user may pass them."
    return [word for folder in reversed(Path(path).parents[:-1]) for word in ("--dir", str(folder))]


def _as_here(path: str) -> list[str]:
    "The words that show a path of this machine, which may be a link."
    return [*_folders_above(path), *(["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind-try", path, path])]


def _interpreter() -> list[str]:
    "This interpreter, its libraries, and those of the environment that it runs in."
    files = [*_links(sys.executable), f"{sys.prefix}/pyvenv.cfg"]
    folders = [f"{prefix}/{name}" for prefix in (sys.prefix, sys.base_prefix) for name in ("lib", "lib64") if prefix != "/usr"]
    return [path for path in dict.fromkeys([*folders, *files]) if os.path.exists(path)]


def _links(path: str) -> list[str]:
    "`path`, and if it is a link all that it leads to, one after the other."
    if not os.path.islink(path): return [path]
    return [path, *_links(os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path))))]


def path_of_the_course(place: Path | str) -> str:
    "`place` where the course is not among the installed packages, and has to be put on the path; else nothing."
    return "" if PACKAGE.parent.is_relative_to(sys.prefix) else str(place)


def environment(more: dict[str, str]) -> dict[str, str]:
    "All the variables that a worker sees."
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")}
    return {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "GENAI_HEADLESS": "1", **threads, **{name: value for name, value in more.items() if value}}
