"""The page that a student gets back: HTML that needs nothing else, light or dark as the reader's system is, without details of held-out tests."""

from html import escape

from genai_course.grading.cards import MARKS, ROWS, WHERE_DIFFERENT, inline, prose
from genai_course.grading.classes.page_style import STYLE

HAND_IN_AGAIN = "Nothing in it could be graded. Mend that and hand it in again."
OUR_FAULT = "The grader itself failed, which is not your fault and not a zero: this submission will be graded again."


def page(report: dict) -> str:
    "The whole page for a report of schema `genai-grade/1`."
    title = report["title"] or "Your submission"
    body = {"ok": _graded, "unreadable": _unreadable, "grader_error": _failed}[report["status"]](report)
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="color-scheme" content="light dark">\n<title>{_text(title)} · {_text(report["student"])}</title>\n<style>{STYLE}</style>\n</head>\n'
            f'<body>\n<main>\n<header>\n<p class="who">{_text(report["student"])}</p>\n<h1>{_text(title)}</h1>\n</header>\n{body}{_foot(report)}</main>\n</body>\n</html>\n')


def _graded(report):
    overview = "".join(_overview_row(question) for question in report["questions"])
    return (f'{_total(report)}{_warnings(report)}<nav aria-label="Questions"><ul class="overview">{overview}</ul></nav>\n'
            + "".join(_question(question) for question in report["questions"]))


def _unreadable(report):
    return f'<section class="card bad"><h2>This file could not be read</h2><p>{inline(report["error"])}</p><p>{HAND_IN_AGAIN}</p></section>\n'


def _failed(report): return f'<section class="card"><h2>Not graded yet</h2><p>{OUR_FAULT}</p></section>\n'


def _total(report):
    score, most = report["score"], report["max"]
    label = f"{score} of {_points(most)}"
    return f'<p class="total"><strong>{score}</strong> of {_points(most)}</p>\n{_meter(score, most, label)}\n'


def _meter(score, most, label):
    share = 100 * score / most if most else 0
    return f'<div class="meter" role="img" aria-label="{escape(label)}"><div style="width:{share:.4g}%"></div></div>'


def _warnings(report):
    if not report["warnings"]: return ""
    items = "".join(f"<li>{inline(warning)}</li>" for warning in report["warnings"])
    return f'<aside class="card" aria-label="Notes on your file"><h2>Notes on your file</h2><ul>{items}</ul></aside>\n'


def _overview_row(question):
    score = f'{question["score"]} of {question["max"]}'
    link = f'<a href="#{escape(question["id"])}">{_text(question["id"])} · {inline(question["title"])}</a>'
    return f'<li>{link}<span class="points">{score}</span>{_meter(question["score"], question["max"], score + " points")}</li>'


def _question(question):
    state = "good" if question["score"] == question["max"] else "bad"
    opened = [test for test in question["tests"] if not test["hidden"]]
    tests = "".join(_test(test, [*_told(question["cell_error"]), *opened[:place]]) for place, test in enumerate(opened))
    advice = "".join(f'<p class="advice"><strong>What went wrong:</strong> {prose(text)}</p>' for text in question["advice"])
    return (f'<section class="card {state}" id="{escape(question["id"])}" aria-labelledby="{escape(question["id"])}-title">\n'
            f'<h2 id="{escape(question["id"])}-title">{_text(question["id"])} · {inline(question["title"])}'
            f'<span class="points">{question["score"]} of {_points(question["max"])}</span></h2>\n'
            f'{_cell_error(question)}<ul class="tests">{tests}{_held_out(question)}</ul>{advice}{_printed(question)}</section>\n')


def _cell_error(question):
    failure = question["cell_error"]
    if not failure: return ""
    return f'<p>Your cell stopped: <code>{_text(failure["kind"])}</code> {inline(failure["message"])}</p>{_line(failure["line"], failure["text"])}'


def _told(failure):
    "What the cell's own failure has said already, as a test would."
    if not failure: return []
    line = {"number": failure["line"], "text": failure["text"]} if failure["text"] else None
    return [{"message": f'{failure["kind"]}: {failure["message"]}'.rstrip(": "), "line": line}]


def _line(number, text): return f'<p>Line {number} of your cell: <code>{_text(text)}</code></p>' if text else ""


def _test(test, earlier):
    mark, word = MARKS[test["status"]]
    tone, told = ("good" if test["status"] == "pass" else "bad"), _told_before(test, earlier)
    head = (f'<p class="test"><span class="mark {tone}" aria-hidden="true">{mark}</span><span>{inline(test["title"])}</span>'
            f'<span class="points">{word}, {test["score"]} of {test["points"]}</span></p>')
    return f"<li>{head}{'' if told else _details(test)}</li>"


def _told_before(test, earlier): return not test["got"] and any((one["message"], one["line"]) == (test["message"], test["line"]) for one in earlier)


def _details(test):
    message = f'<p>{inline(test["message"])}</p>' if test["message"] else ""
    line = _line(test["line"]["number"], test["line"]["text"]) if test["line"] else ""
    inner = message + line + _comparison(test["expected"] or {}, test["got"] or {})
    return f'<div class="details">{inner}</div>' if inner else ""


def _comparison(expected, got):
    rows = [row for row in ROWS if row in got and (row not in WHERE_DIFFERENT or expected.get(row) != got[row])]
    if not rows: return ""
    cells = "".join(f'<tr><th scope="row">{row}</th><td><pre>{_text(expected.get(row, ""))}</pre></td><td><pre>{_text(got[row])}</pre></td></tr>' for row in rows)
    return f'<table><thead><tr><td></td><th scope="col">expected</th><th scope="col">yours</th></tr></thead><tbody>{cells}</tbody></table>'


def _held_out(question):
    hidden = [test for test in question["tests"] if test["hidden"]]
    if not hidden: return ""
    score, most = sum(test["score"] for test in hidden), sum(test["points"] for test in hidden)
    mark, tone = ("✓", "good") if score == most else ("✗", "bad")
    word = "test" if len(hidden) == 1 else "tests"
    return (f'<li><p class="test"><span class="mark {tone}" aria-hidden="true">{mark}</span><span>{len(hidden)} held-out {word}, on other inputs</span>'
            f'<span class="points">{score} of {most}</span></p></li>')


def _printed(question):
    if not question["stdout_bytes"]: return ""
    return (f'<details><summary>What your code printed ({question["stdout_bytes"]} bytes, the beginning is kept)</summary>'
            f'<pre>{_text(question["stdout_head"])}</pre></details>')


def _foot(report):
    facts = [report["submission"], f'sha256 {report["sha256"][:12]}' if report["sha256"] else "", f'tests {report["spec_hash"][:12]}' if report["spec_hash"] else "",
             *[f"{name} {number}" for name, number in report["versions"].items() if number]]
    return f'<footer><p>{_text(" · ".join(filter(None, facts)))}</p></footer>\n'


def _points(number): return f"{number} point{'' if number == 1 else 's'}"


def _text(value): return escape(str(value))
