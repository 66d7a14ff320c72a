"""Lesson 09's explorer as a learner meets it in JupyterLab: knobs turned by keyboard, bars and text change, both themes."""

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """from genai_course.explorers.sampling import explore_sampling
from genai_course.sampling import Reader
from genai_course.transformer import Cache, shipped_writer
model, letters, context = shipped_writer()
explore_sampling(Reader(model, Cache, context), letters, "the ")"""


@pytest.fixture(scope="module")
def view(page, lab):
    "The explorer on the course's model."
    open_notebook(page, lab, write_notebook(lab.folder / "sampling.ipynb", SHOW))
    run_all(page)
    found = page.get_by_role("region", name="Knobs of a writer")
    found.scroll_into_view_if_needed()
    return found


def test_knobs_change_bars_and_text(page, view, tmp_path):
    said, text = view.locator(".genai-said").first, view.locator(".genai-said").last
    before, after = view.locator(".genai-bars").first, view.locator(".genai-bars").last
    expect(said).to_contain_text("100.0% of the probability")
    expect(text).to_contain_text("the ")
    untouched, written = before.inner_text(), text.inner_text()
    temperature = view.get_by_role("slider", name="Temperature")
    temperature.focus()
    page.keyboard.press("Home")
    expect(said).to_contain_text("1 token is left of")
    expect(after.locator(".genai-number").nth(1)).to_have_text("100.0 %")
    expect(text).not_to_have_text(written)
    assert before.inner_text() == untouched
    page.keyboard.press("End")
    expect(temperature).to_have_attribute("aria-valuetext", "Temperature is 2.00")
    hot = text.inner_text()
    view.get_by_role("button", name="Other luck").press("Enter")
    expect(text).not_to_have_text(hot)
    top_k = view.get_by_role("slider", name="Top-k")
    top_k.focus()
    page.keyboard.press("Home")
    expect(said).to_contain_text("1 token is left of")
    field = view.get_by_role("textbox", name="The text begins")
    field.fill("7")
    expect(view.get_by_role("alert")).to_contain_text("not in this tokenizer's alphabet")
    field.fill("")
    expect(view.get_by_role("alert")).to_contain_text("at least one letter")
    field.fill("a")
    expect(text).to_contain_text("a")
    expect_readable_in_both_themes(page, view, tmp_path, '.genai-view[aria-label="Knobs of a writer"]')
