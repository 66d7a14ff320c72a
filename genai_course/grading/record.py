"""What the learner has done so far, in the course's progress file: tries, points, hints and revealed answers of each question."""

from genai_course.core import editing_progress, read_progress, settings
from genai_course.grading.spec import Spec, outline, stems

NEW = {"tries": 0, "score": 0, "points": 0, "solved": False, "hints": 0, "revealed": False}


def question_record(stem: str, ident: str) -> dict:
    "What is known of one question: tries, score (the best so far), points, solved, hints, revealed."
    return NEW | read_progress().get("exercises", {}).get(stem, {}).get(ident, {})


def note(stem: str, ident: str, tried: bool = False, **changes: int | bool) -> dict:
    "Change what is known of one question, count a try if it was one, and return it. Raises OSError where the file cannot be written."
    with editing_progress() as progress:
        questions = progress.setdefault("exercises", {}).setdefault(stem, {})
        record = NEW | questions.get(ident, {})
        record |= changes | {"tries": record["tries"] + tried}
        questions[ident] = record
    return record


def note_check(stem: str, ident: str, score: int, points: int, tried: bool) -> dict:
    "Note the outcome of a check. The best score counts; what was solved stays solved, and is tried no more."
    before = question_record(stem, ident)
    solved, best = before["solved"] or score == points, max(score, before["score"])
    return note(stem, ident, tried and not before["solved"], score=best, points=points, solved=solved)


def lesson(spec: Spec) -> dict:
    "How far one exercise is: stem, title, solved, questions, score, points, revealed, done."
    known = read_progress().get("exercises", {}).get(spec.stem, {})
    records = [NEW | known.get(ident, {}) for ident in spec.questions]
    points, score = sum(q.points for q in spec.questions.values()), sum(record["score"] for record in records)
    return {"stem": spec.stem, "title": spec.title, "solved": sum(record["solved"] for record in records), "questions": len(records),
            "score": score, "points": points, "revealed": sum(record["revealed"] for record in records),
            "done": score >= settings.pass_mark * points}


def lessons() -> list[dict]:
    "How far every exercise of the course is, in the lessons' order."
    return [lesson(outline(stem)) for stem in stems()]


def predictions() -> dict:
    "What the learner predicted, by name: guess, confidence in percent, question, and right where that is known."
    return read_progress().get("predictions", {})
