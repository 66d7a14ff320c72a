"""Reads what the map and the learner's copies need from a notebook: its cells' sources and its first words."""

import hashlib
import json
import re
from pathlib import Path
from typing import NamedTuple


class FrontMatter(NamedTuple):
    "What a notebook's first markdown cell says about it."
    title: str
    question: str  # "" where it asks none
    facts: dict[str, str]  # such as {"minutes": "90"}


def read_notebook(file: Path) -> dict:
    "The notebook as its JSON says. Raises OSError where it is missing and ValueError where it is no notebook."
    notebook = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list): raise ValueError(f"{file} is not a notebook")
    return notebook


def source_of(cell: dict) -> str:
    "A cell's text."
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def is_question(source: str) -> bool:
    "Whether a cell of that source asks the learner to predict; it holds the answer."
    return source.startswith("predict(")


def source_hash(notebook: dict) -> str:
    "A hash of what a person can edit: the kind and text of every cell. Outputs and metadata do not count."
    cells = [[cell.get("cell_type"), source_of(cell)] for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def front_matter(notebook: dict) -> FrontMatter:
    "Title, question and facts from the first markdown cell: `# Title`, `> Question`, `- minutes: 90`."
    text = next((source_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "markdown"), "")
    title, question = re.search(r"^# +(.+)$", text, re.M), re.search(r"^> *(.+)$", text, re.M)
    facts = dict(re.findall(r"^- (\w+): *(.+)$", text, re.M))
    return FrontMatter(title[1].strip() if title else "", question[1].strip() if question else "", facts)
