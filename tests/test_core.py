import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course import core
from genai_course.core import SETTINGS, SettingError, editing_progress, read_progress, settings, write_atomically

ROOT = Path(__file__).parents[1]


@pytest.fixture
def here(tmp_path, monkeypatch):
    "An empty working directory, without any environment variable of ours or configuration of the user's."
    for name in SETTINGS: monkeypatch.delenv(f"GENAI_{name.upper()}", raising=False)
    monkeypatch.setattr(core, "user_config_path", lambda _: tmp_path / "configuration")
    (tmp_path / "work" / "deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work" / "deep")
    return tmp_path


def test_every_default_can_be_read(here):
    assert {name: getattr(settings, name) for name in SETTINGS}["seed"] == 42


def test_the_courses_settings_file_is_the_template():
    assert (ROOT / "settings.ini").read_text() == core.settings_template()


def test_the_most_specific_place_wins(here, monkeypatch):
    (here / "configuration").mkdir()
    (here / "configuration" / "settings.ini").write_text("[DEFAULT]\nseed = 1\npass_mark = 0.5\n")
    assert settings.seed == 1
    (here / "settings.ini").write_text("[DEFAULT]\nseed = 2\n")
    assert settings.seed == 2 and settings.pass_mark == 0.5
    (here / "work" / "settings.ini").write_text("[DEFAULT]\nseed = 3\n")
    assert settings.seed == 3
    monkeypatch.setenv("GENAI_SEED", "4")
    assert settings.seed == 4


@pytest.mark.parametrize("name, text", [
    ("seed", "x"), ("seed", "-1"), ("seed", "1.5"), ("device", "gpu"), ("time_budget", "0"), ("time_budget", "nan"), ("pass_mark", "2"),
    ("headless", "maybe"), ("hint_policy", ""), ("answer_seconds", "soon"), ("reveal_after", "-3"),
])  # fmt: skip
def test_a_bad_value_is_one_clear_line(here, name, text):
    file = here / "settings.ini"
    file.write_text(f"[DEFAULT]\n{name} = {text}\n")
    with pytest.raises(SettingError) as error: getattr(settings, name)
    message = str(error.value)
    assert str(file) in message and f"{name} = {text}" in message and SETTINGS[name].expected in message and "\n" not in message


@pytest.mark.parametrize("content", [b"no section\n", b"[DEFAULT]\nseed = 1\nseed = 2\n", b"\xff\xfe\x00", b"[DEFAULT\nseed = 1"])
def test_a_broken_settings_file_is_one_clear_line(here, content):
    (here / "settings.ini").write_bytes(content)
    with pytest.raises(SettingError, match="settings.ini cannot be read") as error: settings.seed  # noqa: B018
    assert "\n" not in str(error.value)


def test_a_percent_sign_is_plain_text(here):
    (here / "settings.ini").write_text("[DEFAULT]\ndata = /tmp/100%\n")
    assert settings.data == "/tmp/100%"


def test_an_unknown_setting_names_those_there_are():
    with pytest.raises(AttributeError, match="there is no setting sead; there are: seed, device"): settings.sead  # noqa: B018


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_a_written_file_is_read_back_and_leaves_no_other(tmp_path_factory, first, second):
    file = tmp_path_factory.mktemp("atomic") / "deep" / "file"
    for content in (first, second): assert write_atomically(file, content).read_bytes() == content
    assert [f.name for f in file.parent.iterdir()] == ["file"]


def test_a_write_that_fails_keeps_the_old_file(tmp_path, monkeypatch):
    file = write_atomically(tmp_path / "file", "old")
    def full(*arguments): raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"): write_atomically(file, "new")
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


WRITER = """
import sys
from genai_course.core import editing_progress
for i in range(10**6):
    with editing_progress() as progress: progress["02_backprop"] = {f"q{j}": {"tries": i} for j in range(200)}
    if i == 3: print("writing", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is not there on Windows")
def test_progress_survives_kill_9_at_any_moment(full):
    chance = random.Random(9)
    for _ in range(200 if full else 20): kill_a_writer(after=chance.uniform(0, 0.05))
    with editing_progress() as progress: progress["again"] = True
    assert read_progress()["again"]


def kill_a_writer(after):
    "Start a process that saves without end, kill it in the midst of it, and look at what it left."
    process = subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    questions = json.loads(core.progress_file().read_text())["02_backprop"]
    assert len(questions) == 200 and len({q["tries"] for q in questions.values()}) == 1


def test_two_who_save_at_once_both_count():
    def add(name):
        for i in range(20):
            with editing_progress() as progress: progress[f"{name}{i}"] = True
    threads = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for t in threads: t.start()
    for t in threads: t.join()
    assert len(read_progress()) == 40


def test_unreadable_progress_is_kept_beside(capsys):
    core.progress_file().write_text('{"02_backprop": {"q1"')
    with editing_progress() as progress: progress["new"] = 1
    assert "is not a progress file" in capsys.readouterr().out
    assert core.progress_file().with_name("progress.unreadable.json").read_text() == '{"02_backprop": {"q1"'


def test_no_second_unreadable_progress_takes_the_place_of_the_first():
    for text in ("{first", "{second", "{third"):
        core.progress_file().write_text(text)
        assert read_progress() == {}
    kept = [core.progress_file().with_name(f"progress.unreadable{number}.json") for number in ("", 2, 3)]
    assert [file.read_text() for file in kept] == ["{first", "{second", "{third"]


def test_an_error_while_editing_saves_nothing():
    with editing_progress() as progress: progress["kept"] = 1
    with pytest.raises(ZeroDivisionError), editing_progress() as progress:
        progress["lost"] = 1 / 0
    assert read_progress() == {"kept": 1}


@given(st.integers(0, 2**32 - 1))
def test_a_seed_repeats_all_three_generators(seed):
    def draws():
        core.set_seed(seed)
        return random.random(), np.random.rand(), torch.rand(1).item()
    assert draws() == draws()


def test_a_device_that_is_missing_is_named(monkeypatch):
    monkeypatch.setenv("GENAI_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingError, match="device = cuda, but torch finds none here"): core.device()


@given(st.integers(1, 10**6), st.sampled_from([0.1, 0.5, 1.0, 3.0]))
def test_budget_scales_and_never_vanishes(steps, share):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENAI_TIME_BUDGET", str(share))
        assert core.budget(steps) == max(1, round(steps * share))


def test_outside_a_course_the_folder_is_missed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(core.genai_course, "__file__", str(tmp_path / "elsewhere" / "__init__.py"))
    with pytest.raises(FileNotFoundError, match="work inside a clone of the course"): core.course_folder()


def test_importing_the_course_loads_nothing_heavy():
    code = "import sys, genai_course; print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'numpy', 'fastcore', 'matplotlib'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_core_loads_no_torch():
    code = "import sys, genai_course.core, genai_course.data, genai_course.backprop; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
