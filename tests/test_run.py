"""Runs without threads: curves against numpy, smoothing against its definition, knobs, schedules, pace, and what goes wrong."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course.core import Step
from genai_course.run import Curve, Film, Knob, Pace, Run, as_schedule, smooth

KNOBS = {"lr": Knob(0.5, low=0, high=1), "turns": Knob(1, low=1, high=5, whole=True)}


def decay(knobs, steps=30):
    "Each step takes the share `lr` of x away, `turns` times."
    x = 1.0
    for i in range(steps):
        for _ in range(knobs.turns): x -= knobs.lr * x
        yield Step(i, None, {"x": x, "lr": knobs.lr})


def finished(run, steps=decay):
    run.begin(steps(run.values))
    while run.advance(): pass
    return run


# ---- curves

@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.sampled_from([2, 8, 400]))
def test_a_curve_is_the_means_of_equally_many_steps(losses, limit):
    curve = Curve(limit)
    for i, loss in enumerate(losses): curve.add(i, loss)
    points = curve.points()
    assert len(points) <= limit and curve.width & (curve.width - 1) == 0
    assert curve.width == 1 or len(points) > limit / 2  # no coarser than it must be
    np.testing.assert_allclose(points, [np.mean(losses[at : at + curve.width]) for at in range(0, len(losses), curve.width)], atol=1e-6)


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_steps_without_a_value_leave_gaps(present):
    curve = Curve(limit=128)
    for i, there in enumerate(present):
        if there: curve.add(i, float(i))
    shown = curve.points()
    assert [p is not None for p in shown] == present[: len(shown)] and not any(present[len(shown) :])


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_gap_and_no_more(odd):
    curve = Curve(limit=4)
    for i, loss in enumerate([1, 1, odd, 1, 1, 1]): curve.add(i, loss)
    assert curve.points() == [1, None, 1]


def test_a_run_that_goes_on_from_a_late_step_is_placed_there():
    curve = Curve(limit=4)
    for i in (1_000_000, 1_000_001): curve.add(i, 2.0)
    at = [place for place, point in enumerate(curve.points()) if point is not None]
    assert len(at) == 1 and at[0] * curve.width <= 1_000_000 < (at[0] + 1) * curve.width


def test_a_million_steps_stay_400_points():
    curve = Curve()
    for i in range(1_000_000): curve.add(i, 1.0)
    assert 200 < len(curve.points()) <= 400 and set(curve.points()) == {1.0}


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=40), st.floats(0, 0.99))
def test_smoothing_is_a_weighted_mean_of_all_points_so_far(points, weight):
    weights = [weight ** np.arange(i, -1, -1) for i in range(len(points))]
    expected = [np.average(points[: i + 1], weights=w) for i, w in enumerate(weights)]
    np.testing.assert_allclose(smooth(points, weight), expected, atol=1e-7)


def test_smoothing_keeps_gaps(): assert smooth([None, 2.0, None, 4.0], 0.0) == [None, 2.0, None, 4.0]


# ---- samples

@given(st.integers(1, 400), st.sampled_from([2, 4, 8]))
def test_a_film_holds_the_first_the_newest_and_even_steps_between(count, limit):
    film = Film(limit)
    for i in range(count): film.add(i, str(i))
    kept = [step for step, _ in film.shots]
    assert kept[0] == 0 and kept[-1] == count - 1 and len(kept) <= limit
    assert len(set(np.diff(kept[:-1]))) <= 1 and all(sample == str(step) for step, sample in film.shots)


# ---- pace

class Clock:
    def __init__(self): self.now = 0.0

    def __call__(self): return self.now


@given(st.floats(0.5, 5000), st.integers(2, 60))
def test_a_steady_pace_is_measured_as_it_is(rate, reports):
    clock = Clock()
    pace = Pace(clock=clock)
    for i in range(reports):
        clock.now = 0.2 * i
        pace.mark(0.2 * i * rate)
    assert pace.rate() == pytest.approx(rate) and pace.seconds_left(10 * rate) == pytest.approx(10)
    assert len(pace.marks) <= 13


def test_only_the_last_two_seconds_count():
    clock = Clock()
    pace = Pace(clock=clock)
    for now, steps in [(0, 0), (10, 10), (11, 1010), (12, 2010)]:
        clock.now = now
        pace.mark(steps)
    assert pace.rate() == 1000


def test_a_pause_is_no_work():
    clock = Clock()
    pace = Pace(clock=clock)
    pace.mark(0)
    pace.rest()
    assert pace.rate() is None and pace.seconds_left(5) is None
    for now, steps in [(100, 0), (101, 50)]:
        clock.now = now
        pace.mark(steps)
    assert pace.rate() == 50


# ---- knobs and schedules

@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_knob_refuses_what_lies_outside(value):
    with pytest.raises(ValueError, match="lr = .*: choose from 0 to 1"): Run(KNOBS).turn("lr", value)


def test_a_knob_of_whole_numbers_rounds():
    run = Run(KNOBS)
    run.turn("turns", 2.6)
    assert run.values.turns == 3 and isinstance(run.values.turns, int)


@pytest.mark.parametrize(("high", "whole"), [(2, True), (0, True), (1, False)])
def test_a_knob_refuses_names_that_do_not_fit_its_numbers(high, whole):
    assert Knob(0, low=0, high=1, whole=True, names=("off", "on")).accept("switch", 1) == 1
    with pytest.raises(ValueError, match=f"2 names need as many whole numbers, not 0 to {high}"): Knob(0, low=0, high=high, whole=whole, names=("off", "on"))


@pytest.mark.parametrize(("schedule", "said"), [([(3, "rate", 1)], "there is no knob rate; the knobs are: lr, turns"), ([(3, "lr", 2)], "lr = 2: choose from 0 to 1")])
def test_a_schedule_that_does_not_fit_is_told_at_once(schedule, said):
    with pytest.raises(ValueError, match=said): Run(KNOBS, schedule)


changes = st.tuples(st.integers(0, 29), st.just("lr"), st.floats(0, 1)) | st.tuples(st.integers(0, 29), st.just("turns"), st.integers(1, 5))


@given(st.lists(changes, max_size=12))
def test_what_was_turned_by_hand_is_repeated_exactly_by_its_schedule(turned):
    run = Run(KNOBS)
    run.begin(decay(run.values))
    for i in range(31):
        for _, name, value in (t for t in turned if t[0] == i): run.turn(name, value)
        run.advance()
    again = finished(Run(KNOBS, as_schedule(run.changes)))
    assert [c.points() for c in again.curves.values()] == [c.points() for c in run.curves.values()]
    assert [change[:3] for change in again.changes] == [change[:3] for change in run.changes]


def test_a_change_belongs_to_the_first_step_that_feels_it():
    run = finished(Run(KNOBS, [(7, "lr", 0.25)]))
    assert run.curves["lr"].points() == [0.5] * 7 + [0.25] * 23 and run.changes == [(7, "lr", 0.25, False)]


def test_turning_to_the_present_value_is_no_change():
    run = Run(KNOBS)
    run.turn("lr", 0.5)
    assert not run.changes


# ---- losses, and loops that are none

def test_losses_come_as_tensors_too():
    torch = pytest.importorskip("torch")
    run = finished(Run(), lambda knobs: [Step(0, None, {"loss": torch.tensor(2.0)})])
    assert run.latest == {"loss": 2.0} and type(run.latest["loss"]) is float


def test_the_first_step_of_each_lost_loss_is_remembered():
    losses = [(1.0, 1.0), (math.inf, 1.0), (math.nan, math.nan)]
    run = finished(Run(), lambda knobs: [Step(i, None, {"a": a, "b": b}) for i, (a, b) in enumerate(losses)])
    assert run.lost == {"a": 1, "b": 2} and run.next_step == 3


def test_a_loop_without_steps_is_an_empty_run():
    run = finished(Run(), lambda knobs: [])
    assert run.taken == 0 and run.curves == {}


@pytest.mark.parametrize("no_step", [3.0, (1, 2), Step(0, None, {"loss": "high"}), Step(0, None, 0.5), Step(0, None, {"loss": None})])
def test_what_is_no_step_is_named(no_step):
    with pytest.raises(TypeError, match="yields Step"): Run().begin([no_step]).advance()


def test_what_gives_no_steps_at_all_is_refused():
    with pytest.raises(TypeError): Run().begin(3)


def test_an_error_of_the_training_code_comes_through_and_the_history_stays():
    def breaking(knobs):
        yield Step(0, None, {"loss": 1.0})
        raise RuntimeError("snapped")

    run = Run()
    run.begin(breaking(run.values)).advance()
    with pytest.raises(RuntimeError, match="snapped"): run.advance()
    assert run.latest == {"loss": 1.0}


def test_closing_lets_the_training_code_tidy_up():
    tidied = []

    def careful(knobs):
        try: yield Step(0, None, {"loss": 1.0})
        finally: tidied.append(True)

    run = Run()
    run.begin(careful(run.values)).advance()
    run.close()
    Run().begin([]).close()  # a list has nothing to close
    assert tidied == [True]


@settings(max_examples=20)
@given(st.integers(0, 1000))
def test_the_number_of_the_next_step_follows_the_loop_not_the_count(first):
    run = finished(Run(), lambda knobs: [Step(first + i, None, {"loss": 1.0}) for i in range(3)])
    assert (run.next_step, run.taken) == (first + 3, 3)
