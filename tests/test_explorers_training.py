"""The training explorer and the steered run: the data is what the knobs say, the loop on show is the one given, and a session can be repeated."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course.dashboard import page_data
from genai_course.data import digits, split
from genai_course.explorers.training import (
    EVERY,
    KNOBS,
    ORDERS,
    SEEDS,
    STEPS,
    explore_training,
    hardest,
    labelled,
    learn,
    losses_now,
    own_labels,
    ranked,
    steered,
    training_run,
)
from genai_course.run import as_schedule
from genai_course.trainer import TRAINERS, stop_all
from genai_course.training import MLP, Crowd, measure, train


@pytest.fixture(scope="module")
def seen():
    scans = digits()
    return split(scans.x_train, scans.y_train, seed=1)


@pytest.mark.parametrize("wrong", [0.0, 0.3])
@pytest.mark.parametrize("different", [0.1, 1.0])
def test_the_data_has_just_that_many_wrong_labels_and_copies(seen, wrong, different):
    truth = {picture.tobytes(): label for picture, label in zip(seen.x_train, seen.y_train, strict=True)}
    for seed in SEEDS:
        x, y, ranking = ranked(wrong, different, ORDERS["any order"], seed)
        assert len(x) == len(seen.x_train) and sorted(ranking) == list(range(len(x)))
        assert len({picture.tobytes() for picture in x}) == pytest.approx(different * len(x), abs=1)
        off = np.mean([truth[picture.tobytes()] != label for picture, label in zip(x, y, strict=True)])
        assert off == pytest.approx(wrong, abs=0.001 if different == 1 else 0.15)


def test_easy_first_ranks_by_difficulty_and_hard_first_the_other_way_round():
    x, _, hard = labelled(0.2)
    hardness = {picture.tobytes(): value for picture, value in zip(x, hard, strict=True)}
    for order, sign in [("easy first", 1), ("hard first", -1)]:
        x, y, ranking = ranked(0.2, 0.5, ORDERS[order], seed=1)
        for label in range(10):
            ordered = [sign * hardness[x[i].tobytes()] for i in ranking if y[i] == label]
            assert ordered and ordered == sorted(ordered)


def test_own_labels_counts_the_labels_given_right_or_wrong():
    sets = [ranked(0.4, 1.0, ORDERS["any order"], seed) for seed in range(2)]
    crowd = Crowd([64, 4, 10], range(2))
    scores = crowd(torch.tensor(np.stack([x for x, _, _ in sets]))).detach().numpy()
    assert own_labels(crowd, sets) == pytest.approx([(scores[i].argmax(-1) == sets[i][1]).mean() for i in range(2)])


def test_the_loop_on_show_is_the_one_that_was_given():
    asked = []
    def counted(batches, *turns, steps):
        asked.append((len(turns), steps))
        return train(batches, *turns, steps=45)

    own, new = learn(counted, 4, 0.0, 1.0, "any order")
    assert asked == [(1, STEPS)] and own.shape == new.shape == (45 // EVERY, len(SEEDS))


def test_a_request_is_answered_by_another_training_as_plain_data():
    explorer = explore_training()
    first = explorer.data["description"]
    explorer.request = {"units": 4, "wrong": 0.6, "different": 0.1, "order": "hard first", "serial": 1}
    assert "networks of 4 units" in explorer.data["description"] != first and json.dumps(explorer.data, allow_nan=False)
    assert explorer.draw().alt


# ---- the run to steer

turns = st.tuples(st.integers(0, 59), st.just("wrong"), st.integers(0, 6)) | st.tuples(st.integers(0, 59), st.just("order"), st.integers(-1, 1))


@settings(deadline=None, max_examples=10)
@given(st.lists(turns, max_size=6), st.integers(0, 3))
def test_a_batch_depends_on_the_knobs_the_seed_and_its_number_alone(turned, seed):
    "Whatever was turned before, a batch is the one that a run with just these knobs from the first step would have at its place."
    knobs, seen = SimpleNamespace(wrong=0, order=0), []
    stream = steered(knobs, seed, steps=60)
    for i in range(60):
        for _, name, value in (turn for turn in turned if turn[0] == i): setattr(knobs, name, value)
        seen.append((SimpleNamespace(**vars(knobs)), *next(stream)))
    for i in (0, 17, 59):
        then, x, y = seen[i]
        again = list(steered(then, seed, steps=60))[i]
        assert (x == again[0]).all() and (y == again[1]).all()


def test_the_knobs_say_which_labels_are_shown_and_in_which_order(seen):
    truth = {picture.tobytes(): label for picture, label in zip(seen.x_train, seen.y_train, strict=True)}
    _, _, hard = labelled(0.0)
    hardness = {picture.tobytes(): value for picture, value in zip(seen.x_train, hard, strict=True)}

    def first_half(**knobs): return [pair for x, y in list(steered(SimpleNamespace(**knobs), 0, steps=100))[:20] for pair in zip(x, y, strict=True)]

    for wrong in (0, 4): assert np.mean([truth[x.tobytes()] != y for x, y in first_half(wrong=wrong, order=0)]) == pytest.approx(wrong / 10, abs=0.15)
    easy, anyhow, difficult = (np.mean([hardness[x.tobytes()] for x, _ in first_half(wrong=0, order=order)]) for order in (1, 0, -1))
    assert easy < anyhow / 5 < anyhow < difficult / 1.5


def test_the_losses_on_show_are_on_the_labels_of_the_moment_and_on_others_that_are_right(seen):
    model = MLP([64, 8, 10])
    shown = losses_now(model, 0.3)
    assert shown == {"trained on": measure(model, seen.x_train, labelled(0.3)[1])[0], "validation": measure(model, seen.x_test, seen.y_test)[0]}


def test_the_hardest_digits_are_those_with_the_highest_loss(seen):
    model = MLP([64, 8, 10], seed=1)
    surprise = [measure(model, seen.x_test[[i]], seen.y_test[[i]])[0] for i in range(len(seen.x_test))]
    found = hardest(model, torch.Generator())
    assert found.shape == (9, 1, 8, 8) and (found == seen.x_test[np.argsort(surprise)[::-1][:9]]).all()


@pytest.fixture
def short_runs(monkeypatch):
    monkeypatch.setenv("GENAI_TIME_BUDGET", "0.02")
    yield
    stop_all()
    TRAINERS.clear()


def test_a_session_by_hand_is_repeated_to_the_last_bit_without_a_browser(short_runs, monkeypatch):
    monkeypatch.delenv("GENAI_HEADLESS", raising=False)
    run = training_run()
    run.pause()
    run.start()
    for name, value in [("wrong", 3), ("order", 1)]:
        run.single_step()
        run.turn(name, value)
    run.resume()
    with ThreadPoolExecutor(1) as pool: first = pool.submit(asyncio.run, run.wait()).result().state_dict()  # the browser tests leave a loop running here
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    again = training_run(schedule=as_schedule(run.report["changes"])).start()
    assert [change.knob for change in run.report["changes"]] == ["wrong", "order"] and again.state == "finished"
    assert all((first[name] == value).all() for name, value in again.attempt.model.state_dict().items())
    assert run.report["curves"] == again.report["curves"]


def test_the_dashboard_tells_what_was_turned_in_the_learners_words(short_runs, monkeypatch):
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    data = page_data(training_run(schedule=[(100, "wrong", 4), (200, "order", -1), (300, "wrong", 0)]).start())
    assert [change["text"] for change in data["changes"]] == [
        "step 100: wrong labels to 40 %, by schedule", "step 200: order to hard first, by schedule", "step 300: wrong labels to none, by schedule"]  # fmt: skip
    assert [knob["label"] for knob in data["knobs"]] == ["wrong labels", "order"] and [curve["name"] for curve in data["curves"]] == ["trained on", "validation"]


def test_the_loop_to_steer_is_the_one_that_was_given(short_runs, monkeypatch):
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    def brief(batches, *turns, steps): return train(batches, *turns, steps=7)

    run = training_run(brief).start()
    assert run.report["taken"] == 7 and run.total == 400 and set(vars(run.attempt.run.values)) == set(KNOBS)
