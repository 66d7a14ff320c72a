"""Finds the submissions below what an instructor names: notebooks, folders, zips. Each is read only when its turn comes."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from genai_course.grading.classes.archives import Member, members, read_member
from genai_course.grading.classes.reading import LARGEST, Unreadable, too_large
from genai_course.grading.spec import stems

NOT_SUBMISSIONS = ("__MACOSX",)
MOODLES_ENDING = re.compile(r"_assignsubmission_file_?$")


class NothingToGrade(ValueError):
    "What was named is not there or holds no submission; the message is one line."


@dataclass(frozen=True)
class Entry:
    "One submission: whose it is, and how to get its bytes."
    student: str
    submission: str  # where it lies, below what was named
    lesson: str  # the lesson that its file is called after; empty where it is called otherwise
    load: Callable[[], bytes]  # raises Unreadable
    refusal: str = ""  # why it is not even read, if it is not


@dataclass(frozen=True)
class Found:
    "The submissions, one for each student and lesson, and files that are none."
    entries: list[Entry]
    ignored: list[str]


def find(paths: Iterable[Path], lesson: str = "", leave_out: Path | None = None) -> Found:
    """All submissions below `paths`, by student, but for the folder `leave_out`. Where `lesson` is given, notebooks that are called after
    another one are ignored. Raises NothingToGrade.
    """
    entries, ignored = [], []
    for path in paths:
        for entry in _below(path, leave_out and leave_out.resolve()):
            if not isinstance(entry, Entry): ignored.append(entry)
            elif lesson and entry.lesson not in ("", lesson): ignored.append(entry.submission)
            else: entries.append(entry)
    if not entries: raise NothingToGrade(f"There is no notebook in {', '.join(map(str, paths))}. Submissions are files that end in .ipynb, alone, in folders or in zips.")
    return Found(_one_for_each(entries, lesson), ignored)


def _below(path, leave_out) -> Iterator[Entry | str]:
    if not path.exists(): raise NothingToGrade(f"There is no file or folder {path}.")
    if path.is_dir(): yield from _in_folder(path, leave_out)
    elif path.suffix.lower() == ".zip": yield from _in_zip(path, (), path.stem)
    else: yield _entry((path.name,), path.resolve().parent.name, path.name, partial(_load, path))


def _in_folder(root, leave_out):
    name, closed = root.resolve().name, []
    for folder, inner, files in os.walk(root, onerror=closed.append):
        here = Path(folder)
        links = [one for one in inner if (here / one).is_symlink()]
        inner[:] = sorted(one for one in inner if _counts(one) and one not in links and (here / one).resolve() != leave_out)
        parts = here.relative_to(root).parts
        for file in sorted([*files, *links]):
            if _counts(file): yield from _file(here / file, (*parts, file), name)
        if len(parts) == 1 and not _has_submission(here): yield _refused(parts, name, "/".join(parts), "The folder holds no notebook.")
    for error in closed:
        parts = Path(error.filename).relative_to(root).parts
        yield _refused(parts or (name,), name, "/".join(parts), f"The folder cannot be read: {error.strerror}.")


def _counts(name): return not name.startswith(".") and name not in NOT_SUBMISSIONS


def _has_submission(folder):
    "Whether a folder holds anything that gets an entry, or may do so for all that can be seen."
    places = [one for one in folder.rglob("*") if all(map(_counts, one.relative_to(folder).parts))]
    return any(one.suffix.lower() in (".ipynb", ".zip") or one.is_symlink() or (one.is_dir() and not os.access(one, os.R_OK | os.X_OK)) for one in places)


def _file(path, parts, root):
    kind, where = path.suffix.lower(), "/".join(parts)
    if path.is_symlink(): yield _refused(parts, root, where, "It is a link to another place, which may be anything.")
    elif kind == ".zip": yield from _in_zip(path, (*parts[:-1], path.stem), root)
    elif kind == ".ipynb": yield _entry(parts, root, where, partial(_load, path))
    else: yield where


def _in_zip(path, before, root):
    "The submissions in a zip, as if it were a folder; one entry that is refused where it cannot be opened."
    where = "/".join([*before[:-1], path.name])
    try: found = members(path)
    except Unreadable as reason: found = [Member((), str(reason))]
    for member in found:
        parts, inner = (*before, *member.parts), "/".join([where, *member.parts])
        if member.refusal: yield _refused(parts or (path.name,), root, inner, member.refusal)
        elif not all(map(_counts, member.parts)): continue
        elif member.parts[-1].lower().endswith(".ipynb"): yield _entry(parts, root, inner, partial(read_member, path, member))
        else: yield inner
    if before and not any(member.refusal or member.parts[-1].lower().endswith(".ipynb") for member in found):
        yield _refused(before, root, where, "The zip holds no notebook.")


def _entry(parts, root, where, load):
    "The entry of a file at `parts`, a path counted from a folder called `root`."
    name = re.sub(r"\.ipynb$", "", parts[-1], flags=re.I)
    lesson = next((stem for stem in stems() if name.startswith(stem)), "")
    people = [part for part in [*parts[:-1], name] if part not in stems() and not (lesson and part == name)]
    student = MOODLES_ENDING.sub("", (people or [root])[0])
    return Entry(_printable(student), _printable(where), lesson, load)


def _refused(parts, root, where, reason): return replace(_entry(parts, root, where, bytes), refusal=reason)


def _printable(name):
    "The name without what no report can hold: half characters and line ends."
    return re.sub(r"[\x00-\x1f\x7f]", "?", name.encode("utf-8", "replace").decode("utf-8"))


def _load(path):
    try:
        if not path.is_file(): raise Unreadable("It is not an ordinary file.")
        size = path.stat().st_size
        if size > LARGEST: raise Unreadable(too_large(size))
        return path.read_bytes()
    except OSError as error: raise Unreadable(f"The file cannot be read: {error.strerror}.") from None


def _one_for_each(entries, wanted):
    "The entries by student; where several are for the same student and lesson, one that is refused in their place."
    groups = defaultdict(list)
    for entry in entries: groups[entry.student, entry.refusal and entry.submission, "" if wanted else entry.lesson].append(entry)
    named = {student for student, refused, lesson in groups if lesson and not refused}  # empty where a lesson is wanted
    return [_unclear(_single(group), named) for _, group in sorted(groups.items())]


def _unclear(entry, named):
    "The entry, refused where it is not called after a lesson and its student has handed in files that are."
    if entry.refusal or entry.lesson or entry.student not in named: return entry
    return replace(entry, refusal="It is not called after a lesson, and others of this student's files are. Call it so, or remove it.")


def _single(group):
    "The one entry of a group; several files of one student are refused, for nobody can know which of them counts."
    if len(group) == 1: return group[0]
    files = ", ".join(sorted(entry.submission for entry in group))[:300]
    return replace(group[0], submission=files, refusal=f"There are {len(group)} files for one student: {files}. Keep one of them.")
