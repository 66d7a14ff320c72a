"""The transformer explorer in a real JupyterLab: presets move the sliders, sliders leave the presets, by keyboard alone, light and dark."""

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = "from genai_course.explorers.transformer import explore_shape\nexplore_shape()"


@pytest.fixture(scope="module")
def explorer(page, lab):
    "The explorer in a notebook of its own."
    open_notebook(page, lab, write_notebook(lab.folder / "shape.ipynb", SHOW))
    run_all(page)
    view = page.get_by_role("region", name="Transformer explorer")
    expect(view).to_be_visible()
    return view


@pytest.fixture
def like(explorer):
    "The menu of presets, at its first."
    menu = explorer.get_by_role("combobox", name="Like")
    menu.focus()
    menu.press("Home")
    expect(explorer.locator(".genai-said")).to_contain_text("This lesson's: 804 thousand")
    return menu


def test_a_preset_moves_the_sliders_and_a_slider_leaves_the_preset(page, explorer, like):
    said, layers = explorer.locator(".genai-said"), explorer.get_by_role("slider", name="Layers")
    expect(layers).to_have_attribute("aria-valuetext", "Layers is 4")
    for _ in range(2): page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("GPT-3: 175 billion numbers, 66% of them in feed-forward.")
    expect(layers).to_have_attribute("aria-valuetext", "Layers is 96")
    expect(explorer.get_by_role("slider", name="Width")).to_have_attribute("aria-valuetext", "Width is 12288")
    expect(explorer.get_by_role("checkbox", name="Tied head")).to_be_checked()
    page.keyboard.press("Tab")
    expect(layers).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("Your own: 176 billion")
    expect(like.locator("option:checked")).to_have_text("your own")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("GPT-3: 175 billion")
    expect(like.locator("option:checked")).to_have_text("GPT-3")


def test_what_is_your_own_can_be_seen_and_not_be_chosen(page, explorer, like):
    for _ in range(9): page.keyboard.press("ArrowDown")
    expect(like.locator("option:checked")).to_have_text("Llama 3 70B")
    expect(explorer.locator(".genai-said")).to_contain_text("Llama 3 70B: 70.6 billion")


def test_bars_follow_and_heads_that_do_not_fit_are_told(page, explorer, like):
    head = explorer.get_by_role("row", name="head").first
    expect(head).to_contain_text("1.0%")
    tied = explorer.get_by_role("checkbox", name="Tied head")
    tied.focus()
    page.keyboard.press("Space")
    expect(head).to_contain_text("0.0%")
    heads = explorer.get_by_role("slider", name="Heads", exact=True)
    heads.focus()
    for _ in range(3): page.keyboard.press("ArrowRight")
    expect(explorer.get_by_role("alert")).to_contain_text("12 heads cannot share 128 numbers evenly")
    page.keyboard.press("ArrowLeft")
    expect(explorer.get_by_role("alert")).to_be_empty()


def test_readable_in_light_and_dark(page, explorer, like, tmp_path):
    for summary in explorer.locator("summary").all(): summary.press("Enter")
    expect_readable_in_both_themes(page, explorer, tmp_path)
