"""What an installed course does in place of a clone: it unpacks and renews notebooks, and sets nothing up."""

import argparse
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli import USUAL_FOLDER, environment, unpacking
from genai_course.cli.commands import lab
from genai_course.cli.course_map import write_map
from genai_course.cli.folders import CARRIED, MARK, clone_folder
from genai_course.cli.trouble import Misuse, Trouble
from genai_course.cli.unpacking import chosen_folder, unpack
from tests.cli.conftest import ROOT, write_notebook


def cell(file: Path) -> str: return json.loads(file.read_text(encoding="utf-8"))["cells"][-1]["source"]


def edit(file: Path, source: str) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    content["cells"][-1]["source"] = source
    file.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def folder(course, tmp_path) -> Path:
    "What the small course has been unpacked into; it has explorers, solutions and a page besides."
    write_notebook(course / "nbs/explorers/02_second.ipynb", ("code", "explore()"))
    write_notebook(course / "solutions/02_second.ipynb", ("code", "answer = 1"))
    (course / "docs").mkdir()
    (course / "docs/page.md").write_text("# A page\n")
    assert unpack(course, tmp_path / "mine") == []
    return tmp_path / "mine"


def test_everything_is_there(folder):
    notebooks = {file.relative_to(folder).as_posix() for file in folder.rglob("*.ipynb")}
    assert notebooks == {"course_map.ipynb", "lessons/00_core.ipynb", "lessons/01_first.ipynb", "lessons/02_second.ipynb", "exercises/02_second.ipynb",
                         "explorers/02_second.ipynb", "solutions/02_second.ipynb"}  # fmt: skip
    assert (folder / "docs/page.md").read_text() == "# A page\n" and "# seed = 42" in (folder / "settings.ini").read_text()


def test_unpacking_again_changes_nothing(course, folder):
    before = {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.rglob("*") if file.is_file() and file.name != MARK}
    assert unpack(course, folder) == []
    assert {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in before} == before


def test_what_was_not_changed_is_renewed(course, folder):
    edit(course / "nbs/00_core.ipynb", "better")
    edit(course / "nbs/course_map.ipynb", "better")
    (course / "docs/page.md").write_text("# A better page\n")
    assert unpack(course, folder) == []
    assert cell(folder / "lessons/00_core.ipynb") == cell(folder / "course_map.ipynb") == "better" and (folder / "docs/page.md").read_text() == "# A better page\n"


FILES = ("lessons/01_first.ipynb", "exercises/02_second.ipynb", "explorers/02_second.ipynb", "solutions/02_second.ipynb", "course_map.ipynb", "docs/page.md", "settings.ini")
ORIGINALS = {"lessons": "nbs", "explorers": "nbs/explorers", ".": "nbs"}


def change(file: Path, text: str) -> None:
    if file.suffix == ".ipynb": edit(file, text)
    else: file.write_text(text, encoding="utf-8")


@given(st.sets(st.sampled_from(FILES)), st.sets(st.sampled_from(FILES[:-1])))
def test_what_was_changed_stays_and_is_named_where_there_is_a_newer_one(tmp_path_factory, edited, renewed):
    course, folder = tmp_path_factory.mktemp("course"), tmp_path_factory.mktemp("folder")
    originals = {name: course / ORIGINALS.get(str(Path(name).parent), str(Path(name).parent)) / Path(name).name for name in FILES[:-1]}
    for name in (*FILES[:5], "lessons/02_second.ipynb"): write_notebook(originals.get(name, course / "nbs/02_second.ipynb"), ("code", "first"))
    (course / "docs").mkdir()
    originals["docs/page.md"].write_text("first")
    assert unpack(course, folder) == []
    for name in edited: change(folder / name, "mine")
    kept = {name: (folder / name).read_bytes() for name in edited}
    for name in renewed: change(originals[name], "newer")
    said = {file.relative_to(folder).as_posix() for file in unpack(course, folder)}
    assert said == edited & renewed
    assert {name: (folder / name).read_bytes() for name in edited} == kept
    for name in renewed - edited: assert (cell(folder / name) if name.endswith("ipynb") else (folder / name).read_text()) == "newer"


