"""The explorers of lesson 13: what they show is what the given schedule, denoiser and sampler give, and a drawing is made once."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.diffusion import SCHEDULES, Frame, cosine_schedule, ddim, drawn, exact_denoiser, linear_schedule, noised
from genai_course.explorers.diffusion import (
    MOMENTS,
    SAMPLERS,
    arrows_at,
    at,
    explore_field,
    explore_schedule,
    explore_steps,
    field_charts,
    filmed,
    perfect_planes,
    schedule_charts,
    step_charts,
    told_step,
    told_time,
)
from genai_course.pictures import png_address

ALPHA_BAR = cosine_schedule(60)
PICTURES = torch.linspace(-1, 1, 5 * 16).view(5, 1, 4, 4)
BEST = exact_denoiser(PICTURES, ALPHA_BAR)


class Counting:
    "A denoiser that counts how often it looks."
    def __init__(self): self.looks = 0

    def __call__(self, x, t):
        self.looks += 1
        return BEST(x, t)


def ask(explorer, serial=1, **moved):
    explorer.request = {**explorer.request, **moved, "serial": serial}
    assert json.dumps(explorer.data, allow_nan=False)
    return explorer.data["charts"]


@given(st.integers(0, 2000))
def test_the_moments_run_through_all_steps(last):
    places = [at(moment, last) for moment in range(MOMENTS)]
    assert places[0] == 0 and places[-1] == last and places == sorted(places)
    if last < MOMENTS: assert set(places) == set(range(last + 1))


def test_a_time_is_told_in_strengths():
    assert told_time(torch.tensor([1.0, 0.64, 0.1]), 1) == "Time 1 of 2: picture 0.80, noise 0.60, signal over noise 1.78."
    assert told_time(torch.tensor([1.0, 0.64, 0.1]), 0) == "Time 0 of 2: picture 1.00, noise 0.00, no noise yet."


@given(moment=st.integers(0, MOMENTS - 1), steps=st.sampled_from([10, 200]), chosen=st.sampled_from([*SCHEDULES]), luck=st.integers(0, 5))
def test_the_picture_is_under_the_noise_of_its_time(moment, steps, chosen, luck):
    words, now, row, curves = schedule_charts(PICTURES[2], SCHEDULES, chosen, steps, moment, luck)
    alpha_bar, eps = SCHEDULES[chosen](steps), torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(luck))
    t = at(moment, steps)
    assert np.allclose(now.images[0], noised(PICTURES[2:3], eps[None], t, alpha_bar)[0], atol=1e-6)
    assert np.allclose(row.images[0], PICTURES[2], atol=1e-6) and len(row.images) == len(row.titles)
    assert words.alt.startswith(f"{chosen}. Time {t:,} of {steps:,}")
    assert np.allclose(curves.lines[chosen], (alpha_bar / (1 - alpha_bar))[1:])


def test_a_schedule_of_ones_own_is_shown():
    explorer = explore_schedule({"all at once": lambda steps: torch.linspace(1, 0.001, steps + 1, dtype=torch.float64)}, PICTURES[0])
    words, *_, curves = ask(explorer, steps=10, moment=MOMENTS - 1)
    assert "all at once. Time 10 of 10: picture 0.03, noise 1.00" in words["text"] and [line["name"] for line in curves["lines"]] == ["all at once"]


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_film_ends_with_the_finished_picture(name):
    frames = filmed(SAMPLERS[name], BEST, ALPHA_BAR, (2, 1, 4, 4), count=7, luck=3)
    assert len(frames) == 8 and [frames[0].t, frames[-1].t] == [60, 0]
    assert torch.equal(frames[-1].x, frames[-2].x_next) and torch.equal(frames[-1].x_0, frames[-1].x) and not frames[-1].eps.any()
    again = filmed(SAMPLERS[name], BEST, ALPHA_BAR, (2, 1, 4, 4), count=7, luck=3)
    assert torch.equal(frames[-1].x, again[-1].x) and not torch.equal(frames[0].x, filmed(SAMPLERS[name], BEST, ALPHA_BAR, (2, 1, 4, 4), 7, 4)[0].x)


def test_samplers_are_the_lessons():
    begin = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    assert torch.equal(filmed(SAMPLERS["DDIM"], BEST, ALPHA_BAR, (1, 1, 4, 4), 9, 2)[-1].x, drawn(ddim(BEST, begin, ALPHA_BAR, 9)))
    ends = [filmed(sampler, BEST, ALPHA_BAR, (1, 1, 4, 4), 9, 2)[3].x for sampler in SAMPLERS.values()]
    assert all(not torch.equal(one, other) for i, one in enumerate(ends) for other in ends[:i])


@given(moment=st.integers(0, MOMENTS - 1))
def test_a_moment_shows_what_stands_there_and_what_is_seen_in_it(moment):
    frames = filmed(SAMPLERS["DDPM"], BEST, ALPHA_BAR, (1, 1, 4, 4), count=20, luck=0)
    words, three, curves = step_charts(frames, moment)
    frame = frames[at(moment, 20)]
    assert np.array_equal(three.images, torch.cat([frame.x, frame.eps, frame.x_0])) and len(three.titles) == 3
    assert words.alt == told_step(frames, at(moment, 20)) and len(curves.lines["predicted picture"]) == 21
    assert curves.lines["predicted picture"][-1] == 0


def test_a_step_is_told_with_its_distance_from_the_end():
    def grey(t, level): return Frame(t, *[torch.full((1, 1, 2, 2), level)] * 4)

    frames = [grey(60, 0.5), grey(0, 1.0)]
    assert told_step(frames, 0) == "Step 0 of 1, time 60: the predicted picture is 0.50 from the final one, as a mean error of its pixels."
    assert told_step(frames, 1) == "Step 1 of 1: finished."


def test_dragging_through_a_drawing_looks_at_nothing_anew():
    denoise = Counting()
    explorer = explore_steps(denoise, ALPHA_BAR, (1, 4, 4))
    ask(explorer, 1, sampler="DDIM", count=10, moment=0, luck=1)
    looks = denoise.looks
    for serial, moment in enumerate((40, 3, 17, 0), 2): ask(explorer, serial, moment=moment)
    assert denoise.looks == looks
    _, grid, _ = ask(explorer, 9, moment=MOMENTS - 1)
    assert grid["images"][0] == png_address(filmed(SAMPLERS["DDIM"], BEST, ALPHA_BAR, (1, 1, 4, 4), 10, 1)[-1].x[0].numpy())
    ask(explorer, 10, luck=2)
    assert denoise.looks == looks + 10


def test_short_schedules_get_only_numbers_of_steps_that_fit():
    explorer = explore_steps(exact_denoiser(PICTURES, cosine_schedule(8)), cosine_schedule(8), (1, 4, 4))
    assert next(control for control in explorer.controls if control["name"] == "count")["values"] == [1, 2, 5]
    assert ask(explorer, count=2, moment=MOMENTS - 1)[0]["text"] == "Step 2 of 2: finished."


def test_arrows_lead_to_the_picture_that_is_seen():
    points = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    flow = arrows_at(exact_denoiser(points, ALPHA_BAR), 5)
    assert np.allclose(flow(np.array([[0.9, 0.2], [-1.1, 0.0]])), [[0.1, -0.2], [0.1, 0.0]], atol=1e-3)
    to_the_middle = arrows_at(exact_denoiser(points, ALPHA_BAR), 60)(np.array([[2.0, 1.0]]))
    assert np.allclose(to_the_middle, [[-2, -1]], atol=0.1)


def test_points_drift_to_the_data():
    points, denoise = perfect_planes(ALPHA_BAR, count=50)["ring, perfect denoiser"]
    frames = filmed(SAMPLERS["DDIM"], denoise, ALPHA_BAR, (30, 2), 40, 0)
    first, last = field_charts(points, denoise, frames, 0)[1], field_charts(points, denoise, frames, MOMENTS - 1)[1]
    assert first.packed()["arrows"] and not last.packed()["arrows"]  # at the end nobody goes anywhere
    assert len(last.points) == 80 and list(last.labels).count(1) == 30
    nearest = np.linalg.norm(last.points[50:, None] - points[None], axis=-1).min(1)
    assert np.median(nearest) < 0.1 and first.extent == last.extent


def test_the_field_explorer_shows_a_network_of_ones_own():
    middle = np.zeros((1, 2), np.float32)
    explorer = explore_field(linear_schedule(100), {"all to the middle": (middle, exact_denoiser(torch.tensor(middle), linear_schedule(100)))})
    words, plane = ask(explorer, moment=MOMENTS - 1)
    assert "time 0: half of the drifting points are within 0.00" in words["text"] and plane["kinds"] == ["data", "drifting points"]
    words, plane = ask(explorer, 2, moment=10, sampler="DPM-Solver++", luck=3)
    assert len(plane["arrows"]) == 169 and "time 75" in words["text"]
