"""`bench`: measures against other implementations, by turns in one run."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
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


def measured(names: Sequence[str]) -> Iterator[Result]:
    "The figures of families, one after the other; says which family is at work."
    for name in names:
        print(f"Measuring {name}: this takes minutes, and wants a machine that does nothing else.", file=sys.stderr)
        yield from import_module(f"genai_course.cli.benches.{name}").measure()


def written(file: str, results: Sequence[Result]) -> None:
    "Write figures to a file. Raises Trouble where that cannot be done."
    report = {"machine": machine(), "results": [result.as_json() for result in results]}
    try: write_atomically(Path(file), json.dumps(report, indent=1) + "\n")
    except OSError as error: raise explained(error) from error


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Measure one family or all, and print each figure as soon as it is there; with `--json` the file has all that there are so far. Returns 1 if a goal is missed."
    results = []
    for result in measured([options.name] if options.name else BENCHES):
        print(line(result), flush=True)
        results.append(result)
        if options.json: written(options.json, results)
    return 0 if all(result.met for result in results) else 1
