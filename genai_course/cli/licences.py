"""`python -m genai_course.cli.licences` writes `docs/licences.md` anew: the licence of each package that the lessons run on, as the package states it."""

from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from genai_course.cli.constraints import every_pin
from genai_course.cli.folders import clone_folder, constraints_file
from genai_course.cli.markdown import table
from genai_course.cli.trouble import Trouble
from genai_course.core import write_atomically

ELSEWHERE = {"appnope": "BSD-2-Clause", "colorama": "BSD License", "pywinpty": "MIT License"}  # of packages that only macOS or Windows has, read off their wheels
HEAD = """# Licences of what the course runs on

Pip installs these packages from the package index, each under its own licence; the wheel of the course holds none of them. The table says what the packages
themselves say. It is written by `python -m genai_course.cli.licences`.
"""


def stated_licence(name: str) -> str:
    "What an installed package says of its licence: an expression, a line, or a class. Raises Trouble where it says nothing or is not installed."
    if name in ELSEWHERE: return ELSEWHERE[name]
    try: said = metadata(name)
    except PackageNotFoundError: raise Trouble(f"{name} is not installed here, so its licence cannot be read. Set the course up first: python -m genai_course") from None
    classes = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or [] if line.startswith("License ::")]
    line = said.get("License", "")  # the whole text, in some packages
    for stated in (said.get("License-Expression"), line if "\n" not in line and line != "UNKNOWN" else "", " AND ".join(classes)):
        if stated: return stated
    raise Trouble(f"{name} states no licence: read its files, and put what they say into ELSEWHERE in genai_course/cli/licences.py.")


def licences(course: Path) -> str:
    "The page. Raises Trouble."
    rows = [(name, version, stated_licence(name)) for name, version in every_pin(constraints_file(course)).items()]
    return HEAD + "\n" + table(["Package", "Version", "Licence"], rows) + "\n"


def main() -> None:
    "Write the course's `docs/licences.md`."
    course = clone_folder("licences")
    write_atomically(course / "docs" / "licences.md", licences(course))


if __name__ == "__main__":
    main()
