"""Lets one set-up at a time work in an environment; others wait for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try: import fcntl
except ImportError: fcntl = None  # Windows, where pip itself refuses to write over files in use


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    "Hold `folder` for this process and for the pip that it starts, which keeps it even if this process is killed."
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.set_inheritable(handle, True)
        _wait_for(handle, folder)
        yield
    finally: os.close(handle)


def _wait_for(handle: int, folder: Path) -> None:
    try: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Another set-up is at work in {folder}; waiting for it to end.", flush=True)
        fcntl.flock(handle, fcntl.LOCK_EX)
