"""Image grids, strips and planes: what travels is what was given, within limits, and what is left out is told."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genai_course import pictures
from genai_course.pictures import Field, ImageGrid, Strip

RNG = np.random.default_rng(0)


def sent(chart):
    "What the page gets, read as a strict page would."
    return json.loads(json.dumps(chart.pack(), allow_nan=False))


def read_back(address):
    "The pixels (H, W) or (H, W, 3) of an address that a page would draw."
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.removeprefix("data:image/png;base64,")))))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", [ImageGrid, Strip])
def test_images_arrive_with_every_pixel(kind, channels):
    images = RNG.uniform(-1, 1, (5, channels, 6, 7))
    arrived = np.stack([read_back(address).reshape(6, 7, channels) for address in sent(kind(images, "Noise."))["images"]])
    assert arrived.transpose(0, 3, 1, 2) == pytest.approx((images + 1) * 127.5, abs=0.51)


@given(st.integers(0, 5000), st.integers(2, 200))
def test_evenly_keeps_both_ends_and_order_within_the_limit(count, most):
    kept = pictures.evenly(count, most)
    assert len(kept) == min(count, most) and kept == sorted(set(kept))
    if count: assert kept[0] == 0 and kept[-1] == count - 1
    if len(kept) > 1: assert np.ptp(np.diff(kept)) <= 1


def test_what_is_too_much_or_not_finite_is_told():
    images = np.zeros((1000, 1, 200, 100))
    images[0, 0, 0, :3] = np.nan
    packed = sent(ImageGrid(images, "Too much.", titles=range(1000)))
    assert packed["notes"] == ["120 of 1,000 images are shown.", "Drawn with at most 128 pixels a side, out of 200.", "⚠ 3 numbers are not finite, and drawn grey."]
    assert packed["titles"][-1] == "999" and read_back(packed["images"][0]).shape == (128, 64)


@pytest.mark.parametrize("make, said", [
    (lambda: ImageGrid(np.zeros((2, 8, 8)), "Flat."), r"\(N, C, H, W\)"), (lambda: ImageGrid(np.zeros((1, 2, 8, 8)), "Two channels."), "C 1 or 3"),
    (lambda: Strip(np.zeros((2, 1, 8, 8)), "Titles.", titles=["a"]), "1 title for 2 images"),
    (lambda: Field("Labels.", [(0, 0), (1, 1)], [0]), "1 label for 2 points"), (lambda: Field("Path.", paths={"lost": [(np.nan, 0)]}), "'lost' has no finite point"),
])  # fmt: skip
def test_data_of_the_wrong_shape_is_told(make, said):
    with pytest.raises(ValueError, match=said): make().pack()


@pytest.mark.parametrize("chart", [ImageGrid([], "No images."), Strip([], "No frames."), Field("Nothing."), Field("Not finite.", [(np.nan, 0.0)])], ids=lambda chart: chart.alt)
def test_a_chart_with_nothing_to_draw_has_a_picture_all_the_same(chart):
    assert chart.picture().alt == chart.alt and sent(chart)["alt"] == chart.alt


def slope(points): return points[:, 0] - 2 * points[:, 1]


def test_shades_are_the_function_at_the_middle_of_each_cell_from_the_top_left():
    packed = sent(Field("A slope.", function=slope, extent=((0, 48), (0, 24))))
    assert packed["values"][0][0] == pytest.approx(0.5 - 2 * 23.75, rel=1e-2) and packed["values"][-1][-1] == pytest.approx(47.5 - 2 * 0.25, rel=1e-2)
    assert packed["reach"] == pytest.approx([0.5 - 2 * 23.75, 47.5 - 2 * 0.25])


def test_the_zero_line_lies_where_the_function_is_zero():
    (line,) = sent(Field("A slope.", function=slope, extent=((-1, 1), (-1, 1))))["zero"]
    assert len(line) > 10 and np.abs(slope(np.array(line))).max() < 1e-2
    assert sent(Field("No zero.", function=lambda p: slope(p) ** 2 + 1))["zero"] == []


def test_arrows_are_the_flow_and_the_longest_fits_between_its_neighbours():
    packed = sent(Field("A flow.", flow=lambda p: 100 * p[:, ::-1], extent=((-1, 1), (-1, 1))))
    x, y, u, v = np.transpose(packed["arrows"])
    assert len(x) == 169 and u == pytest.approx(100 * y, rel=1e-2) and v == pytest.approx(100 * x, rel=1e-2)
    assert np.hypot(u, v).max() * packed["arrow_scale"] == pytest.approx(0.9 * 2 / 13, rel=1e-2)
    assert sent(Field("Still.", flow=np.zeros_like))["arrow_scale"] == 1


def test_a_million_points_become_a_thousand_and_odd_ones_are_told():
    points = RNG.standard_normal((1_000_000, 2))
    points[5] = np.inf
    packed = sent(Field("Points.", points, points[:, 0] > 0, ["left", "right"]))
    assert packed["notes"] == ["1,000 of 999,999 points are drawn.", "⚠ 1 point is not finite, and left out."]
    assert all(kind == (x > 0) for x, _, kind in packed["points"]) and len(packed["points"]) == 1000


def test_a_function_that_is_not_finite_everywhere_is_drawn_where_it_is():
    packed = sent(Field("Half.", function=lambda p: np.where(p[:, 0] > 0, np.inf, p[:, 0])))
    assert packed["values"][0][0] < 0 and packed["values"][0][-1] is None
    assert Field("Half.", function=lambda p: np.where(p[:, 0] > 0, np.inf, p[:, 0])).picture().alt == "Half."


def test_what_is_left_out_of_a_plane_is_said_and_each_function_is_asked_once():
    asked = []
    def half(places): return asked.append("value") or np.where(places[:, 0] > 0, np.inf, 1.0)
    def nowhere(places): return asked.append("flow") or np.full_like(places, np.nan)
    packed = Field("Odd.", function=half, flow=nowhere, paths={"walk": np.zeros((1001, 2))}, extent=((-1, 1), (-1, 1))).pack()
    assert packed["notes"] == ["walk: 1,000 of 1,001 steps are drawn.", "⚠ 1,152 shades are not finite, and left out.", "⚠ 169 arrows are not finite, and left out."]
    assert asked == ["value", "flow"] and packed["arrows"] == []


def test_names_of_paths_are_read_on_light_and_on_dark():
    shown = Field("A path.", paths={"way": np.array([[-1.0, -1.0], [1.0, 1.0]])}, extent=((-2, 2), (-2, 2))).picture()
    pixels = np.asarray(Image.open(io.BytesIO(shown.png)).convert("RGBA"))
    opaque = pixels[pixels[..., 3] > 200][:, :3]
    assert len(opaque) and opaque.max(-1).min() > 90  # black would be lost on a dark page
