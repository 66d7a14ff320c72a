"""The folder of grades: a report and a student's page for each submission, written whole or not at all, so that a killed run can go on."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from genai_course.core import write_atomically
from genai_course.grading.classes.page import page
from genai_course.grading.classes.report import SCHEMA, empty_report
from genai_course.grading.classes.tables import as_json


class StoreError(ValueError):
    "A folder that cannot take the grades; the message is one line."


class Store:
    "Reports and pages in a folder, by name."
    def __init__(self, folder: Path): self.folder, self.reports, self.pages = folder, folder / "reports", folder / "students"

    @contextmanager
    def held(self, resume: bool) -> Iterator[None]:
        "Make the folder ready and hold it. Raises StoreError where another grading holds it, or old grades are there and `resume` is false."
        self.reports.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                self._make_ready(resume)
                yield
        except Timeout: raise StoreError(f"Another grading is at work in {self.folder}. Wait for it, or name another folder with --out.") from None

    def _make_ready(self, resume):
        if not resume and any(self.reports.glob("*.json")):
            raise StoreError(f"{self.folder} holds grades already. Go on with them with --resume, or name another folder with --out.")
        for leftover in self.folder.glob("*/.*.*"): leftover.unlink()  # half-written files of a run that was killed

    def save(self, name: str, report: dict) -> None:
        "Write a report and its page; the report last, for where it is there, all is there."
        write_atomically(self.pages / f"{name}.html", page(report))
        write_atomically(self.reports / f"{name}.json", as_json(report))

    def load(self, name: str) -> dict | None:
        "The report of that name; None where there is none, whole and of this schema, or its page is missing."
        if not (self.pages / f"{name}.html").is_file(): return None
        try: report = json.loads((self.reports / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError): return None
        return report if isinstance(report, dict) and report.get("schema") == SCHEMA and report.keys() >= empty_report().keys() else None


def file_names(wanted: Iterable[tuple[str, str, str]]) -> list[str]:
    "A file name for each (student, lesson, submission), different from the others on every system: from the student's name if that will do."
    choices = [[_slug(student), _slug(f"{student}-{lesson}"), f"{_slug(student)}-{_short_hash(student, lesson, submission)}"]
               for student, lesson, submission in wanted]
    counts = Counter(name for names in choices for name in {name.casefold() for name in names})
    return [next(name for name in names if counts[name.casefold()] == 1) for names in choices]


def _short_hash(*parts): return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def _slug(text): return re.sub(r"[^\w-]+", "_", text)[:80].strip("_") or "unnamed"


def reports_in(folder: Path) -> list[dict]:
    "All reports in a folder of grades, by student. Raises StoreError where there are none."
    store = Store(folder)
    found = [report for file in sorted(store.reports.glob("*.json")) if (report := store.load(file.stem))]
    if not found: raise StoreError(f"{folder} holds no grades. Make some: python -m genai_course grade SUBMISSIONS --out {folder}")
    return sorted(found, key=lambda report: (report["student"], report["submission"]))
