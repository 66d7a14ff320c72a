"""The markers of a master: what is read from good ones, and what is said about bad ones."""

import shlex
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import CELLS, changed, write_master

from genai_course.grading.markers import BEGIN, END, MARKERS, MasterError, parse_marker, split_head, with_solution, without_solution
from genai_course.grading.master import read_master

WORD = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1).map(str.strip).filter(bool)


def test_master_is_read(tmp_path):
    master = read_master(write_master(tmp_path / "01_small.ipynb"))
    question = master.questions["q1"]
    assert (master.title, question.title, question.names, question.minutes) == ("Small", "Doubling", ["double"], 5)
    messages = [mistake["message"] for mistake in question.mistakes]
    assert messages == ["That is the square: see `x`.", "Half of it; it's the other way, twice.", "Unchanged."]
    assert question.hints == ["Add."] and question.explanation == "Adding twice doubles."
    assert "return x + x" in question.answer and "return x + x" not in question.stub and "BEGIN" not in question.answer


@given(WORD, st.integers(1, 99))
def test_any_message_survives(message, number):
    marker = parse_marker([f"mistake q{number} {shlex.quote(message)}"], "here")
    assert (marker.kind, marker.question, marker.words) == ("mistake", f"q{number}", (message,))


@given(st.lists(st.text(), max_size=4))
def test_any_head_is_read_or_refused_with_its_place(head):
    try: marker = parse_marker(head, "book.ipynb, cell 3")
    except MasterError as error: assert str(error).startswith("book.ipynb, cell 3: ")
    else: assert marker is None or marker.kind in MARKERS


@given(st.lists(st.sampled_from(["#| a", "#|b c", "x = 1", "", "  #| no"]) | st.text(), max_size=6).map("\n".join))
def test_any_source_splits_into_head_and_body(source):
    first = list(takewhile(lambda line: line.startswith("#|"), source.splitlines()))
    head, body = split_head(source)
    assert head == [line[2:].strip() for line in first] and body.split() == "\n".join(source.splitlines()[len(first):]).split()


@given(st.lists(st.sampled_from(["a = 1", "    b = 2", BEGIN, END, "    " + BEGIN, "    " + END])))
def test_solutions_never_show_in_stubs(lines):
    secret = [line if BEGIN in line or END in line else f"{line}  # secret {i}" for i, line in enumerate(lines)]
    try: stub = without_solution("\n".join(secret), "here")
    except MasterError: return
    inside, outside = False, []
    for line in secret:
        if BEGIN in line or END in line: inside = BEGIN in line
        elif not inside: outside.append(line)
    assert [line for line in stub.splitlines() if "secret" in line] == outside
    assert not any(mark in with_solution("\n".join(secret)) for mark in (BEGIN, END))


BAD = [
    ("### END SOLUTION", "", "cell 5: needs an answer between"),
    ("### BEGIN SOLUTION", "### END SOLUTION", "cell 5: ### END SOLUTION does not pair"),
    ("names=double", "names=twice", "cell 5: names=twice, but the answer does not define twice"),
    (" names=double", "", "cell 5: names=, but the answer does not define a name"),
    ("points=2 names", "points=3 names", "q1: points=3, but its tests give 2"),
    ("minutes=5", "minutes=five", "cell 5: minutes is a whole number, not 'five'"),
    ("difficulty=1", "level=1", "cell 5: #| exercise has no option level"),
    ("exercise q1", "exercise", "cell 5: #| exercise needs a question such as q1"),
    ("test q1 public", "test q1 open", "cell 6: a test is public or hidden, not 'open'"),
    ("test q1 public", "test q1", "cell 6: #| test q1 needs public or hidden"),
    ("test q1 public", "test q9 public", "cell 6: there is no #| exercise q9"),
    ("test q1 public", "tets q1 public", "cell 6: 'tets q1 public points=1 name=three' is no marker"),
    ("def test_three", "def three", "cell 6: a test cell defines one function"),
    ("def test_three(sol):", "def test_three(sol:", "cell 6: line 1 is not Python"),
    ("def test_four", "def test_three", "q1: two tests are called test_three"),
    ("from genai_course.grading import expect", "    from genai_course.grading import expect", "cell 3: line 1 is not Python"),
    ("\"That is the square: see `x`.\"", "", "cell 8: #| mistake q1 needs one message in quotes"),
    ("see `x`.\"", "see `x`.", "cell 8: 'mistake q1"),
    ("#| mistake q1 \"Unchanged.\"", "#| author", "q1: has 2 named mistakes; three are needed"),
    ("hint q1 1", "hint q1 2", "cell 12: hint 2 of q1 comes where hint 1 should"),
    ("hint q1 1", "hint q1 one", "cell 12: a hint has a number"),
    ("#| explanation q1", "", "q1: needs a hint and an explanation"),
    ("#| setup", "#| setup now", "cell 2: #| setup stands alone"),
    ("#| author\n", "#| author\n#| setup\n", "cell 14: two markers in one cell"),
    ("#| test q1 public", "#| test q1 hidden", "q1: has no public test"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_malformed_master_is_named_with_its_cell(tmp_path, old, new, message):
    with pytest.raises(MasterError) as error: read_master(write_master(tmp_path / "01_small.ipynb", changed(old, new)))
    assert str(error.value).startswith("01_small.ipynb, ") and message in str(error.value)
    assert "\n" not in str(error.value)


def test_second_exercise_with_the_same_id_is_refused(tmp_path):
    with pytest.raises(MasterError, match="cell 15: there is another #| exercise q1"):
        read_master(write_master(tmp_path / "01_small.ipynb", [*CELLS, CELLS[4]]))


def test_not_a_notebook_is_refused(tmp_path):
    (tmp_path / "01_small.ipynb").write_text("{")
    with pytest.raises(MasterError, match="01_small.ipynb is not a notebook"): read_master(tmp_path / "01_small.ipynb")
