"""Reads a submitted notebook, however damaged, without running any of it."""

import codecs
import json
import re
from dataclasses import dataclass, field

LARGEST = 50_000_000  # bytes of a notebook
LONGEST = 1_000_000  # characters of a cell; no person writes more
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
MERGE_MARKER = re.compile(r"^(<{7}|>{7})( |$)", re.M)


class Unreadable(ValueError):
    "A submission of which nothing can be graded; the message says why."


@dataclass(frozen=True)
class Cell:
    "One code cell."
    number: int  # its place among all cells, from 1
    source: str
    marks: dict = field(default_factory=dict)  # what the course noted in its metadata

    def mark(self, name: str) -> str:
        "The text noted as `name`, such as the question; empty where there is none."
        return _text(self.marks.get(name))


@dataclass
class Reading:
    "A notebook's code cells, what the course noted about it, and what was odd."
    cells: list[Cell]
    marks: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def mark(self, name: str) -> str:
        "The text noted as `name`, such as the exercise; empty where there is none."
        return _text(self.marks.get(name))


def read(content: bytes) -> Reading:
    "The notebook in the bytes of a file. Raises Unreadable with the reason."
    if len(content) > LARGEST: raise Unreadable(too_large(len(content)))
    if not content.strip(): raise Unreadable("The file is empty.")
    text, warnings = _decoded(content)
    notebook = _parsed(text)
    cells, odd = _cells(notebook)
    return Reading(cells, _marks(notebook), warnings + odd)


def too_large(size: int) -> str:
    "Why a file of `size` bytes is not read."
    return f"The file has {size / 1e6:.0f} MB; a notebook may have {LARGEST / 1e6:.0f}. Clear its outputs and hand it in again."


def _decoded(content):
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    warnings = [f"The file begins with a byte-order mark ({encoding.removesuffix('-sig')})."] if encoding != "utf-8" else []
    try: return content.decode(encoding), warnings
    except UnicodeDecodeError: return content.decode(encoding, "replace"), [*warnings, "The file is not all UTF-8; what could not be read is shown as �."]


def _parsed(text):
    try: notebook = json.loads(text)
    except RecursionError: raise Unreadable("The file is nested too deeply for a notebook.") from None
    except ValueError as error: raise Unreadable(_why_no_json(text, error)) from None
    if not isinstance(notebook, dict): raise Unreadable("The file is JSON, but not a notebook.")
    return notebook


def _why_no_json(text, error):
    if found := MERGE_MARKER.search(text):
        line = text.count("\n", 0, found.start()) + 1
        return f"The file holds git's merge markers (line {line}). Resolve the merge and hand it in again."
    if text.lstrip()[:1] != "{": return "The file is not a notebook (not JSON)."
    return f"The file is cut short or damaged: {' '.join(str(error).split())[:100]}."


def _cells(notebook):
    "Code cells, and what was odd about the notebook's form."
    version, warnings = notebook.get("nbformat"), []
    raw = notebook.get("cells")
    if raw is None and isinstance(notebook.get("worksheets"), list):
        raw, warnings = _old_cells(notebook["worksheets"]), [f"The notebook has the old format {version}; it was read all the same."]
    if not isinstance(raw, list): raise Unreadable("The file is JSON, but not a notebook: it has no list of cells.")
    cells = [_cell(number, cell) for number, cell in enumerate(raw, 1) if _is_code(cell)]
    if long := [str(cell.number) for cell in cells if len(cell.source) > LONGEST]:
        warnings.append(f"Cells of more than {LONGEST} characters, and left out: {_listed(long)}.")
    damaged = [str(number) for number, cell in enumerate(raw, 1) if not _is_cell(cell)]
    if damaged: warnings.append(f"Not cells of a notebook, and left out: {_listed(damaged)}.")
    return [cell for cell in cells if len(cell.source) <= LONGEST], warnings


def _old_cells(sheets):
    "The cells of a notebook of format 2 or 3, with their text where format 4 has it."
    found = [sheet["cells"] for sheet in sheets if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)]
    return [cell | {"source": cell.get("source", cell.get("input", ""))} if isinstance(cell, dict) else cell for cells in found for cell in cells]


def _is_cell(cell): return isinstance(cell, dict) and _source(cell) is not None


def _is_code(cell): return _is_cell(cell) and cell.get("cell_type") == "code"


def _cell(number, cell): return Cell(number, _writable(_source(cell)), _marks(cell))


def _source(cell):
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source): return "".join(source)
    return source if isinstance(source, str) else None


def _writable(text):
    "The text with plain line ends, and without half characters, which no file can hold."
    return text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _marks(thing):
    metadata = thing.get("metadata")
    marks = metadata.get("genai_course") if isinstance(metadata, dict) else None
    return marks if isinstance(marks, dict) else {}


def _text(value): return _writable(value) if isinstance(value, str) else ""


def _listed(items, most=5): return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
