"""The engine grades as the notebook's check does, from the far side of a wall."""

import json
import re

import numpy as np
import pytest
from wrong import WRONG

from genai_course.grading import expect
from genai_course.grading.outcome import Piece
from genai_course.grading.recorder import GraderError
from genai_course.grading.sandbox import isolation, session
from genai_course.grading.sandbox.engine import grade
from genai_course.grading.sandbox.isolation import IsolationError
from genai_course.grading.sandbox.session import Limits, Session
from genai_course.grading.spec import Question, Spec, load_spec, stems
from genai_course.grading.spec import Test as OneTest

pytestmark = pytest.mark.skipif(bool(isolation.why_no_bubblewrap()), reason=isolation.why_no_bubblewrap())
DOUBLE = "def double(x):\n    return 2 * x\n"
LIMITS = Limits(question_seconds=100.0, cell_seconds=100.0)


def spec_of(*tests, setup="import numpy as np"):
    tests = [OneTest(f"t{i}", "doubles", 1, i > 0, test) for i, test in enumerate(tests)]
    return Spec("small", "Small", setup, {"q1": Question("q1", "Doubling", ["double"], DOUBLE, "", [], [], 0, tests)})


def check_double(sol): expect.close(sol.double(np.array([1.0, 2.0])), [2.0, 4.0])


def outcome_of(code, *tests, limits=LIMITS, **options):
    [question] = grade([Piece(code, "q1", 3)], spec_of(*(tests or [check_double]), **options), limits=limits).questions
    return question


def result_of(code, *tests, **options): return outcome_of(code, *tests, **options).results[0]


