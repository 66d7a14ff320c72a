"""How long explorers take from a key press to changed pixels, in a real JupyterLab and Chromium, and how much a notebook grows by them."""

import json
import subprocess
import sys

from genai_course.cli.benches import dashboard
from genai_course.cli.benches.measuring import Result
from genai_course.cli.folders import course_folder
from genai_course.cli.trouble import Trouble

GOALS = {"graph, Python": 100, "bars, Python": 100, "bars, JS": 50}  # milliseconds, for 95 of 100 key presses
GROWTH_GOAL = 30  # kilobytes, for one widget of each kind
PROGRAM = "import json, latency; print(json.dumps(latency.measure()))"


def measured() -> dict:
    "What tests/browser/latency.py finds. Raises Trouble where it is not there or fails."
    folder = course_folder() / "tests" / "browser"
    if not (folder / "latency.py").exists(): raise Trouble(f"{folder / 'latency.py'} is missing: widgets are measured in a full clone only.")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode: raise Trouble("the explorers' latency could not be measured; the lines above say why.")
    return json.loads(done.stdout.splitlines()[-1])


def at_most(name: str, value: float, unit: str, spread: list[float], goal: float) -> Result:
    "A figure that should not exceed `goal`."
    return Result(name, value, unit, None, None, None, spread, f"value <= {goal}", value <= goal)


def measure() -> list[Result]:
    "The explorers' latency, the growth of a notebook, and what a dashboard costs."
    found = measured()
    latency = {name: found["latency"][name] for name in GOALS}
    times = [at_most(f"{name}, key to pixels, p95", x["p95_ms"], "ms", [x["median_ms"], x["p95_ms"]], GOALS[name]) for name, x in latency.items()]
    growth = found["growth_kb"]
    return [*times, at_most("notebook with one widget of each kind, growth", growth, "KB", [growth, growth], GROWTH_GOAL), *dashboard.measure()]
