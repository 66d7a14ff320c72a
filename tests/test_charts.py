"""Charts: what is packed for the page, and what is said about what cannot be drawn."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stills import weakest_contrast

from genai_course import charts
from genai_course.charts import Bars, Curves, HeatMap

numbers = st.floats(allow_nan=True, allow_infinity=True)


def sent(chart):
    "What the page gets, read as a strict page would."
    return json.loads(json.dumps(chart.pack(), allow_nan=False))


@given(numbers)
def test_every_number_travels_and_what_is_none_is_said(value):
    shown = json.loads(json.dumps(charts.plain(value), allow_nan=False))
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
    kept = charts.thinned(values, most)
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
    packed = sent(Bars({i: i for i in range(1000)}, "Many.", shown=5, columns={"twice": 2 * np.arange(1000)}, marked=[np.int64(3)]))
    assert packed["names"][-1] == "199" and packed["columns"]["twice"][-1] == "398" and packed["marked"] == ["3"]
    assert len(packed["names"]) == len(packed["columns"]["twice"]) == 200
    assert packed["notes"] == ["5 of 1,000 bars are drawn; the table has 200."]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 12))
def test_pooled_cells_are_the_means_of_their_blocks(height, width, most):
    cells = np.random.default_rng(0).standard_normal((height, width))
    cells[0, -1] = np.nan
    shown, (down, right) = charts.pooled(cells, most)
    assert max(shown.shape) <= most
    for r, c in np.ndindex(shown.shape):
        block = cells[r * down : (r + 1) * down, c * right : (c + 1) * right]
        expected = np.nan if np.isnan(block).all() else np.nanmean(block)
        assert shown[r, c] == pytest.approx(expected, nan_ok=True)


def test_a_heat_map_tells_what_is_pooled_and_what_is_not_finite():
    cells = np.zeros((1000, 1000))
    cells[3, :2] = [np.nan, -1]
    packed = sent(HeatMap(cells, "Cells."))
    assert packed["notes"] == ["1,000 × 1,000 cells, drawn as means of 16 × 16.", "⚠ 1 cell is not finite."]
    assert packed["low"] == pytest.approx(-1 / 255) and packed["high"] == 0 and packed["rows"][:2] == ["0", "16"]


@pytest.mark.parametrize("make, said", [
    (lambda: HeatMap(np.zeros(3), "Flat."), "a table"), (lambda: HeatMap(np.zeros((2, 2)), "Names.", columns=["a"]), "1 name for 2 columns"),
    (lambda: Curves({"loss": [1.0]}, "Places.", x=[1.0, 2.0]), "1 value for 2 places"),
])  # fmt: skip
def test_data_of_the_wrong_shape_is_told(make, said):
    with pytest.raises(ValueError, match=said): make().pack()


EMPTY = [
    Bars({}, "No bars."), Bars({"a": float("nan")}, "One bar, not a number."), Curves({}, "No lines."), Curves({"a": [float("inf")]}, "An infinite line."),
    HeatMap(np.zeros((0, 3)), "No cells."), HeatMap([[float("nan")]], "One cell, not a number."),
]  # fmt: skip


@pytest.mark.parametrize("chart", EMPTY, ids=lambda chart: chart.alt)
def test_a_chart_with_nothing_to_draw_has_a_picture_that_says_what_it_is(chart):
    assert chart.picture().alt == chart.alt and sent(chart)["alt"] == chart.alt


def test_words_in_place_of_a_figure_are_legible_on_light_and_dark_pages():
    assert weakest_contrast(charts.message_picture("Nothing to draw.")) > 3


def test_too_many_lines_and_letters_are_cut_and_that_is_said():
    packed = sent(Curves({f"line {i}": [0.0, float(i)] for i in range(300)}, "Many lines."))
    assert [line["name"] for line in packed["lines"]] == [f"line {i}" for i in range(charts.MOST_LINES)] and packed["notes"] == ["24 of 300 lines are drawn."]
    assert sent(charts.Words("x" * 1_000_000))["text"] == "x" * 2000 + "… (1,000,000 letters in all)" and sent(charts.Words("x" * 2000))["text"] == "x" * 2000


@pytest.mark.parametrize(("side", "written"), [(3, 9), (8, 0)])
def test_the_still_of_a_small_heat_map_has_its_numbers_written_in(monkeypatch, side, written):
    figures = []
    monkeypatch.setattr(charts, "picture", lambda figure, alt: figures.append(figure))
    HeatMap(np.arange(side**2.0).reshape(side, side), "A table.", columns=["a long name"] * side).picture()
    axis = figures[0].axes[0]
    assert [text.get_text() for text in axis.texts][:2] == ["0", "1"][:written] and len(axis.texts) == written
    assert all(label.get_rotation() == 90 for label in axis.get_xticklabels())
