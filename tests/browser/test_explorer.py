"""The backprop explorer and the prediction form in a real JupyterLab, worked by keyboard alone."""

import re

import pytest
from lab import open_notebook, run_all, write_notebook
from looks import expect_readable_in_both_themes, faults
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SHOW = "from genai_course.explorers.backprop import explore_backprop\nexplore_backprop('a*b + a', a=1.5, b=2.0)"
ASK = "from genai_course.widgets import predict\npredict('02.browser', 'Up or down?', ['up', 'down'], answer='down')"


@pytest.fixture(scope="module")
def notebook(page, lab):
    "A notebook with the explorer, open in JupyterLab."
    open_notebook(page, lab, write_notebook(lab.folder / "explorer.ipynb", SHOW))
    return page


@pytest.fixture
def explorer(notebook):
    "A fresh explorer: its cell is run again."
    notebook.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    run_all(notebook)
    view = notebook.get_by_role("region", name="Backpropagation explorer")
    expect(view).to_be_visible()
    return view


def reach(page, target):
    "Press Tab until `target` has the focus, starting in the expression's field."
    page.locator(".genai-expression input").focus()
    for _ in range(20):
        if target.evaluate("node => node === document.activeElement"): return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not reach {target}")


def node_texts(view) -> list[str]:
    return view.locator(".genai-node").evaluate_all("nodes => nodes.map(n => [...n.querySelectorAll('text')].map(t => t.textContent).join(' '))")


def test_an_arrow_key_moves_an_input_and_everything_that_hangs_on_it(page, explorer):
    assert node_texts(explorer)[:2] == ["a 1.5 grad 3", "b 2 grad 1.5"]
    slider = explorer.get_by_role("slider", name="Input b")
    reach(page, slider)
    before = explorer.screenshot()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "b is 2.1")
    expect(explorer.locator(".genai-node-gradient").first).to_have_text("grad 3.1")
    assert node_texts(explorer)[1] == "b 2.1 grad 1.5"
    assert explorer.screenshot() != before
    page.keyboard.press("Home")
    expect(explorer.locator(".genai-node-gradient").first).to_have_text("grad −2")


def test_steps_go_forward_and_back_and_play(page, explorer):
    words, counter = explorer.locator(".genai-explanation"), explorer.locator(".genai-counter")
    for name, at, said in [("Steps: reset to the start", "0 of 6", "inputs are known"), ("Steps: one step forward", "1 of 6", "Forward: from a = 1.5")]:
        reach(page, explorer.get_by_role("button", name=name))
        page.keyboard.press("Enter")
        expect(counter).to_have_text(at)
        expect(words).to_contain_text(said)
    assert "+ ? " in node_texts(explorer)
    for _ in range(3): page.keyboard.press("Enter")
    expect(words).to_contain_text("sends it on to a * b, multiplied by 1: 1; to a, multiplied by 1: 1.")
    expect(explorer.locator(".genai-current .genai-marker")).to_be_visible()
    reach(page, explorer.get_by_role("button", name="Steps: one step back"))
    page.keyboard.press("Enter")
    expect(counter).to_have_text("3 of 6")
    reach(page, explorer.get_by_role("button", name="Steps: play"))
    page.keyboard.press("Enter")
    expect(counter).to_have_text("6 of 6", timeout=15_000)
    expect(words).to_contain_text("Done.")


def test_a_typed_expression_is_drawn_and_a_bad_one_gets_its_message(page, explorer):
    field = explorer.get_by_label("Expression")
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("exp(x) * x")
    page.keyboard.press("Enter")
    expect(explorer.get_by_role("slider", name="Input x")).to_be_visible()
    expect(explorer.locator(".genai-node-label").first).to_have_text("x")
    page.keyboard.press("Control+A")
    page.keyboard.type("x + sin(x)")
    page.keyboard.press("Enter")
    expect(explorer.get_by_role("alert")).to_contain_text("sin(x): the functions here are tanh, exp, log and relu")
    expect(explorer.locator("mark")).to_have_text("sin(x)")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+A")
    page.keyboard.type("log(x - x)")
    page.keyboard.press("Enter")
    expect(explorer.locator(".genai-trouble")).to_contain_text("a logarithm needs a number above zero")
    expect(explorer.get_by_role("alert")).to_be_hidden()


