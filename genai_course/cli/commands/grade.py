"""`grade`: grades a notebook, a folder or a zip of them; answers run in a sandbox, reports are written for each."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tqdm import tqdm

from genai_course.cli.grades_text import report_text, summary_text
from genai_course.cli.trouble import Misuse, Trouble, explained
from genai_course.core import SettingError, write_atomically
from genai_course.grading.classes.entries import Found, NothingToGrade, find
from genai_course.grading.classes.executors import NoCluster, Workers, cluster, local_processes
from genai_course.grading.classes.grading import Terms, grade_all
from genai_course.grading.classes.held_out import held_out_tests, repository_folder, spec_with
from genai_course.grading.classes.lessons import lesson_called
from genai_course.grading.classes.store import StoreError, reports_in
from genai_course.grading.classes.tables import as_json, grades_csv, summary
from genai_course.grading.sandbox.isolation import IsolationError, chosen
from genai_course.grading.spec import SpecError

SOME_UNGRADED, STOPPED = 3, 130


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Grade what `options` name; returns 0 where all were graded, 3 where some could not be, 130 where it was stopped."
    try: return _grade(options)
    except (NothingToGrade, SpecError, StoreError) as error: raise Misuse(str(error)) from None
    except (IsolationError, NoCluster, SettingError) as error: raise Trouble(str(error)) from None
    except OSError as error: raise explained(error) from error
    except KeyboardInterrupt:
        print("\nStopped. What was graded is kept; give the same command with --resume to go on.", file=sys.stderr)
        return STOPPED


def _grade(options):
    terms = _terms(options)
    folder = _folder(options)
    found = find([Path(path) for path in options.paths], terms.lesson, folder)
    with _place(folder) as place, _workers(options, len(found.entries)) as workers:
        reports = _with_progress(found, terms, workers, place, options.resume)
        _write_copies(options, reports, found, place)
        _say(reports, found, place, folder)
    return SOME_UNGRADED if any(report["status"] != "ok" for report in reports) else 0


def _terms(options) -> Terms:
    lesson = lesson_called(options.lesson) if options.lesson else ""
    folder = Path(options.hidden) if options.hidden else repository_folder()
    held_out = held_out_tests(folder)
    if lesson and held_out and lesson not in held_out: raise Misuse(f"{folder} holds no held-out tests of {lesson}: a file test_{lesson}.py.")
    if lesson:
        held_out = {stem: source for stem, source in held_out.items() if stem == lesson}
        spec_with(lesson, held_out.get(lesson, ""))
    return Terms(chosen("bubblewrap" if options.untrusted else "best"), lesson, held_out)


def _folder(options) -> Path | None:
    "Where reports are to stay; None where a single notebook's is only shown."
    single = len(options.paths) == 1 and options.paths[0].lower().endswith(".ipynb")
    if single and not options.out and options.resume: raise Misuse("--resume goes on in a folder of grades: name it with --out.")
    return None if single and not options.out else Path(options.out or "grades")


def _place(folder): return nullcontext(folder) if folder else _passing_folder()


@contextmanager
def _passing_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder: yield Path(folder)


def _workers(options, submissions):
    if options.scheduler: return cluster(options.scheduler)
    return nullcontext(local_processes(min(options.jobs or os.cpu_count() or 1, submissions)))


def _with_progress(found: Found, terms: Terms, workers: Workers, place: Path, resume: bool) -> list[dict]:
    with tqdm(total=len(found.entries), unit="submission", desc="Grading", disable=None) as bar:
        return grade_all(found, terms, workers, place, resume, bar.update)


def _write_copies(options, reports, found, place):
    if options.csv: write_atomically(Path(options.csv), grades_csv(reports))
    if options.json:
        write_atomically(Path(options.json), as_json({"summary": summary(reports, found.ignored), "reports": reports_in(place)}))


def _say(reports, found, place, folder):
    if len(reports) == 1: print(report_text(reports_in(place)[0]))
    else: print(summary_text(summary(reports, found.ignored)))
    if folder: print(f"Grades: {folder / 'grades.csv'}. Reports: {folder / 'reports'}. Pages for students: {folder / 'students'}.")
