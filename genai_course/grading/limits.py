"""What an answer may not do while it is checked: run on for ever, print without end, wait for the keyboard."""

import builtins
import ctypes
import io
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

KEPT = 4096  # characters of what an answer prints
NO_INPUT = "input() waits for the keyboard, but an answer gets its values as arguments. Use the function's arguments."
AGAIN = 0.05  # seconds after which a stop is repeated, for an answer that swallows it


class TimeUp(BaseException):
    "Raised in an answer that has used up its seconds. No `except Exception` holds it."


def stopped_after(seconds: float) -> str:
    "What is said of code that has used up its seconds."
    return f"Stopped after {seconds:g} seconds. Is there a loop that never ends?"


def within(seconds: float, function: Callable[[], Any]) -> Any:
    "The result of `function()`. Raises TimeUp in it when it takes longer than `seconds`, again and again until it leaves."
    in_main_thread = threading.current_thread() is threading.main_thread()
    return (_with_alarm if in_main_thread and hasattr(signal, "setitimer") else _with_watcher)(seconds, function)


def _with_alarm(seconds, function):
    armed, rings = [True], []  # disarmed first thing, so that an alarm which comes while we tidy up does nothing

    def ring(number, frame):
        if not armed: return
        rings.append(frame)
        if len(rings) == 1: raise TimeUp
        _stop_some_lines_on(frame, len(rings) % 5, armed)

    before, tracer = signal.signal(signal.SIGALRM, ring), sys.gettrace()
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
            return function()
        finally: armed.clear()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        sys.settrace(tracer)


def _stop_some_lines_on(frame, lines, armed):
    "Raise TimeUp after a few more lines, outside of the `try` that swallowed it here."
    left = [lines]

    def trace(frame, event, argument):
        left[0] -= event == "line"
        if armed and left[0] < 0: raise TimeUp
        return trace

    sys.settrace(trace)
    while frame and frame.f_code is not _with_alarm.__code__: frame.f_trace, frame = trace, frame.f_back


def _with_watcher(seconds, function):
    "The same where there is no alarm signal (Windows), or not in the main thread."
    watched, done = threading.get_ident(), threading.Event()

    def watch():
        late = not done.wait(seconds)
        while late and not done.wait(AGAIN): _raise_in(watched, TimeUp)

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        try:
            watcher.start()
            return function()
        finally: done.set()
    finally:
        watcher.join()
        _raise_in(watched, None)


def _raise_in(thread, kind):
    target = ctypes.py_object(kind) if kind else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), target)


class Head(io.TextIOBase):
    "A text stream that keeps its first `KEPT` characters and only counts the rest."
    def __init__(self): self.text, self.size = "", 0

    def write(self, text: str) -> int:
        "Take `text`; return its length."
        self.text += text[:max(0, KEPT - len(self.text))]
        self.size += len(text)
        return len(text)

    def writable(self) -> bool: return True


class InputAsked(RuntimeError):
    "An answer asked for keyboard input."


def _refuse_input(prompt=""):
    raise InputAsked(NO_INPUT)


@contextmanager
def captured_output() -> Iterator[Head]:
    "Catch what is printed in the body, and refuse `input()`."
    head, asked = Head(), builtins.input
    builtins.input = _refuse_input
    try:
        with redirect_stdout(head), redirect_stderr(head): yield head
    finally: builtins.input = asked
