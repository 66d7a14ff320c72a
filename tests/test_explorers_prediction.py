"""The prediction explorer: its letters are the model's, its sources are in the words, and what it cannot read is said."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.explorers.prediction import explore_prediction, explore_temperature, next_letter, read_prefix, shown, sources, tempered
from genai_course.prediction import END, LetterModel

WORDS = ["anna", "hannah", "ann", "nan", "banana"]
prefixes = st.text("abhn", max_size=6)


@given(prefixes, st.integers(0, 4), st.floats(0, 2), st.floats(0.2, 5))
def test_letters_are_the_models_likeliest_first_and_sent_as_plain_data(prefix, length, smoothing, temperature):
    model = LetterModel(WORDS, length, smoothing)
    said = next_letter(model, WORDS, prefix, temperature)
    shares = {x["name"]: x["share"] for x in said["letters"]}
    p = model.table.probabilities(model.context(prefix), temperature)
    assert shares == pytest.approx({shown(symbol): share for symbol, share in zip(model.table.symbols, p, strict=True)})
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert len(said["letters"]) == len(p) and json.dumps(said, allow_nan=False)


@given(st.text("abhn.", max_size=3))
def test_sources_are_every_place_of_a_context_in_the_words(context):
    places = [(i, word) for word in WORDS for i in range(len(word) + 1) if (END * len(context) + word)[i : i + len(context)] == context]
    found = sources(WORDS, context)
    assert sorted(f"{word[:i]}|{word[i:]}" for i, word in places) == sorted(text for texts in found.values() for text in texts)
    for after, texts in found.items(): assert all((text + END)[text.index("|") + 1] == after for text in texts)


@given(prefixes, st.integers(0, 4))
def test_places_are_the_models_counts(prefix, length):
    model = LetterModel(WORDS, length)
    counts = model.table.counts.get(model.context(prefix), np.zeros(len(model.table.symbols)))
    assert sum(x["places"] for x in next_letter(model, WORDS, prefix)["letters"]) == counts.sum()


@pytest.mark.parametrize("text", ["Zoë", "a.b", "x1"])
def test_a_letter_that_no_name_has_is_named(text):
    with pytest.raises(ValueError, match="no name here has this"): read_prefix(text, [END, *"abcdefghijklmnopqrstuvwxyz"])


def test_a_request_is_answered_and_a_bad_one_gets_its_message():
    explorer = explore_prediction(words=WORDS, prefix="an", length=2)
    assert explorer.data["charts"][1]["names"][0] == "n" and "seen in 6 places" in explorer.data["description"]
    explorer.request = {"prefix": "AN ", "length": 2, "smoothing": 1000, "temperature": 1, "serial": 1}
    assert explorer.data["charts"][1]["values"][0] == pytest.approx(1 / 5, abs=0.01)
    explorer.request = {"prefix": "?", "length": 2, "smoothing": 0, "temperature": 1, "serial": 2}
    assert "no name here has this" in explorer.data["problem"]["message"]


def test_the_model_on_show_is_the_one_that_was_given():
    class Stubborn(LetterModel):
        "Looks at nothing, whatever it is asked for."
        def __init__(self, words, length, smoothing): super().__init__(words, 0, smoothing)

    assert "looks at nothing" in explore_prediction(Stubborn, WORDS, prefix="an").data["description"]


def test_the_still_picture_says_what_it_shows():
    assert explore_prediction(words=WORDS, prefix="an").draw().alt.startswith("The model looks at")


@given(st.dictionaries(st.text("abc", min_size=1), st.floats(0.001, 1), min_size=1), st.floats(0.2, 5))
def test_tempered_probabilities_are_a_softmax_of_their_logarithms(shares, temperature):
    logits = np.log(list(shares.values())) / temperature
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert list(tempered(shares, temperature).values()) == pytest.approx(expected)


def test_a_temperature_explorer_says_what_is_likeliest():
    explorer = explore_temperature({"a": 0.8, "b": 0.2})
    assert explorer.alone and explorer.data["description"] == "At temperature 1 the likeliest is a, with 80.0 %."
    explorer.request = {"temperature": 0.5, "serial": 1}
    assert explorer.data["charts"][0]["values"] == pytest.approx([0.64 / 0.68, 0.04 / 0.68], rel=1e-5)
