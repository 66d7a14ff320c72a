"""Lesson 15's explorers in a real JupyterLab, on a network that has learned nothing: typed into and run through by keyboard, readable in light and dark."""

import re

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """
import torch
from IPython.display import display
from genai_course.diffusion import cosine_schedule
from genai_course.embeddings import Pair, Readers, WordTokenizer, words_of_captions
from genai_course.explorers.guidance import explore_between, explore_prompt, explore_words
from genai_course.guidance import PromptedDrawer, PromptedUNet

torch.manual_seed(0)
words = WordTokenizer(words_of_captions())
model = PromptedUNet(3, (8, 16), told=16, steps=60)
for p in model.parameters(): torch.nn.init.normal_(p, std=0.2)
readers = Readers(Pair(len(words), size=8, width=16, layers=1, channels=8).eval(), words, 12)
drawer = PromptedDrawer(model.eval(), readers, cosine_schedule(60), (3, 8, 8))
display(explore_prompt(drawer), explore_words(drawer, count=10), explore_between(drawer))
"""
NAMES = ("A prompt, step by step", "Where words are looked at", "From one prompt to another")


@pytest.fixture(scope="module")
def views(page, lab):
    "The three explorers by name."
    open_notebook(page, lab, write_notebook(lab.folder / "guidance.ipynb", SHOW))
    run_all(page)
    return {name: page.get_by_role("region", name=name) for name in NAMES}


def test_a_prompt_is_typed_and_its_drawing_run_through(page, views):
    view = views["A prompt, step by step"]
    view.scroll_into_view_if_needed()
    said, pictures = view.locator(".genai-said").last, view.locator("img.genai-pixels")
    expect(said).to_contain_text("Step 19 of 25, time 14:")
    expect(pictures).to_have_count(3)
    before = pictures.first.get_attribute("src")
    view.get_by_role("textbox", name="Prompt").fill("a wyzard cat")
    expect(view.locator(".genai-said").first).to_contain_text("'wyzard'")
    expect(view.locator(".genai-said").first).to_contain_text("wizard")
    expect(view.locator(".genai-marked-token")).to_contain_text("wyzard")
    expect(pictures.first).not_to_have_attribute("src", before)
    view.get_by_role("textbox", name="Prompt").fill("a cat")
    expect(view.locator(".genai-marked-token")).to_have_count(0)
    view.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("Home")
    expect(view.locator(".genai-said").last).to_contain_text("Step 0 of 25, time 60")
    page.keyboard.press("End")
    expect(view.locator(".genai-said").last).to_have_text("Step 25 of 25: finished.")
    view.get_by_role("textbox", name="Prompt").fill("")
    expect(view.locator(".genai-said").first).to_contain_text("empty")


def test_a_word_is_chosen_and_where_it_is_looked_at_shown(page, views):
    view = views["Where words are looked at"]
    view.scroll_into_view_if_needed()
    said = view.locator(".genai-said").first
    expect(said).to_contain_text("Word 2 of 11, 'cat', at time")
    view.get_by_role("slider", name="Number of the word").focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Word 3 of 11, 'wearing', at time")
    expect(view.locator(".genai-marked-row")).to_contain_text("3 wearing")
    shades = view.locator(".genai-heat image")
    before = shades.get_attribute("href")
    view.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("Home")
    expect(said).to_contain_text("at time 60:")
    expect(shades).not_to_have_attribute("href", before)


def test_a_row_leads_from_one_prompt_to_another(page, views, tmp_path):
    view = views["From one prompt to another"]
    view.scroll_into_view_if_needed()
    frame = view.locator(".genai-strip > img.genai-pixels")
    expect(frame).to_have_attribute("alt", re.compile("noise 1 to noise 2.* 100%$"))
    before = frame.get_attribute("src")
    view.get_by_role("slider", name="Frame").focus()
    page.keyboard.press("Home")
    expect(frame).to_have_attribute("alt", re.compile(" 0%$"))
    expect(frame).not_to_have_attribute("src", before)
    view.get_by_role("combobox", name="What changes").select_option(label="noise")
    expect(frame).to_have_attribute("alt", re.compile("noise changes"))
    for name, shown in views.items(): expect_readable_in_both_themes(page, shown, tmp_path, f'.genai-view[aria-label="{name}"]')
    assert not page.errors
