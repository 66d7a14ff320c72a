"""The explorer of lesson 09: what is shown is what the given model and filter say, and no beginning is asked for twice."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.explorers.sampling import SHOWN, explore_sampling, remembering, view
from genai_course.sampling import filter_logits, generate
from genai_course.tokenizer import CharacterTokenizer

LETTERS = CharacterTokenizer("abcdefghijk ")
START = {"prompt": "ab", "temperature": 1, "top_k": 12, "top_p": 1, "min_p": 0, "penalty": 1, "luck": 0}


class Counting:
    "A model of twelve letters that notes what it was asked."
    def __init__(self): self.asked = []

    def __call__(self, tokens):
        self.asked.append(tuple(tokens))
        return torch.arange(12.0).roll(tokens[-1]) / 3


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=15), st.floats(0, 1), st.floats(0, 2))
def test_bars_are_the_models_likeliest_before_and_after(numbers, top_p, temperature):
    logits = torch.tensor(numbers)
    seen = view(logits, [str(i) for i in range(len(numbers))], top_p=top_p, temperature=temperature)
    assert torch.equal(seen["before"], logits.softmax(-1))
    assert torch.equal(seen["after"], filter_logits(logits, top_p=top_p, temperature=temperature).softmax(-1))
    shown = seen["before"][seen["order"]].tolist()
    assert shown == sorted(seen["before"].tolist(), reverse=True)[:SHOWN]
    assert f"left of {len(numbers)}" in seen["description"]


def test_no_beginning_is_asked_for_twice():
    model = Counting()
    explorer = explore_sampling(model, LETTERS, "ab", length=20)
    for serial, moved in enumerate([{"temperature": 0}, {"temperature": 0, "top_p": 0.3}, {"temperature": 2}, {"min_p": 0.5}, {}, {"luck": 3}]):
        explorer.request = {**START, **moved, "serial": serial + 1}
    assert len(model.asked) == len(set(model.asked))
    before = len(model.asked)
    explorer.request = {**START, "serial": 9}
    assert len(model.asked) == before  # the first text again, and not one question


def test_the_text_is_the_generators_and_all_is_plain_data():
    explorer = explore_sampling(Counting(), LETTERS, "ab", length=30)
    explorer.request = {**START, "top_p": 0.5, "luck": 7, "serial": 1}
    expected = generate(Counting(), LETTERS.encode("ab"), 30, generator=torch.Generator().manual_seed(7), top_p=0.5)
    assert explorer.data["charts"][-1]["text"] == "ab" + LETTERS.decode(expected)
    assert [chart["kind"] for chart in explorer.data["charts"]] == ["words", "bars", "bars", "words"]
    assert explorer.data["charts"][1]["names"] == explorer.data["charts"][2]["names"] and json.dumps(explorer.data, allow_nan=False)


def test_the_filter_on_show_is_the_one_that_was_given():
    def only_the_last(logits, seen, **knobs): return torch.where(torch.arange(12) == 11, 0.0, -torch.inf)

    explorer = explore_sampling(Counting(), LETTERS, "ab", filters=only_the_last, length=3)
    assert explorer.data["charts"][-1]["text"] == "abkkk" and "1 token is left of 12" in explorer.data["description"]


@pytest.mark.parametrize("prompt, said", [("", "at least one letter"), ("a?", "not in this tokenizer's alphabet")])
def test_a_beginning_that_cannot_be_read_gets_its_message(prompt, said):
    explorer = explore_sampling(Counting(), LETTERS, "ab", length=3)
    explorer.request = {**START, "prompt": prompt, "serial": 1}
    assert said in explorer.data["problem"]["message"]


def test_a_remembering_model_says_the_same():
    model = Counting()
    asked = remembering(model)
    assert all(torch.equal(asked(tokens), Counting()(tokens)) for tokens in ([1], [1, 2], [1], [2], [1]))
    assert model.asked == [(1,), (1, 2), (2,)]
