import html
import io
import itertools
import statistics

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from genai_course import plots
from genai_course.plots import (
    INK,
    PALETTE,
    apart,
    bars,
    contrast,
    curves,
    draw_graph,
    field,
    histograms,
    image_grid,
    picture,
    spreads,
    subplots,
    walks,
)


def opened(shown): return Image.open(io.BytesIO(shown.png)).convert("RGBA")


PICTURES = {
    "curves": lambda alt: curves({"a": [3, 2, 1], "b": [1, 2, 4]}, alt),
    "spreads": lambda alt: spreads({"a": np.ones((2, 3)), "b": np.arange(6.0).reshape(2, 3)}, [1, 10], alt, "x", "y", log_x=True),
    "spreads under names": lambda alt: spreads({"a": np.ones((2, 3)), "b": np.arange(6.0).reshape(2, 3)}, ["one", "two"], alt),
    "bars": lambda alt: bars({"a": 1, "b": 20}, alt, log=True),
    "image_grid": lambda alt: image_grid(np.zeros((5, 3, 4, 4)), alt, list("abcde"), columns=2),
    "histograms": lambda alt: histograms({"a": np.arange(9), "b": np.ones(4)}, alt),
    "field": lambda alt: field(lambda p: p[:, 0], np.array([[0, 0], [1, 1]]), np.array([0, 1]), alt),
    "walks": lambda alt: walks(lambda p: (p**2).sum(-1), {"a": np.ones((1, 2)), "b": np.linspace([-2, -2], [2, 1], 40)}, alt, (-2, -2), (2, 2)),
    "draw_graph": lambda alt: draw_graph(["x", "y"], [(0, 1)], [(0, 0), (1, 0)], alt, ["1", "2"], ["×2"]),
}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_every_figure_has_words_ink_and_no_background(draw):
    shown = draw('It says "a < b".')
    assert f'alt="{html.escape(shown.alt)}"' in shown._repr_html_() and "It says" in repr(shown)
    alpha = np.asarray(opened(shown))[..., 3]
    assert (alpha == 0).mean() > 0.05 and (alpha > 250).mean() > 0.005
    assert len(shown.png) < 40_000


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_a_figure_without_words_is_refused(draw):
    with pytest.raises(ValueError, match="description"): draw("  ")


@pytest.mark.parametrize("colour", [INK, *PALETTE])
@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_inks_stand_out_on_light_and_dark(colour, page): assert contrast(colour, page) >= 3.5


@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_contrast_is_symmetric_and_bounded(one, other):
    one, other = f"#{one:06x}", f"#{other:06x}"
    assert contrast(one, other) == contrast(other, one) and 1 <= contrast(one, other) <= 21.0001


def test_contrast_agrees_with_published_values():  # WCAG: #777777 on white is 4.48, #767676 the lightest grey with 4.54
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48 and round(contrast("#767676", "#ffffff"), 2) == 4.54


def test_images_keep_their_pixels():
    shades = np.array([-1, -0.2, 0.4, 1.0]).reshape(1, 1, 2, 2)
    seen = np.asarray(opened(image_grid(shades, "Four shades.", size=2)))
    h, w = seen.shape[:2]
    corners = [int(seen[int(h * a), int(w * b), 0]) for a in (0.25, 0.75) for b in (0.25, 0.75)]
    assert np.allclose(corners, (shades.ravel() + 1) / 2 * 255, atol=3)


def test_a_figure_of_few_colours_keeps_them():
    figure, axes = plots.subplots(width=2, height=2)
    shades = np.linspace(0, 1, 64).reshape(8, 8)
    axes[0, 0].imshow(shades, cmap="gray", vmin=0, vmax=1)
    axes[0, 0].axis("off")
    drawn = np.asarray(Image.open(io.BytesIO(plots.picture(figure, "Shades.").png)).convert("RGBA"))
    opaque = drawn[drawn[..., 3] == 255][:, :3]
    assert set(np.unique(opaque)) == set(np.unique(colormaps["gray"](shades, bytes=True)[..., 0])) and (opaque == opaque[:, :1]).all()


def test_lines_differ_by_more_than_colour():
    _, axes = subplots()
    plots.draw_curves(axes[0, 0], {name: [1, 2] for name in "abcdef"})
    styles = [(line.get_linestyle(), line.get_marker(), str(line._dash_pattern)) for line in axes[0, 0].lines]
    assert len(set(styles)) == 6


