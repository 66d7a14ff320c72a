"""Lesson 17's explorers in a real JupyterLab: a duel played, steered and gone back in by keyboard, a quiz whose score is kept, a walk; readable in light and dark."""

import re

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """
import torch
from IPython.display import display
from genai_course.explorers.gan import explore_latents, explore_real_or_fake, explore_tug_of_war
from genai_course.gan import StyleGenerator

grey = torch.linspace(-1, 1, 10).view(10, 1, 1, 1).expand(10, 3, 8, 8)
display(explore_tug_of_war(), explore_real_or_fake(grey[5:], grey[:5], [1.0] * 5, [0.0] * 5), explore_latents(StyleGenerator(latent=8, widths=(8, 8, 8, 8)).eval()))
"""


@pytest.fixture(scope="module")
def views(page, lab):
    "The three explorers by name."
    open_notebook(page, lab, write_notebook(lab.folder / "gan.ipynb", SHOW))
    run_all(page)
    return {name: page.get_by_role("region", name=name) for name in ("Tug of war", "Real or fake?", "A walk among styles")}


def test_a_duel_is_played_steered_and_gone_back_in(page, views):
    view = views["Tug of war"]
    view.scroll_into_view_if_needed()
    said = view.locator(".genai-said").first
    expect(said).to_contain_text("Step 0.")
    forward, like = view.get_by_role("button", name="Moment: one step forward"), view.get_by_role("combobox", name="Like")
    forward.press("Enter")
    expect(said).to_contain_text("Step 5.")
    like.select_option(label="collapse at will")
    expect(view.get_by_role("combobox", name="Game")).to_have_value("1")
    forward.press("Enter")
    expect(said).to_contain_text("Step 10.")
    view.get_by_role("button", name="Moment: one step back").press("Enter")
    expect(said).to_contain_text("Step 5.")
    view.get_by_role("checkbox", name="Where made points are pushed").press("Space")
    expect(view.locator(".genai-arrow").first).to_be_visible()


def test_centres_that_are_none_get_one_line(page, views):
    view = views["Tug of war"]
    view.get_by_role("combobox", name="Real points").select_option(label="your own clouds")
    typed = view.get_by_role("textbox", name="Centres of your own clouds")
    typed.fill("0, 0; 1")
    expect(view.get_by_role("alert")).to_contain_text("type places as x, y")
    typed.fill("0, 0; 1, 1")
    expect(view.get_by_role("alert")).to_have_text("")


def test_guesses_are_counted(page, views):
    view = views["Real or fake?"]
    view.scroll_into_view_if_needed()
    said, pictures = view.locator(".genai-said").first, view.locator("img.genai-pixels")
    expect(said).to_have_text("Round 1: which of the two is real?")
    asked = [pictures.nth(i).get_attribute("src") for i in range(2)]
    view.get_by_role("button", name="The left one is real").press("Enter")
    expect(said).to_contain_text(re.compile(r"Round 1: the (left|right) one was real\. You were (right|wrong), the discriminator was right\."))
    expect(pictures).to_have_count(4)
    assert [pictures.nth(i).get_attribute("src") for i in (2, 3)] == asked  # the last pair, with its solution
    view.get_by_role("button", name="The right one is real").press("Enter")
    expect(said).to_contain_text("it has 2. Round 3")


def test_a_walk_is_walked(page, views, tmp_path):
    view = views["A walk among styles"]
    view.scroll_into_view_if_needed()
    pictures = view.locator("img.genai-pixels")
    before = pictures.first.get_attribute("src")
    view.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("End")
    expect(view.locator(".genai-said").first).to_contain_text("100% of the way")
    expect(pictures.first).not_to_have_attribute("src", before)
    for name, shown in views.items(): expect_readable_in_both_themes(page, shown, tmp_path, f'.genai-view[aria-label="{name}"]')
    assert not page.errors
