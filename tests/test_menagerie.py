"""The menagerie: a picture is a function of labels and seed, captions say what labels say, and what is held out stays out."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import chisquare

from genai_course import menagerie as m
from genai_course.data import DataError

seeds = st.integers(0, 2**63 - 1)


@st.composite
def labels(draw):
    hat = draw(st.sampled_from(m.ATTRIBUTES["hat"]))
    size = "none" if hat == "none" else draw(st.sampled_from(m.ATTRIBUTES["size"][1:]))
    return m.Labels(draw(st.sampled_from(m.ATTRIBUTES["animal"])), hat, size, *(draw(st.sampled_from(m.ATTRIBUTES[a])) for a in ("style", "background")))


@settings(max_examples=30)
@given(st.lists(st.tuples(labels(), seeds), max_size=20))
def test_a_picture_is_a_function_of_its_labels_and_its_seed(wanted):
    together = m.draw([one for one, _ in wanted], [seed for _, seed in wanted])
    assert together.shape == (len(wanted), 3, 32, 32) and together.dtype == np.float32
    for (one, seed), image in zip(wanted, together, strict=True): assert (m.draw(one, seed)[0] == image).all()
    assert np.allclose(np.rint(127.5 * (together + 1)), 127.5 * (together + 1), atol=1e-3) and np.abs(together).max(initial=0) <= 1


@given(labels(), seeds, seeds)
def test_another_seed_gives_another_picture(one, first, second): assert first == second or (m.draw(one, first) != m.draw(one, second)).any()


@settings(max_examples=30)
@given(labels(), seeds, st.sampled_from(list(m.ATTRIBUTES)), st.data())
def test_another_label_gives_another_picture(one, seed, attribute, data):
    choice = [word for word in m.ATTRIBUTES[attribute] if word != "none"]
    if one.hat == "none" and attribute in ("hat", "size"): return
    other = one._replace(**{attribute: data.draw(st.sampled_from(choice))})
    assert (m.draw(other, seed) == m.draw(one, seed)).all() == (other == one)


@given(labels(), seeds)
def test_hats_change_nothing_below_the_chin(one, seed):
    one = one._replace(style="plain drawing")
    bare = one._replace(hat="none", size="none")
    assert (m.draw(one, seed)[..., 26:, :] == m.draw(bare, seed)[..., 26:, :]).all()


@given(st.lists(labels(), max_size=9))
def test_codes_and_words_say_the_same(some):
    codes = m.codes_of(some)
    assert codes.shape == (len(some), 5) and codes.dtype == np.int64 and m.labels_of(codes) == some


@pytest.mark.parametrize(("wrong", "says"), [
    (m.Labels("unicorn"), "there is no animal 'unicorn'; there are: cat, dog, rabbit"), (m.Labels("cat", "cap", "big"), "no hat 'cap'; there are: none, knight's helmet"),
    (m.Labels("cat", "crown"), "a hat 'crown' of size 'none'"), (m.Labels("cat", size="tiny"), "a hat 'none' of size 'tiny'"),
])  # fmt: skip
def test_labels_that_no_picture_can_have_are_one_line(wrong, says):
    for use in [lambda: m.draw(wrong, 0), lambda: m.caption(wrong, 0), lambda: m.codes_of([wrong])]:
        with pytest.raises(DataError, match=says) as error: use()
        assert "\n" not in str(error.value)


def mentioned(text, attribute):
    "The label of the longest phrase for an attribute in a caption; none where there is no phrase."
    phrases = [(phrase, word) for word in m.ATTRIBUTES[attribute] if word != "none" for phrase in {*m.SAID[word], word}]
    return max([(len(phrase), word) for phrase, word in phrases if re.search(rf"\b{phrase}\b", text)], default=(0, "none"))[1]


@given(labels(), seeds)
def test_a_whole_caption_says_all_that_the_labels_say(one, seed):
    said = m.caption(one, seed, whole=True)
    assert [mentioned(said, attribute) for attribute in m.ATTRIBUTES] == list(one)


@given(labels(), seeds)
def test_a_caption_never_says_what_is_not_so(one, seed):
    said = m.caption(one, seed)
    assert all(mentioned(said, attribute) in (word, "none") for attribute, word in zip(m.ATTRIBUTES, one, strict=True))
    assert (mentioned(said, "animal"), mentioned(said, "hat")) == one[:2] and said == m.caption(one, seed)
    assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|  |^ | $| ,", said)


def test_captions_vary_and_leave_out_as_much_as_they_should():
    knight = m.Labels("cat", "knight's helmet", "tiny", "oil painting", "brick wall")
    said = [m.caption(knight, seed) for seed in range(4000)]
    assert len(set(said)) > 300 and "a cat wearing a tiny knight's helmet, oil painting" in said
    for attribute in m.ATTRIBUTES:
        assert np.mean([mentioned(text, attribute) == "none" for text in said]) == pytest.approx(m.LEFT_OUT.get(attribute, 0), abs=0.03)


def test_six_pairs_are_held_out_and_their_halves_are_not():
    assert len(set(m.HELD_OUT_PAIRS)) == 6 and ("cat", "knight's helmet") in m.HELD_OUT_PAIRS
    assert set(m.HELD_OUT_PAIRS) | set(m.TRAINING_PAIRS) == set(m.ALL_PAIRS) and not set(m.HELD_OUT_PAIRS) & set(m.TRAINING_PAIRS)
    for animal, hat in m.HELD_OUT_PAIRS:
        assert sum(pair[0] == animal and pair[1] != "none" for pair in m.TRAINING_PAIRS) >= 4
        assert sum(pair[1] == hat for pair in m.TRAINING_PAIRS) >= 6


@given(seeds, st.integers(0, 2**40), st.integers(1, 8))
def test_no_training_batch_shows_a_pair_that_is_held_out(seed, step, size):
    batch = m.drawn_batch(size, seed, step)
    assert len(batch.images) == len(batch.captions) == len(batch.labels) == size
    assert all(one[:2] in m.TRAINING_PAIRS for one in m.labels_of(batch.labels))


@given(st.sampled_from(m.ALL_PAIRS), seeds)
def test_pairs_come_from_the_list_alone(pair, seed):
    rng = np.random.default_rng(seed)
    assert {m.random_labels(rng, [pair])[:2] for _ in range(20)} == {pair}


def test_pairs_are_equally_likely_and_so_is_the_rest():
    rng = np.random.default_rng(0)
    some = [m.random_labels(rng, m.TRAINING_PAIRS) for _ in range(8400)]
    counts = [[sum(one[:2] == pair for one in some) for pair in m.TRAINING_PAIRS], [sum(one.size == size for one in some) for size in ("tiny", "big")],
              *([sum(getattr(one, a) == word for one in some) for word in m.ATTRIBUTES[a]] for a in ("style", "background"))]  # fmt: skip
    assert all(chisquare(count).pvalue > 1e-3 for count in counts)


@settings(max_examples=20)
@given(st.integers(0, 99), st.integers(0, 99))
def test_a_batch_is_a_function_of_seed_and_step(seed, step):
    batch, again, other = m.drawn_batch(3, seed, step), next(m.drawn_batches(3, seed, step)), m.drawn_batch(3, seed, step + 1)
    assert (batch.images == again.images).all() and batch.captions == again.captions and (batch.labels == again.labels).all()
    assert (batch.images != other.images).any()


def test_captions_of_a_batch_are_those_of_its_labels():
    batch = m.drawn_batch(200, 3, 4)
    for text, one in zip(batch.captions, m.labels_of(batch.labels), strict=True): assert (mentioned(text, "animal"), mentioned(text, "hat")) == one[:2]


@pytest.fixture
def own(tmp_path):
    for i in range(3):
        Image.fromarray(np.uint8(np.rint(127.5 * (m.draw(m.Labels("dog"), i)[0].transpose(1, 2, 0) + 1)))).save(tmp_path / f"{i}.png")
        (tmp_path / f"{i}.txt").write_text(f"  my dog,\n number {i} ", encoding="utf-8")
    return tmp_path


def test_own_pictures_arrive_as_they_are(own):
    images, captions = m.captioned_folder(own)
    assert captions == [f"my dog, number {i}" for i in range(3)]
    assert np.allclose(images, m.draw([m.Labels("dog")] * 3, range(3)), atol=1e-6) and images.dtype == np.float32
    assert m.captioned_folder(own, size=16)[0].shape == (3, 3, 16, 16)


def spoil(folder, how):
    match how:
        case "missing": return folder / "nowhere"
        case "empty":
            for file in folder.iterdir(): file.unlink()
        case "no captions":
            for file in folder.glob("*.txt"): file.unlink()
        case "one caption missing": (folder / "1.txt").unlink()
        case "empty caption": (folder / "1.txt").write_text(" ")
        case "no picture": (folder / "1.png").write_bytes(b"not a picture")
    return folder


@pytest.mark.parametrize(("how", "says"), [
    ("missing", "there is no folder .*nowhere"), ("empty", "has no pictures"), ("no captions", r"no caption for 0.png \(3 of 3 pictures have none\).*0.txt"),
    ("one caption missing", r"no caption for 1.png \(1 of 3"), ("empty caption", "1.txt is empty"), ("no picture", "1.png cannot be read as a picture"),
])  # fmt: skip
def test_a_folder_that_is_no_use_is_one_line(own, how, says):
    with pytest.raises(DataError, match=says) as error: m.captioned_folder(spoil(own, how))
    assert "\n" not in str(error.value)
