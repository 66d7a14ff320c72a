"""The reader takes what is there, says what it could not take, and never runs anything."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.grading.classes import reading
from genai_course.grading.classes.reading import Reading, Unreadable, read

SOURCE = "def double(x):\n    return 2 * x\n"


def notebook(*sources, **others):
    "The notebook with these code cells."
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | others


def written(thing): return json.dumps(thing).encode()


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "empty"), (b" \n\t", "empty"), (b"print('a script')", "not JSON"), (b"[1, 2]", "not a notebook"), (b"{}", "no list of cells"),
    (b"{\"cells\": 3}", "no list of cells"), (b"null", "not a notebook"), (written(notebook(SOURCE))[:-9], "cut short or damaged"),
    (b"{\n<<<<<<< HEAD\n \"cells\": []\n=======\n>>>>>>> theirs\n}", "merge markers (line 2)"), (b"[" * 100_000, "nested too deeply"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "not JSON"), (b"{\"cells\": [" + b"9" * 5000 + b"]", "damaged"),
])
def test_what_is_no_notebook_is_refused_with_the_reason(content, reason):
    with pytest.raises(Unreadable, match=reason.replace("(", r"\(").replace(")", r"\)")) as refused: read(content)
    assert "\n" not in str(refused.value)


def test_a_file_over_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 1000)
    with pytest.raises(Unreadable, match="Clear its outputs"): read(written(notebook(SOURCE)) + b" " * 1000)


def sole_cell(content):
    found = read(content)
    return found.cells[0].source, found.warnings


def test_an_ordinary_notebook_gives_its_code_and_no_warning():
    other = {"cell_type": "markdown", "source": "text"}
    found = read(written({"cells": [other, *notebook(SOURCE)["cells"]], "metadata": {"genai_course": {"exercise": "02_backprop"}}}))
    assert found == Reading([reading.Cell(2, SOURCE)], {"exercise": "02_backprop"}, [])


def test_lines_and_one_text_are_the_same():
    assert sole_cell(written(notebook(SOURCE.splitlines(keepends=True)))) == sole_cell(written(notebook(SOURCE)))


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xef\xbb\xbf", "utf-8"), (b"", "utf-16")])
def test_byte_order_marks_are_read_with_a_warning(mark, encoding):
    source, [warning] = sole_cell(mark + json.dumps(notebook(SOURCE)).encode(encoding))
    assert source == SOURCE and "byte-order mark" in warning


def test_bad_utf8_is_read_with_a_warning():
    source, [warning] = sole_cell(written(notebook(SOURCE + "# here: ?")).replace(b"?", b"\xff"))
    assert source == SOURCE + "# here: \N{REPLACEMENT CHARACTER}" and "not all UTF-8" in warning


def test_the_format_of_2013_is_read_with_a_warning():
    cells = [{"cell_type": "heading", "source": "A", "level": 1}, {"cell_type": "code", "input": SOURCE, "language": "python"}]
    source, [warning] = sole_cell(written({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}))
    assert source == SOURCE and "old format 3" in warning


def test_what_is_no_cell_is_left_out_with_a_warning():
    cells = [3, None, {"cell_type": "code", "source": [1]}, {"cell_type": "code", "source": {}}, *notebook(SOURCE)["cells"]]
    source, [warning] = sole_cell(written({"cells": cells}))
    assert source == SOURCE and warning == "Not cells of a notebook, and left out: 1, 2, 3, 4."


def test_a_cell_that_nobody_wrote_is_left_out():
    assert read(written(notebook("x" * 2_000_000))).cells == []


@pytest.mark.parametrize("marks", [None, 3, [], {"question": 3}, {"question": None}, {"question": ["q1"]}])
def test_marks_that_are_no_text_are_none(marks):
    cell = notebook(SOURCE)["cells"][0] | {"metadata": {"genai_course": marks}}
    assert read(written({"cells": [cell]})).cells[0].mark("question") == ""


def test_half_characters_and_line_ends_can_be_written():
    source, _ = sole_cell(rb'{"cells": [{"cell_type": "code", "source": "a = 1\r\nb = \"\ud800\"\r"}]}')
    assert source == 'a = 1\nb = "?"\n'


keys = st.sampled_from(["cells", "worksheets", "cell_type", "source", "input", "metadata", "genai_course", "nbformat", "question"]) | st.text()
json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                           lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=30)
cells_of_any_kind = st.lists(json_values | st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", 3]), "source": st.text() | st.lists(st.text()) | json_values, "metadata": json_values}))
notebooks_of_any_kind = st.fixed_dictionaries({"cells": cells_of_any_kind, "metadata": json_values}) | json_values


def is_sound(found):
    "Whether a reading holds just what later steps rely on."
    return all(isinstance(cell.source, str) and isinstance(cell.mark("question"), str) and cell.source.encode() for cell in found.cells if cell.source)


@given(st.binary() | notebooks_of_any_kind.map(written))
def test_any_bytes_are_read_or_refused(content):
    try: assert is_sound(read(content))
    except Unreadable as refused: assert str(refused) and "\n" not in str(refused)


@given(st.data())
def test_a_damaged_notebook_is_read_or_refused(data):
    content = bytearray(written(notebook(SOURCE, "import os\n", *[SOURCE] * 3)))
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content)))
        content[start:start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8))
    try: assert is_sound(read(bytes(content)))
    except Unreadable as refused: assert str(refused)


@given(st.lists(st.text(string.printable)))
def test_what_was_written_is_what_is_read(sources):
    expected = [source.replace("\r\n", "\n").replace("\r", "\n") for source in sources]
    assert [cell.source for cell in read(written(notebook(*sources))).cells] == expected
