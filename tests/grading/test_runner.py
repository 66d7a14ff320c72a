"""Whatever an answer does, its test gets a status and a clear line, and the notebook stays alive."""

import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from wrong import WRONG

from genai_course.grading import expect, spec
from genai_course.grading.limits import KEPT, TimeUp, within
from genai_course.grading.runner import run_question
from genai_course.grading.submission import run_cells

DOUBLE = "def double(x):\n    return 2 * x\n"


def check_double(sol):
    "doubles two numbers"
    numbers = np.array([1.0, 2.0])
    expect.close(sol.double(numbers), 2 * np.array([1.0, 2.0]))
    expect.close(numbers, [1.0, 2.0], "the test's own input")


def question(*tests):
    return spec.Question("q1", "Doubling", ["double"], DOUBLE, "", [], [], 0, [spec.Test("t", "doubles", 2, False, test) for test in tests])


def result_of(code, test=check_double, seconds=10.0):
    [result] = run_question(question(test), run_cells([code]), seconds)
    assert "Traceback" not in result.message and "\n" not in result.message
    return result


def test_a_right_answer_passes():
    result = result_of(DOUBLE)
    assert (result.status, result.score, result.message) == ("pass", 2, "")


@pytest.mark.parametrize(("code", "status", "message"), WRONG)
def test_a_wrong_answer_gets_a_clear_line(code, status, message):
    result = result_of(code)
    assert (result.status, result.score) == (status, 0) and message in result.message


def test_the_learners_own_line_is_shown():
    result = result_of("def double(x):\n    parts = list(x)\n    return parts['two']\n")
    assert (result.status, result.line) == ("error", {"number": 3, "text": "return parts['two']"})


def test_expected_and_got_are_data():
    result = result_of("def double(x): return x.astype('float32')")
    assert result.expected == {"type": "array", "shape": "(2,)", "dtype": "float64", "values": "[2. 4.]"}
    assert result.got["dtype"] == "float32" and result.got["values"] == "[1. 2.]"


def test_an_answer_that_changes_its_input_spoils_no_test(): assert result_of("def double(x):\n    x *= 2\n    return x").status == "pass"


def test_a_changed_input_is_told_where_it_matters():
    def test(sol):
        sol.double(np.array([1.0]))
        expect.inputs_kept(sol)
    result = result_of("def double(x):\n    x *= 2\n    return x", test)
    assert result.status == "fail" and result.message.startswith("double changed its own input (argument 1).")


def test_a_flood_of_print_is_cut():
    result = result_of("def double(x):\n    for _ in range(1000): print('x' * 1000)\n    return 2 * x")
    assert (result.status, len(result.printed), result.printed_size) == ("pass", KEPT, 1_001_000)


LOOPS = ["while True: pass", "while True:\n        try: pass\n        except: pass",
         "while True:\n        try: sum(range(1000))\n        except BaseException: pass",
         "import time; time.sleep(1000)"]


@pytest.mark.parametrize("loop", LOOPS)
def test_an_endless_loop_stops_and_the_namespace_is_still_usable(loop):
    namespace = run_cells([f"def double(x):\n    {loop}\n"])
    handler = signal.getsignal(signal.SIGALRM)
    tests = question(check_double, check_double)
    results = run_question(tests, namespace, 0.2)
    assert [r.status for r in results] == ["timeout", "timeout"] and "loop that never ends" in results[0].message
    assert signal.getsignal(signal.SIGALRM) is handler and signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    exec(DOUBLE, namespace)
    assert [r.status for r in run_question(tests, namespace, 10)] == ["pass", "pass"]


def test_an_endless_loop_stops_in_another_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(result_of("def double(x):\n    while True: pass", seconds=0.2).status))
    thread.start()
    thread.join(60)
    assert found == ["timeout"]


def test_a_body_that_ends_in_time_is_not_stopped_later():
    for _ in range(200):
        try: within(0.0005, lambda: sum(range(10_000)))
        except TimeUp: pass
    sum(range(1_000_000))


def test_a_broken_test_is_not_the_learners_fault():
    result = result_of(DOUBLE, lambda sol: [][1])
    assert (result.status, result.message) == ("error", "This test could not run. That is not your fault.")


def test_a_result_of_another_kind_is_told():
    result = result_of("def double(x): return None", lambda sol: sol.double(2)[0])
    assert result.status == "fail" and result.message.startswith("double returned something of another kind")


def test_importing_loads_neither_torch_nor_matplotlib():
    code = "import genai_course.grading, sys; print([m for m in ('torch', 'matplotlib', 'IPython') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
