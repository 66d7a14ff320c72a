"""Runs a notebook as a reader would, without a browser, and collects what it shows."""

import copy
import json
import os
import re
import tempfile
from pathlib import Path
from unittest.mock import patch

from genai_course.cli.notebooks import source_of
from genai_course.cli.trouble import Trouble
from genai_course.core import downloads_folder

CELL_SECONDS = 300  # no cell of the course takes longer; one that does is stopped
CIRCUMSTANCES = {"GENAI_HEADLESS": "1", "OMP_NUM_THREADS": "1"}


def execute(notebook: dict, folder: Path, circumstances: dict[str, str] | None = None) -> dict:
    "A copy of `notebook` with fresh outputs, run in `folder` with data of its own. Raises nbclient's CellExecutionError, and Trouble for a view that shows an error in its place."
    import nbformat
    from nbclient import NotebookClient

    runnable = copy.deepcopy(notebook)
    for cell in runnable["cells"]:
        if "#| eval: false" in source_of(cell): cell["source"] = ""
    shared = {"GENAI_DOWNLOADS": str(downloads_folder())}
    with tempfile.TemporaryDirectory() as data, patch.dict(os.environ, {**CIRCUMSTANCES, **shared, "GENAI_DATA": data, **(circumstances or {})}):
        client = NotebookClient(nbformat.reads(json.dumps(runnable), as_version=4), timeout=CELL_SECONDS, startup_timeout=CELL_SECONDS,
                                resources={"metadata": {"path": str(folder)}})  # fmt: skip
        executed = client.execute()
    for cell in executed.cells: expect_sound_views(cell)
    return _with_outputs(notebook, [cell.get("outputs", []) for cell in executed.cells])


def expect_sound_views(cell: dict) -> None:
    "Raise Trouble where a view of a cell that was run could not compute what it shows: the page says so in its place, and the cell itself does not fail."
    for data in (output.get("data", {}) for output in cell.get("outputs", [])):
        said = data.get("text/plain", "")
        if "text/html" in data and re.match(r"\w*(Error|Exception|Interrupt): ", said): raise Trouble(f"the cell that begins {cell['source'].splitlines()[0]!r} shows an error in place of its view: {said}")


def _with_outputs(notebook: dict, outputs: list[list]) -> dict:
    made = copy.deepcopy(notebook)
    for cell, found in zip(made["cells"], outputs, strict=True):
        if cell["cell_type"] == "code": cell["outputs"] = json.loads(json.dumps(found))
    return made
