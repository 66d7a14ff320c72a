"""The tests that a class is graded with: the open ones that ship with the course, and held-out ones, which travel as text."""

import hashlib
import tempfile
from functools import cache
from pathlib import Path

from genai_course.core import course_folder
from genai_course.grading.spec import SHIPPED, Spec, SpecError, load_spec, stems


def repository_folder() -> Path | None:
    "The course's own folder of held-out tests; None where the course was installed without it."
    try: folder = course_folder() / "tests" / "exercises" / "hidden"
    except FileNotFoundError: return None
    return folder if folder.is_dir() else None


def held_out_tests(folder: Path | None) -> dict[str, str]:
    "The source of the held-out tests in `folder`, files called test_STEM.py, by stem. Raises SpecError where there are none."
    if folder is None: return {}
    if not folder.is_dir(): raise SpecError(f"There is no folder {folder}. --hidden names the folder of your held-out tests.")
    found = {stem: file.read_text(encoding="utf-8") for stem in stems() if (file := folder / f"test_{stem}.py").is_file()}
    if not found: raise SpecError(f"{folder} holds no held-out tests. They are files called test_{stems()[0]}.py and so on.")
    return found


def spec_hash(stem: str, held_out: str) -> str:
    "A hash of all tests of a lesson: those that ship and the source `held_out`."
    return hashlib.sha256((SHIPPED / f"{stem}.py").read_bytes() + b"\0" + held_out.encode()).hexdigest()


@cache
def spec_with(stem: str, held_out: str) -> Spec:
    "The spec of a lesson with the tests of the source `held_out`. Raises SpecError where these cannot be used."
    if not held_out: return load_spec(stem)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"test_{stem}.py")
        file.write_text(held_out, encoding="utf-8")
        try: return load_spec(stem, file)
        except Exception as error:
            reason = " ".join(str(error).split())[:200]
            raise SpecError(f"The held-out tests of {stem} cannot be used ({type(error).__name__}: {reason}).") from error
