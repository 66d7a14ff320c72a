"""Times two things by turns in one run, and says how they compare."""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Result:
    "One figure. Where there is a peer, `ratio` is value / peer_value, or its inverse where more is better."
    name: str
    value: float  # median over the repeats, in `unit`
    unit: str
    peer: str | None  # what it is compared with
    peer_value: float | None  # median over the repeats, in `unit`
    ratio: float | None  # median over the pairs of measurements
    spread: list[float]  # lowest and highest ratio, or value where there is no peer
    goal: str  # such as "ratio >= 100"
    met: bool

    def as_json(self) -> dict:
        "The result in the form that is written to a file."
        return asdict(self)


def seconds(action: Callable[[], object]) -> float:
    "How long one call takes."
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def by_turns(ours: Callable[[], object], peers: Callable[[], object], repeats: int, warm_up: bool = True) -> list[tuple[float, float]]:
    "Seconds of each, one after the other, `repeats` times, after one of each that does not count, unless they take too long for a `warm_up`."
    if warm_up: ours(), peers()
    return [(seconds(ours), seconds(peers)) for _ in range(repeats)]


def how_much_faster(name: str, peer: str, pairs: list[tuple[float, float]], goal: float) -> Result:
    "How many times faster we are than the peer; the goal is at least `goal`."
    ratios = [peers / ours for ours, peers in pairs]
    return _compared(name, peer, pairs, ratios, f"ratio >= {goal:g}", statistics.median(ratios) >= goal)


def how_much_slower(name: str, peer: str, pairs: list[tuple[float, float]], goal: float) -> Result:
    "How many times the peer's time we take; the goal is at most `goal`."
    ratios = [ours / peers for ours, peers in pairs]
    return _compared(name, peer, pairs, ratios, f"ratio <= {goal:g}", statistics.median(ratios) <= goal)


def lower_than(name: str, unit: str, peer: str, pairs: list[tuple[float, float]]) -> Result:
    "A figure of which less is better, in `unit`; the goal is to be below the peer in each pair."
    ratios = [ours / peers for ours, peers in pairs]
    return _compared(name, peer, pairs, ratios, "ratio < 1, each time", max(ratios) < 1, unit)


def at_least(name: str, value: float, unit: str, spread: list[float], goal: float) -> Result:
    "A figure without a peer; the goal is at least `goal`, in `unit`."
    return Result(name, value, unit, None, None, None, spread, f"value >= {goal:g}", value >= goal)


def higher_than(name: str, unit: str, peer: str, pairs: list[tuple[float, float]]) -> Result:
    "A figure of which more is better, in `unit`; the goal is not to be below the peer in any pair."
    ratios = [ours / peers for ours, peers in pairs]
    return _compared(name, peer, pairs, ratios, "ratio >= 1, each time", min(ratios) >= 1, unit)


def _compared(name: str, peer: str, pairs: list[tuple[float, float]], ratios: list[float], goal: str, met: bool, unit: str = "seconds") -> Result:
    ours, peers = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Result(name, ours, unit, peer, peers, statistics.median(ratios), [min(ratios), max(ratios)], goal, met)


def at_most(name: str, value: float, unit: str, spread: list[float], goal: float) -> Result:
    "A figure without a peer; the goal is at most `goal`, in `unit`."
    return Result(name, value, unit, None, None, None, spread, f"value <= {goal:g}", value <= goal)


def alone(name: str, values: list[float], unit: str, goal: float) -> Result:
    "The median of `values`, as `at_most`."
    return at_most(name, statistics.median(values), unit, [min(values), max(values)], goal)


def machine() -> dict:
    "What the figures were measured on."
    packages = {name: version(name) for name in ("torch", "numpy")}
    return {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(), **packages}
