"""The frozen values that go into and come out of Word files. Texts are the portal's Markdown."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_LEVEL: Final = 6
_OWN_FILE: Final = re.compile(r"/datei/([0-9a-f]{64})/")
_BOOKMARK: Final = re.compile(r"s_([0-9a-f]{32})_(\d{1,5})\Z")


class NotWord(ValueError):  # noqa: N818 - named for the situation
    """The file cannot be read as a Word file; the message (German) says why and what to do."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark at a place: `quoted` are the words it stands at, `at` is when (None where the file does not say).

    `answers` are what was said to it, in order; `is_done`: it was ticked off.
    """

    author: str
    text: str
    quoted: str = ""
    at: dt.datetime | None = None
    answers: tuple[Comment, ...] = ()
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A section to write. `uid`: 32 hexadecimal digits; `rev` 0–99999; `level` 1 is the highest heading, 6 the lowest."""

    uid: str
    rev: int
    level: int
    heading: str
    text: str
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A report to write. `subtitle`: e.g. the working group; `base_url` makes addresses of the portal whole."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class ReadSection:
    """A section that was read. `uid` and `rev` are None for headings that never came from us.

    `text` has every tracked change accepted, `before` has every one rejected.
    """

    uid: str | None
    rev: int | None
    level: int
    heading: str
    text: str
    before: str
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackedChange:
    """Words that somebody added or removed with change tracking on."""

    author: str
    at: dt.datetime | None
    text: str
    is_addition: bool


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A Word file that was read. `lead`: Markdown before the first heading. `images`: name in the texts → bytes.

    `left_out` tells in German, a sentence each, what could not be taken.
    """

    title: str
    lead: str
    sections: tuple[ReadSection, ...]
    images: dict[str, bytes]
    changes: tuple[TrackedChange, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Paragraphs that somebody wants changed, with tracking on: `old` → `new` (either may be empty).

    `place` is the paragraph of the text they begin at (0-based), `previous` the one before them.
    """

    old: str
    new: str
    author: str
    at: dt.datetime | None
    place: int = 0
    previous: str = ""


@dataclass(frozen=True, slots=True)
class ReturnedSection:
    """A section as it came back. `rev`: the revision that was sent; `text`: it with the untracked changes made in it.

    `uid` is None for a section that is new. `accepted`: `text` with the tracked changes made as well. `comments` are those
    that were not sent just so: new ones, and those that were answered or ticked off.
    """

    uid: str | None
    rev: int | None
    level: int
    heading: str
    text: str
    accepted: str
    is_changed: bool
    suggestions: tuple[Suggestion, ...]
    comments: tuple[Comment, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """What a returned file says. `missing`: uids of sections that were sent and are not in it."""

    sections: tuple[ReturnedSection, ...]
    missing: tuple[str, ...]
    images: Mapping[str, bytes]
    left_out: tuple[str, ...]


def bookmark(section: Section) -> str:
    """The bookmark that names a section and its revision; Word allows 40 characters, this has at most 40."""
    return f"s_{section.uid}_{section.rev}"


def parse_bookmark(name: str) -> tuple[str, int] | None:
    """(uid, revision) of a bookmark that is ours, else None."""
    match = _BOOKMARK.match(name)
    return (match[1], int(match[2])) if match else None


def own_file(address: str) -> str:
    """The hash of the stored file that an address names; empty where it is none of ours."""
    match = _OWN_FILE.match(address)
    return match[1] if match else ""


def own_files(text: str) -> list[str]:
    """The hashes of the stored files that a text names."""
    return list(dict.fromkeys(_OWN_FILE.findall(text)))
