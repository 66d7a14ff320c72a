"""The markers of an exercise master: `#| test q1 public points=2 name=shape` at the head of a cell, and the solution block inside one."""

import re
import shlex
from dataclasses import dataclass, field

MARKERS = ("setup", "spec", "author", "exercise", "given", "test", "mistake", "alternative", "explanation", "hint")
WITHOUT_QUESTION = ("setup", "spec", "author")
OPTIONS = {"exercise": ("points", "names", "minutes", "difficulty"), "test": ("points", "name")}
WORDS = {"test": 1, "mistake": 1, "hint": 1}  # what follows the question's id, besides options
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


class MasterError(ValueError):
    "Something in a master that cannot be used. The message names the notebook, the cell, and the mend."


@dataclass(frozen=True)
class Marker:
    "What the head of a cell says."
    kind: str  # one of MARKERS
    question: str = ""  # such as q1; empty for setup, spec and author
    words: tuple[str, ...] = ()  # what else stands there: public or hidden, a mistake's message, a hint's number
    options: dict[str, str] = field(default_factory=dict)  # such as points=2


def split_head(source: str) -> tuple[list[str], str]:
    "The text of a cell's leading `#|` lines (without the `#|`), and the rest of the cell."
    lines = source.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("#|")), len(lines))
    return [line[2:].strip() for line in lines[:count]], "\n".join(lines[count:]).strip("\n")


def parse_marker(head: list[str], place: str) -> Marker | None:
    "The course's marker among the `head` lines of a cell, or None. Raises MasterError, beginning with `place`, for a malformed one."
    starts = [i for i, line in enumerate(head) if line.split(" ")[0] in MARKERS]
    if not starts: return _no_marker(head, place)
    if len(starts) > 1 and not _inside_quotes(head[starts[0]:starts[1]]):
        raise MasterError(f"{place}: two markers in one cell ({head[starts[0]]!r} and {head[starts[1]]!r}). Give each a cell of its own.")
    return _read(_words(head[starts[0]:], place), place)


def _no_marker(head, place):
    unknown = [line for line in head if not re.match(r"[\w-]+(:|$)|export|hide|default_exp|eval", line)]
    if unknown: raise MasterError(f"{place}: {unknown[0]!r} is no marker. There are: {', '.join(MARKERS)}.")
    return None


def _inside_quotes(lines):
    try: shlex.split(" ".join(lines))
    except ValueError: return True
    return False


def _words(lines, place):
    "The words of the first line; a quoted text may go on in the lines below it."
    for last in range(1, len(lines) + 1):
        try: return shlex.split(" ".join(lines[:last]))
        except ValueError: continue
    raise MasterError(f"{place}: {lines[0]!r} opens a quotation mark that nothing closes.")


def _read(words, place):
    kind, *rest = words
    if kind in WITHOUT_QUESTION:
        if rest: raise MasterError(f"{place}: #| {kind} stands alone, but {' '.join(rest)!r} follows.")
        return Marker(kind)
    if not rest or not re.fullmatch(r"q\d+", rest[0]):
        raise MasterError(f"{place}: #| {kind} needs a question such as q1 after it; found {rest[0] if rest else 'nothing'!r}.")
    marker = Marker(kind, rest[0], *_split_options(kind, rest[1:]))
    _check(marker, place)
    return marker


def _split_options(kind, words):
    "Plain words, and the name=value pairs among them. A mistake's message is a word whatever stands in it."
    if kind not in OPTIONS: return tuple(words), {}
    pairs = [word.split("=", 1) for word in words if "=" in word]
    return tuple(word for word in words if "=" not in word), dict(pairs)


def _check(marker, place):
    kind, wanted = marker.kind, WORDS.get(marker.kind, 0)
    shapes = {"test": "public or hidden", "mistake": 'one message in quotes ("...")', "hint": "the hint's number"}
    if len(marker.words) != wanted or (wanted and not marker.words[0].strip()):
        found = " ".join(marker.words) or "nothing"
        raise MasterError(f"{place}: #| {kind} {marker.question} needs {shapes.get(kind, 'no more words')} after it; found {found!r}.")
    unknown = [name for name in marker.options if name not in OPTIONS[kind]]
    if unknown: raise MasterError(f"{place}: #| {kind} has no option {unknown[0]}. There are: {', '.join(OPTIONS[kind])}.")
    if kind == "test" and marker.words[0] not in ("public", "hidden"):
        raise MasterError(f"{place}: a test is public or hidden, not {marker.words[0]!r}.")
    if kind == "hint" and not marker.words[0].isdigit():
        raise MasterError(f"{place}: a hint has a number, as in #| hint q1 1; found {marker.words[0]!r}.")
    for name in ("points", "minutes", "difficulty"):
        if not marker.options.get(name, "1").isdigit():
            raise MasterError(f"{place}: {name} is a whole number, not {marker.options[name]!r}.")


def without_solution(code: str, place: str) -> str:
    "The answer cell's `code` with each solution block replaced by a line that says what is to be written. Raises MasterError."
    kept, inside, blocks = [], False, 0
    for line in code.splitlines():
        mark = line.strip()
        if mark in (BEGIN, END) and inside == (mark == BEGIN):
            raise MasterError(f"{place}: {mark} does not pair with {END if inside else BEGIN}.")
        if mark == BEGIN:
            kept += [line.replace(BEGIN, "# Write your answer here, in place of the next line."),
                     line.replace(BEGIN, 'raise NotImplementedError("not answered yet")')]
            blocks += 1
        if mark in (BEGIN, END): inside = mark == BEGIN
        elif not inside: kept.append(line)
    if inside or not blocks: raise MasterError(f"{place}: needs an answer between {BEGIN} and {END}.")
    return "\n".join(kept)


def with_solution(code: str) -> str:
    "The answer cell's `code` without the lines that mark the solution block."
    return "\n".join(line for line in code.splitlines() if line.strip() not in (BEGIN, END))
