"""Every test has a data folder of its own, so that none touches the learner's; what `data` has fetched is shared, for nothing writes there.

`python -m genai_course test --full` sets GENAI_FULL: then tests marked `full` run too, the fixture `full` is true for tests that do more
of the same, and hypothesis tries ten times as many examples.
"""

import os
import re
import signal

import hypothesis
import pytest

from genai_course.cli.catalogue import notebooks
from genai_course.core import course_folder, downloads_folder

os.environ["GENAI_DOWNLOADS"] = str(downloads_folder())
FULL = os.environ.get("GENAI_FULL", "0") == "1"
hypothesis.settings.register_profile("course", max_examples=1000 if FULL else 100, deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("course")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; what tests start must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)


SHARING = ("tests/browser/", "tests/grading/test_exports.py", "tests/grading/test_corpus_of_", "tests/grading/test_sandbox.py", "tests/cli/test_wheel.py")  # modules whose tests share something that is dear to make


def unit_of(nodeid: str) -> str:
    "What stays in one process with a test: its module, where that shares something, else nothing."
    module = nodeid.split("::")[0]
    return module if module.startswith(SHARING) else nodeid


def pytest_xdist_make_scheduler(config, log):
    "Deals tests out to processes by their units. (pytest 9.2 ignores the marks that pytest-xdist 3.8 has for this.)"
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid): return unit_of(nodeid)

    return ByUnit(config, log)


def pytest_collection_modifyitems(items):
    leave_out = pytest.mark.skip(reason="takes minutes: python -m genai_course test --full")
    for item in items:
        if item.get_closest_marker("full") and not FULL: item.add_marker(leave_out)


LESSON = re.compile(r"test_a_notebook_runs_from_top_to_bottom\[(?!00)(\d\d_\w+)\.ipynb\]")


def pytest_terminal_summary(terminalreporter):
    "With --full: how long each lesson took from top to bottom on one thread, beside what it states for two. Nothing fails by the clock."
    passed = {LESSON.search(report.nodeid): report.duration for report in terminalreporter.getreports("passed") if report.when == "call"}
    took = {found[1]: seconds for found, seconds in passed.items() if found}
    if not (FULL and took): return
    stated = {lesson.stem: lesson.words.facts["run_all"] for lesson in notebooks(course_folder()) if lesson.number}
    terminalreporter.section("all cells of each lesson, here on one thread; what is stated is for two")
    for stem, seconds in sorted(took.items()): terminalreporter.write_line(f"{stem:<20} {seconds:>6.0f} s, stated {stated[stem]:>6}")
    terminalreporter.write_line(f"{f'{len(took)} lessons':<20} {sum(took.values()) / 60:>6.1f} minutes")


@pytest.fixture(scope="session")
def full() -> bool:
    "Whether everything is to be tried, however long it takes."
    return FULL


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="session")
def browser():
    "A headless Chromium, one for all tests of a process: Playwright cannot be started a second time. Where none is installed the test is skipped, with the mend in the reason."
    from lab import find_chromium, open_browser

    if not find_chromium(): pytest.skip("no Chromium found; install Chromium, e.g. apt-get install chromium")
    with open_browser() as chromium: yield chromium
