"""Each way out of the sandbox is tried, as the user who runs the tests and as nobody."""

import json
import os
import re
import sys
from functools import cache
from pathlib import Path

import nobody
import probes
import pytest

from genai_course.grading.sandbox import isolation

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
            marks = [pytest.mark.skipif(bool(reason), reason=reason), pytest.mark.xdist_group(f"sandbox {kind} {who}")]
            yield from (pytest.param(kind, who, probe, expected[probe], id=f"{kind}-{who}-{probe}", marks=marks) for probe in expected)


def test_bubblewrap_is_there_in_continuous_integration():
    if os.environ.get("CI") and sys.platform == "linux": assert isolation.why_no_bubblewrap() == ""


@pytest.mark.parametrize(("kind", "who", "probe", "expected"), list(cases()))
def test_a_way_out_is_closed(kind, who, probe, expected):
    got = found(kind, who)[probe]
    assert re.fullmatch(expected, got) if isinstance(expected, str) else got == expected
