"""The lesson of a submission, and the tests that it is graded with."""

import json
import re

import pytest

from genai_course.grading.classes import held_out, lessons
from genai_course.grading.classes.reading import Unreadable, read
from genai_course.grading.spec import SpecError, load_spec, stems


@pytest.mark.parametrize("name", ["2", "02", "backprop", "02_backprop"])
def test_a_lesson_has_four_names(name): assert lessons.lesson_called(name) == "02_backprop"


@pytest.mark.parametrize("name", ["", "99", "0", "back", "nonsense", "02_"])
def test_an_unknown_lesson_is_one_line(name):
    with pytest.raises(SpecError, match=r"There is no exercise for lesson .+\. There are: .*02_backprop") as refused: lessons.lesson_called(name)
    assert "\n" not in str(refused.value)


def exercise(course, stem): return json.loads((course / "exercises" / f"{stem}.ipynb").read_text())


def lesson_of(notebook): return lessons.lesson_of(read(json.dumps(notebook).encode()))


@pytest.mark.parametrize("stem", stems())
def test_mark_opening_cell_and_functions_each_tell_the_lesson(stem, course):
    notebook = exercise(course, stem)
    assert lesson_of(notebook) == stem
    notebook["metadata"] = {}
    assert lesson_of(notebook) == stem
    for cell in notebook["cells"]: cell["source"] = re.sub(r".*exercise\(.*", "", "".join(cell["source"]))
    assert lesson_of(notebook) == stem


@pytest.mark.parametrize("sources", [[], ["x = 1"], ["def (", "%time"]])
def test_a_notebook_that_could_be_anything_is_refused_with_the_mend(sources):
    with pytest.raises(Unreadable, match="--lesson"): lesson_of({"cells": [{"cell_type": "code", "source": source} for source in sources]})


def warnings(course, stem, marks): return lessons.version_warnings(read(json.dumps(exercise(course, "02_backprop") | marks).encode()), stem)


def test_a_notebook_made_with_other_tests_gets_a_warning(course):
    assert warnings(course, "02_backprop", {}) == [] == warnings(course, "02_backprop", {"metadata": {}})
    [revised] = warnings(course, "02_backprop", {"metadata": {"genai_course": {"exercise": "02_backprop", "spec": "0123456789abcdef"}}})
    assert "tests are newer than the submission" in revised
    assert warnings(course, "01_prediction", {}) == ["The notebook says that it is 02_backprop; it was graded as 01_prediction."]


def test_the_courses_own_held_out_tests_are_added(course):
    tests = held_out.held_out_tests(held_out.repository_folder())
    assert set(tests) == set(stems())
    for stem, source in tests.items():
        spec = held_out.spec_with(stem, source)
        for ident, question in spec.questions.items():
            assert sum(test.hidden for test in question.tests) == question.held_out
            assert [test.name for test in question.tests if not test.hidden] == [test.name for test in load_spec(stem).questions[ident].tests]


def test_without_held_out_tests_the_open_ones_remain():
    assert held_out.held_out_tests(None) == {}
    assert held_out.spec_with("02_backprop", "").questions.keys() == load_spec("02_backprop").questions.keys()


def test_a_folder_that_is_missing_or_holds_no_tests_is_one_line(tmp_path):
    with pytest.raises(SpecError, match="no folder"): held_out.held_out_tests(tmp_path / "none")
    (tmp_path / "test_99_nothing.py").write_text("")
    with pytest.raises(SpecError, match="holds no held-out tests"): held_out.held_out_tests(tmp_path)


@pytest.mark.parametrize("source", ["1/0", "def (", "import no_such_module", "TESTS = {'f': {}}", "x = 1",
                                    "def f(sol): pass\nTESTS = {'f': {'question': 'q99', 'name': 'n', 'points': 1, 'hidden': True}}"])
def test_held_out_tests_that_cannot_be_used_are_one_line(source):
    with pytest.raises(SpecError, match="held-out tests of 02_backprop cannot be used") as refused: held_out.spec_with("02_backprop", source)
    assert "\n" not in str(refused.value)


def test_the_hash_changes_with_the_tests():
    hashes = {held_out.spec_hash(stem, source) for stem in stems() for source in ("", "# one", "# two")}
    assert len(hashes) == 3 * len(stems())
