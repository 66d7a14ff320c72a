"""The functions of a submission, as tests see them: names that may be there, calls that come back as plain data."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from genai_course.grading.recorder import Call, Unsteady
from genai_course.grading.sandbox.conversation import honest, value_in
from genai_course.grading.sandbox.session import Session
from genai_course.grading.snapshot import Opaque

CHEAP = 0.05  # seconds of the processor; a call that took less is repeated


class Names(Mapping):
    "What a submission defines; for each function a stand-in, which is not to be called, and Opaque for anything else."
    def __init__(self, session: Session): self.session = session

    def __getitem__(self, name: str) -> Any:
        "Raises KeyError, Died, TimeUp."
        if not self.session.talk or name not in self.session.kinds: self._look_up(name)
        is_function, kind = self.session.kinds[name]
        return _stand_in if is_function else Opaque(kind)

    def _look_up(self, name):
        kinds = self.session.ask({"do": "look", "names": [name]}, _kinds)
        self.session.kinds |= kinds

    def __iter__(self) -> Iterator[str]: return iter(self.session.kinds)

    def __len__(self) -> int: return len(self.session.kinds)


def _stand_in(): raise TypeError("a function in the sandbox; call_there calls it")


def call_there(names: Names, name: str, gradients: bool, arguments: tuple, options: dict) -> tuple[Any, tuple[int, ...]]:
    "What `recorder.call_here` does, in the sandbox. Raises Died, TimeUp; Unsteady where a second call gives something else."
    message = {"do": "call", "name": name, "gradients": gradients, "arguments": arguments, "options": options}
    outcome, changed, took = _call(names.session, message)
    passes_functions = any(callable(value) for value in [*arguments, *options.values()])  # which may count their calls
    if not passes_functions and took < CHEAP: _expect_again(names.session, message, Call(name, outcome, changed))
    return outcome, changed


def _call(session, message): return session.ask(message, partial(_result, len(message["arguments"])))


def _kinds(reply):
    with honest(): return {name: (is_function is True, str(kind)[:100]) for name, (is_function, kind) in reply["kinds"].items()}


def _result(count, reply):
    with honest():
        changed = tuple(place for place in range(count) if place in reply.get("changed", ()))
        return value_in(reply), changed, float(reply.get("took", 0.0))


def _expect_again(session, message, first):
    with session.unheard(): outcome, changed, _ = _call(session, message)
    if not first.like(Call(first.name, outcome, changed)):
        raise Unsteady(f"`{first.name}` gave different results for the same arguments. Does it keep something between calls, "
                       "or draw random numbers that no seed fixes?")
