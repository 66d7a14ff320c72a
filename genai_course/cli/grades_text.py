"""Grades as text for a terminal."""

from genai_course.grading.cards import MARKS

ISOLATIONS = {
    "bubblewrap": "bubblewrap: no network, no view of other files, memory and processes bounded",
    "plain": "plain processes with limits, which can read your files; for code that you do not trust see docs/instructors.md",
}
SHOWN = 10  # lines of a list


def report_text(report: dict) -> str:
    "One submission, question by question."
    if report["status"] != "ok": return f"{report['student']}: {_status(report['status'])}. {report['error']}"
    lines = [f"{report['student']}, {report['lesson']}: {report['score']} of {report['max']} points", *map(_question, report["questions"])]
    return "\n".join([*lines, *[f"Note: {warning}" for warning in report["warnings"]], _isolation(report["isolation"])])


def _question(question):
    head = f"  {'✓' if question['score'] == question['max'] else '✗'} {question['id']} {question['title']}: {question['score']} of {question['max']}"
    error = question["cell_error"]
    stopped = [f"      the cell stopped: {error['kind']}: {error['message']} (line {error['line']})"] if error else []
    failed = [test for test in question["tests"] if test["status"] != "pass"]
    return "\n".join([head, *stopped, *[_test(test, [one["message"] for one in failed[:place]]) for place, test in enumerate(failed)]])


def _test(test, told):
    mark, word = MARKS[test["status"]]
    message = "" if test["message"] in told else f". {test['message']}"
    return f"      {mark} {'held-out: ' if test['hidden'] else ''}{test['title']} ({word}){message}"


def summary_text(summary: dict) -> str:
    "A whole class."
    counts = ", ".join(f"{count} {_status(status)}" for status, count in summary["statuses"].items())
    lines = [f"{summary['submissions']} submissions: {counts}."]
    lines += [f"{stem}: {one['graded']} graded, {one['mean_score']} of {one['max']} points on average." for stem, one in summary["lessons"].items()]
    lines += _list("Could not be read", summary["unreadable"]) + _list("To be graded again with --resume", summary["grader_errors"])
    if summary["warned"]: lines.append(f"With notes: {len(summary['warned'])} submissions; see the column warnings.")
    if summary["ignored"]: lines.append(f"Not looked at, {len(summary['ignored'])} files: {_short(summary['ignored'])}")
    return "\n".join([*lines, *map(_isolation, summary["isolations"])])


def _status(status): return {"ok": "graded", "unreadable": "could not be read", "grader_error": "stopped by a fault of the grader"}[status]


def _list(head, found):
    if not found: return []
    more = [f"  and {len(found) - SHOWN} more; see summary.json"] if len(found) > SHOWN else []
    return [f"{head}:", *[f"  {one['student']}: {one['error']}" for one in found[:SHOWN]], *more]


def _short(names): return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _isolation(name): return f"Isolation: {ISOLATIONS[name]}."
