"""Runs pip, shows how far it is, and stops it when the user stops us."""

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from genai_course.cli.display import Display
from genai_course.cli.pip_output import PipProgress, complaint

TICK = 0.2  # seconds between looks at what pip has put in place
OPTIONS = ["install", "--disable-pip-version-check", "--no-input", "--no-compile", "--no-warn-script-location"]


def _lines(process: subprocess.Popen) -> Iterator[str | None]:
    "What a process prints, line by line; None at each tick without a line."
    lines = queue.Queue()

    def read():
        for line in process.stdout: lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try: line = lines.get(timeout=TICK)
        except queue.Empty: line = None
        if line == "": return
        yield line


def _stop(process: subprocess.Popen) -> None:
    process.terminate()
    try: process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _show(progress: PipProgress, packages: Path, before: int, display: Display) -> None:
    if not progress.installing: return display.show("downloading", progress.downloading())
    done = min(max(0, len(list(packages.glob("*.dist-info"))) - before), len(progress.installing))
    display.show("installing", f"{done} of {len(progress.installing)}")


def surroundings() -> dict[str, str]:
    "The environment that pip runs in: its own settings stand, except that it must write into the environment and not into the user's folder."
    return {**os.environ, "PIP_USER": "0", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:replace"}


def pip(command: list[str], arguments: list[str], packages: Path, expected: int, display: Display, log: Path) -> None:
    "Run `command` (the way to start pip) to install into the folder `packages`. Raises Trouble with pip's reason."
    output, progress, before = [], PipProgress(expected), len(list(packages.glob("*.dist-info")))
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(
        [*command, *OPTIONS, *arguments], env=surroundings(), encoding="utf-8", errors="replace", close_fds=False, **pipes
    ) as process:
        try:
            for line in _lines(process):
                if line is not None:
                    progress.read(line)
                    output.append(line)
                _show(progress, packages, before, display)
        except BaseException:
            _stop(process)
            raise
        finally: display.clear()
    if process.returncode == 0: return
    text = "".join(line for line in output if not line.startswith("Progress "))
    log.write_text(text, encoding="utf-8")
    raise complaint(text, str(log))
