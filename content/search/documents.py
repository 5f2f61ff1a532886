"""Edition document → search document: the only place that knows both."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from content.search.interface import Document, Part


def from_edition(edition: Any) -> Document:
    """The search document of an edition row (`content.models.Edition` or a row with its columns)."""
    document = json.loads(edition.document)
    data = document["data"]
    return Document(
        edition_id=edition.id,
        kind=edition.kind,
        subkind=edition.subkind,
        url=edition.url,
        title=edition.title,
        numbers=_numbers(data),
        body=edition.body_slug,
        year=edition.year,
        meeting=edition.meeting_url,
        date=edition.sort_date if isinstance(edition.sort_date, dt.date) else dt.date.fromisoformat(edition.sort_date),
        topics=tuple(data.get("topics", ())),
        parts=tuple(part for part in _parts(document) if part.text),
        sha256=edition.sha256,
        position=edition.position,
    )


def _numbers(data: dict[str, Any]) -> tuple[str, ...]:
    number = data.get("number")
    return (number,) if number and "year" in data else ()


def _parts(document: dict[str, Any]) -> list[Part]:
    data = document["data"]
    words = [*data.get("topics", ()), *data.get("synonyms", ())]
    # The session belongs to what people search by („Umlaufverfahren“), though no text says it.
    words += [data["meeting"]["label"]] if data.get("meeting") else []
    extra = [Part("", "", " ".join(words))]
    if data.get("clauses"):
        return [Part(row["anchor"], row["label"], row["text"]) for row in data["clauses"]] + extra
    if data.get("sections"):
        sections = [
            Part(row["anchor"], row["heading"] or "", f"{row['heading'] or ''} {row['text']}".strip())
            for row in data["sections"]
        ]
        quotes = [Part("", row["speaker"], row["text"] or "") for row in data.get("quotes", ())]
        first = document["text"].split("\n\n", 1)[0]
        return [Part("", "", data.get("lead") or first), *sections, *quotes, *extra]
    return [Part("", "", document["text"]), *extra]
