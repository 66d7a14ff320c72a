"""The bench of lesson 17: its peer is the network of the paper, and what is counted is what happened."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from genai_course.cli.benches import gan as bench
from genai_course.menagerie import ALL_PAIRS, ANIMALS, TRAINING_PAIRS, drawn_batch


def test_the_peer_has_the_papers_layers_and_as_many_numbers_as_ours():
    generator, discriminator = bench.peers_players()
    assert generator(torch.randn(2, bench.LATENT, 1, 1)).shape == (2, 3, 32, 32)
    assert discriminator(torch.randn(2, 3, 32, 32)).shape == (2, 1, 1, 1)
    assert [type(layer).__name__ for layer in generator] == [*["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 3, "ConvTranspose2d", "Tanh"]
    assert [type(layer).__name__ for layer in discriminator] == ["Conv2d", "LeakyReLU", *["Conv2d", "BatchNorm2d", "LeakyReLU"] * 2, "Conv2d"]
    spreads = [layer.weight.std().item() for layer in [*generator, *discriminator] if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert np.allclose(spreads, 0.02, rtol=0.1)


def test_a_step_of_the_peer_is_that_of_binary_cross_entropy():
    torch.manual_seed(0)
    players, x = bench.peers_players(), torch.tensor(drawn_batch(8, 0, 0).images)
    optimizers = [torch.optim.SGD(player.parameters(), lr=0.0) for player in reversed(players)]
    torch.manual_seed(1)
    bench.peers_step(*players, optimizers, x)
    ours = [p.grad.clone() for p in players[0].parameters()]
    torch.manual_seed(1)
    scores = players[1](players[0](torch.randn(8, bench.LATENT, 1, 1)))
    theirs = torch.autograd.grad(binary_cross_entropy_with_logits(scores, torch.ones_like(scores)), [*players[0].parameters()])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs, strict=True))


def test_a_duel_of_a_few_seconds_is_measured(monkeypatch):
    monkeypatch.setitem(bench.RECIPES, "gan", bench.RECIPES["gan"]._replace(settings={**bench.RECIPES["gan"].settings, "size": 4}))
    monkeypatch.setattr(bench, "PEERS_BATCH", 8)
    distance, modes, kinds = bench.animals(seconds=1, seeds=1, count=48)
    assert distance.peer == bench.PEER and distance.value > 0 and distance.peer_value > 0 and distance.goal == "ratio < 1, each time"
    assert (modes.value < 0.5) == (not modes.met) and 0 < kinds.value <= 1


def test_real_pictures_have_no_distance_and_cover_everything(monkeypatch):
    real = bench.Trained(lambda count, luck: drawn_batch(count, bench.EXAM, 0).images, 1, 1)
    monkeypatch.setattr(bench, "ours", lambda seed, seconds: real)
    monkeypatch.setattr(bench, "peers", lambda seed, seconds: real._replace(make=lambda count, luck: np.zeros((count, 3, 32, 32), np.float32)))
    distance, modes, kinds = bench.animals(0, 1, 400)
    assert distance.value == pytest.approx(0, abs=0.01) and distance.met and modes.met and modes.value == len(TRAINING_PAIRS) / len(ALL_PAIRS) and kinds.value == 1


def test_the_ring_and_the_collapse_are_counted():
    covered, good, took = bench.ring(seeds=2, steps=3)
    assert not covered.met and not good.met and took.value > 0 and "worst of 2" in covered.name
    assert 0 <= bench.collapse(seeds=2, steps=3).value <= 2 and len(ANIMALS) == 8
