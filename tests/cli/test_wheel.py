"""The wheel: what is in it, and that it works in a folder that knows nothing of the repository, without a network."""

import json
import os
import re
import shutil
import subprocess
import sys
from email import message_from_bytes
from functools import partial
from pathlib import Path
from urllib.parse import unquote
from zipfile import ZipFile

import pytest

from genai_course.cli.requirements import name_of, requirements
from genai_course.grading.spec import outline
from tests.cli.conftest import ROOT

MEGABYTES = 30
BUILT_FROM = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "genai_course", "nbs", "exercises", "solutions", "docs")
CARRIED = ("nbs/*.ipynb", "nbs/explorers/*.ipynb", "exercises/*.ipynb", "solutions/*.ipynb", "docs/scaling_out.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    "The wheel, built of a copy, so that nothing is left behind in the repository."
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for part in BUILT_FROM: (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, source / part)
    pip_of(sys.executable, "wheel", str(source), "--no-build-isolation", "--wheel-dir", str(out))
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    "The folder that the wheel is installed into."
    folder = tmp_path_factory.mktemp("installed")
    pip_of(sys.executable, "install", str(wheel), "--no-compile", "--target", str(folder))
    return folder


def pip_of(python: str, command: str, *arguments: str) -> None:
    done = subprocess.run([python, "-m", "pip", command, "--no-deps", "--no-index", "--quiet", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    "A folder with nothing in it."
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture
def command(run, installed, elsewhere):
    "The installed course's command, given there."
    return partial(run, cwd=elsewhere, PYTHONPATH=str(installed))


def said_by(program: str, folder: Path, installed: Path) -> str:
    "What a program prints that runs in `folder` with the installed course."
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env={**os.environ, "PYTHONPATH": str(installed)}, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- what is in it

def in_the_repository(*patterns: str) -> set[str]:
    return {file.relative_to(ROOT).as_posix() for pattern in patterns for file in ROOT.glob(pattern) if file.is_file()}


def test_it_holds_weights_widgets_and_notebooks_and_is_small(wheel):
    with ZipFile(wheel) as archive: names = set(archive.namelist())
    assert wheel.stat().st_size <= MEGABYTES * 1e6
    assert in_the_repository("genai_course/weights/*", "genai_course/static/*", "genai_course/**/*.py", "genai_course/constraints.txt", "genai_course/cli/jupyter/**/*") <= names
    assert {name.removeprefix("genai_course/course/") for name in names if name.startswith("genai_course/course/")} == in_the_repository(*CARRIED)


def test_it_holds_nothing_else(wheel):
    with ZipFile(wheel) as archive: names = archive.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"genai_course"}
    assert [name for name in names if name.endswith((".pyc", ".pt", ".pkl")) or "__pycache__" in name or "tests" in name.split("/")] == []


def test_notebooks_are_those_of_the_repository_with_their_pictures(wheel):
    with ZipFile(wheel) as archive:
        for name in in_the_repository(*CARRIED): assert archive.read(f"genai_course/course/{name}") == (ROOT / name).read_bytes(), name


def test_its_metadata_say_what_it_is_and_needs(wheel):
    with ZipFile(wheel) as archive:
        (place,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        said, scripts = message_from_bytes(archive.read(f"{place}/METADATA")), archive.read(f"{place}/entry_points.txt").decode()
        assert f"{place}/licenses/LICENSE" in archive.namelist()
    assert (said["Name"], said["License-Expression"], said["Requires-Python"], said["License-File"]) == ("genai_course", "Apache-2.0", ">=3.11", "LICENSE")
    assert said["Description-Content-Type"] == "text/markdown" and said["Summary"] and said["Author"] and said.get_payload().startswith("# genai_course")
    assert set(said.get_all("Provides-Extra")) == {"dev", "scale", "docs", "bench", "avatars"}
    assert [line.strip() for line in scripts.splitlines()] == ["[console_scripts]", "genai-course = genai_course.cli:main"]


# ---- the installed course

def read(lines: list[str]) -> set[tuple[str, frozenset]]:
    "Requirements, however their bounds are ordered: 'a>=7.4,<8' and 'a<8,>=7.4' are the same."
    return {(name_of(line), frozenset(re.findall(r"[<>=]+[\d.]+", line))) for line in lines}


def test_it_knows_its_version_and_what_it_is_installed_with(command, installed, elsewhere):
    assert re.fullmatch(r"genai_course \d+\.\d+\.\d+\n", command("--version").stdout)
    asked = "from genai_course.cli.folders import course_folder; from genai_course.cli.requirements import requirements; print(*requirements(course_folder(), ['scale', 'bench']), sep='\\n')"
    assert read(said_by(asked, elsewhere, installed).split()) == read(requirements(ROOT, ["scale", "bench"]))


@pytest.mark.parametrize("name", ["test", "build", "docs", "bench"])
def test_what_needs_a_clone_says_so_in_one_line(command, name):
    done = command(name)
    assert done.returncode == 1 and done.stdout == "" and re.fullmatch(f"genai_course: {name} works on .* clone .*\n", done.stderr)


def test_doctor_and_progress_need_no_clone(command, elsewhere):
    done = command("doctor")
    assert f"course: {elsewhere}" in done.stdout and "no .venv is needed" in done.stdout and "browser" not in done.stdout and "Traceback" not in done.stderr
    assert "02" in command("progress").stdout
    assert list(elsewhere.iterdir()) == []


NO_NETWORK = '''
"Every Python that starts notes in a file whom it wants to reach beyond this machine, and does not reach it."
import os, socket

def refused(address):
    with open(os.environ["REACHED_FOR"], "a") as file: file.write(f"{address}\\n")
    raise OSError(f"no network in this test: {address}")

def is_here(address): return not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1", "localhost")

class Socket(socket.socket):
    def connect(self, address): return super().connect(address) if is_here(address) else refused(address)
    def connect_ex(self, address): return super().connect_ex(address) if is_here(address) else refused(address)
    def sendto(self, data, *others): return super().sendto(data, *others) if is_here(others[-1]) else refused(others[-1])

def names_of(name, *others, **more): return found(name, *others, **more) if name is None or is_here((name,)) else refused(name)

found, socket.getaddrinfo, socket.socket = socket.getaddrinfo, names_of, Socket
'''
AT_WORK = '''
import os, sys
from importlib import import_module
from pathlib import Path

def all_modules(folder, package):
    for file in sorted(folder.glob("*.py")):
        if file.stem != "__main__": import_module(f"{package}.{file.stem}".removesuffix(".__init__"))

if __name__ == "__main__":
    import genai_course
    from genai_course.cli import main
    package = Path(genai_course.__file__).parent
    all_modules(package, "genai_course")
    all_modules(package / "explorers", "genai_course.explorers")
    all_modules(package / "grading", "genai_course.grading")
    from genai_course.explorers.prediction import explore_prediction
    explorer = explore_prediction(words=["anna", "hannah", "banana"], prefix="an")
    shown, _ = explorer._repr_mimebundle_()
    assert "<img" in shown["text/html"] and "problem" not in explorer.data
    assert "export default" in explorer._get_embed_state()["state"]["_esm"]
    assert main(["write", "ROMEO:", "--length", "20"]) == 0
    assert main(["draw", "a cat wearing a crown", "--steps", "2", "--out", "cat.png"]) == 0
    assert main(["grade", str(package / "course" / "solutions" / "02_backprop.ipynb")]) == 0
    print("the package is", package)
'''  # fmt: skip


@pytest.fixture
def without_network(installed, elsewhere, tmp_path):
    "Runs a program there without a network; gives what it did, and what it reached for."
    (tmp_path / "sitecustomize.py").write_text(NO_NETWORK)

    def run(program: str):
        (tmp_path / "program.py").write_text(program)
        path = os.pathsep.join([str(tmp_path), str(installed)])
        environment = {**os.environ, "PYTHONPATH": path, "REACHED_FOR": str(tmp_path / "reached"), "GENAI_HEADLESS": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, str(tmp_path / "program.py")], cwd=elsewhere, env=environment, capture_output=True, text=True, encoding="utf-8")
        return done, (tmp_path / "reached").read_text() if (tmp_path / "reached").exists() else ""

    return run


REACHING = {
    "a page": "import urllib.request; urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
    "a name": "import socket; socket.create_connection(('example.org', 80), timeout=1)",
    "another process": "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; socket.socket().connect((\"192.0.2.1\", 80))'])",
}


@pytest.mark.parametrize("way", REACHING)
def test_reaching_for_the_network_is_noticed(without_network, way):
    assert re.search(r"192\.0\.2\.1|example\.org", without_network(REACHING[way])[1])


OPEN = sum(question.points for question in outline("02_backprop").questions.values())  # of the tests that come with the wheel


def test_it_is_imported_writes_draws_explains_and_grades_without_a_network(without_network, installed, elsewhere):
    done, reached = without_network(AT_WORK)
    assert done.returncode == 0, done.stderr
    assert reached == ""
    assert f"the package is {installed / 'genai_course'}" in done.stdout
    assert re.search(r"^ROMEO:[\s\S]{20}\n", done.stdout) and f"{OPEN} of {OPEN} points" in done.stdout
    assert (elsewhere / "cat.png").read_bytes().startswith(b"\x89PNG")


SANDBOX = """
import subprocess, sys
from genai_course.grading.sandbox.isolation import why_no_bubblewrap
from genai_course.grading.sandbox.walls import walls
look = "import os, genai_course; place = os.path.dirname(genai_course.__file__); print(*[len(os.listdir(place + inside)) for inside in ('', '/course', '/grading/specs')])"
print(why_no_bubblewrap() or subprocess.run([*walls(), sys.executable, "-c", look], capture_output=True, text=True).stdout)
"""


def test_a_submission_sees_the_course_and_not_the_solutions_that_come_with_it(installed, elsewhere):
    said = said_by(SANDBOX, elsewhere, installed).strip()
    if "bubblewrap" in said: pytest.skip(said)
    package, solutions, checks = map(int, said.split())
    assert package > 30 and solutions == checks == 0


# ---- unpacking

LAB = """
import os
from genai_course.cli.commands.lab import make_work, root_folder
from genai_course.cli.folders import course_folder
root = root_folder(course_folder(), {wanted!r})
os.chdir(root)
print(make_work(course_folder()).relative_to(root))
"""


def edit(file: Path, text: str) -> bytes:
    "Write a cell's text into a notebook; returns all of it."
    content = json.loads(file.read_text(encoding="utf-8"))
    content["cells"][-1]["source"] = text
    file.write_text(json.dumps(content), encoding="utf-8")
    return file.read_bytes()


def test_lab_unpacks_and_a_newer_version_keeps_what_was_edited_and_says_so(installed, elsewhere, tmp_path):
    newer, mine = tmp_path / "newer", elsewhere / "mine"
    shutil.copytree(installed, newer)
    assert said_by(LAB.format(wanted="mine"), elsewhere, newer).splitlines()[-1] == "course_map.ipynb"
    assert {file.name for file in mine.iterdir()} == {"lessons", "exercises", "explorers", "solutions", "docs", "settings.ini", "course_map.ipynb", ".genai_course.json"}
    shown = json.loads((mine / "course_map.ipynb").read_text(encoding="utf-8"))["cells"][-1]["outputs"][0]["data"]["text/markdown"]
    links = re.findall(r"\]\(([^)]+)\)", shown)
    assert len(links) > 30 and all((mine / unquote(link)).is_file() for link in links)
    edited = edit(mine / "exercises/02_backprop.ipynb", "my own answer")
    for file in ("exercises/02_backprop.ipynb", "nbs/02_backprop.ipynb"): edit(newer / "genai_course/course" / file, "better")
    said = said_by(LAB.format(wanted=None), mine / "lessons", newer)
    assert said.splitlines()[0].startswith(f"Renewing the course's notebooks in {mine}") and said.count("Kept") == 1 and "Kept exercises/02_backprop.ipynb" in said
    assert (mine / "exercises/02_backprop.ipynb").read_bytes() == edited
    assert json.loads((mine / "lessons/02_backprop.ipynb").read_text(encoding="utf-8"))["cells"][-1]["source"] == "better"
