"""How long explorers take from a key press to changed pixels, in a real JupyterLab and Chromium, and how much a notebook grows by them."""

from collections.abc import Iterator

from genai_course.cli.benches import dashboard
from genai_course.cli.benches.in_browser import measured
from genai_course.cli.benches.measuring import Result, at_most

GOALS = {"graph, Python": 100, "bars, Python": 100, "bars, JS": 50}  # milliseconds, for 95 of 100 key presses
GROWTH_GOAL = 30  # kilobytes, for one widget of each kind


def measure() -> Iterator[Result]:
    "The explorers' latency, the growth of a notebook, and what a dashboard costs. Raises Trouble where a measurement is not there or fails."
    found = measured("latency", "the explorers' latency")
    latency = {name: found["latency"][name] for name in GOALS}
    for name, x in latency.items(): yield at_most(f"{name}, key to pixels, p95", x["p95_ms"], "ms", [x["median_ms"], x["p95_ms"]], GOALS[name])
    growth = found["growth_kb"]
    yield at_most("notebook with one widget of each kind, growth", growth, "KB", [growth, growth], GROWTH_GOAL)
    yield from dashboard.measure()
