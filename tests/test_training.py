"""The loop: against the same steps written out by hand, for the learner's engine, for torch, and for two players."""

import copy
from functools import partial
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from genai_course import backprop
from genai_course.cli.benches import learning
from genai_course.data import batches, digits, split
from genai_course.training import (
    MLP,
    RECIPES,
    BestYet,
    Crowd,
    Turn,
    as_tensors,
    average_into,
    class_loss,
    crowd_loss,
    from_easy_to_hard,
    measure,
    share_of,
    shares_right,
    side_by_side,
    train,
    with_wrong_labels,
)


class Recorded:
    "An optimizer, and a loss, that write down what is asked of them."
    def __init__(self, log, name): self.log, self.name = log, name
    def zero_grad(self): self.log.append((self.name, "zero_grad"))
    def step(self): self.log.append((self.name, "step"))
    def backward(self): self.log.append((self.name, "backward"))
    def item(self): self.log.append((self.name, "item")); return 1.5

    def turn(self):
        def loss(batch): self.log.append((self.name, "loss", batch)); return self
        return Turn(self.name, loss, self)


def rows(seed, many=64):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(many, 5)), rng.integers(0, 3, many)


def loss_on_our_engine(network, batch):
    x, y = batch
    return backprop.softmax_cross_entropy(network(x), y)


# ---- the loop

@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3))
def test_a_step_is_every_turn_in_order_and_a_turn_begins_by_forgetting(steps, available, players):
    log, names = [], [f"player {i}" for i in range(players)]
    done = list(train(range(available), *[Recorded(log, name).turn() for name in names], steps=steps))
    expected = [(name, *call) for batch in range(min(steps, available)) for name in names
                for call in [("zero_grad",), ("loss", batch), ("backward",), ("step",), ("item",)]]
    assert log == expected
    assert done == [(i, i, {name: 1.5 for name in names}) for i in range(min(steps, available))]


def test_it_trains_no_further_and_reads_no_further_than_it_is_asked():
    log, stream = [], count()
    run = train(stream, Recorded(log, "loss").turn(), steps=3)
    assert log == []
    assert next(run).batch == 0 and log.count(("loss", "step")) == 1
    assert [step.i for step in run] == [1, 2]
    assert next(stream) == 3


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_on_our_engine_it_is_train_step(seed):
    stream = [rows(seed + i) for i in range(5)]
    ours, same = (backprop.MLP([5, 7, 3], seed=seed % 1000) for _ in range(2))
    by_hand = [backprop.train_step(ours, optimizer, x, y) for optimizer in [backprop.SGD(ours.parameters(), 0.3)] for x, y in stream]
    turn = Turn("loss", partial(loss_on_our_engine, same), backprop.SGD(same.parameters(), 0.3))
    assert [step.losses["loss"] for step in train(stream, turn, steps=9)] == by_hand
    for a, b in zip(ours.parameters(), same.parameters(), strict=True): assert (a.data == b.data).all()


@pytest.mark.parametrize("optimizer", [partial(torch.optim.SGD, lr=0.1, momentum=0.9), partial(torch.optim.AdamW, lr=0.01)])
def test_on_torch_it_is_the_steps_written_out(optimizer):
    stream = [tuple(map(torch.tensor, rows(i))) for i in range(8)]
    by_hand, same = MLP([5, 7, 3]).double(), MLP([5, 7, 3]).double()
    opt, losses = optimizer(by_hand.parameters()), []
    for x, y in stream:
        loss = nn.functional.cross_entropy(by_hand(x), y)
        opt.zero_grad(); loss.backward(); opt.step(); losses.append(loss.item())
    turn = Turn("loss", partial(class_loss, same), optimizer(same.parameters()))
    assert [step.losses["loss"] for step in train(stream, turn, steps=8)] == losses
    for a, b in zip(by_hand.parameters(), same.parameters(), strict=True): assert torch.equal(a, b)


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 0.5))
def test_in_a_game_each_player_follows_its_own_slope_alone(c, r, lr):
    chaser, runner = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (c, r))
    turns = [Turn("chaser", lambda batch: chaser * runner, torch.optim.SGD([chaser], lr)),
             Turn("runner", lambda batch: -chaser * runner, torch.optim.SGD([runner], lr))]
    for step in train([None] * 4, *turns, steps=4):
        assert step.losses["chaser"] == pytest.approx(c * r, abs=1e-12)
        c -= lr * r
        r += lr * c
        assert (chaser.item(), runner.item()) == (pytest.approx(c, abs=1e-12), pytest.approx(r, abs=1e-12))


# ---- lesson 02's network in torch

