"""Cards: what a check, a hint, or the progress looks like, as HTML for JupyterLab (light and dark) and as text beside it."""

import re
from dataclasses import dataclass
from html import escape

from genai_course.grading import calibration
from genai_course.grading.runner import Result

MARKS = {"pass": ("✓", "pass"), "fail": ("✗", "not yet"), "error": ("✗", "stopped with an error"), "timeout": ("✗", "ran too long"),
         "died": ("✗", "ended the program"), "missing": ("○", "not answered yet")}
ROWS = ("type", "shape", "dtype", "device", "values")
WHERE_DIFFERENT = ("type", "device")  # rows that say nothing where both sides are alike

STYLE = """<style>
.gc-card{max-width:46rem;margin:.3rem 0;padding:.7rem 1rem;border:1px solid var(--jp-border-color1,#999);
border-left:.35rem solid var(--gc-edge,var(--jp-border-color1,#999));border-radius:6px;background:var(--jp-layout-color1,transparent);
color:var(--jp-content-font-color1,inherit);font-family:var(--jp-content-font-family,sans-serif);
font-size:var(--jp-content-font-size1,14px);line-height:1.5}
[data-jp-theme-light="true"] .gc-card{color-scheme:light}[data-jp-theme-light="false"] .gc-card{color-scheme:dark}
.gc-pass{--gc-edge:#2e8b57}.gc-fail{--gc-edge:#d9822b}
.gc-card p{margin:.3rem 0!important}
.gc-card ul{list-style:none!important;margin:.5rem 0!important;padding:0!important}.gc-card li{margin:.5rem 0!important;padding:0}
.gc-row{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}.gc-row>:last-child{flex:none}
.gc-name{padding-left:1.6rem;text-indent:-1.6rem}
.gc-mark{display:inline-block;width:1.6rem;text-indent:0;font-weight:700}
.gc-good{color:light-dark(#1a6e3c,#6fd394)}.gc-bad{color:light-dark(#a33a00,#ffab70)}
.gc-word{font-weight:600}.gc-body{margin-left:1.6rem}
.gc-clue{margin:.5rem 0;padding:.5rem .8rem;border-radius:4px;background:var(--jp-layout-color2,#8882)}
.gc-card table{border-collapse:collapse;margin:.4rem 0!important;font-size:.93em!important}
.gc-card tr{background:transparent!important}
.gc-card th,.gc-card td{text-align:left!important;vertical-align:top;padding:.15rem .9rem .15rem 0!important;max-width:none}
.gc-card thead th{border-bottom:1px solid var(--jp-border-color1,#999)}.gc-card tbody th{font-weight:400}
.gc-card pre,.gc-card code{font-family:var(--jp-code-font-family,monospace)!important;font-size:.93em!important;
background:transparent!important;color:inherit!important;margin:0!important;padding:0!important;white-space:pre-wrap}
.gc-card code{background:var(--jp-layout-color2,#8882)!important;padding:0 .25em!important;border-radius:3px}
.gc-clue code{background:var(--jp-layout-color1,#8882)!important}
.gc-next{font-size:.93em}
.gc-card summary{cursor:pointer}.gc-card summary:focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2)}
</style>"""


@dataclass(frozen=True)
class Card:
    "Something to show: as HTML, and as plain text."
    html: str
    text: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/html": self.html, "text/plain": self.text}

    def __repr__(self) -> str: return self.text


def check_card(heading: str, results: list[Result], clues: list[str], notes: list[str]) -> Card:
    "The outcome of a check: every test, what went wrong (`clues`), and what to do next (`notes`)."
    kind, summary = _verdict(results)
    items = "".join(f"<li>{_result_html(result, _told_before(result, results))}</li>" for result in results)
    body = f"<ul>{items}</ul>{_clues_html(clues)}{_printed_html(results)}{_notes_html(notes)}"
    text = [f"{heading}: {summary}", *[_result_text(result, _told_before(result, results)) for result in results],
            *[f"What went wrong: {_without_stress(clue)}" for clue in clues], *notes]
    return Card(_frame(heading, summary, body, kind), _without_ticks("\n".join(text)))


def _verdict(results):
    passed = sum(result.status == "pass" for result in results)
    if all(result.status == "missing" for result in results): return "plain", "not answered yet"
    return "pass" if passed == len(results) else "fail", f"{passed} of {len(results)} open tests pass"


def _told_before(result, results):
    "Whether an earlier test of the same check says the very same."
    earlier = results[:results.index(result)]
    return not result.got and any((one.message, one.line) == (result.message, result.line) for one in earlier)


def message_card(heading: str, message: str, notes: list[str] | None = None) -> Card:
    "One plain message."
    html = _frame(heading, "", f"<p>{inline(message)}</p>{_notes_html(notes or [])}", "plain")
    return Card(html, _without_ticks("\n".join([f"{heading}: {message}", *(notes or [])])))


