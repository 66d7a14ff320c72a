"""Knobs of a writer: each keeps the order and at least one token, shares out all probability, and is itself at its extremes; loops stream and stop."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from genai_course.sampling import (
    Reader,
    beam_search,
    filter_logits,
    fingerprint,
    generate,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    sample,
    until,
    with_penalty,
    with_temperature,
)
from genai_course.transformer import latest

NUMBERS = st.floats(-20, 20).map(lambda x: round(x, 1))  # rounded, so that there are ties
ROWS = st.lists(NUMBERS, min_size=1, max_size=12).map(torch.tensor)
SHARES = st.floats(0, 1)
KNOBS = st.fixed_dictionaries({"temperature": st.sampled_from([0, 0.01, 0.7, 1, 3]), "top_k": st.none() | st.integers(1, 15), "top_p": SHARES, "min_p": SHARES})


def support(logits): return (logits > -torch.inf).nonzero()[:, 0].tolist()


def seeded(seed): return torch.Generator().manual_seed(seed)


@given(ROWS, KNOBS)
def test_all_knobs_keep_one_token_all_the_mass_and_the_order(logits, knobs):
    filtered = filter_logits(logits, **knobs)
    p = filtered.softmax(-1)
    assert p.sum().item() == pytest.approx(1, abs=1e-5) and len(support(filtered)) >= 1 and not p.isnan().any()
    left = support(filtered)
    if knobs["temperature"]:
        assert all(filtered[i] >= filtered[j] for i in left for j in left if logits[i] >= logits[j])
    assert min(logits[left]) >= max((logits[i] for i in range(len(logits)) if i not in left), default=-torch.inf)


@given(st.lists(ROWS.filter(lambda row: len(row) >= 5).map(lambda row: row[:5]), min_size=1, max_size=4).map(torch.stack), KNOBS)
def test_rows_are_filtered_each_by_itself_and_left_as_they_were(rows, knobs):
    kept = rows.clone()
    together = filter_logits(rows[None], **knobs)[0]
    assert torch.equal(rows, kept)
    assert torch.equal(together, torch.stack([filter_logits(row, **knobs) for row in rows]))


@given(ROWS, st.floats(0.1, 5))
def test_temperature_divides(logits, temperature):
    assert torch.allclose(with_temperature(logits, temperature).softmax(-1), (logits / temperature).softmax(-1), atol=1e-5)


@given(ROWS)
def test_temperature_zero_is_greedy_and_a_tiny_one_nearly(logits):
    first = int(np.argmax(logits.numpy()))
    assert support(with_temperature(logits, 0)) == [first]
    tiny = with_temperature(logits, 1e-40).softmax(-1)
    assert tiny[first] == tiny.max() and not tiny.isnan().any()


@given(ROWS, st.integers(1, 20))
def test_top_k_keeps_exactly_k_the_first_of_equals(logits, k):
    by_the_book = sorted(sorted(range(len(logits)), key=lambda i: (-logits[i].item(), i))[:k])
    assert support(keep_top_k(logits, k)) == by_the_book


@given(ROWS, SHARES)
def test_top_p_keeps_the_fewest_that_reach_the_share(logits, share):
    p, left = logits.double().softmax(-1), support(keep_top_p(logits, share))
    assert p[left].sum() >= share - 1e-9
    least = min(left, key=lambda i: (p[i], -i))
    if share < 1: assert len(left) == 1 or p[left].sum() - p[least] < share
    else: assert len(left) == len(logits)


@given(ROWS, SHARES)
def test_min_p_compares_with_the_likeliest(logits, share):
    p = logits.double().softmax(-1).numpy()
    assert support(keep_min_p(logits, share)) == np.flatnonzero(p >= share * p.max()).tolist()


def test_extremes_of_shares():
    logits = torch.tensor([1.0, 3.0, 3.0, -40.0])
    assert support(keep_top_p(logits, 0)) == [1] and support(keep_top_p(logits, 1)) == [0, 1, 2, 3]
    assert support(keep_min_p(logits, 1)) == [1, 2] and support(keep_min_p(logits, 0)) == [0, 1, 2, 3]


@given(ROWS, st.lists(st.integers(0, 11)), st.floats(0.2, 3), NUMBERS)
def test_a_penalty_multiplies_log_probabilities_whatever_is_added_to_all(logits, seen, penalty, shift):
    seen = [i for i in seen if i < len(logits)]
    expected = F.log_softmax(logits, -1)
    for i in set(seen): expected[i] *= penalty
    assert torch.allclose(with_penalty(logits, seen, penalty).softmax(-1), expected.softmax(-1), atol=1e-5)
    assert torch.allclose(with_penalty(logits + shift, seen, penalty).softmax(-1), expected.softmax(-1), atol=1e-4)


@pytest.mark.parametrize("knobs, said", [
    ({"temperature": -1}, "temperature is -1: it must be 0 or more"), ({"temperature": float("nan")}, "temperature is nan"),
    ({"top_k": 0}, "top_k is 0: it must be from 1 to inf"), ({"top_p": 1.5}, "top_p is 1.5: it must be from 0 to 1"), ({"top_p": -0.1}, "top_p is -0.1"),
    ({"min_p": 2}, "min_p is 2: it must be from 0 to 1"), ({"penalty": 0}, "penalty is 0: it must be above 0"),
])  # fmt: skip
def test_a_bad_setting_is_named(knobs, said):
    with pytest.raises(ValueError, match=said): filter_logits(torch.zeros(3), **knobs)


def test_samples_come_as_often_as_their_probability_says():
    p = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]])
    drawn = sample(p.log().expand(20_000, 2, 3), seeded(0))
    assert drawn.shape == (20_000, 2) and drawn.dtype == torch.int64
    for row in range(2):
        counts = torch.bincount(drawn[:, row], minlength=3) / 20_000
        assert torch.allclose(counts, p[row], atol=4 * 0.5 / 20_000**0.5) and (counts[p[row] == 0] == 0).all()


# ---- the loop

def after_the_last(tokens): return F.one_hot(torch.tensor((tokens[-1] + 1) % 5), 5).double() * 50


def test_tokens_come_one_by_one_as_they_are_chosen():
    asked = []
    def model(tokens):
        asked.append(list(tokens))
        return after_the_last(tokens)

    writer, prompt = generate(model, [0], 10), [0]
    assert asked == []
    assert [next(writer), next(writer)] == [1, 2] and asked == [[0], [0, 1]]
    assert list(writer) == [3, 4, 0, 1, 2, 3, 4, 0] and prompt == [0]


def test_it_ends_before_a_stop_token(): assert list(generate(after_the_last, [0], 10, stop={4})) == [1, 2, 3]


def test_the_same_luck_gives_the_same_text_and_knobs_reach_the_filter():
    def flat(tokens): return torch.arange(5.0)
    first, again, other = (list(generate(flat, [0], 30, generator=seeded(seed))) for seed in (1, 1, 2))
    assert first == again != other
    assert set(generate(flat, [0], 50, generator=seeded(0), top_k=2)) == {3, 4}
    assert list(generate(flat, [0], 4, temperature=0, penalty=100)) == [4, 3, 2, 1]


@given(st.lists(st.text("ab\n", max_size=4), max_size=8), st.text("ab\n", min_size=1, max_size=3))
def test_a_text_ends_where_the_end_begins_and_nothing_of_it_is_shown(pieces, end):
    shown = list(until(iter(pieces), end))
    assert "".join(shown) == "".join(pieces).partition(end)[0] and "" not in shown


def test_what_cannot_be_the_end_is_shown_at_once():
    def endless():
        while True: yield "ab"

    shown = until(endless(), "abc")
    assert [next(shown), next(shown)] == ["ab", "ab"]
    with pytest.raises(ValueError, match="empty text"): list(until(["a"], ""))


# ---- models

class Summing:
    "The sum of all tokens so far, by a cache if there is one; notes how many it was given."
    def __init__(self): self.given = []

    def __call__(self, tokens, cache=None):
        self.given.append(tokens.shape[1])
        before = sum(cache) if cache else 0
        if cache is not None: cache.extend(tokens[0].tolist())
        return (tokens.cumsum(1) + before)[..., None].double()


def test_a_reader_with_a_cache_reads_only_what_is_new_and_starts_anew_for_another_text():
    model = Summing()
    reader = Reader(model, list)
    texts = [[1, 2], [1, 2, 3], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 9, 3, 4, 5, 6], [7]]
    assert [reader(tokens).item() for tokens in texts] == [sum(tokens) for tokens in texts]
    assert model.given == [2, 1, 2, 5, 6, 1]


def test_a_reader_without_a_cache_reads_everything():
    model = Summing()
    reader = Reader(model)
    assert [reader(tokens).item() for tokens in ([1, 2], [1, 2, 3])] == [3, 6] and model.given == [2, 3]


def test_a_reader_with_a_context_never_reads_more_and_seldom_anything_again():
    model = Summing()
    reader, tokens = Reader(model, list, 8), list(range(40))
    assert [reader(tokens[:n]).item() for n in range(1, 41)] == [sum(latest(tokens[:n], 8)) for n in range(1, 41)]
    assert max(model.given) <= 8 and model.given.count(1) > 30


def test_the_model_is_frozen_while_it_writes():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Embedding(6, 8), torch.nn.Linear(8, 6))
    before = fingerprint(network.state_dict())
    assert len(list(generate(Reader(network), [0], 20, generator=seeded(0)))) == 20
    assert fingerprint(network.state_dict()) == before
    with torch.no_grad(): network[1].bias[3] += 1e-6
    assert fingerprint(network.state_dict()) != before


def test_a_fingerprint_notices_names_shapes_and_kinds():
    zeros = torch.zeros(2, 3)
    prints = [fingerprint(arrays) for arrays in ({"a": zeros}, {"b": zeros}, {"a": zeros.T}, {"a": zeros.int()}, {"a": zeros, "b": zeros}, {})]
    assert len(set(prints)) == len(prints) and fingerprint({"b": zeros, "a": zeros}) == prints[4]


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=3, max_size=3), st.integers(1, 4))
def test_a_wide_beam_finds_the_likeliest_text(table, steps):
    log_p = torch.tensor(table).log_softmax(-1)
    def model(tokens): return log_p[tokens[-1]]

    found, score = beam_search(model, [0], steps, 3**steps if steps < 3 else 9)
    assert score == pytest.approx(sum(log_p[a, b].item() for a, b in zip([0, *found], found, strict=False)), abs=1e-4)
    best = {0: 0.0}
    for _ in range(steps): best = {b: max(best[a] + log_p[a, b].item() for a in best) for b in range(3)}
    assert score == pytest.approx(max(best.values()), abs=1e-4)
    assert score >= beam_search(model, [0], steps, 1)[1] - 1e-4


def test_a_search_without_beginnings_is_refused():
    with pytest.raises(ValueError, match="one beginning at least"): beam_search(lambda tokens: torch.zeros(3), [0], 2, 0)