def test_the_network_in_torch_loses_what_our_engine_loses_on_real_digits():
    scans = digits()
    stream = [(x.reshape(len(x), 64), y) for x, y in (next(b) for b in [batches(scans.x_train, scans.y_train, size=64)] for _ in range(300))]
    ours, theirs = backprop.MLP([64, 64, 64, 10], seed=3), MLP([64, 64, 64, 10]).double()
    theirs.start_like(backprop.MLP([64, 64, 64, 10], seed=3))
    our_turn = Turn("loss", partial(loss_on_our_engine, ours), backprop.SGD(ours.parameters(), 0.1))
    their_turn = Turn("loss", partial(class_loss, theirs), torch.optim.SGD(theirs.parameters(), 0.1))
    in_torch = ((x.double(), y) for x, y in as_tensors(stream))
    pairs = zip(train(stream, our_turn, steps=300), train(in_torch, their_turn, steps=300), strict=True)
    for ours_step, theirs_step in pairs: assert ours_step.losses["loss"] == pytest.approx(theirs_step.losses["loss"], abs=1e-6)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(0, 99))
def test_a_seed_gives_the_weights_of_our_engine(sizes, seed):
    ours, theirs = backprop.MLP(sizes, seed=seed), MLP(sizes, seed=seed)
    x = np.random.default_rng(seed).normal(size=(4, sizes[0]))
    assert theirs(torch.tensor(x, dtype=torch.float32)).detach().numpy() == pytest.approx(ours(x).data, rel=1e-4, abs=1e-5)


def test_pictures_are_read_as_rows():
    scans, network = digits(), MLP([64, 10])
    pictures = torch.tensor(scans.x_test[:7])
    assert torch.equal(network(pictures), network(pictures.reshape(7, 64)))


@given(st.integers(1, 4), st.integers(1, 3))
def test_the_processes_share_each_batch_without_rest(parts, each):
    stream = [(np.arange(step, step + parts * each), np.arange(parts * each)) for step in range(3)]
    shares = [list(share_of(stream, part, parts)) for part in range(parts)]
    for i, whole in enumerate(stream):
        for array, pieces in zip(whole, zip(*[share[i] for share in shares], strict=True), strict=True):
            assert {len(piece) for piece in pieces} == {each} and sorted(np.concatenate(pieces)) == list(array)


def test_a_batch_that_cannot_be_shared_equally_is_refused():
    with pytest.raises(ValueError, match="a batch of 64 cannot be shared equally by 3 processes"): next(share_of([rows(0)], 0, 3))


def test_batches_become_tensors_of_their_own_kind():
    (x, y), = as_tensors([rows(0)], "cpu")
    assert x.dtype == torch.float64 and y.dtype == torch.int64 and x.shape == (64, 5)


# ---- measuring, stopping, averaging

@given(st.integers(1, 40), st.integers(0, 99))
def test_measure_is_the_mean_loss_and_the_share_that_is_right(many, seed):
    (x, y), network = rows(seed, many), nn.Sequential(MLP([5, 7, 3], seed=seed).double(), nn.Dropout(0.5))
    loss, right = measure(network, x, y)
    scores = network[0](torch.tensor(x)).detach().numpy()
    expected = [np.log(np.exp(row).sum()) - row[label] for row, label in zip(scores, y, strict=True)]
    assert loss == pytest.approx(np.mean(expected)) and right == pytest.approx((scores.argmax(1) == y).mean())
    assert network.training and network[1].training


@given(st.lists(st.floats(0, 9), min_size=1, max_size=30), st.integers(1, 5))
def test_it_stops_after_so_many_losses_without_a_better_one_and_has_the_best_weights(losses, patience):
    network, best = nn.Linear(1, 1), BestYet(patience)
    for i, loss in enumerate(losses):
        with torch.no_grad(): network.weight.fill_(i)
        stop = best.tell(loss, network)
        first_best = losses.index(min(losses[: i + 1]))
        assert stop == (i - first_best >= patience)
        assert best.loss == losses[first_best] and best.weights["weight"].item() == first_best
        if stop: break


@given(st.floats(0, 1), st.integers(1, 5), st.integers(0, 99))
def test_the_average_of_weights_is_torchs(decay, steps, seed):
    network = MLP([3, 4, 2], seed)
    average, theirs = copy.deepcopy(network), AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay))
    theirs.update_parameters(network)
    for _ in range(steps):
        with torch.no_grad():
            for p in network.parameters(): p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(seed)))
        average_into(average, network, decay)
        theirs.update_parameters(network)
    for a, b in zip(average.parameters(), theirs.module.parameters(), strict=True): assert torch.allclose(a, b, atol=1e-5) and not a.grad


# ---- labels and crowds

