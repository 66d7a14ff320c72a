"""What the outputs of a notebook come from: its code, and the course's modules behind it."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from genai_course.cli.notebooks import source_of


def modules_behind(source: str, root: Path) -> set[Path]:
    "The course's modules below `root` that `source` imports, and those which they import."
    found: set[Path] = set()
    waiting = [(source, ())]
    while waiting:
        new = set(_imported(*waiting.pop(), root)) - found
        found |= new
        waiting += [(module.read_text(encoding="utf-8"), module.relative_to(root).parent.parts) for module in new]
    return found


def _imported(source: str, package: tuple[str, ...], root: Path) -> Iterator[Path]:
    "The files of the course's modules that a source in `package` imports from."
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom): continue
        parts = (*package[: len(package) - node.level + 1], *(node.module or "").split(".")) if node.level else tuple((node.module or "").split("."))
        place = root.joinpath(*parts)
        candidates = [place.with_suffix(".py"), place / "__init__.py", *(place / f"{name.name}.py" for name in node.names)]
        if parts[0] == "genai_course": yield from [file for file in candidates if file.is_file()]


def origin(notebook: dict, root: Path) -> str:
    "A hash of all that a notebook's outputs come from: its code, and the course's modules behind it."
    sources = [source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    modules = sorted({module for source in sources for module in modules_behind(source, root)})
    texts = [*sources, *(module.read_text(encoding="utf-8") for module in modules)]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()
