"""Lesson 06's explorers: what is shown is what the given tokenizer and trainer do, and what they get wrong is said."""

import json
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course.explorers.tokenizer import (
    MOST_TOKENS,
    TWISTER,
    Tokens,
    explore_merges,
    explore_tokens,
    in_rows,
    tokens_of,
    training,
    visible,
)
from genai_course.tokenizer import BytePairTokenizer, CharacterTokenizer, learn_merges, words_of

PAIRS = BytePairTokenizer(learn_merges(Counter(words_of(TWISTER)), 300))
TEXTS = st.text(st.sampled_from("seahl bé♥\n"), max_size=40)


@given(TEXTS)
def test_tokens_shown_are_the_tokenizers_and_give_back_the_text(text):
    seen = tokens_of(PAIRS, text)
    assert seen["numbers"] == PAIRS.encode(text) and len(seen["pieces"]) == len(seen["numbers"])
    assert f"became {len(seen['numbers'])} token" in seen["description"] and seen["description"].endswith("They give back the text.")


def test_a_tokenizer_that_loses_something_is_told_on():
    class Forgetful(CharacterTokenizer):
        def decode(self, ids): return super().decode(ids)[:-1]

    assert tokens_of(Forgetful("abc"), "abca")["description"].endswith("They do not give back the text, but 'abc'.")


def test_any_class_with_encode_and_decode_will_do():
    class Reversed:
        def encode(self, text): return [ord(letter) for letter in text]
        def decode(self, ids): return "".join(map(chr, ids))

    assert tokens_of(Reversed(), "a b")["pieces"] == ["a", "␣", "b"]


@pytest.mark.parametrize("piece, shown", [(b" the", "␣the"), ("\n\t", "↵⇥"), ("é".encode()[:1], "c3"), (b"", ""), ("♥", "♥")])
def test_a_token_is_made_visible(piece, shown): assert visible(piece) == shown


@given(st.text(st.sampled_from("seal ,"), min_size=1, max_size=60), st.booleans(), st.integers(0, 20))
def test_training_shows_the_text_after_so_many_merges(text, whole, done):
    cut = (lambda text: [text]) if whole else words_of
    merges = learn_merges(Counter(cut(text)), 256 + 20)
    done = min(done, len(merges))
    seen = training(text, merges, done, cut)
    assert b"".join(seen["spells"][i] for row in seen["rows"] for i in row) == text.encode()
    assert all(i < 256 + done for row in seen["rows"] for i in row)
    assert seen["counts"] == Counter(pair for row in seen["rows"] for pair in pairwise(row))
    assert seen["lengths"]["at first"] >= seen["lengths"]["now"] == sum(map(len, seen["rows"])) >= seen["lengths"]["after all merges"]
    if done < len(merges): assert seen["counts"][merges[done]] == max(seen["counts"].values())


@settings(max_examples=25)
@given(st.integers(1, 24))
def test_each_step_joins_the_pair_that_was_marked_before_it(done):
    explorer = explore_merges()
    def at(place):
        explorer.request = {"text": TWISTER, "words_first": True, "done": place, "serial": place + 1}
        return explorer.data["charts"]

    before, after = at(done - 1), at(done)
    [marked] = before[2]["marked"] or [None]
    if marked is None: assert before[3]["values"] == after[3]["values"]  # all merges are done
    else:
        joined = marked.split("   ")[0].replace(" + ", "")
        assert f"Joined last: '{joined}', number {255 + done}." in after[0]["text"]
        assert {after[1]["pieces"][i] for i in after[1]["marked"]} == {joined}
        assert before[2]["values"][before[2]["names"].index(marked)] == before[3]["values"][1] - after[3]["values"][1]


def test_the_last_merge_is_said_to_be_the_last():
    explorer = explore_merges(text="aaaa", done=5)
    assert explorer.data["description"] == "After 1 of 1 merge, 4 bytes are 2 tokens. Joined last: 'aa', number 256. That was the last merge."
    explorer.request = {"text": "", "words_first": True, "done": 0, "serial": 1}
    assert explorer.data["description"] == "After 0 of 0 merges, 0 bytes are 0 tokens. That was the last merge."


def test_the_trainer_on_show_is_the_one_that_was_given():
    rare = explore_merges(lambda words, size: [(99, 100)], "abababcd")
    pairs = rare.data["charts"][2]
    assert pairs["marked"] == ["c + d   (99, 100)"] and pairs["names"][0] == "a + b   (97, 98)"
    broken = explore_merges(lambda words, size: [(300, 301)], "ab", done=1)
    assert "IndexError" in broken.data["problem"]["message"]


def test_a_text_that_cannot_be_read_gets_its_message():
    explorer = explore_tokens({"letters": CharacterTokenizer("abc"), "pairs": PAIRS}, "abc")
    assert explorer.data["charts"][1]["pieces"] == ["a", "b", "c"] and json.dumps(explorer.data, allow_nan=False)
    explorer.request = {"text": "abx", "tokenizer": "letters", "serial": 1}
    assert "'x': not in this tokenizer's alphabet" in explorer.data["problem"]["message"]


@given(st.lists(st.floats(1, 30), max_size=40))
def test_pieces_in_rows_do_not_overlap_and_stay_inside(widths):
    places = in_rows(widths, room=30)
    ends = [(row, x - width / 2, x + width / 2) for (x, row), width in zip(places, widths, strict=True)]
    assert all(-1e-9 <= left and right <= 30 + 1e-6 for _, left, right in ends)
    for (row, _, right), (next_row, left, _) in pairwise(ends): assert next_row == row + 1 or (next_row == row and left >= right - 1e-6)


def test_many_tokens_are_cut_off_with_a_note():
    packed = Tokens(["a"] * 500, [97] * 500, "Many.", starts=[0, 450], marked=[3, 499]).packed()
    assert len(packed["pieces"]) == len(packed["numbers"]) == MOST_TOKENS and packed["notes"] == ["400 of 500 tokens are drawn."]
    assert packed["starts"] == [0] and packed["marked"] == [3]


@pytest.mark.parametrize("text", ["", "one", "a b c " * 60])
def test_the_still_picture_says_what_it_shows(text):
    assert explore_tokens({"pairs": PAIRS}, text).draw().alt.startswith(f"{len(text):,} character")
