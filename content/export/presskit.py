"""Edition document → press kit (ZIP): text, PDF, pictures with credits, contacts of that day, facts.

The same document, files and public state give the same bytes: nothing is compressed, entries are sorted, and the only
time is the one given. Tables can be opened in a spreadsheet without running anything.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from content import reading
from content.export.citation import plain
from content.kinds import KINDS
from content.typed.berlin import day_of

_WRAP: Final = "\r\n"
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![\d (]*$)")
_CONTACT_COLUMNS: Final = ("organisation", "unit", "person", "role", "phone", "mobile", "email")
_CONTACT_TITLES: Final = ("Organisation", "Stelle", "Person", "Funktion", "Telefon", "Mobil", "E-Mail")


@dataclass(frozen=True, slots=True)
class Kit:
    """What a kit is made of. `files`: name in the kit → where it lies. `linked`: public addresses that the text names."""

    document: Mapping[str, Any]
    files: Mapping[str, Path]
    linked: Mapping[str, reading.Link]
    base_url: str
    made_at: dt.datetime
    embargo: str = ""
    """Words about the embargo, at the head of every text; empty for what is public."""
    missing: tuple[str, ...] = ()
    """Names of files that belong into the kit and are not there at present."""


def build(kit: Kit, out: IO[bytes]) -> None:
    """Write the kit as ZIP."""
    entries: dict[str, bytes | Path] = {
        "LIESMICH.txt": _text(_read_me(kit)),
        "mitteilung.txt": _text(_release(kit)),
        "kontakte.csv": _table(
            _CONTACT_TITLES, [[row.get(name) or "" for name in _CONTACT_COLUMNS] for row in contacts(kit)]
        ),
        "fakten.json": (json.dumps(facts(kit), ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode(),
        "fakten.csv": _table(("Angabe", "Wert", "Adresse"), _fact_rows(facts(kit))),
        **kit.files,
    }
    image = kit.document["data"].get("image")
    if image:
        entries["bilder/nachweise.txt"] = _text(_credits(image))
    moment = kit.made_at.astimezone(dt.UTC)
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, stamp)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            _add(packed, entry, entries[name])


def _add(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, content: bytes | Path) -> None:
    if isinstance(content, bytes):
        packed.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as source, packed.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def contacts(kit: Kit) -> list[Mapping[str, Any]]:
    """The contacts that are valid on the day of the release."""
    day = kit.document["data"].get("date") or day_of(kit.made_at).isoformat()
    return [
        row
        for row in kit.document["data"].get("contacts", ())
        if (row.get("valid_from") or day) <= day <= (row.get("valid_until") or day)
    ]


def facts(kit: Kit) -> dict[str, Any]:
    """What the release is about, for machines. Decisions that are not public yet have a number and no address."""
    document, data = kit.document, kit.document["data"]
    meeting = data.get("meeting")
    return {
        "title": document["title"],
        "kind": KINDS[document["kind"]].label,
        "publisher": data.get("publisher"),
        "date": data.get("date"),
        "url": kit.base_url + document["url"],
        "edition": document["edition"] or None,
        "embargo": kit.embargo or None,
        "meeting": {"label": meeting["label"], "date": meeting["date"], "url": _public(kit, meeting["url"])}
        if meeting
        else None,
        "decisions": [_decision(kit, url) for url in data.get("decisions", ())],
        "quotes": [dict(row) for row in data.get("quotes", ()) if row.get("text")],
        "image": {name: data["image"].get(name) for name in ("file_name", "alt", "caption", "credit")}
        if data.get("image")
        else None,
        "topics": list(data.get("topics", ())),
    }


def _decision(kit: Kit, url: str) -> dict[str, Any]:
    link = kit.linked.get(url)
    number = "/".join(url.split("/")[-2:])
    return {"number": number, "title": link.hint if link else None, "url": _public(kit, url)}


def _public(kit: Kit, url: str) -> str | None:
    return kit.base_url + url if url in kit.linked else None


def _release(kit: Kit) -> list[str]:
    document, data = kit.document, kit.document["data"]
    lines = [
        document["title"],
        "",
        *([" | ".join(part for part in (data.get("publisher"), data.get("date")) if part), ""]),
    ]
    lines += [document["text"], ""]
    for row in contacts(kit):
        lines += ["Pressekontakt:", *(str(row[name]) for name in _CONTACT_COLUMNS if row.get(name)), ""]
    return [*_embargo(kit), *lines, kit.base_url + document["url"]]


def _read_me(kit: Kit) -> list[str]:
    lines = [
        f"Pressemappe: {kit.document['title']}",
        "",
        "mitteilung.txt, mitteilung.pdf   der Text",
        "kontakte.csv                     Ansprechpersonen, wie sie am Tag der Mitteilung gelten",
        "fakten.json, fakten.csv          Angaben für Programme und Tabellen",
    ]
    if kit.document["data"].get("image"):
        lines.append("bilder/                          Bild; Bildnachweis und Bildbeschreibung in nachweise.txt")
    if kit.missing:
        lines += ["", f"Zurzeit fehlt: {', '.join(kit.missing)}. Bitte die Pressemappe später noch einmal laden."]
    source = (
        plain(kit.document, base_url=kit.base_url) if kit.document["edition"] else kit.base_url + kit.document["url"]
    )
    return [*_embargo(kit), *lines, "", f"Quelle: {source}"]


def _credits(image: Mapping[str, Any]) -> list[str]:
    rows = (
        ("Datei", image.get("file_name")),
        ("Bildnachweis", image.get("credit")),
        ("Bildunterschrift", image.get("caption")),
        ("Bildbeschreibung", image.get("alt")),
    )
    return [f"{label}: {value}" for label, value in rows if value]


def _embargo(kit: Kit) -> list[str]:
    return [kit.embargo, ""] if kit.embargo else []


def _fact_rows(found: Mapping[str, Any]) -> Iterable[Sequence[str]]:
    for name, label in (
        ("title", "Titel"),
        ("kind", "Art"),
        ("publisher", "Herausgeber"),
        ("date", "Datum"),
        ("embargo", "Sperrfrist"),
    ):
        if found[name]:
            yield label, str(found[name]), found["url"] if name == "title" else ""
    if found["meeting"]:
        yield "Sitzung", found["meeting"]["label"], found["meeting"]["url"] or ""
    for row in found["decisions"]:
        yield "Beschluss", " – ".join(part for part in (row["number"], row["title"]) if part), row["url"] or ""
    for row in found["quotes"]:
        yield "Zitat", f"{row['speaker']}: {row['text']}", ""


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator=_WRAP)
    writer.writerow(titles)
    writer.writerows([f"'{cell}" if _FORMULA.match(cell) else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _text(lines: Iterable[str]) -> bytes:
    return (_WRAP.join("\n".join(lines).splitlines()) + _WRAP).encode()
