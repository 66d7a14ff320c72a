"""A space of captions and pictures: its measure and its loss against torch and loops, what a caption's place may depend on, and what is never shown."""

import math
import re
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course.checkpoint import CheckpointError, save_weights
from genai_course.embeddings import (
    RECIPES,
    SIGNS,
    Pair,
    PictureEncoder,
    TextEncoder,
    WordTokenizer,
    at_end,
    captioned,
    captions_of,
    contrastive_loss,
    drawings,
    everything,
    halving,
    likeness,
    load_readers,
    matching_task,
    named,
    pair_loss,
    shipped_readers,
    words_in,
    words_of_captions,
)
from genai_course.judge import in_rows
from genai_course.menagerie import ALL_PAIRS, ATTRIBUTES, HELD_OUT_PAIRS, SAID, TRAINING_PAIRS, caption, check, labels_of
from genai_course.training import train

FILL, END, UNKNOWN = range(3)
seeds = st.integers(0, 2**31)
WORDS = WordTokenizer(words_of_captions())
CHOSEN = st.lists(st.sampled_from(WORDS.words[3:]), max_size=30)


def numbers(seed, *shape): return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def small_pair(seed=0):
    torch.manual_seed(seed)
    return Pair(len(WORDS), size=8, width=16, layers=1, channels=8)


def shows(text, pair):
    "Whether a caption has both words of a pair of animal and hat, whichever words for them."
    return all(any(re.search(rf"\b{said}\b", text) for said in SAID[word]) for word in pair)


def read_back(row): return " ".join(WORDS.words[number] for number in row if number not in (FILL, END))


# ---- likeness

@given(seeds, st.integers(1, 5), st.integers(1, 5), st.integers(1, 8))
def test_likeness_is_torchs_cosine_for_each_two_rows(seed, N, M, D):
    a, b = numbers(seed, N, D), numbers(seed + 1, M, D)
    expected = F.cosine_similarity(a[:, None], b[None], dim=-1)
    assert likeness(a, b).shape == (N, M) and torch.allclose(likeness(a, b), expected, atol=1e-5)
    assert torch.allclose(likeness(a, b), likeness(b, a).T, atol=1e-6)


@given(seeds, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_length_changes_no_likeness_and_the_opposite_way_turns_its_sign(seed, one, other):
    a, b = numbers(seed, 3, 5), numbers(seed + 1, 4, 5)
    assert torch.allclose(likeness(one * a, other * b), likeness(a, b), atol=1e-5)
    assert torch.allclose(likeness(-one * a, b), -likeness(a, b), atol=1e-5)
    assert torch.allclose(likeness(a, a).diag(), torch.ones(3), atol=1e-5)


def test_a_row_of_zeros_is_like_nothing(): assert likeness(torch.zeros(1, 3), torch.tensor([[0.0, 0, 0], [1, 2, 3]])).tolist() == [[0, 0]]


# ---- captions as numbers

@given(CHOSEN, st.integers(1, 40))
def test_a_row_is_the_words_up_to_its_end_then_filling(chosen, length):
    row = WORDS.rows([" ".join(chosen)], length)[0].tolist()
    kept = chosen[: length - 1]
    assert row == [WORDS.numbers[word] for word in kept] + [END] + [FILL] * (length - 1 - len(kept))


@given(st.lists(CHOSEN.map(" ".join), max_size=4), st.integers(1, 12))
def test_each_row_is_made_by_itself(texts, length):
    rows = WORDS.rows(texts, length)
    assert rows.shape == (len(texts), length) and rows.dtype == torch.int64
    assert all(torch.equal(row, WORDS.rows([text], length)[0]) for row, text in zip(rows, texts, strict=True))


@given(seeds)
def test_a_caption_of_the_menagerie_has_no_unknown_word_and_is_read_whole(seed):
    text = captions_of(1, seed)[0]
    row = WORDS.rows([text], 24)[0].tolist()
    assert WORDS.unknown(text) == {} and UNKNOWN not in row and END in row
    assert read_back(row) == " ".join(words_in(text)) and "".join(words_in(text)) == re.sub(r"\s", "", text.lower())


def test_every_whole_caption_is_known_with_held_out_pairs_as_well():
    texts = [caption(labels, 0, whole=True) for labels in everything()]
    assert not any(WORDS.unknown(text) for text in texts) and max(len(WORDS.encode(text)) for text in texts) <= 24


def test_a_word_that_no_caption_had_is_unknown_and_gets_suggestions():
    assert WORDS.encode("A lion, CAT") == [WORDS.numbers["a"], UNKNOWN, WORDS.numbers[","], WORDS.numbers["cat"], END]
    found = WORDS.unknown("a crwn on a wyzard cat")
    assert list(found) == ["crwn", "wyzard"] and found["crwn"][0] == "crown" and found["wyzard"][0] == "wizard"
    assert WORDS.unknown("zzzzzz") == {"zzzzzz": []}


def test_words_come_in_order_each_once():
    words = words_of_captions(300)
    assert words == sorted(set(words)) and set(words) <= set(WORDS.words) and not set(words) & set(SIGNS)


# ---- what is never shown

def test_no_caption_that_words_are_taken_from_shows_a_held_out_pair():
    texts = captions_of(2000, seed=1)
    assert any(shows(text, ("cat", "crown")) for text in texts)
    assert not [text for text in texts if any(shows(text, pair) for pair in HELD_OUT_PAIRS)]


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_batches_show_no_held_out_pair_and_say_what_is_drawn(seed):
    known = drawings(40, seed)
    assert {labels[:2] for labels in labels_of(known.labels)} <= set(TRAINING_PAIRS)
    for x, rows in islice(captioned(known, WORDS, 16, seed=seed), 3):
        for image, row in zip(x, rows, strict=True):
            labels = [one for one, drawn in zip(labels_of(known.labels), known.images, strict=True) if (drawn == image).all()]
            text = read_back(row)
            assert any(shows(text, (one.animal,)) and (one.hat == "none" or shows(text, one[:2])) for one in labels)
            assert not any(shows(text, pair) for pair in HELD_OUT_PAIRS)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(0, 20))
