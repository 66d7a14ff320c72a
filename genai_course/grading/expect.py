"""What tests say with: each function compares what an answer gave with what was expected, and raises Mismatch with both as data."""

from collections.abc import Callable
from typing import Any

import numpy as np

from genai_course.grading.recorder import Answer, Recorder, opaque_name, recorder_calls
from genai_course.grading.snapshot import Opaque, is_number, plain, same
from genai_course.grading.sandbox.inside.tensors import EXACT, PlainTensor, is_tensor, tolerances, with_gradients


MANY = 40  # numbers, beyond which a card shows only some


class Mismatch(AssertionError):
    "A result that is not as expected; carries `reason` (a sentence) and, where they tell something, `expected` and `got`."
    def __init__(self, reason: str, expected: dict | None = None, got: dict | None = None):
        super().__init__(reason)
        self.reason, self.expected, self.got = reason, expected, got


def close(got: Any, expected: Any, what: str = "the result", rtol: float | None = None, atol: float | None = None) -> None:
    """Expect a number, an array or a tensor of `expected`'s shape, with values within `atol + rtol * abs(expected)`.

    Where `expected` is a torch tensor, so must be the result, of the same type and on the same device; the usual tolerance is the type's own.
    """
    got, expected = plain(got), plain(expected)
    usual = tolerances(expected) if isinstance(expected, PlainTensor) else EXACT
    allowed = [own if own is not None else normal for own, normal in zip((rtol, atol), usual, strict=True)]
    reason = _kind_problem(got, expected, what) or _form_problem(got, expected, what) or _value_problem(got, expected, what, *allowed)
    if reason: raise Mismatch(reason, describe(expected if isinstance(expected, PlainTensor) else np.asarray(expected)[()]), describe(got))


def gradients(answer: Answer, reference: Callable, *arguments: Any) -> None:
    """Expect of `answer`, such as `sol.softmax`, the result of `reference`, and of what flows back through it as well,
    to each of the `arguments` that requires a gradient."""
    got, arrived = answer.with_gradients(*arguments)
    expected, wanted = with_gradients(reference, arguments)
    close(got, expected)
    places = [place for place, value in enumerate(arguments, 1) if is_tensor(value) and value.requires_grad]
    for place, mine, theirs in zip(places, arrived, wanted, strict=True):
        true(mine is not None, f"No gradient gets back to argument {place}. `.detach()`, `.item()`, `.numpy()`, `torch.no_grad()` "
                               "and `torch.tensor(...)` cut the way back; or the argument was not used.")
        close(mine, theirs, f"the gradient for argument {place}")


def equal(got: Any, expected: Any, what: str = "the result") -> None:
    "Expect the very same plain data, such as a list of names."
    got, expected = plain(got), plain(expected)
    if not same(got, expected): raise Mismatch(f"Not as expected: {what}.", describe(expected), describe(got))


def parts(got: Any, count: int, what: str) -> list:
    "Expect a tuple or list of `count` things, named in `what`; return them."
    if got is None: raise Mismatch(_nothing("the result"), {"type": f"{count} values: {what}"}, describe(got))
    if not isinstance(got, tuple | list) or len(got) != count:
        raise Mismatch(f"Return {count} values, in this order: {what}.", {"type": f"{count} values: {what}"}, describe(got))
    return list(got)


def true(condition: bool, reason: str, expected: Any = None, got: Any = None) -> None:
    "Expect a condition to hold; `reason` is what the learner reads where it does not."
    if not condition: raise Mismatch(reason, *[None if side is None else describe(side) for side in (expected, got)])


def inputs_kept(sol: Recorder) -> None:
    "Expect that the latest call left its arguments as they were."
    call = recorder_calls(sol)[-1]
    if call.changed:
        places = " and ".join(str(position + 1) for position in call.changed)
        raise Mismatch(f"{call.name} changed its own input (argument {places}). "
                       "Make new arrays instead of writing into those you are given.")


def describe(value: Any) -> dict:
    "A value as texts for a card: its type; for arrays and tensors their shape and dtype; its values, shortened."
    value = plain(value)
    if isinstance(value, np.ndarray) and not value.ndim: value = value[()]  # no learner tells a 0-d array from a number
    if isinstance(value, PlainTensor):
        return {"type": "tensor", "shape": str(value.shape), "dtype": value.dtype, "device": value.device, "values": _numbers_text(value.values)}
    if isinstance(value, np.ndarray) and is_number(value):
        return {"type": "array", "shape": str(value.shape), "dtype": str(value.dtype), "values": _numbers_text(value)}
    if isinstance(value, np.generic): value = value.item()
    if is_number(value) and not isinstance(value, bool): return {"type": "number", "values": _number_text(value)}
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray | PlainTensor) for item in value): return {"type": _several(value)}
    if isinstance(value, Opaque): return {"type": value.kind} | ({"values": value.text} if value.text else {})
    return {"type": opaque_name(value), "values": _shortened(value)}


