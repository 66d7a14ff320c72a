"""A learner's copies: never overwritten once edited, refreshed while untouched, whatever is done to them."""

import copy
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli.copies import State, as_copy, bring_up_to_date, state
from genai_course.cli.notebooks import source_hash
from tests.cli.conftest import notebook, write_notebook

SOURCES = st.lists(st.tuples(st.sampled_from(["code", "markdown"]), st.text(max_size=20)), max_size=4)


def written(folder: str, name: str, content: dict) -> Path:
    file = Path(folder, name)
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@given(first=SOURCES, edited=SOURCES, newer=SOURCES)
def test_an_edited_copy_is_never_overwritten(first, edited, newer):
    with tempfile.TemporaryDirectory() as folder:
        original, mine = written(folder, "original.ipynb", notebook(*first)), Path(folder, "mine.ipynb")
        bring_up_to_date(original, mine)
        changed = json.loads(mine.read_text(encoding="utf-8")) | {"cells": notebook(*edited)["cells"]}
        written(folder, "mine.ipynb", changed)
        written(folder, "original.ipynb", notebook(*newer))
        bring_up_to_date(original, mine)
        after = json.loads(mine.read_text(encoding="utf-8"))
        untouched = source_hash(changed) == source_hash(notebook(*first))
        assert source_hash(after) == source_hash(notebook(*newer) if untouched else changed)


@given(sources=SOURCES)
def test_a_new_copy_equals_its_original_and_a_second_start_changes_nothing(sources):
    with tempfile.TemporaryDirectory() as folder:
        original, mine = written(folder, "original.ipynb", notebook(*sources)), Path(folder, "mine.ipynb")
        assert bring_up_to_date(original, mine) is State.NEW
        first = mine.read_bytes()
        assert json.loads(first)["cells"] == notebook(*sources)["cells"]
        assert bring_up_to_date(original, mine) is State.NEW and mine.read_bytes() == first


def test_a_copy_that_was_run_is_opened_and_keeps_its_results(tmp_path):
    original, mine = write_notebook(tmp_path / "original.ipynb", ("code", "1 + 1")), tmp_path / "mine.ipynb"
    bring_up_to_date(original, mine)
    ran = json.loads(mine.read_text())
    ran["cells"][0]["execution_count"] = 1
    mine.write_text(json.dumps(ran))
    assert bring_up_to_date(original, mine) is State.OPENED and json.loads(mine.read_text()) == ran


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": 3}', b"\xff\xfe"])
def test_a_copy_that_is_no_notebook_is_left_alone(tmp_path, content):
    original, mine = write_notebook(tmp_path / "original.ipynb", ("code", "1")), tmp_path / "mine.ipynb"
    mine.write_bytes(content)
    assert bring_up_to_date(original, mine) is State.OPENED and mine.read_bytes() == content


def test_an_edited_copy_is_outdated_once_the_original_is_newer():
    first, newer = notebook(("code", "1")), notebook(("code", "2"))
    mine = as_copy(first) | {"cells": notebook(("code", "my own"))["cells"]}
    assert state(first, mine) is State.OPENED
    assert state(newer, mine) is State.OUTDATED


def test_a_copy_whose_note_was_lost_counts_as_edited(tmp_path):
    original, mine = write_notebook(tmp_path / "original.ipynb", ("code", "2")), tmp_path / "mine.ipynb"
    theirs = notebook(("code", "1"))
    mine.write_text(json.dumps(theirs))
    assert bring_up_to_date(original, mine) is State.OUTDATED and json.loads(mine.read_text()) == theirs


def test_making_a_copy_leaves_the_original_as_it_was():
    original = notebook(("code", "1"))
    before = copy.deepcopy(original)
    as_copy(original)
    assert original == before
