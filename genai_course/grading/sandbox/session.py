"""One submission in the sandbox: its code is run there; a worker that is lost is replaced by a fresh one, without what ended it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from genai_course.grading.limits import TimeUp, stopped_after
from genai_course.grading.outcome import Piece
from genai_course.grading.recorder import Died, Failure, GraderError
from genai_course.grading.sandbox.conversation import Conversation, failure_in
from genai_course.grading.sandbox.inside.codec import TooLarge
from genai_course.grading.sandbox.process import Printed, Process

SEED = 0  # of every cell and call
VOLUME = 64 * 2**20  # bytes of all that the calls of one question return
PATIENCE = 2.0  # seconds for a worker that should be idle to say so
AGAIN = 5.0  # seconds for a cell that once ran too long, when a fresh worker runs it up to that point again


@dataclass(frozen=True)
class Limits:
    "What one submission may use."
    question_seconds: float = 20.0  # all open tests of one question, and then all hidden ones
    cell_seconds: float = 30.0  # running one cell; it may import torch
    memory: int = 3 * 2**30  # bytes


class Session:
    "A submission's code, in `isolation` after `setup`. Use it in a `with` statement, and `run_all` first. All methods may raise GraderError."
    def __init__(self, isolation: str, setup: str, pieces: list[Piece], limits: Limits):
        self.isolation, self.setup, self.pieces, self.limits = isolation, setup, pieces, limits
        self.failures: dict[int, Failure] = {}  # what cells raised, by the place of the piece
        self.lost: dict[int, str] = {}  # timeout or died, for the pieces that had to be stopped
        self.printed: dict[str, Printed] = {}  # by question
        self.loose: list[str] = []  # what this system cannot bound
        self.talk: Conversation | None = None  # with the worker, where there is one
        self.kinds: dict[str, tuple[bool, str]] = {}  # of names that were looked up: whether they can be called, and their type
        self.ran: set[int] = set()  # places of pieces that ran at least once: what they print again does not count
        self.question, self.deadline, self.volume = "", float("inf"), 0

    def __enter__(self) -> "Session": return self

    def __exit__(self, *raised) -> None: self.end()

    def end(self) -> None:
        "End the worker."
        if self.talk: self.talk.process.close()
        self.talk = None

    def run_all(self) -> None:
        "Run setup and each piece in a fresh worker, but for pieces that ended one."
        while not self._outlives_the_code(): pass
        self._listen(self.question)

    def _outlives_the_code(self):
        self.start()
        for place, piece in enumerate(self.pieces):
            self._listen("" if place in self.ran else piece.question)
            self.ran.add(place)
            if self.lost.get(place) != "died": self._run_piece(place, piece)
            if self.talk is None: return False
        return True

    def start(self) -> None:
        "A fresh worker, in which the setup has been run."
        self.end()
        self.kinds = {}
        try:
            self.talk = Conversation(Process(self.isolation, self.limits.memory, self._all_seconds()))
            self.loose = self.talk.process.receive(time.perf_counter() + self.limits.cell_seconds)["loose"]
            reply = self._run(self.setup, "<setup>", self.limits.cell_seconds)
        except (Died, OSError, TimeUp, KeyError) as error: raise GraderError(self._why_not(error)) from None
        if "failure" in reply: raise GraderError(f"The setup of this exercise does not run: {reply['failure']['kind']}: {reply['failure']['message']}.")

    def _all_seconds(self): return self.limits.cell_seconds * (len(self.pieces) + 1) + self.limits.question_seconds * 100

    def _why_not(self, error):
        said = self.talk.process.printed.text.strip().splitlines() if self.talk else []
        return f"No worker could be started: {error or type(error).__name__} {said[-1] if said else ''}".rstrip()

    def _run(self, source, name, seconds):
        return self.talk.ask({"do": "run", "source": source, "name": name, "random": SEED}, time.perf_counter() + seconds)

    def _run_piece(self, place, piece):
        try:
            reply = self._run(piece.source, f"<cell {piece.number}, piece {place}>", AGAIN if place in self.lost else self.limits.cell_seconds)
            if "failure" in reply: self.failures[place] = failure_in(reply)
        except TooLarge as error: self.failures[place] = Failure("TooLarge", f"The cell is too long: {error}.", 0, "")
        except TimeUp: self._note_slow(place)
        except Died as error:
            self.end()
            self._note_lost(place, "died", Failure("Died", str(error), 0, ""))

    def _note_slow(self, place):
        self.settle()
        failure = Failure("TimeUp", stopped_after(self.limits.cell_seconds), 0, "")
        self._note_lost(place, "timeout" if self.talk else "died", failure)

    def _note_lost(self, place, how, failure):
        self.lost[place] = how
        self.failures.setdefault(place, failure)

    def begin(self, question: str, seconds: float) -> None:
        "From now on calls have the `seconds` of a question, and what they print is kept with it; with none if it is empty."
        self.deadline = time.perf_counter() + seconds
        self.question, self.volume = question, 0
        if self.talk: self._listen(question)

    def _listen(self, question):
        "What comes next is printed for `question`; for none where that is empty."
        self.talk.process.read_output()
        self.talk.process.printed = self.printed.setdefault(question, Printed()) if question else Printed()

    def _reply(self, message):
        before = self.talk.process.taken
        reply = self.talk.ask(message | {"random": SEED}, self.deadline)
        self.volume += self.talk.process.taken - before
        if self.volume > VOLUME: raise Died(f"The answer returned more than {VOLUME // 2**20} MB in all.")
        return reply

    @contextmanager
    def unheard(self) -> Iterator[None]:
        "A block in which what is printed does not count."
        if self.talk: self._listen("")
        try: yield
        finally:
            if self.talk: self._listen(self.question)

    def finish(self) -> None:
        "The question is over. A worker that does not listen any more, or still has something running, must not spoil the next one."
        self.settle()
        if self.talk and not self._is_idle(): self.end()

    def _is_idle(self):
        try: return self.talk.ask({"do": "look", "names": []}, time.perf_counter() + PATIENCE).get("threads") == 1
        except (Died, TimeUp): return False

    def settle(self) -> None:
        "Interrupt what still runs, and end the worker where it does not heed that; take in what was printed."
        if self.talk and not self.talk.settle(): self.end()
        if self.talk: self.talk.process.read_output()

    def ask(self, message: dict, read: Callable[[dict], Any]) -> Any:
        """What `read` makes of the worker's reply, within the question's seconds; a fresh worker's where there is none.
        Raises Died, TimeUp, and GraderError where an argument is too large."""
        if self.talk and not self.talk.is_nested: self.settle()
        if not self.talk: self.run_all()
        try: return read(self._reply(message))
        except TooLarge as error: raise GraderError(f"A test passes an argument that is too large: {error}.") from None
        except Died:
            self.end()
            raise
