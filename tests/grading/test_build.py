"""Building: the same bytes every time, and every edit of a generated file is noticed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import write_master

from genai_course.grading import build
from genai_course.grading.master import read_master
from genai_course.grading.spec_source import literal


@pytest.fixture
def small_course(tmp_path, monkeypatch):
    "A course with one small master, as the current folder."
    (tmp_path / "genai_course").mkdir()
    write_master(tmp_path / "nbs" / "exercises" / "01_small.ipynb")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "with_fresh_outputs", with_fixed_outputs)
    return tmp_path


def with_fixed_outputs(notebook, root):
    "In place of a kernel: the same outputs for every cell."
    from genai_course.grading import executing
    made = json.loads(json.dumps(notebook))
    for cell in made["cells"]:
        if cell["cell_type"] == "code": cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["done\n"]}]
    made["metadata"]["genai_course"] |= executing._marks(notebook, executing._outputs(made), root)
    return made


def generated(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")
            if path.is_file() and "nbs" not in path.parts and "data" not in path.parts}


def test_course_is_built(course):
    for path in build.masters(course, []): assert build.stale_files(course, read_master(path)) == []


def test_building_twice_gives_the_same_bytes(small_course, capsys):
    assert build.main(["build"]) == 0
    first = generated(small_course)
    assert len(first) == 5 and build.main(["build", "--check"]) == 0
    assert build.main(["build"]) == 0 and generated(small_course) == first
    for path in first: (small_course / path).unlink()
    assert build.main(["build"]) == 0 and generated(small_course) == first


@pytest.mark.parametrize("number", range(5))
def test_an_edited_file_is_noticed_and_mended(small_course, capsys, number):
    build.main(["build"])
    before = generated(small_course)
    edited = sorted(before)[number]
    (small_course / edited).write_bytes(before[edited].replace(b"o", b"0", 1))
    capsys.readouterr()
    assert build.main(["build", "--check"]) == 1
    assert str(edited) in (out := capsys.readouterr().out) and out.count("\n") == 1
    assert build.main(["build"]) == 0 and generated(small_course) == before


def test_an_edited_output_of_the_solution_is_noticed(small_course):
    build.main(["build"])
    solution = small_course / "solutions" / "01_small.ipynb"
    solution.write_text(solution.read_text().replace("done", "fine"))
    assert build.main(["build", "--check"]) == 1


def test_malformed_master_writes_nothing(small_course, capsys):
    master = small_course / "nbs" / "exercises" / "01_small.ipynb"
    master.write_text(master.read_text().replace("points=2 names", "points=7 names"))
    assert build.main(["build"]) == 1
    assert capsys.readouterr().out == "01_small.ipynb, q1: points=7, but its tests give 2.\n"
    assert generated(small_course) == {}


def test_unknown_stem_is_named(small_course, capsys):
    assert build.main(["build", "77"]) == 1
    assert capsys.readouterr().out == "There is no master 77. There are: 01_small.\n"


PLAIN = st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                     lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(PLAIN)
def test_any_data_can_be_written_as_source(data): assert eval(literal(data)) == data
