"""`grade` as an instructor uses it: what it says, what it writes, and one line for each misuse."""

import json
import os
import re
import shutil

import pytest
from corpus.files import CASES, ROOT, STEM, WHOLE, changed, duplicated, file, notebook, numbered, with_source
from running import grade, reports, some

from genai_course.cli import main
from genai_course.cli.commands import grade as command
from genai_course.grading.sandbox.isolation import IsolationError
from genai_course.grading.spec import load_spec

HIDDEN = '''"""Tests of a class."""
import numpy as np
from genai_course.grading import expect

def test_our_own(sol):
    "is 4 for a half and an eighth"
    expect.close(sol.perplexity(np.array([0.5, 0.125])), 4.0)

TESTS = {"test_our_own": {"question": "q1", "name": "our-own", "points": 5, "hidden": True}}
'''


def case(student): return next(case for case in CASES if case.student == student)


def test_one_notebook_is_printed_and_leaves_nothing_behind(tmp_path):
    wrong = changed("anna", with_source("def perplexity(p):\n    return 1 / np.mean(p)"), ())
    wrong.make(tmp_path)
    done = grade(tmp_path / "anna.ipynb", "--json", tmp_path / "anna.json", cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.startswith(f"anna, {STEM}: 20 of 22 points\n  ✗ q1 ")
    assert "  ✓ q2 " in done.stdout and "held-out: " in done.stdout and "Isolation: " in done.stdout
    [report] = json.loads((tmp_path / "anna.json").read_text())["reports"]
    assert report["student"] == "anna" and report["questions"][0]["advice"]
    assert {one.name for one in tmp_path.iterdir()} == {"anna.ipynb", "anna.json"}


def test_advice_names_the_mistake(tmp_path):
    mistakes = load_spec(STEM).questions["q2"].mistakes
    cases = [changed(f"mistake{number}", with_source(mistake["code"], "q2"), ()) for number, mistake in enumerate(mistakes)]
    assert grade(some(tmp_path, cases), "--out", tmp_path / "grades").returncode == 0
    for number, mistake in enumerate(mistakes):
        assert mistake["message"] in reports(tmp_path / "grades")[f"mistake{number}"]["questions"][1]["advice"]


def test_own_held_out_tests_take_the_place_of_the_courses(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / f"test_{STEM}.py").write_text(HIDDEN)
    done = grade(some(tmp_path, [case("right"), case("untouched")]), "--lesson", "1", "--hidden", tmp_path / "ours", "--out", tmp_path / "grades")
    assert done.returncode == 0, done.stderr
    tests = [test for question in reports(tmp_path / "grades")["right"]["questions"] for test in question["tests"]]
    assert [test["name"] for test in tests if test["hidden"]] == ["our-own"] and all(test["status"] == "pass" for test in tests)
    assert reports(tmp_path / "grades")["untouched"]["score"] == 0 and "our-own" not in (tmp_path / "grades/students/right.html").read_text()


def test_the_held_out_tests_of_the_handbook_work(tmp_path):
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "instructors.md").read_text(), re.S)
    (tmp_path / "test_02_backprop.py").write_text(code)
    for folder, score in [("solutions", 2), ("exercises", 0)]:
        done = grade(ROOT / folder / "02_backprop.ipynb", "--hidden", tmp_path, "--json", tmp_path / "out.json")
        [report] = json.loads((tmp_path / "out.json").read_text())["reports"]
        assert done.returncode == 0 and [test["score"] for test in report["questions"][0]["tests"] if test["hidden"]] == [score]


def test_another_lessons_notebooks_are_left_alone(tmp_path):
    submissions = some(tmp_path, [case("right")])
    file("bea/01_prediction.ipynb", WHOLE)(submissions)
    shutil.copy(ROOT / "solutions" / "02_backprop.ipynb", submissions / "bea" / "02_backprop.ipynb")
    assert grade(submissions, "--lesson", "prediction", "--out", tmp_path / "one").returncode == 0
    assert {student: one["lesson"] for student, one in reports(tmp_path / "one").items()} == {"right": STEM, "bea": STEM}
    assert grade(submissions, "--out", tmp_path / "both").returncode == 0
    assert {file.name for file in (tmp_path / "both/students").iterdir()} == {"right.html", f"bea-{STEM}.html", "bea-02_backprop.html"}


def test_a_file_without_a_lessons_name_beside_one_with_it_is_unclear(tmp_path):
    submissions = some(tmp_path, [])
    for name in (f"cleo/{STEM}.ipynb", "cleo/scratch.ipynb"): file(name, WHOLE)(submissions)
    done = grade(submissions, "--out", tmp_path / "grades")
    assert done.returncode == 3 and "It is not called after a lesson" in done.stdout
    assert sorted(json.loads(one.read_text())["status"] for one in (tmp_path / "grades/reports").iterdir()) == ["ok", "unreadable"]


def test_resuming_grades_anew_what_has_changed(tmp_path):
    submissions, out = some(tmp_path, [case("right"), case("untouched")]), tmp_path / "grades"
    assert grade(submissions, "--out", out).returncode == 0
    times = {one: one.stat().st_mtime_ns for one in (out / "reports").iterdir()}
    shutil.copy(submissions / "right.ipynb", submissions / "untouched.ipynb")
    file("new.ipynb", WHOLE)(submissions)
    assert grade(submissions, "--out", out, "--resume").returncode == 0
    assert {student: one["score"] for student, one in reports(out).items()} == {"right": 22, "untouched": 22, "new": 22}
    assert [one.stem for one, when in times.items() if one.stat().st_mtime_ns == when] == ["right"]