def test_files_of_the_same_name_that_were_there_before_are_kept(course, tmp_path):
    write_notebook(tmp_path / "mine/lessons/01_first.ipynb", ("code", "long before"))
    (tmp_path / "mine/settings.ini").write_text("[DEFAULT]\nseed = 3\n")
    kept = unpack(course, tmp_path / "mine")
    assert [file.name for file in kept] == ["01_first.ipynb", "settings.ini"]
    assert cell(kept[0]) == "long before" and "seed = 3" in kept[1].read_text()


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_where_the_mark_was_spoilt_texts_count_as_changed_only_if_they_differ(course, folder, content):
    (folder / MARK).write_text(content)
    (folder / "settings.ini").write_text("[DEFAULT]\n")
    assert unpack(course, folder) == [folder / "settings.ini"] and unpack(course, folder) == [folder / "settings.ini"]


def test_the_folder_is_the_wished_one_or_the_one_around_or_the_usual_one(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert chosen_folder("there") == tmp_path / "there" and chosen_folder(None) == tmp_path / USUAL_FOLDER
    monkeypatch.chdir(folder / "lessons")
    assert chosen_folder(None) == folder and chosen_folder(str(tmp_path)) == tmp_path


# ---- the map

def test_an_edited_map_stays_and_an_untouched_one_shows_the_present(course, folder, monkeypatch):
    monkeypatch.setattr("genai_course.cli.course_map.course_map", lambda here: type("Map", (), {"text": "the present"}))
    assert "the present" in write_map(course, folder).read_text()
    edit(folder / "course_map.ipynb", "my own notes")
    before = (folder / "course_map.ipynb").read_bytes()
    assert write_map(course, folder).read_bytes() == before


# ---- no set-up

def as_if_installed(monkeypatch, place: Path) -> None:
    for module in (unpacking, lab): monkeypatch.setattr(module, "CARRIED", place)
    monkeypatch.setattr(unpacking, "course_folder", lambda: place)


def test_lab_says_what_it_unpacks_where_and_what_it_keeps(course, tmp_path, monkeypatch, capsys):
    as_if_installed(monkeypatch, course)
    assert lab.root_folder(course, str(tmp_path / "mine")) == tmp_path / "mine"
    edit(tmp_path / "mine/lessons/01_first.ipynb", "my own")
    edit(course / "nbs/01_first.ipynb", "better")
    lab.root_folder(course, str(tmp_path / "mine"))
    first, second, kept = capsys.readouterr().out.splitlines()
    assert first.startswith(f"Unpacking the course's notebooks in {tmp_path / 'mine'};") and second.startswith("Renewing")
    assert kept.startswith("Kept lessons/01_first.ipynb: you have changed it")


def test_prepared_everything_is_there_and_no_server_starts(course, tmp_path, monkeypatch, capsys):
    as_if_installed(monkeypatch, course)
    monkeypatch.setattr(lab, "course_folder", lambda: course)
    monkeypatch.setattr(lab, "fetch_or_say", lambda: print("fetched"))
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", lambda options: pytest.fail("a server has started"))
    monkeypatch.chdir(tmp_path)
    options = argparse.Namespace(folder="mine", port=None, no_browser=False, prepare=True)
    assert lab.run(options, []) == 0 and (tmp_path / "mine/lessons/01_first.ipynb").exists()
    assert capsys.readouterr().out.splitlines()[1:] == ["fetched", f"Ready: open {tmp_path / 'mine/course_map.ipynb'}"]


def test_a_file_in_the_folders_place_is_one_line(course, tmp_path, monkeypatch):
    as_if_installed(monkeypatch, course)
    (tmp_path / "mine").write_text("")
    with pytest.raises(Trouble) as trouble: lab.root_folder(course, str(tmp_path / "mine"))
    assert str(tmp_path / "mine") in str(trouble.value) and "\n" not in str(trouble.value)


def test_outside_of_the_folder_the_map_says_how_to_make_one(course, tmp_path, monkeypatch):
    as_if_installed(monkeypatch, course)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Trouble, match="genai_course lab FOLDER"): unpacking.work_folder()


def test_a_clone_takes_no_folder(course):
    with pytest.raises(Misuse, match="leave mine out"): lab.root_folder(course, "mine")
    assert lab.root_folder(course, None) == course and clone_folder("test") == ROOT


def test_what_is_missing_beside_an_installed_course_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(environment, "missing", lambda course, extras: ["dask>=2025.1", "distributed>=2025.1"])
    with pytest.raises(Trouble) as trouble: environment.interpreter(CARRIED, ["scale"])
    assert str(trouble.value).endswith('lacks dask, distributed. Install what is missing, with: python -m pip install "dask>=2025.1" "distributed>=2025.1"')
