"""The dashboard in a real JupyterLab, worked by keyboard alone: while it trains, while the kernel is busy, and when the kernel is gone."""

import re

import pytest
from lab import cell_states, open_notebook, wait_for, write_notebook
from looks import expect_readable_in_both_themes
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
CELLS = ["""import threading, time
import numpy as np
from genai_course.core import Step
from genai_course.dashboard import dashboard
from genai_course.run import Knob
from genai_course.trainer import Trainer, stop_all
knobs = {"lr": Knob(0.01, low=0.0001, high=1, log=True, label="learning rate"), "turns": Knob(1, low=1, high=5, whole=True)}
def sample(model, generator): return np.linspace(-1, 1, 64).reshape(1, 1, 8, 8)
def show(length, broken=False):
    global trainer
    def learn(model, knobs, generator):
        for i in range(length):
            time.sleep(0.002)
            if broken and i == 5: raise RuntimeError("out of chalk")
            yield Step(i, None, {"loss": 1 / (i + 1), "rate": knobs.lr})
    trainer = Trainer("browser", learn, make=lambda generator: "a trained model", sample=sample, total=length, knobs=knobs)
    return dashboard(trainer)""",
         "show(10**6)", "show(300)", "show(300, broken=True)", "print(await trainer.wait())", "time.sleep(600)",
         "print('threads', sum(t.name.startswith('training') for t in threading.enumerate()), trainer.state)"]  # fmt: skip
SETUP, ENDLESS, BRIEF, BROKEN, WAIT, SLEEP, COUNT = range(7)


@pytest.fixture(scope="module")
def notebook(page, lab):
    "The notebook, open in JupyterLab, with what the course needs imported."
    open_notebook(page, lab, write_notebook(lab.folder / "dashboard.ipynb", *CELLS))
    start_cell(page, SETUP)
    wait_until_idle(page)
    return page


@pytest.fixture
def show(notebook):
    "Runs the cells asked for in a notebook without outputs; gives the dashboard of the first."
    wait_until_idle(notebook)
    notebook.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")

    def run(*numbers):
        for number in numbers: start_cell(notebook, number)
        view = notebook.get_by_role("region", name="Training: browser")
        expect(view).to_be_visible(timeout=30_000)
        return view

    yield run
    stop = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code: 'stop_all()'}).done; }"
    if notebook.get_by_role("region", name="Training: browser").get_attribute("data-kernel") == "live": notebook.evaluate(stop)


def wait_until_idle(page):
    page.wait_for_function("""() => { const panel = window.jupyterapp.shell.currentWidget;
        return panel.sessionContext.session.kernel.status === 'idle' && [...panel.model.cells].every(c => c.executionState !== 'running'); }""", timeout=60_000)


def start_cell(page, number):
    "Run one cell, without waiting for it."
    page.evaluate("""number => { const panel = window.jupyterapp.shell.currentWidget;
        panel.content.activeCellIndex = number; panel.content.deselectAll(); window.jupyterapp.commands.execute('notebook:run-cell'); }""", number)


def output(page, number):
    "What a cell has printed or raised."
    return page.evaluate("""number => window.jupyterapp.shell.currentWidget.model.cells.get(number).outputs.toJSON()
        .map(o => o.text ?? (o.ename ? o.ename + ': ' + o.evalue : '')).flat().join('')""", number)


def saved_words(page, number):
    "The descriptions of the still pictures in a cell's output."
    return page.evaluate("""number => window.jupyterapp.shell.currentWidget.model.cells.get(number).outputs.toJSON()
        .filter(o => o.data?.['text/html']).map(o => [o.data['text/plain']].flat().join(''))""", number)


def runs(page, number):
    "Whether a cell is being run."
    return page.evaluate("number => window.jupyterapp.shell.currentWidget.model.cells.get(number).executionState === 'running'", number)


def word(view): return view.locator(".genai-run-word")


def steps(view): return int(re.match(r"[\d,]+", view.locator(".genai-run-pace").inner_text())[0].replace(",", ""))


