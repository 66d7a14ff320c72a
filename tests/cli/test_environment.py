"""Set-up: when it is needed, what it leaves behind when it is cut off, and how it goes on."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli import environment, install, main
from genai_course.cli import pins as pins_module
from genai_course.cli.constraints import SECTIONS, pins
from genai_course.cli.display import Display
from genai_course.cli.folders import constraints_file, course_folder, packages_in, python_in
from genai_course.cli.pip_output import PipProgress, complaint
from genai_course.cli.pip_run import pip
from genai_course.cli.repair import is_complete, remove_broken
from genai_course.cli.requirements import accepts, missing, name_of, normal, requirements
from genai_course.cli.stamp import is_ready, remove_stamp, write_stamp
from genai_course.cli.trouble import Trouble
from tests.cli.conftest import ROOT

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def made(course):
    "The small course with a virtual environment that holds no package."
    install.make_environment(course / ".venv")
    return course / ".venv"


# ---- the note that makes a second start instant

def test_a_note_holds_until_something_changes(course, made):
    assert not is_ready(course, made)
    write_stamp(course, made, ["dev"])
    assert is_ready(course, made) and is_ready(course, made, ["dev"]) and not is_ready(course, made, ["bench"])


@pytest.mark.parametrize("file, old, new", [("genai_course/constraints.txt", "2.13.0", "2.14.0"), ("pyproject.toml", ">=1", ">=3")])
def test_another_requirement_or_version_needs_a_new_set_up(course, made, file, old, new):
    write_stamp(course, made, [])
    (course / file).write_text((course / file).read_text().replace(old, new))
    assert not is_ready(course, made)


def test_a_change_that_has_nothing_to_do_with_packages_needs_none(course, made):
    write_stamp(course, made, [])
    with (course / "pyproject.toml").open("a") as file: file.write("[tool.other]\nline = 1\n")
    assert is_ready(course, made)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"extras": 3}', "null"])
def test_a_broken_note_is_no_note(course, made, content):
    (made / "genai_course.json").write_text(content)
    assert not is_ready(course, made)


def test_an_environment_whose_python_is_gone_is_not_ready(course, made):
    write_stamp(course, made, [])
    python_in(made).unlink()
    assert not is_ready(course, made)


# ---- a set-up that was cut off

def put_package(packages: Path, name: str, files: dict[str, str], record: bool = True) -> Path:
    "A package as pip would leave it."
    for file, text in files.items():
        (packages / file).parent.mkdir(parents=True, exist_ok=True)
        (packages / file).write_text(text)
    folder = packages / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    lines = [f"{file},sha256=x,{len(text)}" for file, text in files.items()] + [f"{folder.name}/RECORD,,"]
    if record: (folder / "RECORD").write_text("\n".join(lines) + "\n")
    return folder


def test_only_half_installed_packages_are_forgotten(tmp_path):
    whole = put_package(tmp_path, "whole", {"whole/a.py": "1", "../bin/whole": "script"})
    put_package(tmp_path, "no_record", {"no_record/a.py": "1"}, record=False)
    put_package(tmp_path, "file_gone", {"file_gone/a.py": "1", "file_gone/b.py": "2"})
    put_package(tmp_path, "file_short", {"file_short/a.py": "12345"})
    (tmp_path / "file_gone/b.py").unlink()
    (tmp_path / "file_short/a.py").write_text("12")
    (tmp_path / "~ld-1.0.dist-info").mkdir()
    assert remove_broken(tmp_path) == ["file_gone", "file_short", "no_record"]
    assert list(tmp_path.glob("*.dist-info")) == [whole] and is_complete(whole)


@given(kept=st.sets(st.integers(0, 5)))
def test_a_package_is_complete_only_with_all_its_files(tmp_path_factory, kept):
    packages = tmp_path_factory.mktemp("packages")
    folder = put_package(packages, "some", {f"some/{number}.py": "text" for number in range(6)})
    for number in set(range(6)) - kept: (packages / f"some/{number}.py").unlink()
    assert is_complete(folder) == (len(kept) == 6)


def test_compiled_files_do_not_count(tmp_path):
    folder = put_package(tmp_path, "some", {"some/a.py": "1", "some/__pycache__/a.pyc": "x"})
    (tmp_path / "some/__pycache__/a.pyc").unlink()
    assert is_complete(folder)


@pytest.mark.parametrize("hurt", ["bin/activate", "pyvenv.cfg"])
def test_a_half_made_environment_is_completed(made, hurt):
    file = made / (hurt.replace("bin/", "Scripts/") if os.name == "nt" else hurt)
    file.unlink()
    install.make_environment(made)
    assert file.exists() and subprocess.run([python_in(made), "-c", ""]).returncode == 0


def test_an_environment_without_its_python_is_made_anew(made):
    python_in(made).unlink()
    install.make_environment(made)
    assert subprocess.run([python_in(made), "-c", ""]).returncode == 0


def test_the_note_is_gone_while_set_up_works_and_stays_away_when_it_fails(course, made, monkeypatch):
    write_stamp(course, made, [])
    seen = []

    def failing(*arguments):
        seen.append(is_ready(course, made))
        raise Trouble("no luck")

    monkeypatch.setattr(environment, "install", failing)
    monkeypatch.setattr(environment, "is_ready", lambda *arguments: False)
    with pytest.raises(Trouble, match="no luck"): environment.set_up(course, [])
    assert seen == [False] and not is_ready(course, made)
    remove_stamp(made)


# ---- bad luck

def test_too_little_space_is_said_before_anything_is_made(course, monkeypatch):
    monkeypatch.setattr(install.shutil, "disk_usage", lambda folder: Usage(10e9, 9.5e9, 0.5e9))
    with pytest.raises(Trouble, match=r"0\.5 GB free.* needs 2\.0 GB"): environment.set_up(course, [])
    assert list((course / ".venv").iterdir()) == []


def stub_pip(folder: Path, text: str) -> list[str]:
    "A program in pip's place."
    file = folder / "stub_pip.py"
    file.write_text(textwrap.dedent(text))
    return [sys.executable, str(file)]


FAILURES = {
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": "disk is full",
    "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\\nERROR: No matching distribution found for torch": "cannot be reached",
    "ERROR: No matching distribution found for torch==9": "no torch==9 for Python",
    "ERROR: [Errno 13] Permission denied: '/x'": "may not write",
    "ERROR: something else": "something else",
    "no such option: --odd": "no such option",
}


@pytest.mark.parametrize("said", FAILURES)
def test_a_pip_that_fails_is_one_line_with_the_reason(tmp_path, said):
    command = stub_pip(tmp_path, f"print('''{said}'''); raise SystemExit(1)")
    with pytest.raises(Trouble) as trouble: pip(command, [], tmp_path, 1, Display(), tmp_path / "install.log")
    assert FAILURES[said] in str(trouble.value) and "\n" not in str(trouble.value)
    assert "install.log" in str(trouble.value) and (tmp_path / "install.log").exists()


def test_without_a_network_set_up_says_so(course, made, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]: monkeypatch.delenv(name)
    settings = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}
    for name, value in settings.items(): monkeypatch.setenv(name, value)
    with pytest.raises(Trouble, match="package index cannot be reached"): environment.set_up(course, [])
    assert not is_ready(course, made)


def test_a_python_without_pip_is_told_how_to_get_it(made, monkeypatch):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Trouble, match="has no pip.*python3-pip"): install._way_to_pip(made)


def test_a_folder_that_may_not_be_written_is_one_line(course, monkeypatch):
    def refused(folder, **others): raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(Trouble, match="writing is not allowed at .*my course"): environment.set_up(course, [])


INTERRUPTED = """
    import sys
    from pathlib import Path
    import genai_course.cli as cli
    from genai_course.cli import environment, install
    course = Path(sys.argv[1])
    cli.course_folder = lambda: course
    install._way_to_pip = lambda folder: [sys.executable, str(course / "stub_pip.py")]
    install.check_space = environment.check_space = lambda folder: None
    sys.exit(cli.main([]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console only: try it there by hand")
def test_ctrl_c_stops_set_up_and_its_pip_with_one_line(course):
    stub_pip(course, f"""
        import os, time
        open({str(course / "pid")!r}, "w").write(str(os.getpid()))
        print("Collecting torch", flush=True)
        time.sleep(600)
    """)
    (course / "main.py").write_text(textwrap.dedent(INTERRUPTED))
    process = subprocess.Popen(
        [sys.executable, str(course / "main.py"), str(course)], env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    while not (course / "pid").exists() or not (course / "pid").read_text():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "Stopped." in said and "Traceback" not in said
    assert not is_ready(course, course / ".venv")
    with pytest.raises(ProcessLookupError): os.kill(int((course / "pid").read_text()), 0)


def test_a_trouble_is_one_line_and_status_1(monkeypatch, capsys):
    def troubled(*arguments): raise Trouble("something is wrong. Mend it.")

    monkeypatch.setattr("genai_course.cli.interpreter", troubled)
    assert main(["lab"]) == 1
    assert capsys.readouterr().err == "genai_course: something is wrong. Mend it.\n"


# ---- what is needed, and what pip says

@pytest.mark.parametrize(
    "requirement, version, fits",
    [("a>=1.2", "1.10", True), ("a>=1.2", "1.1.9", False), ("a>=7.4,<8", "7.4.0", True), ("a>=7.4,<8", "8.0", False),
     ("a", "0", True), ("torch>=2.6", "2.13.0+cpu", True), ("a>=2", "2.0", True)],
)  # fmt: skip
def test_versions_are_compared_as_numbers(requirement, version, fits):
    assert accepts(requirement, version) == fits


@pytest.mark.parametrize("requirement, version", [("a>=2.0", "2"), ("a>=2", "2.0.0"), ("a==1.2", "1.2.0"), ("a<2", "1.9.9")])
def test_zeros_at_the_end_of_a_version_mean_nothing(requirement, version):
    assert accepts(requirement, version)


def test_a_package_that_is_not_there_is_missing(course):
    assert missing(course) == ["no-such-package>=1"]
    assert missing(course, ["dev"]) == ["no-such-package>=1", "no-other>=2"]


def test_every_requirement_of_the_course_has_a_pin_that_meets_it():
    course = course_folder()
    versions = {normal(name): version for name, version in pins(constraints_file(course), ["dev", "bench", "scale", "docs", "avatars"]).items()}
    for line in requirements(course, ["dev", "bench", "scale", "docs", "avatars"]): assert accepts(line, versions[normal(name_of(line))]), line
    assert {"pip", "setuptools"} <= set(versions)


def test_progress_counts_what_pip_collects_and_installs():
    progress = PipProgress(expected=3)
    for line in ["Collecting torch==2 (from x)", "Progress 50 of 100", "Processing /some/where/numpy-2.0-cp311-any.whl"]: progress.read(line)
    assert progress.collected == ["torch", "numpy"] and progress.downloading() == "2 of 3 · numpy"
    progress.read("Collecting numpy")
    progress.read("Progress 50 of 100")
    assert progress.downloading() == "2 of 3 · numpy · 50%"
    progress.read("Installing collected packages: numpy, torch")
    assert progress.installing == ["numpy", "torch"]


def test_the_reason_of_a_failure_is_one_line():
    assert "\n" not in str(complaint("a\nERROR: b\nc\n", "log"))


def test_packages_of_an_environment_are_found(made):
    told = subprocess.run([python_in(made), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], capture_output=True, text=True).stdout
    assert [folder.resolve() for folder in packages_in(made)] == [Path(told.strip()).resolve()]


# ---- one set-up at a time

HOLDS = """
import sys
from pathlib import Path
from genai_course.cli.lock import alone_in
with alone_in(Path(sys.argv[1])): print("in", flush=True), sys.stdin.readline()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such lock: pip itself refuses there")
def test_a_second_set_up_says_that_it_waits_and_goes_on_when_the_first_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    with subprocess.Popen(command, **streams) as first:
        assert first.stdout.readline() == "in\n"
        with subprocess.Popen(command, **streams) as second:
            assert "Another set-up is at work" in second.stdout.readline() and second.poll() is None
            first.kill()
            assert second.stdout.readline() == "in\n"
            second.communicate("\n")
    assert second.returncode == 0


# ---- the pins

def test_a_package_stands_once_in_the_first_section_that_needs_it(course, monkeypatch):
    needs = {name: {"shared": "1.0", f"only-{name}": "2.0"} for name in SECTIONS}
    monkeypatch.setattr(pins_module, "requirements", lambda course, extras: extras)
    def resolved(wanted, constraints=None):
        asked = [name for name in SECTIONS if name in wanted]
        return {package: version for name in asked or ["run"] for package, version in needs[name].items()} | (needs["run"] if len(asked) > 1 else {})
    monkeypatch.setattr(pins_module, "resolved", resolved)
    lines = pins_module.sections(course)
    assert list(lines) == list(SECTIONS) and lines["run"] == sorted(["shared==1.0", "only-run==2.0", *pins_module.ELSEWHERE])
    assert all(lines[name] == [f"only-{name}==2.0"] for name in SECTIONS if name != "run")
