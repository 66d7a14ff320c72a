"""A run of a recipe: it trains, validates, saves its state now and then, and can be stopped and resumed at any step."""

import hashlib
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genai_course.checkpoint import is_sound, load_checkpoint, read_checkpoint, save_checkpoint, save_weights
from genai_course.cli import SAVE_EVERY
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import Step
from genai_course.training import Recipe, Task, train


@dataclass
class Log:
    "How far a run is."
    step: int = 0
    seconds: float = 0.0  # of training, over all its sittings
    train_loss: float | None = None  # of the first turn, at the latest step
    val_curve: list = field(default_factory=list)  # [step, seconds, validation loss]

    @property
    def val_loss(self) -> float | None: return self.val_curve[-1][2] if self.val_curve else None


@dataclass(frozen=True)
class Limits:
    "When a run ends (at the first of these), and how often it saves its state."
    steps: int
    seconds: float = math.inf
    val_loss: float = -math.inf
    save_every: float = SAVE_EVERY  # seconds between two checkpoints

    def reached(self, log: Log) -> bool:
        "Whether the run is to end here."
        return log.step >= self.steps or log.seconds >= self.seconds or (log.val_loss is not None and log.val_loss <= self.val_loss)


def identity(name: str, recipe: Recipe, seed: int, text: Path | None) -> dict[str, Any]:
    "What makes a run the run it is: two runs with the same identity go through the same weights. Raises OSError."
    digest = hashlib.sha256(text.read_bytes()).hexdigest() if text else None
    return {"recipe": name, "settings": recipe.settings, "seed": seed, "text": digest}


class Run:
    "A task on its way, and the files in `folder` that it keeps its state and its weights in."
    def __init__(self, task: Task, identity: Mapping[str, Any], folder: Path, val_every: int, typed: Callable[[bool], str]):
        "`typed` gives the command for this run as one types it, with or without --resume."
        self.task, self.identity, self.val_every, self.typed, self.log = task, dict(identity), val_every, typed, Log()
        self.checkpoint, self.weights = folder / "checkpoint.safetensors", folder / "weights.safetensors"
        self.saved_step, self.saved_at = None, time.monotonic()

    def parts(self) -> dict[str, Any]:
        "All that has a state."
        optimizers = {f"optimizer of {turn.name}": turn.opt for turn in self.task.turns}
        return {"model": self.task.model, **optimizers, **self.task.others}

    def resume(self) -> None:
        "Go on from the checkpoint. Raises CheckpointError; Trouble where it is another run's."
        notes = read_checkpoint(self.checkpoint)["notes"]
        for what, here in self.identity.items():
            there = notes.get("identity", {}).get(what)
            if there != here: raise Trouble(f"{self.checkpoint} is of another run: its {what} is {there}, not {here}. Give another --out, or leave --resume out.")
        load_checkpoint(self.checkpoint, self.parts())
        self.log, self.saved_step = Log(**notes["log"]), notes["log"]["step"]

    def save(self, limits: Limits) -> None:
        "Write a checkpoint of this step. Raises Trouble where the weights are not finite or the disk is full; the last good one is kept."
        if not is_sound(self.parts()): raise self.failure(f"some weights are no finite numbers any more at step {self.log.step}")
        notes = {"identity": self.identity, "log": asdict(self.log), "steps": limits.steps, "finished": limits.reached(self.log)}
        try: save_checkpoint(self.checkpoint, self.parts(), notes)
        except OSError as error: raise self.unwritten(error) from error
        self.saved_step, self.saved_at = self.log.step, time.monotonic()

    def last_good(self) -> str:
        "What is left after a failure, in words."
        if self.saved_step is None: return "No checkpoint had been made yet."
        return f"The last good checkpoint, of step {self.saved_step}, is kept in {self.checkpoint}."

    def again(self) -> str:
        "What to do to go on with what there is."
        return f"type: {self.typed(self.saved_step is not None)}"

    def unwritten(self, error: OSError) -> Trouble:
        "The message for a file that could not be written."
        return Trouble(f"step {self.log.step} could not be saved. {self.last_good()} The reason: {explained(error, self.again())}")

    def failure(self, what: str) -> Trouble:
        "The message for numbers that have run away."
        return Trouble(f"{what}: training stopped. A smaller learning rate may help. {self.last_good()}")

    def take_in(self, step: Step) -> None:
        "Note a step that was made. Raises Trouble where the task finds weights that are not finite, and for a loss that is not."
        self.log.step += 1
        try: self.task.after(step._replace(i=self.log.step - 1))  # counted from the beginning, also where the run was resumed
        except FloatingPointError as error: raise self.failure(str(error)) from None
        for name, loss in step.losses.items():
            if not math.isfinite(loss): raise self.failure(f"{name} is {loss} at step {self.log.step}")
        self.log.train_loss = next(iter(step.losses.values()))

    def validate(self) -> None:
        "Measure the validation loss of this step, once."
        if self.log.val_curve and self.log.val_curve[-1][0] == self.log.step: return
        self.log.val_curve.append([self.log.step, self.log.seconds, self.task.val_loss()])

    def advance(self, limits: Limits, stopped: Callable[[], bool]) -> Iterator[Log]:
        "Train until a limit is reached or `stopped()`; yields after each step, and leaves a checkpoint of the last one. Raises Trouble."
        began = time.monotonic() - self.log.seconds
        for step in train(self.task.batches(self.log.step), *self.task.turns, steps=max(0, limits.steps - self.log.step)):
            self.take_in(step)
            self.log.seconds = time.monotonic() - began
            if self.log.step % self.val_every == 0: self.validate()
            yield self.log
            if stopped() or limits.reached(self.log): break
            if time.monotonic() - self.saved_at >= limits.save_every: self.save(limits)
        if not stopped(): self.validate()
        if self.log.step != self.saved_step: self.save(limits)

    def report(self) -> dict[str, Any]:
        "The run in the form that `--json` writes."
        log = self.log
        return {"recipe": self.identity["recipe"], "seed": self.identity["seed"], "steps": log.step, "seconds": log.seconds,
                "train_loss": log.train_loss, "val_loss": log.val_loss, "val_curve": log.val_curve, "weights": str(self.weights)}  # fmt: skip

    def save_weights(self, half: bool) -> None:
        "Write the model's weights, with a card that says where they come from; with `half`, in 16 bits a number. Raises Trouble."
        card = {**self.task.card, **self.identity, **{what: value for what, value in self.report().items() if what != "weights"}}
        try: save_weights(self.weights, self.task.model, card, half)
        except OSError as error: raise self.unwritten(error) from error


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    "A function that says whether Ctrl-C was pressed, or an end was asked for, since; the second time interrupts at once."
    heard = []

    def hear(number, frame):
        if heard: raise KeyboardInterrupt
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try: yield lambda: bool(heard)
    finally:
        for number, handler in before.items(): signal.signal(number, handler)