@pytest.fixture
def drawn(monkeypatch):
    "The axes of the figures that are made."
    kept, make = [], plots.subplots
    monkeypatch.setattr(plots, "subplots", lambda *sizes, **named: kept.append(make(*sizes, **named)) or kept[-1])
    return lambda: kept[-1][1][0, 0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.01, 0.3))
def test_names_move_apart_as_little_as_can_be(heights, room):
    moved = apart(heights, room)
    order = np.argsort(heights, kind="stable")
    assert (np.diff(moved[order]) >= room - 1e-9).all()
    # No move can be shorter than half of what any two lack between them.
    lack = max(room * (j - i) - (heights[order[j]] - heights[order[i]]) for i in range(len(order)) for j in range(i, len(order)))
    assert np.abs(moved - heights).max() == pytest.approx(lack / 2, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.01, 0.3), st.floats(0, 0.5))
def test_no_name_is_below_the_axis_and_what_is_above_stays(heights, room, least):
    free, moved = apart(heights, room), apart(heights, room, least)
    assert moved.min() >= least - 1e-9 and (np.diff(np.sort(moved)) >= room - 1e-9).all()
    if free.min() >= least + room * len(heights): assert np.array_equal(free, moved)


def test_a_logarithmic_axis_with_few_places_names_these(drawn):
    curves({"a": [1, 2, 3]}, "Three places.", [300, 400, 5000], log_x=True)
    FigureCanvasAgg(drawn().figure).draw()
    assert [label.get_text() for label in drawn().get_xticklabels()] == ["300", "400", "5000"] and not drawn().get_xticks(minor=True).size


@pytest.mark.parametrize("log", [False, True])
def test_names_of_lines_that_end_together_do_not_cover_each_other(drawn, log):
    curves({"one": [1.0, 5.0], "two": [9.0, 5.0], "three": [5.0, 5.0]}, "Three lines that meet.", log=log)
    axis = drawn()
    FigureCanvasAgg(axis.figure).draw()
    boxes = sorted((text.get_window_extent() for text in axis.texts), key=lambda box: box.y0)
    assert len(boxes) == 3 and all(lower.y1 <= upper.y0 + 1 for lower, upper in itertools.pairwise(boxes))


def bar_ends(axis):
    "For each bar, its place, its lower and its upper end, whichever way it lies."
    upright = [container.lines[2][0].get_segments() for container in axis.containers]
    return [[(segment[0], segment[1]) for segment in segments] for segments in upright]


@given(st.integers(0, 1000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=10)
@pytest.mark.parametrize("log", [False, True])
def test_a_bar_is_a_standard_deviation_or_on_a_logarithmic_axis_all_runs(drawn, log, seed):
    runs = np.exp(np.random.default_rng(seed).normal(size=(2, 3, 5)))
    spreads({"a": runs[0], "b": runs[1]}, [1, 2, 3], "Two lines.", log=log)
    for own, bars_of_one in zip(runs, bar_ends(drawn()), strict=True):
        for values, (bottom, top) in zip(own, bars_of_one, strict=True):
            mean, sd = values.sum() / 5, statistics.stdev(values)
            assert (bottom[1], top[1]) == pytest.approx((values.min(), values.max()) if log else (mean - sd, mean + sd))


@pytest.mark.parametrize("options", [{}, {"log_x": True}, {"names": True}])
def test_no_bar_hides_another_and_each_stands_by_its_own_number_or_name(drawn, options):
    at = ["one", "two"] if options.pop("names", False) else [1.0, 10.0]
    spreads({name: np.arange(6.0).reshape(2, 3) for name in "abc"}, at, "Three lines.", **options)
    across = int(isinstance(at[0], str))
    places = np.array([[start[across] for start, _ in bars_of_one] for bars_of_one in bar_ends(drawn())])  # (names, at)
    assert len(set(places.ravel())) == places.size
    assert np.abs(places - (np.array([0, -1]) if across else at)).max() < 0.45
    if across: assert [text.get_text() for text in drawn().get_yticklabels()] == at and list(drawn().get_yticks()) == [0, -1]


def test_the_same_figure_gives_the_same_bytes():
    assert PICTURES["curves"]("one").png == PICTURES["curves"]("one").png


def test_the_course_leaves_the_readers_matplotlib_alone():
    import matplotlib
    before = dict(matplotlib.rcParams)
    picture(subplots()[0], "nothing")
    assert dict(matplotlib.rcParams) == before
