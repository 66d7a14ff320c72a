"""Grades many submissions on any executor of the standard library's kind; a process that dies costs a retry, never the batch."""

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from genai_course.grading.classes.executors import Workers
from genai_course.grading.classes.job import Job, grade_job, grader_error

ATTEMPTS_ALONE = 2  # for a job whose process died while others ran beside it


def run(jobs: Iterable[Job], workers: Workers) -> Iterator[dict]:
    "The report on every job, as they come."
    waiting = iter(jobs)
    while True:
        with workers.start() as executor: lost = yield from _until_one_is_lost(waiting, executor, workers.at_once)
        if not lost: return
        for job in lost: yield _alone(job, workers)


def _until_one_is_lost(waiting: Iterator[Job], executor: Executor, at_once: int) -> Iterator[dict]:
    "Reports, until all jobs are done or one is lost with its process; returns the jobs that were under way then."
    running: dict[Future, Job] = {}
    lost: list[Job] = []
    while not lost:
        while len(running) < at_once and (job := next(waiting, None)) is not None:
            try: running[executor.submit(grade_job, job)] = job
            except RuntimeError: lost.append(job); break  # the executor is broken
        if not running: return lost
        yield from _finished(running, lost)
    while running: yield from _finished(running, lost)
    return lost


def _finished(running, lost):
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        job = running.pop(future)
        if future.cancelled() or future.exception(): lost.append(job)
        else: yield future.result()


def _alone(job: Job, workers: Workers) -> dict:
    "The report on a job that was lost, tried again with nothing beside it; a grader's error where it is lost each time."
    for _ in range(ATTEMPTS_ALONE):
        try:
            with workers.start() as executor: return executor.submit(grade_job, job).result()
        except Exception as error: reason = error  # whatever ended it, in whichever way the executor puts that
    return job.new_report() | grader_error(reason)
