"""Looks into a zip that may have been made to do harm. Nothing is ever unpacked to disk."""

import lzma
import re
import stat
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo

from genai_course.grading.classes.reading import LARGEST, Unreadable, too_large

MOST_MEMBERS, LARGEST_RATIO, SMALL = 100_000, 200, 10_000_000  # a zip that unpacks to few bytes harms nobody, whatever the ratio
TROUBLES = (BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


class Member(NamedTuple):
    "A file in a zip: the parts of its path, and why it is refused, if it is."
    parts: tuple[str, ...]
    refusal: str = ""
    index: int = 0


@lru_cache(maxsize=4)
def _opened(path: Path) -> ZipFile: return ZipFile(path)


def members(path: Path) -> list[Member]:
    "The files in the zip at `path`. Raises Unreadable where it cannot be opened or would unpack to far more than it is."
    try: infos = _opened(path).infolist()
    except TROUBLES as error: raise Unreadable(f"The zip cannot be opened: {_words(error)}.") from None
    if len(infos) > MOST_MEMBERS: raise Unreadable(f"The zip holds {len(infos)} files; {MOST_MEMBERS} are the most.")
    if _is_bomb(sum(info.file_size for info in infos), path.stat().st_size): raise Unreadable("The zip unpacks to far more than its own size: a zip bomb.")
    return [_member(info, index) for index, info in enumerate(infos) if not info.is_dir()]


def _is_bomb(unpacked, packed): return unpacked > SMALL and unpacked > LARGEST_RATIO * max(packed, 1)


def _member(info: ZipInfo, index: int) -> Member:
    parts = tuple(part for part in re.split(r"[/\\]", info.filename) if part not in ("", "."))
    return Member(tuple(part for part in parts if part != "..") or ("unnamed",), _refusal(info, parts), index)


def _refusal(info, parts):
    if ".." in parts or re.match(r"[/\\]|[A-Za-z]:", info.filename): return "Its path leads out of the zip."
    if stat.S_ISLNK(info.external_attr >> 16): return "It is a link to another place, which may be anything."
    if info.filename.lower().endswith(".zip"): return "It is a zip within a zip."
    return ""


def read_member(path: Path, member: Member) -> bytes:
    "The bytes of a file in the zip at `path`. Raises Unreadable."
    archive = _opened(path)
    info = archive.infolist()[member.index]
    if _is_bomb(info.file_size, info.compress_size): raise Unreadable("It unpacks to far more than its own size: a zip bomb.")
    if info.file_size > LARGEST: raise Unreadable(too_large(info.file_size))
    if info.flag_bits & 1: raise Unreadable("It is protected by a password.")
    try: return archive.open(info).read(LARGEST)
    except TROUBLES as error: raise Unreadable(f"It cannot be unpacked: {_words(error)}.") from None


def _words(error): return " ".join(str(error).split())[:150].rstrip(".") or type(error).__name__
