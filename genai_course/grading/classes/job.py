"""Grades one submission, in whichever process it is asked to: from bytes to a report. Nothing about a submission makes it raise."""

import hashlib
import time
from dataclasses import dataclass, field
from functools import partial

from genai_course.grading.classes.held_out import spec_hash, spec_with
from genai_course.grading.classes.lessons import lesson_of, version_warnings
from genai_course.grading.classes.matching import match
from genai_course.grading.classes.patience import with_patience
from genai_course.grading.classes.reading import Unreadable, read
from genai_course.grading.classes.report import empty_report, findings
from genai_course.grading.diagnosis import named_mistakes
from genai_course.grading.sandbox.engine import grade
from genai_course.grading.spec import SpecError


@dataclass(frozen=True)
class Job:
    "All that is needed to grade a submission, also on another machine."
    student: str
    submission: str
    content: bytes
    isolation: str  # bubblewrap or plain
    lesson: str = ""  # empty: found from the notebook
    refusal: str = ""  # why there is nothing to read, if there is not
    held_out: dict[str, str] = field(default_factory=dict)  # source of the held-out tests, by stem

    @property
    def sha256(self) -> str:
        "The hash of the submission's bytes; empty where there are none."
        return hashlib.sha256(self.content).hexdigest() if self.content else ""

    def new_report(self) -> dict:
        "A report that says nothing yet but whose submission it is."
        return empty_report() | {"student": self.student, "submission": self.submission, "sha256": self.sha256, "isolation": self.isolation}


def grade_job(job: Job) -> dict:
    "The report on a submission (see `report`), whatever it holds. A fault of ours becomes the status grader_error."
    started = time.perf_counter()
    report = job.new_report()
    try: _fill(report, job)
    except Unreadable as reason: report |= {"status": "unreadable", "error": str(reason)}
    except Exception as error: report |= grader_error(error)
    return report | {"seconds": round(time.perf_counter() - started, 3)}


def grader_error(error: BaseException) -> dict:
    "What a report says where the grader itself failed: no score, to be graded again."
    reason = " ".join(str(error).split())[:300]
    return {"status": "grader_error", "error": f"{type(error).__name__}: {reason}".rstrip(": "), "score": 0, "questions": []}


def _fill(report, job):
    if job.refusal: raise Unreadable(job.refusal)
    reading = read(job.content)
    report["warnings"] = list(reading.warnings)
    stem = report["lesson"] = job.lesson or lesson_of(reading)
    if job.held_out and stem not in job.held_out: raise SpecError(f"There are no held-out tests of {stem} in the folder that was named.")
    held_out = job.held_out.get(stem, "")
    report["spec_hash"], spec = spec_hash(stem, held_out), spec_with(stem, held_out)
    report["title"] = spec.title
    report["warnings"] += version_warnings(reading, stem)
    pieces, odd = match(reading, spec)
    outcome = with_patience(lambda limits: grade(pieces, spec, isolation=job.isolation, limits=limits))
    report |= findings(spec, outcome, partial(named_mistakes, spec)) | {"isolation": outcome.isolation}
    report["warnings"] += [*odd, *outcome.warnings]
