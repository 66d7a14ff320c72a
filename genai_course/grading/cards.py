"""Cards: what a check, a hint, or the progress looks like, as HTML for JupyterLab (light and dark) and as text beside it."""

import re
from dataclasses import dataclass
from html import escape

from genai_course.grading.runner import Result

MARKS = {"pass": ("✓", "pass"), "fail": ("✗", "not yet"), "error": ("✗", "stopped with an error"), "timeout": ("✗", "ran too long"),
         "missing": ("○", "not answered yet")}
ROWS = ("type", "shape", "dtype", "values")

STYLE = """<style>
.gc-card{max-width:46rem;margin:.3rem 0;padding:.7rem 1rem;border:1px solid var(--jp-border-color1,#999);
border-left:.35rem solid var(--gc-edge,var(--jp-border-color1,#999));border-radius:6px;background:var(--jp-layout-color1,transparent);
color:var(--jp-content-font-color1,inherit);font-family:var(--jp-content-font-family,sans-serif);
font-size:var(--jp-content-font-size1,14px);line-height:1.5}
.gc-card p{margin:.3rem 0}.gc-card ul{list-style:none;margin:.4rem 0;padding:0}.gc-card li{margin:.45rem 0}
.gc-head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem}
.gc-pass{--gc-edge:#2e8b57}.gc-fail{--gc-edge:#d9822b}
.gc-mark{display:inline-block;min-width:1.3em;font-weight:700}
.gc-mark.gc-good{color:light-dark(#1a6e3c,#6fd394)}.gc-mark.gc-bad{color:light-dark(#a33a00,#ffab70)}
[data-jp-theme-light="true"] .gc-card{color-scheme:light}[data-jp-theme-light="false"] .gc-card{color-scheme:dark}
.gc-word{font-weight:600}.gc-body{margin-left:1.6rem}
.gc-clue{margin:.5rem 0;padding:.5rem .8rem;border-radius:4px;background:var(--jp-layout-color2,#8882)}
.gc-card table{border-collapse:collapse;margin:.4rem 0;font-size:.93em}
.gc-card th,.gc-card td{text-align:left!important;vertical-align:top;padding:.15rem .8rem .15rem 0;background:transparent}
.gc-card thead th{border-bottom:1px solid var(--jp-border-color1,#999)}.gc-card tbody th{font-weight:400}
.gc-card pre,.gc-card code{font-family:var(--jp-code-font-family,monospace);font-size:.93em;background:transparent;color:inherit;
margin:0;padding:0;white-space:pre-wrap}
.gc-note{color:var(--jp-content-font-color2,inherit);font-size:.93em}
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
    passed = sum(result.status == "pass" for result in results)
    summary = f"{passed} of {len(results)} open tests pass"
    items = "".join(f"<li>{_result_html(result)}</li>" for result in results)
    body = f"<ul>{items}</ul>{_clues_html(clues)}{_printed_html(results)}{_notes_html(notes)}"
    text = [f"{heading}: {summary}", *[_result_text(result) for result in results], *[f"What went wrong: {_without_stress(clue)}" for clue in clues], *notes]
    return Card(_frame(heading, summary, body, "pass" if passed == len(results) else "fail"), _without_ticks("\n".join(text)))


def message_card(heading: str, message: str, notes: list[str] | None = None) -> Card:
    "One plain message."
    html = _frame(heading, "", f"<p>{inline(message)}</p>{_notes_html(notes or [])}", "note")
    return Card(html, _without_ticks("\n".join([f"{heading}: {message}", *(notes or [])])))


def progress_card(lessons: list[dict], questions: list[dict], pass_mark: float) -> Card:
    "Every exercise (`record.lesson`), and the questions of this one (ident, title, solved, score, points, tries, hints, revealed)."
    rows = [[_done_mark(one["done"]), f"{one['stem'][:2]} {one['title']}", f"{one['solved']} of {one['questions']}",
             f"{one['score']} of {one['points']}", "done" if one["done"] else f"{_needed(one, pass_mark)} more to reach the pass mark"]
            for one in lessons]
    tables = _table(["", "exercise", "solved", "points", "state"], rows)
    own = [[_done_mark(one["solved"]), f"{one['ident']} {one['title']}", f"{one['score']} of {one['points']}", _how(one)] for one in questions]
    tables += _table(["", "question", "points", "how"], own)
    note = f"Done means {pass_mark:.0%} of the points of the open tests. Held-out tests run at grading; this page is not a grade."
    text = "\n".join([*[" ".join(row) for row in rows], *[" ".join(row) for row in own], note])
    return Card(_frame("Your progress", "", tables + _notes_html([note]), "note"), text)


def inline(text: str) -> str:
    "Escaped HTML of one line of text, with `code` in back ticks."
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def prose(text: str) -> str:
    "The same for a text of ours, which may also have *stress*."
    return re.sub(r"(?<![\w*])\*([^\s*][^*]*)\*(?![\w*])", r"<em>\1</em>", inline(text))


def _needed(one, pass_mark): return -int(-(pass_mark * one["points"] - one["score"]) // 1)


def _done_mark(done): return "✓" if done else "○"


def _how(one):
    facts = [f"{one['tries']} tries" if one["tries"] != 1 else "1 try", f"{one['hints']} hints" if one["hints"] != 1 else "1 hint"]
    state = "solved" if one["solved"] else "open"
    return ", ".join([state, *facts, *(["answer seen"] if one["revealed"] else [])])


def _frame(heading, summary, body, kind):
    label = escape(f"{heading}. {summary}", quote=True)
    right = f"<span>{escape(summary)}</span>" if summary else ""
    head = f'<p class="gc-head"><strong>{inline(heading)}</strong>{right}</p>'
    return f'{STYLE}<div class="gc-card gc-{kind}" role="group" aria-label="{label}">{head}{body}</div>'


def _result_html(result):
    mark, word = MARKS[result.status]
    tone = "good" if result.status == "pass" else "bad"
    head = (f'<span class="gc-mark gc-{tone}" aria-hidden="true">{mark}</span> {inline(result.title)} '
            f'<span class="gc-word">({word}, {_points(result)})</span>')
    body = [f"<p>{inline(result.message)}</p>"] if result.message else []
    if result.line: body.append(f"<p>Line {result.line['number']} of your cell: <code>{escape(result.line['text'])}</code></p>")
    if result.got: body.append(_comparison(result.expected or {}, result.got))
    return f'{head}<div class="gc-body">{"".join(body)}</div>' if body else head


def _points(result): return f"{result.score} of {result.points} point{'s' if result.points != 1 else ''}"


def _comparison(expected, got):
    rows = [[f"{row}" if expected.get(row) == got.get(row) or not expected else f"{row} ≠", expected.get(row, ""), got.get(row, "")]
            for row in ROWS if row in expected or row in got]
    return _table(["", "expected", "yours"], rows, code=True) if expected else _table(["", "yours"], [[a, c] for a, _, c in rows], code=True)


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


def _notes_html(notes): return "".join(f'<p class="gc-note">{inline(note)}</p>' for note in notes)


def _result_text(result):
    mark, word = MARKS[result.status]
    lines = [f"  {mark} {result.title} ({word}, {_points(result)})", result.message and f"    {result.message}"]
    if result.line: lines.append(f"    line {result.line['number']} of your cell: {result.line['text']}")
    for name, side in [("expected", result.expected), ("yours", result.got)]:
        if side: lines.append(f"    {name}: " + ", ".join(f"{row} {side[row]}" for row in ROWS if row in side))
    return "\n".join(filter(None, lines))


def _without_ticks(text): return text.replace("`", "")


def _without_stress(text): return re.sub(r"(?<![\w*])\*([^\s*][^*]*)\*(?![\w*])", r"\1", text)
