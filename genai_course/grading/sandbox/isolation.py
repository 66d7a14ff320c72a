"""Where a worker runs: in bubblewrap (no network, nothing of the machine but interpreter and libraries), or as a plain process with limits."""

import ctypes
import itertools
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from genai_course.core import downloads_folder
from genai_course.grading.limits import NO_INPUT
from genai_course.grading.sandbox import inside
from genai_course.grading.sandbox.inside.confinement import Bounds

INSIDE, PACKAGE = Path(inside.__file__).parent, Path(__file__).parents[2]
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from inside.worker import main; del sys.path[0]; main(int(sys.argv[2]), sys.argv[3])"
ROOM = 64 * 2**20  # bytes of the private /tmp
USERS = range(61184, 65520)  # numbers that no real user has: systemd gives them to passing services
SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")
NO_DUMP = 4  # for prctl
_turns = itertools.count()


class IsolationError(RuntimeError):
    "Answers cannot be run safely as was asked; the message is one line that says why, and the mend."


class Started:
    "A process that was started in isolation, and the worker in it, which need not be the same; `folder` is removed at the end."
    def __init__(self, process: subprocess.Popen, worker: int, folder: tempfile.TemporaryDirectory | None = None):
        self.process, self.worker, self.folder = process, worker, folder
        self.handle = os.pidfd_open(worker) if hasattr(os, "pidfd_open") else None  # a number may come to mean another process

    def send_signal(self, number: int) -> None:
        "Send the worker a signal. Raises OSError where it has ended."
        if self.handle is None: os.kill(self.worker, number)
        else: signal.pidfd_send_signal(self.handle, number)

    def end(self) -> None:
        "Kill what still runs."
        try: self.send_signal(signal.SIGKILL)
        except ProcessLookupError: pass  # it has ended
        self.process.kill()
        self.process.wait()
        if self.handle is not None: os.close(self.handle)
        if self.folder: self.folder.cleanup()


def best() -> str:
    "The safest isolation there is here: bubblewrap or plain. Raises IsolationError where neither may be used."
    return "bubblewrap" if not why_no_bubblewrap() else _checked("plain")


def chosen(wanted: str) -> str:
    "`wanted` (best, bubblewrap or plain) as one that there is. Raises IsolationError."
    return best() if wanted == "best" else _checked(wanted)


def _checked(name):
    reasons = {"bubblewrap": why_no_bubblewrap, "plain": why_not_plain}
    if name not in reasons: raise IsolationError(f"There is no isolation called {name!r}: choose best, bubblewrap or plain.")
    if reason := reasons[name](): raise IsolationError(reason)
    if name == "plain": _hide()
    return name


def _hide() -> None:
    "Keep this process's memory from other processes of its user, which plain workers are."
    if sys.platform == "linux": ctypes.CDLL(None).prctl(NO_DUMP, 0, 0, 0, 0)


@cache
def why_no_bubblewrap() -> str:
    "Why bubblewrap cannot be used here, in one line; empty where it can."
    if not shutil.which("bwrap"): return "bubblewrap is not installed. On Linux: apt-get install bubblewrap."
    command = [*_walls(), sys.executable, "-S", "-c", "pass"]
    tried = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", env={})
    if tried.returncode == 0: return ""
    said = (tried.stderr.strip().splitlines() or [f"exit status {tried.returncode}"])[-1]
    return f"bubblewrap cannot make a sandbox here ({said}). Allow user namespaces, or grade as root, or in a virtual machine."


def why_not_plain() -> str:
    "Why a plain process cannot be used here, in one line; empty where it can."
    if os.name != "posix": return "Grading needs Linux or macOS. On Windows, run it in WSL."
    if os.getuid() != 0: return ""
    hidden = next((folder for folder in _needed() if not _open_to_others(folder)), None)
    if hidden is None: return ""
    return f"As root, a plain process must become another user, who cannot read {hidden}. Install bubblewrap, or grade as an ordinary user."


def _needed(): return [Path(sys.executable).resolve(), Path(sys.prefix), Path(sys.base_prefix), PACKAGE]


def _open_to_others(path: Path) -> bool:
    "Whether every user may read what is at `path`."
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.parents])


