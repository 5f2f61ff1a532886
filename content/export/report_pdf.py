"""What the PDF of a report has beside its text: a title page, numbered sections, a list of recommendations. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.export.blocks import heading_block, html_blocks, text_block
from content.schemas.reports import SECTION

KIND_WORDS: Final[Mapping[str, str]] = SECTION["kind"].read.choices


def front_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The title page: who wrote it, by whose order, when."""
    data = document["data"]
    rows = [
        ("Arbeitsgruppe", data.get("group")),
        ("Federführung", data.get("lead")),
        ("Untergruppen", ", ".join(data.get("subgroups") or ())),
        ("Datum", ".".join(reversed(data["date"].split("-"))) if data.get("date") else None),
        ("Fassung", str(document["edition"])),
    ]
    return {"rows": [[label, value] for label, value in rows if value]}


def report_blocks(document: Mapping[str, Any], base_url: str) -> list[dict[str, Any]]:
    """Summary, sections with numbers and anchors, recommendations with where they are followed up."""
    data = document["data"]
    sections = data["sections"]
    anchors = frozenset(section["anchor"] for section in sections)
    found = []
    if data.get("plain"):
        found += [heading_block("In Leichter Sprache"), *html_blocks(data["plain"]["html"], base_url)]
    summary = html_blocks(document["html"].partition('<section id="')[0], base_url, anchors)
    found += [heading_block("Zusammenfassung"), *summary] if summary else []
    for section in sections:
        title = f"{section.get('number', '')} {section['heading']}".strip()
        found.append({**heading_block(title, section.get("level", 1) + 1), "id": section["anchor"]})
        if section["kind"] != "text":
            found.append({"t": "p", "c": [{"t": "strong", "c": [{"t": "text", "s": KIND_WORDS[section["kind"]]}]}]})
        found += html_blocks(section["html"], base_url, anchors)
    return [*found, *_recommendations(data, base_url)]


def _recommendations(data: Mapping[str, Any], base_url: str) -> list[dict[str, Any]]:
    urls = data.get("recommendations") or ()
    if not urls:
        return []
    own = {section.get("recommendation"): section for section in data["sections"] if section.get("recommendation")}
    items = []
    for url in urls:
        section = own.get(url)
        address = {"t": "link", "url": base_url + url, "c": [{"t": "text", "s": base_url + url}]}
        words = (
            [
                {"t": "ref", "to": section["anchor"], "c": [{"t": "text", "s": section["heading"]}]},
                {"t": "text", "s": ": "},
            ]
            if section
            else []
        )
        items.append([{"t": "p", "c": [*words, address]}])
    return [
        heading_block("Verzeichnis der Empfehlungen"),
        text_block("Wo jede Empfehlung heute steht, zeigt ihre Seite."),
        {"t": "list", "items": items},
    ]
