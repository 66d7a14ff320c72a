"""Writes everything that comes from a master: the exercise, the solution, the tests and the spec; or only compares."""

import argparse
from pathlib import Path

from genai_course.core import course_folder, write_atomically
from genai_course.grading.copies import exercise_notebook, solution_notebook, to_text
from genai_course.grading.executing import is_fresh, with_fresh_outputs
from genai_course.grading.markers import MasterError
from genai_course.grading.master import Master, read_master
from genai_course.grading.spec_source import shipped_source, tests_source


def masters(root: Path, wanted: list[str]) -> list[Path]:
    "The master notebooks below `root`, or those whose stem or number is wanted. Raises MasterError for one that is not there."
    found = sorted((root / "nbs" / "exercises").glob("[0-9]*.ipynb"))
    for name in wanted:
        if not any(_is_called(path, name) for path in found):
            raise MasterError(f"There is no master {name}. There are: {', '.join(path.stem for path in found) or 'none'}.")
    return [path for path in found if not wanted or any(_is_called(path, name) for name in wanted)]


def _is_called(path, name): return name in (path.stem, path.stem[:2], path.stem[3:])


def plain_files(root: Path, master: Master) -> dict[Path, str]:
    "The content of every generated file but the solution, whose outputs have to be computed."
    stem, folder = master.stem, root / "tests" / "exercises"
    return {root / "exercises" / f"{stem}.ipynb": to_text(exercise_notebook(master)),
            folder / f"test_{stem}.py": tests_source(master, hidden=False),
            folder / "hidden" / f"test_{stem}.py": tests_source(master, hidden=True),
            root / "genai_course" / "grading" / "specs" / f"{stem}.py": shipped_source(master)}


def solution_file(root: Path, master: Master) -> Path:
    "Where the solution lies."
    return root / "solutions" / f"{master.stem}.ipynb"


def stale_files(root: Path, master: Master) -> list[Path]:
    "The generated files that are missing or differ from what the master gives."
    differing = [path for path, text in plain_files(root, master).items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    return differing + ([] if is_fresh(solution_file(root, master), solution_notebook(master), root) else [solution_file(root, master)])


def build(root: Path, master: Master, fresh: bool = False) -> list[Path]:
    "Write the generated files that are stale; with `fresh`, execute the solution again in any case. Returns what was written."
    stale, files, solution = stale_files(root, master), plain_files(root, master), solution_file(root, master)
    for path in [path for path in stale if path in files]: write_atomically(path, files[path])
    if fresh or solution in stale or stale:
        write_atomically(solution, to_text(with_fresh_outputs(solution_notebook(master), root)))
        stale = [*[path for path in stale if path != solution], solution]
    return stale


def main(arguments: list[str] | None = None) -> int:
    "The command `build [--check] [--fresh] [STEM...]`; returns the exit status: 1 for stale files or an unusable master."
    parser = argparse.ArgumentParser("python -m genai_course.grading", description="Exercises from their masters.")
    parser.add_argument("command", choices=["build"])
    parser.add_argument("stems", nargs="*", help="a lesson's number, name or stem (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a generated file is not what its master gives")
    parser.add_argument("--fresh", action="store_true", help="execute the solutions again, even if nothing changed")
    options, root = parser.parse_args(arguments), course_folder()
    try: found = [read_master(path) for path in masters(root, options.stems)]
    except MasterError as error: return _fail(str(error))
    if options.check: return _check(root, found)
    for master in found:
        for path in build(root, master, options.fresh): print(f"wrote {path.relative_to(root)}")
    return 0


def _check(root, found):
    stale = [path.relative_to(root) for master in found for path in stale_files(root, master)]
    mend = "Edit the master in nbs/exercises, then: python -m genai_course.grading build"
    for path in stale: _fail(f"{path} is not what its master gives. {mend}")
    return 1 if stale else 0


def _fail(message):
    print(message)
    return 1
