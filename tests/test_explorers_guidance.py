"""The explorers of lesson 15: a drawing is the drawer's own and is made once, looks are those of its layers, and what cannot be read is said."""

import copy
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from genai_course.attention import attention_weights, split_heads
from genai_course.diffusion import Frame, cosine_schedule, ddim, drawn
from genai_course.embeddings import Pair, Readers, WordTokenizer, words_in
from genai_course.explorers.diffusion import MOMENTS, SAMPLERS, at, filmed
from genai_course.explorers.guidance import (
    BETWEEN,
    COUNTS,
    arc,
    as_read,
    explore_between,
    explore_prompt,
    explore_words,
    look_charts,
    plainly_put,
    row_between,
    shone,
    told_look,
)
from genai_course.guidance import CrossAttention, Prompt, PromptedDrawer, PromptedUNet, looks, word_maps
from genai_course.pictures import png_address

WORDS = WordTokenizer(["a", "cat", "crown", "hat", "in", "owl"])
LENGTH, TOLD, SHAPE, STEPS = 6, 16, (3, 8, 8), 60
TEXT = st.text(st.sampled_from("aA cat CAT\t,.'owl é😀"), max_size=30)
FLAT = {"max_examples": 20, "deadline": None}


class Counting(PromptedUNet):
    "A network that has learned nothing, and counts how often it is asked, and about how many pictures."
    def __init__(self):
        super().__init__(3, (8, 16), depth=1, told=TOLD, steps=STEPS)
        self.asked = []
        for p in self.parameters(): torch.nn.init.normal_(p, std=0.3)

    def forward(self, x, t, prompt):
        self.asked.append(len(x))
        return super().forward(x, t, prompt)


@pytest.fixture(scope="module")
def drawer():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return PromptedDrawer(Counting().eval(), Readers(Pair(len(WORDS), size=8, width=TOLD, layers=1, channels=8).eval(), WORDS, LENGTH), cosine_schedule(STEPS), SHAPE)


@pytest.fixture
def asked(drawer):
    "How many pictures the network was asked about, call by call."
    drawer.model.asked.clear()
    return drawer.model.asked


def ask(explorer, serial=1, **moved):
    explorer.request = {**explorer.request, **moved, "serial": serial}
    assert json.dumps(explorer.data, allow_nan=False)
    return explorer.data["charts"]


def kinds(charts): return [chart["kind"] for chart in charts]


def begun(seed, count=1): return torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


# ---- a prompt as it is read

@given(TEXT)
def test_what_is_put_plainly_is_read_the_same(text):
    assert WORDS.encode(plainly_put(text)) == WORDS.encode(text) and plainly_put(plainly_put(text)) == plainly_put(text)


@pytest.mark.parametrize(("text", "expected"), [("a cat", []), ("a kat", ["tokens", "words"]), ("", ["words"]), ("a cat in a crown", []), ("a cat in a hat in a crown", ["words"])])
def test_what_is_wrong_with_a_prompt_is_said(drawer, text, expected): assert [chart.pack()["kind"] for chart in as_read([text], drawer.readers)] == expected


def test_unknown_words_have_an_edge_and_suggestions(drawer):
    tokens, said = as_read(["A kat in a hat, crwn"], drawer.readers)
    assert tokens.pieces == words_in("a kat in a hat, crwn") and [tokens.pieces[i] for i in tokens.marked] == ["kat", ",", "crwn"]
    assert list(tokens.numbers) == WORDS.encode("a kat in a hat, crwn")[:-1]
    assert "'kat'" in said.alt and "cat" in said.alt and "'crwn'" in said.alt and "crown" in said.alt


# ---- step by step

def test_a_drawing_is_the_drawers_own(drawer):
    explorer = explore_prompt(drawer, "a cat")
    *_, grid, _ = ask(explorer, prompt="A Cat", unwanted="hat", scale=2.5, rescale=0.3, count=5, seed=7, moment=MOMENTS - 1)
    wanted = drawn(ddim(drawer.asked(["a cat"], 2.5, "hat", 0.3), begun(7), drawer.alpha_bar, 5))[0]
    assert grid["images"][0] == png_address(wanted.numpy()) and grid["titles"] == ["now", "noise seen", "picture seen"]


