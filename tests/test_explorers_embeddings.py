"""The explorers of lesson 14: what is shown is what lies nearest in the given space, and words that were not read are named."""

import json
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.embeddings import Drawings, Readers, WordTokenizer, likeness
from genai_course.explorers.embeddings import SHOWN, explore_space, explore_sums, in_words, nearest, phrase, title, unread
from genai_course.menagerie import ALL_PAIRS, codes_of, draw
from genai_course.menagerie import Labels as L

WORDS = WordTokenizer(["blue", "green", "pink"])
NUMBERS = st.integers(-3, 3).map(float)
PLACES = st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=9).map(torch.tensor)
PAIRS = list(product(["cat", "dog", "owl"], ["none", "crown", "top hat"]))


@pytest.fixture
def readers():
    "They know the colours of backgrounds, and nothing else; what they read is noted."
    table = torch.tensor([[0, 0, 0]] * 3 + [[-1, -1, 2], [-1, 2, -1], [2, -1, -1]]).float()
    read = []
    def of_pictures(x):
        read.append(len(x))
        return x.mean((2, 3)) - x.mean((1, 2, 3))[:, None]

    return Readers(SimpleNamespace(of_texts=lambda rows: table[rows].sum(1), of_pictures=of_pictures, read=read), WORDS, 5)


@pytest.fixture(scope="module")
def gallery():
    labels = [L(animal, background=scene) for scene, animal in product(["pink dots", "green meadow", "starry night"], ["cat", "dog", "fox", "pig", "bear"])]
    return Drawings(draw(labels, range(len(labels))), codes_of(labels))


def by_letters(*texts):
    "A number for each animal and hat."
    return torch.tensor([[float(word in text) for word in ("cat", "dog", "owl", "without", "crown", "top hat")] for text in texts])


def asked(explorer, serial=1, **moved):
    explorer.request = {**explorer.request, **moved, "serial": serial}
    return explorer.data


# ---- what lies nearest

@given(PLACES, st.lists(NUMBERS, min_size=3, max_size=3).map(torch.tensor), st.integers(1, 9))
def test_the_nearest_are_those_with_the_highest_likeness_the_first_of_equals(places, point, count):
    alike = likeness(point[None], places)[0].tolist()
    wanted = sorted(range(len(places)), key=lambda i: (-alike[i], i))[:count]
    assert list(nearest(point, places, count).items()) == [(i, alike[i]) for i in wanted]


@given(st.sampled_from(ALL_PAIRS))
def test_a_pair_is_said_with_its_words(pair):
    assert phrase(*pair).startswith(f"an {pair[0]}" if pair[0] == "owl" else f"a {pair[0]}")
    assert title(*pair) == (f"{pair[0]}, no hat" if pair[1] == "none" else f"{pair[0]}, {pair[1]}")
    assert (pair[1] in phrase(*pair)) == (pair[1] != "none")


# ---- a prompt among pictures

def test_a_prompt_finds_the_pictures_and_the_captions_of_its_colour(readers, gallery):
    explorer = explore_space(readers, gallery, "green", ["pink", "green", "blue", "green green", "pink"])
    grid, bars = explorer.data["charts"]
    shown = [(*title_and_number.split(", "),) for title_and_number in grid["alt"].partition(": ")[2].removesuffix(".").split("; ")]
    assert {animal for animal, _, _ in shown} == {"cat", "dog", "fox", "pig", "bear"} and len(grid["images"]) == SHOWN == len(grid["titles"])
    assert [float(x) for _, _, x in shown] == [float(x) for x in grid["titles"]] == sorted((float(x) for x in grid["titles"]), reverse=True)
    assert bars["names"][:2] == ["green", "green green"] and set(bars["names"][2:]) == {"pink", "blue"} and bars["values"][:2] == pytest.approx([1, 1])
    assert "nearest caption is 'green', with a likeness of 1.00" in explorer.data["description"] and json.dumps(explorer.data, allow_nan=False)


def test_the_pictures_shown_are_those_of_the_gallery(readers, gallery):
    grid = explore_space(readers, gallery, "blue").data["charts"][0]
    best = list(nearest(torch.tensor([-1.0, -1, 2]), readers.pair.of_pictures(torch.as_tensor(gallery.images))))
    alone = explore_space(readers, Drawings(gallery.images[best], gallery.labels[best]), "blue").data["charts"][0]
    assert grid["images"] == alone["images"] and all(i >= 10 for i in best)


def test_pictures_are_read_once(readers, gallery):
    explorer = explore_space(readers, gallery, "blue")
    for serial, text in enumerate(["green", "pink", "blue pink"]): asked(explorer, serial + 1, text=text)
    assert readers.pair.read == [len(gallery.labels)]


