"""What is said about all submissions together: `grades.csv`, without times, and `summary.json`."""

import csv
import io
import json
from collections import Counter
from statistics import mean

COLUMNS = ["student", "submission", "lesson", "status", "score", "max"]
LAST_COLUMNS = ["warnings", "error", "isolation", "sha256", "spec_hash"]


def grades_csv(reports: list[dict]) -> str:
    "A row for each submission; the same reports always give the same text. What was not graded has no score."
    idents = sorted({question["id"] for report in reports for question in report["questions"]}, key=lambda ident: (len(ident), ident))
    return written_csv([*COLUMNS, *idents, *LAST_COLUMNS], [_row(report, idents) for report in reports])


def _row(report, idents):
    graded = report["status"] == "ok"
    scores = {question["id"]: question["score"] for question in report["questions"]}
    return [report["student"], report["submission"], report["lesson"], report["status"], report["score"] if graded else "",
            report["max"] if graded else "", *[scores.get(ident, "") for ident in idents], " | ".join(report["warnings"]), report["error"],
            report["isolation"], report["sha256"], report["spec_hash"]]


def written_csv(heads: list[str], rows: list[list]) -> str:
    "A table as CSV that no spreadsheet takes for formulas."
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([heads, *[[_harmless(value) for value in row] for row in rows]])
    return out.getvalue()


def _harmless(value): return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t") else value


def as_json(thing: dict) -> str:
    "The text of a JSON file."
    return json.dumps(thing, indent=1) + "\n"


def summary(reports: list[dict], ignored: list[str]) -> dict:
    "Counts, means, and all that a person must look at."
    graded = [report for report in reports if report["status"] == "ok"]
    return {"submissions": len(reports), "statuses": dict(sorted(Counter(report["status"] for report in reports).items())),
            "isolations": sorted({report["isolation"] for report in reports}), "lessons": _lessons(graded),
            "unreadable": _listed(reports, "unreadable"), "grader_errors": _listed(reports, "grader_error"),
            "warned": [{"student": report["student"], "warnings": report["warnings"]} for report in graded if report["warnings"]],
            "ignored": ignored, "seconds": round(sum(report["seconds"] for report in reports), 1)}


def _listed(reports, status):
    return [{"student": one["student"], "submission": one["submission"], "error": one["error"]} for one in reports if one["status"] == status]


def _lessons(graded):
    stems = sorted({report["lesson"] for report in graded})
    return {stem: _lesson([report for report in graded if report["lesson"] == stem]) for stem in stems}


def _lesson(reports):
    questions = {one["id"]: [] for one in reports[0]["questions"]}
    for report in reports:
        for one in report["questions"]: questions[one["id"]].append(one["score"] / one["max"] if one["max"] else 1.0)
    return {"graded": len(reports), "mean_score": round(mean(report["score"] for report in reports), 2), "max": reports[0]["max"],
            "mean_share_of_each_question": {ident: round(mean(shares), 3) for ident, shares in questions.items()}}
