"""Tokenizers: exact round trips on any text, the same merges and codes as by the book, special tokens kept apart."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.tokenizer import (
    WALL,
    BytePairTokenizer,
    CharacterTokenizer,
    encode_words,
    learn_merges,
    load_tokenizer,
    row_of_words,
    save_tokenizer,
    starts_of,
    words_of,
)

SHORT = st.text("abé ", max_size=30)
WORDS = st.dictionaries(st.text("abcd ", min_size=1, max_size=8), st.integers(1, 9), min_size=1, max_size=8)


def joined(ids, pair, new):
    "By the book: `ids` with each `pair` replaced by `new`, from left to right."
    made, i = [], 0
    while i < len(ids):
        found = tuple(ids[i : i + 2]) == pair
        made.append(new if found else ids[i])
        i += 2 if found else 1
    return made


def merges_by_the_book(words, size):
    "All pairs of all words counted anew for each merge."
    parts, merges = {word: list(word.encode()) for word in words}, []
    while 256 + len(merges) < size:
        counts = Counter()
        for word, times in words.items():
            for pair in pairwise(parts[word]): counts[pair] += times
        pair = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if pair is None or counts[pair] < 2: break
        parts = {word: joined(ids, pair, 256 + len(merges)) for word, ids in parts.items()}
        merges.append(pair)
    return merges


@given(WORDS, st.integers(256, 290))
def test_merges_are_those_of_the_book(words, size): assert learn_merges(words, size) == merges_by_the_book(words, size)


@given(WORDS, st.lists(SHORT, max_size=5))
def test_words_are_encoded_as_they_would_have_been_while_learning(words, texts):
    merges, by_the_book = learn_merges(words, 300), [list(text.encode()) for text in texts]
    for number, pair in enumerate(merges, start=256): by_the_book = [joined(ids, pair, number) for ids in by_the_book]
    assert encode_words(texts, merges) == by_the_book


@given(WORDS, SHORT)
def test_the_earliest_pair_is_always_joined_first(words, text):
    merges, ids = learn_merges(words, 300), list(text.encode())
    while found := [pair for pair in pairwise(ids) if pair in merges]:
        earliest = min(found, key=merges.index)
        ids = joined(ids, earliest, 256 + merges.index(earliest))
    assert encode_words([text], merges) == [ids]


@given(st.lists(st.sampled_from([WALL, 0, 1]), min_size=1, max_size=40), st.tuples(st.integers(0, 1), st.integers(0, 1)))
def test_starts_never_overlap(ids, pair):
    ids, starts = np.array(ids), starts_of(np.array(ids), pair)
    replaced = ids.copy()
    replaced[starts] = 2
    assert np.delete(replaced, starts + 1).tolist() == joined(ids.tolist(), pair, 2)


@given(st.lists(st.text()))
def test_the_row_holds_each_byte_once_between_walls(words):
    ids = row_of_words(words).tolist()
    assert bytes(ids) == b"".join(word.encode() + b"\xff" for word in words)
    assert ids.count(WALL) == len(words)


@given(st.text())
def test_cutting_into_words_loses_nothing(text): assert "".join(words_of(text)) == text


@pytest.mark.parametrize("text, words", [("We'll go", ["We", "'ll", " go"]), ("x1234", ["x", "123", "4"]), ("a  b\n\nc", ["a", " ", " b", "\n", "\n", "c"]),
                                         ("snake_case", ["snake", "_", "case"]), (" !? no", [" !?", " no"]), ("", [])])
def test_words_are_cut_where_they_should(text, words): assert words_of(text) == words


@pytest.fixture(scope="module")
def tokenizer():
    words = Counter(words_of("the cat saw the other cat and then they sat there " * 3))
    return BytePairTokenizer(learn_merges(words, 270), special=["<|end|>", "<|end|>x"])


@given(st.text())
def test_any_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text and all(0 <= i < 270 for i in ids)
    pieces = tokenizer.pieces(text)
    assert len(pieces) == len(ids) and ("".join(pieces) == text or not text.isascii())


@given(st.text(), st.text())
def test_special_tokens_are_read_only_where_allowed(tokenizer, before, after):
    text = f"{before}<|end|>{after}"
    assert max(tokenizer.encode(text)) < 270
    ids = tokenizer.encode(text, allowed=["<|end|>"])
    assert 270 in ids and 271 not in ids and tokenizer.decode(ids) == text


def test_the_longer_of_two_special_tokens_is_read(tokenizer):
    assert tokenizer.encode("<|end|>x", allowed=["<|end|>", "<|end|>x"]) == [271]
    with pytest.raises(KeyError, match="other"): tokenizer.encode("<other>", allowed=["<other>"])


def test_half_a_character_is_a_mark(tokenizer): assert tokenizer.decode(tokenizer.encode("♥")[:2]) == "�"


@given(st.text())
def test_characters_come_back(text):
    characters = CharacterTokenizer(text)
    ids = characters.encode(text)
    assert characters.decode(ids) == text and sorted(set(ids)) == list(range(len(characters)))


def test_an_unknown_character_is_named():
    with pytest.raises(ValueError, match="^'ü': not in this tokenizer's alphabet of 3 characters.$"): CharacterTokenizer("abc").encode("aü")


def test_a_tokenizer_is_kept_in_a_file(tokenizer, tmp_path):
    again = load_tokenizer(save_tokenizer(tokenizer, tmp_path / "t.json"))
    assert (again.merges, again.special, again.tokens) == (tokenizer.merges, tokenizer.special, tokenizer.tokens)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"merges": [[1, 2'])
def test_a_file_that_is_no_tokenizer_is_refused(content, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(content)
    with pytest.raises(ValueError, match="other.json is not a tokenizer: write one with save_tokenizer"): load_tokenizer(file)


@pytest.mark.parametrize("stored", ["{", "[]", '{"special": []}', '{"merges": []}'])
def test_a_file_that_is_no_tokenizer_is_one_line(tmp_path, stored):
    (tmp_path / "t.json").write_text(stored)
    with pytest.raises(ValueError, match="is not a tokenizer"): load_tokenizer(tmp_path / "t.json")
