"""The outputs of a solution: computed once, and marked with what they came from."""

import copy
import hashlib
import json
import tempfile
from pathlib import Path

from genai_course.cli.execution import execute
from genai_course.cli.origin import origin
from genai_course.grading.copies import to_text


def with_fresh_outputs(notebook: dict, root: Path) -> dict:
    "Execute `notebook` of the course in `root`, in a folder and with a progress file of its own; returns it with outputs and their origin."
    with tempfile.TemporaryDirectory() as folder: made = execute(notebook, Path(folder))
    for cell in made["cells"]:
        if cell["cell_type"] == "code": cell["outputs"] = [_clean(output) for output in cell["outputs"]]
    made["metadata"]["genai_course"] |= _marks(notebook, _outputs(made), root)
    return made


def is_fresh(path: Path, notebook: dict, root: Path) -> bool:
    "Whether the file at `path` is `notebook` plus outputs that were computed from it and not edited since."
    if not path.is_file(): return False
    try: stored = json.loads(path.read_text(encoding="utf-8"))
    except ValueError: return False
    expected = copy.deepcopy(notebook)
    expected["metadata"]["genai_course"] |= _marks(notebook, _outputs(stored), root)
    for cell, outputs in zip(expected["cells"], _outputs(stored), strict=False):
        if cell["cell_type"] == "code": cell["outputs"] = outputs
    return path.read_text(encoding="utf-8") == to_text(expected)


def _outputs(notebook): return [cell.get("outputs") for cell in notebook["cells"]]


def _clean(output):
    "An output as plain data, texts as lists of lines, without execution counts."
    if "execution_count" in output: output["execution_count"] = None
    for kind, text in output.get("data", {}).items():
        if isinstance(text, str): output["data"][kind] = text.splitlines(keepends=True)
    if isinstance(output.get("text"), str): output["text"] = output["text"].splitlines(keepends=True)
    return output


def _marks(notebook, outputs, root): return {"outputs_of": origin(notebook, root), "outputs_hash": _hash(outputs)}


def _hash(content): return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
