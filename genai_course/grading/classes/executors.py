"""Where submissions are graded: in processes of this machine, or on a Dask cluster. Both are executors of the standard library's kind."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import NamedTuple

from genai_course.grading.sandbox.isolation import end_children

SECONDS_TO_CONNECT = 10


class NoCluster(RuntimeError):
    "A cluster that cannot be reached or has no worker; the message is one line."


class Workers(NamedTuple):
    "What grades: `start` makes an executor, anew after one broke; `at_once` jobs keep it busy."
    start: Callable[[], Executor]
    at_once: int


def local_processes(count: int) -> Workers:
    "`count` processes of this machine; they end with this one, however it ends."
    return Workers(lambda: _Processes(count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin), count + 1)


class _Processes(ProcessPoolExecutor):
    "Processes that end at once where their executor is left by an exception, such as Ctrl-C."
    def __exit__(self, kind, *others):
        if kind is not None:
            for process in multiprocessing.active_children(): process.terminate()
        return super().__exit__(kind, *others)


def _begin():
    signal.signal(signal.SIGINT, lambda number, frame: None)  # Ctrl-C is for the process that waits for us
    signal.signal(signal.SIGTERM, lambda number, frame: _end())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent():
    wait([multiprocessing.parent_process().sentinel])
    _end()


def _end():
    end_children()
    os._exit(1)


@contextmanager
def cluster(address: str) -> Iterator[Workers]:
    "The workers of the Dask scheduler at `address`. Raises NoCluster."
    from distributed import Client
    try: client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error: raise NoCluster(f"There is no Dask scheduler at {address} ({_words(error)}).") from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads: raise NoCluster(f"The Dask scheduler at {address} has no workers yet. Start some: dask worker {address}")
        yield Workers(lambda: client.get_executor(pure=False, retries=2), 2 * threads)


def _words(error): return " ".join(str(error).split())[:150]
