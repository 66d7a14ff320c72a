import html
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_course import plots
from genai_course.plots import INK, PALETTE, bars, contrast, curves, draw_graph, field, histograms, image_grid, picture, subplots, walks


def opened(shown): return Image.open(io.BytesIO(shown.png)).convert("RGBA")


PICTURES = {
    "curves": lambda alt: curves({"a": [3, 2, 1], "b": [1, 2, 4]}, alt),
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


def test_lines_differ_by_more_than_colour():
    _, axes = subplots()
    plots.draw_curves(axes[0, 0], {name: [1, 2] for name in "abcdef"})
    styles = [(line.get_linestyle(), line.get_marker(), str(line._dash_pattern)) for line in axes[0, 0].lines]
    assert len(set(styles)) == 6


def test_the_same_figure_gives_the_same_bytes():
    assert PICTURES["curves"]("one").png == PICTURES["curves"]("one").png


def test_the_course_leaves_the_readers_matplotlib_alone():
    import matplotlib
    before = dict(matplotlib.rcParams)
    picture(subplots()[0], "nothing")
    assert dict(matplotlib.rcParams) == before
