"""Edition document → search document: the only place that knows both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson

from content.search.interface import Document, Part

PageTexts = Callable[[str, str], Sequence[str]]
"""SHA-256 and media type of a file → the text of its pages, empty for what has none."""

SHOWN: Final = (
    "id",
    "kind",
    "url",
    "title",
    "sort_date",
    "valid_from",
    "valid_until",
    "sha256",
    "position",
    "document",
    "is_withdrawn",
)


def no_pages(_sha256: str, _media_type: str) -> Sequence[str]:
    """For callers that have no files."""
    return ()


def from_edition(edition: Any, pages: PageTexts = no_pages) -> Document:
    """The search document of an edition row (`content.models.Edition` or a row with its columns)."""
    document = orjson.loads(edition.document)
    return _made(
        edition,
        document,
        pages,
        {name: values for name, values in _filters(edition, document["data"]).items() if values},
    )


def to_show(edition: Any, pages: PageTexts) -> Document:
    """The same for a hit, which is not filtered any more; of the row it needs `SHOWN` only."""
    return _made(edition, orjson.loads(edition.document), pages, {})


def _made(
    edition: Any, document: Mapping[str, Any], pages: PageTexts, filters: Mapping[str, tuple[str, ...]]
) -> Document:
    data = document["data"]
    return Document(
        edition_id=edition.id,
        kind=edition.kind,
        url=edition.url,
        title=edition.title,
        numbers=_numbers(edition, data),
        date=edition.sort_date if isinstance(edition.sort_date, dt.date) else dt.date.fromisoformat(edition.sort_date),
        since=edition.valid_from,
        until=edition.valid_until,
        filters=filters,
        parts=tuple(part for part in [*_parts(document), *_files(data, pages)] if part.text),
        sha256=edition.sha256,
        position=edition.position,
        names=tuple(
            dict.fromkeys(name for name in (edition.title, data.get("abbreviation"), data.get("short")) if name)
        ),
    )


def _numbers(edition: Any, data: Mapping[str, Any]) -> tuple[str, ...]:
    if edition.kind == "meeting":
        return (edition.url,)
    number = data.get("number")
    return (number,) if number and "year" in data else ()


def _filters(edition: Any, data: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    clauses = data.get("clauses") or ()
    addressees = [who for clause in clauses for who in clause["addressees"]] + list(data.get("addressees") or ())
    return {
        "kind": (edition.kind,),
        "year": (str(edition.year),) if edition.year else (),
        "body": (edition.body_slug,) if edition.body_slug else (),
        "meeting": (edition.meeting_url,) if edition.meeting_url else (),
        "topic": tuple(dict.fromkeys(data.get("topics") or ())),
        "addressee": tuple(dict.fromkeys(addressees)),
        # A decision's own state never changes; what does have one are recommendations and services.
        "state": (f"{edition.kind}.{data['state']}",) if data.get("state") else (),
        "clause": tuple(dict.fromkeys(number for clause in clauses for number in _clause_numbers(clause))),
    }


def _clause_numbers(clause: Mapping[str, Any]) -> tuple[str, ...]:
    path = [str(step) for step in clause.get("path") or ()]
    return tuple("".join(path[:depth]) for depth in (1, 2) if path[:depth])


def _parts(document: Mapping[str, Any]) -> list[Part]:
    data = document["data"]
    names = [*data.get("synonyms", ()), data.get("abbreviation") or "", data.get("short") or ""]
    # The session belongs to what people search by („Umlaufverfahren“), though no text says it.
    label = data["meeting"]["label"] if data.get("meeting") else ""
    numbered = label[:1].isdigit()
    extra = [Part("", "Thema", word, is_keyword=True) for word in data.get("topics", ())]
    extra += [Part("", "Anderer Name", word, is_keyword=True) for word in names if word]
    extra += [Part("", "Sitzung", label, is_keyword=not numbered)] if label else []
    extra += [Part("", "Anlage", row["title"]) for row in data.get("attachments") or ()]
    extra += _people_and_places(data)
    if data.get("clauses"):
        return [
            Part(row["anchor"], row["label"], row["text"], "".join(map(str, row.get("path") or ())))
            for row in data["clauses"]
        ] + extra
    if data.get("sections"):
        sections = [
            Part(row["anchor"], row["heading"] or "", f"{row['heading'] or ''} {row['text']}".strip())
            for row in data["sections"]
        ]
        quotes = [Part("", row["speaker"], f"{row['speaker']}: {row['text'] or ''}") for row in data.get("quotes", ())]
        first = document["text"].split("\n\n", 1)[0]
        return [Part("", "", first), *sections, *quotes, *extra]
    return [Part("", "", document["text"]), *extra]


def _people_and_places(data: Mapping[str, Any]) -> list[Part]:
    """What a page says beside its text: who was in the chair, where it was, who wrote it."""
    said = [("Ort", data.get("place")), ("Arbeitsgruppe", data.get("group")), ("Vorsitz", data.get("chair"))]
    found = [Part("", label, f"{label}: {value}") for label, value in said if value]
    for row in data.get("chairs") or ():
        who = ", ".join(one for one in (row.get("name"), row.get("land")) if one)
        found.append(Part("", "Vorsitz", f"Vorsitz {row['year']}: {who}"))
    return found


def _files(data: Mapping[str, Any], pages: PageTexts) -> list[Part]:
    """The pages of the attachments that are public."""
    found: list[Part] = []
    for row in data.get("attachments") or ():
        if not row.get("sha256"):
            continue
        texts = pages(row["sha256"], row.get("media_type") or "")
        for number, text in enumerate(texts, start=1):
            where = f", Seite {number}" if len(texts) > 1 or row["file_name"].endswith(".pdf") else ""
            anchor = f"#page={number}" if row["file_name"].endswith(".pdf") else ""
            address = f"/datei/{row['sha256']}/{quote(row['file_name'])}{anchor}"
            found.append(Part("", f"Anlage „{row['title']}“{where}", text, url=address))
    return found
