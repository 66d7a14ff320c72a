"""The race explorers: walks obey the methods' own arithmetic, heights are the formulas', what flies apart is told, what is sent is plain data."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course.backprop import numerical_gradient
from genai_course.explorers.optimizers import (
    FAR,
    METHODS,
    REACH,
    STEPS,
    SURFACES,
    Race,
    explore_network_race,
    explore_race,
    heights,
    level_lines,
    network_losses,
    race,
    told,
    tuned,
    walk,
)
from genai_course.optimizers import Adam, Descent
from genai_course.pictures import lattice

FORMULAS = {  # written anew, for torch
    "a narrow valley": lambda x, y: (x**2 + 20 * y**2) / 2,
    "a saddle": lambda x, y: x**2 - y**2 + y**4 / 8,
    "a bent valley (Beale's)": lambda x, y: torch.log1p((1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2),
}
TORCHS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.03), "momentum": lambda p: torch.optim.SGD(p, 0.03, momentum=0.8),
    "RMSProp": lambda p: torch.optim.RMSprop(p, 0.1), "Adam": lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.999)),
}  # fmt: skip
places = st.tuples(st.floats(-REACH, REACH), st.floats(-REACH, REACH))


@pytest.mark.parametrize("name", SURFACES)
@given(place=places)
def test_heights_and_slopes_are_the_formulas(name, place):
    x, y = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in place)
    expected = FORMULAS[name](x, y)
    expected.backward()
    found = lambda p: float(heights(SURFACES[name], p[None])[0])
    assert found(np.array(place)) == pytest.approx(expected.item(), abs=1e-9)
    assert numerical_gradient(found, np.array(place)) == pytest.approx([x.grad.item(), y.grad.item()], rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("name", SURFACES)
@pytest.mark.parametrize("method", METHODS)
def test_a_walk_is_torchs(name, method):
    p = torch.tensor([2.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer, expected = TORCHS[method]([p]), [p.detach().clone().numpy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        FORMULAS[name](p[0], p[1]).backward()
        optimizer.step()
        expected.append(p.detach().clone().numpy())
    found = walk(SURFACES[name], (2.0, 1.0), tuned(METHODS, 0.03, 0.1, 0.8)[method])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@settings(max_examples=30)
@given(st.sampled_from(list(SURFACES)), places, st.sampled_from([0.001, 0.03, 1.0]), st.sampled_from([0.001, 0.1, 1.0]), st.floats(0, 0.99))
def test_any_race_is_finite_plain_data_that_says_who_left(name, start, rate, own_rate, momentum):
    paths = race(SURFACES[name], start, tuned(METHODS, rate, own_rate, momentum))
    said, chart = told(SURFACES[name], paths), Race(SURFACES[name], paths, "A race.")
    packed = json.loads(json.dumps(chart.pack(), allow_nan=False))
    for runner, (method, path) in zip(packed["runners"], paths.items(), strict=True):
        assert runner["name"] == method and len(runner["places"]) == len(runner["heights"]) == len(path) <= STEPS + 1
        assert path[0] == pytest.approx(start)
        assert np.abs(path).max() < FAR and (len(path) <= STEPS) == (f"{method} flew apart at step {len(path)}." in said)


@pytest.mark.parametrize("name", SURFACES)
def test_level_lines_are_level_and_on_the_ground(name):
    lines, tall = level_lines(SURFACES[name]), np.ptp(heights(SURFACES[name], lattice(((-REACH, REACH), (-REACH, REACH)), 50)))
    assert len(lines) >= 8
    for line in lines:
        at = heights(SURFACES[name], np.array(line))
        assert np.abs(line).max() <= REACH and np.abs(at - np.median(at)).mean() < 0.02 * tall


def test_a_start_on_the_ridge_of_the_saddle_stays_there():
    paths = race(SURFACES["a saddle"], (3.0, 0.0), tuned(METHODS, 0.03, 0.2, 0.9))
    assert all((path[:, 1] == 0).all() for path in paths.values())


def test_requests_are_answered_and_the_methods_on_show_are_those_given():
    class Lazy(Descent):
        "Never moves."
        def direction(self, grad, memory): return 0 * grad

    explorer = explore_race({"Adam": Adam, "lazy": Lazy})
    explorer.request = {"surface": "a saddle", "rate": 0.03, "own_rate": 0.2, "momentum": 0.9, "across": 1.0, "up": 1.0, "serial": 1}
    adam, lazy = explorer.data["charts"][1]["runners"]
    assert adam["places"][1] == pytest.approx([0.8, 1.2], abs=1e-3) and lazy["places"][-1] == [1.0, 1.0]
    assert "lazy at height 0.125" in explorer.data["description"]


def test_a_method_that_raises_is_told():
    class Broken(Descent):
        "Has no direction yet."
        def direction(self, grad, memory): raise NotImplementedError("which way?")

    assert "NotImplementedError: which way?" in explore_race({"broken": Broken}).data["problem"]["message"]


def test_the_network_learns_and_units_make_it_harder_for_plain_descent():
    sgd = tuned(METHODS, 0.1, 0.01, 0.9)["SGD"]
    clean, units = network_losses(sgd, False), network_losses(sgd, True)
    assert len(clean) == 100 and clean[-1] < clean[0] / 3 and units[-1] > clean[-1]


def test_the_network_race_sends_its_curves_and_words():
    explorer = explore_network_race({"SGD": Descent})
    words, curves = explorer.data["charts"]
    assert [line["name"] for line in curves["lines"]] == ["SGD"] and len(curves["lines"][0]["y"]) == 100
    assert words["text"].startswith("Mean loss over the last ten steps: SGD 0.")
    explorer.request = {"rate": 1.0, "own_rate": 0.01, "momentum": 0.9, "own_units": True, "serial": 1}
    json.dumps(explorer.data, allow_nan=False)


def test_still_pictures_say_what_they_show():
    assert explore_race().draw().alt.startswith("After 60 steps:") and explore_network_race({"SGD": Descent}).draw().alt.startswith("Mean loss")
