"""What a learner's notebook holds: `check`, `hint`, `reveal` and `progress` of one exercise."""

from collections.abc import Callable
from typing import Any

from genai_course.core import settings
from genai_course.grading import record
from genai_course.grading.cards import Card, check_card, message_card, progress_card
from genai_course.grading.diagnosis import named_mistakes
from genai_course.grading.runner import run_question
from genai_course.grading.spec import Question, load_spec


def exercise(stem: str, namespace: dict) -> tuple[Callable, Callable, Callable, Callable]:
    "`check, hint, reveal, progress` for the exercise `stem`; answers are looked up in `namespace`, a notebook's `globals()`."
    open_exercise = Exercise(stem, namespace)
    return open_exercise.check, open_exercise.hint, open_exercise.reveal, open_exercise.progress


class Markdown(str):
    "Text that a notebook shows as markdown."
    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"text/markdown": str(self), "text/plain": str(self)}

    def __repr__(self) -> str: return str(self)


class Exercise:
    "One exercise, open in a notebook. Everything is shown, nothing is returned."
    def __init__(self, stem: str, namespace: dict):
        self.spec, self.namespace = load_spec(stem), namespace

    def check(self, ident: str) -> None:
        "Run the open tests of a question such as q1, and show a card with what they found."
        if question := self._question(ident): _show(*self._check(question))

    def hint(self, ident: str) -> None:
        "Show one more hint for a question."
        if question := self._question(ident): _show(*self._hint(question))

    def reveal(self, ident: str) -> None:
        "Show the answer and its explanation, after a pass or enough tries."
        if question := self._question(ident): _show(*self._reveal(question))

    def progress(self) -> None:
        "Show how far every exercise is, and each question of this one."
        known = [{"ident": q.ident, "title": q.title} | record.question_record(self.spec.stem, q.ident) | {"points": q.points}
                 for q in self.spec.questions.values()]
        _show(progress_card(record.lessons(), known, settings.pass_mark, record.predictions()))

    def _question(self, ident) -> Question | None:
        if isinstance(ident, str) and ident in self.spec.questions: return self.spec.questions[ident]
        known = ", ".join(self.spec.questions)
        _show(message_card("No such question", f"`{ident!r}` is not a question of this exercise. There are: {known}."))
        return None

    def _check(self, question) -> list[Any]:
        results = run_question(question, self.namespace, settings.answer_seconds, hidden=False)
        passed, tried = all(r.status == "pass" for r in results), any(r.status != "missing" for r in results)
        notes = self._saved(record.note_check, question, sum(r.score for r in results), question.points, tried)
        notes = [_held_out(question), *([] if passed else [_next_steps(question, tried)]), *notes]
        card = check_card(_heading(question), results, named_mistakes(self.spec, question, results), list(filter(None, notes)))
        return [card, *([_explained(question)] if passed else [])]

    def _hint(self, question) -> list[Any]:
        known, policy = record.question_record(self.spec.stem, question.ident), settings.hint_policy
        if policy == "off": return [message_card(_heading(question), "Hints are switched off here (`hint_policy` in settings.ini).")]
        if policy == "after_try" and not known["tries"] and not known["solved"]:
            first = f"A hint comes after your first try: write an answer and run `check(\"{question.ident}\")`."
            return [message_card(_heading(question), first)]
        number = min(known["hints"] + 1, len(question.hints))
        notes = self._saved(record.note, question, hints=number)
        last = f"\n\nThat was the last hint. `hint(\"{question.ident}\")` shows it again." if number == len(question.hints) else ""
        shown = question.hints[:number] if known["hints"] >= len(question.hints) else question.hints[number - 1:number]
        return [Markdown(f"**{question.ident}, hint {number} of {len(question.hints)}.** " + "\n\n".join(shown) + last), *_warnings(notes)]

    def _reveal(self, question) -> list[Any]:
        known, needed = record.question_record(self.spec.stem, question.ident), settings.reveal_after
        if not known["solved"] and known["tries"] < needed:
            left = needed - known["tries"]
            text = f"The answer can be shown after {left} more {'try' if left == 1 else 'tries'}, or once the tests pass. "
            return [message_card(_heading(question), f"{text}Perhaps `hint(\"{question.ident}\")` helps.")]
        notes = self._saved(record.note, question, revealed=True)
        answer = f"**{question.ident}, an answer.**\n\n```python\n{question.answer}\n```\n\n"
        return [Markdown(answer + question.explanation), *_warnings(notes)]

    def _saved(self, change, question, *arguments, **changes) -> list[str]:
        "Change the record of a question; a file that cannot be written is told, and no reason to withhold the card."
        try: change(self.spec.stem, question.ident, *arguments, **changes)
        except OSError as error: return [f"Your progress could not be saved: {error}"]
        return []


def _show(*things: Card | Markdown):
    from IPython.display import display
    for thing in things: display(thing)


def _warnings(notes): return [message_card("Progress", note) for note in notes]


def _heading(question): return f"{question.ident} · {question.title}"


def _held_out(question):
    if not question.held_out: return ""
    return f"{question.held_out} held-out test{'s' if question.held_out > 1 else ''} will run at grading, on other inputs."


def _next_steps(question, tried):
    hint = f"`hint(\"{question.ident}\")` gives a hint"
    if not tried: return f"Write your answer in the cell above and run it, then run this cell again. {hint}."
    return f"Stuck? {hint}, `reveal(\"{question.ident}\")` the answer after {settings.reveal_after} tries."


def _explained(question): return Markdown(f"**Why this works.** {question.explanation}")
