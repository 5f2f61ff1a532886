"""Puts what somebody typed back into the form of a page as it stands, whatever template made it.

For pages that are shown after a session was lost: only fields that a person sees are filled; what the page itself sends along
(revisions, tokens, names of acts) stays the page's. What finds no field is given back, so that nothing typed is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from markupsafe import escape

_OF_THE_PAGE: Final = frozenset({"hidden", "submit", "button", "image", "reset"})
"""Types of inputs that nobody types into."""
_CLOSED: Final = frozenset({"file", "password"})
"""Those that are never filled."""
_CHANGING: Final = frozenset({"rev", "entwurf", "aufgehoben", "nr", "formular"})
"""Hidden inputs that say how new the page is, not what the form is of."""
_MARKED: Final = re.compile(r"""\s+(?:value|checked|selected)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?(?=[\s/>])""")

Typed = Sequence[tuple[str, str]]


@dataclass(slots=True)
class _Field:
    """A field of a form, and where it stands in the page: its start tag, and what is inside a textarea."""

    tag: str
    kind: str
    name: str
    value: str
    start: int
    end: int
    inner_end: int = 0
    options: list[_Field] = field(default_factory=list)


@dataclass(slots=True)
class _Form:
    path: str
    is_posted: bool
    fields: list[_Field] = field(default_factory=list)

    def fit(self, typed: Typed) -> int:
        """How many of the fields were sent by this form; 0 where it is the form of something else."""
        given = set(typed)
        names = {name for name, _ in typed}
        fixed = [one for one in self.fields if one.kind == "hidden" and one.name in names and one.name not in _CHANGING]
        buttons = [one for one in self.fields if one.kind == "submit" and one.name in names]
        pressed = {one.name for one in buttons if (one.name, one.value) in given}
        if any((one.name, one.value) not in given for one in fixed) or any(one.name not in pressed for one in buttons):
            return 0
        seen = sum(one.name in names for one in self.fields if _is_filled(one))
        return seen and seen + (len(fixed) + len(pressed)) * len(self.fields)


def _is_filled(one: _Field) -> bool:
    return one.kind not in _OF_THE_PAGE and one.kind not in _CLOSED


class _Reader(HTMLParser):
    """The forms of a page, with the places of their fields."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.forms: list[_Form] = []
        self._form: _Form | None = None
        self._open: _Field | None = None
        self.feed(text)
        self.close()

    def _here(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form or a field begins."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = _Form(urlsplit(given.get("action", "")).path, given.get("method", "").lower() == "post")
            self.forms.append(self._form)
        if self._form is None or tag not in {"input", "textarea", "select", "option", "button"}:
            return
        start = self._here()
        one = _Field(
            tag,
            given.get("type", "text").lower() if tag == "input" else "submit" if tag == "button" else tag,
            given.get("name", ""),
            given.get("value", ""),
            start,
            start + len(self.get_starttag_text() or ""),
        )
        if tag == "option":
            if self._open is not None:
                self._open.options.append(one)
            return
        self._form.fields.append(one)
        self._open = one if tag in {"textarea", "select"} else None

    def handle_endtag(self, tag: str) -> None:
        """A form or a field ends."""
        if tag == "form":
            self._form = None
        if self._open is not None and tag == self._open.tag:
            self._open.inner_end = self._here()
            self._open = None


def filled(text: str, typed: Typed, path: str) -> tuple[str, list[str]]:
    """The page with `typed` in the form that posts it to `path`, and what has no field there."""
    forms = [form for form in _Reader(text).forms if form.is_posted and form.path in {"", path}]
    best = max(forms, key=lambda form: form.fit(typed), default=None)
    if best is None or not best.fit(typed):
        return text, _words(typed, forms)
    left = list(typed)
    changes: list[tuple[int, int, str]] = []
    for one in best.fields:
        if _is_filled(one) and one.name:
            changes += _change(text, one, left)
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text, _words(left, forms)


def _change(text: str, one: _Field, left: list[tuple[str, str]]) -> Iterable[tuple[int, int, str]]:
    """What is written in place of what, for one field; what it takes is taken out of `left`."""
    if one.kind in {"checkbox", "radio"}:
        row = (one.name, one.value or "on")
        is_on = row in left
        if is_on:
            left.remove(row)
        yield one.start, one.end, _tag(text, one, f' value="{escape(row[1])}"' + " checked" * is_on)
        return
    given = next((row for row in left if row[0] == one.name), None)
    if given is None:
        return
    row = given
    if one.tag == "select":
        if any(option.value == row[1] for option in one.options):
            left.remove(row)
            for option in one.options:
                yield (
                    option.start,
                    option.end,
                    _tag(text, option, f' value="{escape(option.value)}"' + " selected" * (option.value == row[1])),
                )
        return
    left.remove(row)
    if one.tag == "textarea":
        yield one.end, one.inner_end, f"\n{escape(row[1])}"
    else:
        yield one.start, one.end, _tag(text, one, f' value="{escape(row[1])}"')


def _tag(text: str, one: _Field, more: str) -> str:
    """The start tag with other marks."""
    bare = _MARKED.sub("", text[one.start : one.end]).rstrip(">").rstrip("/")
    return f"{bare}{more}>"


def _words(left: Iterable[tuple[str, str]], forms: Iterable[_Form]) -> list[str]:
    """What of it a person typed: not what pages send along."""
    along = {one.name for form in forms for one in form.fields if not _is_filled(one)}
    return [
        value
        for name, value in left
        if value.strip()
        and name not in along | _CHANGING
        and (" " in value.strip() or "\n" in value or len(value) > _WORD)
        and not _UID.fullmatch(value)
    ]


_WORD: Final = 2
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\d.]+")
