"""Makes everything that comes from the notebooks: modules, exercises, and the outputs that readers see on the web."""

import copy
import json
from contextlib import chdir
from pathlib import Path

from genai_course.cli.execution import execute
from genai_course.cli.notebooks import is_question, read_notebook, source_of
from genai_course.cli.origin import origin
from genai_course.cli.readme import write_tables
from genai_course.core import course_folder, write_atomically


SHOWS_OTHERS = "course_map"  # its output comes from what other notebooks say: it is run each time


def notebooks_with_outputs(root: Path) -> list[Path]:
    "The notebooks that people read with their outputs: tools, lessons, explorers and the map."
    return [*sorted((root / "nbs").glob("*.ipynb")), *sorted((root / "nbs" / "explorers").glob("*.ipynb"))]


def export_modules(root: Path) -> None:
    "Write every module from its notebook."
    from nbdev.doclinks import nbdev_export

    with chdir(root): nbdev_export.__wrapped__()


def is_fresh(file: Path, root: Path) -> bool:
    "Whether a notebook's outputs came from the code that it has now."
    notebook = read_notebook(file)
    return notebook["metadata"].get("genai_course", {}).get("outputs_of") == origin(notebook, root)


def answers_hidden(notebook: dict) -> dict:
    "A copy in which JupyterLab folds the cells that ask a learner to predict, for their code holds the answer."
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        if is_question(source_of(cell)): cell["metadata"]["jupyter"] = {"source_hidden": True}
    return made


def clean(notebook: dict) -> dict:
    "A copy without run counts, widget state and whatever else differs from run to run."
    from fastcore.nbio import dict2nb
    from nbdev.clean import clean_nb
    from nbdev.config import get_config

    made, kept = dict2nb(answers_hidden(notebook)), get_config(course_folder())
    clean_nb(made, allowed_metadata_keys=kept.allowed_metadata_keys, allowed_cell_metadata_keys=kept.allowed_cell_metadata_keys)
    made["metadata"].pop("widgets", None)
    return json.loads(json.dumps(made))


def refresh(file: Path, root: Path) -> None:
    "Run a notebook and save it with its outputs and their origin."
    from fastcore.nbio import nb2str

    nobodys = {"GENAI_WORK": str(root / "build" / "work")} if file.stem == SHOWS_OTHERS else {}  # the map is shown as to one who has not begun
    executed = clean(execute(read_notebook(file), file.parent, nobodys))
    executed["metadata"]["genai_course"] = {"outputs_of": origin(executed, root)}
    write_atomically(file, nb2str(executed))


def build(stem: str | None = None) -> int:
    "Export, make the exercises and run stale notebooks, all or those called `stem`; returns the exit status."
    from genai_course.grading.build import main as build_exercises

    root = course_folder()
    export_modules(root)
    if build_exercises(["build"]): return 1
    write_tables(root)
    for file in notebooks_with_outputs(root):
        if stem and stem not in (file.stem, file.stem[3:]) or file.stem != SHOWS_OTHERS and is_fresh(file, root): continue
        print(f"running {file.relative_to(root)}", flush=True)
        refresh(file, root)
    return 0
