"""What readers get of a report beside its text: its recommendations as a table, and one section at a time. Editions only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from content import reading
from content.kinds import KINDS
from content.services.browsing.browse import Reader

STATES: Final = KINDS["recommendation"].subkinds
_TO_ANCHOR: Final = re.compile(r'href="#(a\d{1,5})"')


@dataclass(frozen=True, slots=True)
class RecommendationRow:
    """A public recommendation of a report; `anchor` is the section that it is, empty where it has none."""

    number: str
    title: str
    url: str
    addressees: tuple[str, ...]
    state: str
    due: str
    anchor: str

    @property
    def state_label(self) -> str:
        """Where it stands, in German."""
        return STATES.get(self.state, self.state)


@dataclass(frozen=True, slots=True)
class SectionPage:
    """One section of a report with its neighbours; `html` leads to other sections by their own pages."""

    report: reading.ItemPage
    section: Mapping[str, Any]
    html: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    below: tuple[Mapping[str, Any], ...]
    state: str


def recommendations(reader: Reader, page: reading.ItemPage, state: str = "") -> tuple[RecommendationRow, ...]:
    """The public recommendations of a report in its order, those in `state` where one is asked for."""
    anchors = {
        section.get("recommendation"): section["anchor"]
        for section in page.data["sections"]
        if section.get("recommendation")
    }
    rows = [_row(reader, url, anchors.get(url, "")) for url in page.data["recommendations"] if url in page.linked]
    return tuple(row for row in rows if row is not None and (not state or row.state == state))


def _row(reader: Reader, url: str, anchor: str) -> RecommendationRow | None:
    found = reader.document(url)
    if found is None:
        return None
    document = orjson.loads(found[0])
    data = document["data"]
    return RecommendationRow(
        data["number"] or "",
        document["title"],
        url,
        tuple(data["addressees"]),
        data["state"],
        data["due"] or "",
        anchor,
    )


def section_page(reader: Reader, page: reading.ItemPage, anchor: str) -> SectionPage | None:
    """The section with that anchor; None where the report has none such."""
    sections: Sequence[Mapping[str, Any]] = page.data["sections"]
    place = next((index for index, section in enumerate(sections) if section["anchor"] == anchor), None)
    if place is None:
        return None
    section = sections[place]
    states = (
        {row.url: row.state_label for row in recommendations(reader, page)} if section.get("recommendation") else {}
    )
    return SectionPage(
        report=page,
        section=section,
        html=_TO_ANCHOR.sub(rf'href="{page.url}/abschnitt/\1"', section["html"]),
        before=sections[place - 1] if place else None,
        after=sections[place + 1] if place + 1 < len(sections) else None,
        below=tuple(other for other in sections if other.get("parent") == anchor),
        state=states.get(str(section.get("recommendation")), ""),
    )
