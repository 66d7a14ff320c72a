"""Shows how a long step goes: one line that renews itself on a terminal, a plain line now and then elsewhere."""

import shutil
import sys
import time
from typing import TextIO

SECONDS_BETWEEN_PLAIN_LINES = 10


class Display:
    "Shows what is going on, with the time since it began."

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.began = time.monotonic()
        self.stage, self.shown_at = "", float("-inf")

    def elapsed(self) -> str:
        "Minutes and seconds since the beginning, as 1:05."
        minutes, seconds = divmod(int(time.monotonic() - self.began), 60)
        return f"{minutes}:{seconds:02}"

    def show(self, stage: str, detail: str = "") -> None:
        "Show `stage`, such as 'downloading', and how far it is. Elsewhere than on a terminal: at a new stage and every ten seconds."
        line = f"  {stage} {detail}".rstrip()
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + f"{line} · {self.elapsed()}"[:width].ljust(width))
        elif stage != self.stage or time.monotonic() - self.shown_at > SECONDS_BETWEEN_PLAIN_LINES:
            self.stream.write(f"{line} · {self.elapsed()}\n")
            self.shown_at = time.monotonic()
        self.stage = stage
        self.stream.flush()

    def clear(self) -> None:
        "Take the renewing line away, so that something else can be printed."
        if self.live: self.stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
        self.stream.flush()