def test_an_example_is_chosen_by_keyboard(page, explorer):
    reach(page, explorer.get_by_role("combobox", name="Examples"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(explorer.get_by_label("Expression")).to_have_value("(w*x + b - y)**2")
    expect(explorer.get_by_role("slider", name="Input w")).to_have_attribute("aria-valuetext", "w is 0.5")


def test_it_is_described_in_words_and_as_a_table(page, explorer):
    for title in ("Describe this", "Show as table"): explorer.get_by_text(title).press("Enter")
    expect(explorer.get_by_text("The computation graph of a*b + a.")).to_be_visible()
    rows = explorer.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_have_text(re.compile("a.*input.*1.5.*3"))


def test_readable_in_light_and_dark(page, explorer, tmp_path):
    for summary in explorer.locator("summary").all(): summary.press("Enter")
    explorer.get_by_role("button", name="Steps: one step back").press("Enter")
    expect_readable_in_both_themes(page, explorer, tmp_path)


def test_the_still_picture_gives_way_to_the_view_and_remains_without_kernel(page, explorer):
    picture = page.get_by_role("img", name=re.compile("^The computation graph of a\\*b"))
    expect(page.locator(".jp-OutputArea img")).to_be_hidden()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(explorer).to_have_attribute("data-kernel", "disconnected")
    expect(explorer.locator(".genai-notice")).to_contain_text("Kernel disconnected")
    expect(explorer.get_by_role("slider", name="Input a")).to_be_disabled()
    expect(picture.first).to_be_visible()


def test_a_busy_kernel_is_said_and_caught_up_with(page, explorer):
    run = "async code => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({code}).done; }"
    slider = explorer.get_by_role("slider", name="Input b")
    slider.focus()
    page.evaluate(f"code => {{ ({run})(code); }}", "import time; time.sleep(4)")
    for _ in range(5): page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "b is 2.5")
    expect(explorer.locator(".genai-node-gradient").first).to_have_text("grad 3.5", timeout=15_000)
    expect(explorer).to_have_attribute("data-kernel", "live")


def test_a_prediction_is_kept_and_then_judged(page, lab):
    open_notebook(page, lab, write_notebook(lab.folder / "predict.ipynb", ASK))
    run_all(page)
    form = page.get_by_role("region", name="Your prediction")
    expect(form).to_be_visible()
    assert not (found := faults(page)), found
    form.get_by_role("button", name="Keep my guess").press("Enter")
    expect(form.get_by_role("alert")).to_have_text("choose one of the answers first.")
    assert "down, 70" not in form.inner_text()
    form.get_by_role("radio", name="down").press("Space")
    for _ in range(2): form.get_by_role("slider").press("ArrowRight")
    form.get_by_role("button", name="Keep my guess").press("Enter")
    expect(form.get_by_text("You said down, 70 % sure.")).to_be_visible()
    expect(form.locator(".genai-verdict")).to_have_text("Right: down.")
    expect(form.get_by_role("status").filter(has_text="Right: down.")).to_be_focused()  # the form is gone, the focus is not
    expect(form.get_by_role("group", name="What became of your guess")).to_be_hidden()


def test_a_prediction_without_an_answer_is_marked_by_the_learner(page, lab):
    open_notebook(page, lab, write_notebook(lab.folder / "mark.ipynb", "from genai_course.widgets import predict\npredict('02.mark', 'How fast?')"))
    run_all(page)
    form = page.get_by_role("region", name="Your prediction")
    form.get_by_label("Your guess, a number").fill("500")
    page.keyboard.press("Enter")
    expect(form.get_by_text("You said 500, 50 % sure.")).to_be_visible()
    page.keyboard.press("Tab")
    expect(form.get_by_role("button", name="It came true")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.locator(".genai-verdict")).to_have_text("You marked it: it did not come true.")
    assert not (found := faults(page)), found
