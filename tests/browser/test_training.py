"""Lesson 04 as a learner meets it: run from top to bottom, its run steered by keyboard, its exercise done wrong and right."""

import re
import shutil

import pytest
from lab import ROOT, open_copy, open_notebook, run_all, wait_for
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

from genai_course.grading.master import read_master

pytestmark = pytest.mark.browser
QUESTIONS = read_master(ROOT / "nbs" / "exercises" / "04_training.ipynb").questions
RUN_CELL = """async number => { const panel = window.jupyterapp.shell.currentWidget;
    panel.content.activeCellIndex = number; panel.content.deselectAll(); await window.jupyterapp.commands.execute('notebook:run-cell'); }"""
FIND_CELL = """text => [...window.jupyterapp.shell.currentWidget.model.cells].findIndex(c => c.type === 'code' && c.sharedModel.source.includes(text))"""
WRITE = "([number, text]) => window.jupyterapp.shell.currentWidget.model.cells.get(number).sharedModel.setSource(text)"


@pytest.fixture(scope="module")
def lesson(page, lab):
    "The lesson, run."
    open_copy(page, lab, "nbs/04_training.ipynb")
    run_all(page, seconds=400)
    return page


@pytest.fixture
def steering(lesson):
    "The dashboard, its run begun anew in slow motion, so that there is time to steer; the run is stopped afterwards."
    view = lesson.get_by_role("region", name="Training: 04_training")
    view.scroll_into_view_if_needed()
    expect(view.get_by_role("button", name="Restart")).to_be_enabled()
    if view.get_by_role("button", name="Slow motion").get_attribute("aria-pressed") == "false": view.get_by_role("button", name="Slow motion").press("Enter")
    view.get_by_role("button", name="Restart").press("Enter")
    expect(view.locator(".genai-run-word")).to_have_text("Running")
    yield view
    view.get_by_role("button", name="Stop").press("Enter")
    expect(view.locator(".genai-run-word")).to_have_text("Stopped")


def test_the_run_leaves_a_picture_and_its_history(lesson):
    view = lesson.get_by_role("region", name="Training: 04_training")
    expect(view.locator(".genai-run-word")).to_have_text("Finished")
    changes = view.locator(".genai-run-history li")
    expect(changes).to_have_text([re.compile(r"step \d+: wrong labels to 40 %, by schedule"), re.compile(r"step [\d,]+: wrong labels to none, by schedule")])
    saved = """() => [...window.jupyterapp.shell.currentWidget.model.cells].flatMap(c => c.outputs?.toJSON() ?? [])
        .map(o => [o.data?.['text/plain'] ?? ''].flat().join('')).filter(text => text.startsWith('Finished, '))"""
    wait_for(lambda: lesson.evaluate(saved), "the still picture")


def test_labels_and_order_are_turned_by_keyboard_while_it_trains(steering):
    changes = steering.locator(".genai-run-history li")
    wrong, order = steering.get_by_role("slider", name="wrong labels"), steering.get_by_role("slider", name="order")
    wrong.press("ArrowRight")
    expect(wrong).to_have_attribute("aria-valuetext", "wrong labels is 10 %")
    expect(changes).to_have_text([re.compile(r"^step \d+: wrong labels to 10 %$")])
    order.press("End")
    expect(order).to_have_attribute("aria-valuetext", "order is easy first")
    expect(changes.last).to_have_text(re.compile(r"^step \d+: order to easy first$"))
    order.press("Home")
    expect(changes.last).to_have_text(re.compile(r"^step \d+: order to hard first$"))
    for name in ("trained on", "validation"): expect(steering.get_by_text(name, exact=True).first).to_be_visible()


def test_readable_in_light_and_dark(lesson, steering, tmp_path):
    steering.get_by_role("button", name="Pause").press("Enter")
    expect(steering.locator(".genai-run-word")).to_have_text("Paused")
    expect_readable_in_both_themes(lesson, steering, tmp_path, '.genai-view[aria-label="Training: 04_training"]')


@pytest.fixture(scope="module")
def exercise(page, lab):
    "The exercise, untouched, with its first cell run."
    path = lab.folder / "exercise.ipynb"
    shutil.copy(ROOT / "exercises" / "04_training.ipynb", path)
    open_notebook(page, lab, path)
    page.evaluate(RUN_CELL, page.evaluate(FIND_CELL, "check, hint, reveal, progress ="))
    return page


def card_of(page, question, answer):
    "Write an answer, run it, check it: the card."
    place, check = page.evaluate(FIND_CELL, f"def {question.names[0]}("), page.evaluate(FIND_CELL, f'check("{question.ident}")')
    page.evaluate(WRITE, [place, answer])
    for number in (place, check): page.evaluate(RUN_CELL, number)
    return page.locator(".jp-Notebook-cell").nth(check).locator(".gc-card").first


def letters(text):
    "Only the letters: a card shows marks such as *this* as type."
    return "".join(filter(str.isalpha, text))


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_answer_is_told_what_is_wrong_with_it_and_when_it_is_right(exercise, question):
    wrong = {mistake["message"]: mistake["code"] for mistake in question.mistakes}
    told = [card_of(exercise, question, code).inner_text() for code in wrong.values()]
    assert len(told) >= 3 and len(set(told)) == len(told)
    for message, card in zip(wrong, told, strict=True): assert ("✗" in card) == (letters(message) in letters(card)), card
    assert sum("✗" in card for card in told) >= 2
    right = card_of(exercise, question, question.answer)
    expect(right).to_contain_text("open tests pass")
    assert "✗" not in right.inner_text()
