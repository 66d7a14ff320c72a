"""The bench of lesson 15: it asks for what the judges look for, draws what `draw` draws, and a wrong picture costs what it must."""

import numpy as np
import pytest

from genai_course.cli.benches import prompts as bench
from genai_course.diffusion import ddim, drawn
from genai_course.guidance import GUIDANCE, asked_for, shipped_drawer
from genai_course.menagerie import HELD_OUT_PAIRS


@pytest.fixture(scope="module")
def drawer(): return shipped_drawer()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for name, value in {"STEPS": 2, "BATCH": 4, "SEEN": 30, "REPEATS": 1}.items(): monkeypatch.setattr(bench, name, value)


def test_a_drawing_is_that_of_its_prompt_and_its_seed_in_whatever_batch(drawer):
    prompts = asked_for(HELD_OUT_PAIRS, 6, seed=0)[1]
    made = bench.pictures(drawer, prompts, seed=3)
    alone = drawn(ddim(drawer.asked(prompts[5:], GUIDANCE), drawer.noise(8), drawer.alpha_bar, 2)).numpy()
    assert made.shape == (6, 3, 32, 32) and np.abs(made[5:] - alone).max() < 1e-4


def test_what_the_code_draws_is_right_and_what_is_wrong_is_counted():
    truth = asked_for(HELD_OUT_PAIRS, 60, seed=1)[0]
    images = bench.renders(truth)
    shares = [result.value for result in bench.adherence("fresh", truth, images, 0.95)]
    images[:30] = images[:30][::-1].copy()  # half of them show something else now
    spoiled = bench.adherence("spoiled", truth, images, 0.95)
    assert min(shares) >= 0.95 and all(result.met is False and 0.4 < result.value < 0.7 and result.spread[0] < result.value for result in spoiled)


def test_a_copy_is_found_out():
    known = bench.drawings(30, bench.SEED).images
    copied = bench.novelty(known[:8], bench.renders(asked_for(HELD_OUT_PAIRS, 8, seed=1)[0]))
    assert [(round(result.value, 6), result.met) for result in copied] == [(0, False)] * 2


def test_every_figure_has_its_judge_its_goal_and_its_unit(drawer):
    results = list(bench.figures(drawer, 8))
    assert [result.goal for result in results] == ["value >= 0.95"] * 4 + ["value >= 0.99"] * 2 + ["ratio >= 1, each time"] * 2 + ["value <= 1", "value <= 0.12"]
    assert all("judge" in result.name for result in results[:6]) and all(result.value > 0 for result in results[4:])
    assert [result.unit for result in results[-2:]] == ["seconds"] * 2
