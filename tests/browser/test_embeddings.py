"""Lesson 14's explorers as a learner meets them in JupyterLab: a prompt among pictures, and sums of meanings, by keyboard and in both themes."""

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SPACE = """import torch
from genai_course.embeddings import Pair, Readers, WordTokenizer, drawings, words_of_captions
from genai_course.judge import in_rows
from genai_course.explorers.embeddings import explore_space, explore_sums
torch.manual_seed(0)
words = WordTokenizer(words_of_captions())
pair = Pair(len(words), size=8, width=16, layers=1, channels=8)
explore_space(Readers(pair, words, 24), drawings(20))"""
SUMS = """explore_sums(lambda *texts: in_rows(pair.of_texts, words.rows(texts, 24)))"""


@pytest.fixture(scope="module")
def notebook(page, lab):
    "Both explorers, on readers that have learned nothing."
    open_notebook(page, lab, write_notebook(lab.folder / "embeddings.ipynb", SPACE, SUMS))
    run_all(page)
    return page


def test_a_prompt_finds_pictures_and_names_what_it_cannot_read(page, notebook, tmp_path):
    view = notebook.get_by_role("region", name="A prompt among pictures")
    view.scroll_into_view_if_needed()
    expect(view.locator("img.genai-pixels")).to_have_count(5)
    prompt = view.get_by_role("textbox", name="Prompt")
    prompt.fill("a wyzard owl")
    expect(view.locator(".genai-said")).to_contain_text("'wyzard' (did you mean wizard")
    expect(view.locator(".genai-bars tbody tr")).to_have_count(5)
    prompt.fill("")
    expect(view.get_by_role("alert")).to_contain_text("type at least one word")
    prompt.fill("an owl")
    expect(view.locator("img.genai-pixels")).to_have_count(5)
    expect_readable_in_both_themes(page, view, tmp_path, '.genai-view[aria-label="A prompt among pictures"]')


def test_a_sum_is_chosen_and_its_nearest_are_shown(page, notebook, tmp_path):
    view = notebook.get_by_role("region", name="Sums of meanings")
    view.scroll_into_view_if_needed()
    expect(view.locator(".genai-bars tbody tr")).to_have_count(8)
    for label, option in [("Animal", "owl"), ("Hat", "crown"), ("Minus animal", "owl"), ("Minus hat", "crown"), ("Plus animal", "fox"), ("Plus hat", "none")]:
        view.get_by_role("combobox", name=label, exact=True).select_option(label=option)
    box = view.get_by_role("checkbox", name="Leave out what went in")
    box.focus()
    page.keyboard.press("Space")
    expect(view.locator(".genai-marked-row")).to_contain_text("fox, no hat")
    expect(view.locator(".genai-bars tbody tr").first).to_contain_text("fox, no hat")
    expect_readable_in_both_themes(page, view, tmp_path, '.genai-view[aria-label="Sums of meanings"]')
