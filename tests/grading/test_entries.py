"""Nobody is lost: whoever has a folder or a file among the submissions gets an entry."""

import os

import pytest

from genai_course.grading.classes.entries import NothingToGrade, find
from genai_course.grading.classes.store import file_names


@pytest.fixture
def written(tmp_path):
    "Writes files of these names into the folder that it returns."
    def write(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("{}")
        return tmp_path
    return write


def found(*paths, **options): return [(entry.student, entry.submission, entry.refusal[:20]) for entry in find(paths, **options).entries]


def test_a_folder_with_checkpoints_only_is_not_passed_over(written):
    folder = written("ann/.ipynb_checkpoints/a-checkpoint.ipynb", "bob/a.ipynb", "bob/.ipynb_checkpoints/a-checkpoint.ipynb")
    assert found(folder) == [("ann", "ann", "The folder holds no "), ("bob", "bob/a.ipynb", "")]


def test_a_folder_that_cannot_be_read_is_refused_and_listed(written, monkeypatch):
    folder, scan = written("ann/a.ipynb", "bob/a.ipynb"), os.scandir

    def refusing(path):
        if str(path).endswith("ann"): raise PermissionError(13, "Permission denied", str(path))
        return scan(path)
    monkeypatch.setattr(os, "scandir", refusing)
    assert found(folder) == [("ann", "ann", "The folder cannot be"), ("bob", "bob/a.ipynb", "")]


def test_a_file_named_twice_is_two_files(written):
    file = written("ann.ipynb") / "ann.ipynb"
    assert found(file, file) == [("ann", "ann.ipynb, ann.ipynb", "There are 2 files fo")]


def test_single_files_called_after_a_lesson_belong_to_their_folders(written):
    folder = written("ann/02_backprop.ipynb", "bob/02_backprop.ipynb")
    assert [student for student, _, _ in found(*sorted(folder.glob("*/*.ipynb")))] == ["ann", "bob"]


def test_a_folder_of_a_lesson_is_no_student(written):
    folder = written("02_backprop/ann.ipynb", "02_backprop/bob/02_backprop.ipynb")
    assert [student for student, _, _ in found(folder)] == ["ann", "bob"]


def test_other_lessons_and_the_folder_of_grades_are_left_alone(written):
    folder = written("ann/01_prediction.ipynb", "ann/02_backprop.ipynb", "grades/x.ipynb")
    assert [one for _, one, _ in found(folder, lesson="02_backprop", leave_out=folder / "grades")] == ["ann/02_backprop.ipynb"]


def test_nothing_is_one_line(written):
    with pytest.raises(NothingToGrade, match="no notebook"): find([written("a.txt")])


def test_file_names_differ_on_every_system():
    people = [("Ann", "", "1"), ("ann", "", "2"), ("../../etc/passwd", "", "3"), ("", "", "4"), ("\U0001F600", "", "5"), ("bob", "01_a", "6"), ("bob", "02_b", "7"),
              ("bob-01_a", "", "8"), ("x" * 300, "", "9"), ("carl", "01_a", "10")]
    names = file_names(people)
    assert len({name.casefold() for name in names}) == len(people) and names[-1] == "carl"
    assert all(name.replace("-", "").replace("_", "").isalnum() and len(name) < 120 for name in names)
    assert file_names(people[::-1]) == names[::-1]
