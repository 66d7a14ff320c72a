"""Lesson 13's explorers in a real JupyterLab: run through by keyboard, readable in light and dark."""

import re

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = """
import torch
from IPython.display import display
from genai_course.data import digits
from genai_course.diffusion import cosine_schedule, exact_denoiser
from genai_course.explorers.diffusion import explore_field, explore_schedule, explore_steps

alpha_bar = cosine_schedule(200)
display(explore_schedule(), explore_steps(exact_denoiser(torch.tensor(digits().x_train), alpha_bar), alpha_bar), explore_field())
"""


@pytest.fixture(scope="module")
def views(page, lab):
    "The three explorers by name."
    open_notebook(page, lab, write_notebook(lab.folder / "diffusion.ipynb", SHOW))
    run_all(page)
    return {name: page.get_by_role("region", name=name) for name in ("Noise schedules", "Steps of a drawing", "Points that drift")}


def moment_of(view): return view.get_by_role("slider", name="Moment")


def test_a_picture_goes_under(page, views):
    view = views["Noise schedules"]
    view.scroll_into_view_if_needed()
    said = view.locator(".genai-said").first
    expect(said).to_contain_text("cosine. Time 250 of 1,000")
    moment_of(view).focus()
    page.keyboard.press("End")
    expect(said).to_contain_text("cosine. Time 1,000 of 1,000: picture 0.00, noise 1.00")
    view.get_by_role("combobox", name="Schedule").select_option(label="linear")
    expect(said).to_contain_text("linear. Time 1,000 of 1,000: picture 0.01, noise 1.00")


def test_a_drawing_is_run_through(page, views):
    view = views["Steps of a drawing"]
    view.scroll_into_view_if_needed()
    said, pictures = view.locator(".genai-said").first, view.locator("img.genai-pixels")
    expect(pictures).to_have_count(3)
    before = pictures.last.get_attribute("src")
    moment_of(view).focus()
    page.keyboard.press("End")
    expect(said).to_have_text(re.compile(r"Step (\d+) of \1: finished\."))
    expect(pictures.last).not_to_have_attribute("src", before)
    view.get_by_role("button", name="Moment: one step back").press("Enter")
    expect(said).to_contain_text("from the final one")


def test_points_drift_to_the_data(page, views, tmp_path):
    view = views["Points that drift"]
    view.scroll_into_view_if_needed()
    expect(view.locator(".genai-arrow").first).to_be_visible()
    moment_of(view).focus()
    page.keyboard.press("End")
    expect(view.locator(".genai-said").first).to_contain_text("Step 40 of 40, time 0")
    expect(view.locator(".genai-arrow")).to_have_count(0)
    for name, shown in views.items(): expect_readable_in_both_themes(page, shown, tmp_path, f'.genai-view[aria-label="{name}"]')
    assert not page.errors
