"""Grades everything that was found into a folder of grades, and goes on there after an interruption."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from genai_course.core import write_atomically
from genai_course.grading.classes.batch import run
from genai_course.grading.classes.entries import Entry, Found
from genai_course.grading.classes.executors import Workers
from genai_course.grading.classes.held_out import spec_hash
from genai_course.grading.classes.job import Job
from genai_course.grading.classes.reading import Unreadable
from genai_course.grading.classes.store import Store, file_names
from genai_course.grading.classes.tables import as_json, grades_csv, summary
from genai_course.grading.spec import stems


@dataclass(frozen=True)
class Terms:
    "What holds for all submissions of a run."
    isolation: str  # bubblewrap or plain
    lesson: str = ""  # empty: each notebook tells
    held_out: dict[str, str] = field(default_factory=dict)  # source of the held-out tests, by stem


def grade_all(found: Found, terms: Terms, workers: Workers, folder: Path, resume: bool, tick: Callable[[], object]) -> list[dict]:
    """Grade what was found into `folder` and write its tables; `tick` is called after each submission. Returns the reports in the order
    of `found`, without the tests' details. Raises StoreError.
    """
    store, short = Store(folder), {}
    names = dict(zip(map(_key, found.entries), file_names((e.student, e.lesson, e.submission) for e in found.entries), strict=True))

    def keep(name, report):
        short[name] = report | {"questions": [{key: one[key] for key in ("id", "title", "score", "max")} for one in report["questions"]]}
        tick()

    with store.held(resume):
        for report in run(_to_do(found.entries, terms, names, resume and store, keep), workers):
            name = names[report["student"], report["submission"]]
            store.save(name, report)
            keep(name, report)
        reports = [short[name] for name in names.values()]
        write_atomically(folder / "grades.csv", grades_csv(reports))
        write_atomically(folder / "summary.json", as_json(summary(reports, found.ignored)))
    return reports


def _key(entry): return entry.student, entry.submission


def _to_do(entries, terms, names, earlier, keep) -> Iterator[Job]:
    "A job for each entry, but for those whose report is there already and says what this run would."
    for entry in entries:
        job, name = _job(entry, terms), names[_key(entry)]
        if earlier and (report := earlier.load(name)) and _says_the_same(report, job): keep(name, report)
        else: yield job


def _job(entry: Entry, terms: Terms) -> Job:
    content, refusal = b"", entry.refusal
    try: content = b"" if refusal else entry.load()
    except Unreadable as reason: refusal = str(reason)
    return Job(entry.student, entry.submission, content, terms.isolation, terms.lesson, refusal, terms.held_out)


def _says_the_same(report, job):
    "Whether a report is on the same bytes, tests and isolation; one of a failed grader never is."
    stem = report["lesson"]
    if report["status"] != "ok" or stem not in stems() or job.lesson not in ("", stem): return False
    return (report["sha256"], report["spec_hash"], report["isolation"], report["submission"]) == (
        job.sha256, spec_hash(stem, job.held_out.get(stem, "")), job.isolation, job.submission)