def test_each_knob_changes_the_picture(drawer):
    start = {"prompt": "a cat", "unwanted": "", "scale": 2.0, "rescale": 0.0, "count": 5, "seed": 1, "moment": MOMENTS - 1}
    others = {"prompt": "owl", "unwanted": "hat", "scale": 5.0, "rescale": 1.0, "count": 10, "seed": 2, "moment": 0}
    explorer = explore_prompt(drawer, "a cat")
    shown = [next(chart for chart in ask(explorer, serial, **{**start, **moved}) if chart["kind"] == "imagegrid")["images"][0]
             for serial, moved in enumerate([{}, *({name: value} for name, value in others.items())], 1)]
    assert len(set(shown)) == len(others) + 1


def test_running_through_a_drawing_asks_for_nothing_anew(drawer, asked):
    explorer = explore_prompt(drawer, "a cat")
    ask(explorer, 1, count=5, moment=0)
    asked.clear()
    for serial, moved in enumerate([{"moment": 40}, {"moment": 7}, {"prompt": " a  CAT"}, {"seed": 1}], 2): ask(explorer, serial, **moved)
    assert asked == []
    ask(explorer, 9, seed=2)
    assert asked == [2] * 5  # once a step, with and without the prompt together
    ask(explorer, 10, seed=1)
    assert len(asked) == 5


def test_an_odd_prompt_is_drawn_and_its_oddness_said(drawer):
    explorer = explore_prompt(drawer, "a cat")
    assert kinds(explorer.data["charts"]) == ["words", "imagegrid", "curves"]
    charts = ask(explorer, prompt="", count=5)
    assert kinds(charts) == ["words", "words", "imagegrid", "curves"] and "empty" in charts[0]["text"]
    charts = ask(explorer, 2, prompt="a kat", unwanted="an hut")
    assert kinds(charts)[:4] == ["tokens", "words", "tokens", "words"] and "hat" in charts[3]["text"]
    charts = ask(explorer, 3, prompt="😀" * 100, unwanted="")
    assert kinds(charts) == ["tokens", "words", "words", "imagegrid", "curves"] and "the first 5" in charts[1]["text"]


def test_short_schedules_get_only_numbers_of_steps_that_fit(drawer):
    few = drawer._replace(alpha_bar=cosine_schedule(8))
    for explorer, left in [(explore_prompt(drawer, "a cat"), list(COUNTS)), (explore_prompt(few, "a cat"), [5])]:
        assert next(control for control in explorer.controls if control["name"] == "count")["values"] == left


# ---- looks

@settings(**FLAT)
@given(t=st.integers(1, STEPS), text=st.lists(st.sampled_from(WORDS.words[3:]), max_size=8).map(" ".join))
def test_looks_add_up_to_1_and_filling_gets_none(drawer, t, text):
    x, prompt = begun(t), drawer.read([text])
    found, words = looks(drawer.model, x, t, prompt), int(prompt.mask.sum())
    assert [each.shape[2:] for each in found] == [(4, 4), (2, 2), (4, 4)]  # down, in the middle, up
    for each in [*found, word_maps(drawer.model, x, t, prompt)]:
        assert torch.allclose(each.sum(1), torch.ones(1, *each.shape[2:]), atol=1e-5) and not each[:, words:].any()


def test_looks_are_lesson_07s_weights_of_what_each_layer_is_given(drawer):
    x, prompt, wanted = begun(3, 2), drawer.read(["a cat in", "owl"]), []
    def work_out(layer, given, _):
        q = split_heads(layer.to_q(layer.norm(given[0]).flatten(2).transpose(1, 2)), layer.heads)
        k = split_heads(layer.to_kv(prompt.states).chunk(2, dim=-1)[0], layer.heads)
        weights = attention_weights(q, k, prompt.mask[:, None, None]).mean(1)  # (B, places, T)
        wanted.append(weights.transpose(1, 2).reshape(2, LENGTH, *given[0].shape[2:]))

    hooks = [part.register_forward_hook(work_out) for part in drawer.model.modules() if isinstance(part, CrossAttention)]
    found = looks(drawer.model, x, 30, prompt)
    for hook in hooks: hook.remove()
    assert len(found) == len(wanted) == 3 and all(torch.allclose(mine, theirs, atol=1e-5) for mine, theirs in zip(found, wanted, strict=True))


