"""What tests say with: each function compares what an answer gave with what was expected, and raises Mismatch with both as data."""

from typing import Any

import numpy as np

from genai_course.grading.recorder import Recorder, opaque_name, recorder_calls
from genai_course.grading.snapshot import is_number, same


class Mismatch(AssertionError):
    "A result that is not as expected; carries `reason` (a sentence) and, where they tell something, `expected` and `got`."
    def __init__(self, reason: str, expected: dict | None = None, got: dict | None = None):
        super().__init__(reason)
        self.reason, self.expected, self.got = reason, expected, got


def close(got: Any, expected: Any, what: str = "the result", rtol: float = 1e-6, atol: float = 1e-8) -> None:
    "Expect a number or an array of `expected`'s shape, with values within `atol + rtol * abs(expected)`."
    reason = _kind_problem(got, what) or _shape_problem(got, expected, what) or _value_problem(got, expected, what, rtol, atol)
    if reason: raise Mismatch(reason, describe(np.asarray(expected)), describe(got))


def equal(got: Any, expected: Any, what: str = "the result") -> None:
    "Expect the very same plain data, such as a list of names."
    if not same(got, expected): raise Mismatch(f"{_start(what)} is not what it should be.", describe(expected), describe(got))


def parts(got: Any, count: int, what: str) -> list:
    "Expect a tuple or list of `count` things, named in `what`; return them."
    if got is None: raise Mismatch(_nothing("the result"), {"type": f"{count} values: {what}"}, describe(got))
    if not isinstance(got, tuple | list) or len(got) != count:
        raise Mismatch(f"Return {count} values, in this order: {what}.", {"type": f"{count} values: {what}"}, describe(got))
    return list(got)


def true(condition: bool, reason: str, expected: Any = None, got: Any = None) -> None:
    "Expect a condition to hold; `reason` is what the learner reads where it does not."
    if not condition: raise Mismatch(reason, expected and describe(expected), got if got is None else describe(got))


def inputs_kept(sol: Recorder) -> None:
    "Expect that the latest call left its arguments as they were."
    call = recorder_calls(sol)[-1]
    if call.changed:
        places = " and ".join(str(position + 1) for position in call.changed)
        raise Mismatch(f"{call.name} changed its own input (argument {places}). "
                       "Make new arrays instead of writing into those you are given.")


def describe(value: Any) -> dict:
    "A plain value as texts for a card: its type; for arrays shape and dtype; its values, shortened."
    if isinstance(value, np.ndarray | np.generic) and is_number(value):
        shown = np.array2string(np.asarray(value), precision=6, threshold=40, edgeitems=3, suppress_small=True)
        kind = "array" if isinstance(value, np.ndarray) else "number"
        return {"type": kind, "shape": str(value.shape), "dtype": str(value.dtype), "values": shown}
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray) for item in value):
        shapes = ", ".join(str(np.shape(item)) for item in value)
        return {"type": f"{opaque_name(value)} of {len(value)} arrays, shapes {shapes}"}
    return {"type": opaque_name(value), "values": _shortened(value)}


def _shortened(value, limit=300):
    text = f"{value:.8g}" if type(value) is float else repr(value)
    return text if len(text) <= limit else text[:limit] + " …"


def _start(what):
    "What a sentence about `what` begins with: a name stays as it is."
    return f"{what[0].upper()}{what[1:]}" if " " in what else f"`{what}`"


def _nothing(what): return f"{_start(what)} is None. Is there a `return` line at the end of the function?"


def _kind_problem(got, what):
    if got is None: return _nothing(what)
    if not is_number(got) and not is_number(_as_array(got)):
        return f"{_start(what)} should be numbers, not a {opaque_name(got)}."
    return None


def _as_array(value):
    try: return np.asarray(value)
    except ValueError: return None  # rows of different lengths


def _shape_problem(got, expected, what):
    if np.shape(got) == np.shape(expected): return None
    return f"{_start(what)} has shape {np.shape(got)}; it should be {np.shape(expected)}."


def _value_problem(got, expected, what, rtol, atol):
    got, expected = np.asarray(got, dtype=float), np.asarray(expected, dtype=float)
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    if not wrong.any(): return None
    if np.isnan(got).any(): return f"{_start(what)} contains nan (not a number): something was divided by 0 or overflowed."
    if got.ndim == 0: return f"{_start(what)} is {got:.6g}; it should be {expected:.6g}."
    worst = np.unravel_index(np.argmax(np.where(wrong, np.abs(got - expected), -1)), got.shape)
    place = ", ".join(map(str, worst))
    few = f"{wrong.sum()} of {got.size} values differ" if got.size > 1 else "the value differs"
    return f"In {what}, {few}, most at [{place}]: it is {got[worst]:.6g} and should be {expected[worst]:.6g}."
