"""Rows of the public side's statements → the frozen values that templates get (`content.reading`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from content import reading
from content.council.bodies import Bodies
from content.kinds import KINDS
from content.models.item import LINK
from content.services.browsing.statements import AnyRow
from content.text import wording
from content.text.citations import Relation

ACT_LABELS: Final[Mapping[str, str]] = {
    "publish": "Veröffentlicht",
    "correct": "Berichtigt",
    "withdraw": "Zurückgezogen",
    "republish": "Wieder veröffentlicht",
    "supersede": "Ersetzt",
    "key": "Schlüssel gewechselt",
    "restored": "Wiederhergestellt",
    "columns": "Festgehalten",
    "numbers": "Erklärt",
}

RELATION_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    Relation.CITES: ("nennt", "wird genannt von"),
    Relation.AMENDS: ("ändert", "wird geändert durch"),
    Relation.REPEALS: ("hebt auf", "wird aufgehoben durch"),
    Relation.REPLACES: ("ersetzt", "wird ersetzt durch"),
    Relation.IMPLEMENTS: ("setzt um", "wird umgesetzt durch"),
    Relation.EXTENDS: ("ergänzt", "wird ergänzt durch"),
}
REFERENCE_KINDS: Final = frozenset({"decision"})
RELATED_ORDER: Final = ("meeting", "press_release", "report", "recommendation", "market_item", "offer", "term")


def entry(row: AnyRow) -> reading.ListEntry:
    return reading.ListEntry(
        kind=row.kind,
        kind_label=KINDS[row.kind].label,
        url=row.url,
        title=row.title,
        header=tuple(row.header),
        date=row.date,
        summary=row.summary,
    )


def target(row: AnyRow) -> reading.Link:
    return reading.Link(short_label(row), row.url, row.title, row.date)


def short_label(row: AnyRow) -> str:
    """What names an item in a line of links: „Beschluss 2021/39“, „36. Sitzung …“, else the title."""
    if row.url.startswith("/beschluss/"):
        return str(row.header[-1])
    return str(row.title)


def proof(row: AnyRow) -> reading.Proof:
    return reading.Proof(
        edition=row.number,
        sha256=row.sha256,
        position=row.position,
        entry_hash=row.entry_hash,
        key_id=orjson.loads(row.line)["key_id"],
        recorded_at=row.recorded_at,
        valid_from=row.valid_from,
    )


def named_addresses(data: Mapping[str, Any]) -> list[str]:
    """Every address of this portal that the structured data of an edition names."""
    meeting = data.get("meeting")
    urls = [meeting["url"]] if meeting else []
    urls += [row["url"] for row in data.get("references", ())]
    urls += [row["decision"] for row in data.get("agenda", ())]
    for name in ("decisions", "recommendations", "market_items"):
        urls += data.get(name, ())
    urls += [row["url"] for row in data.get("links", ())]
    urls += [data.get(name) for name in ("report", "commissioned_by", "noted_by", "market_item", "due_meeting")]
    urls += [data["replacement"]["url"]] if "replacement" in data else []
    urls += [data["clause"]["url"]] if "clause" in data else []
    return [url for url in dict.fromkeys(urls) if url]


def outgoing(
    data: Mapping[str, Any], live: Mapping[str, reading.Link], bodies: Bodies
) -> tuple[reading.ReferenceRow, ...]:
    labels = {clause["anchor"]: clause["label"] for clause in data.get("clauses", ())}
    rows = []
    for row in data.get("references", ()):
        link = live.get(row["url"])
        fragment = f"#{row['anchor']}" if row["anchor"] else ""
        label = wording.address_words(row["url"], row["anchor"], bodies=bodies)
        rows.append(
            reading.ReferenceRow(
                relation=row["relation"],
                relation_label=RELATION_LABELS[row["relation"]][0],
                own_anchor=row["from"],
                own_label=labels.get(row["from"] or "", ""),
                target=reading.Link(label, link.url + fragment if link and link.url else None),
                title=link.hint if link else "",
                quoted=row["text"],
            )
        )
    return tuple(rows)


def incoming(rows: Sequence[AnyRow], bodies: Bodies) -> tuple[reading.ReferenceRow, ...]:
    return tuple(
        reading.ReferenceRow(
            relation=row.relation,
            relation_label=RELATION_LABELS[row.relation][1],
            own_anchor=row.target_anchor,
            own_label=wording.anchor_words(row.target_anchor) if row.target_anchor else "",
            target=reading.Link(
                wording.address_words(row.url, row.from_anchor, bodies=bodies),
                f"{row.url}#{row.from_anchor}" if row.from_anchor else row.url,
            ),
            title=row.title,
            quoted=row.quoted,
        )
        for row in rows
        if is_reference(row)
    )


def is_reference(row: AnyRow) -> bool:
    """Whether an incoming row is a decision that speaks of this item, rather than a link that an editor set."""
    return row.kind in REFERENCE_KINDS and row.relation != LINK


def places(url: str, data: Mapping[str, Any], rows: Sequence[AnyRow]) -> Mapping[str, tuple[reading.Place, ...]]:
    """Address of the other item → the places at both ends of the links from and to `url`; links between wholes name none."""
    found: dict[str, dict[reading.Place, None]] = {}
    named = [(row["url"], row["from"], row["from_label"], row["anchor"], row["label"]) for row in data.get("links", ())]
    named += [
        (row.url, row.target_anchor, row.quoted, row.from_anchor, row.from_label)
        for row in rows
        if row.relation == LINK
    ]
    for other, own_anchor, own_label, their_anchor, their_label in named:
        if own_anchor or their_anchor:
            own = reading.Link(own_label or own_anchor or "", f"#{own_anchor}" if own_anchor else None)
            there = reading.Link(their_label or their_anchor or "", f"{other}#{their_anchor}" if their_anchor else None)
            found.setdefault(other, {})[reading.Place(own, there)] = None
    return {other: tuple(rows) for other, rows in found.items() if other != url}


def stemming(rows: Sequence[AnyRow]) -> tuple[reading.ReferenceRow, ...]:
    """Recommendations that name a clause or a section of this item as the place they come from."""
    return tuple(
        reading.ReferenceRow(
            relation=row.relation,
            relation_label="",
            own_anchor=row.target_anchor,
            own_label=wording.anchor_words(row.target_anchor),
            target=reading.Link(row.title, row.url),
            title=row.title,
        )
        for row in rows
        if row.kind == "recommendation" and row.target_anchor
    )


_MEDIA_LABELS: Final[Mapping[str, str]] = {
    "application/pdf": "PDF",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word (DOCX)",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel (XLSX)",
    "application/vnd.oasis.opendocument.text": "OpenDocument (ODT)",
    "text/csv": "CSV",
    "text/plain": "Text",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
}


def attachment(row: Mapping[str, Any]) -> reading.AttachmentRow:
    size = row["size_bytes"]
    reasons = {"members": "Nur für Mitglieder des Gremiums zugänglich.", "withheld": row["reason"]}
    return reading.AttachmentRow(
        title=row["title"],
        file_name=row["file_name"],
        url=f"/datei/{row['sha256']}/{row['file_name']}" if row["sha256"] else None,
        media_label=_MEDIA_LABELS.get(row["media_type"] or "", ""),
        size_label=size_words(size) if size is not None else "",
        reason=reasons.get(row["visibility"]) or (None if row["sha256"] else "Die Datei liegt dem Portal nicht vor."),
    )


def size_words(size_bytes: int) -> str:
    """`38 kB`, `1,4 MB`."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f} MB".replace(".", ",")


def ledger_row(row: AnyRow, *, is_gone: bool) -> reading.LedgerRow:
    return reading.LedgerRow(
        position=row.position,
        recorded_at=row.recorded_at,
        act=row.act,
        act_label=ACT_LABELS[row.act],
        url=row.url,
        title="(zurückgezogen)" if is_gone else row.title,
        edition=row.edition,
        sha256=row.edition_sha256,
        hash=row.hash,
        note=row.note,
        is_of_register=row.kind == "register",
    )
