"""lab, doctor, progress and bench: what they say and leave behind."""

import json
import socket

import pytest

from genai_course.cli.benches import measuring
from genai_course.cli.benches.measuring import by_turns, how_much_faster, how_much_slower
from genai_course.cli.checkup import Finding, disk_finding
from genai_course.cli.commands import bench, lab
from genai_course.cli.trouble import Trouble, explained

BROKEN = "[DEFAULT\nseed = = 3\n"


# ---- lab

@pytest.fixture
def busy_port():
    "A port on which somebody listens."
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_is_one_line(busy_port):
    with pytest.raises(Trouble, match=f"port {busy_port} is in use"): lab.choose_port(busy_port)


@pytest.mark.parametrize("port", [0, -1, 65536, 10**9])
def test_a_number_that_is_no_port_is_one_line(port):
    with pytest.raises(Trouble, match="is no port"): lab.choose_port(port)


def test_without_a_wish_the_next_free_port_is_taken_and_said(monkeypatch, capsys):
    monkeypatch.setattr(lab, "is_free", lambda port: port >= lab.FIRST_PORT + 2)
    assert lab.choose_port(None) == lab.FIRST_PORT + 2
    assert str(lab.FIRST_PORT) in capsys.readouterr().out


def test_no_free_port_is_one_line(monkeypatch):
    monkeypatch.setattr(lab, "is_free", lambda port: False)
    with pytest.raises(Trouble, match="--port N"): lab.choose_port(None)


def test_a_broken_settings_file_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "settings.ini").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Trouble, match=r"settings\.ini cannot be read"): lab.make_work(tmp_path)


def test_jupyterlab_serves_the_course_and_opens_on_the_map(course):
    options = lab.server_options(course, "/lab/tree/work/course_map.ipynb", 8899, browser=False)
    assert f"--ServerApp.root_dir={course}" in options and "--LabApp.default_url=/lab/tree/work/course_map.ipynb" in options
    assert "--ServerApp.port=8899" in options and "--no-browser" in options


# ---- errors of the system

def test_a_full_disk_and_a_locked_folder_are_explained():
    assert "no disk space" in str(explained(OSError(28, "No space left on device", "/x")))
    assert "not allowed at /x" in str(explained(OSError(13, "Permission denied", "/x")))
    assert "doctor" in str(explained(OSError(5, "Input/output error")))


# ---- doctor and progress

def test_doctor_says_that_settings_are_broken_without_a_traceback(run):
    done = run("doctor", GENAI_SEED="many")
    assert done.returncode == 1 and "Traceback" not in done.stderr + done.stdout
    assert "✗ settings: seed = many" in done.stdout


def test_doctors_verdict_is_that_of_its_lines(run, tmp_path):
    done = run("doctor", GENAI_DATA=str(tmp_path))
    lines = done.stdout.splitlines()
    assert all(line[0] in "✓✗" for line in lines[:-1]) and len(lines) > 5
    assert done.returncode == any(line.startswith("✗ ") for line in lines)
    assert lines[-1].startswith("Something must be mended" if done.returncode else "Everything is in order.")


def test_doctor_names_a_setting_that_does_not_exist(run):
    done = run("doctor", GENAI_SEEED="1")
    assert done.returncode == 1 and "GENAI_SEEED" in done.stdout


def test_doctor_says_that_the_progress_file_is_broken(run, tmp_path):
    (tmp_path / "progress.json").write_text("{")
    done = run("doctor", GENAI_DATA=str(tmp_path))
    assert done.returncode == 1 and "✗ progress" in done.stdout and (tmp_path / "progress.json").read_text() == "{"


def test_little_space_is_a_fault_only_before_set_up(course, monkeypatch):
    monkeypatch.setattr("genai_course.cli.checkup.shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1e9}))
    assert not disk_finding(course).good
    (course / ".venv").mkdir()
    assert disk_finding(course).good


def test_a_finding_shows_its_mend():
    assert str(Finding(False, "a", "b")) == "✗ a. Mend: b" and str(Finding(True, "a")) == "✓ a"


def test_progress_is_text(run, tmp_path):
    done = run("progress", GENAI_DATA=str(tmp_path))
    assert done.returncode == 0 and "02" in done.stdout


def test_progress_with_a_broken_settings_file_is_one_line(run, tmp_path):
    (tmp_path / "settings.ini").write_text(BROKEN)
    done = run("progress", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "cannot be read as settings" in done.stderr


# ---- bench

PAIRS = [(1.0, 200.0), (2.0, 300.0), (1.0, 90.0)]


def test_ratios_are_medians_over_pairs():
    result = how_much_faster("x", "peer", PAIRS, goal=100)
    assert (result.value, result.peer_value, result.ratio, result.spread, result.met) == (1.0, 200.0, 150.0, [90.0, 200.0], True)
    assert not how_much_slower("x", "peer", [(4.0, 1.0)], goal=3).met


def test_measurements_go_by_turns():
    calls = []
    by_turns(lambda: calls.append("ours"), lambda: calls.append("peer"), repeats=3)
    assert calls == ["ours", "peer"] * 4
    assert len(by_turns(lambda: calls.append("ours"), lambda: None, repeats=2, warm_up=False)) == 2 and calls.count("ours") == 6


def test_the_file_of_figures_has_the_documented_form(tmp_path, monkeypatch, capsys):
    family = type("Family", (), {"measure": staticmethod(lambda: [how_much_faster("x", "peer", PAIRS, 100), measuring.alone("y", [1.0], "s", 2)])})
    monkeypatch.setattr(bench, "import_module", lambda name: family)
    options = type("Options", (), {"name": "backprop", "json": str(tmp_path / "figures.json")})
    assert bench.run(options, []) == 0
    report = json.loads((tmp_path / "figures.json").read_text())
    assert set(report) == {"machine", "results"} and len(report["results"]) == 2
    names = {"name", "value", "unit", "peer", "peer_value", "ratio", "spread", "goal", "met"}
    assert all(set(result) == names for result in report["results"])


def test_figures_are_said_and_kept_as_soon_as_they_are_measured(tmp_path, monkeypatch, capsys):
    file = tmp_path / "figures.json"
    def measure():
        yield measuring.alone("first", [1.0], "s", 2)
        assert [result["name"] for result in json.loads(file.read_text())["results"]] == ["first"] and "first" in capsys.readouterr().out
        raise KeyboardInterrupt
    monkeypatch.setattr(bench, "import_module", lambda name: type("Family", (), {"measure": staticmethod(measure)}))
    with pytest.raises(KeyboardInterrupt): bench.run(type("Options", (), {"name": "gan", "json": str(file)}), [])
    assert json.loads(file.read_text())["results"][0]["value"] == 1.0


def test_a_file_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(bench, "import_module", lambda name: type("Family", (), {"measure": staticmethod(lambda: [measuring.alone("y", [1.0], "s", 2)])}))
    with pytest.raises(Trouble, match="file"): bench.run(type("Options", (), {"name": "gan", "json": str(tmp_path / "file" / "figures.json")}), [])