@given(st.integers(1, 60), st.floats(0, 1), st.integers(2, 10), st.integers(0, 99))
def test_just_that_share_of_labels_is_wrong_and_every_wrong_one_is_another_class(many, share, classes, seed):
    y = np.random.default_rng(seed).integers(0, classes, many)
    before, wrong = y.copy(), with_wrong_labels(y, share, seed, classes)
    assert (y == before).all() and (wrong != y).sum() == round(share * many) and set(wrong) <= set(range(classes))
    assert (wrong == with_wrong_labels(y, share, seed, classes)).all()


def test_every_wrong_class_is_as_likely_as_another():
    wrong = with_wrong_labels(np.zeros(9000, dtype=int), 1.0)
    assert (np.abs(np.bincount(wrong, minlength=10)[1:] - 1000) < 150).all()


@settings(max_examples=10)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.integers(0, 9))
def test_each_network_of_a_crowd_goes_the_way_it_would_go_alone(seeds, first):
    streams = [[rows(first + 10 * i + step, many=8) for step in range(5)] for i in range(len(seeds))]
    crowd = Crowd([5, 6, 3], seeds).double()
    turn = Turn("loss", partial(crowd_loss, crowd), torch.optim.SGD(crowd.parameters(), lr=0.3))
    together = [step.losses["loss"] for step in train(as_tensors(side_by_side(streams)), turn, steps=9)]
    alone = [MLP([5, 6, 3], seed).double() for seed in seeds]
    turns = [Turn("loss", partial(class_loss, network), torch.optim.SGD(network.parameters(), lr=0.3)) for network in alone]
    losses = [[step.losses["loss"] for step in train(as_tensors(stream), turn, steps=9)] for stream, turn in zip(streams, turns, strict=True)]
    assert together == pytest.approx(np.sum(losses, axis=0))
    x, y = rows(77, many=9)
    assert shares_right(crowd, x, y) == pytest.approx([measure(network, x, y)[1] for network in alone])
    own = crowd(torch.tensor(np.stack([x] * len(seeds))))
    for i, network in enumerate(alone): assert torch.allclose(own[i], network(torch.tensor(x)), atol=1e-9)


# ---- recipes

@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_learns_and_its_batches_are_a_function_of_the_step(name):
    recipe = RECIPES[name]
    task = recipe.make(seed=4, device="cpu", **recipe.settings)
    (x, _), (late_x, late_y) = next(iter(task.batches(0))), next(iter(task.batches(20)))
    twenty_first = next(batch for i, batch in enumerate(task.batches(0)) if i == 20)
    assert torch.equal(twenty_first[0], late_x) and torch.equal(twenty_first[1], late_y) and not torch.equal(x, late_x)
    before = task.val_loss()
    for step in train(task.batches(0), *task.turns, steps=150): task.after(step)
    assert task.val_loss() < before / 2


# ---- the lesson's claims, on the real digits and other seeds than the lesson's

def test_a_small_network_on_clean_labels_beats_a_large_one_with_a_tenth_of_them_wrong_and_not_one_with_clean_labels():
    scans, seeds = digits(), range(10, 13)
    parts = split(scans.x_train, scans.y_train, seed=1)

    def read(units, share):
        streams = [batches(parts.x_train, with_wrong_labels(parts.y_train, share, seed), size=32, seed=seed) for seed in seeds]
        crowd = Crowd([64, units, 10], seeds)
        turn = Turn("loss", partial(crowd_loss, crowd), torch.optim.SGD(crowd.parameters(), lr=0.1))
        for _ in train(as_tensors(side_by_side(streams)), turn, steps=1000): pass
        return shares_right(crowd, scans.x_test, scans.y_test).mean()

    assert read(256, 0.1) < read(16, 0) < read(256, 0)


def test_the_bench_compares_the_very_same_steps():
    stream = list(as_tensors([(x.astype("float32"), y) for x, y in [(np.random.default_rng(i).normal(size=(8, 64)), np.arange(8)) for i in range(5)]]))
    assert learning.steps_of_the_loop(stream)() == learning.steps_by_hand(stream)()


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9)), min_size=1, max_size=60))
def test_from_easy_to_hard_every_beginning_is_fair_to_each_class(rows):
    y, surprise = (np.array(column) for column in zip(*rows, strict=True))
    ranking = from_easy_to_hard(surprise, y)
    assert sorted(ranking) == list(range(len(y)))
    for label in np.unique(y):
        own = ranking[y[ranking] == label]
        assert (np.diff(surprise[own]) >= 0).all()
        for cut in range(1, len(y) + 1):
            let_in, fair = (y[ranking[:cut]] == label).sum(), cut * len(own) / len(y)
            assert abs(let_in - fair) < len(np.unique(y)) + 1
