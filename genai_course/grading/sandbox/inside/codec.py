"""Plain data as JSON and back, for both sides of the sandbox's wall. Never pickle.

Texts, truth values, whole numbers, finite floats, None and lists are themselves in JSON; all else is an object whose `is` says what it is.
"""

import base64
import importlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

DEPTH = 20  # lists within lists, at most
ITEMS = 200_000  # values in one message, at most
BITS = 1000  # of a whole number, at most: what a float can still hold
HUGE = f"whole number of more than {BITS} bits"
SIZE = 8 * 2**20  # bytes of one message, at most
HEAD = 4  # bytes in front of a message that say how long it is
_libraries = {}
DTYPE = re.compile(r"[<>|=][biufcUS][1-9]\d{0,8}")

WORD = re.compile(r"[a-z0-9_:]{1,40}")


class Malformed(ValueError):
    "A message that no honest worker sends."


class TooLarge(ValueError):
    "A value with more in it than a message may hold."


def to_frame(message: dict) -> bytes:
    "A message as bytes, its length in front. Raises TooLarge."
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    if len(body) > SIZE: raise TooLarge(f"more than {SIZE // 2**20} MB")
    return len(body).to_bytes(HEAD, "big") + body


def frame_length(head: bytes) -> int:
    "How many bytes follow the first `HEAD` ones of a frame. Raises Malformed where that is too many."
    length = int.from_bytes(head, "big")
    if length > SIZE: raise Malformed(f"a message of {length} bytes")
    return length


def from_body(body: bytes) -> dict:
    "The message in the rest of a frame. Raises Malformed."
    try: message = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error: raise Malformed(f"no JSON ({type(error).__name__})") from None
    if type(message) is not dict: raise Malformed("no object")
    return message


def _refuse(text): raise Malformed(f"the number {text}")


def library(name: str) -> ModuleType | None:
    "The module `name` if somebody has imported it; from then on the very same, whatever becomes of `sys.modules`."
    if name in sys.modules: _libraries.setdefault(name, sys.modules[name])
    return _libraries.get(name)


def encode(value: Any, other: Callable[[Any], dict]) -> Any:
    "`value` as JSON data; `other(value)` is asked for an object in place of anything that is no plain data. Raises TooLarge."
    return _Encoder(other).encode(value, DEPTH)


class _Encoder:
    def __init__(self, other): self.other, self.left = other, ITEMS

    def encode(self, value, depth):
        self.left -= 1
        if self.left < 0: raise TooLarge(f"more than {ITEMS:,} values")
        if depth == 0: return self.other(value)
        if value is None or type(value) in (bool, str): return value
        if type(value) is int: return value if value.bit_length() <= BITS else {"is": "opaque", "kind": HUGE, "text": ""}
        if type(value) is float: return value if math.isfinite(value) else {"is": "float", "text": repr(value)}
        if type(value) is complex: return {"is": "complex", "parts": [self.encode(part, 1) for part in (value.real, value.imag)]}
        if type(value) is bytes: return {"is": "bytes", "base64": _to_text(value)}
        return self._of_library(value, depth) if type(value).__module__ != "builtins" else self._of_many(value, depth)

    def _of_library(self, value, depth):
        numpy, torch = library("numpy"), library("torch")
        if numpy and isinstance(value, numpy.ndarray): return self._array(numpy, value, depth)
        if numpy and isinstance(value, numpy.generic):
            return self._array(numpy, value, depth) | {"is": "number"} if value.dtype.kind in "biufc" else str(value)
        if torch and isinstance(value, torch.Tensor): return self._tensor(value)
        return self._of_many(value, depth)

    def _array(self, numpy, value, depth):
        if value.dtype.kind == "O": return self.encode(value.tolist(), depth - 1)
        if math.prod(size or 1 for size in value.shape) > SIZE: raise TooLarge(f"more than {SIZE // 2**20} MB")
        if not DTYPE.fullmatch(value.dtype.str): return self.other(value)
        content = numpy.ascontiguousarray(value).tobytes()
        if len(content) > SIZE: raise TooLarge(f"more than {SIZE // 2**20} MB")
        return {"is": "array", "dtype": value.dtype.str, "shape": list(value.shape), "base64": _to_text(content)}

    def _tensor(self, value):
        from .tensors import plain_tensor, readable
        if not readable(value): return {"is": "opaque", "kind": "tensor without readable values", "text": ""}
        plain = plain_tensor(value)
        return vars(plain) | {"is": "tensor", "values": self._array(library("numpy"), plain.values, 1)}

    def _of_many(self, value, depth):
        if isinstance(value, list): return list(self._each(value, depth))
        if type(value) is dict or isinstance(value, Mapping):
            return {"is": "dict", "pairs": [[self.encode(k, depth - 1), self.encode(v, depth - 1)] for k, v in value.items()]}
        if isinstance(value, tuple): return {"is": "tuple", "items": list(self._each(value, depth))}
        for name, kind in (("set", set), ("frozenset", frozenset)):  # in an order that is the same in every process
            if isinstance(value, kind): return {"is": name, "items": sorted(self._each(value, depth), key=json.dumps)}
        return self.other(value)

    def _each(self, values, depth) -> Iterator: return (self.encode(value, depth - 1) for value in values)


