import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from genai_course.data import (
    DataError,
    batch_indices,
    batches,
    decode,
    digits,
    first_names,
    image_folder,
    package_files,
    read_image,
    read_text,
    split,
)


def test_digits_are_scikit_learns_in_the_common_form():
    d, scans = digits(), load_digits()
    pixels = np.concatenate([d.x_train, d.x_test])
    assert pixels.shape == (1797, 1, 8, 8) and pixels.dtype == np.float32
    ours = sorted(map(tuple, ((pixels + 1) * 8).reshape(-1, 64)))
    assert ours == sorted(map(tuple, scans.data))
    assert np.bincount(np.concatenate([d.y_train, d.y_test])).tolist() == np.bincount(scans.target).tolist()


@given(st.lists(st.integers(2, 30), min_size=1, max_size=6), st.floats(0.05, 0.9), st.integers(0, 99))
def test_split_keeps_all_and_mixes_none(counts, share, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    parts = split(np.arange(len(y)), y, share, seed)
    assert sorted([*parts.x_train, *parts.x_test]) == list(range(len(y)))
    assert (y[parts.x_test] == parts.y_test).all() and (y[parts.x_train] == parts.y_train).all()
    for label, count in enumerate(counts): assert (parts.y_test == label).sum() == min(count - 1, max(1, round(count * share)))
    again = split(np.arange(len(y)), y, share, seed)
    assert (again.x_test == parts.x_test).all()


def test_a_class_of_one_is_refused():
    with pytest.raises(DataError, match="class 1 has one picture only"): split(np.arange(3), np.array([0, 0, 1]))


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 9), st.integers(0, 200))
def test_a_batch_depends_on_seed_and_step_alone(total, size, seed, step):
    rows = batch_indices(total, size, seed, step)
    assert len(set(rows)) == len(rows) == min(size, total) and set(rows) <= set(range(total))
    assert (next(batches(np.arange(total), size=size, seed=seed, start=step))[0] == rows).all()


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 9))
def test_an_epoch_shows_no_example_twice(total, size, seed):
    per_epoch = total // min(size, total)
    rows = np.concatenate([batch_indices(total, size, seed, step) for step in range(per_epoch)])
    assert len(set(rows)) == len(rows) == per_epoch * min(size, total)


def test_rows_of_several_arrays_stay_together():
    x, y = next(batches(np.arange(50), np.arange(50) * 2, size=7))
    assert (y == x * 2).all()
    with pytest.raises(DataError, match="one length"): next(batches(np.arange(3), np.arange(4), size=2))


@pytest.fixture
def pictures(tmp_path):
    for name, shade in [("b_light", 235), ("a_dark", 20)]:
        (tmp_path / name).mkdir()
        for i in range(5): Image.new("RGB", (20 + i, 30), (shade, 0, 0)).save(tmp_path / name / f"{i}.PNG")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "a_dark" / "notes.txt").write_text("not a picture")
    return tmp_path


@pytest.mark.parametrize("channels", [1, 3])
def test_a_folder_of_pictures_takes_the_common_form(pictures, channels):
    d = image_folder(pictures, size=6, channels=channels)
    assert d.x_train.shape == (8, channels, 6, 6) and d.x_test.shape == (2, channels, 6, 6) and d.x_train.dtype == np.float32
    assert d.x_train[d.y_train == 0].mean() < d.x_train[d.y_train == 1].mean()
    assert -1 <= d.x_train.min() and d.x_train.max() <= 1


def test_pixels_are_scaled_from_the_files_values(tmp_path):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    Image.fromarray(pixels).save(tmp_path / "p.png")
    assert np.allclose(read_image(tmp_path / "p.png", 8)[0], pixels / 127.5 - 1, atol=1e-6)


def test_folders_that_cannot_be_used_say_why(tmp_path):
    with pytest.raises(DataError, match="there is no folder"): image_folder(tmp_path / "none")
    with pytest.raises(DataError, match="has no pictures in subfolders"): image_folder(tmp_path)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "broken.png").write_bytes(b"\x89PNG not really")
    with pytest.raises(DataError, match="broken.png cannot be read as a picture"): image_folder(tmp_path)


