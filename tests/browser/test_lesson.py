"""Lesson 02 as a learner meets it: opened in JupyterLab, run from top to bottom, its explorer moved by keyboard."""


import pytest
from lab import open_copy, run_all
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_lesson_02_runs_and_its_explorer_answers(page, lab):
    open_copy(page, lab, "nbs/02_backprop.ipynb")
    run_all(page, seconds=240)
    view = page.get_by_role("region", name="Backpropagation explorer").first
    view.scroll_into_view_if_needed()
    gradient, slider = view.locator(".genai-node-gradient"), view.get_by_role("slider", name="Input ").first
    before, picture = gradient.all_text_contents(), view.screenshot()
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(gradient.nth(1)).not_to_have_text(before[1])
    assert view.screenshot() != picture