def _numbers_text(values):
    "Numbers as text: of many, the first and the last ones; with more than two axes in one row."
    array = np.asarray(values)
    shown = array.ravel() if array.ndim > 2 and array.size > MANY else array
    return np.array2string(shown, precision=6, threshold=MANY, edgeitems=3, suppress_small=True)


def _number_text(value): return _shortened(value) if isinstance(value, int) else f"{value:.8g}"


def _several(values):
    noun = "tensors" if all(isinstance(item, PlainTensor) for item in values) else "arrays"
    shapes = ", ".join(str(item.shape) if isinstance(item, np.ndarray | PlainTensor) else f"() for a {opaque_name(item)}" for item in values[:8])
    return f"{opaque_name(values)} of {len(values)} {noun}, shapes {shapes}"


def _shortened(value, limit=300):
    text = repr(value)
    return text if len(text) <= limit else text[:limit] + " …"


def _start(what):
    "What a sentence about `what` begins with: a name stays as it is."
    return f"{what[0].upper()}{what[1:]}" if " " in what else f"`{what}`"


def _nothing(what): return f"{_start(what)} is None. Is there a `return` line at the end of the function?"


def _kind_problem(got, expected, what):
    if got is None: return _nothing(what)
    if isinstance(expected, PlainTensor): return None if isinstance(got, PlainTensor) else _no_tensor(got, what)
    if isinstance(got, PlainTensor) and np.ndim(expected): return f"{_start(what)} is a torch tensor; it should be a numpy array, as `.numpy()` gives it."
    if isinstance(got, PlainTensor): return f"{_start(what)} is a torch tensor; it should be a plain number, as `.item()` gives it."
    if not is_number(got) and not is_number(_as_array(got)):
        return f"{_start(what)} should be numbers, not a {opaque_name(got)}."
    return None


def _no_tensor(got, what):
    if isinstance(got, np.ndarray): return f"{_start(what)} is a numpy array; it should be a torch tensor. Stay with torch's own functions."
    if isinstance(got, Opaque) and got.text: return f"{_start(what)} is a layer ({got.kind}); it should be a torch tensor: what the layer gives for an input."
    return f"{_start(what)} should be a torch tensor, not a {opaque_name(got)}."


def _as_array(value):
    try: return np.asarray(value)
    except ValueError: return None  # rows of different lengths


def _shape(value): return value.shape if isinstance(value, PlainTensor) else np.shape(value)


def _form_problem(got, expected, what):
    "Shape; for tensors also type and device."
    if (mine := _shape(got)) != (right := _shape(expected)):
        has, have = f"has shape {mine}" if mine else "is a single number", f"have shape {right}" if right else "be a single number"
        return f"{_start(what)} {has}; it should {have}."
    if np.iscomplexobj(_numbers(got)) > np.iscomplexobj(_numbers(expected)): return f"{_start(what)} should be real numbers, not complex ones."
    if not isinstance(expected, PlainTensor): return None
    if got.dtype != expected.dtype: return f"{_start(what)} has dtype {got.dtype}; it should be {expected.dtype}."
    if got.device != expected.device: return f"{_start(what)} is on the device {got.device}; it should be on {expected.device}."
    return None


def _numbers(value):
    "All the numbers of a value, as precise as they come: floats, or complex numbers where it has any."
    values = np.asarray(value.values if isinstance(value, PlainTensor) else value)
    return values.astype(complex if np.iscomplexobj(values) else float)


def _value_problem(got, expected, what, rtol, atol):
    got, expected = _numbers(got), _numbers(expected)
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    if not wrong.any(): return None
    if np.isnan(got).any(): return f"There is a nan (not a number) in {what}: something was divided by 0 or overflowed."
    if got.ndim == 0: return f"{_start(what)} came out as {got:.6g}; it should be {expected:.6g}."
    worst = np.unravel_index(np.argmax(np.where(wrong, np.abs(got - expected), -1)), got.shape)
    place = ", ".join(map(str, worst))
    few = f"{wrong.sum()} of {got.size} values differ" if got.size > 1 else "the value differs"
    return f"In {what}, {few}, most at [{place}]: it is {got[worst]:.6g} and should be {expected[worst]:.6g}."
