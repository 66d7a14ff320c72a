"""A folder of broken and odd submissions of lesson 01, each with the result that it must get."""

import copy
import io
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).parents[3]
STEM = "01_prediction"
SOLUTION, EXERCISE = (json.loads((ROOT / folder / f"{STEM}.ipynb").read_text(encoding="utf-8")) for folder in ("solutions", "exercises"))
IDENTS = tuple(f"q{number}" for number in range(1, 8))
ALL, NONE = IDENTS, ()


@dataclass(frozen=True)
class Case:
    "A submission: how it is made below a folder, and what becomes of it."
    student: str
    make: Callable[[Path], object]
    solved: tuple[str, ...] | None  # the questions with full marks, the others get nothing; None: unreadable
    says: str = ""  # what its error, its warnings or its messages must contain


# ---- how notebooks are changed

def notebook(change=lambda cells: None, base=SOLUTION) -> dict:
    "A copy of a notebook whose list of cells `change` has changed."
    made = copy.deepcopy(base)
    for cell in made["cells"]: cell["source"] = "".join(cell["source"])
    change(made["cells"])
    return made


def answer(cells, ident): return next(cell for cell in cells if cell["metadata"].get("genai_course") == {"role": "answer", "question": ident})


def replaced(old, new, ident="q1"):
    "Changes the text of an answer."
    def change(cells):
        cell = answer(cells, ident)
        assert old in cell["source"]
        cell["source"] = cell["source"].replace(old, new)
    return change


def with_source(source, ident="q1"):
    def change(cells): answer(cells, ident)["source"] = source
    return change


def prefixed(text, ident="q1"):
    def change(cells): answer(cells, ident)["source"] = text + answer(cells, ident)["source"]
    return change


def inserted(source, place=None, metadata=None):
    "Puts a code cell in; at the end if no place is given."
    def change(cells):
        cell = {"cell_type": "code", "id": "new", "metadata": metadata or {}, "outputs": [], "execution_count": None, "source": source}
        cells.insert(len(cells) if place is None else place, cell)
    return change


def without_answer(cells): cells.remove(answer(cells, "q1"))


def without_marks(cells):
    for cell in cells: cell["metadata"] = {}


def without_ids(cells):
    for cell in cells: del cell["id"]


def without_checks(cells): cells[:] = [cell for cell in cells if cell["metadata"].get("genai_course", {}).get("role") not in ("check", "progress")]


def with_forged_checks(cells):
    for cell in cells:
        if cell["metadata"].get("genai_course", {}).get("role") == "check": cell["source"] = "score = 1000"


def upside_down(cells): cells.reverse()


def in_one_cell(cells):
    sources = [cell["source"] for cell in cells if cell["metadata"].get("genai_course", {}).get("role") == "answer"]
    cells[:] = []
    inserted("import numpy as np\n\n" + "\n\n".join(sources))(cells)


def pasted_under_another_mark(cells): answer(cells, "q2")["metadata"]["genai_course"]["question"] = "q1"


def with_odd_marks(cells):
    for cell, marks in zip(cells, [None, 3, {"question": ["q1"]}, {"role": 7, "question": None}, "q1"], strict=False):
        cell["metadata"]["genai_course"] = marks


def duplicated(last):
    "Copies q1's cell to the end, marks and all, with the source `last`."
    def change(cells): inserted(last, None, answer(cells, "q1")["metadata"])(cells)
    return change


# ---- how files are made