def progress_card(lessons: list[dict], questions: list[dict], pass_mark: float, predictions: dict) -> Card:
    "Every exercise (`record.lesson`), the questions of this one (ident, title, solved, score, points, tries, hints, revealed), all predictions."
    rows = [[_done_mark(one["done"]), f"{one['stem'][:2]} {one['title']}", f"{one['solved']} of {one['questions']}",
             f"{one['score']} of {one['points']}", "done" if one["done"] else f"{_needed(one, pass_mark)} more to reach the pass mark"]
            for one in lessons]
    tables = _table(["", "exercise", "solved", "points", "state"], rows)
    own = [[_done_mark(one["solved"]), f"{one['ident']} {one['title']}", f"{one['score']} of {one['points']}", _how(one)]
           for one in questions]
    tables += _table(["", "question", "points", "how"], own)
    note = f"Done means {pass_mark:.0%} of the points of the open tests. Held-out tests run at grading; this page is not a grade."
    text = "\n".join([*[" ".join(row) for row in rows], *[" ".join(row) for row in own], note, *calibration.in_words(predictions)])
    return Card(_frame("Your progress", "", tables + _notes_html([note]) + _predictions_html(predictions), "plain"), text)


def _predictions_html(predictions): return calibration.picture(predictions) + _notes_html(calibration.in_words(predictions))


def inline(text: str) -> str:
    "Escaped HTML of one line of text, with `code` in back ticks."
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def prose(text: str) -> str:
    "The same for a text of ours, which may also have *stress*."
    return re.sub(r"(?<![\w*])\*([^\s*][^*]*)\*(?![\w*])", r"<em>\1</em>", inline(text))


def _needed(one, pass_mark): return -int(-(pass_mark * one["points"] - one["score"]) // 1)


def _done_mark(done): return "✓" if done else "○"


def _how(one):
    facts = [_count(one["tries"], "try", "tries"), _count(one["hints"], "hint", "hints"), "answer seen" if one["revealed"] else ""]
    return ", ".join(["solved" if one["solved"] else "open", *filter(None, facts)])


def _count(number, one, many): return f"{number} {one if number == 1 else many}" if number else ""


def _frame(heading, summary, body, kind):
    label = escape(f"{heading}. {summary}", quote=True)
    right = f"<span>{escape(summary)}</span>" if summary else ""
    head = f'<p class="gc-row"><strong>{inline(heading)}</strong>{right}</p>'
    return f'{STYLE}<div class="gc-card gc-{kind}" role="group" aria-label="{label}">{head}{body}</div>'


def _result_html(result, told):
    mark, word = MARKS[result.status]
    tone = "good" if result.status == "pass" else "bad"
    head = (f'<div class="gc-row"><span class="gc-name"><span class="gc-mark gc-{tone}" aria-hidden="true">{mark}</span>'
            f'{inline(result.title)}</span> <span><span class="gc-word">{word}</span>, {_points(result)}</span></div>')
    return head if told else f"{head}{_details_html(result)}"


def _details_html(result):
    body = [f"<p>{inline(result.message)}</p>"] if result.message else []
    if result.line: body.append(f"<p>Line {result.line['number']} of your cell: <code>{escape(result.line['text'])}</code></p>")
    if result.got: body.append(_comparison(result.expected or {}, result.got))
    return f'<div class="gc-body">{"".join(body)}</div>' if body else ""


def _points(result): return f"{result.score} of {result.points} point{'s' if result.points != 1 else ''}"


def _comparison(expected, got):
    if not expected: return _table(["", "yours"], [[row, got[row]] for row in ROWS if row in got], code=True)
    rows = [row for row in ROWS if row in expected and row in got and (row not in WHERE_DIFFERENT or expected[row] != got[row])]
    marked = [[row if expected[row] == got[row] else f"{row} ≠", expected[row], got[row]] for row in rows]
    return _table(["", "expected", "yours"], marked, code=True)


def _table(heads, rows, code=False):
    cell = (lambda text: f"<pre>{escape(text)}</pre>") if code else inline
    head = "".join(f'<th scope="col">{escape(text)}</th>' if text else "<td></td>" for text in heads)
    body = "".join(f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{cell(text)}</td>" for text in row[1:])}</tr>' for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _clues_html(clues):
    return "".join(f'<div class="gc-clue"><strong>What went wrong:</strong> {prose(clue)}</div>' for clue in clues)


def _printed_html(results):
    shown = next((result for result in results if result.printed_size), None)
    if not shown: return ""
    more = f" (the first {len(shown.printed)} of {shown.printed_size} characters)" if shown.printed_size > len(shown.printed) else ""
    return f"<details><summary>What your code printed{more}</summary><pre>{escape(shown.printed)}</pre></details>"


def _notes_html(notes): return "".join(f'<p class="gc-next">{inline(note)}</p>' for note in notes)


def _result_text(result, told):
    mark, word = MARKS[result.status]
    lines = [f"  {mark} {result.title} ({word}, {_points(result)})"]
    return lines[0] if told else "\n".join(lines + _details_text(result))


def _details_text(result):
    lines = [f"    {result.message}"] if result.message else []
    if result.line: lines.append(f"    line {result.line['number']} of your cell: {result.line['text']}")
    for name, side in [("expected", result.expected), ("yours", result.got)]:
        if side: lines.append(f"    {name}: " + ", ".join(f"{row} {side[row]}" for row in ROWS if row in side))
    return lines


def _without_ticks(text): return text.replace("`", "")


def _without_stress(text): return re.sub(r"(?<![\w*])\*([^\s*][^*]*)\*(?![\w*])", r"\1", text)
