"""Lesson 03 as a learner meets it: opened in JupyterLab, run from top to bottom; its race worked by keyboard and by mouse."""

import re

import pytest
from lab import open_copy, open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes, faults, inked
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = "from genai_course.explorers.optimizers import explore_network_race, explore_race\nexplore_race()", "explore_network_race()"


@pytest.fixture(scope="module")
def notebook(page, lab):
    "A notebook with both explorers, run."
    open_notebook(page, lab, write_notebook(lab.folder / "race.ipynb", *SHOW))
    run_all(page)
    return page


@pytest.fixture
def view(notebook):
    "The race downhill."
    found = notebook.get_by_role("region", name="Race downhill")
    found.scroll_into_view_if_needed()
    return found


def heights(view):
    "What stands beside each runner's name."
    return dict(zip(*[iter(view.locator(".genai-race g > text.genai-series-name").all_text_contents())] * 2, strict=True))


def test_keys_move_the_start_and_the_rate(page, view):
    said = view.locator(".genai-said")
    expect(said).to_contain_text("After 60 steps:")
    before, picture = said.inner_text(), view.screenshot()
    slider = view.get_by_role("slider", name="Start, across")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "Start, across is minus 4.5")
    expect(said).not_to_have_text(before)
    assert view.screenshot() != picture
    rate = view.get_by_role("slider", name="Rate of SGD and momentum")
    rate.focus()
    page.keyboard.press("End")
    expect(said).to_contain_text("SGD flew apart at step")
    page.keyboard.press("Home")
    expect(said).not_to_contain_text("flew apart")


def test_steps_go_back_and_forward_and_play(page, view):
    counter = view.locator(".genai-counter")
    for name, at in [("The race: reset to the start", "step 0 of 60"), ("The race: one step forward", "step 1 of 60")]:
        view.get_by_role("button", name=name).press("Enter")
        expect(counter).to_have_text(at)
    now = heights(view)
    assert list(now) == ["SGD", "momentum", "RMSProp", "Adam"] and len(set(now.values())) > 1
    view.get_by_role("button", name="The race: one step back").press("Enter")
    assert len(set(heights(view).values())) == 1  # all stand at the start
    view.get_by_role("combobox", name="The race: speed").select_option("fast")
    view.get_by_role("button", name="The race: play").press("Enter")
    expect(counter).not_to_have_text(re.compile("step [0-2] of 60"), timeout=15_000)
    view.get_by_role("button", name="The race: pause").press("Enter")


def test_the_start_is_dragged_with_the_mouse(page, view):
    ground = view.locator(".genai-race")
    box = ground.bounding_box()
    across, up = view.get_by_role("slider", name="Start, across"), view.get_by_role("slider", name="Start, up")
    unit = box["width"] / 700
    page.mouse.move(box["x"] + (44 + 117) * unit, box["y"] + (12 + 117) * unit)
    page.mouse.down()
    expect(across).to_have_value("-2")
    expect(up).to_have_value("2")
    page.mouse.move(box["x"] + (44 + 303) * unit, box["y"] + (12 + 303) * unit, steps=4)
    page.mouse.up()
    expect(across).to_have_value("2")
    expect(up).to_have_value("-2")
    ring = ground.locator(".genai-ring")
    expect(ring).to_have_attribute("cx", re.compile(r"^347\.3"))


def test_every_surface_is_described_and_has_a_table(page, view):
    view.get_by_role("combobox", name="Surface").select_option("a saddle")
    expect(view.locator(".genai-said")).to_contain_text("at height −")
    for title in ("Describe this", "Show as table"): view.get_by_text(title).press("Enter")
    rows = view.locator("tbody tr")
    expect(rows).to_have_count(13)
    expect(rows.first).to_contain_text("0")
    assert view.locator("thead th").all_text_contents() == ["step", "SGD", "momentum", "RMSProp", "Adam"]


def test_readable_in_light_and_dark(page, view, tmp_path):
    def drawn(): assert inked(view.locator(".genai-race").screenshot()) > 0.01

    expect_readable_in_both_themes(page, view, tmp_path, '.genai-view[aria-label="Race downhill"]', drawn)


def test_the_network_race_answers(page, notebook):
    view = notebook.get_by_role("region", name="Race on digits")
    view.scroll_into_view_if_needed()
    said = view.locator(".genai-said")
    before = said.inner_text()
    view.get_by_role("checkbox", name="Each pixel in its own units").press("Space")
    expect(said).not_to_have_text(before, timeout=15_000)
    assert not faults(page, '.genai-view[aria-label="Race on digits"]')


@pytest.mark.full
def test_lesson_03_runs(page, lab):
    open_copy(page, lab, "nbs/03_optimizers.ipynb")
    run_all(page, seconds=240)
    expect(page.get_by_role("region", name="Race downhill").locator(".genai-said")).to_contain_text("After 60 steps")
