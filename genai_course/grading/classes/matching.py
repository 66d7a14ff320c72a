"""Finds the answers in a notebook's cells, and what other cells define, as pieces of code that are to run in this order."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from genai_course.grading.classes.definitions import defined_names, definitions_only
from genai_course.grading.classes.magics import parse, without_magics
from genai_course.grading.classes.reading import Cell, Reading
from genai_course.grading.outcome import Piece
from genai_course.grading.spec import Question, Spec


@dataclass(frozen=True)
class Part:
    "A cell as Python."
    cell: Cell
    source: str
    tree: ast.Module | None  # None where it is not Python
    names: frozenset[str]  # what it defines, as far as can be seen
    dropped: tuple[str, ...] = ()  # lines that only IPython understands

    def answers(self, question: Question) -> bool:
        "Whether it defines a function that `question` asks for."
        return not self.names.isdisjoint(question.names)


def match(reading: Reading, spec: Spec) -> tuple[list[Piece], list[str]]:
    "The pieces of a submission in the order of its cells, and warnings for a person."
    parts = [_part(cell) for cell in reading.cells]
    owners = {part.cell.number: _question_of(part, spec) for part in parts}
    answers = {ident: _counting(question, [part for part in parts if owners[part.cell.number] == ident])
               for ident, question in spec.questions.items()}
    pieces = [_piece(part, owners[part.cell.number], answers, spec) for part in parts]
    return [piece for piece in pieces if piece.source.strip()], list(_warnings(parts, owners, answers, spec))


def _part(cell):
    source, dropped = without_magics(cell.source)
    tree = parse(source)
    names = defined_names(tree) if tree else re.findall(r"^(?:async +)?(?:def|class) +(\w+)", source, re.M)
    return Part(cell, source, tree, frozenset(names), tuple(dropped))


def _question_of(part, spec):
    "The question that a cell answers: the one it is marked with, unless it defines what another one asks for."
    marked = part.cell.mark("question") if part.cell.mark("role") in ("answer", "") else ""
    named = [ident for ident, question in spec.questions.items() if part.answers(question)]
    if marked in spec.questions and (marked in named or not named): return marked
    return named[0] if named else ""


def _counting(question, candidates):
    "The cell that counts as the answer: the last that defines what is asked for, else the last."
    defining = [part for part in candidates if part.answers(question)]
    return (defining or candidates or [None])[-1]


def _piece(part, ident, answers, spec):
    number = part.cell.number
    if ident and answers[ident] is part: return Piece(part.source, ident, number)
    without = spec.questions[ident].names if ident else []
    return Piece(definitions_only(part.source, part.tree, without) if part.tree else "", "", number)


def _warnings(parts, owners, answers, spec):
    marked = any(part.cell.mark("question") for part in parts)
    if not marked and any(answers.values()): yield "The marks of the answer cells are lost; answers were found by the names of their functions."
    for ident, question in spec.questions.items():
        yield from _warnings_of(question, answers[ident], [part for part in parts if part.answers(question)], marked)
    for part in parts:
        if part.dropped: yield f"Cell {part.cell.number}: left out what only a notebook understands ({_listed(part.dropped)})."
        if not part.tree and not owners[part.cell.number]: yield f"Cell {part.cell.number} is not Python; it answers no question and was left out."


def _warnings_of(question, answer, defining, marked):
    wanted = " and ".join(f"`{name}`" for name in question.names)
    if answer is None and not defining: yield f"{question.ident}: no cell answers it; it should define {wanted}."
    if answer and not defining and answer.tree: yield f"{question.ident}: cell {answer.cell.number} should define {wanted}, and does not."
    if answer and marked and answer.cell.mark("question") != question.ident:
        yield f"{question.ident}: cell {answer.cell.number} was taken as its answer, for it defines {wanted}."
    if len(defining) > 1:
        places = ", ".join(str(part.cell.number) for part in defining)
        yield f"{question.ident} is answered in cells {places}; the last one counts."


def _listed(lines: Iterable[str], length: int = 60) -> str:
    text = "; ".join(line.splitlines()[0] for line in lines)
    return text if len(text) <= length else text[:length] + " …"
