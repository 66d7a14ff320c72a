"""`bench`: measures against other implementations, by turns in one run."""

import argparse
import json
from importlib import import_module
from pathlib import Path

from genai_course.cli import BENCHES
from genai_course.cli.benches.measuring import Result, machine
from genai_course.cli.trouble import explained
from genai_course.core import write_atomically


def line(result: Result) -> str:
    "A result in words."
    low, high = result.spread
    mark = "✓" if result.met else "✗"
    if result.peer is None: return f"{mark} {result.name}: {result.value:.3g} {result.unit} ({low:.3g} to {high:.3g}); goal: {result.goal}"
    times = f"{result.value:.3g} {result.unit}, {result.peer} {result.peer_value:.3g}"
    return f"{mark} {result.name}: {times}; ratio {result.ratio:.3g} ({low:.3g} to {high:.3g}); goal: {result.goal}"


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Measure one family or all, print the figures, and write them to `--json` if asked; returns 1 if a goal is missed."
    results = []
    for name in [options.name] if options.name else BENCHES:
        for result in import_module(f"genai_course.cli.benches.{name}").measure():
            print(line(result), flush=True)
            results.append(result)
    report = {"machine": machine(), "results": [result.as_json() for result in results]}
    try:
        if options.json: write_atomically(Path(options.json), json.dumps(report, indent=1) + "\n")
    except OSError as error: raise explained(error) from error
    return 0 if all(result.met for result in results) else 1