def press(page, view, name):
    "Tab to a button, from the first one on, and press Enter."
    view.locator(".genai-main").focus()
    button = view.get_by_role("button", name=name)
    for _ in range(6):
        if button.evaluate("node => node === document.activeElement"): break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")


def interrupt(page): page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")


def test_pause_step_slow_motion_and_resume_while_a_cell_waits(page, show):
    view = show(ENDLESS, WAIT)
    expect(word(view)).to_have_text("Running")
    press(page, view, "Pause")
    expect(word(view)).to_have_text("Paused")
    at = steps(view)
    press(page, view, "One step")
    expect(view.locator(".genai-run-pace")).to_contain_text(f"{at + 1:,} of 1,000,000 steps")
    expect(word(view)).to_have_text("Paused")
    press(page, view, "Slow motion")
    expect(view.get_by_role("button", name="Slow motion")).to_have_attribute("aria-pressed", "true")
    press(page, view, "Resume")
    expect(word(view)).to_have_text("Running")
    wait_for(lambda: steps(view) >= at + 3, "slow steps")
    press(page, view, "Slow motion")
    wait_for(lambda: steps(view) >= at + 100, "fast steps")
    press(page, view, "Stop")
    expect(word(view)).to_have_text("Stopped")
    wait_for(lambda: "a trained model" in output(page, WAIT), "the waiting cell to end")


def test_a_knob_is_turned_by_the_arrow_keys_and_dated(page, show):
    view = show(ENDLESS)
    slider = view.get_by_role("slider", name="learning rate")
    slider.press("ArrowRight")
    changes, by_key = view.locator(".genai-run-history li"), re.compile(r"step [\d,]+: learning rate to 0\.01")
    expect(changes).to_have_text([by_key])
    # A drag is dated once. It is made in one turn of the page, for on a busy machine many keys can be more than one movement.
    slider.evaluate("slider => { for (let i = 0; i < 24; i++) { slider.stepUp(); slider.dispatchEvent(new Event('input')); } }")
    expect(slider).to_have_attribute("aria-valuetext", "learning rate is 0.1")
    expect(changes).to_have_text([by_key, re.compile(r"step [\d,]+: learning rate to 0\.1$")])
    expect(view.locator(".genai-series-detail").nth(1)).to_have_text("0.1")
    whole = view.get_by_role("slider", name="turns")
    whole.press("ArrowRight")
    expect(changes).to_have_count(3)
    expect(changes.last).to_have_text(re.compile(r"step [\d,]+: turns to 2$"))
    expect(whole).to_have_attribute("aria-valuetext", "turns is 2")
    before = view.locator(".genai-chart").screenshot()
    view.get_by_label("Logarithmic axis").press("Space")
    view.get_by_role("slider", name="Smoothing").press("Home")
    assert view.locator(".genai-chart").screenshot() != before


def test_stop_leaves_a_picture_and_restart_begins_anew(page, show):
    view = show(ENDLESS)
    wait_for(lambda: steps(view) > 500, "more steps than the new attempt will have when it is paused")
    press(page, view, "Stop")
    expect(word(view)).to_have_text("Stopped")
    wait_for(lambda: saved_words(page, ENDLESS)[0].startswith("Stopped, "), "the still picture")
    at = steps(view)
    press(page, view, "Restart")
    expect(word(view)).to_have_text("Running")
    expect(view.locator(".genai-behind")).to_have_count(2)
    wait_for(lambda: steps(view) > 5, "the first steps of the new attempt")
    press(page, view, "Pause")
    expect(word(view)).to_have_text("Paused")
    assert steps(view) != at
    expect(view.get_by_role("img", name="Samples at step 0")).to_be_visible()


def test_run_all_waits_for_the_model_and_the_picture_stays(page, show):
    view = show(BRIEF, WAIT)
    expect(word(view)).to_have_text("Finished")
    wait_for(lambda: "a trained model" in output(page, WAIT), "the waiting cell to end")
    wait_for(lambda: saved_words(page, BRIEF)[0].startswith("Finished, 300 of 300 steps."), "the still picture")
    assert cell_states(page)["errors"] == []


