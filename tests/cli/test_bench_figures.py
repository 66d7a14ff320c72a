"""What the small benches report: each figure against its goal, and peers that do the same work."""

import numpy as np
import pytest

from genai_course.cli.benches import dashboard, grading, widgets


def test_the_widgets_figures_are_held_against_their_goals(monkeypatch):
    latency = {name: {"p95_ms": 60.0, "median_ms": 20.0} for name in widgets.GOALS}
    cost = {"shown": 2.0, "alone": 1.0, "ratio": 2.0, "spread": [1.9, 2.1]}
    monkeypatch.setattr(widgets, "measured", lambda *names: {"latency": latency, "growth_kb": 31.0})
    monkeypatch.setattr(dashboard, "measured", lambda *names: {"cost": cost, "pause_ms": {"p95": 9.0, "spread": [1.0, 9.0]}})
    results = list(widgets.measure())
    assert [(result.value, result.met) for result in results] == [(60, True), (60, True), (60, False), (31, False), (2, False), (9, True)]
    assert results[4].ratio == 2 and results[4].peer_value == 1


def test_what_grading_times_is_a_submission_that_is_all_right():
    spec = grading.spec_of_the_exercise()
    outcome = grading.graded(spec)
    assert [question.ident for question in outcome.questions] == list(spec.questions)
    assert all(question.results and {result.status for result in question.results} == {"pass"} for question in outcome.questions)


def test_a_step_on_moons_is_the_peers():
    backprop = pytest.importorskip("genai_course.cli.benches.backprop", reason="the extra bench (micrograd) is not installed", exc_type=ModuleNotFoundError)
    points, sides = np.array([[0.5, -1.0], [1.0, 0.25]]), np.array([1.0, -1.0])
    network, scalar = backprop.MLP([2, 16, 16, 1]), backprop.ScalarMLP(2, [16, 16, 1])
    margins = [max(0, 1 - side * scalar(list(point)).data) for point, side in zip(points, sides, strict=True)]
    for layer, peers in zip(network.layers, scalar.layers, strict=True):
        layer.weight.data[...] = np.array([[w.data for w in neuron.w] for neuron in peers.neurons]).T
        layer.bias.data[...] = [neuron.b.data for neuron in peers.neurons]
    assert (1 - sides[:, None] * network(points).data).clip(0).mean() == pytest.approx(np.mean(margins))
