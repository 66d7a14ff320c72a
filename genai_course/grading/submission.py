"""What a notebook's answers define: its setup and answer cells, run in this process. For notebooks that are trusted, such as solutions."""

import json
import linecache
from pathlib import Path


def answers_in(notebook: Path | str) -> dict:
    "The namespace after the setup and answer cells of the notebook file. Raises what a cell raises."
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    return run_cells(["".join(cell["source"]) for cell in cells if _role(cell) in ("setup", "answer")])


def _role(cell): return cell["metadata"].get("genai_course", {}).get("role")


def run_cells(cells: list[str]) -> dict:
    "The namespace after running `cells` one after another. Their lines can be shown when one fails."
    namespace = {"__name__": "answers"}
    for number, source in enumerate(cells, 1):
        name = f"<answer cell {number}, {id(namespace)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), namespace)
    return namespace
