"""The two notebooks that a master gives: the learner's exercise and its solution, both without outputs yet."""

import hashlib
import json
from typing import Any

from genai_course.grading.master import Cell, Master, Question, without_number
from genai_course.grading.spec import version_of
from genai_course.grading.spec_source import shipped_source

KERNEL = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
          "language_info": {"name": "python"}}
LEVELS = {1: "easy", 2: "easy to medium", 3: "medium", 4: "demanding", 5: "a stretch"}


def exercise_notebook(master: Master) -> dict:
    "What the learner opens: stubs where the answers are to go."
    return _notebook(master, {question.ident: question.stub for question in master.questions.values()}, explained=False)


def solution_notebook(master: Master) -> dict:
    "The same with answers and explanations."
    return _notebook(master, {question.ident: question.answer for question in master.questions.values()}, explained=True)


def to_text(notebook: dict) -> str:
    "A notebook as the text of its file, always the same for the same content."
    return json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _notebook(master, answers, explained):
    cells = [made for cell in master.cells for made in _cells(master, cell, answers, explained)]
    cells.append(_locked("progress()", "progress", {}))
    marks = {"exercise": master.stem, "spec": version_of(shipped_source(master))}
    return {"cells": cells, "metadata": KERNEL | {"genai_course": marks}, "nbformat": 4, "nbformat_minor": 5}


def _cells(master: Master, cell: Cell, answers: dict[str, str], explained: bool) -> list[dict]:
    "What one cell of the master becomes: nothing, a copy, or an answer with its check."
    match cell.marker.kind if cell.marker else "":
        case "": return [_copy(cell, _with_facts(master, cell))]
        case "setup": return [_copy(cell, _setup(master), {"genai_course": {"role": "setup"}})]
        case "exercise": return _question_cells(master.questions[cell.marker.question], cell, answers)
        case "explanation" if explained: return [_copy(cell, cell.body, kind="markdown")]
    return []


def _setup(master):
    opening = f'from genai_course.grading import exercise\n\ncheck, hint, reveal, progress = exercise("{master.stem}", globals())'
    return f"{master.setup}\n\n{opening}"


def _question_cells(question: Question, cell: Cell, answers: dict[str, str]) -> list[dict]:
    answer = _copy(cell, answers[question.ident], {"genai_course": {"role": "answer", "question": question.ident}, "deletable": False})
    return [answer, _locked(f'check("{question.ident}")', "check", {"question": question.ident})]


def _locked(source, role, facts):
    "A cell that the learner runs but does not change."
    metadata = {"genai_course": {"role": role} | facts, "deletable": False, "editable": False}
    return _cell("code", hashlib.sha256(source.encode()).hexdigest()[:8], source, metadata)


def _with_facts(master, cell):
    "The prose of a question, with minutes, difficulty and points below its heading."
    lines = cell.body.splitlines()
    titles = {question.title: question for question in master.questions.values()}
    heading = next((i for i, line in enumerate(lines) if line.startswith("## ") and without_number(line[3:]) in titles), None)
    if heading is None: return cell.body
    return "\n".join([*lines[:heading + 1], "", _facts(titles[without_number(lines[heading][3:])]), *lines[heading + 1:]])


def _facts(question):
    points, held_out = sum(test.points for test in question.tests), sum(test.hidden for test in question.tests)
    level = f"{LEVELS[question.difficulty]} ({question.difficulty} of 5)"
    counts = f"{points} points: {_tests(len(question.tests) - held_out, 'open')}, {_tests(held_out, 'held-out')}"
    return f"*{question.ident} · about {question.minutes} minutes · {level} · {counts}*"


def _tests(count, kind): return f"{count} {kind} test{'' if count == 1 else 's'}"


def _copy(cell: Cell, source: str, metadata: dict | None = None, kind: str = "") -> dict:
    return _cell(kind or cell.kind, cell.ident, source, metadata or {})


def _cell(kind, ident, source, metadata) -> dict[str, Any]:
    made = {"cell_type": kind, "id": ident, "metadata": metadata, "source": source.splitlines(keepends=True)}
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})
