"""The learner's own copies of lessons and exercises: made once, refreshed while untouched, never overwritten once edited."""

import copy
import json
from enum import Enum
from pathlib import Path

from genai_course.cli.notebooks import read_notebook, source_hash
from genai_course.core import write_atomically


class State(Enum):
    "How a learner's copy stands to its original."
    NEW = "new"  # as the course gave it, never run
    OPENED = "opened"  # run or edited
    OUTDATED = "outdated"  # edited, while the original has become newer


def as_copy(original: dict) -> dict:
    "The notebook as a learner gets it: the original, with a note of the sources that it was made from."
    notebook = copy.deepcopy(original)
    notebook.setdefault("metadata", {}).setdefault("genai_course", {})["source_hash"] = source_hash(original)
    return notebook


def _noted_hash(notebook: dict) -> str | None:
    noted = notebook.get("metadata", {}).get("genai_course", {})
    return noted.get("source_hash") if isinstance(noted, dict) else None


def read_copy(file: Path) -> dict | None:
    "A learner's copy, or None where it cannot be read as a notebook; then it is theirs to mend."
    try: return read_notebook(file)
    except ValueError: return None


def _results(notebook: dict) -> list[tuple]:
    return [(cell.get("execution_count"), cell.get("outputs")) for cell in notebook["cells"]]


def state(original: dict, learners: dict | None) -> State:
    "How the copy `learners` stands to `original`; None is a copy that cannot be read."
    if learners is None: return State.OPENED
    now, newest = source_hash(learners), source_hash(original)
    if now == newest: return State.NEW if _results(learners) == _results(original) else State.OPENED
    return State.OPENED if _noted_hash(learners) == newest else State.OUTDATED


def _is_untouched(learners: dict) -> bool:
    return _noted_hash(learners) == source_hash(learners)


def bring_up_to_date(original_file: Path, copy_file: Path) -> State:
    "Make the learner's copy, or renew one whose text is unchanged since it was made; returns how it stands. Raises OSError."
    original = read_notebook(original_file)
    learners = read_copy(copy_file) if copy_file.exists() else as_copy(original)
    found = state(original, learners)
    if not copy_file.exists() or (found is State.OUTDATED and _is_untouched(learners)):
        write_atomically(copy_file, json.dumps(as_copy(original), indent=1, ensure_ascii=False) + "\n")
        return State.NEW
    return found
