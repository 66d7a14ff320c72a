"""Each way out of the sandbox is tried, as the user who runs the tests and as nobody."""

import json
import os
import re
import site
import subprocess
import sys
import tempfile
import venv
from functools import cache
from pathlib import Path

import nobody
import orphans
import probes
import pytest

from genai_course.grading.sandbox import isolation

ROOT = Path(__file__).parents[2]
REFUSED = re.escape("PermissionError: [Errno 1] Operation not permitted") + ".*"
EVERYWHERE = {  # a regular expression, or the very value
    "connect": REFUSED, "listen": REFUSED, "local socket": REFUSED, "fork": REFUSED, "spawn": REFUSED, "program": REFUSED, "replace": REFUSED,
    "threads": "RuntimeError: can't start new thread", "memory": "MemoryError.*", "mapping": "OSError.*Cannot allocate memory",
    "memory file": REFUSED, "shared memory": -1, "big file": "OSError: .*File too large.*", "open files": "OSError: .*Too many open files.*",
    "kill all": REFUSED, "kill group": REFUSED, "trace": -1, "raise limits": "ValueError: not allowed to raise maximum limit",
    "become root": "(PermissionError|OSError).*", "rights": ["0" * 16, "0" * 16, "1", "2"], "new namespace": -1, "mount": -1, "old numbers": -1, "nothing": "still alive",
}  # fmt: skip
WALLED = EVERYWHERE | {
    "interfaces": ["lo"], "many files": "OSError: .*No space left on device", "passwords": "FileNotFoundError.*", "homes": "FileNotFoundError.*",
    "write anywhere": [], "write to the library": "OSError: .*Read-only file system.*", "devices": ["null", "random", "urandom", "zero"],
    "processes": r"\['1'(, '2')?\]", "parent's memory": "(FileNotFound|Permission)Error.*", "parent's variables": "(FileNotFound|Permission)Error.*",
    "own files": ["socket"], "kill parent": REFUSED, "host's name": "sandbox",
}  # fmt: skip
OPEN = EVERYWHERE | {"parent's memory": "PermissionError.*", "parent's variables": "PermissionError.*", "kill parent": REFUSED, "limits of others": REFUSED, "own files": ["socket"]}


@cache
def found(kind, who):
    "What came of every probe, in isolation `kind` that was started by `who`."
    if who == "this user": return json.loads(json.dumps(probes.tried(kind)))
    return json.loads(nobody.run_as_nobody(Path(probes.__file__), kind))


def cases():
    reasons = {"bubblewrap": isolation.why_no_bubblewrap(), "plain": isolation.why_not_plain()}
    for kind, expected in (("bubblewrap", WALLED), ("plain", OPEN)):
        for who, reason in (("this user", reasons[kind]), ("nobody", nobody.why_not() or (reasons[kind] if kind == "bubblewrap" else ""))):
            marks = [pytest.mark.skipif(bool(reason), reason=reason)]
            yield from (pytest.param(kind, who, probe, expected[probe], id=f"{kind}-{who}-{probe}", marks=marks) for probe in expected)


@pytest.mark.skipif(not os.environ.get("CI") or sys.platform != "linux", reason="asked where CI runs on Linux")
def test_bubblewrap_is_there_in_continuous_integration():
    assert isolation.why_no_bubblewrap() == ""


@pytest.mark.skipif(bool(isolation.why_no_bubblewrap()), reason=isolation.why_no_bubblewrap())
def test_the_course_may_lie_below_tmp():
    "Where the sandbox has a /tmp of its own."
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        venv.create(Path(folder, ".venv"), symlinks=True)
        path = os.pathsep.join([str(ROOT), *site.getsitepackages()])
        asked = "from genai_course.grading.sandbox.isolation import why_no_bubblewrap; print(why_no_bubblewrap())"
        done = subprocess.run([f"{folder}/.venv/bin/python", "-c", asked], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("\n", 0), done.stdout + done.stderr


def test_where_nothing_is_safe_both_reasons_are_told(monkeypatch):
    monkeypatch.setattr(isolation, "why_no_bubblewrap", lambda: "No bubblewrap.")
    monkeypatch.setattr(isolation, "why_not_plain", lambda: "Not plain.")
    with pytest.raises(isolation.IsolationError, match="^No bubblewrap. Not plain.$"): isolation.chosen("best")


@pytest.mark.parametrize(("kind", "who", "probe", "expected"), list(cases()))
def test_a_way_out_is_closed(kind, who, probe, expected):
    got = found(kind, who)[probe]
    assert re.fullmatch(expected, got) if isinstance(expected, str) else got == expected


@pytest.mark.skipif(bool(isolation.why_no_bubblewrap()), reason=isolation.why_no_bubblewrap())
def test_a_worker_ends_with_the_grader_that_started_it(): assert orphans.left_behind("bubblewrap") is False


@pytest.mark.skipif(bool(nobody.why_not()), reason=nobody.why_not())
@pytest.mark.parametrize("kind", ["bubblewrap", "plain"])
def test_so_it_does_where_an_ordinary_user_grades(kind): assert nobody.run_as_nobody(Path(orphans.__file__), kind).strip() == "False"
