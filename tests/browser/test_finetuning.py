"""Lesson 10's explorers as a learner meets them in JupyterLab: a text is judged letter by letter, a voice is turned up and down by keyboard, both themes."""

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """import torch
from genai_course.explorers.finetuning import explore_adapter, explore_judge
from genai_course.finetuning import StyleJudge, learning, with_lora
from genai_course.tokenizer import CharacterTokenizer
from genai_course.transformer import NgramGPT
judge = StyleJudge({"cats": "the cat sat on the mat. " * 9, "dogs": "a dog dug in a bog. " * 9})
letters = CharacterTokenizer("abcdefgh ")
torch.manual_seed(0)
model = with_lora(NgramGPT(len(letters), layers=1, heads=2, width=8, reach=1), rank=2)
for p in learning(model): torch.nn.init.normal_(p)"""


@pytest.fixture(scope="module")
def views(page, lab):
    "Both explorers, on small models."
    open_notebook(page, lab, write_notebook(lab.folder / "finetuning.ipynb", SHOW, "explore_judge(judge, 'a dog dug')", "explore_adapter(model, letters, judge, 'abc', length=20)"))
    run_all(page)
    return page.get_by_role("region", name="Judge of style"), page.get_by_role("region", name="Knob for a voice")


def test_a_typed_text_is_judged(page, views, tmp_path):
    judge, _ = views
    judge.scroll_into_view_if_needed()
    said = judge.locator(".genai-said").first
    expect(said).to_contain_text("After 9 letters: dogs")
    field = judge.get_by_role("textbox", name="A text")
    field.fill("the cat sat")
    expect(said).to_contain_text("After 11 letters: cats")
    field.fill("♥")
    expect(judge.get_by_role("alert")).to_contain_text("no letter here that the judge knows")
    field.fill("a dog")
    expect(said).to_contain_text("After 5 letters: dogs")
    expect_readable_in_both_themes(page, judge, tmp_path, '.genai-view[aria-label="Judge of style"]')


def test_the_voice_is_turned_up_and_down_by_keyboard(page, views):
    _, knob = views
    knob.scroll_into_view_if_needed()
    said, text = knob.locator(".genai-said").first, knob.locator(".genai-said").last
    expect(said).to_contain_text("With 100% of the change")
    written = text.inner_text()
    strength = knob.get_by_role("slider", name="Strength of the change")
    strength.focus()
    page.keyboard.press("Home")
    expect(said).to_contain_text("With 0% of the change")
    expect(text).not_to_have_text(written)
    before = text.inner_text()
    knob.get_by_role("button", name="Other luck").press("Enter")
    expect(text).not_to_have_text(before)
    assert not page.errors
