"""Edition document → citation: as text, BibTeX, RIS; and the metadata of its page.

The document is the frozen one, so a citation never changes for an edition. Escaping is done here, whatever the title.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from content.kinds import KINDS
from content.typed.berlin import day_of

_TEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_DESCRIPTION_CHARS: Final = 200


def plain(document: Mapping[str, Any], *, base_url: str, accessed: dt.date | None = None) -> str:
    """„IT-Planungsrat, Beschluss 2021/39 „…“ vom 29. Oktober 2021 (36. Sitzung), Fassung 1, https://…“"""
    data = document["data"]
    parts = [_author(document)]
    title = _one_line(document["title"])
    if document["kind"] == "decision":
        parts.append(f"Beschluss {data['number']}" + ("" if "(ohne Titel)" in title else f" „{title}“"))
    else:
        parts.append(f"{_genre(document)} „{title}“")
    date = _date(data)
    if date:
        parts[-1] += f" vom {_german(date)}"
    meeting = data.get("meeting")
    if meeting:
        parts[-1] += f" ({meeting['label']})"
    parts += [f"Fassung {document['edition']}", base_url + document["url"]]
    text = ", ".join(part for part in parts if part)
    return f"{text} (abgerufen am {_german(accessed)})." if accessed else f"{text}."


def bibtex(document: Mapping[str, Any], *, base_url: str, accessed: dt.date | None = None) -> str:
    """A BibTeX entry, UTF-8, special characters of TeX escaped."""
    data = document["data"]
    date = _date(data)
    rows = {
        "author": "{" + _tex(_author(document)) + "}",
        "title": "{" + _tex(_one_line(document["title"])) + "}",
        "type": _tex(_genre(document)),
        "number": _tex(data.get("number") or ""),
        "year": str(date.year) if date else str(data.get("year") or ""),
        "date": date.isoformat() if date else "",
        "note": _tex(f"{data['meeting']['label']}, " if data.get("meeting") else "") + f"Fassung {document['edition']}",
        "url": base_url + document["url"],
        "urldate": accessed.isoformat() if accessed else "",
        "langid": "ngerman",
    }
    key = re.sub(r"[^A-Za-z0-9]+", "-", document["url"].strip("/"))
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in rows.items() if value)
    return f"@misc{{{key},\n{body}}}\n"


def ris(document: Mapping[str, Any], *, base_url: str, accessed: dt.date | None = None) -> str:
    """A RIS record with CRLF line ends."""
    data = document["data"]
    date = _date(data)
    rows = [
        ("TY", {"press_release": "PRESS", "report": "RPRT", "decision": "LEGAL"}.get(document["kind"], "ELEC")),
        ("AU", _author(document)),
        ("TI", _one_line(document["title"])),
        ("M1", data.get("number") or ""),
        ("PY", str(date.year) if date else str(data.get("year") or "")),
        ("DA", f"{date:%Y/%m/%d}/" if date else ""),
        ("T2", data["meeting"]["label"] if data.get("meeting") else ""),
        ("ET", f"Fassung {document['edition']}"),
        ("LA", "de"),
        ("UR", base_url + document["url"]),
        ("Y2", f"{accessed:%Y/%m/%d}/" if accessed else ""),
    ]
    lines = [f"{tag}  - {_one_line(value)}" for tag, value in rows if value]
    return "\r\n".join([*lines, "ER  - ", ""])


@dataclass(frozen=True, slots=True)
class PageMeta:
    """Metadata of an item's page: description, (name, content) tags, JSON-LD ready for a script element."""

    description: str
    tags: tuple[tuple[str, str], ...]
    json_ld: str


def html_meta(
    *, kind: str, title: str, url: str, data: Mapping[str, Any], base_url: str, valid_from: dt.datetime
) -> PageMeta:
    """What search engines and social networks read of a page."""
    date = _date(data)
    document = {"kind": kind, "title": title, "data": data}
    first = (
        next((clause["text"] for clause in data.get("clauses", ()) if clause["text"]), "") or data.get("summary") or ""
    )
    description = _cut(first or f"{_genre(document)} {_author(document)}")
    label = f"Beschluss {data['number']}: {title}" if kind == "decision" else title
    tags = [
        ("og:type", "article"),
        ("og:title", label),
        ("og:description", description),
        ("og:url", base_url + url),
        ("og:locale", "de_DE"),
        ("og:site_name", "Beschlussportal"),
        ("citation_title", title),
        ("citation_author", _author(document)),
        ("citation_language", "de"),
        ("citation_publication_date", f"{date:%Y/%m/%d}" if date else ""),
    ]
    ld: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": _SCHEMA_TYPES.get(kind, "WebPage"),
        "name": title,
        "headline": title,
        "url": base_url + url,
        "inLanguage": "de",
        "datePublished": day_of(valid_from).isoformat(),
        "publisher": {"@type": "Organization", "name": _author(document)},
    }
    if kind == "decision":
        ld |= {
            "legislationIdentifier": data["number"],
            "legislationDate": data.get("date"),
            "legislationType": "Beschluss",
        }
        ld["citation"] = sorted({base_url + row["url"] for row in data.get("references", ())}) or None
    if kind == "meeting":
        ld |= {"startDate": data.get("date"), "location": data.get("place"), "organizer": ld.pop("publisher")}
    kept = {name: value for name, value in ld.items() if value is not None}
    return PageMeta(description, tuple(tag for tag in tags if tag[1]), script_json(kept))


_SCHEMA_TYPES: Final = {
    "decision": "Legislation",
    "meeting": "Event",
    "press_release": "NewsArticle",
    "report": "Report",
    "organisation": "Organization",
    "body": "Organization",
    "term": "DefinedTerm",
    "market_item": "GovernmentService",
}


def script_json(value: Mapping[str, Any]) -> str:
    """JSON that cannot leave the script element it stands in."""
    text = orjson.dumps(value).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _author(document: Mapping[str, Any]) -> str:
    data = document["data"]
    body = data.get("body")
    author = (body or {}).get("name") or data.get("publisher") or data.get("group") or "IT-Planungsrat"
    return _one_line(author)


def _genre(document: Mapping[str, Any]) -> str:
    kind = KINDS[document["kind"]]
    return kind.subkinds.get(document["data"].get("release_kind", ""), kind.label)


def _date(data: Mapping[str, Any]) -> dt.date | None:
    text = data.get("date")
    return dt.date.fromisoformat(text) if text else None


_MONTHS: Final = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]


def _german(date: dt.date) -> str:
    return f"{date.day}. {_MONTHS[date.month - 1]} {date.year}"


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


def _cut(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= _DESCRIPTION_CHARS else line[: _DESCRIPTION_CHARS - 1].rsplit(" ", 1)[0] + " …"


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in _one_line(text))
