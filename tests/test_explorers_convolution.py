"""The convolution explorer: its map is torch's, its sum is the map's number, and what it cannot use is said."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.explorers.convolution import PRESETS, describe, explore_convolution, filter_view, first_of_each, read_filter, signed_grid

FILTERS = st.lists(st.lists(st.sampled_from([-1, -0.75, -0.25, 0, 0.5, 1]), min_size=3, max_size=3), min_size=3, max_size=3).map(np.array)
SEEDS = st.integers(0, 999)


def random_image(seed, height=8, width=8): return np.random.default_rng(seed).uniform(-1, 1, (height, width))


@given(FILTERS, SEEDS, st.integers(0, 29))
def test_the_map_is_torchs_and_each_number_the_sum_of_its_terms(filter, seed, place):
    image = random_image(seed, 8, 7)
    seen = filter_view(image, filter, place)
    expected = torch.nn.functional.conv2d(torch.tensor(image)[None, None], torch.tensor(filter, dtype=torch.float64)[None, None])[0, 0]
    assert np.allclose(seen["map"], expected)
    assert (seen["row"], seen["column"]) == divmod(place, 5)
    assert np.sum(seen["terms"]) == pytest.approx(seen["map"][seen["row"]][seen["column"]])
    assert json.dumps(seen, allow_nan=False)


@given(FILTERS, SEEDS)
def test_the_words_give_the_terms_that_count_and_their_sum(filter, seed):
    seen = filter_view(random_image(seed), filter)
    left, _, right = seen["sum"].replace("−", "-").rpartition(" = ")
    products = [np.prod([float(x) for x in term.split(" × ")]) for term in left.split(" + ")]
    assert len(products) == max(1, np.count_nonzero(filter))
    assert sum(products) == pytest.approx(float(right), abs=0.06) and float(right) == pytest.approx(seen["map"][0][0], abs=0.006)


@pytest.mark.parametrize(("place", "at"), [(-5, (0, 0)), (999, (5, 5))])
def test_a_place_beyond_the_map_becomes_its_nearest_end(place, at):
    seen = filter_view(random_image(0), np.ones((3, 3)), place)
    assert (seen["row"], seen["column"]) == at


def test_the_description_finds_the_extremes():
    said = describe(np.array([[0.0, 2.0], [-3.0, 1.0]]))
    assert said == "The map has 2 rows and 2 columns. Its largest number is 2.00 in row 1, column 2, its smallest −3.00 in row 2, column 1."


@pytest.mark.parametrize(("rows", "message"), [([[1, 2], [3, 4]], "3 rows of 3"), ([[0, 0, 2]] * 3, "from -1 to 1"), ([[float("nan")] * 3] * 3, "from -1 to 1")])
def test_a_filter_that_cannot_be_used_is_told(rows, message):
    with pytest.raises(ValueError, match=message): read_filter(rows)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_filter_and_makes_a_map(preset):
    explorer = explore_convolution(preset=preset)
    assert np.ptp(explorer.data["map"]) > 0 and "map" in explorer.draw().alt


def test_a_request_is_answered_and_a_bad_one_gets_its_message():
    explorer = explore_convolution()
    explorer.request = {"image": 7, "filter": PRESETS["one pixel"], "place": 8, "serial": 1}
    assert np.array_equal(explorer.data["map"], first_of_each()[7][1:7, 2:8]) and (explorer.data["row"], explorer.data["column"]) == (1, 2)
    explorer.request = {"image": 7, "filter": [[5] * 3] * 3, "place": 8, "serial": 2}
    assert "from -1 to 1" in explorer.data["problem"]["message"]


def test_what_slides_is_the_function_that_was_given():
    explorer = explore_convolution(lambda picture, filter: np.full((6, 6), 4.0))
    assert explorer.data["map"] == [[4.0] * 6] * 6


def test_pictures_are_one_of_each_digit():
    images = first_of_each()
    assert images.shape == (10, 8, 8) and len({image.tobytes() for image in images}) == 10


def test_a_grid_of_maps_has_its_description_and_takes_an_empty_map():
    assert signed_grid([np.zeros((3, 3)), np.eye(2)], "Two maps.", ["a", "b"]).alt == "Two maps."
