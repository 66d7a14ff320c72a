"""One worker's process: started, asked, interrupted, killed. Reads what it prints while it waits for what it answers."""

import os
import select
import signal
import socket
import time
from collections.abc import Callable

from genai_course.grading.limits import KEPT, TimeUp
from genai_course.grading.recorder import Died
from genai_course.grading.sandbox import isolation
from genai_course.grading.sandbox.inside.codec import HEAD, Malformed, frame_length, from_body

CHUNK = 2**16
GRACE, AGAIN = 1.0, 0.1  # seconds that an interrupted answer has to leave; between two interrupts


class Printed:
    "The head of what was printed, and how much it was in all."
    def __init__(self): self.head, self.size = b"", 0

    def add(self, content: bytes) -> None:
        self.head += content[:max(0, KEPT - len(self.head))]
        self.size += len(content)

    @property
    def text(self) -> str:
        "The head as text."
        return self.head.decode("utf-8", "replace")


class Process:
    "A worker in isolation. Every method may raise Died, which says how it ended, or TimeUp; after Died only `close` makes sense."
    def __init__(self, kind: str, memory: int, seconds: float):
        self.printed, self.received, self.started = Printed(), b"", None
        self.taken = 0  # bytes of messages so far
        self.channel, theirs = socket.socketpair()
        self.output, writing = os.pipe()
        try:
            with theirs: self.started = isolation.start(kind, theirs, writing, memory, seconds)
        except BaseException:
            self.close()
            raise
        finally: os.close(writing)
        os.set_blocking(self.output, False)
        self.channel.setblocking(False)

    def send(self, frame: bytes, deadline: float) -> None:
        "Send a message, as `codec.to_frame` makes it."
        left = memoryview(frame)
        while left:
            self._wait(select.POLLOUT, deadline)
            try: left = left[self.channel.send(left):]
            except BlockingIOError: continue
            except OSError: raise self._death() from None

    def receive(self, deadline: float) -> dict:
        "The next message."
        try:
            body = self._take(HEAD + frame_length(self._take(HEAD, deadline)), deadline)
            self.received, self.taken = self.received[len(body):], self.taken + len(body)
            return from_body(body[HEAD:])
        except Malformed as error: raise Died(f"The answer spoiled the grader's own channel ({error}).") from None

    def _take(self, count, deadline):
        "The first `count` bytes of what comes, which stay where they are."
        while len(self.received) < count:
            self._wait(select.POLLIN, deadline)
            try: more = self.channel.recv(CHUNK)
            except BlockingIOError: continue
            except OSError: more = b""
            if not more: raise self._death()
            self.received += more
        return self.received[:count]

    def _wait(self, event, deadline):
        "Wait until the channel is ready, and take in what is printed meanwhile."
        poll, ready = select.poll(), False
        poll.register(self.channel, event)
        if self.output is not None: poll.register(self.output, select.POLLIN)
        while not ready:
            left = deadline - time.perf_counter()
            if left <= 0: raise TimeUp
            found = dict(poll.poll(left * 1000))
            ready = self.channel.fileno() in found
            if self.output in found and not self._read_output():
                poll.unregister(self.output)
                self._close_output()

    def _read_output(self) -> bool:
        "Take in some of what is printed; whether more may come."
        try: content = os.read(self.output, CHUNK)
        except BlockingIOError: return True
        self.printed.add(content)
        return bool(content)

    def read_output(self) -> None:
        "Take in all that was printed so far."
        size = -1
        while self.output is not None and size != self.printed.size: size = self._read_more()

    def _read_more(self):
        size = self.printed.size
        if not self._read_output(): self._close_output()
        return size

    def is_quiet(self) -> bool:
        "Whether nothing has come that was not asked for."
        poll = select.poll()
        poll.register(self.channel, select.POLLIN)
        return not self.received and not poll.poll(0)

    def interrupt(self, is_over: Callable[[dict], bool]) -> bool:
        "Interrupt what runs; whether the message that ends it, by `is_over`, came in time."
        end = time.perf_counter() + GRACE
        while time.perf_counter() < end:
            try:
                self.started.interrupt()
                while not is_over(self.receive(min(end, time.perf_counter() + AGAIN))): pass
            except TimeUp: continue
            except (Died, OSError): return False
            return True
        return False

    def _death(self) -> Died:
        "What became of the process, once its channel is closed."
        try: status = self.started.process.wait(GRACE)
        except Exception: return Died("The answer closed the grader's own channel.")
        self.read_output()
        return Died(_cause(status))

    def close(self) -> None:
        "End the process and all that it left behind."
        self.channel.close()
        if self.started:
            self.started.end()
        self._close_output()

    def _close_output(self):
        if self.output is not None: os.close(self.output)
        self.output = None


def _cause(status: int) -> str:
    number = -status if status < 0 else status - 128  # bubblewrap passes a signal on as a shell does
    name = signal.Signals(number).name if number in set(signal.Signals) else ""
    told = {"SIGKILL": "It was killed; perhaps it used up the memory.", "SIGSEGV": "It crashed; perhaps it called itself without end.",
            "SIGXCPU": "It used up its time on the processor."}
    return f"The answer ended the program that ran it ({name or f'exit status {status}'}). {told.get(name, '')}".rstrip()