def pieces_of(course, stem, folder):
    cells = json.loads((course / folder / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    known = [cell["metadata"].get("genai_course", {}) for cell in cells]
    return [Piece("".join(cell["source"]), facts["question"], number)
            for number, (cell, facts) in enumerate(zip(cells, known, strict=True), 1) if facts.get("role") == "answer"]


def full_spec(course, stem): return load_spec(stem, course / "tests" / "exercises" / "hidden" / f"test_{stem}.py")


@pytest.mark.parametrize("stem", stems())
def test_a_solution_scores_everything(course, stem):
    spec = full_spec(course, stem)
    outcome = grade(pieces_of(course, stem, "solutions"), spec)
    assert [(result.name, result.message) for question in outcome.questions for result in question.results if result.status != "pass"] == []
    assert sum(r.score for q in outcome.questions for r in q.results) == sum(question.points for question in spec.questions.values())
    assert [question.cell_error for question in outcome.questions if question.cell_error] == outcome.warnings == []


@pytest.mark.parametrize("stem", stems())
def test_an_untouched_exercise_scores_nothing(course, stem):
    outcome = grade(pieces_of(course, stem, "exercises"), full_spec(course, stem))
    results = [result for question in outcome.questions for result in question.results]
    assert results and [result.name for result in results if result.score] == []


def test_hidden_tests_run_only_if_wanted():
    pieces, spec = [Piece(DOUBLE, "q1")], spec_of(check_double, check_double)
    assert [[r.hidden for r in grade(pieces, spec, hidden=hidden).questions[0].results] for hidden in (True, False)] == [[False, True], [False]]


@pytest.mark.parametrize(("code", "status", "message"), WRONG)
def test_what_is_told_is_what_the_notebook_tells(code, status, message):
    result = result_of(code)
    assert (result.status, result.score) == (status, 0) and message in result.message


def test_the_line_of_an_error_is_shown():
    assert result_of("def double(x):\n    parts = list(x)\n    return parts['two']").line == {"number": 3, "text": "return parts['two']"}


def test_a_cell_that_stops_is_told_with_its_line():
    outcome = outcome_of("import numpy as np\nnp.nothing\n" + DOUBLE)
    assert (outcome.cell_error.kind, outcome.cell_error.line) == ("AttributeError", 2)
    [result] = outcome.results
    assert result.status == "error" and result.message.startswith("AttributeError: module 'numpy'") and result.line["text"] == "np.nothing"


def test_a_syntax_error_is_told_with_its_line():
    result = result_of("x = 1\ndef double(x:\n    return 2 * x")
    assert (result.status, result.line) == ("error", {"number": 2, "text": "def double(x:"})


def test_what_a_cell_defined_before_it_stopped_counts():
    outcome = outcome_of(DOUBLE + "1 / 0")
    assert outcome.results[0].status == "pass" and outcome.cell_error.kind == "ZeroDivisionError"


def test_the_last_definition_counts():
    pieces = [Piece("double = None", "q1"), Piece("import math", number=4), Piece("this is no Python", number=7), Piece(DOUBLE, "q1")]
    outcome = grade(pieces, spec_of(check_double))
    assert outcome.questions[0].results[0].status == "pass"
    assert outcome.warnings == ["Cell 7 stopped: SyntaxError: invalid syntax"]


def test_what_is_printed_belongs_to_its_question():
    outcome = outcome_of("print('loading')\ndef double(x):\n    print('x' * 2000)\n    return 2 * x", check_double, check_double)
    assert outcome.printed.startswith("loading\nxxx")
    assert outcome.printed_size == 8 + 2001  # a repeated call and hidden tests do not count


def test_inputs_that_were_changed_are_told():
    def test(sol):
        sol.double(np.ones(2), factor := np.ones(1))
        expect.close(factor, [1.0])
        expect.inputs_kept(sol)
    result = result_of("def double(x, factor):\n    x *= 2\n    factor[0] = 3\n    return x", test)
    assert result.status == "fail" and result.message.startswith("double changed its own input (argument 1 and 2).")
    assert result_of("def double(x, factor): return 2 * x", test).status == "pass"


def test_arguments_of_every_plain_kind_arrive():
    def test(sol):
        given = [1, 1.5, 1j, "ü", b"x", None, [1], (1, (2,)), {1, 2}, frozenset({1}), {"a": {(1, 2): 3}}, np.ones(2), np.float32(1), float("inf")]
        for value in given:
            expect.equal(sol.double(value), [f"{type(value).__name__} {value!r}", value], repr(value))
    assert result_of("def double(x): return [f'{type(x).__name__} {x!r}', x]", test).message == ""


def test_functions_of_a_test_can_be_called():
    def test(sol):
        calls = []
        def square(x, scale=1.0):
            calls.append(x)
            return scale * x**2
        expect.close(sol.double(square, np.ones(2)), [4.0, 4.0])
        assert len(calls) == 2 and type(calls[0]) is np.ndarray  # once each: a call that is given functions is not repeated
    assert result_of("def double(f, x): return f(x) + f(x=x, scale=3.0)", test).message == ""


def test_an_exception_in_a_function_of_a_test_reaches_the_answer():
    def test(sol): expect.close(sol.double(lambda x: int(x)), 3)
    assert result_of("def double(f):\n    try: f('no')\n    except ValueError as error: return 3 if 'literal' in str(error) else error", test).message == ""


def test_an_answers_own_function_can_be_handed_back():
    def test(sol): expect.close(sol.double(sol.half, 3.0), 3.0)
    assert result_of("def half(x): return x / 2\ndef double(f, x): return 2 * f(x)", test).message == ""


def test_answers_that_give_something_else_each_time_are_told():
    result = result_of("import numpy as np\ndef double(x): return np.random.default_rng().normal(size=2)")
    assert result.status == "fail" and "gave different results for the same arguments" in result.message
    assert "gave different results" in result_of("seen = []\ndef double(x):\n    seen.append(x)\n    return 2 * x if len(seen) == 1 else x").message


def test_seeds_are_fixed_before_each_call():
    def test(sol): expect.true(sol.double() == sol.double(), "They differ.")
    assert result_of("import random\ndef double(): return [random.random(), float(np.random.rand())]", test).message == ""


def test_tensors_and_gradients_cross_over():
    import torch
    def test(sol): expect.gradients(sol.double, lambda x: 2 * x, torch.arange(3.0, requires_grad=True))
    code = "import torch\ndef double(x): return {} * x"
    assert result_of(code.format(2), test, setup="import torch").message == ""
    assert result_of("import torch\ndef double(x): return 2 * x.detach()", test).message.startswith("No gradient gets back to argument 1.")
    assert "2 of 3 values differ" in result_of(code.format(3), test).message


def test_a_broken_test_is_the_graders_error():
    with pytest.raises(GraderError, match="The test t0 of q1 cannot run"): outcome_of(DOUBLE, lambda sol: [][1])


def test_an_argument_that_cannot_be_sent_is_the_graders_error():
    with pytest.raises(GraderError, match="A test passes a object, which cannot be sent"): outcome_of(DOUBLE, lambda sol: sol.double(object()))
    with pytest.raises(GraderError, match="too large"): outcome_of(DOUBLE, lambda sol: sol.double("x" * 2**24))


def test_a_setup_that_does_not_run_is_the_graders_error():
    with pytest.raises(GraderError, match="The setup of this exercise does not run: ZeroDivisionError"): outcome_of(DOUBLE, setup="1 / 0")


def test_importing_the_grader_is_told():
    outcome = grade([Piece("from genai_course.grading.spec import load_spec\n" + DOUBLE, "q1", 5)], spec_of(check_double))
    assert outcome.warnings == ["Cell 5 imports genai_course.grading, where answers are kept."]


def test_an_isolation_that_is_not_there_is_told_in_one_line(monkeypatch):
    with pytest.raises(IsolationError, match="There is no isolation called 'docker': choose best, bubblewrap or plain."): isolation.chosen("docker")
    monkeypatch.setenv("PATH", "")
    isolation.why_no_bubblewrap.cache_clear()
    try:
        with pytest.raises(IsolationError, match="^bubblewrap is not installed[^\n]*$"): grade([], spec_of(), isolation="bubblewrap")
    finally: isolation.why_no_bubblewrap.cache_clear()


def test_root_without_a_wall_is_refused_where_it_could_not_leave(monkeypatch):
    monkeypatch.setattr(isolation.os, "getuid", lambda: 0)
    monkeypatch.setattr(isolation, "_open_to_others", lambda path: False)
    assert re.fullmatch("As root, a plain process must become another user, who cannot read .*", isolation.why_not_plain())


def test_what_hidden_tests_pass_never_reaches_what_learners_read():
    def hidden(sol): expect.close(sol.double(np.array([123.25, 7.0])), [246.5, 14.0])
    code = "seen = []\ndef double(x):\n    seen.append(x)\n    print(seen)\n    if len(seen) > 2: raise ValueError(seen)\n    return 2 * x"
    outcome = outcome_of(code, check_double, hidden)
    assert [result.status for result in outcome.results] == ["pass", "error"] and "123.25" in outcome.results[1].message
    assert "1., 2." in outcome.printed and "123.25" not in outcome.printed


def test_interrupting_a_worker_that_has_just_ended_is_no_error():
    with Session("bubblewrap", "", [], LIMITS) as started:
        started.start()
        process = started.talk.process
        process.started.process.kill()
        process.started.process.wait()
        assert process.interrupt(lambda message: True) is False


def test_what_is_returned_is_bounded_in_all(monkeypatch):
    monkeypatch.setattr(session, "VOLUME", 2**20)
    def test(sol):
        for _ in range(100): sol.double(np.zeros(1))
    result = result_of("import numpy as np\ndef double(x): return np.zeros(20_000)", test)
    assert (result.status, result.message) == ("died", "The answer returned more than 1 MB in all.")


def test_a_test_that_breaks_on_what_it_got_is_not_the_graders_error():
    result = result_of("def double(x): return [1, {}]", lambda sol: sol.double(1.0) + 1)
    assert result.status == "fail" and result.message.startswith("double returned something of another kind")