def test_maps_are_the_mean_at_the_finest_size(drawer):
    x, prompt = begun(5, 2), drawer.read(["a cat", "owl"])
    maps, found = word_maps(drawer.model, x, 20, prompt), looks(drawer.model, x, 20, prompt)
    wide = [each.repeat_interleave(4 // each.shape[2], 2).repeat_interleave(4 // each.shape[3], 3) for each in found]
    assert maps.shape == (2, LENGTH, 4, 4) and torch.allclose(maps, sum(wide) / len(wide), atol=1e-6)


def test_layers_that_a_learner_wrote_anew_are_looked_into_as_well(drawer):
    x, prompt, own = begun(0), drawer.read(["a cat"]), type("CrossAttention", (nn.Module,), {name: vars(CrossAttention)[name] for name in ("asked", "weights", "forward")})
    mine = copy.deepcopy(drawer.model)
    for part in mine.modules():
        if isinstance(part, CrossAttention): part.__class__ = own
    assert not any(isinstance(part, CrossAttention) for part in mine.modules())
    assert torch.equal(word_maps(mine, x, 9, prompt), word_maps(drawer.model, x, 9, prompt))


def test_looking_in_leaves_the_network_as_it_was(drawer):
    x, prompt = begun(0), drawer.read(["a cat"])
    with pytest.raises(RuntimeError): looks(drawer.model, x, 1, Prompt(prompt.states[..., :-1], prompt.mask))
    looks(drawer.model, x, 1, prompt)
    assert not any(part._forward_pre_hooks for part in drawer.model.modules())


def test_a_picture_shines_where_it_is_looked_at():
    picture, share = torch.ones(3, 4, 4), torch.tensor([[0.2, 0.1], [0.0, 0.2]])
    lit = shone(picture, share)
    assert torch.allclose(lit[0, ::2, ::2], torch.tensor([[1.0, 0.25], [-0.5, 1.0]])) and torch.equal(lit[:, 0, 0], lit[:, 1, 1])
    assert torch.allclose(shone(picture, torch.zeros(2, 2)), torch.full((3, 4, 4), -0.5))
    assert shone(5 * picture, share).max() == 1


def test_a_look_is_told_with_its_place():
    frame = Frame(500, *[torch.zeros(1, 3, 4, 4)] * 4)
    said = told_look(["a", "cat", "<end>"], 1, torch.tensor([[0.1, 0.2], [0.6, 0.1]]), frame)
    assert said == "Word 2 of 3, 'cat', at time 500: it gets 25% of all looks, and most in row 2, column 1 of 2 by 2, 60%."


def test_the_charts_of_a_look_are_those_of_its_word():
    maps = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0)).softmax(0)
    frame = Frame(500, *[torch.rand(1, 3, 4, 4)] * 4)
    words, pair, heat, bars = look_charts(["a", "hat", "a"], 2, maps, frame)
    assert np.array_equal(heat.values, maps[2]) and np.allclose(pair.images[0], frame.x_0[0]) and np.allclose(pair.images[1], shone(frame.x_0[0], maps[2]))
    assert list(bars.values) == ["1 a", "2 hat", "3 a"] and sum(bars.values.values()) == pytest.approx(1) and bars.marked == ["3 a"]
    assert words.alt.startswith("Word 3 of 3, 'a'")


def test_a_word_is_found_at_the_chosen_step(drawer):
    explorer = explore_words(drawer, "a cat in a crown", count=10)
    words, grid, heat, bars = ask(explorer, word=2, scale=2.0, seed=3, moment=20)
    frames = list(ddim(drawer.asked(["a cat in a crown"], 2.0), begun(3), drawer.alpha_bar, 10))
    frame = frames[at(20, 9)]
    maps = word_maps(drawer.model, frame.x, frame.t, drawer.read(["a cat in a crown"]))[0]
    assert np.allclose(heat["values"], maps[1], atol=1e-3) and grid["images"][0] == png_address(frame.x_0[0].clamp(-1, 1).numpy())
    assert bars["names"] == ["1 a", "2 cat", "3 in", "4 a", "5 crown", "6 <end>"] and f"'cat', at time {frame.t}" in words["text"]


def test_only_a_new_step_or_drawing_asks_the_network(drawer, asked):
    explorer = explore_words(drawer, "a cat", count=10)
    ask(explorer, 1, moment=0)
    asked.clear()
    for serial, word in enumerate((1, 2, 3, 6), 2): ask(explorer, serial, word=word)
    assert asked == []
    ask(explorer, 7, moment=40)
    assert asked == [1]  # one pass, with the prompt alone
    ask(explorer, 8, moment=0)
    assert asked == [1]
    ask(explorer, 9, seed=4)
    assert asked == [1, *[2] * 10, 1]