def test_a_batch_is_a_function_of_seed_and_step(seed, step):
    known = drawings(6)
    through = next(islice(captioned(known, WORDS, 5, seed=seed), step, None))
    resumed = next(captioned(known, WORDS, 5, seed=seed, start=step))
    other = next(captioned(known, WORDS, 5, seed=seed + 1, start=step))
    assert all((a == b).all() for a, b in zip(through, resumed, strict=True)) and not (through[1] == other[1]).all()
    assert through[0].shape == (5, 3, 32, 32) and through[1].shape == (5, 24) and through[1].dtype == np.int64


def test_a_drawing_gets_new_captions_each_time():
    rows = np.concatenate([rows for _, rows in islice(captioned(drawings(1), WORDS, 4), 8)])
    assert len({tuple(row) for row in rows.tolist()}) > 8


def test_drawings_are_those_of_the_pairs_asked_for():
    one, again, other = drawings(20, 3, HELD_OUT_PAIRS), drawings(20, 3, HELD_OUT_PAIRS), drawings(20, 4, HELD_OUT_PAIRS)
    assert {labels[:2] for labels in labels_of(one.labels)} <= set(HELD_OUT_PAIRS) and one.images.shape == (20, 3, 32, 32)
    assert (one.images == again.images).all() and (one.labels == again.labels).all() and (one.images != other.images).any()


@settings(max_examples=5)
@given(st.integers(0, 1000))
def test_what_is_changed_is_drawn_as_changed(seed):
    def owls_at_night(labels): return labels._replace(background="starry night") if labels.animal == "owl" else labels

    plain, changed = drawings(30, seed), drawings(30, seed, change=owls_at_night)
    assert labels_of(changed.labels) == [owls_at_night(labels) for labels in labels_of(plain.labels)]
    same = (plain.labels == changed.labels).all(1)
    assert all((one == other).all() == kept for one, other, kept in zip(plain.images, changed.images, same, strict=True))


# ---- the readers

@settings(max_examples=30)
@given(st.lists(CHOSEN.map(" ".join), min_size=1, max_size=3), st.integers(0, 9), seeds)
def test_filling_changes_no_place_and_neither_do_neighbours(texts, more, seed):
    pair, length = small_pair(seed), max(len(WORDS.encode(text)) for text in texts)
    with torch.inference_mode():
        together = pair.of_texts(WORDS.rows(texts, length + more))
        alone = torch.cat([pair.of_texts(WORDS.rows([text], len(WORDS.encode(text)))) for text in texts])
    assert torch.allclose(together, alone, atol=1e-5) and torch.allclose(together.norm(dim=1), torch.ones(len(texts)), atol=1e-5)


@given(st.integers(1, 8), st.data())
def test_the_row_at_the_first_end_sign_is_taken(length, data):
    rows = torch.tensor(data.draw(st.lists(st.lists(st.integers(0, 4), min_size=length, max_size=length).filter(lambda row: END in row), min_size=1, max_size=4)))
    states = numbers(0, *rows.shape, 3)
    assert torch.equal(at_end(states, rows), torch.stack([states[i, row.index(END)] for i, row in enumerate(rows.tolist())]))


