"""What goes in comes out, and whatever else comes is refused: the codec between the sandbox and the grader."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genai_course.grading.sandbox.inside import codec
from genai_course.grading.sandbox.inside.codec import Malformed, TooLarge, decode, encode
from genai_course.grading.sandbox.inside.tensors import PlainTensor, torch_again
from genai_course.grading.snapshot import Opaque, plain

KINDS = ["bool", "i1", "u2", "<i4", ">i8", "f2", "<f4", ">f8", "c8", "c16", "U5", "S3"]
numbers = st.booleans() | st.integers(1 - 2**codec.BITS, 2**codec.BITS - 1) | st.floats() | st.complex_numbers()
hashable = st.none() | numbers | st.text() | st.binary()
array = arrays.arrays(st.sampled_from(KINDS).map(np.dtype), arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
leaves = hashable | array | array.filter(lambda value: value.ndim == 0 and value.dtype.kind not in "US").map(lambda value: value[()])
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple)
                      | st.dictionaries(hashable | st.tuples(hashable), inner, max_size=4)
                      | st.sets(hashable, max_size=4) | st.frozensets(hashable, max_size=4), max_leaves=12)  # fmt: skip
json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from(["is", "items", "pairs", "shape", "dtype", "base64", "text", "values", "device"]), inner)))
KINDS_OF_OBJECTS = ["tuple", "set", "frozenset", "dict", "float", "complex", "bytes", "array", "number", "tensor", "opaque", "function"]


def refuse(data): raise Malformed("nothing else is known here")


def opaque(value): return {"is": "opaque", "kind": type(value).__name__, "text": ""}


def through(value):
    "`value` after a journey as bytes."
    frame = codec.to_frame({"value": encode(value, opaque)})
    assert codec.frame_length(frame[:codec.HEAD]) == len(frame) - codec.HEAD
    return decode(codec.from_body(frame[codec.HEAD:])["value"], lambda data: Opaque(data["kind"]))


def identical(a, b):
    "Whether both are the same in type, shape, order and every bit that shows; nan is nan."
    if type(a) is not type(b): return False
    if isinstance(a, np.ndarray | np.generic): return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict): return len(a) == len(b) and all(identical(x, y) for x, y in zip(a.items(), b.items(), strict=True))
    if isinstance(a, set | frozenset): return len(a) == len(b) and sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)


@given(values)
def test_everything_plain_comes_back_as_it_was(value): assert identical(through(value), value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 2**1000 - 1, complex(math.nan, -0.0), {(1, 2): {3: b"\xff"}},
                                   {1.5: "a", None: 2, b"x": ()}, np.float64(2), np.array(3), np.zeros((0, 3)), np.array(["naïve", ""])])
def test_awkward_values_come_back(value): assert identical(through(value), value)


def test_memory_order_does_not_matter():
    value = np.arange(24.0).reshape(2, 3, 4)
    for view in (value.T, value[:, ::-1], value[:, :, 1], np.asfortranarray(value)): assert np.array_equal(through(view), view)


def test_arrays_are_copies_that_can_be_written(): through(np.zeros(3))[0] = 1


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_tensors_come_back(dtype, shape):
    value = torch.randn(shape).to(getattr(torch, dtype))
    back = through(value)
    assert type(back) is PlainTensor and (back.dtype, back.shape, back.requires_grad) == (dtype, shape, False)
    assert back.to_torch().dtype == value.dtype and torch.equal(back.to_torch(), value)


def test_tensors_say_whether_they_want_a_gradient():
    value = torch.ones(2, requires_grad=True)
    assert through(value).requires_grad and through([value])[0].to_torch().requires_grad and through(value * 2).requires_grad
    assert torch_again({"a": (through(value),)})["a"][0].requires_grad


def test_an_odd_tensor_is_no_plain_data(): assert through(torch.eye(2).to_sparse()) == Opaque("tensor without readable values")


class Always(float):
    def __eq__(self, other): return True
    __hash__ = None


class Row(list): pass


class Matrix(np.ndarray): __array_priority__ = 100


@pytest.mark.parametrize("value", [Always(3), print, object(), iter([]), int, Opaque, np.array([(1, 2)], "i4,i4"), range(3)])
def test_what_is_no_plain_data_is_opaque(value): assert through(value) == Opaque(type(value).__name__)


@given(values)
def test_the_codec_and_the_notebook_agree_on_what_is_plain(value): assert identical(plain(through(value)), plain(value))


def test_a_huge_number_is_opaque_on_both_sides(): assert through(2**codec.BITS) == plain(2**codec.BITS) == Opaque(codec.HUGE)


def test_subclasses_do_not_get_through():
    assert type(through(Row([1]))) is list and type(through(np.ones(2).view(Matrix))) is np.ndarray
    assert type(through(torch.nn.Parameter(torch.ones(2)))) is PlainTensor
    assert through([Always(1), [Always(2)]]) == [Opaque("Always"), [Opaque("Always")]]


def test_depth_is_bounded():
    nested = []
    nested.append(nested)
    back, depth = through(nested), 0
    while isinstance(back, list): back, depth = back[0], depth + 1
    assert (back, depth) == (Opaque("list"), codec.DEPTH)


@pytest.mark.parametrize("value", [[0] * (codec.ITEMS + 1), np.zeros(codec.SIZE // 8 + 1), "x" * codec.SIZE, [["x"] * 1000] * 1001])
def test_size_is_bounded(value):
    with pytest.raises(TooLarge): codec.to_frame({"value": encode(value, opaque)})


def test_what_branches_without_end_is_too_large():
    value = [0]
    for _ in range(30): value = [value, value]
    with pytest.raises(TooLarge): encode([value] * 30, opaque)


@given(json_values)
def test_garbage_is_refused_or_a_plain_value(data):
    try: value = decode(data, refuse)
    except Malformed: return
    assert identical(plain(value), value) or isinstance(value, set)


@given(st.sampled_from(KINDS_OF_OBJECTS), st.dictionaries(st.sampled_from(
    ["items", "pairs", "parts", "shape", "dtype", "base64", "text", "values", "device", "requires_grad", "kind"]), json_values))
def test_forged_objects_are_refused_or_plain(kind, rest):
    try: value = decode(rest | {"is": kind}, refuse)
    except Malformed: return
    assert identical(plain(value), value) or isinstance(value, set)


@given(st.binary(max_size=300))
def test_bytes_that_are_no_message_are_refused(body):
    try: assert type(codec.from_body(body)) is dict
    except Malformed: pass


@pytest.mark.parametrize("data", [
    {"is": "array", "dtype": "O", "shape": [1], "base64": "AAAAAAAAAAA="}, {"is": "array", "dtype": "|O8", "shape": [1], "base64": "AAAAAAAAAAA="},
    {"is": "array", "dtype": "<f8", "shape": [2], "base64": "AAAAAAAAAAA="}, {"is": "array", "dtype": "<f8", "shape": [-1], "base64": "AAAAAAAAAAA="},
    {"is": "array", "dtype": "<f8", "shape": [2**70, 0], "base64": ""}, {"is": "array", "dtype": "<f8", "shape": "1", "base64": "AAAAAAAAAAA="},
    {"is": "array", "dtype": "<f3", "shape": [], "base64": ""}, {"is": "array", "dtype": "<U999999999", "shape": [1], "base64": ""},
    {"is": "array", "dtype": "<f8", "shape": [True], "base64": "AAAAAAAAAAA="}, {"is": "array", "dtype": "<f8"}, {"is": "bytes", "base64": "é"},
    {"is": "array", "dtype": "<U0", "shape": [2**40], "base64": ""}, {"is": "array", "dtype": "<f8", "shape": [0, 2**30], "base64": ""}, 2**2000,
    {"is": "tensor", "dtype": "load", "device": "x" * 100, "requires_grad": False, "values": {"is": "array", "dtype": "|b1", "shape": [0], "base64": ""}},
    {"is": "float", "text": "1"}, {"is": "complex", "parts": [[], 1]}, {"is": "set", "items": [[]]}, {"is": "dict", "pairs": [[[], 1]]},
    {"is": "dict", "pairs": [1]}, {"is": "module"}, {"is": 3}, {}, {"is": "tensor", "dtype": "float32", "device": "cpu", "requires_grad": 1, "values": 1},
])
def test_forgeries(data):
    with pytest.raises(Malformed): decode(data, refuse)


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 100_000, b"\xff", b'{"a": ' + b"9" * 5000 + b"}"])
def test_bad_bodies(body):
    with pytest.raises(Malformed): codec.from_body(body)


def test_deep_json_is_refused():
    data = json.loads("[" * 500 + "]" * 500)
    with pytest.raises(Malformed): decode(data, refuse)


def test_a_frame_that_is_too_long_is_refused():
    with pytest.raises(Malformed): codec.frame_length(b"\xff\xff\xff\xff")


def test_half_a_character_becomes_one_that_can_be_written():
    assert decode("a\ud800b", refuse) == "a?b"


def test_sets_are_written_alike_in_every_process():
    code = "import sys; sys.path.insert(0, sys.argv[1]); from inside.codec import encode; print(encode(set('abcdefgh') | {1, (2, 'x')}, None))"
    command = [sys.executable, "-P", "-c", code, codec.__file__.rsplit("/", 2)[0]]
    texts = [subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout for seed in "123"]
    assert texts[0] == texts[1] == texts[2]


def test_the_inside_needs_neither_the_course_nor_numpy():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import inside.worker; print([m for m in sys.modules if m.split('.')[0] in sys.argv[2:]])"
    folder = codec.__file__.rsplit("/", 2)[0]
    command = [sys.executable, "-P", "-c", code, folder, "genai_course", "numpy", "torch", "fastcore", "pickle"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"
