"""Unpacks what an installed course carries into a folder of the learner's choice, and later renews there what they have not changed."""

import hashlib
import json
from pathlib import Path

from genai_course import core
from genai_course.cli import USUAL_FOLDER
from genai_course.cli.catalogue import prepare
from genai_course.cli.copies import State, bring_up_to_date
from genai_course.cli.folders import CARRIED, MARK, course_folder, unpacked_folder
from genai_course.cli.trouble import Trouble


def work_folder() -> Path:
    "Where the learner's copies are: in a clone as `settings.work` says, of an installed course the unpacked folder that we work in. Raises Trouble."
    if course_folder() != CARRIED: return core.work_folder()
    if folder := unpacked_folder(): return folder
    raise Trouble(f"{Path.cwd()} is in no folder with the course's notebooks. Make one, with: python -m genai_course lab FOLDER")


def chosen_folder(wanted: str | None) -> Path:
    "The folder to unpack into: the `wanted` one, else the one that we work in, else the usual one below the working directory."
    return Path(wanted).expanduser().absolute() if wanted else unpacked_folder() or Path.cwd() / USUAL_FOLDER


def unpack(course: Path, folder: Path) -> list[Path]:
    "Make or renew in `folder` all that `course` carries; what was changed there is kept. Returns the kept files that have a newer version. Raises OSError."
    stand = prepare(course, folder, everything=True)
    stand[folder / "course_map.ipynb"] = bring_up_to_date(course / "nbs" / "course_map.ipynb", folder / "course_map.ipynb")
    return [*[file for file, state in stand.items() if state is State.OUTDATED], *_unpack_texts(course, folder)]


def _texts(course: Path) -> dict[str, str]:
    "What is unpacked besides notebooks, by its place in the folder."
    pages = {file.relative_to(course).as_posix(): file.read_text(encoding="utf-8") for file in sorted((course / "docs").glob("*.md"))}
    return {"settings.ini": core.settings_template(), **pages}


def _unpack_texts(course: Path, folder: Path) -> list[Path]:
    "The same for texts; as these cannot hold a note of what they were made from, the folder's mark does."
    noted, kept = _noted(folder / MARK), []
    for name, text in _texts(course).items():
        file, newest = folder / name, _hash(text.encode())
        now = _hash(file.read_bytes()) if file.exists() else None
        if now in (None, noted.get(name), newest):
            if now != newest: core.write_atomically(file, text)
            noted[name] = newest
        elif noted.get(name) != newest: kept.append(file)
    core.write_atomically(folder / MARK, json.dumps(noted, indent=1) + "\n")
    return kept


def _hash(content: bytes) -> str: return hashlib.sha256(content).hexdigest()


def _noted(mark: Path) -> dict[str, str]:
    try: noted = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError): return {}
    return noted if isinstance(noted, dict) else {}
