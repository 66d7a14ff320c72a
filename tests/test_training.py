"""The loop: against the same steps written out by hand, for the learner's engine, for torch, and for two players."""

from functools import partial
from itertools import count

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from genai_course import backprop
from genai_course.data import batches, digits
from genai_course.training import MLP, Turn, as_tensors, class_loss, train


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


def test_batches_become_tensors_of_their_own_kind():
    (x, y), = as_tensors([rows(0)], "cpu")
    assert x.dtype == torch.float64 and y.dtype == torch.int64 and x.shape == (64, 5)