def test_no_word_looks_ahead_and_the_end_sees_every_word():
    torch.manual_seed(0)
    reader, row = TextEncoder(12, layers=1, width=16), torch.tensor([[3, 4, 5, 6, 1]])
    for place in range(5):
        changed = row.clone()
        changed[0, place] = 7
        differs = (reader(row) - reader(changed)).abs().amax(-1)[0] > 1e-6
        assert not differs[:place].any() and differs[place] and differs[-1]


def test_the_order_of_words_counts():
    pair = small_pair()
    one, other = pair.of_texts(WORDS.rows(["a cat on a dog", "a dog on a cat"], 8))
    assert not torch.allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("side", [8, 32])
def test_halving_halves(side): assert halving(3, 8)(torch.zeros(2, 3, side, side)).shape == (2, 8, side // 2, side // 2)


def test_pictures_become_rows_of_length_1_each_by_itself():
    pair, x = small_pair(), torch.as_tensor(drawings(3).images)
    places = pair.of_pictures(x)
    assert PictureEncoder(8, 16)(x).shape == (3, 16) and places.shape == (3, 8)
    assert torch.allclose(places.norm(dim=1), torch.ones(3), atol=1e-5) and torch.allclose(places[1:2], pair.of_pictures(x[1:2]), atol=1e-5)


def test_every_number_of_a_pair_is_learned():
    pair, known = small_pair(), drawings(8)
    pair_loss(pair, tuple(map(torch.as_tensor, next(captioned(known, WORDS, 8))))).backward()
    assert [name for name, p in pair.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


# ---- the loss

def loop_loss(pictures, texts, sharpness):
    "The contrastive loss, one surprise after another."
    total, B = 0.0, len(pictures)
    for one, others in [(pictures, texts), (texts, pictures)]:
        for i in range(B):
            scores = [sharpness * one[i] @ other / (np.linalg.norm(one[i]) * np.linalg.norm(other)) for other in others]
            total += math.log(sum(math.exp(score) for score in scores)) - scores[i]
    return total / (2 * B)


@given(seeds, st.integers(1, 6), st.floats(0, 30))
def test_the_loss_is_the_mean_surprise_both_ways(seed, B, sharpness):
    pictures, texts = numbers(seed, B, 4).double(), numbers(seed + 1, B, 4).double()
    loss = contrastive_loss(pictures, texts, sharpness).item()
    assert loss == pytest.approx(loop_loss(pictures.numpy(), texts.numpy(), sharpness))
    assert loss == pytest.approx(contrastive_loss(texts, pictures, sharpness).item()) and loss >= 0


@given(seeds, st.integers(1, 64), st.floats(0, 50))
def test_where_all_are_alike_the_loss_is_that_of_a_guess(seed, B, sharpness):
    texts = numbers(seed, 1, 5).expand(B, 5)
    assert contrastive_loss(torch.ones(B, 5), texts, sharpness).item() == pytest.approx(math.log(B), abs=1e-4)


def test_pairs_that_lie_together_and_apart_from_others_have_no_loss(): assert contrastive_loss(torch.eye(5), torch.eye(5), 50.0).item() < 1e-6


def test_the_sharpness_has_a_limit():
    pair, known = small_pair(), drawings(6)
    batch = tuple(map(torch.as_tensor, next(captioned(known, WORDS, 6))))
    losses = []
    for sharpness in (50.0, 100.0, 1e6):
        with torch.no_grad(): pair.sharpness.fill_(math.log(sharpness))
        losses.append(pair_loss(pair, batch).item())
    assert losses[0] != pytest.approx(losses[1]) and losses[1] == pytest.approx(losses[2], rel=1e-3)


# ---- names for pictures

def test_everything_is_all_that_can_be_drawn_each_once():
    possible = everything()
    for labels in possible: check(labels)
    bare, dressed = 8 * 5 * 6, 8 * 5 * 2 * 5 * 6
    assert len(set(possible)) == len(possible) == bare + dressed == 2640
    assert all({labels[i] for labels in possible} == set(words) for i, words in enumerate(ATTRIBUTES.values()))


@given(st.lists(st.sampled_from(ALL_PAIRS), min_size=1, max_size=3, unique=True))
def test_everything_of_some_pairs_is_what_has_them(pairs): assert set(everything(pairs)) == {labels for labels in everything() if labels[:2] in pairs}


@given(seeds, st.integers(1, 9), st.integers(1, 12))
def test_read_in_parts_is_read_at_once(seed, rows, size):
    x = numbers(seed, rows, 3)
    assert torch.equal(in_rows(lambda part: part.square(), x, size), x.square())


def test_a_picture_is_named_by_the_nearest_caption():
    "With readers that know captions and pictures by heart, every name is right."
    possible = everything()
    chosen = list(range(0, len(possible), 157))
    def bag(rows): return torch.stack([torch.bincount(row, minlength=len(WORDS)) for row in rows]).float()

    def by_heart(x): return bag(WORDS.rows([caption(possible[int(i)], 0, whole=True) for i in x[:, 0, 0, 0]], 24))

    images = np.zeros((len(chosen), 3, 32, 32), np.float32)
    images[:, 0, 0, 0] = chosen
    codes = named(SimpleNamespace(of_texts=bag, of_pictures=by_heart), WORDS, images)
    assert labels_of(codes) == [possible[i] for i in chosen]


# ---- the recipe

SMALL = {"sizes": {"size": 16, "width": 16, "layers": 1, "channels": 8}, "drawn": 96, "size": 32, "lr": 0.01, "steps": 60}


@pytest.fixture(scope="module")
def trained():
    task = matching_task(seed=0, device="cpu", **SMALL)
    before = task.val_loss()
    for _ in train(task.batches(0), *task.turns, steps=SMALL["steps"]): pass
    return task, before


def test_a_small_pair_learns_on_what_it_never_saw(trained):
    task, before = trained
    assert before == pytest.approx(math.log(256), abs=1.5) and task.val_loss() < before - 0.3


def test_batches_and_rates_go_on_where_a_run_was_stopped():
    through, resumed = (matching_task(seed=3, device="cpu", **{**SMALL, "drawn": 8, "size": 4}) for _ in range(2))
    for one, again in zip(islice(through.batches(0), 5, 8), resumed.batches(5), strict=False):
        assert all(map(torch.equal, one, again)) and through.turns[0].opt.lr == resumed.turns[0].opt.lr


def test_weights_know_what_to_build(trained, tmp_path):
    task, x = trained[0], torch.as_tensor(drawings(3).images)
    pair, words, length = load_readers(save_weights(tmp_path / "weights.safetensors", task.model, task.card))
    rows = words.rows(["a cat in a crown", "an owl"], length)
    with torch.inference_mode():
        assert torch.equal(pair.of_texts(rows), task.model.of_texts(rows)) and torch.equal(pair.of_pictures(x), task.model.of_pictures(x))
    assert words.words == WORDS.words and length == 24 and not pair.training


def test_weights_of_something_else_are_refused_in_one_line(trained, tmp_path):
    other = save_weights(tmp_path / "other.safetensors", nn.Linear(2, 2), {"recipe": "training"})
    with pytest.raises(CheckpointError, match="holds no readers of captions and pictures: name weights that `train embeddings` made"): load_readers(other)
    with pytest.raises(CheckpointError, match="there is no file"): load_readers(tmp_path / "none.safetensors")
    smaller = save_weights(tmp_path / "smaller.safetensors", small_pair(), trained[0].card)
    with pytest.raises(CheckpointError, match="belongs to another model") as refused: load_readers(smaller)
    assert "\n" not in str(refused.value)


def test_the_shipped_readers_name_new_drawings_and_pairs_that_they_never_saw():
    pair, words, length = shipped_readers()
    right = [(named(pair, words, some.images, length) == some.labels).all(1).mean() for some in (drawings(60, 31), drawings(60, 32, HELD_OUT_PAIRS))]
    assert right[0] > 0.9 and right[1] > 0.75 and words.words == WORDS.words


def test_the_shipped_readers_space_has_the_directions_of_words():
    pair, words, length = shipped_readers()
    place = lambda text: in_rows(pair.of_texts, words.rows([text], length))
    synonyms, others = [("cat", "kitty"), ("dog", "puppy"), ("rabbit", "bunny"), ("pig", "piglet")], [("cat", "puppy"), ("dog", "kitty"), ("rabbit", "piglet"), ("pig", "bunny")]
    alike, unlike = ([likeness(place(a), place(b)).item() for a, b in each] for each in (synonyms, others))
    assert min(alike) > max(unlike) + 0.3


def test_the_recipe_plans_its_rate_for_its_own_steps():
    assert all(recipe.settings["steps"] == recipe.steps and recipe.make is matching_task for recipe in RECIPES.values())
