"""Drawing: shapes, layers and noise against independent ways to compute them; each style against what it promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path as Outline
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import convolve1d
from scipy.spatial import cKDTree

from genai_course.drawing import DARK, LEVELS, PIXELS, SIDE, STYLES, distances, fetched, grey, oval, paint, pair, placed, smooth, vivid
from genai_course.drawing import blur as blurred

CENTRES = np.stack(np.meshgrid(PIXELS, PIXELS), -1).reshape(-1, 2)  # (x, y) of each pixel, row by row
inside_picture, angle = st.floats(8, 24), st.floats(-3, 3)


def turned(points, x, y, turn):
    "Points about the origin, turned clockwise where y points down, and moved."
    cos, sin = np.cos(turn), np.sin(turn)
    return points @ np.array([[cos, sin], [-sin, cos]]) + (x, y)


@given(inside_picture, inside_picture, st.floats(2, 10), st.floats(2, 10), angle)
def test_an_ovals_distance_is_that_to_the_nearest_point_of_its_edge(x, y, w, h, turn):
    around = np.linspace(0, 2 * np.pi, 4000)
    edge = turned(np.stack([w * np.cos(around), h * np.sin(around)], -1), x, y, turn)
    nearest = cKDTree(edge).query(CENTRES)[0] * np.where(Outline(edge).contains_points(CENTRES), -1, 1)
    ours = distances(np.float32([[x, y, w, h, turn, 1, 1]])).reshape(-1)
    assert ((ours < 0) == (nearest < 0))[np.abs(nearest) > 0.01].all()
    near = (np.abs(nearest) < 0.5) & (min(w, h) ** 2 > max(w, h))  # where the edge is not too sharp
    assert np.abs(ours - nearest)[near].max(initial=0) < 0.4


@given(inside_picture, inside_picture, st.floats(1, 10), st.floats(1, 10), angle, st.floats(0, 4))
def test_a_wedge_is_the_four_cornered_shape_that_it_should_be(x, y, w, h, turn, top):
    corners = turned(np.array([[-w, h], [w, h], [w * top, -h], [-w * top, -h]]), x, y, turn)
    ours = distances(np.float32([[x, y, w, h, turn, top, 0]])).reshape(-1)
    clear = np.abs(ours) > 0.01
    assert ((ours < 0) == Outline(corners).contains_points(CENTRES))[clear].all()


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(0.1, 5), angle)
def test_placed_is_multiplication_of_complex_numbers(x, y, size, turn):
    shapes = np.float64([[1, 2, 3, 4, 0.5, 0.2, 1], [-1, 0, 1, 1, 0, 1, 0]])
    moved = placed(shapes, x, y, np.float64(size), turn)
    expected = complex(x, y) + size * np.exp(1j * turn) * (shapes[:, 0] + 1j * shapes[:, 1])
    assert np.allclose(moved[:, 0] + 1j * moved[:, 1], expected)
    assert np.allclose(moved[:, 2:4], size * shapes[:, 2:4]) and np.allclose(moved[:, 4], shapes[:, 4] + turn) and (moved[:, 5:] == shapes[:, 5:]).all()


def test_a_pair_mirrors():
    for part in [oval(0.3, 0.1, 1, 2, "fur", turn=20)]:
        left, right = (distances(np.float32([[16 + 4 * p.x, 16, 4 * p.w, 4 * p.h, np.radians(p.turn), 1, 1]])) for p in pair(part))
        assert np.allclose(left, right[:, :, ::-1], atol=1e-4)


def some_layers(seed, pictures=2, parts=5):
    rng = np.random.default_rng(seed)
    shapes = rng.uniform([4, 4, 1, 1, -2, 0, 0], [28, 28, 9, 9, 2, 2, 1], (pictures, parts, 7)).astype(np.float32)
    shapes[..., 6] = shapes[..., 6] > 0.5
    return [shapes, *(rng.random(shape, dtype=np.float32) for shape in [(pictures, parts), (pictures, parts, 3), (pictures, 3, SIDE, SIDE)])]


@given(st.integers(0, 10_000))
def test_paint_is_painting_over_from_the_back_to_the_front(seed):
    shapes, lines, colours, backdrop = some_layers(seed)
    picture, drawn = backdrop.copy(), np.zeros((2, 1, SIDE, SIDE))
    for b in range(2):
        for i, outside in enumerate(distances(shapes[b])):
            inside, reach = np.clip(0.5 - outside, 0, 1), np.clip(0.5 + lines[b, i] - outside, 0, 1)
            shade = 1.05 - 0.22 * np.clip(1 + outside / 4, 0, 1)
            picture[b] = picture[b] * (1 - reach) + colours[b, i][:, None, None] * (inside * shade + 0.36 * (reach - inside))
            drawn[b] = drawn[b] * (1 - reach) + reach - inside
    ours, outlines = paint(shapes, lines, colours, backdrop)
    assert np.allclose(ours, picture, atol=1e-5) and np.allclose(outlines, drawn, atol=1e-5)


def test_a_part_without_a_width_is_not_there():
    layers = some_layers(0)
    more = [np.concatenate([part, np.zeros_like(part[:, :1])], axis=1) for part in layers[:3]]
    for ours, expected in zip(paint(*more, layers[3]), paint(*layers), strict=True): assert np.allclose(ours, expected, atol=1e-6)


grain = np.random.default_rng(5).random((3, 2, SIDE, SIDE), dtype=np.float32)
pictures = np.random.default_rng(6).random((3, 3, SIDE, SIDE), dtype=np.float32)
no_lines = np.zeros((3, 1, SIDE, SIDE), np.float32)


def test_blur_is_scipys():
    expected = pictures
    for axis in (2, 3): expected = convolve1d(expected, [0.25, 0.5, 0.25], axis=axis, mode="nearest")
    assert np.allclose(blurred(pictures), expected, atol=1e-6)


def test_slow_noise_is_scipys_interpolation():
    knots = np.arange(0, SIDE + 1, 4)
    for ours, noise in zip(smooth(grain[:, 0]), grain[:, 0], strict=True):
        expected = RegularGridInterpolator((knots, knots), 2 * noise[:9, :9] - 1)(CENTRES[:, ::-1]).reshape(SIDE, SIDE)
        assert np.allclose(ours, expected, atol=1e-5)


def test_pixels_are_fetched_from_where_they_should():
    down, right = (np.random.default_rng(i).integers(-9, 9, (3, SIDE, SIDE)) for i in (1, 2))
    ours = fetched(pictures, down, right)
    for b, row, column in np.random.default_rng(3).integers(0, [3, SIDE, SIDE], (200, 3)):
        source = [min(max(place + by[b, row, column], 0), SIDE - 1) for place, by in [(row, down), (column, right)]]
        assert (ours[b, :, row, column] == pictures[b, :, source[0], source[1]]).all()


def colour_of(picture): return np.abs(picture - grey(picture)).mean()


def test_vivid_keeps_how_light_it_is():
    assert np.allclose(grey(vivid(pictures, 1.7)), grey(pictures), atol=1e-5)
    assert np.allclose(vivid(pictures, 0), grey(pictures), atol=1e-6) and colour_of(vivid(pictures, 2)) == pytest.approx(2 * colour_of(pictures), rel=1e-4)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_treats_each_picture_by_itself(style):
    together = STYLES[style](pictures, no_lines, grain)
    assert together.shape == pictures.shape and np.isfinite(together).all()
    for i in range(3): assert np.allclose(STYLES[style](*(part[i : i + 1] for part in (pictures, no_lines, grain)))[0], together[i], atol=1e-5)


def test_each_style_does_what_it_says():
    lines = (grain[:, :1] > 0.9).astype(np.float32)
    done = {name: style(pictures, lines, grain) for name, style in STYLES.items()}
    assert (done["plain drawing"] == pictures).all()
    assert colour_of(done["pencil sketch"]) < 0.5 * colour_of(pictures)
    drawn = lines[:, 0] > 0.5
    assert done["pencil sketch"].mean(1)[drawn].mean() < done["pencil sketch"].mean(1)[~drawn].mean() - 0.3
    art = done["pixel art"].transpose(0, 2, 3, 1)
    assert np.allclose(art[drawn], DARK.ravel()) and np.allclose(np.rint(LEVELS * art[~drawn]), LEVELS * art[~drawn], atol=1e-5)
    border = np.ones((SIDE, SIDE), bool)
    border[1:-1, 1:-1] = False
    assert done["watercolour"].mean((0, 1))[border].mean() > 0.9 > done["watercolour"].mean((0, 1))[~border].mean()
    warm = done["oil painting"].mean((0, 2, 3)) - pictures.mean((0, 2, 3))
    assert warm[0] > warm[2] + 0.05