@given(st.text(min_size=1).filter(lambda s: s.strip() and "\0" not in s), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_any_text_comes_back_in_unicode_encodings(tmp_path_factory, text, encoding):
    file = tmp_path_factory.mktemp("text") / "t"
    file.write_bytes(text.encode(encoding))
    assert read_text(file) == text.lstrip("\ufeff" if encoding == "utf-8" else "").replace("\r\n", "\n").replace("\r", "\n")


def test_old_western_text_is_read():
    assert decode("Été “ici”".encode("cp1252")) == "Été “ici”"


@pytest.mark.parametrize("content, reason", [(b"", "is empty"), (b" \n\t", "is empty"), (bytes(range(256)), "is not text"), (b"a\0b", "is not text")])
def test_texts_that_cannot_be_used_say_why(tmp_path, content, reason):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(DataError, match=reason): read_text(tmp_path / "t")


def test_a_missing_text_is_named(tmp_path):
    with pytest.raises(DataError, match="there is no file .*gone.txt"): read_text(tmp_path / "gone.txt")


def test_first_names_are_the_two_lists_added_up():
    rows = [line.split() for file in package_files("names") for line in file.read_text().splitlines()]
    names = first_names()
    assert len(rows) == 5494 and set(names) == {row[0].lower() for row in rows}
    assert sum(names.values()) == pytest.approx(sum(float(row[1]) for row in rows) / 200)
    assert names["james"] == pytest.approx(sum(float(row[1]) for row in rows if row[0] == "JAMES") / 200)
    assert list(names) == sorted(names, key=lambda name: (-names[name], name))


def test_data_that_was_not_fetched_is_one_line_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_DOWNLOADS", str(tmp_path))
    with pytest.raises(DataError, match="first names .* not found in .*: run python -m genai_course data"): first_names()


@given(st.lists(st.from_regex(r"[a-z]{1,4}", fullmatch=True), min_size=60, max_size=80))
def test_your_own_names_are_counted(tmp_path_factory, lines):
    file = tmp_path_factory.mktemp("names") / "own.txt"
    file.write_text("\n".join(f" {line.title()} " for line in lines))
    expected = {name: lines.count(name) / len(lines) for name in lines}
    if len(expected) < 10:
        with pytest.raises(DataError, match="different names"): first_names(file)
    else: assert first_names(file) == pytest.approx(expected)


def saved(picture, file, **how):
    picture.save(file, **how)
    return read_image(file, 2)[0]


def test_a_picture_is_read_as_it_is_seen(tmp_path):
    ink = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    ink.putpixel((0, 0), (0, 0, 0, 255))
    assert saved(ink, tmp_path / "transparent.png").tolist() == [[-1, 1], [1, 1]]
    deep = Image.fromarray(np.array([[0, 65535], [32768, 256]], dtype=np.uint16))
    assert np.allclose(saved(deep, tmp_path / "deep.png"), np.array([[0, 255], [128, 1]]) / 127.5 - 1, atol=0.01)
    lying, said = Image.fromarray(np.array([[0, 0], [255, 255]], dtype=np.uint8)), Image.Exif()
    said[0x0112] = 6  # to be turned clockwise
    assert saved(lying, tmp_path / "turned.png", exif=said).tolist() == [[1, -1], [1, -1]]


def test_damaged_and_huge_pictures_are_one_line(tmp_path, monkeypatch):
    Image.new("L", (8, 8)).save(tmp_path / "p.png")
    sound = (tmp_path / "p.png").read_bytes()
    (tmp_path / "damaged.png").write_bytes(sound.replace(b"IDAT", b"ID\x00T"))
    with pytest.raises(DataError, match="cannot be read as a picture"): read_image(tmp_path / "damaged.png", 8)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 16)
    with pytest.raises(DataError, match="cannot be read as a picture"): read_image(tmp_path / "p.png", 8)


@pytest.mark.parametrize(("rows", "size"), [(0, 4), (4, 0)])
def test_batches_of_nothing_are_one_line(rows, size):
    with pytest.raises(DataError, match="one row at least"): next(batches(np.zeros(rows), size=size))
