"""Charts, controls and explorers: what is packed for the page, what is said about what cannot be drawn, and how an explorer answers."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course import views
from genai_course.views import Again, Bars, Choice, Curves, Explorer, Range, Scale, Text, Toggle, Transport, Words, plain_page

numbers = st.floats(allow_nan=True, allow_infinity=True)


def sent(chart):
    "What the page gets, read as a strict page would."
    return json.loads(json.dumps(chart.pack(), allow_nan=False))


@given(numbers)
def test_every_number_travels_and_what_is_none_is_said(value):
    shown = json.loads(json.dumps(views.plain(value), allow_nan=False))
    if math.isfinite(value): assert shown == pytest.approx(value, rel=1e-5, abs=0)
    else: assert shown == {True: "not a number", False: "infinite" if value > 0 else "minus infinite"}[math.isnan(value)]


@given(st.lists(numbers, max_size=60))
def test_curves_are_sent_with_gaps_just_where_values_are_not_finite(values):
    packed = sent(Curves({"y": values}, "A line."))
    assert [value is not None for value in packed["lines"][0]["y"]] == [math.isfinite(value) for value in values]
    odd = sum(not math.isfinite(value) for value in values)
    assert bool(packed["notes"]) == bool(odd) and all(f"{odd} value" in note for note in packed["notes"])


@given(st.lists(st.floats(-1e3, 1e3) | st.just(float("nan")), min_size=1, max_size=3000), st.integers(10, 100))
def test_thinning_keeps_order_ends_and_extremes(values, most):
    values = np.array(values)
    kept = views.thinned(values, most)
    assert len(kept) <= max(most, 1) and (np.diff(kept) > 0).all()
    assert kept[0] == 0 and kept[-1] == len(values) - 1
    if np.isfinite(values).any(): assert np.nanmax(values[kept]) == np.nanmax(values) and np.nanmin(values[kept]) == np.nanmin(values)


def test_a_million_points_travel_as_four_hundred_and_say_so():
    packed = sent(Curves({"noise": np.random.default_rng(0).standard_normal(1_000_000)}, "Noise."))
    assert len(packed["lines"][0]["y"]) <= 400 and len(json.dumps(packed)) < 12_000
    assert packed["notes"] == ["noise: 1,000,000 points, drawn as the lowest and highest of each stretch."]


def test_a_logarithmic_axis_tells_what_has_no_place_on_it():
    assert sent(Curves({"loss": [1.0, 0.0, -2.0]}, "A line.", log=True))["notes"] == ["⚠ loss: 2 values are not above zero, so without a place on a logarithmic axis."]


def test_more_bars_than_can_be_seen_are_counted():
    packed = sent(Bars({str(i): i for i in range(1000)}, "Many.", shown=5, columns={"twice": [2 * i for i in range(1000)]}))
    assert len(packed["names"]) == len(packed["columns"]["twice"]) == 200
    assert packed["notes"] == ["5 of 1,000 bars are drawn; the table has 200."]


EMPTY = [Bars({}, "No bars."), Bars({"a": float("nan")}, "One bar, not a number."), Curves({}, "No lines."), Curves({"a": [float("inf")]}, "An infinite line.")]


@pytest.mark.parametrize("chart", EMPTY, ids=lambda chart: chart.alt)
def test_a_chart_with_nothing_to_draw_has_a_picture_that_says_what_it_is(chart):
    assert chart.picture().alt == chart.alt and sent(chart)["alt"] == chart.alt


@pytest.mark.parametrize("make, said", [
    (lambda: Range("k", 3, 3), "low < high"), (lambda: Range("k", 0, 3, start=4), "start=4"), (lambda: Range("k", 0, 3, 0), "step > 0"),
    (lambda: Scale("k", []), "at least one"), (lambda: Choice("k", ["a"], "b"), "not one of"), (lambda: Transport("k", 0), "at least one position"),
])  # fmt: skip
def test_a_control_that_cannot_work_says_why(make, said):
    with pytest.raises(ValueError, match=said): make()


CONTROLS = [Range("whole", 0, 9), Range("real", 0, 1, 0.1, start=0.5), Scale("scale", [0, 10]), Choice("choice", ["a", "b"]), Toggle("toggle", True), Text("text", "hi"),
            Transport("position", 5), Again("seed")]  # fmt: skip


def test_an_explorer_starts_where_its_controls_start_and_hands_over_values_of_the_right_kind():
    got = {}
    explorer = Explorer("All controls", lambda **values: got.update(values) or Words("Fine."), CONTROLS)
    assert got == {"whole": 0, "real": 0.5, "scale": 0, "choice": "a", "toggle": True, "text": "hi", "position": 0, "seed": 0}
    explorer.request = {**explorer.request, "whole": 3, "real": 1, "serial": 1}
    assert (got["whole"], got["real"]) == (3, 1.0) and isinstance(got["whole"], int) and isinstance(got["real"], float)
    assert [spec["kind"] for spec in explorer.controls] == ["range", "range", "scale", "choice", "toggle", "text", "transport", "again"]
    assert all(spec["label"] for spec in explorer.controls)


def test_an_explorer_answers_a_request_with_charts_and_their_words():
    explorer = Explorer("Squares", lambda n: [Words("A square."), Bars({"square": n * n}, "One bar.")], [Range("n", 1, 5)])
    explorer.request = {"n": 4, "serial": 7}
    assert explorer.data["charts"][1]["values"] == [16.0] and explorer.data["serial"] == 7
    assert explorer.data["description"] == "A square. One bar." and explorer.draw().alt == "A square. One bar."


def one_over(n):
    if n == 1: raise ValueError("n = 1 is too small.")
    return Bars({"a": 1 / n}, "One over n.")


def test_what_the_function_raises_is_told_and_the_explorer_lives_on():
    explorer = Explorer("One over n", one_over, [Range("n", 0, 5, start=2)])
    for n, said in [(0, "ZeroDivisionError: division by zero"), (1, "n = 1 is too small.")]:
        explorer.request = {"n": n, "serial": n + 1}
        assert explorer.data == {"problem": {"message": said}, "serial": n + 1}
        assert said in explorer.draw().alt
    explorer.request = {"n": 4, "serial": 9}
    assert explorer.data["charts"][0]["values"] == [0.25]


def test_a_function_that_fails_at_once_or_returns_no_chart_still_makes_an_explorer_that_says_so():
    assert "division by zero" in Explorer("Fails", one_over, [Range("n", 0, 5)]).draw().alt
    assert "not dict" in Explorer("No chart", lambda: {"a": 1}).data["problem"]["message"]


def test_controls_that_the_function_does_not_take_are_noticed_when_it_is_made():
    with pytest.raises(TypeError, match="missing a required argument: 'n'"): Explorer("Slip", one_over, [Range("m", 0, 1)])


def test_a_page_holds_only_what_needs_no_python():
    page = plain_page("Bars & more", Explorer("Bars", lambda: Bars({"</script>": 1.0}, "One bar.")))
    assert "Bars &amp; more" in page and "</script>\":" not in page and page.count("export default") == 0
    with pytest.raises(ValueError, match="Asking asks Python"): plain_page("No", Explorer("Asking", one_over, [Range("n", 1, 5)]))