def test_a_word_that_is_not_there_is_the_end(drawer):
    explorer = explore_words(drawer, "a cat", count=5)
    assert "Word 3 of 3, '<end>'" in ask(explorer, word=6)[0]["text"]
    charts = ask(explorer, 2, prompt="", word=2)
    assert kinds(charts) == ["words", "words", "imagegrid", "heatmap", "bars"] and "Word 1 of 1, '<end>'" in charts[1]["text"] and charts[-1]["values"] == [1]


def test_words_beyond_the_readers_length_are_not_offered(drawer):
    bars = ask(explore_words(drawer, "a cat in a hat in a crown", count=5), word=6)[-1]
    assert bars["names"] == ["1 a", "2 cat", "3 in", "4 a", "5 hat", "6 <end>"]


# ---- between

NOISE = st.integers(0, 10**6).map(lambda seed: torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(seed)))


@given(NOISE, NOISE, st.floats(0, 1))
def test_an_arc_turns_evenly_from_end_to_end(a, b, share):
    assert torch.allclose(arc(a, b, 0), a, atol=1e-5) and torch.allclose(arc(a, b, 1), b, atol=1e-5)
    one, other = (x.flatten(1).double() / x.flatten(1).double().norm(dim=1, keepdim=True) for x in (a, b))
    point = arc(one.view(a.shape), other.view(b.shape), share).flatten(1)
    assert torch.allclose(point.norm(dim=1), torch.ones(2).double(), atol=1e-6)
    angles = [(x * y).sum(1).clamp(-1, 1).acos() for x, y in ((one, point), (one, other))]
    assert torch.allclose(angles[0], share * angles[1], atol=1e-3)


@given(NOISE, st.floats(0.1, 3), st.floats(0, 1))
def test_on_one_line_the_way_is_straight(a, factor, share):
    assert torch.allclose(arc(a, factor * a, share), (1 - share + share * factor) * a, atol=1e-4)
    assert arc(a, -a, share).isfinite().all() and arc(0 * a, a, share).isfinite().all()


def test_a_drawing_begins_with_the_drawers_noise_of_its_seed(drawer):
    frames = filmed(SAMPLERS["DDIM"], drawer.asked(["a cat"], 2.0), drawer.alpha_bar, (1, *drawer.shape), 2, 5)
    assert torch.equal(frames[0].x, drawer.noise(5))


def test_a_row_goes_from_the_first_to_the_second(drawer):
    noises, prompts = (begun(1), begun(2)), ("a cat", "in hat")
    row = row_between(drawer, prompts, noises, "prompt and noise", 2.0, 5)
    ends = [drawn(ddim(drawer.asked([prompt], 2.0), begin, drawer.alpha_bar, 5)) for prompt, begin in zip(prompts, noises, strict=True)]
    assert row.shape == (BETWEEN, *SHAPE) and torch.allclose(row[:1], ends[0], atol=1e-4) and torch.allclose(row[-1:], ends[1], atol=1e-4)


@pytest.mark.parametrize(("changing", "which", "whence"), [("prompt", 1, 0), ("noise", 0, 1)])
def test_what_does_not_change_is_the_first(drawer, changing, which, whence):
    noises, prompts = (begun(1), begun(2)), ("a cat", "in hat")
    row = row_between(drawer, prompts, noises, changing, 2.0, 5)
    last = drawn(ddim(drawer.asked([prompts[which]], 2.0), noises[whence], drawer.alpha_bar, 5))
    assert torch.allclose(row[-1:], last, atol=1e-4) and not torch.allclose(row[:1], last, atol=1e-3)


def test_a_row_is_drawn_together_and_once(drawer, asked):
    explorer = explore_between(drawer, "a cat", "owl")
    asked.clear()
    strip = ask(explorer, 1, count=5, seed=3, last_seed=4)[0]
    assert asked == [2 * BETWEEN] * 5 and len(strip["images"]) == BETWEEN and strip["titles"][0] == "0%" and strip["titles"][-1] == "100%"
    ask(explorer, 2, first="A  cat")
    assert len(asked) == 5
    assert ask(explorer, 3, changing="noise")[0]["alt"] == "From 'A  cat' to 'owl': noise changes."
    assert len(asked) == 10


def test_both_prompts_are_read_aloud_where_they_are_odd(drawer):
    charts = ask(explore_between(drawer, "a cat", "owl"), first="a kat", second="", count=5)
    assert kinds(charts) == ["tokens", "words", "words", "strip"] and "empty" in charts[2]["text"]
