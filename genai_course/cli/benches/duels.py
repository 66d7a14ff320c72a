"""Trains for the same seconds of the processor, for duels between recipes."""

import time
from collections.abc import Iterator

from genai_course.core import Step
from genai_course.training import Task, train

NO_END = 10**9  # steps


def for_seconds(steps: Iterator, seconds: float) -> int:
    "Take steps until the processor has worked so long; returns how many there were."
    end, done = time.process_time() + seconds, 0
    while time.process_time() < end and next(steps, None) is not None: done += 1
    return done


def walk(task: Task, steps: int = NO_END) -> Iterator[Step]:
    "A task's steps, each with what is done after it."
    for step in train(task.batches(0), *task.turns, steps=steps):
        task.after(step)
        yield step
