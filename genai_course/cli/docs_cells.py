"""Turns an executed notebook into the page of it that the web site shows: a pure function from notebook to notebook."""

import copy
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from markdown_it import MarkdownIt

from genai_course.cli.notebooks import is_question, source_of

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
QUESTION_PROMPTS = {"code_prompt_show": "Show the question's code, and the answer in it", "code_prompt_hide": "Hide the question's code"}
IMPORT_PROMPTS = {"code_prompt_show": "Show the imports", "code_prompt_hide": "Hide the imports"}
LONG = 15  # lines; longer code can be folded away
TO_RUFF = re.compile(r" *# (fmt: skip|noqa\b.*)$")
FACTS = re.compile(r"(^- [a-z_]+: *\d.*\n?)+", re.M)  # the list of facts in a notebook's first cell


def directives(source: str) -> set[str]:
    "The names of nbdev's directives in a cell: `#| export` gives export."
    return {name for name in re.findall(r"^#\| *(\w+)", source, re.M)}


def without_directives(source: str) -> str:
    "A cell's code without the lines and comments that speak to nbdev and to ruff."
    return "\n".join(TO_RUFF.sub("", line) for line in source.split("\n") if not line.startswith("#|")).strip("\n")


def is_import(line: str) -> bool:
    "Whether a line of code only imports, is empty or is a comment."
    return not line.strip() or line.startswith(("import ", "from ", "#"))


def shape_of(code: str) -> dict:
    "How a cell's code is shown, as its metadata: imports and the code of questions begin folded, long code can be folded."
    lines = code.split("\n")
    if is_question(code): return {"tags": ["hide-input"], "mystnb": QUESTION_PROMPTS}
    if all(is_import(line) for line in lines): return {"tags": ["hide-input", "imports"], "mystnb": IMPORT_PROMPTS}
    return {"tags": ["hide-input", "long"]} if len(lines) > LONG else {}


def shown_output(output: Mapping) -> dict | None:
    "An output without what needs Python behind it; None where nothing is left."
    if "data" not in output: return dict(output)
    data = {kind: value for kind, value in output["data"].items() if kind != WIDGET_MIME}
    if "text/html" in data: data.pop("text/plain", None)
    return {**output, "data": data, "metadata": {}} if data else None


def code_cell(cell: Mapping, live: Iterable[str]) -> dict | None:
    "A code cell as the page shows it, its live views in front of its outputs; None where it is hidden or says nothing to a reader."
    source = source_of(cell)
    code = without_directives(source)
    if "hide" in directives(source) or not code: return None
    outputs = [shown for output in cell.get("outputs", []) if (shown := shown_output(output))]
    if views := "\n".join(live): outputs = [live_output(views, outputs), *[output for output in outputs if "text/html" not in output.get("data", {})]]
    return {**cell, "source": code, "metadata": shape_of(code), "outputs": outputs, "execution_count": None}


def live_output(views: str, outputs: Iterable[Mapping]) -> dict:
    "An output of live views; the stills among `outputs` are for readers without scripts."
    stills = "".join(source_of({"source": output["data"]["text/html"]}) for output in outputs if "text/html" in output.get("data", {}))
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"{views}\n<noscript>{stills}</noscript>"}}


def target(stem: str, number: int) -> str:
    "The name by which other pages link to the heading of that number in a notebook."
    return f"{stem.replace('_', '-')}-section-{number}"


def headings(text: str) -> dict[int, str]:
    "The words of a Markdown text's headings, by their line."
    tokens = MarkdownIt().parse(text)
    return {token.map[0]: words.content for token, words in pairwise(tokens) if token.type == "heading_open" and token.level == 0}


def with_targets(text: str, stem: str, first: int) -> str:
    "A Markdown text whose headings can be linked to: they are counted from `first`."
    lines = text.split("\n")
    for number, line in reversed(list(enumerate(headings(text), first))): lines.insert(line, f"({target(stem, number)})=")
    return "\n".join(lines)


def with_facts(text: str, said: str) -> str:
    "A notebook's first text with `said` in the place of its list of facts; where there is none, behind its question or its title."
    if FACTS.search(text): return FACTS.sub(lambda found: said + "\n", text, count=1)
    head = re.search(r"^# .+\n*(?:^>.*\n?)*", text, re.M)
    return f"{text[: head.end()].rstrip()}\n\n{said}\n\n{text[head.end() :].lstrip()}".rstrip() if head and said else text


def page(notebook: Mapping, stem: str, said: str = "", live: Mapping[str, Iterable[str]] | None = None) -> dict:
    "The page of a notebook: `said` stands under its title, `live` are HTML views by the id of the cell that shows them."
    cells, count, first = [], 0, True
    for cell in copy.deepcopy(notebook["cells"]):
        text = source_of(cell)
        if cell["cell_type"] == "code": made = code_cell(cell, (live or {}).get(cell.get("id"), []))
        elif cell["cell_type"] == "markdown":
            made = {**cell, "metadata": {}, "source": with_targets(with_facts(text, said) if first else text, stem, count)}
            count, first = count + len(headings(text)), False
        else: made = None
        if made: cells.append(made)
    return {"cells": cells, "metadata": {"kernelspec": notebook["metadata"].get("kernelspec", {}), "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def sections(notebook: Mapping) -> dict[str, tuple[int, str]]:
    "For the id of each code cell: the number and the words of the heading above it."
    found, count, now = {}, 0, (0, "")
    for cell in notebook["cells"]:
        text = source_of(cell)
        if cell["cell_type"] == "code": found[cell.get("id", "")] = now
        elif words := list(headings(text).values()):
            count += len(words)
            now = (count - 1, words[-1])
    return found