def _to_text(content): return base64.b64encode(content).decode()


def decode(data: Any, other: Callable[[dict], Any]) -> Any:
    """The value that JSON `data` stands for; a torch tensor comes as a PlainTensor, and `other(data)` is asked for objects of unknown kind.
    Raises Malformed, and nothing else, whatever `data` is."""
    try: return _decode(data, other, DEPTH)
    except Malformed: raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, MemoryError) as error:
        raise Malformed(f"{type(error).__name__} in a value") from None


def _decode(data, other, depth):
    if depth < 0: raise Malformed("too deep")
    match data:
        case int() if data.bit_length() > BITS: raise Malformed("a huge number")
        case None | bool() | int() | float(): return data
        case str(): return data.encode("utf-8", "replace").decode()
        case list(): return [_decode(item, other, depth - 1) for item in data]
        case {"is": "dict", "pairs": list(pairs)}: return {_decode(k, other, depth - 1): _decode(v, other, depth - 1) for k, v in pairs}
        case {"is": "tuple", "items": list(items)}: return tuple([_decode(item, other, depth - 1) for item in items])
        case {"is": "set", "items": list(items)}: return {_decode(item, other, depth - 1) for item in items}
        case {"is": "frozenset", "items": list(items)}: return frozenset({_decode(item, other, depth - 1) for item in items})
        case {"is": "float", "text": "nan" | "inf" | "-inf" as text}: return float(text)
        case {"is": "complex", "parts": [real, imaginary]}: return complex(*(float(_decode(part, other, 0)) for part in (real, imaginary)))
        case {"is": "bytes", "base64": str(text)}: return base64.b64decode(text, validate=True)
        case {"is": "array"}: return _array(data)
        case {"is": "number"}: return _array(data)[()]
        case {"is": "tensor", "dtype": str(), "device": str(), "requires_grad": bool()}: return _tensor(data)
        case {"is": str()}: return other(data)
    raise Malformed("a value of no known kind")


def _tensor(data):
    from .tensors import PlainTensor
    if not WORD.fullmatch(data["dtype"]) or not WORD.fullmatch(data["device"]): raise Malformed("a tensor of no known kind")
    return PlainTensor(_array(data["values"]), data["dtype"], data["device"], data["requires_grad"])


def _array(data):
    numpy = library("numpy") or importlib.import_module("numpy")
    content, shape, dtype = base64.b64decode(data["base64"], validate=True), tuple(data["shape"]), data["dtype"]
    if not DTYPE.fullmatch(dtype) or not all(type(size) is int and size >= 0 for size in shape): raise Malformed("an array of no known kind")
    if math.prod(shape) * numpy.dtype(dtype).itemsize != len(content): raise Malformed("an array of another size than it says")
    if math.prod(size or 1 for size in shape) > SIZE: raise Malformed("an empty array that becomes a huge one when it is summed")
    return numpy.ndarray(shape, dtype, content).copy()
