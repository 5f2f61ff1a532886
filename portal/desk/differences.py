"""What differs between two inputs of a kind, field by field, with the labels of the form: for drafts, conflicts, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from content import models
from content.schemas import SCHEMAS, Field, InvalidInput, Reader, clean_text
from content.schemas.reading import Fault
from content.text.diff import compare_folded_html, compare_sides_html
from portal.desk import forms


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs; both sides as text, one paragraph a row or paragraph."""

    name: str
    label: str
    old: str
    new: str

    @property
    def html(self) -> str:
        """The difference in one text, long unchanged stretches folded; safe HTML."""
        return compare_folded_html(self.old, self.new)

    def sides(self, left: str, right: str) -> str:
        """The difference as a table of two columns, safe HTML."""
        return compare_sides_html(self.old, self.new, left=left, right=right)


def differences(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields of the form of `kind` that differ, in its order. Inputs may be clean, typed or empty."""
    hidden = forms.HIDDEN.get(kind, frozenset())
    found = []
    for name, spec in SCHEMAS[kind].items():
        if name not in hidden:
            before, after = _as_text(spec, old.get(name)), _as_text(spec, new.get(name))
            if before != after:
                found.append(Difference(name, forms.plain_label(spec.label), before, after))
    return tuple(found)


def between(old: models.Revision | None, new: models.Revision, kind: str) -> tuple[Difference, ...]:
    """What differs between two revisions, and which of their files have another content under the same name."""
    before = (old.files or {}) if old is not None else {}
    replaced = [name for name, sha256 in (new.files or {}).items() if before.get(name, sha256) != sha256]
    found = differences(kind, old.input if old is not None else {}, new.input)
    names = "\n".join(replaced)
    return (*found, Difference("files", "Dateien mit anderem Inhalt", "", names)) if replaced else found


def _as_text(spec: Field, value: Any) -> str:
    return "\n".join(_lines(spec.read, _settled(spec, value)))


def _settled(spec: Field, value: Any) -> Any:
    """`value` as it would be saved; as it is where it could not be saved."""
    if value in (None, "", [], {}):
        return spec.default()
    try:
        return spec.read(value)
    except (Fault, InvalidInput):
        return value


def _lines(reader: Reader, value: Any) -> Iterator[str]:
    if value in (None, "", [], {}):
        return
    if reader.shape == "list" and reader.one is not None and isinstance(value, list):
        for row in value:
            yield from _lines(reader.one, row)
    elif reader.shape == "record" and isinstance(value, Mapping):
        yield from _record_lines(reader, value)
    elif reader.shape == "shares" and isinstance(value, Mapping):
        yield from (f"{year}: {percent}" for year, percent in value.items())
    else:
        yield reader.choices.get(str(value)) or clean_text(str(value))


def _record_lines(reader: Reader, value: Mapping[str, Any]) -> Iterator[str]:
    """A row as one paragraph, so that a moved row is seen to have moved; long texts follow it."""
    short, long = [], []
    for name, spec in reader.fields.items():
        lines = list(_lines(spec.read, value.get(name)))
        if spec.read.shape == "markdown":
            long += lines
        elif lines:
            short.append(f"{forms.plain_label(spec.label)}: {', '.join(lines)}")
    if short:
        yield " | ".join(short)
    yield from long