def file(name, content) -> Callable[[Path], object]:
    "Writes a file of bytes, of text or of a notebook."
    content = json.dumps(content) if isinstance(content, dict) else content
    content = content.encode() if isinstance(content, str) else content

    def make(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return make


def changed(student, change, solved, says="", base=SOLUTION): return Case(student, file(f"{student}.ipynb", notebook(change, base)), solved, says)


def raw(student, content, says): return Case(student, file(f"{student}.ipynb", content), None, says)


def zipped(members) -> bytes:
    "A zip of (name or ZipInfo, content)."
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in members: archive.writestr(name, content)
    return out.getvalue()


def zip_case(student, members, solved, says): return Case(student, file(f"{student}.zip", zipped(members)), solved, says)


def protected(content: bytes) -> bytes:
    "A zip whose one member says that it needs a password."
    changed_zip = bytearray(content)
    changed_zip[6] |= 1
    changed_zip[changed_zip.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed_zip)


def link_in_zip():
    info = ZipInfo(f"{STEM}.ipynb")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, "/etc/passwd"


def oversized(folder):
    with (folder / "oversized.ipynb").open("wb") as large: large.truncate(51_000_000)


def linked(folder): (folder / "linked.ipynb").symlink_to(ROOT / "solutions" / f"{STEM}.ipynb")


def linked_folder(folder): (folder / "linked_folder").symlink_to(ROOT / "solutions")


def fifo(folder): os.mkfifo(folder / "fifo.ipynb")


def several(*makers):
    def make(folder):
        for one in makers: one(folder)
    return make


WHOLE, WRONG = json.dumps(notebook()), "def perplexity(p):\n    return 0.0"
OLD_CELLS = [{"cell_type": cell["cell_type"], "input": cell["source"]} for cell in notebook()["cells"]]
WITHOUT_Q1 = IDENTS[1:]
REVISED = notebook()
REVISED["metadata"]["genai_course"] |= {"spec": "0123456789abcdef"}
UNKNOWN = {"cells": [{"cell_type": "code", "metadata": {}, "source": "x = 1"}], "metadata": {}}

CASES = [
    # whole ones
    changed("right", lambda cells: None, ALL),
    changed("untouched", lambda cells: None, NONE, "Not answered yet", EXERCISE),
    Case("own_folder", file("own_folder/my work/01_prediction.ipynb", WHOLE), ALL),
    Case("Moodle Way_17", file(f"Moodle Way_17_assignsubmission_file_/{STEM}.ipynb", WHOLE), ALL),
    # bytes
    raw("empty", "", "The file is empty"),
    raw("blank", " \n", "The file is empty"),
    raw("script", "print('hello')", "not JSON"),
    raw("picture", b"\x89PNG\r\n\x1a\n\x00", "not JSON"),
    raw("cut", WHOLE[:len(WHOLE) // 2], "cut short or damaged"),
    raw("merged", WHOLE.replace("{", "{\n<<<<<<< HEAD\n", 1), "merge markers (line 2)"),
    raw("listed", "[]", "not a notebook"),
    raw("no_cells", '{"metadata": {}}', "no list of cells"),
    raw("nested", "[" * 200_000, "nested too deeply"),
    Case("oversized", oversized, None, "51 MB"),
    Case("marked", file("marked.ipynb", b"\xef\xbb\xbf" + WHOLE.encode()), ALL, "byte-order mark"),
    Case("sixteen", file("sixteen.ipynb", WHOLE.encode("utf-16")), ALL, "byte-order mark"),
    Case("latin", file("latin.ipynb", json.dumps(notebook(inserted("# caf?"))).encode().replace(b"caf?", b"caf\xe9")), ALL, "not all UTF-8"),
    Case("old", file("old.ipynb", {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": OLD_CELLS}]}), ALL, "old format 3"),
    Case("windows", file("windows.ipynb", WHOLE.replace("\\n", "\\r\\n")), ALL),
    # cells
    changed("no_ids", without_ids, ALL),
    changed("no_marks", without_marks, ALL, "marks of the answer cells are lost"),
    changed("odd_marks", with_odd_marks, ALL, "q1: cell 5 was taken as its answer"),
    changed("no_checks", without_checks, ALL),
    changed("forged_checks", with_forged_checks, ALL),
    changed("upside_down", upside_down, ALL),
    changed("one_cell", in_one_cell, ALL, "marks of the answer cells are lost"),
    changed("pasted", pasted_under_another_mark, ALL, "q2: cell 9 was taken as its answer"),
    changed("twice_wrong_last", duplicated(WRONG), WITHOUT_Q1, "the last one counts"),
    changed("twice_broken_last", duplicated("def perplexity(p):\n    return ("), WITHOUT_Q1, "SyntaxError"),
    changed("twice_demonstrated", duplicated("print(perplexity(np.array([0.5])))"), ALL),
    changed("deleted", without_answer, WITHOUT_Q1, "q1: no cell answers it; it should define `perplexity`"),
    changed("renamed", replaced("def perplexity", "def perplexities"), WITHOUT_Q1, "The notebook defines no function called `perplexity`"),
    changed("syntax", with_source("def perplexity(p):\n    return np.exp(-np.mean(np.log(p))\n"), WITHOUT_Q1, "was never closed"),
    changed("raises", prefixed("1 / 0\n"), WITHOUT_Q1, "ZeroDivisionError"),
    changed("magic", prefixed("%matplotlib inline\n!ls\n"), ALL, "left out what only a notebook understands"),
    changed("timed", prefixed("%%time\n"), ALL, "%%time"),
    changed("helped", several(inserted("def mean_log(p): return np.mean(np.log(p))\nprint(mean_log(1))", 3), with_source("def perplexity(p): return np.exp(-mean_log(p))")),
            ALL),
    changed("demonstrated", inserted("while True: pass"), ALL),
    changed("scratched", inserted("this is ( not Python"), ALL, "is not Python"),
    changed("long_cell", inserted("x" * 1_100_000), ALL, "left out"),
    Case("revised", file("revised.ipynb", REVISED), ALL, "tests are newer than the submission"),
    Case("unknown", file("unknown.ipynb", UNKNOWN), None, "--lesson"),
    # names
    Case("=1+1", file("=1+1.ipynb", WHOLE), ALL),
    Case("<b>bold & Ünal", file("<b>bold & Ünal.ipynb", WHOLE), ALL),
    # folders and files
    Case("no_notebook", file("no_notebook/report.pdf", "%PDF"), None, "holds no notebook"),
    Case("two", several(file("two/a.ipynb", WHOLE), file("two/b.ipynb", WHOLE)), None, "2 files for one student: two/a.ipynb, two/b.ipynb"),
    Case("two_copies", several(file(f"two_copies/{STEM}.ipynb", WHOLE), file(f"two_copies/{STEM}-Copy1.ipynb", WHOLE)), None, "2 files for one student"),
    Case("linked", linked, None, "a link"),
    Case("linked_folder", linked_folder, None, "a link"),
    Case("fifo", fifo, None, "not an ordinary file"),
    # zips
    zip_case("zipped", [(f"{STEM}.ipynb", WHOLE), ("__MACOSX/._x.ipynb", "x"), (".hidden.ipynb", "x"), ("notes.txt", "x")], ALL, ""),
    zip_case("slip", [("../../evil.ipynb", WHOLE)], None, "leads out of the zip"),
    zip_case("absolute", [("/tmp/evil.ipynb", WHOLE)], None, "leads out of the zip"),
    zip_case("bomb", [("a.ipynb", "0" * 30_000_000)], None, "zip bomb"),
    zip_case("link_in_zip", [link_in_zip()], None, "a link"),
    zip_case("zip_in_zip", [("a.zip", zipped([("a.ipynb", WHOLE)]))], None, "a zip within a zip"),
    zip_case("two_in_zip", [("a.ipynb", WHOLE), ("b.ipynb", WHOLE)], None, "2 files for one student"),
    zip_case("zip_of_nothing", [("notes.txt", "x")], None, "holds no notebook"),
    Case("no_zip", file("no_zip.zip", "no zip"), None, "cannot be opened"),
    Case("protected", file("protected.zip", protected(zipped([("a.ipynb", WHOLE)]))), None, "password"),
    Case("crc", file("crc.zip", zipped([("a.ipynb", WHOLE)]).replace(zipped([("a.ipynb", WHOLE)])[60:90], b"\0" * 30)), None, "cannot be unpacked"),
]


def write_all(folder: Path, cases: list[Case] = CASES) -> Path:
    "Make every submission below `folder`."
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases: case.make(folder)
    return folder


def numbered(count: int, broken_every: int = 20) -> list[Case]:
    "A class: whole submissions that are answered more or less far, one in `broken_every` cut short."
    return [_one_of_many(number, broken_every) for number in range(count)]


def _one_of_many(number, broken_every):
    student, answered = f"student{number:03}", IDENTS[:number % 8]
    if number % broken_every == 1: return raw(student, WHOLE[:2000 + number], "cut short")
    return Case(student, file(f"{student}.ipynb", notebook(partial(_answer_only, answered))), answered)


def _answer_only(idents, cells):
    for ident in IDENTS:
        if ident not in idents: answer(cells, ident)["source"] = answer(notebook(base=EXERCISE)["cells"], ident)["source"]
