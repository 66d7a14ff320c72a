"""How long explorers take from a key press to changed pixels, and how much a notebook grows. Run it: python tests/browser/latency.py"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from lab import find_chromium, open_browser, open_notebook, open_page, run_all, running_lab, write_notebook
from playwright.sync_api import Page, expect

KINDS = """
from genai_course.gallery import every_control, gallery
from genai_course.widgets import predict
from IPython.display import display
kinds = {view.data["charts"][0]["kind"]: view for view in gallery()}
for view in [*kinds.values(), every_control(), predict('00.growth', 'Up or down?', ['up', 'down'])]: display(view)
"""
BARS = """
import numpy as np
from genai_course.charts import Bars
from genai_course.views import Explorer, Range
logits = np.random.default_rng(0).standard_normal(20)
def tempered(temperature):
    p = np.exp(logits / temperature)
    return Bars({str(i): share for i, share in enumerate(p / p.sum())}, "Twenty shares.", percent=True)
Explorer("Bars out of Python", tempered, [Range("temperature", 0.1, 5, 0.1, start=1)])
"""
# From the key event to the first frame painted after the answer has changed what `watched` holds.
WATCH = """(view, watched) => {
    window.genaiSamples = [];
    let pressed = 0;
    view.querySelector('input[type=range]').addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const painted = () => requestAnimationFrame(() => setTimeout(() => window.genaiSamples.push(performance.now() - pressed)));
    new MutationObserver(painted).observe([...view.querySelectorAll(watched)].at(-1), {childList: true, characterData: true, subtree: true});
}"""


class Case(NamedTuple):
    "An explorer to time: the cell that shows it, its name, and what changes when its first slider moves."
    cell: str
    label: str
    watched: str


CASES = {
    "graph, Python": Case("from genai_course.explorers.backprop import explore_backprop\nexplore_backprop('(a*b + c).tanh()')", "Backpropagation explorer", ".genai-node-value"),
    "bars, Python": Case(BARS, "Bars out of Python", ".genai-bars tbody"),
    "bars, JS": Case("from genai_course.explorers.prediction import explore_temperature\nexplore_temperature({'a': 0.6, 'b': 0.3, 'c': 0.1})", "Temperature explorer", ".genai-bars tbody"),
}  # fmt: skip


def press_and_time(page: Page, case: Case, samples: int) -> list[float]:
    "Milliseconds of each key press on an explorer that is on show, going to and fro."
    view = page.get_by_role("region", name=case.label)
    expect(view).to_be_visible()
    view.evaluate(WATCH, case.watched)
    view.get_by_role("slider").first.focus()
    for i in range(samples):
        page.keyboard.press("ArrowRight" if i // 10 % 2 == 0 else "ArrowLeft")
        page.wait_for_function("count => window.genaiSamples.length > count", arg=i, polling=20)
    return page.evaluate("() => window.genaiSamples")[:samples]


def grown(page: Page, path: Path) -> float:
    "Kilobytes that a notebook has grown by when it is saved with its outputs."
    before = path.stat().st_size
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    return (path.stat().st_size - before) / 1000


def measure(samples: int = 60) -> dict:
    "Times of each case, after ten presses to warm up, and the growth by one widget of each kind. Needs an installed Chromium."
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser, running_lab(Path(folder)) as lab, open_page(browser) as page:
        open_notebook(page, lab, write_notebook(lab.folder / "latency.ipynb", *[case.cell for case in CASES.values()]))
        run_all(page)
        times = {name: summary(press_and_time(page, case, samples + 10)[10:]) for name, case in CASES.items()}
        path = write_notebook(lab.folder / "growth.ipynb", KINDS)
        open_notebook(page, lab, path)
        run_all(page)
        return {"latency": times, "growth_kb": grown(page, path)}


def summary(milliseconds: list[float]) -> dict[str, float | int]:
    "Median and 95th percentile, rounded to a tenth of a millisecond."
    p95 = statistics.quantiles(milliseconds, n=20, method="inclusive")[-1]
    return {"samples": len(milliseconds), "median_ms": round(statistics.median(milliseconds), 1), "p95_ms": round(p95, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=60, help="key presses to time (60)")
    wanted = parser.parse_args().samples
    if not find_chromium(): sys.exit("no Chromium found; install Chromium, e.g. apt-get install chromium")
    print(json.dumps(measure(wanted)))
