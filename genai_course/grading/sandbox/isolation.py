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
from functools import cache, cached_property
from pathlib import Path
from typing import BinaryIO

from genai_course.grading.limits import NO_INPUT
from genai_course.grading.sandbox.inside.confinement import Bounds
from genai_course.grading.sandbox.walls import INSIDE, PACKAGE, ROOM, environment, path_of_the_course, walls

BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from inside.worker import main; del sys.path[0]; main(int(sys.argv[2]), sys.argv[3])"
USERS = range(61184, 65520)  # numbers that no real user has: systemd gives them to passing services
NO_DUMP = 4  # for prctl
_turns = itertools.count()


class IsolationError(RuntimeError):
    "Answers cannot be run safely as was asked; the message is one line that says why, and the mend."


class Started:
    "A process that was started in isolation, and the `first` one inside, with which all end; `folder` is removed at the end."
    def __init__(self, process: subprocess.Popen, first: int, folder: str | None = None):
        self.process, self.first, self.folder = process, first, folder
        self.handles = {first: os.pidfd_open(first)} if sys.platform == "linux" else {}  # a number may come to mean another process

    @cached_property
    def worker(self) -> int:
        "The number of the worker's process, once it has said something: root's first process in bubblewrap is another. Raises OSError."
        found = self._child_of_first() if self.process.pid != self.first and os.getuid() == 0 else self.first
        if self.handles and found != self.first: self.handles[found] = os.pidfd_open(found)
        return found

    def _child_of_first(self):
        children = Path(f"/proc/{self.first}/task/{self.first}/children").read_text().split()
        if not children: raise ProcessLookupError("the worker has ended")
        return int(children[0])

    def interrupt(self) -> None:
        "Interrupt the worker. Raises OSError where it has ended."
        self._send(self.worker, signal.SIGINT)

    def _send(self, process, number):
        if process in self.handles: signal.pidfd_send_signal(self.handles[process], number)
        else: os.kill(process, number)

    def end(self) -> None:
        "Kill what still runs."
        try: self._send(self.first, signal.SIGKILL)
        except ProcessLookupError: pass  # it has ended
        _end_group(self.process)
        for handle in self.handles.values(): os.close(handle)
        if self.folder: shutil.rmtree(self.folder, ignore_errors=True)  # which follows no links


def best() -> str:
    "The safest isolation there is here: bubblewrap or plain. Raises IsolationError where neither may be used."
    if not why_no_bubblewrap(): return "bubblewrap"
    if reason := why_not_plain(): raise IsolationError(f"{why_no_bubblewrap()} {reason}")
    return _checked("plain")


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
    command = [*walls(), sys.executable, "-S", "-c", "pass"]
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
    return f"As root, a plain process must become another user, who cannot read {hidden}. Make bubblewrap work, or grade as an ordinary user."


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
    inner = [sys.executable, "-P", "-s", "-B", "-c", BOOT, "/course", str(channel.fileno()), options]
    reading, writing = os.pipe()
    with open(reading, "rb") as info:
        with open(writing, "wb"): process = _popen([*walls(("--info-fd", str(writing))), *inner], "/", {}, output, (channel.fileno(), writing))
        try: return Started(process, _first_in(info))
        except OSError:
            _end_group(process)
            raise


def _first_in(info: BinaryIO) -> int:
    "The number of the first process in the sandbox, from what bubblewrap writes to the pipe `info`."
    try: return json.load(info)["child-pid"]
    except (ValueError, KeyError): raise OSError("bubblewrap did not start") from None


def _plain(channel, output, options, bounds):
    folder = tempfile.mkdtemp(prefix="genai_course_answers_")
    if bounds.user is not None: os.chown(folder, bounds.user, bounds.user)
    inner = [sys.executable, "-P", "-s", "-B", "-c", BOOT, str(INSIDE.parent), str(channel.fileno()), options]
    variables = environment({"HOME": folder, "TMPDIR": folder, "PYTHONPATH": path_of_the_course(PACKAGE.parent)})
    process = _popen(inner, folder, variables, output, (channel.fileno(),))
    return Started(process, process.pid, folder)


def _popen(command, folder, environment, output, passed):
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                            pass_fds=passed, start_new_session=True)


def _end_group(process: subprocess.Popen) -> None:
    "Kill a process that `_popen` started, with its group: bubblewrap's first child does not yet end with it while it waits for its user."
    if process.poll() is None: _kill_group(process.pid)
    process.wait()


def _kill_group(leader: int) -> None:
    for kill in (os.killpg, os.kill):  # the second where it does not lead a group yet
        try: return kill(leader, signal.SIGKILL)
        except ProcessLookupError: pass  # it has ended


def end_children() -> None:
    "Kill every process that this one has started, with its group; on Linux only, where bubblewrap is."
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split(): _kill_group(int(child))


def _tasks_of_this_user() -> int:
    "How many processes and threads this user has: a limit on them counts them all."
    mine = [path for path in Path("/proc").glob("[0-9]*") if _try(lambda path=path: path.stat().st_uid) == os.getuid()]
    return sum(_try(lambda path=path: len(os.listdir(path / "task"))) or 0 for path in mine)


def _try(look: Callable):
    try: return look()
    except OSError: return None  # it has ended meanwhile
