"""How long the backprop explorer takes from a key press to changed pixels. Run it: python tests/browser/latency.py"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from lab import find_chromium, open_browser, open_notebook, open_page, run_all, running_lab, write_notebook
from playwright.sync_api import Page, expect

SHOW = "from genai_course.explorers.backprop import explore_backprop\nexplore_backprop('(a*b + c).tanh()')"
# From the key event to the first frame painted after Python's answer has changed the output's text.
WATCH = """(view) => {
    const slider = view.querySelector('input[aria-label="Input a"]');
    const output = [...view.querySelectorAll('.genai-node-value')].at(-1);
    window.genaiSamples = [];
    let pressed = 0;
    slider.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    const painted = () => requestAnimationFrame(() => setTimeout(() => window.genaiSamples.push(performance.now() - pressed)));
    new MutationObserver(painted).observe(output, {childList: true, characterData: true, subtree: true});
}"""


def press_and_time(page: Page, samples: int) -> list[float]:
    "Milliseconds of each key press on an explorer that is on show, going to and fro."
    view = page.get_by_role("region", name="Backpropagation explorer")
    expect(view).to_be_visible()
    view.evaluate(WATCH)
    view.get_by_role("slider", name="Input a").focus()
    for i in range(samples):
        page.keyboard.press("ArrowRight" if i // 10 % 2 == 0 else "ArrowLeft")
        page.wait_for_function("count => window.genaiSamples.length > count", arg=i, polling=20)
    return page.evaluate("() => window.genaiSamples")[:samples]


def measure_explorer_latency(samples: int = 60) -> list[float]:
    "Milliseconds from key press to painted change, for that many presses after ten to warm up. Needs an installed Chromium."
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser, running_lab(Path(folder)) as lab, open_page(browser) as page:
        open_notebook(page, lab, write_notebook(lab.folder / "latency.ipynb", SHOW))
        run_all(page)
        return press_and_time(page, samples + 10)[10:]


def summary(milliseconds: list[float]) -> dict[str, float | int]:
    "Median and 95th percentile, rounded to a tenth of a millisecond."
    p95 = statistics.quantiles(milliseconds, n=20, method="inclusive")[-1]
    return {"samples": len(milliseconds), "median_ms": round(statistics.median(milliseconds), 1), "p95_ms": round(p95, 1)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=60, help="key presses to time (60)")
    wanted = parser.parse_args().samples
    if not find_chromium(): sys.exit("no Chromium found; install Chromium, e.g. apt-get install chromium")
    print(json.dumps(summary(measure_explorer_latency(wanted))))
