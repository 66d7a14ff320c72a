"""Marks as the table that learning platforms import, and as the page that GitHub Actions shows."""

import re

from genai_course.grading.classes.tables import written_csv

COLUMNS = ["student", "mark", "out of", "percent", "status"]


def marks_csv(reports: list[dict]) -> str:
    "One row for each submission; what was not graded has no mark."
    return written_csv(COLUMNS, [[one["student"], *_marks(one), one["status"]] for one in reports])


def _marks(report):
    if report["status"] != "ok": return ["", "", ""]
    share = report["score"] / report["max"] if report["max"] else 0
    return [report["score"], report["max"], round(100 * share, 1)]


def marks_markdown(reports: list[dict]) -> str:
    "A table of all submissions with a sentence above it."
    graded = [one for one in reports if one["status"] == "ok"]
    head = f"## Grades\n\n{len(graded)} of {len(reports)} submissions were graded.\n\n| student | lesson | mark | remarks |\n|---|---|---|---|\n"
    return head + "".join(f"| {_cell(one['student'])} | {_cell(one['lesson'])} | {_mark(one)} | {_cell(_remarks(one))} |\n" for one in reports)


def _mark(report): return f"{report['score']} of {report['max']}" if report["status"] == "ok" else "not graded"


def _remarks(report): return report["error"] or "; ".join(report["warnings"])


def _cell(text):
    "Text that stays in its cell and is shown as it is."
    return " ".join(re.sub(r"[\\`*_|<>\[\]&~#]", lambda found: f"&#{ord(found[0])};", text).split())
