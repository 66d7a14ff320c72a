"""`check`, `hint`, `reveal`, `progress` as a learner meets them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser

import pytest

from genai_course.grading import exercise, lessons, notebook
from genai_course.grading.spec import SpecError, load_spec

STEM = "02_backprop"
SPEC = load_spec(STEM)
RIGHT, WRONG = SPEC.questions["q1"].answer, SPEC.questions["q1"].mistakes[0]


class Learner:
    "A learner with a notebook: answers, and what was shown."
    def __init__(self, monkeypatch):
        self.namespace, self.shown = {}, []
        monkeypatch.setattr(notebook, "_show", lambda *things: self.shown.extend(things))
        self.check, self.hint, self.reveal, self.progress = exercise(STEM, self.namespace)
        self.answer(SPEC.setup)

    def answer(self, code): exec(code, self.namespace)

    def sees(self, action, *arguments):
        "All that one call shows, as text."
        self.shown.clear()
        assert action(*arguments) is None
        return "\n".join(map(repr, self.shown))


@pytest.fixture
def learner(monkeypatch): return Learner(monkeypatch)


def test_a_right_answer_gets_its_explanation(learner, own_progress):
    learner.answer(RIGHT)
    text = learner.sees(learner.check, "q1")
    assert "1 of 1 open tests pass" in text and "Why this works." in text and "1 held-out test will run at grading" in text
    assert json.loads(own_progress.read_text())["exercises"][STEM]["q1"] | {"points": 1} == {
        "tries": 1, "score": 1, "points": 1, "solved": True, "hints": 0, "revealed": False}


def test_a_named_mistake_gets_its_message(learner):
    learner.answer(WRONG["code"])
    text = learner.sees(learner.check, "q1")
    assert "What went wrong: This is the rule as it was given" in text and "0 of 1 open tests pass" in text and "Why this works" not in text


def test_a_mistake_written_differently_gets_the_same_message(learner):
    learner.answer("def tanh_backward(grad, x):\n    slope = -(x * x) + 1\n    return slope * np.asarray(grad)")
    assert "What went wrong: This is the rule as it was given" in learner.sees(learner.check, "q1")


def test_an_unknown_mistake_gets_no_message(learner):
    learner.answer("def tanh_backward(grad, x):\n    return grad * 17")
    assert "What went wrong" not in learner.sees(learner.check, "q1")


def test_before_the_answer_cell_was_run(learner):
    text = learner.sees(learner.check, "q4")
    assert "There is no softmax_backward yet. Run the answer cell above" in text and "not answered yet" in text


@pytest.mark.parametrize("wrong", ["q99", "softmax", 3, None, ["q1"]])
def test_an_unknown_question_is_one_line(learner, wrong):
    for action in (learner.check, learner.hint, learner.reveal):
        assert "is not a question of this exercise. There are: q1, q2" in (text := learner.sees(action, wrong)) and "\n" not in text


def test_an_unknown_exercise_names_those_there_are():
    with pytest.raises(SpecError, match="There is no exercise called '02_bakprop'. There are: .*02_backprop"): exercise("02_bakprop", {})


def test_hints_come_one_at_a_time(learner):
    hints = SPEC.questions["q4"].hints
    for number, hint in enumerate(hints, 1):
        text = learner.sees(learner.hint, "q4")
        assert f"hint {number} of {len(hints)}" in text and hint in text
        assert all(later not in text for later in hints[number:])
    assert all(hint in learner.sees(learner.hint, "q4") for hint in hints)


def test_hint_policies(learner, monkeypatch):
    monkeypatch.setenv("GENAI_HINT_POLICY", "off")
    assert "switched off" in learner.sees(learner.hint, "q1")
    monkeypatch.setenv("GENAI_HINT_POLICY", "after_try")
    assert "after your first try" in learner.sees(learner.hint, "q1")
    learner.answer(WRONG["code"])
    learner.check("q1")
    assert "hint 1 of 2" in learner.sees(learner.hint, "q1")


def test_the_answer_is_shown_after_three_tries(learner):
    answer = SPEC.questions["q1"].answer
    assert "after 3 more tries" in learner.sees(learner.reveal, "q1")
    learner.answer(WRONG["code"])
    for _ in range(3):
        assert answer not in learner.sees(learner.reveal, "q1")
        learner.check("q1")
    assert answer in (text := learner.sees(learner.reveal, "q1")) and SPEC.questions["q1"].explanation in text
    assert "answer seen" in learner.sees(learner.progress)


def test_looking_before_answering_is_no_try(learner):
    for _ in range(5): learner.check("q2")
    assert "after 3 more tries" in learner.sees(learner.reveal, "q2")


def test_progress_counts_questions_and_points(learner):
    assert "○ 02 Gradients of your own 0 of 8" in learner.sees(learner.progress)
    for question in SPEC.questions.values():
        learner.answer(question.answer)
        learner.check(question.ident)
    points = sum(question.points for question in SPEC.questions.values())
    assert f"✓ 02 Gradients of your own 8 of 8 {points} of {points} done" in learner.sees(learner.progress)
    assert [(one["stem"], one["solved"], one["done"]) for one in lessons() if one["solved"]] == [(STEM, 8, True)]


def test_what_was_solved_stays_solved(learner):
    learner.answer(RIGHT)
    learner.check("q1")
    learner.answer(WRONG["code"])
    learner.check("q1")
    assert [one["solved"] for one in lessons() if one["stem"] == STEM] == [1]


def test_progress_that_cannot_be_saved_is_told_and_the_card_still_comes(learner, monkeypatch):
    def full_disk(*arguments, **changes): raise OSError(28, "No space left on device")
    monkeypatch.setattr(notebook.record, "note_check", full_disk)
    learner.answer(RIGHT)
    assert "No space left on device" in (text := learner.sees(learner.check, "q1")) and "1 of 1 open tests pass" in text


class Balanced(HTMLParser):
    "Raises AssertionError where tags do not nest."
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes): self.open.append(tag)

    def handle_endtag(self, tag): assert self.open.pop() == tag


@pytest.mark.parametrize(("code", "word"), [("def tanh_backward(grad, x):\n    print('<b>&</b>')\n    return '<script>'", "not yet"), (WRONG["code"], "not yet"),
                                            (RIGHT, "pass"), ("def tanh_backward(grad, x):\n    return grad < '<i>'", "stopped with an error")])  # fmt: skip
def test_html_is_balanced_escaped_and_told_in_words(learner, code, word):
    learner.answer(code)
    learner.check("q1")
    html = learner.shown[0]._repr_mimebundle_()["text/html"]
    parser = Balanced()
    parser.feed(html)
    assert parser.open == [] and not any(tag in html for tag in ("<script>", "<b>", "<i>"))
    assert 'role="group" aria-label="q1 · Find the bug: tanh. ' in html
    assert re.findall(r'<span class="gc-word">(.*?)</span>', html) == [word]


def test_progress_survives_being_killed(own_progress):
    code = "from genai_course.grading.record import note\nprint('ready', flush=True)\nwhile True: note('02_backprop', 'q1', tried=True)"
    for turn in range(20):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.01 + 0.003 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if own_progress.exists(): assert json.loads(own_progress.read_text())["exercises"][STEM]["q1"]["tries"] > 0
    assert own_progress.exists()