def start(isolation: str, channel: socket.socket, output: int, memory: int, seconds: float) -> Started:
    "Start a worker that talks on `channel` and prints to the file descriptor `output`. Raises OSError."
    user = USERS[(os.getpid() * 16 + next(_turns) % 16) % len(USERS)] if os.getuid() == 0 else None
    threads = 32 if user is not None else 32 + _tasks_of_this_user()
    bounds = Bounds(memory, threads, ROOM // 4, 128, int(seconds) + 60, user)
    options = json.dumps({"bounds": asdict(bounds), "no_input": NO_INPUT})
    return {"bubblewrap": _in_bubblewrap, "plain": _plain}[isolation](channel, output, options, bounds)


def _in_bubblewrap(channel, output, options, bounds):
    reading, writing = os.pipe()
    inner = [sys.executable, "-P", "-s", "-B", "-c", BOOT, "/course", str(channel.fileno()), options]
    try:
        process = _popen([*_walls(("--info-fd", str(writing))), *inner], "/", {}, output, (channel.fileno(), writing))
        os.close(writing)
        return Started(process, _worker_in(reading))
    finally: os.close(reading)


def _worker_in(info: int) -> int:
    "The worker's number from what bubblewrap writes to the pipe `info`."
    said = b""
    while more := os.read(info, 4096): said += more
    try: return json.loads(said)["child-pid"]
    except (ValueError, KeyError): raise OSError("bubblewrap did not start") from None


def _plain(channel, output, options, bounds):
    folder = tempfile.TemporaryDirectory(prefix="genai_course_answers_", ignore_cleanup_errors=True)
    if bounds.user is not None: os.chown(folder.name, bounds.user, bounds.user)
    inner = [sys.executable, "-P", "-s", "-B", "-c", BOOT, str(INSIDE.parent), str(channel.fileno()), options]
    environment = _environment({"HOME": folder.name, "TMPDIR": folder.name, "PYTHONPATH": _path_of_the_course(PACKAGE.parent)})
    process = _popen(inner, folder.name, environment, output, (channel.fileno(),))
    return Started(process, process.pid, folder)


def _popen(command, folder, environment, output, passed):
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                            pass_fds=passed, start_new_session=True)


def _walls(more: tuple[str, ...] = ()) -> list[str]:
    "The beginning of a bubblewrap command: what the process inside will see."
    own_user = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if os.getuid() == 0 else ["--unshare-user"]
    apart = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", *own_user]
    alone = ["--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "sandbox", "--clearenv"]
    variables = _environment({"HOME": "/tmp", "PYTHONPATH": _path_of_the_course("/course/library"), "GENAI_DOWNLOADS": "/course/downloads"})
    devices = [word for name in ("null", "zero", "urandom", "random") for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")]
    private = ["--proc", "/proc", "--dir", "/dev", *devices, "--size", str(ROOM), "--perms", "1777", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp"]
    set_variables = [word for name, value in variables.items() for word in ("--setenv", name, value)]
    return ["bwrap", *apart, *alone, *more, *set_variables, *_visible(), *private]


def _visible() -> list[str]:
    "Bubblewrap's words for what is seen of this machine, read-only: the system's and the interpreter's libraries, the course, its downloads."
    words = [word for path in SYSTEM for word in _as_here(path)]
    for path in _interpreter(): words += _as_here(path)
    shown = {INSIDE: "/course/inside", downloads_folder(): "/course/downloads", Path("/sys/devices/system/cpu"): "/sys/devices/system/cpu"}
    if _path_of_the_course("outside"): shown[PACKAGE] = "/course/library/genai_course"
    return words + [word for path, place in shown.items() for word in (*_folders_above(place), "--ro-bind-try", str(path), place)]


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


def _path_of_the_course(place: Path | str) -> str:
    "`place` where the course is not among the installed packages, and has to be put on the path; else nothing."
    return "" if PACKAGE.parent.is_relative_to(sys.prefix) else str(place)


def _environment(more: dict[str, str]) -> dict[str, str]:
    "All the variables that a worker sees."
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")}
    return {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1", "GENAI_HEADLESS": "1", **threads, **{name: value for name, value in more.items() if value}}


def _tasks_of_this_user() -> int:
    "How many processes and threads this user has: a limit on them counts them all."
    mine = [path for path in Path("/proc").glob("[0-9]*") if _try(lambda path=path: path.stat().st_uid) == os.getuid()]
    return sum(_try(lambda path=path: len(os.listdir(path / "task"))) or 0 for path in mine)


def _try(look: Callable):
    try: return look()
    except OSError: return None  # it has ended meanwhile
