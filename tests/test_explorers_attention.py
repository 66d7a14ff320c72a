"""The attention explorer: its tables are torch's, each stage follows from the one before, and what it cannot show is said."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.attention import SelfAttention
from genai_course.explorers.attention import MOST_WORDS, STAGES, Sentence, attention_stages, explore_attention, shades, told

LENGTHS, SEEDS, SHARPNESS = st.integers(1, 7), st.integers(0, 99), st.sampled_from([0.0, 0.5, 1.0, 4.0])


def layer_of(seed=0, heads=2):
    torch.manual_seed(seed)
    return SelfAttention(width=8, heads=heads)


def random(length, seed): return torch.randn((length, 8), generator=torch.Generator().manual_seed(seed))


def read(text):
    "Each letter is a word; a digit is none."
    if any(letter.isdigit() for letter in text): raise ValueError("digits are not words.")
    return list(text), torch.cat([random(1, ord(letter)) for letter in text])


def explorer_at(**request):
    explorer = explore_attention(layer_of(), read, "banana")
    explorer.request = {**explorer.request, **request, "serial": 1}
    return explorer


@given(LENGTHS, SEEDS, st.integers(0, 1))
def test_the_shares_are_those_of_the_layer(length, seed, head):
    layer, x = layer_of(seed), random(length, seed)
    assert np.allclose(attention_stages(layer, x, head)["shares"], layer.weights(x[None])[0, head].detach(), atol=1e-6)


@given(LENGTHS, SEEDS, SHARPNESS)
def test_each_stage_follows_from_the_one_before(length, seed, sharpness):
    layer, x = layer_of(seed), random(length, seed)
    scores, masked, shares = [attention_stages(layer, x, 1, sharpness)[stage] for stage in STAGES]
    q, k, _ = layer.qkv(x[None])
    assert np.allclose(scores, sharpness * (q[0, 1] @ k[0, 1].T).detach().numpy() / math.sqrt(4), atol=1e-5)
    for row in range(length):
        assert np.array_equal(masked[row, : row + 1], scores[row, : row + 1]) and np.isneginf(masked[row, row + 1 :]).all()
        powers = np.exp(masked[row].astype(float))
        assert np.allclose(shares[row], powers / powers.sum(), atol=1e-5)


@given(LENGTHS, SEEDS)
def test_without_sharpness_every_word_in_sight_gets_the_same(length, seed):
    shares = attention_stages(layer_of(seed), random(length, seed), 0, sharpness=0.0)["shares"]
    assert np.allclose(shares, np.tril(np.ones((length, length))) / np.arange(1, length + 1)[:, None])


def test_the_words_name_those_that_are_looked_at_most():
    shares = np.array([[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0, 0, 1, 0], [0.1, 0.2, 0.3, 0.4]])
    assert told(["a", "b", "c", "d"], shares, 1) == "'b', word 2 of 4, looks at 'b' 75%, 'a' 25%."
    assert told(["a", "b", "c", "d"], shares, 3) == "'d', word 4 of 4, looks at 'd' 40%, 'c' 30%, 'b' 20%."


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("head", [1, 2])
def test_every_stage_of_every_head_is_shown(stage, head):
    explorer = explorer_at(stage=stage, head=head)
    sentence, chart = explorer.data["charts"]
    expected = attention_stages(layer_of(), read("banana")[1], head - 1)[stage]
    shown = np.array(chart["values"], dtype=float)
    assert np.allclose(shown, np.where(np.isfinite(expected), expected, np.nan), atol=1e-3, equal_nan=True)
    assert chart["rows"] == chart["columns"] == list("banana")
    shares = layer_of().weights(read("banana")[1][None])[0, head - 1].detach()
    assert sentence["words"] == list("banana") and np.allclose(sentence["values"], shares, atol=1e-4)
    assert sentence["alt"].startswith("'a', word 6 of 6, looks at ")
    assert json.dumps(explorer.data, allow_nan=False) and f"Head {head}, {stage}" in explorer.draw().alt


@pytest.mark.parametrize(("text", "message"), [("", "type a few words"), (" ", "type a few words"), ("b2", "digits are not words"), ("x" * (MOST_WORDS + 1), "25 words is too large")])
def test_a_text_that_cannot_be_shown_gets_its_message(text, message):
    explorer = explorer_at(text=text)
    assert message in explorer.data["problem"]["message"]
    explorer.request = {**explorer.request, "text": "x" * MOST_WORDS, "serial": 2}
    assert len(explorer.data["charts"][0]["words"]) == MOST_WORDS


def test_a_sentence_has_a_share_for_each_two_words_and_a_picture_that_says_what_it_is():
    with pytest.raises(ValueError, match="2 words need a table of 2 by 2 shares"): Sentence(["a", "b"], np.eye(3), "Too many.").pack()
    assert Sentence(["a", "b"], np.eye(2), "Each sees itself.").picture().alt == "Each sees itself."
    with pytest.raises(ValueError, match="needs words"): Sentence([], np.zeros((0, 0)), "No words.").pack()


def test_what_weighs_is_the_function_that_was_given():
    explorer = explore_attention(layer_of(), read, "abc", lambda q, k, mask: torch.eye(len(q)))
    assert [chart["values"] for chart in explorer.data["charts"]] == [np.eye(3).tolist()] * 2


def test_each_head_can_be_chosen():
    (heads,) = [control for control in explore_attention(layer_of(heads=4), read, "abc").controls if control["name"] == "head"]
    assert heads["options"] == [1, 2, 3, 4]


def test_figures_have_their_description(): assert shades(torch.full((3, 2, 2), 0.5), "ab", "Three heads that look at all alike.").alt == "Three heads that look at all alike."
