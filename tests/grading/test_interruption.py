"""Whatever is killed, nothing is lost: the command itself, a process that grades, or a process each time it takes up one submission."""

import signal
import subprocess
import threading
import time
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import psutil
import pytest
from corpus.files import CASES, numbered
from running import grade, is_right, reports, some, started

from genai_course.grading.classes.batch import ATTEMPTS_ALONE, run
from genai_course.grading.classes.executors import Workers, local_processes
from genai_course.grading.classes.job import Job

SECONDS = 900  # after which a test gives up
SECONDS_TO_END = 60  # of what has been killed


def until(condition, command=None):
    "Wait for the condition; fails where the command has ended without it."
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end and (command is None or command.poll() is None or condition())
        time.sleep(0.02)


def count(folder): return len(list((folder / "reports").glob("*.json")))


def kill_after(command, folder, reached):
    "Kill -9 the command once so many reports are there; returns the processes that it leaves behind."
    until(lambda: command.poll() is not None or count(folder) >= reached)
    children = psutil.Process(command.pid).children(recursive=True) if command.poll() is None else []
    command.kill()
    command.wait()
    return children


def wait_for_end_of(processes):
    "Wait until none of them runs; says which still do."
    running = psutil.wait_procs(processes, timeout=SECONDS_TO_END)[1]
    assert not [one for one in running if one.status() != psutil.STATUS_ZOMBIE]


def test_a_run_that_was_killed_three_times_ends_with_the_same_bytes(tmp_path, full):
    cases = numbered(200 if full else 8, broken_every=20 if full else 4)
    submissions, undisturbed, disturbed = some(tmp_path, cases), tmp_path / "undisturbed", tmp_path / "disturbed"
    assert grade(submissions, "--jobs", 2, "--out", undisturbed).returncode == 3
    for kill in range(1, 4):
        command = started(submissions, "--jobs", 2, "--out", disturbed, *(["--resume"] if kill > 1 else []))
        left = kill_after(command, disturbed, kill * len(cases) // 4)
        wait_for_end_of(left)
    done, before = count(disturbed), {file: file.stat().st_mtime_ns for file in (disturbed / "reports").glob("*.json")}
    assert 0 < done < len(cases)
    assert grade(submissions, "--jobs", 2, "--out", disturbed, "--resume").returncode == 3
    assert (disturbed / "grades.csv").read_bytes() == (undisturbed / "grades.csv").read_bytes()
    assert reports(disturbed) == reports(undisturbed) and all(is_right(reports(disturbed)[case.student], case) for case in cases)
    graded_before = [file for file, when in before.items() if file.stat().st_mtime_ns == when]
    assert len(graded_before) == sum(reports(disturbed)[file.stem]["status"] == "ok" for file in before)
    assert not list(disturbed.glob("*/.*"))


def test_a_process_that_dies_costs_a_retry(tmp_path):
    cases = numbered(6)
    command = started(some(tmp_path, cases), "--jobs", 2, "--out", tmp_path / "grades")
    until(lambda: count(tmp_path / "grades") >= 1, command)
    busy = [one for one in psutil.Process(command.pid).children() if "spawn_main" in " ".join(one.cmdline())]
    busy[0].kill()
    assert command.wait(SECONDS) == 3 and "Traceback" not in command.stderr.read()
    found = reports(tmp_path / "grades")
    assert len(found) == len(cases) and all(is_right(found[case.student], case) for case in cases)


def test_ctrl_c_ends_at_once_with_one_line_and_nothing_running(tmp_path):
    command = started(some(tmp_path, numbered(40)), "--jobs", 2, "--out", tmp_path / "grades")
    until(lambda: count(tmp_path / "grades") >= 1, command)
    children = psutil.Process(command.pid).children(recursive=True)
    command.send_signal(signal.SIGINT)
    said = command.communicate(timeout=SECONDS)[1]
    assert command.returncode == 130 and said == "\nStopped. What was graded is kept; give the same command with --resume to go on.\n"
    assert count(tmp_path / "grades") < 40
    wait_for_end_of(children)


def a_child_of_a_child():
    "Start a process that starts another, as bubblewrap does; gives the other's number."
    outer = subprocess.Popen(["sh", "-c", "sleep 900 & echo $!; wait"], stdout=subprocess.PIPE, text=True, start_new_session=True)
    return int(outer.stdout.readline())


def test_processes_that_are_stopped_end_what_they_have_started():
    with pytest.raises(KeyboardInterrupt), local_processes(1).start() as pool:
        left = psutil.Process(pool.submit(a_child_of_a_child).result())
        raise KeyboardInterrupt
    wait_for_end_of([left])


class Fragile(Executor):
    "Breaks, as a pool of processes does, whenever a job of the student `deadly` is taken up: all that is under way is lost with it."
    taken: list = []

    def __init__(self): self.under_way = {}

    def submit(self, function, job):
        self.taken.append(job.student)
        future = self.under_way[job.student] = Future()
        if job.student == "deadly": self._end(lambda student, one: one.set_exception(BrokenProcessPool("ended abruptly")))
        elif len(self.under_way) == 1: threading.Timer(0.05, self.shutdown).start()
        return future

    def _end(self, settle):
        waiting, self.under_way = self.under_way, {}
        for student, future in waiting.items(): settle(student, future)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._end(lambda student, one: one.set_result({"student": student, "status": "ok"}))


def test_a_submission_that_ends_every_process_is_the_graders_error_and_costs_no_other():
    Fragile.taken = []
    jobs = [Job(student, "", b"x", "plain") for student in ["a", "b", "deadly", "c", "d", "e"]]
    found = list(run(jobs, Workers(Fragile, 3)))
    [failed] = [report for report in found if report["status"] == "grader_error"]
    assert (failed["student"], failed["score"], failed["error"]) == ("deadly", 0, "BrokenProcessPool: ended abruptly")
    assert sorted(report["student"] for report in found) == sorted(job.student for job in jobs)
    assert Fragile.taken.count("deadly") == 1 + ATTEMPTS_ALONE


def test_a_cluster_gives_the_same_bytes_also_where_a_worker_dies(tmp_path):
    distributed = pytest.importorskip("distributed")
    cases = [*numbered(6, broken_every=5), *[case for case in CASES if case.student in ("two", "zipped", "magic")]]
    submissions, here, there = some(tmp_path, cases), tmp_path / "here", tmp_path / "there"
    assert grade(submissions, "--jobs", 2, "--out", here).returncode == 3
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        command = started(submissions, "--scheduler", cluster.scheduler_address, "--out", there)
        until(lambda: count(there) >= 2, command)
        psutil.Process(next(iter(cluster.workers.values())).pid).kill()
        assert command.wait(SECONDS) == 3
    assert (there / "grades.csv").read_bytes() == (here / "grades.csv").read_bytes() and reports(there) == reports(here)


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path):
    done = grade(some(tmp_path, numbered(1)), "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "grades")
    assert done.returncode == 1 and done.stderr.startswith("genai_course: There is no Dask scheduler at tcp://127.0.0.1:9") and done.stderr.count("\n") == 1
