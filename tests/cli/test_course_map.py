"""The course map: every lesson with its question, minutes, state and links that lead somewhere."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli import course_map as module
from genai_course.cli.catalogue import notebooks, prepare
from genai_course.cli.course_map import course_map, opened_by, write_map
from genai_course.cli.folders import course_folder
from genai_course.cli.notebooks import front_matter
from tests.cli.conftest import first_words, notebook, write_notebook


@pytest.fixture
def work(course, monkeypatch):
    "The learner's folder of the small course, with fresh copies."
    monkeypatch.setattr(module, "course_folder", lambda: course)
    monkeypatch.setattr(module, "work_folder", lambda: course / "work")
    monkeypatch.setattr(module, "exercise_records", lambda: [])
    prepare(course, course / "work")
    return course / "work"


def edit(file: Path, source: str) -> None:
    content = json.loads(file.read_text())
    content["cells"][-1]["source"] = source
    file.write_text(json.dumps(content))


def row(work: Path, title: str) -> str:
    return next(line for line in str(course_map(work)).splitlines() if line.startswith("|") and title in line)


def record(solved: int, done: bool) -> dict:
    return {"stem": "02_second", "solved": solved, "questions": 7, "done": done}


def test_every_lesson_stands_there_once_with_its_question_and_minutes(work):
    assert "Why?" in row(work, "01 First") and "| 30 |" in row(work, "01 First")
    assert "How?" in row(work, "02 Second") and "| 90 |" in row(work, "02 Second")
    assert "What all share." in row(work, "[Core]")


def test_every_link_leads_to_a_file(work):
    links = re.findall(r"\]\(([^)]+)\)", str(course_map(work)))
    assert len(links) == 6
    assert all((work / unquote(link)).is_file() for link in links)
    assert "lessons/02_second.ipynb" in links and "exercises/02_second.ipynb" in links


def test_links_lead_to_the_originals_where_there_are_no_copies(course, monkeypatch):
    monkeypatch.setattr(module, "course_folder", lambda: course)
    monkeypatch.setattr(module, "work_folder", lambda: course / "work")
    links = re.findall(r"\]\(([^)]+)\)", str(course_map(course / "nbs")))
    assert "02_second.ipynb" in links and "../exercises/02_second.ipynb" in links


def test_a_lesson_is_new_until_it_is_opened(work):
    assert "new" in row(work, "02 Second")
    edit(work / "lessons/02_second.ipynb", "3")
    assert "opened" in row(work, "02 Second") and "new" in row(work, "01 First")


@pytest.mark.parametrize("solved, done, words", [(0, False, "○ new"), (3, False, "exercise 3 of 7"), (6, True, "done (6 of 7)")])
def test_the_state_of_an_exercise(work, monkeypatch, solved, done, words):
    monkeypatch.setattr(module, "exercise_records", lambda: [record(solved, done)])
    assert words in row(work, "02 Second")


def test_it_says_what_a_lesson_builds_on_and_how_far_one_is(work, monkeypatch):
    assert "| none |" in row(work, "01 First") and "| 01 |" in row(work, "02 Second")
    assert str(course_map(work)).startswith("**Done:** the exercises of 0 of 1 lessons, 0 of 90 minutes. **Open to you**")
    monkeypatch.setattr(module, "exercise_records", lambda: [record(6, True)])
    assert str(course_map(work)).startswith("**Done:** the exercises of 1 of 1 lessons, 90 of 90 minutes. **Open to you**, for what they build on is done: [01 First]")


REAL = [lesson for lesson in notebooks(course_folder()) if lesson.number]


def behind(lesson):
    "The numbers of all lessons that one needs, directly or through others."
    direct = [other for other in REAL if other.number in lesson.builds_on]
    return {other.number for other in direct}.union(*map(behind, direct))


@pytest.mark.parametrize("lesson", REAL, ids=lambda lesson: lesson.stem)
def test_lessons_build_on_earlier_ones_and_name_none_that_another_brings(lesson):
    direct = [other for other in REAL if other.number in lesson.builds_on]
    assert len(direct) == len(lesson.builds_on) and all(other.number < lesson.number for other in direct)
    assert not {other.number for other in direct} & set().union(*map(behind, direct))


@given(st.permutations(REAL), st.integers(0, len(REAL)))
def test_lessons_open_once_all_that_they_build_on_is_done(order, count):
    done = [lesson for lesson in order[:count]]
    opened = {lesson.stem for lesson in opened_by([lesson.stem for lesson in done], REAL)}
    assert opened == {lesson.stem for lesson in order[count:] if set(lesson.builds_on) <= {other.number for other in done}}


def test_whoever_does_what_is_open_gets_through_the_whole_course():
    done, opened = [], opened_by([], REAL)
    assert [lesson.number for lesson in opened] == [1, 2]
    while opened: opened = opened_by(done := [*done, opened[-1].stem], REAL)
    assert sorted(done) == [lesson.stem for lesson in REAL]


def test_the_map_that_is_shown_on_the_web_is_of_the_present(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "work_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "exercise_records", lambda: [])
    shown = json.loads((course_folder() / "nbs/course_map.ipynb").read_text(encoding="utf-8"))["cells"][1]["outputs"][0]["data"]["text/markdown"]
    assert "".join(shown) == str(course_map(course_folder() / "nbs")), "run: python -m genai_course build course_map"


def test_a_newer_version_of_an_edited_copy_is_announced(course, work):
    edit(work / "lessons/01_first.ipynb", "my own")
    assert "newer version" not in str(course_map(work))
    write_notebook(course / "nbs/01_first.ipynb", first_words("First", "Why?", 30), ("code", "better"))
    assert "newer version of `lessons/01_first.ipynb`" in str(course_map(work))


def test_the_map_shows_the_state_without_being_run(course, work):
    written = json.loads(write_map(course, work).read_text(encoding="utf-8"))
    output = written["cells"][1]["outputs"][0]["data"]
    assert output["text/markdown"] == str(course_map(work)) == course_map(work)._repr_markdown_()


def test_a_notebook_without_front_matter_has_empty_words():
    assert front_matter(notebook(("code", "1"))) == ("", "", {})


def test_every_lesson_of_this_course_says_its_question_and_minutes():
    files = sorted((course_folder() / "nbs").glob("[0-9][0-9]_*.ipynb"))
    for file in files:
        words = front_matter(json.loads(file.read_text(encoding="utf-8")))
        assert words.title and words.question, file.name
        assert file.name.startswith("00") or words.facts["minutes"].isdigit(), file.name
