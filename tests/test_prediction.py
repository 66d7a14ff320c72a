"""Counting what comes next: against independent counts, numpy's and scipy's arithmetic, and the rules of probability."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import chisquare, entropy

from genai_course.data import digits, first_names
from genai_course.prediction import (
    END,
    NEIGHBOURS,
    LetterModel,
    NextTable,
    draw,
    letter_steps,
    perplexity,
    pixel_context,
    pixel_steps,
    sample_picture,
    surprises,
    word_surprises,
)

words = st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=20)
lengths = st.integers(0, 4)
counts = st.lists(st.integers(0, 9), min_size=2, max_size=8).filter(any)


@pytest.fixture(scope="module")
def names(): return list(first_names())


def table_of(counts, smoothing=0.0):
    "A table with one row, called 'row', of these counts."
    return NextTable(range(len(counts)), smoothing).count([("row", i) for i, n in enumerate(counts) for _ in range(n)])


# ---- steps

@given(st.text("abc", max_size=9), lengths)
def test_steps_spell_the_word_and_remember_what_came_before(word, length):
    steps = letter_steps(word, length)
    assert "".join(after for _, after in steps) == word + END
    for i, (before, _) in enumerate(steps): assert before == (END * length + word)[i : i + length] and len(before) == length


def test_a_word_with_the_end_inside_is_refused():
    with pytest.raises(ValueError, match="marks the end"): letter_steps("a.b", 1)


# ---- probabilities

@given(counts, st.floats(0, 3), st.floats(0.05, 20))
def test_probabilities_are_softmax_of_log_counts_over_temperature(counts, smoothing, temperature):
    p = table_of(counts, smoothing).probabilities("row", temperature)
    with np.errstate(divide="ignore"): expected = softmax(np.log(np.array(counts) + smoothing) / temperature)
    assert p == pytest.approx(expected) and p.sum() == pytest.approx(1) and (p >= 0).all()


@given(counts)
def test_without_smoothing_probabilities_are_shares(counts):
    assert table_of(counts).probabilities("row") == pytest.approx(np.array(counts) / sum(counts))


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_an_unknown_context_leaves_all_alike(smoothing):
    assert table_of([3, 1], smoothing).probabilities("never seen", 0.3) == pytest.approx([0.5, 0.5])


def test_extreme_temperatures_stay_finite():
    table = table_of([1, 5, 4])
    assert table.probabilities("row", 1e-4) == pytest.approx([0, 1, 0]) and table.probabilities("row", 1e6) == pytest.approx([1 / 3] * 3, rel=1e-4)


def test_a_symbol_that_the_table_does_not_have_is_an_error():
    with pytest.raises(KeyError): NextTable("ab").count([("a", "z")])


@given(words, lengths)
def test_a_models_counts_are_those_of_an_independent_count(words, length):
    model = LetterModel(words, length)
    expected = Counter()
    for word in words:
        text = "." * length + word + "."
        for i in range(length, len(text)): expected[text[i - length : i], text[i]] += 1
    found = {(c, x): int(n) for c, row in model.table.counts.items() for x, n in zip(model.table.symbols, row, strict=True) if n}
    assert found == dict(expected)


@given(words, st.integers(1, 3), st.floats(0.01, 2))
def test_all_words_together_have_probability_one(words, length, smoothing):
    "Short words and the chance of being longer: what is not spent on words up to 3 letters is spent on their beginnings of 4."
    model = LetterModel(words, length, smoothing, symbols=".abc")
    def chance(steps): return np.exp(-surprises(model.table, steps).sum())
    short = sum(chance(letter_steps("".join(letters), length)) for n in range(4) for letters in product("abc", repeat=n))
    longer = sum(chance(letter_steps("".join(letters), length)[:4]) for letters in product("abc", repeat=4))
    assert short + longer == pytest.approx(1)


# ---- drawing

@given(counts, st.integers(0, 2**32 - 1))
def test_what_is_impossible_is_never_drawn(counts, seed):
    rng = np.random.default_rng(seed)
    assert all(counts[draw(np.array(counts) / sum(counts), rng)] > 0 for _ in range(20))


def test_symbols_are_drawn_as_often_as_they_are_likely():
    p, rng = np.array([0.4, 0.0, 0.05, 0.3, 0.25]), np.random.default_rng(0)
    drawn = np.bincount([draw(p, rng) for _ in range(20_000)], minlength=5)
    assert drawn[1] == 0 and chisquare(np.delete(drawn, 1), 20_000 * np.delete(p, 1)).pvalue > 0.001


@given(words, lengths, st.integers(0, 99))
def test_a_sampled_word_is_made_of_steps_that_were_seen(words, length, seed):
    model = LetterModel(words, length)
    word = model.sample(np.random.default_rng(seed), longest=50)
    steps = letter_steps(word, length) if len(word) < 50 else letter_steps(word, length)[:-1]
    assert np.isfinite(surprises(model.table, steps)).all() and (steps or not word)
    assert word == model.sample(np.random.default_rng(seed), longest=50)


def test_a_word_stops_at_the_longest_length():
    model = LetterModel(["a"], 0, symbols=".a")
    model.table.counts[""] = np.array([0.0, 1.0])
    assert model.sample(np.random.default_rng(0), longest=7) == "a" * 7


# ---- surprise

@given(words, lengths)
def test_the_loss_on_counted_words_is_their_conditional_entropy(words, length):
    steps = Counter(step for word in words for step in letter_steps(word, length))
    rows = [[n for (before, _), n in steps.items() if before == context] for context in {before for before, _ in steps}]
    expected = sum(sum(row) * entropy(row) for row in rows) / steps.total()
    assert word_surprises(LetterModel(words, length), words).mean() == pytest.approx(expected, abs=1e-12)


@given(words, st.floats(0, 0.9))
def test_no_other_probabilities_are_less_surprised_by_what_was_counted(words, other):
    model = LetterModel(words, 1)
    best = word_surprises(model, words).mean()
    for row in model.table.counts.values(): row += other * row.max()  # drawn towards all alike
    assert word_surprises(model, words).mean() >= best - 1e-12


def test_what_was_never_seen_is_infinitely_surprising_unless_smoothed():
    assert np.isinf(word_surprises(LetterModel(["ab"], 1), ["ba"])).any()
    assert np.isfinite(word_surprises(LetterModel(["ab"], 1, 0.01), ["ba"])).all()


@given(st.integers(1, 50), st.integers(1, 9))
def test_the_perplexity_of_equal_choices_is_their_number(choices, times):
    assert perplexity(np.full(times, np.log(choices))) == pytest.approx(choices)


# ---- the lesson's claims, on the real names

def test_the_bigram_of_all_names_has_the_entropy_that_its_counts_allow(names):
    text = "." + ".".join(names) + "."
    pairs, firsts = Counter(zip(text[:-1], text[1:], strict=True)), Counter(text[:-1])
    expected = -sum(n * np.log(n / firsts[first]) for (first, _), n in pairs.items()) / pairs.total()
    assert word_surprises(LetterModel(names, 1), names).mean() == pytest.approx(expected, rel=1e-12)


def test_most_names_that_a_bigram_invents_are_on_no_list(names):
    rng, model = np.random.default_rng(7), LetterModel(names, 1)
    assert np.mean([model.sample(rng) in names for _ in range(500)]) < 0.2


def test_three_letters_of_memory_do_best_on_unseen_names_and_six_on_seen_ones(names):
    order, symbols = np.random.default_rng(1).permutation(names).tolist(), END + "abcdefghijklmnopqrstuvwxyz"
    def losses(smoothing, part): return [word_surprises(LetterModel(order[1000:], length, smoothing, symbols), part).mean() for length in range(7)]
    assert np.argmin(losses(0.1, order[:1000])) == 3
    assert np.argmin(losses(0.0, order[1000:])) == 6


# ---- pixels

def test_a_pixels_context_is_its_place_and_what_was_drawn_before():
    picture = np.random.default_rng(0).integers(0, 2, (8, 8))
    padded = np.pad(picture, 2)
    for row, column in np.ndindex(8, 8):
        expected = [padded[row + 2 + down, column + 2 + right] for down, right in NEIGHBOURS]
        assert pixel_context(picture, row, column) == (row, column, *expected)
        later = picture.copy()
        later[row, column:] ^= 1
        later[row + 1 :] ^= 1
        assert pixel_context(later, row, column) == pixel_context(picture, row, column)  # what comes later is not looked at


def test_one_counted_picture_comes_back():
    "A table that has seen a single picture knows one way to go on."
    picture = (digits().x_train[0, 0] > 0).astype(int)
    table = NextTable([0, 1]).count(pixel_steps(picture))
    assert (sample_picture(table, np.random.default_rng(0)) == picture).all()
    assert surprises(table, pixel_steps(picture)).sum() == 0


def test_a_begun_picture_keeps_its_rows():
    begun = np.random.default_rng(0).integers(0, 2, (3, 5))
    made = sample_picture(NextTable([0, 1]), np.random.default_rng(1), height=6, width=5, begun=begun)
    assert made.shape == (6, 5) and (made[:3] == begun).all() and set(np.unique(made)) == {0, 1}


@pytest.mark.parametrize("temperature", [0, -1])
def test_a_temperature_that_is_none_is_one_line(temperature):
    with pytest.raises(ValueError, match="a temperature is above 0"): LetterModel(["ab"], 1).sample(np.random.default_rng(0), temperature=temperature)
