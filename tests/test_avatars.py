"""Avatars: a picture is a function of style and seed, labels are what was drawn, captions say what labels say, and only what is free is drawn."""

import hashlib
import json
import re
import subprocess
import sys
from functools import partial
from importlib.metadata import distribution
from importlib.resources import files
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_course import avatars as a
from genai_course.cli import COMMANDS
from genai_course.cli.notebooks import read_notebook, source_of
from genai_course.cli.requirements import requirements
from genai_course.data import DataError
from genai_course.menagerie import captioned_folder
from genai_course.optimizers import AdamW
from genai_course.training import Turn, as_tensors, train

ROOT = Path(a.__file__).parents[1]
EXTRA = ("dicebear", "dicebear_styles", "resvg_py")
LICENCES = distribution("dicebear-styles").read_text("licenses/LICENSE.md")
seeds, styles = st.integers(0, 2**63 - 1), st.sampled_from(list(a.TOLD))


def drawn_parts(shapes):
    "What an avatar's SVG itself says is in it: the name of each part, by its component."
    return dict(re.findall(r'<g id="([A-Za-z]+)-([A-Za-z0-9]+)-[0-9a-f]+"', shapes))


# ---- pictures

@settings(max_examples=30)
@given(styles, seeds, st.integers(1, 48))
def test_a_picture_has_the_shape_and_the_range_of_the_courses_pictures(style, seed, side):
    image = a.painted(a.avatar(style, seed).shapes, side)
    assert image.shape == (3, side, side) and image.dtype == np.float32 and -1 <= image.min() <= image.max() <= 1
    assert np.allclose(np.rint(127.5 * (image + 1)), 127.5 * (image + 1), atol=1e-3)


@settings(max_examples=20)
@given(styles, st.lists(seeds, min_size=1, max_size=6))
def test_a_picture_is_a_function_of_style_and_seed_alone(style, some):
    together = a.draw(style, some)
    for i, seed in enumerate(some):
        alone = a.draw(style, [seed])
        assert (alone.images[0] == together.images[i]).all() and alone.captions == together.captions[i : i + 1] and (alone.labels[0] == together.labels[i]).all()


def fingerprint(): return hashlib.sha256(a.drawn_batch(8, 1, 2).images.tobytes()).hexdigest()


def test_another_process_draws_the_same():
    program = "import hashlib; from genai_course.avatars import drawn_batch; print(hashlib.sha256(drawn_batch(8, 1, 2).images.tobytes()).hexdigest())"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.strip() == fingerprint()


def test_seeds_give_many_different_pictures():
    images = a.draw("critters", range(200)).images
    assert len({image.tobytes() for image in images}) > 195


def test_a_picture_shows_its_shapes_where_they_are():
    shapes = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect x="1" y="0" width="1" height="4" fill="#ff0000"/></svg>'
    expected = np.ones((3, 4, 4), np.float32)  # white, but for the second column
    expected[1:, :, 1] = -1
    assert (a.painted(shapes, 4) == expected).all()


@settings(max_examples=20)
@given(st.sampled_from(["critters", "sprouts", "voxel-art"]), seeds)
def test_the_corner_has_the_colour_of_the_background(style, seed):
    one = a.avatar(style, seed)
    corner = np.rint(127.5 * (a.painted(one.shapes)[:, 0, 0] + 1)).astype(int)
    assert a.colour_word("#" + bytes(corner.tolist()).hex()) == one.labels["background"]


# ---- labels and captions

@given(styles, seeds)
def test_labels_are_the_parts_that_the_drawing_has(style, seed):
    one = a.avatar(style, seed)
    parts = drawn_parts(one.shapes)
    for attribute, option in a.TOLD[style].options.items():
        part = option.removesuffix("Variant")
        if option.endswith("Variant"): assert one.labels[attribute] == (a.phrase(part, parts[part]) if part in parts else "none")


@settings(max_examples=50)
@given(styles, seeds)
def test_a_colour_that_a_label_names_is_in_the_drawing(style, seed):
    one = a.avatar(style, seed)
    seen = {a.colour_word(colour) for colour in re.findall("#[0-9a-f]{6}", one.shapes)}
    assert {one.labels[attribute] for attribute, option in a.TOLD[style].options.items() if option.endswith("Color")} <= seen


@given(styles, seeds)
def test_a_caption_names_the_parts_that_the_labels_say_and_no_other(style, seed):
    labels = a.avatar(style, seed).labels
    subject, parts, end = re.fullmatch("an? (.+?) with (.+), (?:on|in) (.+)", a.caption(style, labels)).groups()
    said, told = re.split(", | and ", parts), a.TOLD[style]
    assert said == [wanted for wanted in (part.format(**labels) for part in told.parts) if "none" not in wanted]
    assert subject == told.subject.format(**labels) and told.end.endswith("}") and end == told.end.split(" ", 1)[1].format(**labels)


