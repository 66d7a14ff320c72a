"""The transformer explorer counts what the lesson's model has, what published models have, and what torch's own counter finds."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from genai_course.attention import attention
from genai_course.explorers.transformer import PRESETS, Shape, explore_shape, memory, numbers_in, operations, overtaken_at, told
from genai_course.transformer import Cache, NgramGPT

SMALL = st.builds(Shape, st.integers(1, 3), st.sampled_from([16, 32]), st.sampled_from([1, 2, 4]), st.integers(2, 70), reach=st.integers(1, 3))
BITS = st.booleans()
ANY = st.builds(Shape, st.integers(1, 99), st.sampled_from([64, 768, 4096]), st.sampled_from([8, 16, 32]), st.integers(2, 200_000), st.sampled_from([1.0, 3.5, 4.0]),
                BITS, st.sampled_from([1, 2, 8]), BITS, st.integers(1, 3))  # fmt: skip


def built(shape): return NgramGPT(shape.vocabulary, shape.layers, shape.heads, shape.width, shape.reach)


@settings(max_examples=30, deadline=None)
@given(SMALL)
def test_the_numbers_are_those_of_the_lessons_model(shape):
    model, inside = built(shape), numbers_in(shape)
    assert sum(inside.values()) == sum(p.numel() for p in model.parameters())
    kinds = {"attention": [b.attention for b in model.blocks], "feed-forward": [b.feed_forward for b in model.blocks], "tokens": [model.embed],
             "head": [model.head], "n-grams": [model.ngrams], "norms": [model.norm, *(b.norms for b in model.blocks)]}  # fmt: skip
    assert inside == {kind: sum(p.numel() for part in parts for p in part.parameters()) for kind, parts in kinds.items()}


@settings(max_examples=10, deadline=None)
@given(SMALL, st.integers(1, 9))
def test_operations_are_those_that_torch_counts(shape, places):
    work = operations(shape, places)
    with FlopCounterMode(display=False) as counter: built(shape)(torch.zeros(1, places, dtype=torch.long))
    assert counter.get_total_flops() == places * work["matrices"]  # it does not look into fused attention on a CPU
    with FlopCounterMode(display=False) as counter: attention(*torch.randn(3, 1, shape.heads, places, shape.width // shape.heads))
    assert shape.layers * counter.get_total_flops() == places * work["attention"]


@settings(max_examples=10, deadline=None)
@given(SMALL, st.integers(1, 9))
def test_memory_is_that_of_the_lessons_weights_and_cache(shape, places):
    model, cache = built(shape), Cache()
    model(torch.zeros(1, places, dtype=torch.long), cache)
    kept = sum(tensor.nbytes for pair in cache.layers.values() for tensor in pair)
    assert memory(shape, places, bytes_each=4) == {"weights": sum(p.nbytes for p in model.parameters()), "cache of one text": kept}


PUBLISHED = [  # without biases and tables of positions
    ("Llama 3 8B", 8_030_261_248), ("Llama 3 70B", 70_553_706_496),
    ("GPT-2 small", 124_439_808 - 1024 * 768 - (12 * (3 + 1 + 4 + 1 + 2) + 1) * 768),
]  # fmt: skip


@pytest.mark.parametrize(("name", "numbers"), PUBLISHED)
def test_a_preset_has_as_many_numbers_as_was_published(name, numbers):
    sizes = {size: value for size, value in PRESETS[name].items() if size != "context"}
    assert sum(numbers_in(Shape(**sizes)).values()) == numbers


@given(ANY)
def test_attention_overtakes_where_it_is_told_and_not_a_place_before(shape):
    at = overtaken_at(shape)
    before, there = operations(shape, at - 1), operations(shape, at)
    assert before["attention"] < before["matrices"] == there["matrices"] <= there["attention"]


@given(ANY)
def test_a_tied_head_and_shared_keys_only_take_away(shape):
    plain = Shape(shape.layers, shape.width, shape.heads, shape.vocabulary, shape.factor, shape.gated, reach=shape.reach)
    saved = {part: numbers_in(plain)[part] - number for part, number in numbers_in(shape).items()}
    expected = [*(["attention"] if shape.sharing > 1 else []), *(["head"] if shape.tied else [])]
    assert [part for part, number in saved.items() if number] == expected and min(saved.values()) == 0
    assert memory(plain, 10, 2)["cache of one text"] == shape.sharing * memory(shape, 10, 2)["cache of one text"]


@pytest.mark.parametrize(("sizes", "message"), [((1, 128, 12, 65), "12 heads cannot share 128 numbers evenly"), ((1, 64, 4, 65, 4, False, 8), "4 heads of queries do not make groups of 8")])
def test_sizes_that_cannot_go_together_are_told(sizes, message):
    with pytest.raises(ValueError, match=message): Shape(*sizes)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_shown_and_named(name):
    explorer = explore_shape(name)
    words, parts, cost, taken = explorer.data["charts"]
    assert words["text"].startswith(name[0].upper() + name[1:]) and parts["names"][1] == "feed-forward" and len(cost["lines"]) == 2
    assert taken["values"][0] == pytest.approx(2 * sum(parts["values"]), rel=1e-5) and json.dumps(explorer.data, allow_nan=False)
    assert "operations" in explorer.draw().alt


def test_a_size_moved_makes_it_your_own_and_a_bad_one_gets_its_message():
    explorer = explore_shape("GPT-3")
    explorer.request = {**explorer.request, "layers": 97, "serial": 1}
    assert explorer.data["description"].startswith("Your own: ")
    explorer.request = {**explorer.request, "sharing": 64, "serial": 2}
    assert "groups of 64" in explorer.data["problem"]["message"]


@pytest.mark.parametrize(("number", "words"), [(0, "0"), (999, "999"), (16_381, "16.4 thousand"), (2_637_000, "2.64 million"), (8_030_261_248, "8.03 billion"), (1.5e13, "15 trillion")])
def test_numbers_are_told_in_three_digits(number, words): assert told(number) == words
