"""What a dashboard costs, and how fast a pause is acknowledged, measured in JupyterLab. Run it: python tests/browser/dashboard_cost.py"""

import json
import statistics
import tempfile
from pathlib import Path

from lab import cell_states, open_browser, open_notebook, open_page, running_lab, wait_for, write_notebook
from playwright.sync_api import Page, expect

ROUNDS, PAUSES, STEPS = 10, 40, 9000  # the first third of the steps is not timed: threads start, and the page shows the view
SETUP = f"""
import json, statistics, time, torch
from genai_course.core import Step
from genai_course.dashboard import dashboard
from genai_course.trainer import Trainer

def learn(model, knobs, generator, steps={STEPS}):
    network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    x, y = torch.randn(64, 64, generator=generator), torch.randint(10, (64,), generator=generator)
    for i in range(steps):
        if i == steps // 3: began = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        yield Step(i, (x, y), {{"loss": loss.item()}})
    model.append(time.perf_counter() - began)  # here, for `wait` looks only now and then

async def seconds(show):
    trainer = Trainer("shown" if show else "alone", learn, make=lambda generator: [])
    if show: display(dashboard(trainer))
    return (await trainer.wait())[0]

async def pair(shown_first):
    one, other = await seconds(shown_first), await seconds(not shown_first)
    return (one, other) if shown_first else (other, one)

async def compare():
    await pair(True)
    pairs = [await pair(i % 2 == 0) for i in range({ROUNDS})]  # first one, then the other comes first: a machine that tires does so for both
    ratios = [shown / alone for shown, alone in pairs]
    shown, alone = (statistics.median(side) for side in zip(*pairs))
    print(json.dumps({{"shown": shown, "alone": alone, "ratio": statistics.median(ratios), "spread": [min(ratios), max(ratios)]}}))
"""
ENDLESS = "dashboard(Trainer('endless', lambda *parts: learn(*parts, steps=10**9)))"
# From the key event to the first frame painted after the word has changed to "Paused".
WATCH = """(view) => {
    window.genaiSamples = [];
    let pressed = 0;
    view.querySelector('.genai-main').addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const word = view.querySelector('.genai-run-word');
    const painted = () => { if (word.textContent === 'Paused') requestAnimationFrame(() => setTimeout(() => window.genaiSamples.push(performance.now() - pressed))); };
    new MutationObserver(painted).observe(word, {childList: true, characterData: true, subtree: true});
}"""


def output(page: Page, number: int) -> str:
    "What a cell has printed."
    return page.evaluate("""number => window.jupyterapp.shell.currentWidget.model.cells.get(number).outputs.toJSON()
        .map(o => [o.text ?? ''].flat().join('')).join('')""", number)


def press_and_time(page: Page) -> list[float]:
    "Milliseconds from the pressed key to the painted acknowledgement, for each of PAUSES pauses."
    view = page.get_by_role("region", name="Training: endless")
    expect(view.locator(".genai-run-word")).to_have_text("Running", timeout=60_000)
    view.evaluate(WATCH)
    for i in range(PAUSES):
        view.get_by_role("button", name="Pause").press("Enter")
        page.wait_for_function("count => window.genaiSamples.length > count", arg=i, polling=20)
        view.get_by_role("button", name="Resume").press("Enter")
        expect(view.locator(".genai-run-word")).to_have_text("Running")
    return page.evaluate("() => window.genaiSamples")


def measure() -> dict:
    "`cost` (seconds of the same training shown and not shown, by turns) and `pause_ms`. Needs an installed Chromium."
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser, running_lab(Path(folder)) as lab, open_page(browser) as page:
        open_notebook(page, lab, write_notebook(lab.folder / "cost.ipynb", SETUP, "await compare()", ENDLESS))
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        wait_for(lambda: cell_states(page)["errors"] or output(page, 1).strip(), "the comparison", seconds=600)
        if errors := cell_states(page)["errors"]: raise RuntimeError(errors)
        pauses = press_and_time(page)
        p95 = statistics.quantiles(pauses, n=20, method="inclusive")[-1]
        return {"cost": json.loads(output(page, 1)), "pause_ms": {"median": statistics.median(pauses), "p95": p95, "spread": [min(pauses), max(pauses)]}}


if __name__ == "__main__": print(json.dumps(measure()))
