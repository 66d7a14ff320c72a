"""The layout's rule: one stem names everything, nothing generated is edited by hand, and outputs come from the code beside them."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from genai_course.cli import build, execution
from genai_course.cli.notebooks import front_matter, is_question, read_notebook, source_of
from genai_course.cli.trouble import Trouble

ROOT = Path(__file__).parents[1]
NUMBERED = sorted((ROOT / "nbs").glob("[0-9][0-9]_*.ipynb"))
EXPLORERS = sorted((ROOT / "nbs" / "explorers").glob("*.ipynb"))
MASTERS = sorted((ROOT / "nbs" / "exercises").glob("*.ipynb"))
ALL = [*NUMBERED, *EXPLORERS, *MASTERS, ROOT / "nbs" / "course_map.ipynb"]
BEFORE = {  # what each tool may import
    "core": (),
    "checkpoint": ("core",),
    "data": ("core",),
    "texts": ("core", "data"),
    "plots": ("core",),
    "drawing": (),
    "menagerie": ("data", "drawing"),
    "avatars": ("data", "drawing", "menagerie"),
    "judge": ("checkpoint", "drawing", "menagerie", "training"),  # its recipe is for the loop of lesson 04
    "widgets": ("core", "plots"),
    "charts": ("plots",),
    "pictures": ("charts", "plots"),
    "graphs": ("charts", "plots", "widgets"),
    "views": ("charts", "plots", "widgets"),
    "gallery": ("charts", "graphs", "pictures", "views"),
    "run": ("core",),
    "trainer": ("core", "run"),
    "dashboard": ("plots", "run", "trainer", "widgets"),
}
IN_JUPYTERLAB = [ROOT / "nbs" / f"{stem}.ipynb" for stem in ("01_prediction", "02_backprop", "04_training", "06_tokenizer")]  # tests/browser runs them whole each time: here they are run with --full
LESSONS = {file.stem[3:]: int(file.stem[:2]) for file in NUMBERED}


def name_of(file): return str(file.relative_to(ROOT / "nbs"))


def module_of(file): return ROOT / "genai_course" / ("explorers" if file in EXPLORERS else "") / f"{file.stem[3:]}.py"


def imported(module):
    "The course's modules that an exported module imports, as written from the package's root."
    nodes = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.ImportFrom) and node.level]
    depth = len(module.relative_to(ROOT / "genai_course").parts)
    return [("explorers." if depth == 2 and node.level == 1 else "") + (node.module or "") for node in nodes]


@pytest.mark.parametrize("file", [*NUMBERED, *EXPLORERS], ids=name_of)
def test_a_notebook_exports_the_module_of_its_name(file):
    prefix = "explorers." if file in EXPLORERS else ""
    assert any(source_of(cell).startswith(f"#| default_exp {prefix}{file.stem[3:]}") for cell in read_notebook(file)["cells"])
    assert module_of(file).is_file()


def test_no_module_is_an_orphan():
    written_by_hand = {"__init__", "__main__", "_modidx"}
    modules = {m.stem for m in (ROOT / "genai_course").glob("*.py")} - written_by_hand
    assert modules == {file.stem[3:] for file in NUMBERED}
    assert {m.stem for m in (ROOT / "genai_course" / "explorers").glob("*.py")} - written_by_hand == {file.stem[3:] for file in EXPLORERS}


@pytest.mark.parametrize("folder", ["nbs/explorers", "nbs/exercises", "exercises", "solutions"])
def test_stems_match_a_lesson(folder):
    stems = {file.stem for file in (ROOT / folder).glob("*.ipynb")}
    assert stems and stems <= {file.stem for file in NUMBERED if not file.stem.startswith("00")}


@pytest.mark.parametrize("file", NUMBERED, ids=name_of)
def test_no_import_of_a_higher_number_or_of_a_view(file):
    name = file.stem[3:]
    for other in imported(module_of(file)):
        assert not other.startswith(("explorers", "cli", "grading"))
        assert other in BEFORE[name] if name in BEFORE else LESSONS[other] < LESSONS[name]


@pytest.mark.parametrize("file", EXPLORERS, ids=name_of)
def test_an_explorer_imports_no_lesson_of_a_higher_number(file):
    others = [other.removeprefix("explorers.") for other in imported(module_of(file))]
    assert others and all(LESSONS[other] <= LESSONS[file.stem[3:]] for other in others)


@pytest.mark.parametrize("file", [f for f in NUMBERED if not f.stem.startswith("00")], ids=name_of)
def test_a_lesson_states_title_question_and_times(file):
    words = front_matter(read_notebook(file))
    assert words.title and words.question and int(words.facts["minutes"]) > 0 and re.fullmatch(r"\d+ s", words.facts["run_all"])


@pytest.mark.parametrize("file", ALL, ids=name_of)
def test_notebooks_are_clean(file):
    notebook = read_notebook(file)
    assert "widgets" not in notebook["metadata"]
    assert all(cell.get("execution_count") is None for cell in notebook["cells"])
    outputs = json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])
    assert "widget-view" not in outputs and '"output_type": "error"' not in outputs and str(ROOT) not in outputs


@pytest.mark.parametrize("file", NUMBERED, ids=name_of)
def test_the_code_of_a_question_is_folded_away_for_it_holds_the_answer(file):
    notebook = read_notebook(file)
    asking = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and re.search(r"^predict\(", source_of(cell), re.M)]
    assert all(is_question(source_of(cell)) for cell in asking), "a question has a cell of its own"
    assert build.answers_hidden(notebook) == notebook and all(cell["metadata"]["jupyter"]["source_hidden"] for cell in asking)
    assert all("answer=" not in source_of(cell).splitlines()[0] for cell in asking), "JupyterLab shows the first line of a cell that is folded"


@pytest.mark.parametrize("file", [*NUMBERED, *EXPLORERS], ids=name_of)
def test_outputs_come_from_the_code_beside_them(file):
    assert build.is_fresh(file, ROOT), f"run: python -m genai_course build {file.stem[3:]}"


def test_exporting_again_changes_nothing(tmp_path):
    for part in ["nbs", "genai_course", "pyproject.toml"]: subprocess.run(["cp", "-r", ROOT / part, tmp_path], check=True)
    (tmp_path / "genai_course" / "core.py").write_text("edited by hand")
    exporting = f"from pathlib import Path; from genai_course.cli.build import export_modules; export_modules(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", exporting], check=True, cwd=ROOT)
    for file in [*(ROOT / "genai_course").glob("*.py"), *(ROOT / "genai_course" / "explorers").glob("*.py")]:
        assert (tmp_path / file.relative_to(ROOT)).read_text() == file.read_text(), file.name


@pytest.mark.parametrize("file", [pytest.param(file, marks=pytest.mark.full if file in IN_JUPYTERLAB else ()) for file in [*NUMBERED, *EXPLORERS, *MASTERS]], ids=name_of)
def test_a_notebook_runs_from_top_to_bottom(file):
    execution.execute(read_notebook(file), file.parent, {"GENAI_TIME_BUDGET": os.environ.get("GENAI_TIME_BUDGET", "0.1")})


def test_what_is_left_to_jupyterlab_is_run_there():
    tests = [file.read_text() for file in (ROOT / "tests" / "browser").glob("test_*.py")]
    for file in IN_JUPYTERLAB: assert any(f'open_copy(page, lab, "nbs/{file.name}")\n    run_all(' in text for text in tests), file.name


def test_a_notebook_that_fails_is_noticed(tmp_path):
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": ["1/0"], "outputs": [], "execution_count": None}
    skipped = cell | {"id": "b", "source": ["#| eval: false\n", "1/0"]}
    notebook = {"cells": [skipped], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    execution.execute(notebook, tmp_path)
    with pytest.raises(Exception, match="ZeroDivisionError"): execution.execute(notebook | {"cells": [cell]}, tmp_path)


def test_a_view_that_shows_an_error_in_its_place_is_one(tmp_path):
    def notebook(function): return {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": f"from genai_course.charts import Words\nfrom genai_course.views import Explorer\nExplorer('a', {function})"}],
                                    "metadata": {}, "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
    assert execution.execute(notebook("lambda: Words('all is well')"), tmp_path)["cells"][0]["outputs"]
    with pytest.raises(Trouble, match="from genai_course.charts import Words' shows an error in place of its view: ZeroDivisionError"): execution.execute(notebook("lambda: 1 / 0"), tmp_path)


def test_ruff_is_content():
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