@pytest.mark.parametrize("style", a.TOLD)
def test_each_attribute_stands_in_the_sentence_and_no_two_words_are_taken_for_one_another(style):
    told, known = a.TOLD[style], a.attributes(style)
    assert re.findall(r"\{(\w+)\}", " ".join([told.subject, *told.parts, told.end])) == list(told.options) == list(known)
    for words in known.values():
        assert len(set(words)) == len(words) >= 2
        for word in words: assert re.fullmatch(r"[a-z' -]+", word) and not re.search(r"\ba [aeiou]|\ban [^aeiou]|  | and |\bnone .|. none\b", word)


@pytest.mark.parametrize("style", a.TOLD)
def test_captions_fit_into_the_rows_of_lesson_14(style):
    from genai_course.embeddings import words_in

    said = [a.caption(style, a.avatar(style, seed).labels) for seed in range(300)]
    assert len(set(said)) > 100 and not any(re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|  ", text) for text in said)
    assert np.mean([len(words_in(text)) < 24 for text in said]) > 0.97


@pytest.mark.parametrize(("colour", "word"), [
    ("#000000", "black"), ("#ffffff", "white"), ("#808080", "grey"), ("#ff0000", "red"), ("#ffa500", "orange"), ("#ffff00", "yellow"), ("#008000", "green"), ("#40e0d0", "turquoise"),
    ("#0000ff", "blue"), ("#800080", "purple"), ("#ff69b4", "pink"), ("#ffc0cb", "pink"), ("#5c4033", "brown"), ("#ffe5cc", "cream"),
])  # fmt: skip
def test_colours_have_the_names_that_people_give_them(colour, word): assert a.colour_word(colour) == word


@given(st.integers(0, 2**24 - 1))
def test_every_colour_has_a_word(number): assert a.colour_word(f"#{number:06x}") in {*a.HUES, *a.PALE.values(), "black", "white", "grey", "brown"}


@settings(max_examples=50)
@given(styles, seeds, st.data())
def test_what_is_wanted_is_drawn(style, seed, data):
    known = a.attributes(style)
    wanted = {attribute: data.draw(st.sampled_from(known[attribute])) for attribute in data.draw(st.sets(st.sampled_from(list(known))))}
    one = a.avatar(style, seed, wanted)
    assert wanted.items() <= one.labels.items() and one == a.avatar(style, seed, wanted)


def test_a_word_for_several_drawings_leaves_the_choice_to_chance():
    drawn = {drawn_parts(a.avatar("open-peeps", seed, {"hair": "short hair"}).shapes)["head"] for seed in range(60)}
    assert drawn == {name for name in json.loads((files("dicebear_styles") / "open-peeps.json").read_text("utf-8"))["components"]["head"]["variants"] if re.fullmatch(r"short\d|grayShort", name)}


# ---- batches

@settings(max_examples=20)
@given(styles, st.integers(0, 99), st.integers(0, 99), st.integers(1, 4))
def test_a_batch_is_a_function_of_seed_and_step(style, seed, step, size):
    batch, again, other = a.drawn_batch(size, seed, step, style), next(a.drawn_batches(size, seed, step, style)), a.drawn_batch(size, seed, step + 1, style)
    assert (batch.images == again.images).all() and batch.captions == again.captions and (batch.labels == again.labels).all()
    assert batch.images.shape == (size, 3, 32, 32) and batch.labels.shape == (size, len(a.attributes(style))) and batch.labels.dtype == np.int64
    assert batch.captions == [a.caption(style, labels) for labels in a.labels_of(style, batch.labels)]
    assert (a.codes_of(style, a.labels_of(style, batch.labels)) == batch.labels).all() and (batch.images != other.images).any()


def test_a_folder_of_avatars_needs_no_extra(tmp_path, monkeypatch):
    from PIL import Image

    batch = a.drawn_batch(3, 0, 0, "sprouts")
    for i, (image, text) in enumerate(zip(batch.images, batch.captions, strict=True)):
        Image.fromarray(np.uint8(np.rint(127.5 * (image.transpose(1, 2, 0) + 1)))).save(tmp_path / f"{i}.png")
        (tmp_path / f"{i}.txt").write_text(text, encoding="utf-8")
    for module in EXTRA: monkeypatch.setitem(sys.modules, module, None)
    images, captions = captioned_folder(tmp_path)
    assert captions == batch.captions and np.allclose(images, batch.images, atol=1e-6)


# ---- lessons on avatars

def shown_for_lessons():
    "The lines that the notebook shows for lessons 13, 14 and 15, run: the names that they make."
    text = "\n".join(source_of(cell) for cell in read_notebook(ROOT / "nbs" / "00_avatars.ipynb")["cells"] if cell["cell_type"] == "markdown")
    names = {}
    for lines in re.findall("```python\n(.+?)```", text, re.S): exec(lines, names)
    return names


def test_lessons_13_to_15_train_on_avatars_by_the_lines_that_the_notebook_shows(monkeypatch):
    from genai_course import diffusion, embeddings

    monkeypatch.setattr(diffusion, "PICTURES", dict(diffusion.PICTURES))
    names = shown_for_lessons()
    task, pair, model = names["task"], names["pair"], names["model"]
    runs = [
        train(task.batches(0), *task.turns, steps=2),
        train(as_tensors(names["prompted"], "cpu"), Turn("loss", names["loss"], AdamW(model.parameters(), 0.001)), steps=2),
        train(as_tensors(((batch.images, names["words"].rows(batch.captions, 24).numpy()) for batch in a.drawn_batches(32)), "cpu"),
              Turn("loss", partial(embeddings.pair_loss, pair), AdamW(pair.parameters(), 0.001)), steps=3),
    ]  # fmt: skip
    losses = [[step.losses["loss"] for step in run] for run in runs]
    assert all(np.isfinite(each).all() for each in losses) and [len(each) for each in losses] == [2, 2, 3]
    assert losses[0][0] == pytest.approx(losses[1][0], rel=0.5)  # both begin by answering nothing
    assert names["words"].unknown(" ".join(a.drawn_batch(64, 5, 5).captions)) == {}


# ---- what is free

def licence_by_the_licence_file(style):
    "What the package's LICENSE.md, which is written for people, says about a style."
    return re.search(rf"src/{style}\.json\].*?License \| \[(.+?)\]", LICENCES, re.S)[1]


@pytest.mark.parametrize("style", sorted(file.name.removesuffix(".json") for file in files("dicebear_styles").iterdir() if file.name.endswith(".json")))
def test_only_free_styles_are_drawn(style):
    free = licence_by_the_licence_file(style) == "CC0 1.0"
    if style in a.TOLD:
        assert free and a.definition(style)["meta"]["license"]["url"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    else:
        with pytest.raises(DataError, match="has no captions yet. Take one of: critters, sprouts" if free else "under the licence .*; the course draws CC0 1.0 alone. Take one of: critters") as error: a.draw(style, [0])
        assert "\n" not in str(error.value) and style in str(error.value)


@pytest.mark.parametrize("licence", [{"license": {"name": "CC BY 4.0"}}, {"license": {}}, {}])
def test_a_style_whose_licence_has_changed_is_refused(tmp_path, monkeypatch, licence):
    made = a.definition("critters") | {"meta": licence}
    (tmp_path / "critters.json").write_text(json.dumps(made))
    monkeypatch.setattr(a, "files", lambda module: tmp_path)
    with pytest.raises(DataError, match="under the licence"): a.definition("critters")


@pytest.mark.parametrize(("use", "says"), [
    (lambda: a.draw("dragons", [0]), "there is no style 'dragons'. Take one of: critters, sprouts, voxel-art, open-peeps, pixel-art."),
    (lambda: a.draw("", [0]), "there is no style ''"), (lambda: a.draw("../dicebear_styles/critters", [0]), "has no captions yet|there is no style"),
    (lambda: next(a.drawn_batches(4, style="adventurer")), "'adventurer' is under the licence 'CC BY 4.0'"),
    (lambda: a.drawn_batch(0, 0, 0), "without pictures.*at least one"), (lambda: a.drawn_batch(-3, 0, 0), "without pictures"), (lambda: a.draw("critters", []), "without pictures"),
    (lambda: a.drawn_batch(2, 0, 0, side=0), "cannot be 0 pixels wide"), (lambda: a.draw("critters", [0], side=-8), "cannot be -8 pixels wide"),
    (lambda: a.avatar("critters", 0, {"hat": "a crown"}), "critters have no 'hat'; they have: colour, body, top"),
    (lambda: a.avatar("critters", 0, {"top": "a cap"}), "there is no top 'a cap'; there are: none, horns"),
    (lambda: a.avatar("critters", 0, {"eyes": "none"}), "there is no eyes 'none'; there are: round eyes"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_one_line(use, says):
    with pytest.raises(DataError, match=says) as error: use()
    assert "\n" not in str(error.value)


# ---- the extra

@pytest.mark.parametrize("module", EXTRA)
def test_without_the_extra_one_line_says_how_to_get_it(module, monkeypatch):
    a.ready("critters")  # known before the module goes away, so that each is missed where it is needed
    monkeypatch.setitem(sys.modules, module, None)
    if module == "dicebear_styles": monkeypatch.setattr(a, "ready", a.ready.__wrapped__)
    with pytest.raises(DataError) as error: a.drawn_batch(1, 0, 0)
    packages = [re.match(r"[\w-]+", line)[0] for line in requirements(ROOT, ["avatars"]) if line not in requirements(ROOT)]
    assert len(packages) == 3 and str(error.value) == f"avatars need packages that are not here yet: in a notebook run %pip install {' '.join(packages)}"
    assert error.value.__suppress_context__


def test_the_module_needs_no_extra_until_something_is_drawn():
    hidden = "; ".join(f"sys.modules[{module!r}] = None" for module in EXTRA)
    program = f"import sys; {hidden}; from genai_course.avatars import *; print(len(TOLD), caption('sprouts', dict.fromkeys(TOLD['sprouts'].options, 'red')))"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0 and told.stdout.startswith("5 a red red with red, red and red, on red"), told.stderr


def test_tests_and_builds_set_the_extra_up():
    assert "avatars" in COMMANDS["test"].extras and "avatars" in COMMANDS["build"].extras


def test_batches_never_end():
    assert [len(batch.images) for batch in islice(a.drawn_batches(1), 3)] == [1, 1, 1]
