"""The training explorer: its data is what its knobs say, the loop on show is the one given, and what is sent is plain data."""

import json

import numpy as np
import pytest
import torch

from genai_course.data import digits, split
from genai_course.explorers.training import EVERY, ORDERS, SEEDS, STEPS, explore_training, labelled, learn, own_labels, ranked
from genai_course.training import Crowd, train


@pytest.fixture(scope="module")
def seen():
    scans = digits()
    return split(scans.x_train, scans.y_train, seed=1)


@pytest.mark.parametrize("wrong", [0.0, 0.3])
@pytest.mark.parametrize("different", [0.1, 1.0])
def test_the_data_has_just_that_many_wrong_labels_and_copies(seen, wrong, different):
    truth = {picture.tobytes(): label for picture, label in zip(seen.x_train, seen.y_train, strict=True)}
    for seed in SEEDS:
        x, y, ranking = ranked(wrong, different, "any order", seed)
        assert len(x) == len(seen.x_train) and sorted(ranking) == list(range(len(x)))
        assert len({picture.tobytes() for picture in x}) == pytest.approx(different * len(x), abs=1)
        off = np.mean([truth[picture.tobytes()] != label for picture, label in zip(x, y, strict=True)])
        assert off == pytest.approx(wrong, abs=0.001 if different == 1 else 0.15)


def test_easy_first_ranks_by_difficulty_and_hard_first_the_other_way_round():
    x, y, hard = labelled(0.2)
    hardness = {picture.tobytes(): value for picture, value in zip(x, hard, strict=True)}
    for order, sign in [("easy first", 1), ("hard first", -1)]:
        x, _, ranking = ranked(0.2, 0.5, order, seed=1)
        ordered = [sign * hardness[x[i].tobytes()] for i in ranking]
        assert ordered == sorted(ordered)


def test_own_labels_counts_the_labels_given_right_or_wrong():
    sets = [ranked(0.4, 1.0, "any order", seed) for seed in range(2)]
    crowd = Crowd([64, 4, 10], range(2))
    scores = crowd(torch.tensor(np.stack([x for x, _, _ in sets]))).detach().numpy()
    assert own_labels(crowd, sets) == pytest.approx([(scores[i].argmax(-1) == sets[i][1]).mean() for i in range(2)])


def test_the_loop_on_show_is_the_one_that_was_given():
    asked = []
    def counted(batches, *turns, steps):
        asked.append((len(turns), steps))
        return train(batches, *turns, steps=45)

    own, new = learn(counted, 4, 0.0, 1.0, ORDERS[0])
    assert asked == [(1, STEPS)] and own.shape == new.shape == (45 // EVERY, len(SEEDS))


def test_a_request_is_answered_by_another_training_as_plain_data():
    explorer = explore_training()
    first = explorer.data["description"]
    explorer.request = {"units": 4, "wrong": 0.6, "different": 0.1, "order": "hard first", "serial": 1}
    assert "networks of 4 units" in explorer.data["description"] != first and json.dumps(explorer.data, allow_nan=False)
    assert explorer.draw().alt
