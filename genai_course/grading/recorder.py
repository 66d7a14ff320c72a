"""`sol`, as a test sees it: the learner's functions, each call recorded, each value copied on its way in and out."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from genai_course.grading.limits import TimeUp
from genai_course.grading.sandbox.inside.failing import failure_facts
from genai_course.grading.snapshot import Opaque, plain, same
from genai_course.grading.sandbox.inside.tensors import PlainTensor, with_gradients


@dataclass(frozen=True)
class Failure:
    "An exception in an answer, as plain data."
    kind: str  # the exception's class
    message: str
    line: int  # the line's number in its cell; 0 where it is not known
    text: str  # the learner's own line
    unanswered: bool = False  # the stub is still there

    @property
    def told(self) -> str:
        "Class and message in one line."
        return f"{self.kind}: {self.message}".rstrip(": ")

    def like(self, other: "Failure") -> bool:
        "Whether both are of one class and begin with the same three words."
        return self.kind == other.kind and self.message.split()[:3] == other.message.split()[:3]


@dataclass(frozen=True)
class Call:
    "One call of an answer's function."
    name: str
    outcome: Any  # plain data, or a Failure
    changed: tuple[int, ...]  # positions of the arguments that the call changed

    def like(self, other: "Call") -> bool:
        "Whether both calls behaved the same, but for rounding."
        if (self.name, self.changed) != (other.name, other.changed): return False
        failures = [isinstance(call.outcome, Failure) for call in (self, other)]
        if any(failures): return all(failures) and self.outcome.like(other.outcome)
        return same(self.outcome, other.outcome)


class Missing(Exception):
    "The answer does not define what was expected; the message says what, and what to do."


class AnswerFailed(Exception):
    "A call of an answer's function raised; carries the `failure`."
    def __init__(self, failure: Failure):
        super().__init__(failure.told)
        self.failure = failure


class Died(Exception):
    "What ran the answer ended, or cannot be trusted any more; the message says how. (At grading, where answers run in a process of their own.)"


class Unsteady(Exception):
    "Two calls with the same arguments gave different results. (At grading, where calls are repeated.)"


class GraderError(RuntimeError):
    "The grader itself is broken, or the spec is: no answer is to blame, and none gets a zero for it."


class Answer:
    "One function of an answer: to be called, with or without a look at the gradients."
    def __init__(self, call: Callable): self._call = call

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        "The result as plain data. Raises AnswerFailed."
        return self._call(False, arguments, options)

    def with_gradients(self, *arguments: Any, **options: Any) -> tuple[Any, list]:
        "The result and `tensors.with_gradients` of it, as plain data. Raises AnswerFailed."
        return self._call(True, arguments, options)


def call_here(namespace: dict, name: str, gradients: bool, arguments: tuple, options: dict) -> tuple[Any, tuple[int, ...]]:
    "Call a function of `namespace` on copies, in this process; returns the outcome as plain data or a Failure, and which arguments it changed."
    given = copy.deepcopy((arguments, options))
    try: outcome = plain(with_gradients(namespace[name], *given) if gradients else namespace[name](*given[0], **given[1]))
    except (TimeUp, KeyboardInterrupt): raise
    except BaseException as error: outcome = failure_of(error, namespace)  # sys.exit too
    return outcome, tuple(i for i, (before, after) in enumerate(zip(arguments, given[0], strict=True)) if not _unchanged(before, after))


class Recorder:
    """Gives a namespace's functions as attributes. `recorder.function(...)` is noted in `recorder_calls(recorder)`.

    `call` does a call, as `call_here` does; at grading it has a worker do it, and the namespace stands for the worker's.
    """
    def __init__(self, namespace: Mapping, call: Callable = call_here):
        self._namespace, self._do, self._calls = namespace, call, []

    def __getattr__(self, name: str) -> Answer:
        if name.startswith("__"): raise AttributeError(name)
        find_function(self._namespace, name)
        return Answer(partial(self._call, name))

    def _call(self, name, gradients, arguments, options):
        outcome, changed = self._do(self._namespace, name, gradients, arguments, options)
        self._calls.append(Call(name, outcome, changed))
        if isinstance(outcome, Failure): raise AnswerFailed(outcome)
        return copy.deepcopy(outcome)


def _unchanged(before, after): return same(plain(before), plain(after))


def recorder_calls(recorder: Recorder) -> list[Call]:
    "The calls made so far."
    return recorder._calls


def find_function(namespace: Mapping, name: str) -> Callable:
    "The function `name`. Raises Missing where there is none."
    if name not in namespace:
        raise Missing(f"There is no `{name}` yet. Run the answer cell above; the function in it must be called `{name}`.")
    if not callable(namespace[name]):
        raise Missing(f"`{name}` should be a function, but it is a {opaque_name(namespace[name])} now. Run the answer cell above again.")
    return namespace[name]


def failure_of(error: BaseException, namespace: dict) -> Failure:
    "What happened, and the innermost line of the learner's own code in it."
    return Failure(**failure_facts(error, namespace))


def opaque_name(value: Any) -> str:
    "The name of the type of `value`, also where only a stand-in for it was kept."
    if isinstance(value, PlainTensor): return "torch tensor"
    return value.kind if isinstance(value, Opaque) else "None" if value is None else type(value).__name__
