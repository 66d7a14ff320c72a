"""The attention explorer in a real JupyterLab: read by keyboard and by mouse, its stages, readable in light and dark."""

import re

import pytest
from lab import open_copy, open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """
import torch
from genai_course.attention import SelfAttention
from genai_course.explorers.attention import explore_attention

torch.manual_seed(0)
numbers = torch.nn.Embedding(200, 8)
def read(text): return text.split(), numbers(torch.tensor([len(word) for word in text.split()])).detach()

explore_attention(SelfAttention(8, 2), read, "who looks at whom")
"""


@pytest.fixture
def explorer(page, lab):
    "A fresh explorer in a notebook of its own."
    open_notebook(page, lab, write_notebook(lab.folder / "attention.ipynb", SHOW))
    run_all(page)
    view = page.get_by_role("region", name="Attention explorer")
    expect(view).to_be_visible()
    return view


def shares(view): return view.locator(".genai-token small").all_text_contents()


def test_a_word_looks_at_the_others_by_keyboard(page, explorer):
    word = explorer.get_by_role("slider", name="Word that looks")
    expect(word).to_have_attribute("aria-valuetext", re.compile("whom, word 4 of 4, looks at "))
    assert all(share.endswith(" %") for share in shares(explorer))
    word.focus()
    page.keyboard.press("Home")
    expect(word).to_have_attribute("aria-valuetext", "who, word 1 of 4, looks at who 100.0 %")
    assert shares(explorer) == ["100.0 %", "–", "–", "–"]
    page.keyboard.press("ArrowRight")
    expect(explorer.locator(".genai-looking")).to_contain_text("looks")
    assert shares(explorer)[2:] == ["–", "–"]


def test_a_word_looks_at_the_others_by_mouse(page, explorer):
    explorer.locator(".genai-token").nth(2).hover()
    expect(explorer.locator(".genai-looking")).to_contain_text("at")
    expect(explorer.get_by_text("at, word 3 of 4, looks at ")).to_be_visible()


def test_the_table_is_read_by_keyboard(page, explorer):
    row = explorer.get_by_role("slider", name="Row to read")
    row.focus()
    page.keyboard.press("End")
    expect(explorer.get_by_text("looking whom, looked at who:")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(explorer.get_by_text("looking whom, looked at looks:")).to_be_visible()


def test_the_table_is_read_by_mouse(page, explorer):
    heat = explorer.locator(".genai-heat")
    heat.scroll_into_view_if_needed()
    cells = heat.locator(".genai-edge-of-cells").bounding_box()
    page.mouse.move(cells["x"] + cells["width"] * 0.4, cells["y"] + cells["height"] * 0.6)
    expect(explorer.get_by_text("looking at, looked at looks:")).to_be_visible()


def test_mask_head_and_sharpness_are_seen(page, explorer):
    odd = explorer.locator(".genai-odd-number")
    expect(odd).to_have_count(0)
    explorer.get_by_role("combobox", name="Stage").select_option(label="after the mask")
    expect(odd).to_have_count(6)
    explorer.get_by_role("combobox", name="Stage").select_option(label="shares")
    expect(odd).to_have_count(0)
    before = shares(explorer)
    explorer.get_by_role("combobox", name="Head").select_option(label="2")
    expect(explorer.locator(".genai-token small")).not_to_have_text(before)
    explorer.get_by_role("slider", name="Sharpness").focus()
    page.keyboard.press("Home")
    expect(explorer.locator(".genai-token small")).to_have_text(["25.0 %"] * 4)


def test_another_sentence_is_typed(page, explorer):
    explorer.get_by_role("textbox", name="Text").fill("a few other words")
    expect(explorer.get_by_text("words, word 4 of 4, looks at ")).to_be_visible()
    explorer.get_by_role("textbox", name="Text").fill("")
    expect(explorer.get_by_role("alert")).to_contain_text("type a few words")


def test_readable_in_light_and_dark(page, explorer, tmp_path):
    for summary in explorer.locator("summary").all(): summary.press("Enter")
    expect_readable_in_both_themes(page, explorer, tmp_path)
    assert not page.errors


@pytest.mark.full
def test_lesson_07_runs_and_its_explorer_answers(page, lab):
    open_copy(page, lab, "nbs/07_attention.ipynb")
    run_all(page, seconds=240)
    view = page.get_by_role("region", name="Attention explorer")
    view.scroll_into_view_if_needed()
    expect(view.get_by_text("mad, word 8 of 8, looks at ")).to_be_visible()
    view.get_by_role("textbox", name="Text").fill("who is there")
    expect(view.get_by_text("there, word 4 of 4, looks at ")).to_be_visible()
    view.get_by_role("textbox", name="Text").fill("who computes")
    expect(view.get_by_role("alert")).to_contain_text("not among the 1,000 words that the model has learned: computes.")
