"""Exports: marks, the page of GitHub Actions, Gradescope's results and zip, the workflow; each is run or read as it will be."""

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
import yaml
from corpus.files import CASES, ROOT, STEM, changed, numbered, with_source
from running import grade, some

from genai_course.cli import main
from genai_course.grading.exports.gradescope import results
from genai_course.grading.exports.marks import marks_markdown
from genai_course.grading.sandbox.isolation import why_no_bubblewrap

WRONG = changed("wrong", with_source("def perplexity(p):\n    return 1 / np.mean(p)"), ())


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    "A folder of grades: two graded, one unreadable, a name that spreadsheets would take for a formula."
    place = tmp_path_factory.mktemp("grades")
    cases = [WRONG, *[case for case in CASES if case.student in ("right", "empty", "=1+1")]]
    assert grade(some(place, cases), "--out", place / "out").returncode == 3
    return place / "out"


@pytest.fixture
def one(grades, tmp_path):
    "A folder with the report on one submission."
    for part in ("reports/wrong.json", "students/wrong.html"):
        (tmp_path / "one" / part).parent.mkdir(parents=True)
        shutil.copy(grades / part, tmp_path / "one" / part)
    return tmp_path / "one"


def test_marks_have_no_formula_and_no_zero_for_what_was_not_graded(grades, tmp_path):
    assert main(["export", str(grades), "--marks", str(tmp_path / "marks.csv")]) == 0
    rows = list(csv.reader((tmp_path / "marks.csv").open(newline="")))
    assert rows == [["student", "mark", "out of", "percent", "status"], ["'=1+1", "22", "22", "100.0", "ok"], ["empty", "", "", "", "unreadable"],
                    ["right", "22", "22", "100.0", "ok"], ["wrong", "20", "22", "90.9", "ok"]]


def test_the_summary_is_a_table(grades, tmp_path):
    assert main(["export", str(grades), "--summary", str(tmp_path / "summary.md")]) == 0
    text = (tmp_path / "summary.md").read_text()
    assert "3 of 4 submissions were graded." in text and "| wrong | 01&#95;prediction | 20 of 22 |  |" in text and "| empty |  | not graded |" in text


def test_a_name_cannot_leave_its_cell():
    name = "a|b\n| <img src=x> `c` [d](e) &lt; *f* # g"
    report = {"status": "ok", "student": name, "lesson": "", "score": 1, "max": 1, "error": "", "warnings": []}
    row = marks_markdown([report]).splitlines()[-1]
    assert row.count("|") == 5 and not set("<>`[]*") & set(row)


def test_results_hold_open_tests_and_no_word_of_held_out_ones(one, tmp_path):
    assert main(["export", str(one), "--gradescope", str(tmp_path / "results.json")]) == 0
    written, report = json.loads((tmp_path / "results.json").read_text()), json.loads((one / "reports/wrong.json").read_text())
    assert written["score"] == sum(test["score"] for test in written["tests"]) == 20 and sum(test["max_score"] for test in written["tests"]) == 22
    hidden = [test for question in report["questions"] for test in question["tests"] if test["hidden"]]
    for test in hidden: assert test["title"] not in json.dumps(written) and test["name"] not in json.dumps(written)
    assert {test["visibility"] for test in written["tests"] if "held-out" in test["name"]} == {"after_published"}


def test_what_could_not_be_read_says_why():
    report = {"status": "unreadable", "error": "The file is empty.", "warnings": [], "questions": [], "score": 0, "seconds": 0.1}
    assert results(report) | {"score": 0, "output": "The file is empty.", "tests": []} == results(report)


@pytest.mark.parametrize(("arguments", "line"), [
    (["GRADES"], "export needs one of"), (["--marks", "m.csv"], "name the folder of grades"), (["none", "--marks", "m.csv"], "none holds no grades"),
    (["GRADES", "--gradescope", "results.json"], "results.json is for one submission; there are 4"), (["--workflow", "w.yml"], "name the lesson"),
    (["--gradescope", "a.tar"], "a results.json or an autograder.zip"), (["--gradescope", "a.zip", "--lesson", "99"], "There is no exercise for lesson '99'"),
    (["--gradescope", "a.zip", "--lesson", "01", "--hidden", "none"], "There is no folder none"),
])
def test_misuse_is_one_line_and_status_2(grades, arguments, line, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *[str(grades) if one == "GRADES" else one for one in arguments]]) == 2
    said = capsys.readouterr()
    assert line in said.err and said.err.count("\n") == 1 and list(tmp_path.glob("*.*")) == []


def test_a_failed_grader_gives_no_results(one, capsys, tmp_path):
    file = one / "reports/wrong.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"status": "grader_error", "error": "GraderError: x"}))
    assert main(["export", str(one), "--gradescope", str(tmp_path / "results.json")]) == 1
    assert "not a zero" in capsys.readouterr().err and not (tmp_path / "results.json").exists()


def as_python(folder):
    "A folder with a command `python` that is this one."
    folder.mkdir(parents=True)
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "python").chmod(0o755)
    return folder


def test_the_autograder_grades_what_is_handed_in(tmp_path):
    "The zip is unpacked where Gradescope would, and its script run on a submission."
    assert main(["export", "--gradescope", str(tmp_path / "autograder.zip"), "--lesson", "01"]) == 0
    home = tmp_path / "autograder"
    with zipfile.ZipFile(tmp_path / "autograder.zip") as archive:
        archive.extractall(home / "source")
        assert {name: archive.getinfo(name).external_attr >> 16 & 0o111 for name in ("setup.sh", "run_autograder")} == {"setup.sh": 0o111, "run_autograder": 0o111}
    as_python(home / "environment" / "bin")
    for folder in ("results", "submission"): (home / folder).mkdir()
    WRONG.make(home / "submission")
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"AUTOGRADER": str(home)}
    done = subprocess.run(["bash", home / "source" / "run_autograder"], env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "results/results.json").read_text())["score"] == 20
    assert subprocess.run(["bash", "-n", home / "source" / "setup.sh"]).returncode == 0


def test_the_zip_is_the_same_each_time(tmp_path):
    for name in ("a.zip", "b.zip"): assert main(["export", "--gradescope", str(tmp_path / name), "--lesson", "01"]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert "course/genai_course/constraints.txt" in names and not any("__pycache__" in name or "02_backprop.ipynb" in name for name in names)


@pytest.mark.skipif(bool(why_no_bubblewrap()), reason="the workflow grades in bubblewrap, which is not to be had here")
def test_the_workflows_own_steps_grade_a_class(tmp_path):
    "The steps of ours are run as GitHub would, beside a class's submissions."
    assert main(["export", "--workflow", str(tmp_path / "grade.yml"), "--lesson", "01"]) == 0
    steps = {step.get("name"): step for step in yaml.safe_load((tmp_path / "grade.yml").read_text())["jobs"]["grade"]["steps"]}
    cases = numbered(3)
    some(tmp_path, cases)
    (tmp_path / "course").symlink_to(ROOT)
    surroundings = os.environ | {"PATH": f"{as_python(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    for name in ("Grade", "Summary"):
        script = steps[name]["run"].replace("../", f"{tmp_path}/")
        done = subprocess.run(["bash", "-e", "-c", script], cwd=ROOT, env=surroundings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert "2 of 3 submissions were graded." in (tmp_path / "summary.md").read_text() and (tmp_path / "grades/marks.csv").exists()
    assert STEM in steps["Grade"]["run"] and steps["Grade"]["working-directory"] == "course"
