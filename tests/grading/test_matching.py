"""Answers are found by their marks or by their names; what else a cell does is not run."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.grading.classes.definitions import definitions_only
from genai_course.grading.classes.magics import parse, without_magics
from genai_course.grading.classes.matching import match
from genai_course.grading.classes.reading import Cell, Reading
from genai_course.grading.outcome import Piece
from genai_course.grading.spec import Question, Spec, load_spec, stems

DOUBLE, HALF = "def double(x):\n    return 2 * x\n", "def half(x):\n    return x / 2\n"
SMALL = Spec("01_small", "Small", "", {ident: Question(ident, "", [name], "", "", [], [], 0) for ident, name in [("q1", "double"), ("q2", "half")]})


def answer(ident): return {"role": "answer", "question": ident}


def matched(*cells):
    "Pieces and warnings for cells given as source or (source, marks)."
    pairs = [cell if isinstance(cell, tuple) else (cell, {}) for cell in cells]
    return match(Reading([Cell(number, *pair) for number, pair in enumerate(pairs, 1)]), SMALL)


def answered(pieces): return {piece.question: piece.number for piece in pieces if piece.question}


@pytest.mark.parametrize("stem", stems())
def test_every_solution_is_matched_without_a_warning(stem, course):
    from genai_course.grading.classes.reading import read
    spec = load_spec(stem)
    pieces, warnings = match(read((course / "solutions" / f"{stem}.ipynb").read_bytes()), spec)
    assert list(answered(pieces)) == list(spec.questions) and warnings == []
    for piece in pieces: assert not piece.question or piece.source == spec.questions[piece.question].answer


@pytest.mark.parametrize("stem", stems())
def test_without_marks_names_find_the_same_cells(stem, course):
    from genai_course.grading.classes.reading import read
    notebook, spec = json.loads((course / "solutions" / f"{stem}.ipynb").read_text()), load_spec(stem)
    marked, _ = match(read(json.dumps(notebook).encode()), spec)
    for cell in notebook["cells"]: cell["metadata"] = {}
    pieces, [warning] = match(read(json.dumps(notebook).encode()), spec)
    assert answered(pieces) == answered(marked) and "names of their functions" in warning


def test_marks_come_first_and_order_is_kept():
    pieces, warnings = matched((HALF, answer("q2")), (DOUBLE, answer("q1")))
    assert pieces == [Piece(HALF, "q2", 1), Piece(DOUBLE, "q1", 2)] and warnings == []


def test_the_last_of_several_cells_counts_and_earlier_ones_lend_their_helpers():
    first = "import math\ndef helper(x): return x\ndef double(x): return helper(x)\n"
    pieces, warnings = matched((first, answer("q1")), (DOUBLE, answer("q1")), (HALF, answer("q2")))
    assert answered(pieces) == {"q1": 2, "q2": 3} and warnings == ["q1 is answered in cells 1, 2; the last one counts."]
    assert pieces[0].source.split("\n")[:2] == ["import math", "def helper(x): return x"] and "double" not in pieces[0].source


def test_a_cell_split_in_two_is_one_answer():
    pieces, warnings = matched(("import math", answer("q1")), (DOUBLE, answer("q1")), ("print(double(2))", answer("q1")), (HALF, answer("q2")))
    assert pieces == [Piece("import math", "", 1), Piece(DOUBLE, "q1", 2), Piece(HALF, "q2", 4)] and warnings == []


def test_an_answer_pasted_under_another_questions_mark_is_found():
    pieces, [warning] = matched((DOUBLE, answer("q1")), (HALF, answer("q1")))
    assert answered(pieces) == {"q1": 1, "q2": 2} and warning == "q2: cell 2 was taken as its answer, for it defines `half`."


def test_deleted_and_renamed_answers_are_told():
    pieces, warnings = matched((DOUBLE.replace("double", "twice"), answer("q1")))
    assert answered(pieces) == {"q1": 1}
    assert warnings == ["q1: cell 1 should define `double`, and does not.", "q2: no cell answers it; it should define `half`."]


def test_a_syntax_error_stays_with_its_question():
    broken = "def double(x):\n    return 2 *\n"
    pieces, warnings = matched((broken, answer("q1")), (HALF, answer("q2")))
    assert pieces == [Piece(broken, "q1", 1), Piece(HALF, "q2", 2)] and warnings == []
    assert answered(matched(broken, HALF)[0]) == {"q1": 1, "q2": 2}
    assert matched(DOUBLE, "1 +", HALF)[1][-1] == "Cell 2 is not Python; it answers no question and was left out."


def test_other_cells_lend_definitions_and_imports_only():
    other = "import math\nfrom genai_course.grading import exercise\ncheck = exercise('01')\nEPS = 1e-8\ndata = load()\nprint(3)\ndef helper(): pass\n"
    [piece, *_] = matched(other, DOUBLE, HALF)[0]
    assert [line for line in piece.source.split("\n") if line.strip()] == ["import math", "EPS = 1e-8", "def helper(): pass"]
    assert piece.source.split("\n").index("EPS = 1e-8") == 3


@pytest.mark.parametrize(("source", "expected"), [
    ("print(1); import os", "import os"), ("import os; print(1)", "import os;"), ("x = f(1)", ""), ("EPS: float = 1.0", "EPS: float = 1.0"),
    ("n: int", ""), ("é = print('é'); K = 'ü'", "K = 'ü'"), ("@decorated\nclass A:\n    pass\nA()", "@decorated\nclass A:\n    pass"),
    ("a = b = 3\nc = -2.5\nd = [1, {'e': None}]\ne = [f()]", "a = b = 3\nc = -2.5\nd = [1, {'e': None}]"), ("if True:\n    import os", ""),
])
def test_what_a_definition_is(source, expected): assert definitions_only(source, ast.parse(source)).strip() == expected


def test_the_names_of_a_question_can_be_left_out():
    source = DOUBLE + HALF + "double = half = None\nhalf = 3"
    assert definitions_only(source, ast.parse(source), ["double"]).strip() == HALF + "                    \nhalf = 3"


@pytest.mark.parametrize(("source", "kept", "dropped"), [
    ("%matplotlib inline\nx = 1", "pass\nx = 1", ["%matplotlib inline"]),
    ("def f():\n    %timeit 3\n    return 1", "def f():\n    pass\n    return 1", ["%timeit 3"]),
    ("!pip install x\nfiles = !ls\nnp.dot?\n?np", "pass\npass\npass\npass\n", ["!pip install x", "files = !ls", "np.dot?", "?np"]),
    ("y = %magic \\\n  more\nx = 1", "pass\n\nx = 1", ["y = %magic \\\n  more"]),
    ("%%time\nx = 1\n%who", "\nx = 1\npass\n", ["%%time", "%who"]), ("%%bash\nls", "", ["%%bash"]), ("%%html", "", ["%%html"]),
    ('text = """\n%d\n!\n"""\n%who', 'text = """\n%d\n!\n"""\npass\n', ["%who"]),
    ('text = """\n%d\n"""', 'text = """\n%d\n"""', []), ("a = b\\\n% c", "a = b\\\n% c", []), ("def f(:", "def f(:", []),
])
def test_ipythons_own_lines_are_dropped(source, kept, dropped): assert without_magics(source) == (kept, dropped)


def test_dropped_lines_are_told():
    assert "Cell 1: left out what only a notebook understands (%timeit 1)." in matched("%timeit 1\n" + DOUBLE, HALF)[1]


lines = st.sampled_from([*DOUBLE.splitlines(), *HALF.splitlines(), "import os", "%timeit double(2)", "!ls", "x = 3; print(x)", "'''", "f(", ")", "@", "é?", "\\",
                         "%%time", "class A:", "    pass", "    %who", "x = !ls", "\x00", "\x0c", "#| hide"])
sources = st.lists(lines | st.text(), max_size=8).map("\n".join)


@given(st.lists(st.tuples(sources, st.sampled_from([{}, answer("q1"), answer("q2"), answer("q9"), {"role": "check", "question": "q1"}])), max_size=5))
def test_whatever_the_cells_hold_each_question_has_at_most_one_answer_and_the_rest_only_defines(cells):
    pieces, warnings = matched(*cells)
    questions, numbers = [piece.question for piece in pieces if piece.question], [piece.number for piece in pieces]
    assert len(set(questions)) == len(questions) and numbers == sorted(set(numbers)) and all("\n" not in warning for warning in warnings)
    assert all(parse(piece.source) for piece in pieces if not piece.question)
