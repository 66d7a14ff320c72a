"""Commands and arguments: what is understood, what is passed on, and one line for what is not."""

import re

import pytest

from genai_course.cli import COMMANDS, main, parser
from genai_course.cli.commands import test as test_command

BAD = [["nonsense"], ["lab", "--prot", "1"], ["lab", "--port"], ["lab", "--port", "x"], ["--nonsense"], ["bench", "nothing"], ["doctor", "more"]]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_bad_usage_is_one_line_and_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended: main(arguments)
    said = capsys.readouterr()
    assert ended.value.code == 2 and said.out == ""
    assert re.fullmatch(r"genai_course: .+ --help\n", said.err)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended: main([command, "--help"])
    assert ended.value.code == 0 and command in capsys.readouterr().out


def test_help_lists_just_the_commands(capsys):
    with pytest.raises(SystemExit): main(["--help"])
    assert re.findall(r"^    (\w+)  ", capsys.readouterr().out, re.M) == list(COMMANDS)


def test_version(run):
    done = run("--version")
    assert re.fullmatch(r"genai_course \d+\.\d+\.\d+\n", done.stdout) and done.returncode == 0


class Recorded(list):
    def __call__(self, command, **others):
        self.append((command, others))
        return type("Done", (), {"returncode": 5})


@pytest.fixture
def pytest_call(monkeypatch):
    "What `test` calls instead of pytest; it ends with status 5."
    recorded = Recorded()
    monkeypatch.setattr(test_command.subprocess, "run", recorded)
    monkeypatch.setattr("genai_course.cli.interpreter", lambda course, extras: __import__("sys").executable)
    monkeypatch.setattr(test_command.os, "cpu_count", lambda: 2)
    return recorded


def test_unknown_options_reach_pytest_and_its_status_comes_back(pytest_call):
    assert main(["test", "-k", "some words", "--strange=1", "tests/cli", "-x"]) == 5
    assert pytest_call[0][0][-5:] == ["-k", "some words", "--strange=1", "tests/cli", "-x"]


@pytest.mark.parametrize("arguments, budget, full", [(["test"], "0.1", "0"), (["test", "--full"], "1.0", "1")])
def test_lessons_run_at_a_tenth_and_long_tests_not_at_all_unless_full(pytest_call, arguments, budget, full):
    main(arguments)
    surroundings = pytest_call[0][1]["env"]
    assert (surroundings["GENAI_TIME_BUDGET"], surroundings["GENAI_FULL"]) == (budget, full)
    assert surroundings["GENAI_HEADLESS"] == "1" and surroundings["OMP_NUM_THREADS"] == "1"
    assert "--full" not in pytest_call[0][0]


def test_a_cluster_needs_its_packages_and_nothing_else_does():
    options = parser().parse_args(["grade", "a.ipynb"])
    assert COMMANDS["grade"].needs(options) == ()
    assert COMMANDS["grade"].needs(parser().parse_args(["grade", "a.ipynb", "--scheduler", "tcp://host:8786"])) == ("scale",)


@pytest.mark.parametrize("others", [["-n", "4"], ["-n4"], ["--numprocesses=1"], ["--pdb"], ["--collect-only"]], ids=" ".join)
def test_the_number_of_processes_is_ours_only_where_nobody_says(others):
    assert test_command.pytest_arguments(others) == others


def test_one_processor_runs_one_process(monkeypatch):
    monkeypatch.setattr(test_command.os, "cpu_count", lambda: 1)
    assert test_command.pytest_arguments(["-x"]) == ["-x"]


def test_two_processors_run_two_processes(monkeypatch):
    monkeypatch.setattr(test_command.os, "cpu_count", lambda: 8)
    assert test_command.pytest_arguments([])[:2] == ["-n", "2"]