def test_a_report_of_other_tests_or_of_a_failed_grader_or_half_a_one_is_made_anew(tmp_path):
    submissions, out = some(tmp_path, numbered(6, broken_every=50)), tmp_path / "grades"
    assert grade(submissions, "--out", out).returncode == 3
    whole, place = reports(out), out / "reports"
    for number, change in [(0, {"spec_hash": "0" * 64}), (2, {"isolation": "other"}), (3, {"status": "grader_error"}), (4, {"schema": "other"})]:
        file_of = place / f"student00{number}.json"
        file_of.write_text(json.dumps(json.loads(file_of.read_text()) | change | {"score": 99}))
    (place / "student005.json").write_text('{"schema": "genai-grade/1", "status": "ok"}')
    assert grade(submissions, "--out", out, "--resume").returncode == 3
    assert reports(out) == whole


def test_tests_that_cannot_be_used_are_never_a_zero(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / f"test_{STEM}.py").write_text(HIDDEN.replace("expect.close", "1 / 0; expect.close"))
    done = grade(some(tmp_path, [case("right")]), "--hidden", tmp_path / "ours", "--out", tmp_path / "grades")
    assert done.returncode == 3 and "fault of the grader" in done.stdout
    assert (tmp_path / "grades/grades.csv").read_text().splitlines()[1].startswith("right,right.ipynb,01_prediction,grader_error,,,")
    assert "will be graded again" in (tmp_path / "grades/students/right.html").read_text()


MISUSE = {
    "There is no file or folder {place}/none": ["{place}/none"],
    "There is no notebook in {place}/empty": ["{place}/empty"],
    "There is no exercise for lesson '99'": ["{place}/one", "--lesson", "99"],
    "There is no folder {place}/none": ["{place}/one", "--hidden", "{place}/none"],
    "{place}/empty holds no held-out tests": ["{place}/one", "--hidden", "{place}/empty"],
    "{place}/hidden holds no held-out tests of 02_backprop": ["{place}/one", "--hidden", "{place}/hidden", "--lesson", "02"],
    "The held-out tests of 01_prediction cannot be used (SyntaxError": ["{place}/one", "--hidden", "{place}/hidden", "--lesson", "01"],
    "{place}/old holds grades already": ["{place}/one", "--out", "{place}/old"],
    "--resume goes on in a folder of grades": ["{place}/one/a.ipynb", "--resume"],
}


@pytest.mark.parametrize("line", MISUSE)
def test_misuse_is_one_line_and_status_2(line, tmp_path, capsys):
    for folder in ("empty", "one", "hidden", "old/reports"): (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "one/a.ipynb").write_text(WHOLE)
    (tmp_path / f"hidden/test_{STEM}.py").write_text("def (")
    (tmp_path / "old/reports/a.json").write_text("{}")
    assert main(["grade", *[part.format(place=tmp_path) for part in MISUSE[line]]]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("genai_course: " + line.format(place=tmp_path)) and said.err.count("\n") == 1


@pytest.mark.parametrize("reason", ["There is no bubblewrap here.", "Never grade as root without limits."])
def test_where_no_isolation_is_to_be_had_nothing_is_run(tmp_path, monkeypatch, capsys, reason):
    def refuse(wanted): raise IsolationError(f"{reason} Wanted: {wanted}.")
    monkeypatch.setattr(command, "chosen", refuse)
    assert main(["grade", str(some(tmp_path, [case("right")])), "--untrusted", "--out", str(tmp_path / "grades")]) == 1
    assert capsys.readouterr().err == f"genai_course: {reason} Wanted: bubblewrap.\n" and not (tmp_path / "grades").exists()


def test_two_gradings_in_one_folder_are_refused(tmp_path, capsys):
    from genai_course.grading.classes.store import Store
    with Store(tmp_path / "grades").held(resume=False):
        assert main(["grade", str(some(tmp_path, [case("right")])), "--out", str(tmp_path / "grades")]) == 2
    assert "Another grading is at work" in capsys.readouterr().err


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path, capsys, monkeypatch):
    from filelock import FileLock
    def refuse(self, *arguments, **options): raise PermissionError(13, "Permission denied", "/grades")
    monkeypatch.setattr(FileLock, "acquire", refuse)
    assert main(["grade", str(some(tmp_path, [case("right")])), "--out", str(tmp_path / "grades")]) == 1
    assert capsys.readouterr().err.startswith("genai_course: writing is not allowed at /grades")


def test_the_out_folder_among_the_submissions_is_no_submission(tmp_path):
    submissions = some(tmp_path, [case("right")])
    for options in ([], ["--resume"]): assert grade(submissions, "--out", submissions / "grades", *options).returncode == 0
    assert set(reports(submissions / "grades")) == {"right"}


def test_where_the_last_of_two_answers_is_wrong_it_counts(tmp_path):
    lines = notebook(duplicated("def perplexity(p):\n    raise ValueError('no')"))
    (tmp_path / "a.ipynb").write_text(json.dumps(lines))
    assert "a, 01_prediction: 20 of 22" in grade(tmp_path / "a.ipynb", "--jobs", os.cpu_count()).stdout
