"""An exercise master as data: its questions, with tests, mistakes, hints and all, and the prose around them."""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from genai_course.grading.markers import Marker, MasterError, parse_marker, split_head, with_solution, without_solution


@dataclass(frozen=True)
class Cell:
    "One cell of the master."
    number: int  # counted from 1, as a person would
    ident: str  # the cell's id in the notebook
    kind: str  # code or markdown
    marker: Marker | None
    body: str  # its text below the `#|` lines


@dataclass(frozen=True)
class Test:
    "One test of a question."
    function: str  # the name of the test's function
    name: str  # a short name, for reports
    hidden: bool
    points: int
    code: str


@dataclass
class Question:
    "One question with everything that belongs to it."
    ident: str  # such as q1
    title: str
    names: list[str]  # what the answer must define
    minutes: int
    difficulty: int  # from 1 to 5
    answer: str  # code
    stub: str  # what the learner starts from
    tests: list[Test] = field(default_factory=list)
    mistakes: list[dict] = field(default_factory=list)  # {message, code}
    alternatives: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    explanation: str = ""


@dataclass
class Master:
    "A whole exercise."
    stem: str
    title: str
    setup: str  # code that every question may rely on
    spec: str  # code that the tests share
    cells: list[Cell]
    questions: dict[str, Question]


def read_master(path: Path | str) -> Master:
    "Read the master notebook at `path`. Raises MasterError for anything in it that cannot be used."
    path = Path(path)
    try: notebook = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error: raise MasterError(f"{path.name} is not a notebook ({error}).") from None
    cells = [_cell(path, number, raw) for number, raw in enumerate(notebook["cells"], 1)]
    master = Master(path.stem, _title(cells), _joined(cells, "setup"), _joined(cells, "spec"), cells, {})
    for i, cell in enumerate(cells):
        if cell.marker and cell.marker.kind == "exercise": _add_question(master, cell, cells[:i], path)
    for cell in cells:
        if cell.marker and cell.marker.kind in ("setup", "spec"): _definitions(cell.body, _place(path, cell.number))
        if cell.marker and cell.marker.question: _add_part(master, cell, path)
    for question in master.questions.values(): _check_question(question, master, path)
    return master


def _cell(path, number, raw):
    source = "".join(raw["source"])
    head, body = split_head(source)
    return Cell(number, raw["id"], raw["cell_type"], parse_marker(head, _place(path, number)), body)


def _place(path, number): return f"{path.name}, cell {number}"


def _heading(cell):
    lines = [line.lstrip("# ") for line in cell.body.splitlines() if line.startswith("#")]
    return lines[0] if cell.kind == "markdown" and lines else ""


def without_number(heading: str) -> str:
    "`Title` of a heading such as `3. Title`."
    return re.sub(r"^\d+\. ", "", heading)


def _title(cells): return next((heading for cell in cells if (heading := _heading(cell))), "")


def _joined(cells, kind): return "\n\n".join(cell.body for cell in cells if cell.marker and cell.marker.kind == kind)


def _add_question(master, cell, before, path):
    place, options, ident = _place(path, cell.number), cell.marker.options, cell.marker.question
    if ident in master.questions: raise MasterError(f"{place}: there is another #| exercise {ident} above.")
    answer, names = with_solution(cell.body), options.get("names", "").split(",")
    missing = [name for name in names if name not in _definitions(answer, place)]
    if missing: raise MasterError(f"{place}: names={options.get('names', '')}, but the answer does not define {missing[0] or 'a name'}.")
    title = next((without_number(heading) for earlier in reversed(before) if (heading := _heading(earlier))), ident)
    master.questions[ident] = Question(ident, title, names, int(options.get("minutes", 10)), int(options.get("difficulty", 1)),
                                       answer, without_solution(cell.body, place))


def _definitions(code, place):
    try: tree = ast.parse(code)
    except SyntaxError as error: raise MasterError(f"{place}: line {error.lineno} is not Python ({error.msg}).") from None
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]


def _add_part(master, cell, path):
    marker, place = cell.marker, _place(path, cell.number)
    if marker.question not in master.questions: raise MasterError(f"{place}: there is no #| exercise {marker.question} for it.")
    question = master.questions[marker.question]
    if marker.kind == "test": question.tests.append(_test(cell, place))
    if marker.kind == "mistake": question.mistakes.append({"message": marker.words[0], "code": cell.body})
    if marker.kind == "alternative": question.alternatives.append(cell.body)
    if marker.kind == "given": question.stub = cell.body
    if marker.kind == "explanation": question.explanation = cell.body
    if marker.kind == "hint": _add_hint(question, cell, place)
    if marker.kind in ("mistake", "alternative", "given"): _definitions(cell.body, place)


def _add_hint(question, cell, place):
    if int(cell.marker.words[0]) != len(question.hints) + 1:
        raise MasterError(f"{place}: hint {cell.marker.words[0]} of {question.ident} comes where hint {len(question.hints) + 1} should.")
    question.hints.append(cell.body)


def _test(cell, place):
    functions, options = _definitions(cell.body, place), cell.marker.options
    if len(functions) != 1 or not functions[0].startswith("test_"):
        raise MasterError(f"{place}: a test cell defines one function, test_something(sol); found {', '.join(functions) or 'none'}.")
    name = options.get("name", functions[0].removeprefix("test_"))
    return Test(functions[0], name, cell.marker.words[0] == "hidden", int(options.get("points", 1)), cell.body)


def _check_question(question, master, path):
    place, total = f"{path.name}, {question.ident}", sum(test.points for test in question.tests)
    cell = next(c for c in master.cells if c.marker and c.marker.kind == "exercise" and c.marker.question == question.ident)
    declared = int(cell.marker.options.get("points", total))
    functions = [test.function for q in master.questions.values() for test in q.tests]
    if declared != total: raise MasterError(f"{place}: points={declared}, but its tests give {total}.")
    if not any(not test.hidden for test in question.tests): raise MasterError(f"{place}: has no public test.")
    if len(question.mistakes) < 3: raise MasterError(f"{place}: has {len(question.mistakes)} named mistakes; three are needed.")
    if not question.hints or not question.explanation: raise MasterError(f"{place}: needs a hint and an explanation.")
    if twice := [name for name in functions if functions.count(name) > 1]: raise MasterError(f"{place}: two tests are called {twice[0]}.")
