"""Plain copies and their comparison: what mistakes are recognised by."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genai_course.grading.snapshot import Opaque, plain, same

NUMBERS = st.floats(allow_nan=True) | st.integers(-(10**9), 10**9) | st.booleans()
KINDS = st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.complex128])
ARRAYS = arrays.arrays(KINDS, arrays.array_shapes(min_dims=0, min_side=0))
LEAVES = st.none() | NUMBERS | st.text() | st.binary() | ARRAYS
DATA = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=8)
SIZES = st.floats(1e-3, 1e6)


@given(DATA)
def test_a_copy_is_the_same(data): assert same(plain(data), plain(data))


@given(DATA, DATA)
def test_order_does_not_matter(a, b): assert same(plain(a), plain(b)) == same(plain(b), plain(a))


@given(arrays.arrays(np.float64, arrays.array_shapes(min_side=1), elements=SIZES), st.data())
def test_rounding_is_forgiven_and_a_real_difference_is_not(array, data):
    place = data.draw(st.sampled_from(list(np.ndindex(array.shape))))
    for factor, forgiven in [(1 + 1e-9, True), (1.01, False)]:
        other = array.copy()
        other[place] *= factor
        assert same(array, other) == forgiven


@given(DATA.filter(lambda data: isinstance(data, list)))
def test_lists_and_tuples_with_the_same_content_are_the_same(data): assert same(plain(data), plain(tuple(data)))


@given(ARRAYS)
def test_shapes_matter(array): assert not same(array, array[None])


@given(arrays.arrays(np.float64, arrays.array_shapes(min_side=1), elements=SIZES))
def test_a_copy_does_not_change_with_its_original(array):
    copied = plain({"x": [array]})
    before = array.copy()
    array += 1 + abs(array)
    assert same(copied, {"x": [before]}) and not same(copied, {"x": [array]})


def test_what_pretends_to_equal_everything_becomes_plain():
    class Equal(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)

    class EqualList(list):
        def __eq__(self, other): return True

    assert type(plain(np.zeros(3).view(Equal))) is np.ndarray
    assert type(plain(EqualList([1]))) is list and not same(plain(EqualList([1])), [2])


def test_loops_and_objects_become_opaque():
    loop = []
    loop.append(loop)
    assert same(plain(loop), plain(loop))
    assert plain(object()) == Opaque("object") and plain(x for x in ()) == Opaque("generator")
