"""The views that work without Python: the notebooks that show them are run again, quickly, and leave the views' own HTML."""

import copy
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from genai_course.cli.execution import execute
from genai_course.cli.notebooks import source_of
from genai_course.cli.trouble import Trouble

MIME = "application/vnd.genai-course.view+json"
QUICK = {"GENAI_TIME_BUDGET": "0.05"}  # nothing is kept of these runs but views that do not depend on training
HAND_OUT = f"""
from IPython.display import display
from genai_course.views import STATE, Explorer

def hand_out(self, still=Explorer._ipython_display_):
    if self.alone: display({{{MIME!r}: {{"module": self._esm, "state": {{name: getattr(self, name) for name in STATE}}}}}}, raw=True)
    still(self)

Explorer._ipython_display_ = hand_out
"""


def may_have_views(notebook: Mapping) -> bool:
    "Whether a notebook may show views that need no Python: one was displayed, not only drawn, and the code names a module in JS or asks who is `alone`."
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    displayed = any(output["output_type"] == "display_data" and "text/html" in output["data"] for output in outputs)
    code = "\n".join(source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code")
    return displayed and ('.js"' in code or ".alone" in code)


def views(notebook: Mapping, folder: Path) -> dict[str, list[dict]]:
    "The views that need no Python, as module and state, by the id of the cell that shows them. Raises Trouble where the notebook cannot be run."
    from nbclient.exceptions import CellExecutionError

    first = {"cell_type": "code", "id": "hand-out", "metadata": {}, "source": HAND_OUT, "outputs": [], "execution_count": None}
    try: executed = execute({**copy.deepcopy(notebook), "cells": [first, *notebook["cells"]]}, folder, QUICK)
    except CellExecutionError as error: raise Trouble(f"a notebook in {folder} cannot be run for its live views: {error.ename}: {error.evalue}") from None
    except RuntimeError as error: raise Trouble(f"no kernel started to run the notebooks with live views: {error}. Give the same command again.") from None
    found = {cell.get("id", ""): [output["data"][MIME] for output in cell.get("outputs", []) if MIME in output.get("data", {})] for cell in executed["cells"]}
    return {cell: handed for cell, handed in found.items() if handed}


def script_name(module: str) -> str:
    "The file for a view's module, named after what is in it."
    return f"view-{sha256(module.encode()).hexdigest()[:12]}.js"


def script(module: str, page_model: str) -> str:
    "A module as a plain script, which also works where pages are opened as files: it puts itself among `genaiViews`, with a model of its state."
    plain = module.replace("export default", "const widget =", 1)
    return (f'(() => {{\n"use strict";\n{plain}\n{page_model}\n(window.genaiViews ??= {{}})[{script_name(module)!r}] = '
            "(state, el) => widget.render({ model: pageModel(state), el });\n})();\n")  # fmt: skip


def view_html(view: Mapping, name: str, static: str) -> str:
    "The HTML of a live view with the id `name`, where `static` is the way to the site's static files."
    state, file = json.dumps(view["state"], allow_nan=False).replace("<", "\\u003c"), script_name(view["module"])
    return (f'<div class="genai-live" id="{name}"></div>\n<script src="{static}/{file}"></script>\n'
            f'<script>window.genaiViews[{file!r}]({state}, document.getElementById({name!r}));</script>')  # fmt: skip
