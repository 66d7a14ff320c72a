"""Plain copies of what an answer returned, and whether two of them are the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genai_course.grading.sandbox.inside.codec import BITS, HUGE
from genai_course.grading.sandbox.inside.tensors import PlainTensor, is_model, is_tensor, model_text, plain_tensor, readable, tolerances

RELATIVE, ABSOLUTE = 1e-6, 1e-9  # what may lie between two numbers that came about in different ways
DEPTH = 20  # lists within lists, at most


@dataclass(frozen=True)
class Opaque:
    "Stands for a value that is not plain data, such as an object of a class of the learner's own."
    kind: str  # the name of its type
    text: str = ""  # what it says of itself, where that helps: the layers of a torch model


def plain(value: Any, depth: int = DEPTH) -> Any:
    "A copy of `value` made of numbers, texts, arrays, PlainTensors, lists, tuples and dicts alone; anything else in it becomes Opaque."
    if depth == 0: return Opaque(type(value).__name__)
    if type(value) is int and value.bit_length() > BITS: return Opaque(HUGE)
    if value is None or type(value) in (bool, int, float, complex, str, bytes, Opaque): return value
    if isinstance(value, np.ndarray): return _plain_array(value, depth)
    if isinstance(value, PlainTensor): return value.copy()
    if is_tensor(value): return plain_tensor(value) if readable(value) else Opaque("tensor without readable values")
    if isinstance(value, np.generic): return value if value.dtype.kind in "biufc" else str(value)
    if isinstance(value, Mapping): return {plain(k, depth - 1): plain(v, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple): return type_of_sequence(value)(plain(item, depth - 1) for item in value)
    if isinstance(value, set | frozenset): return frozenset(plain(item, depth - 1) for item in value)
    return Opaque(type(value).__name__, model_text(value) if is_model(value) else "")


def type_of_sequence(value: list | tuple) -> type:
    "list or tuple, whichever `value` is or descends from."
    return list if isinstance(value, list) else tuple


def _plain_array(value, depth):
    if value.dtype.kind == "O": return plain(value.tolist(), depth - 1)
    return np.array(value, subok=False)


def is_number(value: Any) -> bool:
    "Whether a plain value is a number or an array of numbers."
    return isinstance(value, bool | int | float | complex | np.generic) or (isinstance(value, np.ndarray) and value.dtype.kind in "biufc")


def same(a: Any, b: Any) -> bool:
    "Whether two plain values are the same, but for rounding. Lists and tuples with the same content are. Tensors agree in type and device too."
    if isinstance(a, PlainTensor) and isinstance(b, PlainTensor): return _same_tensors(a, b)
    if is_number(a) and is_number(b): return _same_numbers(np.asarray(a), np.asarray(b))
    if isinstance(a, list | tuple) and isinstance(b, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict): return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray): return type(a) is type(b) and np.array_equal(a, b)
    return type(a) is type(b) and bool(a == b)


def _same_tensors(a, b):
    return (a.dtype, a.device) == (b.dtype, b.device) and _same_numbers(a.values, b.values, *tolerances(a))


def _same_numbers(a, b, relative=RELATIVE, absolute=ABSOLUTE):
    if a.shape != b.shape: return False
    a, b = a.astype(complex), b.astype(complex)
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= np.maximum(absolute, relative * np.maximum(np.abs(a), np.abs(b)))
    finite = np.isfinite(a) & np.isfinite(b)
    return bool(np.all((a == b) | (np.isnan(a) & np.isnan(b)) | (near & finite)))
