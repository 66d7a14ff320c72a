"""Lesson 06 as a learner meets it: opened in JupyterLab, run from top to bottom; its explorers worked by keyboard alone."""

import re

import pytest
from lab import open_copy, run_all
from looks import expect_readable_in_both_themes, inked
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lesson(page, lab):
    "The lesson, run."
    open_copy(page, lab, "nbs/06_tokenizer.ipynb")
    run_all(page, seconds=240)
    return page


def region(page, name):
    "An explorer of the lesson, in sight."
    found = page.get_by_role("region", name=name)
    found.scroll_into_view_if_needed()
    return found


def test_text_is_typed_and_cut_by_each_tokenizer(lesson, tmp_path):
    view = region(lesson, "Tokens")
    said, chips = view.locator(".genai-said"), view.locator(".genai-token")
    expect(said).to_contain_text("They give back the text.")
    view.get_by_role("textbox", name="Text").focus()
    lesson.keyboard.press("Control+A")
    lesson.keyboard.type("the ♥")
    expect(chips.first.locator(".genai-piece")).to_have_text("the")
    expect(chips).to_have_count(5)
    expect(chips.nth(2).locator(".genai-piece")).to_have_text("e2")
    choice = view.get_by_role("combobox", name="Tokenizer")
    choice.select_option("characters")
    expect(view.get_by_role("alert")).to_contain_text("'♥': not in this tokenizer's alphabet")
    choice.select_option("bytes")
    expect(chips).to_have_count(7)
    view.get_by_text("Show as table").press("Enter")
    expect(view.locator("tbody tr")).to_have_count(7)
    expect_readable_in_both_themes(lesson, view, tmp_path, '.genai-view[aria-label="Tokens"]')


def test_merges_are_stepped_and_played(lesson, tmp_path):
    view = region(lesson, "Merges, one by one")
    said, counter, chips = view.locator(".genai-said"), view.locator(".genai-counter"), view.locator(".genai-token")
    expect(said).to_contain_text("After 6 of")
    view.get_by_role("button", name="Merges: reset to the start").press("Enter")
    expect(said).to_contain_text("After 0 of")
    at_first = chips.count()
    expect(view.locator(".genai-marked-token")).to_have_count(0)
    view.get_by_role("button", name="Merges: one step forward").press("Enter")
    expect(said).to_contain_text("Joined last:")
    expect(view.locator(".genai-marked-token").first).to_be_visible()
    assert chips.count() < at_first
    view.get_by_role("button", name="Merges: one step back").press("Enter")
    expect(chips).to_have_count(at_first)
    view.get_by_role("combobox", name="Merges: speed").select_option("fast")
    view.get_by_role("button", name="Merges: play").press("Enter")
    expect(counter).not_to_have_text(re.compile("merge [0-2] of 24"))
    view.get_by_role("button", name="Merges: pause").press("Enter")
    slider = view.get_by_role("slider", name="Merges")
    slider.focus()
    lesson.keyboard.press("End")
    expect(said).to_contain_text("That was the last merge.")
    box = view.get_by_role("checkbox", name="Cut into words first")
    before = said.inner_text()
    box.press("Space")
    expect(said).not_to_have_text(before)
    def drawn(): assert inked(chips.first.screenshot()) > 0.01

    expect_readable_in_both_themes(lesson, view, tmp_path, '.genai-view[aria-label="Merges, one by one"]', drawn)
