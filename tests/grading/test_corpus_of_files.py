"""The real command grades the whole corpus of broken and odd submissions: each gets what it must, none is lost."""

import csv
import json
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib.resources import files as package_files

import jsonschema
import pytest
from corpus.files import CASES, IDENTS, ROOT, write_all

from genai_course.grading.classes.page import page

SCHEMA = json.loads((package_files("genai_course") / "grading" / "schema" / "genai-grade-1.json").read_text())


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    "The folder of grades after the command has run."
    place = tmp_path_factory.mktemp("corpus")
    write_all(place / "submissions")
    command = [sys.executable, "-m", "genai_course", "grade", place / "submissions", "--jobs", "2", "--out", place / "grades"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3 and done.stderr == "", done.stderr
    return place / "grades"


@cache
def reports(folder): return [json.loads(file.read_text()) for file in sorted((folder / "reports").glob("*.json"))]


def report_of(graded, student):
    [report] = [report for report in reports(graded) if report["student"] == student]
    return report


def all_words(report):
    tests = [test for question in report["questions"] for test in question["tests"]]
    return " ".join([report["error"], *report["warnings"], *[test["message"] for test in tests]])


def test_there_are_many_cases(): assert len({case.student for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.student)
def test_each_gets_what_it_must(graded, case):
    report = report_of(graded, case.student)
    assert report["status"] == ("ok" if case.solved is not None else "unreadable"), report["error"]
    assert {one["id"]: one["score"] for one in report["questions"]} == (
        {} if case.solved is None else {one["id"]: one["max"] if one["id"] in case.solved else 0 for one in report["questions"]})
    assert case.says in all_words(report)


@pytest.mark.parametrize("case", [case for case in CASES if case.solved == IDENTS and not case.says], ids=lambda case: case.student)
def test_what_is_in_order_gets_no_warning(graded, case): assert report_of(graded, case.student)["warnings"] == []


def test_every_report_has_the_form_that_is_promised(graded):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for report in reports(graded): validator.validate(report)


def test_nobody_is_lost_and_nothing_else_is_there(graded):
    students = Counter(report["student"] for report in reports(graded))
    assert students == Counter(case.student for case in CASES)
    pages = {file.stem for file in (graded / "students").iterdir()}
    assert pages == {file.stem for file in (graded / "reports").iterdir()}


def test_the_table_says_the_same_and_holds_no_formula(graded):
    rows = list(csv.DictReader((graded / "grades.csv").open(newline="")))
    assert len(rows) == len(CASES) and {row["status"] for row in rows} == {"ok", "unreadable"}
    for row, report in zip(rows, sorted(reports(graded), key=lambda one: one["student"]), strict=True):
        assert row["score"] == (str(report["score"]) if report["status"] == "ok" else "") and row["student"].lstrip("'") == report["student"]
        assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values())


def test_the_summary_lists_what_needs_a_person(graded):
    summary = json.loads((graded / "summary.json").read_text())
    assert {one["student"] for one in summary["unreadable"]} == {case.student for case in CASES if case.solved is None}
    assert summary["grader_errors"] == [] and summary["submissions"] == len(CASES)
    assert sorted(summary["ignored"]) == ["no_notebook/report.pdf", "zip_of_nothing.zip/notes.txt", "zipped.zip/notes.txt"]


def test_no_page_tells_a_held_out_test(graded):
    for report in reports(graded):
        assert page(report) == page(with_other_held_out_tests(report))


def with_other_held_out_tests(report):
    "The report as if its held-out tests had been others with the same points."
    other = {"name": "secret", "title": "secret", "message": "secret", "line": {"number": 7, "text": "secret"}, "got": {"values": "secret"}, "expected": None}
    questions = [one | {"tests": [test | other if test["hidden"] else test for test in one["tests"]]} for one in report["questions"]]
    return report | {"questions": questions}
