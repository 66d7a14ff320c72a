"""Lesson 01 as a learner meets it: opened in JupyterLab, run from top to bottom, its explorer worked by keyboard alone."""


import pytest
from lab import open_copy, run_all
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_lesson_01_runs_and_its_explorer_answers_to_keys(page, lab, tmp_path):
    open_copy(page, lab, "nbs/01_prediction.ipynb")
    run_all(page, seconds=240)
    view = page.get_by_role("region", name="Prediction explorer")
    view.scroll_into_view_if_needed()
    said, first = view.locator(".genai-said"), view.locator("tbody th").first
    expect(said).to_contain_text("The model looks at 'hri'")
    expect(first).to_have_text("s")
    field = view.get_by_label("A name begins with")
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("q")
    expect(first).to_have_text("u")
    page.keyboard.press("Tab")
    memory = view.get_by_role("slider", name="Letters of memory")
    expect(memory).to_be_focused()
    page.keyboard.press("Home")
    expect(said).to_contain_text("The model looks at nothing")
    expect(memory).to_have_attribute("aria-valuetext", "Letters of memory is 0")
    field.focus()
    page.keyboard.type("7")
    expect(view.get_by_role("alert")).to_contain_text("no name here has this")
    page.keyboard.press("Backspace")
    expect(view.get_by_role("table").first).to_be_visible()
    expect_readable_in_both_themes(page, view, tmp_path, '.genai-view[aria-label="Prediction explorer"]')
