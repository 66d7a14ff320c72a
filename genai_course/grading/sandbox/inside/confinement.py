"""What a worker takes from itself before it runs an answer: memory, processes, files, its user's rights, and system calls."""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys
from dataclasses import dataclass

CLONE_THREAD = 0x10000
# Numbers of system calls. Denied: new processes and programs, the network, other processes, memory that no limit counts, new rights.
CALLS = {
    "x86_64": {"clone": 56, "clone3": 435, "signals": (62, 234), "limits": 302, "denied": (
        57, 58, 59, 322, 41, 101, 310, 311, 200, 129, 297, 424, 434, 438, 29, 64, 68, 319, 447, 272, 308, 321, 298, 323, 425, 248, 249, 250)},
    "aarch64": {"clone": 220, "clone3": 435, "signals": (129, 131), "limits": 261, "denied": (
        221, 281, 198, 117, 270, 271, 130, 138, 240, 424, 434, 438, 194, 190, 186, 279, 447, 97, 268, 280, 241, 282, 425, 217, 218, 219)},
}  # signals (kill, tgkill) and limits (prlimit64): allowed for the process itself
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x40000000  # a second set of numbers on x86_64
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # places in what the kernel hands to a filter
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # a filter's instructions
ALLOW, ERROR = 0x7FFF0000, 0x00050000
WITH_PARENT, NO_NEW_PRIVILEGES, SECCOMP, FILTER = 1, 38, 22, 2  # for prctl


@dataclass(frozen=True)
class Bounds:
    "What a worker may use."
    memory: int  # bytes of address space
    processes: int  # processes and threads of its user
    file_size: int  # bytes of one file
    open_files: int
    cpu_seconds: int
    user: int | None  # the number of the user to become; None to stay


def confine(bounds: Bounds) -> list[str]:
    "Give up what `bounds` does not leave; returns what this system cannot bound. Raises OSError where the user cannot be changed."
    if bounds.user is not None: _become(bounds.user)
    loose = _limit(bounds)
    return loose if sys.platform == "linux" and _die_with_parent() and _filter_calls() else [*loose, "network", "new processes"]


def _become(user):
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _limit(bounds):
    import resource
    wanted = {"AS": bounds.memory, "NPROC": bounds.processes, "FSIZE": bounds.file_size, "NOFILE": bounds.open_files,
              "CPU": bounds.cpu_seconds, "CORE": 0}
    return [name for name, value in wanted.items() if not _lower(resource, f"RLIMIT_{name}", value)]


def _lower(resource, name, value):
    "Whether the limit could be set; one that is lower already stays."
    try:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    except (AttributeError, ValueError, OSError): return False
    return True


def _prctl(*arguments): return ctypes.CDLL(None).prctl(*arguments) == 0


def _die_with_parent(): return _prctl(WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _filter_calls():
    "Whether the kernel now refuses the denied system calls."
    machine = platform.machine()
    if machine not in CALLS: return False
    program = b"".join(struct.pack("HBBI", *step) for step in _program(machine, os.getpid()))
    steps = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(steps)))
    return _prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) and _prctl(SECCOMP, FILTER, header, 0, 0)


def _program(machine, process):
    "The filter's instructions: (what, steps to skip if so, steps to skip if not, value)."
    calls = CALLS[machine]
    refuse, unknown, allow = ((RETURN, 0, 0, value) for value in (ERROR | errno.EPERM, ERROR | errno.ENOSYS, ALLOW))
    steps = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, ARCHITECTURES[machine]), refuse, (LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, X32), refuse]
    for number in calls["denied"]: steps += [(EQUAL, 0, 1, number), refuse]
    steps += [(EQUAL, 0, 1, calls["clone3"]), unknown]  # so that the C library falls back on clone, whose flags can be read
    steps += [(EQUAL, 0, 3, calls["clone"]), (LOAD, 0, 0, FIRST_ARGUMENT), (ANY_BIT, 1, 0, CLONE_THREAD), refuse, (LOAD, 0, 0, NUMBER)]
    for number, itself in [*((number, process) for number in calls["signals"]), (calls["limits"], 0)]:
        steps += [(EQUAL, 0, 4, number), (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 1, 0, itself), refuse, allow]
    return [*steps, allow]
