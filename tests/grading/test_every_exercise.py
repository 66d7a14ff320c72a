"""What must hold for every exercise of the course, whoever writes it."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from genai_course.grading.diagnosis import named_mistakes, namespace_with
from genai_course.grading.master import read_master
from genai_course.grading.runner import run_question
from genai_course.grading.spec import load_spec, stems
from genai_course.grading.submission import answers_in

COURSE = Path(__file__).parents[2]
STEMS = [path.stem for path in sorted((COURSE / "nbs" / "exercises").glob("[0-9]*.ipynb"))]
SECONDS = 30.0


def full_spec(stem): return load_spec(stem, COURSE / "tests" / "exercises" / "hidden" / f"test_{stem}.py")


def master_of(stem): return read_master(COURSE / "nbs" / "exercises" / f"{stem}.ipynb")


def each_question(): return [pytest.param(stem, ident, id=f"{stem}-{ident}") for stem in STEMS for ident in load_spec(stem).questions]


def each_mistake():
    return [pytest.param(stem, ident, number, id=f"{stem}-{ident}-{number + 1}") for stem in STEMS
            for ident, question in load_spec(stem).questions.items() for number in range(len(question.mistakes))]


def test_every_master_has_a_spec(): assert stems() == STEMS


@pytest.mark.parametrize("stem", STEMS)
def test_solution_scores_everything(stem):
    spec, answers = full_spec(stem), answers_in(COURSE / "solutions" / f"{stem}.ipynb")
    results = [result for question in spec.questions.values() for result in run_question(question, answers, SECONDS)]
    assert [(r.name, r.message) for r in results if r.status != "pass"] == []
    assert sum(r.score for r in results) == sum(q.points for q in spec.questions.values()) > 0


@pytest.mark.parametrize("stem", STEMS)
def test_untouched_exercise_scores_nothing(stem):
    answers = answers_in(COURSE / "exercises" / f"{stem}.ipynb")
    results = [r for question in full_spec(stem).questions.values() for r in run_question(question, answers, SECONDS)]
    assert results and [r.name for r in results if r.score] == []


@pytest.mark.parametrize(("stem", "ident"), each_question())
def test_alternatives_are_right(stem, ident):
    spec = full_spec(stem)
    for code in master_of(stem).questions[ident].alternatives:
        assert [r.message for r in run_question(spec.questions[ident], namespace_with(spec, code), SECONDS) if r.status != "pass"] == []


@pytest.mark.parametrize("stem", STEMS)
def test_exercise_has_two_alternatives_and_questions_three_mistakes(stem):
    questions = master_of(stem).questions.values()
    assert sum(len(question.alternatives) for question in questions) >= 2
    assert min(len({mistake["message"] for mistake in question.mistakes}) for question in questions) >= 3


@pytest.mark.parametrize(("stem", "ident", "number"), each_mistake())
def test_mistake_gets_its_own_message_and_no_other(stem, ident, number):
    spec = load_spec(stem)
    question = spec.questions[ident]
    mistake = question.mistakes[number]
    results = run_question(question, namespace_with(spec, mistake["code"]), SECONDS, hidden=False)
    assert any(result.status in ("fail", "error") for result in results)
    assert named_mistakes(spec, question, results) == [mistake["message"]]


@pytest.mark.parametrize("stem", STEMS)
def test_no_answer_in_the_exercise(stem):
    text = (COURSE / "exercises" / f"{stem}.ipynb").read_text()
    for question in master_of(stem).questions.values():
        given = {line.strip() for line in question.stub.splitlines()}
        secret = [question.explanation, *[m["message"] for m in question.mistakes], *question.hints]
        secret += [line.strip() for code in (question.answer, *question.alternatives) for line in code.splitlines()]
        found = [line for line in secret if len(line) > 12 and line not in given and json.dumps(line, ensure_ascii=False)[1:-1] in text]
        assert found == []


@pytest.mark.parametrize("stem", STEMS)
def test_exercise_is_clean_and_runs_from_top_to_end(stem, tmp_path):
    notebook = nbformat.read(COURSE / "exercises" / f"{stem}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert [cell for cell in notebook.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()  # from any folder


@pytest.mark.parametrize("stem", STEMS)
def test_checks_are_locked_and_answers_named(stem):
    cells = nbformat.read(COURSE / "exercises" / f"{stem}.ipynb", as_version=4).cells
    roles = [cell.metadata.get("genai_course", {}).get("role") for cell in cells]
    questions = [cell.metadata["genai_course"]["question"] for cell, role in zip(cells, roles, strict=True) if role == "answer"]
    assert questions == list(load_spec(stem).questions)
    assert all(cell.metadata["editable"] is False for cell, role in zip(cells, roles, strict=True) if role == "check")
    assert [roles[i + 1] for i, role in enumerate(roles) if role == "answer"] == ["check"] * len(questions)
    assert roles[-1] == "progress" and roles.count("setup") == 1