def test_running_the_cell_again_leaves_one_run(page, show):
    show(ENDLESS)
    for _ in range(3): start_cell(page, ENDLESS)

    def counted():
        start_cell(page, COUNT)
        wait_until_idle(page)
        return "threads 1 running" in output(page, COUNT)

    wait_for(counted, "a single run")
    expect(page.get_by_role("region", name="Training: browser")).to_have_count(1)


def test_a_pause_is_heard_while_another_cell_keeps_the_kernel_busy(page, show):
    view = show(ENDLESS, SLEEP)
    expect(word(view)).to_have_text("Running")
    press(page, view, "Pause")
    expect(word(view)).to_have_text("Paused")
    assert runs(page, SLEEP)
    interrupt(page)


@pytest.mark.parametrize("cell", [[], [SLEEP], [WAIT]])
def test_an_interrupt_stops_the_run_whatever_the_kernel_does(page, show, cell):
    view = show(ENDLESS, *cell)
    wait_for(lambda: steps(view) > 20, "some steps")
    interrupt(page)
    expect(word(view)).to_have_text("Stopped")


def test_an_error_is_shown_and_raised_where_the_model_is_waited_for(page, show):
    view = show(BROKEN, WAIT)
    expect(view.get_by_role("alert")).to_contain_text("RuntimeError: out of chalk (line 14: if broken and i == 5:")
    expect(word(view)).to_have_text("Failed")
    wait_for(lambda: "RuntimeError: out of chalk" in output(page, WAIT), "the error in the waiting cell")
    wait_for(lambda: saved_words(page, BROKEN)[0].startswith("Failed, 5 of 300 steps."), "the still picture")


def test_readable_in_light_and_dark(page, show, tmp_path):
    view = show(ENDLESS)
    view.get_by_role("slider", name="turns").press("ArrowRight")
    expect(view.locator(".genai-flag-number")).to_have_count(1)
    press(page, view, "Pause")
    expect(word(view)).to_have_text("Paused")
    for summary in view.locator("summary").all(): summary.press("Enter")
    expect_readable_in_both_themes(page, view, tmp_path)


def test_everything_has_a_name_and_a_value_for_screen_readers(page, show):
    view = show(ENDLESS)
    expect(word(view)).to_have_text("Running")
    press(page, view, "Pause")
    expect(word(view)).to_have_text("Paused")
    expect(view).to_match_aria_snapshot("""
        - 'region "Training: browser"':
          - group:
            - group "Steer the run":
              - button "Resume"
              - button "One step"
              - button "Slow motion"
              - button "Stop"
              - button "Restart"
            - paragraph:
              - status: Paused
            - progressbar "Steps done"
            - img /Paused, .* of 1,000,000 steps/
            - group "Knobs":
              - slider "learning rate"
              - slider "turns"
            - group "How the curves are drawn":
              - checkbox "Logarithmic axis"
              - slider "Smoothing"
            - region "Samples, oldest first"
    """)


@pytest.mark.parametrize("end", ["kernel.restart()", "kernel.requestExecute({code: 'import os; os._exit(1)'})"])
def test_a_kernel_that_is_gone_is_said_and_the_picture_does_not_look_alive(page, show, end):
    view = show(ENDLESS)
    wait_for(lambda: steps(view) > 20, "some steps")
    page.evaluate(f"() => {{ window.jupyterapp.shell.currentWidget.sessionContext.session.{end}; }}")
    expect(view).to_have_attribute("data-kernel", "disconnected")
    expect(view.locator(".genai-run-cut")).to_be_visible()
    expect(word(view)).to_be_hidden()
    for control in [*view.get_by_role("button").all(), *view.get_by_role("slider").all()]: expect(control).to_be_disabled()
    start_cell(page, SETUP)
