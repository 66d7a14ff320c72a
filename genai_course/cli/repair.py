"""Clears what an interrupted installation left behind, so that pip installs just those packages again."""

import csv
import shutil
from pathlib import Path


def _is_there(packages: Path, path: str, size: str) -> bool:
    file = packages / path
    return file.is_file() and (not size or file.stat().st_size == int(size))


def is_complete(record_folder: Path) -> bool:
    "Whether every file that a package's RECORD lists is there in its full size; False where there is no RECORD to go by."
    record = record_folder / "RECORD"
    if not record.is_file(): return False
    try: rows = [row for row in csv.reader(record.read_text(encoding="utf-8").splitlines()) if row and not row[0].endswith(".pyc")]
    except UnicodeDecodeError: return False
    return bool(rows) and all(len(row) == 3 and _is_there(record_folder.parent, row[0], row[2]) for row in rows)


def remove_broken(packages: Path) -> list[str]:
    "Remove the records of half-installed packages from a site-packages folder, and what half an upgrade set aside; returns their names."
    broken = [folder for folder in sorted(packages.glob("[!~]*.dist-info")) if not is_complete(folder)]
    for folder in [*broken, *packages.glob("~*")]:
        if folder.is_dir(): shutil.rmtree(folder)
        else: folder.unlink()
    return [folder.name.split("-")[0] for folder in broken]
