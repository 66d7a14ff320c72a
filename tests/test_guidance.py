"""Guidance: places that look at words, captions that are dropped, a prompt that is pushed, and the recipe that learns to listen."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from genai_course.checkpoint import CheckpointError, save_weights
from genai_course.diffusion import Guess, cosine_schedule, ddim, denoiser, drawn, guess_from, strengths
from genai_course.embeddings import Readers, TextEncoder, WordTokenizer, captions_of, drawings, shipped_readers, words_in
from genai_course.guidance import (
    RECIPES,
    CrossAttention,
    Prompt,
    PromptedDrawer,
    PromptedUNet,
    between,
    blank_row,
    guided,
    load_prompted,
    prompted_batches,
    prompted_loss,
    prompting_task,
    pushed,
    read,
    remarks,
    rescaled,
    without_some,
)
from genai_course.menagerie import HELD_OUT_PAIRS, labels_of
from genai_course.training import train

seeds, scales = st.integers(0, 2**31), st.floats(-3, 12)
SMALL = {"drawn": 40, "widths": [8, 16], "depth": 1, "fold": 2, "schedule": "cosine", "size": 8, "lr": 0.003, "warm": 2, "dropped": 0.1, "decay": 0.9}


def random(*shape, seed=0): return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def close(a, b, eps=1e-5): return torch.allclose(a, b, atol=eps, rtol=eps)


def awake(module, seed=0):
    "The module with no parameter at 0, so that it does something."
    generator = torch.Generator().manual_seed(seed)
    for p in module.parameters(): p.data = torch.randn(p.shape, generator=generator) / (p.shape[-1] ** 0.5 if p.ndim > 1 else 4)
    return module.eval()


def prompt(size=2, words=5, told=12, seed=0):
    "Prompts with 1 to `words` words each."
    lengths = torch.randint(1, words + 1, (size, 1), generator=torch.Generator().manual_seed(seed))
    return Prompt(random(size, words, told, seed=seed), torch.arange(words) < lengths)


# ---- cross-attention

@given(seeds)
@settings(max_examples=20)
def test_it_is_torchs_attention_from_places_to_words(seed):
    look, x, told = awake(CrossAttention(16, 12, heads=4), seed), random(3, 16, 3, 5, seed=seed), prompt(3, seed=seed)
    peer = nn.MultiheadAttention(16, 4, kdim=12, vdim=12, batch_first=True)
    k, v = look.to_kv.weight.chunk(2)
    for name, weight in {"q_proj_weight": look.to_q.weight, "k_proj_weight": k, "v_proj_weight": v}.items(): getattr(peer, name).data = weight.data
    peer.in_proj_bias.data.zero_()
    peer.out_proj.load_state_dict(look.out.state_dict())
    found, shares = peer(look.norm(x).flatten(2).transpose(1, 2), told.states, told.states, key_padding_mask=~told.mask, average_attn_weights=False)
    assert close(look(x, told), x + found.transpose(1, 2).reshape(x.shape)) and close(look.weights(x, told), shares)


def test_at_first_it_adds_nothing():
    x = random(2, 16, 4, 4)
    assert torch.equal(CrossAttention(16, 12)(x, prompt()), x)


@given(seeds)
@settings(max_examples=20)
def test_filling_is_not_seen_and_the_order_of_the_words_is_not_either(seed):
    look, x, told = awake(CrossAttention(16, 12), seed), random(2, 16, 3, 3, seed=seed), prompt(2, seed=seed)
    other = torch.where(told.mask[..., None], told.states, 1e3)
    order = torch.randperm(5, generator=torch.Generator().manual_seed(seed))
    assert close(look(x, told), look(x, told._replace(states=other)))
    assert close(look(x, told), look(x, Prompt(told.states[:, order], told.mask[:, order])), eps=1e-4)
    assert (look.weights(x, told)[~told.mask[:, None, None].expand(-1, 4, 9, -1)] == 0).all() and close(look.weights(x, told).sum(-1), torch.ones(2, 4, 9))


def test_one_word_is_found_everywhere():
    look, x, told = awake(CrossAttention(16, 12)), random(1, 16, 3, 3), prompt(1)._replace(mask=torch.tensor([[True, False, False, False, False]]))
    added = (look(x, told) - x).flatten(2)
    assert close(added, added[:, :, :1].expand_as(added))


def test_heads_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 heads cannot share 16 channels evenly"): CrossAttention(16, 12, heads=3)


# ---- the network

def test_a_fresh_network_says_nothing_and_an_awake_one_hears_its_prompt_alone():
    model, x, t = PromptedUNet(3, (8, 16), told=12), random(2, 3, 8, 8), torch.tensor([5, 900])
    assert not model(x, t, prompt()).any()
    with torch.no_grad(): awake(model)
    one, other = prompt(), prompt(seed=1)
    mixed = Prompt(torch.stack([one.states[0], other.states[1]]), torch.stack([one.mask[0], other.mask[1]]))
    answers = [model(x, t, told) for told in (one, other, mixed)]
    assert answers[0].shape == x.shape and not close(answers[0], answers[1], eps=1e-3)
    assert close(answers[2], torch.stack([answers[0][0], answers[1][1]]), eps=1e-4)  # no prompt speaks to another's picture


@pytest.mark.parametrize("fold", [1, 2, 4])
def test_folded_pixels_come_back_to_their_places(fold):
    model, x = PromptedUNet(3, (8, 16), told=12, fold=fold), random(1, 3, 16, 16)
    model.through = lambda folded, known: folded
    assert torch.equal(model(x, torch.tensor([1]), prompt(1)), x)


def test_every_layer_of_every_size_listens():
    model = PromptedUNet(3, (8, 16, 24), depth=2, told=12)
    assert sum(isinstance(part, CrossAttention) for part in model.modules()) == 2 * 5  # two sizes on the way down and up, and the smallest


# ---- captions that are dropped

def words_and_rows():
    words = WordTokenizer(["a", "cat", "crown"])
    return words, words.rows(["a cat", "a crown", ""], 5).numpy()


def test_the_blank_row_is_what_the_tokenizer_makes_of_nothing():
    words, rows = words_and_rows()
    assert blank_row(5).tolist() == rows[2].tolist() == words.rows([""], 5)[0].tolist()


def test_all_or_none_are_dropped_and_what_is_given_stays_as_it_is():
    _, rows = words_and_rows()
    kept = rows.copy()
    assert (without_some(rows, 0.0, np.random.default_rng(0)) == kept).all()
    assert (without_some(rows, 1.0, np.random.default_rng(0)) == blank_row(5)).all() and (rows == kept).all()


def test_the_share_that_is_dropped_is_the_share_that_was_asked_for():
    rows = np.arange(5 * 40_000).reshape(40_000, 5) + 10
    left = without_some(rows, 0.1, np.random.default_rng(0))
    dropped = (left == blank_row(5)).all(1)
    assert dropped.mean() == pytest.approx(0.1, abs=0.006) and (left[~dropped] == rows[~dropped]).all()


@pytest.fixture(scope="module")
def readers(): return shipped_readers()


def test_batches_are_a_function_of_seed_and_step_alone(readers):
    known = drawings(30, seed=1)
    through = [*islice(prompted_batches(known, readers, 6, 1000, 0.5, seed=4), 5)]
    for batch, again in zip(through[3:], prompted_batches(known, readers, 6, 1000, 0.5, seed=4, start=3), strict=False):
        assert all(np.array_equal(a, b) for a, b in zip(batch, again, strict=True))
    other = next(prompted_batches(known, readers, 6, 1000, 0.5, seed=5))
    assert not np.array_equal(through[0][0], other[0]) and not np.array_equal(through[0][2], other[2])


def test_no_held_out_pair_is_in_what_the_recipe_learns_from(readers):
    known = drawings(RECIPES["guidance"].settings["drawn"] // 20, seed=42)
    assert not {labels[:2] for labels in labels_of(known.labels)} & set(HELD_OUT_PAIRS)
    rows = np.concatenate([rows for *_, rows in islice(prompted_batches(known, readers, 200, 1000, 0.1, seed=42), 5)])
    texts = [{readers.words.words[number] for number in row} for row in rows]
    assert not any({"cat", "knight's"} <= text or {"owl", "wizard's"} <= text or {"frog", "crown"} <= text for text in texts)


# ---- guidance

def test_guidance_climbs_the_hill_of_bayes_rule():
    "Where all are bell curves: the guided noise is that of p(x) p(c | x)^w, found by torch's own differentiation."
    alpha_bar, x, t = cosine_schedule(), torch.linspace(-3, 3, 41, dtype=torch.float64)[:, None].requires_grad_(), 400
    signal, noise = (part.double() for part in strengths(alpha_bar, t, x))
    normal = lambda mean, spread: torch.distributions.Normal(signal * mean, (signal**2 * spread**2 + noise**2) ** 0.5)
    anything, asked = normal(0.0, 1.0), normal(1.5, 0.3)
    slope = lambda height: torch.autograd.grad(height.sum(), x)[0]
    seen = lambda bell: lambda x, t: guess_from("noise", -noise * slope(bell.log_prob(x)), x, signal, noise)
    for scale in (0, 0.5, 1, 4):
        height = anything.log_prob(x) + scale * (asked.log_prob(x) - anything.log_prob(x))  # Bayes: p(c | x) = p(x | c) p(c) / p(x)
        assert close(guided(seen(asked), seen(anything), scale)(x, t).eps, -noise * slope(height), eps=1e-8)


@given(seeds, scales)
def test_what_is_pushed_is_still_one_noisy_picture(seed, scale):
    x, signal, noise = random(2, 3, 4, 4, seed=seed), *strengths(cosine_schedule(), 600, random(1, 1, 1, 1))
    told, blank = (guess_from("v", random(2, 3, 4, 4, seed=seed + i), x, signal, noise) for i in (1, 2))
    seen = pushed(told, blank, scale)
    assert close(signal * seen.x_0 + noise * seen.eps, x, eps=1e-3)
    assert close(pushed(told, blank, 0).eps, blank.eps) and close(pushed(told, blank, 1).x_0, told.x_0)


@pytest.fixture
def drawer():
    words = WordTokenizer(["a", "cat", "crown", "hat", "in", "no"])
    torch.manual_seed(0)
    pair = nn.Module()
    pair.text = TextEncoder(len(words), 1, 2, 12)
    with torch.no_grad(): model = awake(PromptedUNet(3, (8, 16), told=12))
    return PromptedDrawer(model, Readers(pair.eval(), words, 8), cosine_schedule(), (3, 8, 8))


def plain(drawer, prompts):
    "A denoiser for prompts alone, in a pass of its own."
    told = drawer.read(prompts)
    return denoiser(lambda x, t: drawer.model(x, t, told), drawer.alpha_bar)


@torch.no_grad()
@pytest.mark.parametrize("scale", [0.0, 1.0, 3.5])
def test_one_pass_of_twice_as_many_is_two_passes(drawer, scale):
    prompts, x = ["a cat in a crown", "a hat"], random(2, 3, 8, 8)
    for t in (1000, 500, 3):
        two = guided(plain(drawer, prompts), plain(drawer, ["", ""]), scale)(x, t).x_0.clamp(-1, 1)
        seen = drawer.asked(prompts, scale)(x, t)
        signal, noise = strengths(drawer.alpha_bar, t, x)
        assert close(seen.x_0, two, eps=1e-3) and close(signal * seen.x_0 + noise * seen.eps, x, eps=1e-3)


@torch.no_grad()
def test_it_is_one_pass(drawer):
    passes, forward = [], drawer.model.forward
    drawer.model.forward = lambda x, t, prompt: passes.append(len(x)) or forward(x, t, prompt)
    drawer.asked(["a cat", "a hat"], 3.0)(random(2, 3, 8, 8), 500)
    assert passes == [4]


@torch.no_grad()
def test_a_negative_prompt_stands_in_the_place_of_the_blank_one(drawer):
    x = random(1, 3, 8, 8)
    away = drawer.asked(["a cat"], 2.0, negative="a crown")(x, 700).x_0
    assert close(away, guided(plain(drawer, ["a cat"]), plain(drawer, ["a crown"]), 2.0)(x, 700).x_0.clamp(-1, 1), eps=1e-3)
    assert not close(away, drawer.asked(["a cat"], 2.0)(x, 700).x_0, eps=1e-3)
    assert close(drawer.asked(["a cat"], 1.0, negative="a crown")(x, 700).x_0, drawer.asked(["a cat"], 1.0)(x, 700).x_0)  # at 1 it has no say


@given(seeds, st.floats(0, 1), st.floats(0.1, 10))
def test_rescaling_brings_each_spread_back_by_its_share(seed, share, wide):
    x, like = wide * random(3, 3, 4, 4, seed=seed), random(3, 3, 4, 4, seed=seed + 1)
    spread = lambda x: x.flatten(1).std(1)
    assert close(spread(rescaled(x, like, share)), share * spread(like) + (1 - share) * spread(x), eps=1e-4)
    assert close(rescaled(x, like, 0.0), x) and torch.isfinite(rescaled(torch.zeros_like(x), like, share)).all()


@torch.no_grad()
def test_rescaling_reaches_the_drawer(drawer):
    x = random(2, 3, 8, 8)
    calm, wild = (drawer.asked(["a cat", "a hat"], 8.0, rescale=share)(x, 500).x_0 for share in (1.0, 0.0))
    assert (calm.flatten(1).std(1) < wild.flatten(1).std(1)).all()


def test_between_two_prompts_both_ends_are_there(drawer):
    a, b = drawer.read(["a cat"]), drawer.read(["a cat in a crown"])
    assert torch.equal(between(a, b, 0.0).states, a.states) and close(between(a, b, 1.0).states, b.states)
    assert torch.equal(between(a, b, 0.0).mask, a.mask) and torch.equal(between(b, a, 1.0).mask, a.mask)
    assert torch.equal(between(a, b, 0.5).mask, b.mask) and close(between(a, b, 0.5).states, (a.states + b.states) / 2)


def test_each_picture_of_many_begins_with_the_noise_of_its_own_seed(drawer):
    assert torch.equal(drawer.noise(5, 3), torch.cat([drawer.noise(5), drawer.noise(6), drawer.noise(7)]))
    assert drawer.noise(5).shape == (1, *drawer.shape) and not torch.equal(drawer.noise(5), drawer.noise(6))


def test_a_caption_leaves_no_trace_in_the_reader(drawer):
    assert not drawer.read(["a cat"]).states.requires_grad
    assert torch.equal(drawer.read(["", "a cat"]).mask.sum(1), torch.tensor([1, 3]))  # the end sign is always there


@torch.no_grad()
def test_a_drawn_picture_is_a_function_of_noise_and_prompt(drawer):
    x = random(2, 3, 8, 8)
    once, again = (drawn(ddim(drawer.asked(["a cat", "a hat"], 3.0), x, drawer.alpha_bar, 4)) for _ in range(2))
    alone = drawn(ddim(drawer.asked(["a hat"], 3.0), x[1:], drawer.alpha_bar, 4))
    assert torch.equal(once, again) and close(alone, once[1:], eps=1e-3) and once.abs().max() <= 1


# ---- what is said of a prompt

@pytest.mark.parametrize("text", captions_of(20))
def test_of_a_caption_there_is_nothing_to_say(readers, text): assert remarks(text, readers) == []


@pytest.mark.parametrize(("text", "told"), [
    ("", "The prompt is empty"), ("  \n", "The prompt is empty"), ("a catt", "'catt' is a word that the readers have never met: did you mean cat?"),
    ("a cat 🦄", "'🦄' is a word that the readers have never met."), ("a cat " * 250, "of 500 words and marks the readers take the first 23."),
])  # fmt: skip
def test_what_the_readers_cannot_take_is_said_in_a_line(readers, text, told):
    line, = remarks(text, readers)
    assert line.startswith(told) and "\n" not in line


def test_many_unknown_words_are_counted(readers):
    lines = remarks(" ".join(f"zz{letter}" for letter in "abcdefgh"), readers)
    assert len(lines) == 6 and lines[-1] == "3 more words are unknown."


@given(st.text(max_size=60))
@settings(max_examples=50)
def test_whatever_is_typed_can_be_read(text):
    readers = Readers(nn.Module(), WordTokenizer(["a", "cat"]), 24)
    assert all("\n" not in line for line in remarks(text, readers)) and bool(words_in(text)) != any("empty" in line for line in remarks(text, readers))


# ---- the recipe

def trained(steps, **changes):
    task = prompting_task(seed=0, device="cpu", **{**SMALL, **changes})
    before = task.val_loss()
    for step in train(task.batches(0), *task.turns, steps=steps): task.after(step)
    return task, before


def test_the_recipe_learns_and_keeps_the_average():
    task, before = trained(40)
    assert 0.3 < before < 1.3 and task.val_loss() < 0.9 * before
    assert any(not torch.equal(a, b) for a, b in zip(task.model.parameters(), task.others["model in training"].parameters(), strict=True))


def test_the_readers_stay_frozen_and_get_no_gradient(readers):
    model = awake(PromptedUNet(3, (8, 16)))
    batch = [torch.as_tensor(part) for part in next(prompted_batches(drawings(8), readers, 4, 1000, 0.1))]
    prompted_loss(model, batch, readers.pair.text, cosine_schedule()).backward()
    assert all(p.grad is None for p in readers.pair.parameters()) and all(p.grad is not None for p in model.parameters())


def test_the_rate_rises_and_stays():
    task = prompting_task(seed=0, device="cpu", **SMALL)
    rates = [task.turns[0].opt.lr for _ in islice(task.batches(0), 4)]
    assert rates == pytest.approx([0.0015, 0.003, 0.003, 0.003]) and [task.turns[0].opt.lr for _ in islice(task.batches(50), 1)] == [0.003]


def test_weights_know_what_to_build_and_whose_words_they_know(tmp_path):
    task, _ = trained(2)
    file = save_weights(tmp_path / "weights.safetensors", task.model, task.card)
    drawer = load_prompted(file)
    with torch.no_grad(): seen = drawer.asked(["a cat"], 1.0)(random(1, *drawer.shape), 500)
    assert drawer.shape == (3, 32, 32) and torch.isfinite(seen.x_0).all()
    told = read(drawer.readers.pair.text, drawer.readers.words.rows(["a cat"], drawer.readers.length))
    assert torch.equal(told.states, drawer.read(["a cat"]).states)
    save_weights(file, task.model, {**task.card, "readers": "others"})
    with pytest.raises(CheckpointError, match="other readers of captions"): load_prompted(file)


def test_weights_of_something_else_are_refused_in_one_line(tmp_path):
    other = save_weights(tmp_path / "other.safetensors", nn.Linear(2, 2), {"recipe": "diffusion", "schedule": "cosine"})
    with pytest.raises(CheckpointError, match="name weights that `train guidance` made"): load_prompted(other)


def test_a_guess_is_pushed_number_by_number():
    told, blank = Guess(torch.tensor([1.0]), torch.tensor([0.5])), Guess(torch.tensor([0.6]), torch.tensor([0.3]))
    assert pushed(told, blank, 3.0).eps.item() == pytest.approx(0.6 + 3 * 0.4) and pushed(told, blank, 3.0).x_0.item() == pytest.approx(0.3 + 3 * 0.2)
