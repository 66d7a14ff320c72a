"""The convolution explorer in a real JupyterLab: drawn by keyboard and by mouse, readable in light and dark."""


import pytest
from lab import open_copy, open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = "from genai_course.explorers.convolution import explore_convolution\nexplore_convolution()"


@pytest.fixture
def explorer(page, lab):
    "A fresh explorer in a notebook of its own."
    open_notebook(page, lab, write_notebook(lab.folder / "filters.ipynb", SHOW))
    run_all(page)
    view = page.get_by_role("region", name="Convolution explorer")
    expect(view).to_be_visible()
    return view


def numbers(view): return view.locator(".genai-taps [role=spinbutton]").all_text_contents()


def test_a_filter_is_drawn_by_keyboard_and_the_map_follows(page, explorer):
    assert numbers(explorer) == ["−1", "0", "1"] * 3
    first, sum_of = explorer.get_by_role("spinbutton", name="Filter row 1, column 1"), explorer.locator(".genai-sum")
    expect(sum_of).to_contain_text("Row 1, column 1: −1 × ")
    before = explorer.get_by_role("img", name="The map").text_content()
    explorer.get_by_role("combobox", name="Filters to start from").focus()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_have_attribute("aria-valuetext", "minus 0.75")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    assert numbers(explorer)[:3] == ["−0.75", "1", "1"]
    expect(sum_of).to_contain_text("−0.75 × ")
    assert explorer.get_by_role("img", name="The map").text_content() != before
    place = explorer.get_by_role("slider", name="Place on the map")
    place.focus()
    page.keyboard.press("End")
    expect(place).to_have_attribute("aria-valuetext", "row 6, column 6")
    expect(sum_of).to_contain_text("Row 6, column 6:")


def test_a_filter_is_painted_by_mouse_and_a_place_is_clicked(page, explorer):
    cells = explorer.locator(".genai-taps [role=spinbutton]")
    explorer.get_by_role("radio", name="0", exact=True).check()
    cells.nth(0).hover()
    page.mouse.down()
    for i in (3, 6): cells.nth(i).hover()
    page.mouse.up()
    cells.nth(8).hover()
    assert numbers(explorer) == ["0", "0", "1"] * 3
    explorer.locator(".genai-squares").nth(1).locator("rect").nth(8).click()
    expect(explorer.locator(".genai-sum")).to_contain_text("Row 2, column 3: 1 × ")


def test_picture_and_preset_are_chosen(page, explorer):
    before = explorer.get_by_role("img", name="The map").text_content()
    explorer.get_by_role("combobox", name="Filters to start from").select_option(label="brightness")
    assert numbers(explorer) == ["1"] * 9
    expect(explorer.get_by_role("img", name="The map")).not_to_have_text(before)
    dark = explorer.get_by_role("img", name="The picture").screenshot()
    explorer.get_by_role("combobox", name="Picture").select_option("0")
    explorer.get_by_text("Describe this").press("Enter")
    expect(explorer.get_by_text("The map has 6 rows and 6 columns.")).to_be_visible()
    assert explorer.get_by_role("img", name="The picture").screenshot() != dark


def test_readable_in_light_and_dark(page, explorer, tmp_path):
    for summary in explorer.locator("summary").all(): summary.press("Enter")
    expect_readable_in_both_themes(page, explorer, tmp_path)


@pytest.mark.full
def test_lesson_05_runs_and_its_explorer_answers(page, lab):
    open_copy(page, lab, "nbs/05_convolution.ipynb")
    run_all(page, seconds=240)
    view = page.get_by_role("region", name="Convolution explorer")
    view.scroll_into_view_if_needed()
    picture = view.screenshot()
    view.get_by_role("spinbutton", name="Filter row 2, column 2").focus()
    page.keyboard.press("End")
    expect(view.locator(".genai-sum")).to_contain_text("1 × ")
    assert view.screenshot() != picture
