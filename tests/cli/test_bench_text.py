"""The bench of byte-pair encoding: the peer's recipes do the same work as ours, and each figure says whom it is compared with."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli.benches import text as bench
from genai_course.tokenizer import encode_words, learn_merges

LETTERS = st.text("abc ", min_size=2, max_size=40)


def babble(seed, count):
    "Letters of such uneven shares that no two pairs come equally often."
    return "".join(np.random.default_rng(seed).choice(list("abcdef"), count, p=[0.5, 0.2, 0.12, 0.08, 0.06, 0.04]))


def test_the_peer_learns_what_we_learn():
    for seed in range(5):
        text = babble(seed, 20_000)
        assert list(bench.peers_training([text], 264).items()) == [(pair, 256 + i) for i, pair in enumerate(learn_merges({text: 1}, 264))]
    chunks = [babble(0, 8000), babble(1, 7000), babble(0, 8000)]
    assert list(bench.peers_training(chunks, 262)) == learn_merges({chunks[0]: 2, chunks[1]: 1}, 262)


@given(LETTERS, st.lists(LETTERS, max_size=4))
def test_the_peer_encodes_as_we_do(seen, texts):
    merges = learn_merges({seen * 3: 1}, 270)
    numbers = {pair: 256 + i for i, pair in enumerate(merges)}
    assert bench.peers_encoding(texts, numbers) == [i for ids in encode_words(texts, merges) for i in ids]


def test_each_figure_names_its_peer_and_the_goal():
    results = list(bench.figures("the cat saw the other cat " * 20, 264))
    names = [("BPE training", 520), ("BPE training, words first", 520), ("BPE encoding", 130), ("BPE encoding, words first", 520)]
    assert [result.name for result in results] == [f"{name}, 264 tokens, {length} characters" for name, length in names]
    assert {result.peer for result in results} == {"minbpe's basic recipe, rebuilt", "minbpe's regex recipe, rebuilt"}
    assert all(result.goal == "ratio >= 10" and result.unit == "seconds" and result.value > 0 for result in results)