def test_without_captions_there_is_one_for_each_pair(gallery, readers):
    bars = explore_space(readers, gallery, "pink").data["charts"][1]
    assert bars["names"] == [phrase(*pair) for pair in ALL_PAIRS[:SHOWN]] and set(bars["values"]) == {0}


def test_what_is_not_read_is_said(readers, gallery):
    explorer = explore_space(readers, gallery, "blue")
    assert [chart["kind"] for chart in explorer.data["charts"]] == ["imagegrid", "bars"]
    remark = asked(explorer, text="Pinck robes")["charts"][0]
    assert remark == {"kind": "words", "alt": remark["text"], "text": "No caption had 'pinck' (did you mean pink?), 'robes': read as unknown."}


@given(st.lists(st.sampled_from(["blue", "pink", "xyz", "qqq"]), max_size=9), st.integers(2, 9))
def test_each_unknown_word_and_each_cut_is_said_once(chosen, length):
    said = unread(WORDS, " ".join(chosen), length)
    assert all(said.count(repr(word)) == (word in chosen) for word in ("xyz", "qqq")) and "'blue'" not in said
    cut = WORDS.rows([" ".join(chosen)], length)[0].tolist().index(WORDS.numbers["<end>"]) < len(chosen)
    assert (f"Only the first {length - 1} of {len(chosen)} word" in said) == cut
    assert (said == "") == (not cut and {"xyz", "qqq"}.isdisjoint(chosen))


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_an_empty_prompt_gets_one_clear_line(readers, gallery, text):
    assert asked(explore_space(readers, gallery), text=text)["problem"]["message"] == "type at least one word, such as: a cat."


# ---- sums

PAIR = st.sampled_from(PAIRS)


@given(PAIR, PAIR, PAIR)
def test_words_that_cancel_leave_an_answer(a, b, c):
    wanted = in_words(a, b, c)
    if a == b: assert wanted == c
    elif b == c: assert wanted == a
    if wanted is None: assert any(len({x, y}) == len({y, z}) == 2 for x, y, z in zip(a, b, c, strict=True))
    else: assert (by_letters(phrase(*wanted)) == by_letters(phrase(*a)) - by_letters(phrase(*b)) + by_letters(phrase(*c))).all()


@given(PAIR, PAIR, PAIR, st.booleans())
def test_the_bars_are_all_pairs_by_their_likeness_to_the_sum(a, b, c, leave_out):
    explorer = explore_sums(by_letters, PAIRS)
    moved = {"animal": a[0], "hat": a[1], "minus_animal": b[0], "minus_hat": b[1], "plus_animal": c[0], "plus_hat": c[1], "leave_out": leave_out}
    bars = asked(explorer, **moved)["charts"][0]
    one, other, third, *all_pairs = (by_letters(phrase(*pair))[0].numpy() for pair in (a, b, c, *PAIRS))
    point = one - other + third
    cosines = {title(*pair): place @ point / np.linalg.norm(place) / np.linalg.norm(point) for pair, place in zip(PAIRS, all_pairs, strict=True)}
    left = {name for name in cosines if not (leave_out and name in {title(*pair) for pair in (a, b, c)})}
    assert set(bars["names"]) == left and bars["values"] == sorted(bars["values"], reverse=True)
    assert bars["values"] == pytest.approx([cosines[name] for name in bars["names"]], abs=1e-5)
    wanted = in_words(a, b, c)
    assert bars["marked"] == ([title(*wanted)] if wanted and title(*wanted) in left else [])
    assert f"nearest is {bars['names'][0]}." in bars["alt"]


def started(**moved): return asked(explore_sums(by_letters, PAIRS), **moved)["description"]


def test_the_sentence_says_whether_the_words_agree():
    assert started(hat="crown").startswith("A dog wearing a crown, minus a cat wearing a top hat, plus a cat wearing a crown: nearest is ")
    assert started().endswith("nearest is dog, crown. That is what the words say.")
    assert started(animal="owl", minus_animal="dog", hat="none").endswith("Words alone give no answer here.")
    assert started(minus_animal="dog").endswith("The words say cat, crown, which is not in the list.")


def test_the_sentence_says_where_the_words_answer_comes():
    def odd(*texts): return torch.stack([by_letters("cat" if text == phrase("dog", "crown") else text)[0] for text in texts])

    bars = explore_sums(odd, PAIRS).data["charts"][0]
    place = bars["names"].index("dog, crown") + 1
    assert place > 1 and bars["alt"].endswith(f"The words say dog, crown, which is number {place} in the list.") and bars["marked"] == ["dog, crown"]


def test_too_few_pairs_are_refused():
    with pytest.raises(ValueError, match="3 pairs: give at least four"): explore_sums(by_letters, PAIRS[:3])
