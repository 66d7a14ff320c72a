"""Explorers in a real JupyterLab: every control by keyboard alone, every chart light and dark; a function that is slow or fails; no kernel."""

import re

import pytest
from lab import open_notebook, run_all, set_theme, write_notebook
from looks import faults, inked
from playwright.sync_api import expect
from spoken import expect_spoken

from genai_course.gallery import every_chart

pytestmark = pytest.mark.browser
ALL = "from genai_course.gallery import every_control\nevery_control()"
CHARTS = "from genai_course.gallery import gallery\nfrom IPython.display import display\nfor explorer in gallery(): display(explorer)"
SLOW = """
import os, time
from genai_course.charts import Bars
from genai_course.views import Explorer, Range
def trying(n):
    if n == 1: time.sleep(4)
    if n == 2: raise ZeroDivisionError("two is too much")
    if n == 3: os._exit(1)
    return Bars({"n": n}, f"n is {n}.")
Explorer("Trying", trying, [Range("n", 0, 4)])
"""


@pytest.fixture(scope="module")
def notebook(page, lab):
    "A notebook with an explorer that has every control, and one with a function of many moods."
    open_notebook(page, lab, write_notebook(lab.folder / "views.ipynb", ALL, SLOW))
    run_all(page)
    return page


@pytest.fixture
def controls(notebook):
    view = notebook.get_by_role("region", name="Controls", exact=True)
    expect(view).to_be_visible()
    return view


@pytest.fixture
def trying(notebook):
    view = notebook.get_by_role("region", name="Trying")
    expect(view).to_be_visible()
    return view


def test_every_control_has_its_name_and_is_moved_by_keys_alone(page, controls):
    said = controls.locator(".genai-said")
    expect(said).to_have_text("heat=1.0, rate=0, head='first', causal=False, prompt='hi', position=0, seed=0, like='warm'")
    heat = controls.get_by_role("slider", name="Heat")
    heat.focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("heat=1.1")
    expect(heat).to_have_attribute("aria-valuetext", "Heat is 1.1 K")
    presses = [("ArrowRight", "rate=0.01", "Rate"), ("ArrowDown", "head='second'", "Head"), ("Space", "causal=True", "Causal"), ("End", None, "Prompt")]
    for key, expected, name in presses:
        page.keyboard.press("Tab")
        expect(controls.get_by_label(name, exact=True)).to_be_focused()
        page.keyboard.press(key)
        if expected: expect(said).to_contain_text(expected)
    page.keyboard.type(" you")
    expect(said).to_contain_text("prompt='hi you'")
    controls.get_by_role("button", name="Draw again").press("Enter")
    expect(said).to_contain_text("seed=1")
    expect(said).to_contain_text("like='your own'")
    for key, expected, spoken in [("Home", "heat=1.0, ", "Heat is 1.0 K"), ("ArrowDown", "heat=2", "Heat is 2.0 K")]:
        controls.get_by_role("combobox", name="Like").press(key)
        expect(said).to_contain_text(expected)
        expect(heat).to_have_attribute("aria-valuetext", spoken)


def test_the_transport_steps_plays_and_changes_its_speed(page, controls):
    said, position = controls.locator(".genai-said"), controls.get_by_role("slider", name="Position")
    controls.get_by_role("button", name="Position: reset to the start").press("Enter")
    for name, at in [("one step forward", 1), ("one step forward", 2), ("one step back", 1)]:
        page.get_by_role("button", name=f"Position: {name}").press("Enter")
        expect(position).to_have_attribute("aria-valuetext", f"step {at} of 3")
        expect(said).to_contain_text(f"position={at}")
    for key, at in [("End", 3), ("ArrowLeft", 2), ("Home", 0)]:
        position.press(key)
        expect(position).to_have_attribute("aria-valuetext", f"step {at} of 3")
        expect(said).to_contain_text(f"position={at}")
    page.get_by_role("combobox", name="Position: speed").press("ArrowDown")
    page.get_by_role("button", name="Position: play").press("Enter")
    expect(page.get_by_role("button", name="Position: pause")).to_be_visible()
    expect(said).to_contain_text("position=3")
    expect(page.get_by_role("button", name="Position: play")).to_be_visible()


def test_a_transport_stops_where_its_controls_are_disabled_for_then_nobody_answers(page, controls):
    controls.get_by_role("button", name="Position: reset to the start").press("Enter")
    expect(controls.locator(".genai-said")).to_contain_text("position=0")  # an answer on its way would enable the controls again
    expect(controls).to_have_attribute("data-kernel", "live")
    controls.locator("fieldset").evaluate("fieldset => { fieldset.querySelector('.genai-play').click(); fieldset.disabled = true; }")
    expect(controls.get_by_role("button", name="Position: play")).to_be_visible()
    expect(controls.get_by_role("slider", name="Position")).to_have_attribute("aria-valuetext", "step 0 of 3")
    controls.locator("fieldset").evaluate("fieldset => { fieldset.disabled = false; }")


def test_a_slow_function_is_shown_as_busy_and_one_that_fails_says_why(page, trying):
    slider, name = trying.get_by_role("slider", name="N", exact=True), trying.locator("tbody th")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(trying).to_have_attribute("aria-busy", "true")
    expect(trying).to_have_attribute("data-kernel", re.compile("busy|waiting"))
    expect(trying).to_have_attribute("data-kernel", "live")
    expect(name).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(trying.get_by_role("alert")).to_have_text("✕ ZeroDivisionError: two is too much")
    expect(name).to_be_hidden()
    page.keyboard.press("End")
    expect(name).to_be_visible()
    expect(trying.get_by_role("alert")).to_have_text("")


def test_a_kernel_that_dies_is_told_and_the_picture_no_longer_looks_alive(page, trying):
    slider = trying.get_by_role("slider", name="N", exact=True)
    slider.focus()
    page.keyboard.press("Home")
    expect(trying.locator("tbody td").last).to_have_text("0")
    slider.evaluate("input => { input.value = 3; input.dispatchEvent(new Event('input')); }")
    expect(trying).to_have_attribute("data-kernel", "disconnected")
    expect(trying.locator(".genai-notice")).to_contain_text("Kernel disconnected")
    expect(slider).to_be_disabled()
    page.get_by_role("button", name="OK").press("Enter")


def test_every_view_is_without_fault_light_and_dark_and_its_picture_remains_without_a_kernel(page, lab):
    path = write_notebook(lab.folder / "gallery.ipynb", ALL, CHARTS)
    open_notebook(page, lab, path)
    run_all(page)
    names = [name for name in every_chart() if name != "Words"]
    for name in names: expect(page.get_by_role("region", name=name, exact=True)).to_be_visible()
    expect_spoken(page)
    ink = []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        set_theme(page, theme)
        assert not faults(page)
        ink.append([inked(page.get_by_role("region", name=name, exact=True).locator(".genai-views").screenshot()) for name in ("Bars", "Curves")])
    assert ink[1] == pytest.approx(ink[0], rel=0.3)
    set_theme(page, "JupyterLab Light")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    page.goto(f"{lab.url}/doc/tree/{path.name}?reset&token={lab.token}")
    for chart in every_chart().values(): expect(page.locator(".jp-OutputArea").get_by_alt_text(chart.alt, exact=True)).to_be_visible(timeout=60_000)
