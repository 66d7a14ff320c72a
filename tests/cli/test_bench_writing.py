"""The bench of writing: the peer is the model that its page describes, and a figure counts only where our loss is as low."""

import json
import math

import pytest
import torch
from torch.nn import functional as F

from genai_course.cli.benches import text as family
from genai_course.cli.benches import writing as bench
from genai_course.texts import LEAST
from genai_course.transformer import RECIPES


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text("to be or not to be that is the question\n" * (2 * LEAST // 40 + 30), encoding="utf-8")
    return file


def test_the_peer_has_as_many_numbers_as_its_page_says():
    numbers = {name: p.numel() for name, p in bench.Peer(65).named_parameters()}
    assert f"{(sum(numbers.values()) - numbers['places.weight']) / 1e6:.2f}" == "0.80"  # it counts without places


def test_the_peer_starts_with_all_characters_about_as_likely_and_sees_no_future():
    torch.manual_seed(0)
    peer, tokens, others = bench.Peer(65), *torch.randint(65, (2, 4, 64))
    assert F.cross_entropy(peer(tokens).flatten(0, 1), others.flatten()).item() == pytest.approx(math.log(65), abs=0.1)
    other = tokens.clone()
    other[:, 40:] = 0
    assert torch.allclose(peer(tokens)[:, :40], peer(other)[:, :40], atol=1e-5)


def test_the_peers_rate_rises_over_100_steps_and_falls_to_a_tenth():
    optimizer, rates = bench.PeersOptimizer(torch.nn.Linear(2, 2), 2000), []
    for _ in range(2000):
        optimizer.step()
        rates.append(optimizer.adam.param_groups[0]["lr"])
    assert max(rates) == pytest.approx(1e-3, rel=0.01) and 95 <= rates.index(max(rates)) <= 100
    assert rates[0] == pytest.approx(1e-5) and rates[-1] == pytest.approx(1e-4, rel=0.01)


def test_both_learn_and_the_figure_names_both_losses(text):
    result = bench.training(text, seeds=1, steps=30)
    assert "to a loss of" in result.name and "(" in result.name and result.peer == "nanoGPT's CPU recipe, rebuilt" and result.goal == "ratio >= 6"
    ours, peers = (float(part.strip("() ,")) for part in result.name.split("loss of ")[1].split(" "))
    assert ours < peers < math.log(20)
    assert json.dumps(result.as_json())


@pytest.mark.parametrize(("ours", "peers", "met"), [((1.5, 1.0), (1.6, 60.0), True), ((1.7, 1.0), (1.6, 60.0), False), ((1.5, 20.0), (1.6, 60.0), False)])
def test_a_figure_counts_only_where_the_loss_is_as_low(monkeypatch, ours, peers, met):
    monkeypatch.setattr(bench, "our_task", lambda text, seed: ours)
    monkeypatch.setattr(bench, "peers_task", lambda text, seed, steps: peers)
    monkeypatch.setattr(bench, "trained", lambda task, steps: task)
    assert bench.training(None, seeds=3, steps=1).met is met


def test_the_cache_is_compared_with_writing_the_same():
    result = bench.cache(repeats=1)
    assert result.name == "64 tokens after 256 with a cache" and result.peer == "without the cache" and result.goal == "ratio >= 6"


def small_recipe(**settings):
    sizes = {"layers": 1, "heads": 2, "width": 16, "reach": 3, "here": [2]}
    recipe = RECIPES["transformer.best"]
    return recipe._replace(settings={**recipe.settings, "sizes": sizes, "context": 16, "size": 4, "steps": 5, **settings}, steps=5)


def test_the_lowest_loss_is_held_against_its_goal(monkeypatch, text):
    monkeypatch.setitem(bench.RECIPES, "transformer.best", small_recipe())
    result = bench.best(text)
    assert result.goal == "value <= 1.47" and result.unit == "nats a character" and result.peer is None and result.met is (result.value <= 1.47)
    assert 0 < result.value < math.log(20) and json.dumps(result.as_json())


@pytest.mark.parametrize("given", [True, False])
def test_the_lowest_loss_is_measured_only_where_a_text_is_given(monkeypatch, text, given):
    for name, made in (("figures", []), ("training", "one"), ("cache", "another")): monkeypatch.setattr(family, name, lambda *args, made=made, **options: made)
    monkeypatch.setattr(family, "best", lambda text: ("best", text))
    monkeypatch.setattr(family, "shakespeare", lambda: "")
    monkeypatch.setattr(family.settings, "bench_text", str(text) if given else "", raising=False)
    measured = list(family.measure())
    assert (("best", text) in measured) is given and len(measured) == (3 if given else 2)
