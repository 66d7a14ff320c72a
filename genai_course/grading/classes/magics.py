"""Takes out of a cell what only IPython understands: magics such as %timeit, shell lines, questions such as np.dot?."""

import ast
import re
from io import StringIO

MOST = 100  # magics in a cell
AROUND_PYTHON = ("time", "timeit", "capture", "prun", "debug")  # cell magics that run the cell as Python
ODD = re.compile(r"^\s*([%!?]|.*\?\s*$|[\w, ]+=\s*[%!])", re.M)  # where there may be one


def parse(source: str) -> ast.Module | None:
    "The syntax tree of `source`, or None where it is not Python."
    try: return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError): return None


def without_magics(source: str) -> tuple[str, list[str]]:
    "`source` with `pass` for each line of IPython's own, the other lines at their places; and those lines."
    if not ODD.search(source) or parse(source) is not None: return source, []
    first, rest = source.split("\n", 1) if "\n" in source else (source, "")
    if not first.startswith("%%"): return _lines_replaced(source)
    if re.match(r"%%(\w*)", first)[1] not in AROUND_PYTHON: return "", [first.strip()]
    kept, dropped = _lines_replaced("\n" + rest)
    return kept, [first.strip(), *dropped]


def _lines_replaced(source):
    lines, dropped = StringIO(source).readlines(), []
    while len(dropped) < MOST and (place := _next_magic(lines)):
        start, end = place
        dropped.append("".join(lines[start:end]).strip())
        indent = re.match(r"\s*", lines[start])[0]
        lines[start:end] = [f"{indent}pass\n", *["\n"] * (end - start - 1)]
    return "".join(lines), dropped


def _next_magic(lines):
    "The first line of the first magic, and the line after it; None where there is none."
    from IPython.core import inputtransformer2 as ipython
    tokens = ipython.make_tokens_by_line(lines)
    kinds = (ipython.MagicAssign, ipython.SystemAssign, ipython.EscapedCommand, ipython.HelpEnd)
    found = [magic for kind in kinds if (magic := kind.find(tokens))]
    if not found: return None
    start = min(magic.start_line for magic in found)
    end = start + 1
    while end < len(lines) and lines[end - 1].rstrip("\n").endswith("\\"): end += 1
    return start, end
