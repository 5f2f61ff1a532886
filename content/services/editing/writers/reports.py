"""Writing reports and recommendations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import due
from content.kinds import item_url
from content.models.item import new_uid
from content.schemas import FieldError, InvalidInput
from content.services.base.lookup import find, known_bodies
from content.services.editing import addressees
from content.services.editing.writers.common import decision_addresses, numbered
from content.services.editing.writers.known import is_named, known, places
from content.text import outline

_OWN_FILE: Final = re.compile(r"/datei/[0-9a-f]{64}/([^\s/)\"]+)")


def prepare_report(session: Session, value: Mapping[str, Any]) -> None:
    """Refuse identities and anchors that are given twice or belong to another report."""
    errors: list[FieldError] = []
    for name, label in (("uid", "Die Kennung"), ("anchor", "Die Sprungmarke")):
        given = [row[name] for row in value["sections"]]
        errors += [
            FieldError(
                f"sections.{index}.{name}",
                "doubled",
                f"{label} steht schon bei einem anderen Abschnitt. Bitte weglassen.",
            )
            for index, mark in enumerate(given, start=1)
            if mark and mark in given[: index - 1]
        ]
    uids = [row["uid"] for row in value["sections"] if row["uid"]]
    taken = sa.select(models.ReportSection.uid).join(models.Report, models.Report.id == models.ReportSection.report_id)
    query = taken.where(models.ReportSection.uid.in_(uids), models.Report.url != item_url("report", value["slug"]))
    errors += [
        FieldError(
            "sections", "foreign_section", f"Die Kennung {uid} gehört zu einem anderen Bericht. Bitte weglassen."
        )
        for uid in (session.scalars(query) if uids else ())
    ]
    if errors:
        raise InvalidInput(errors)


def with_stored_files(value: Mapping[str, Any], files: Mapping[str, models.File]) -> dict[str, Any]:
    """A report whose sections show its files (by name) as they are stored: pictures are encoded anew when they come in."""
    stored = {name.rsplit("/", 1)[-1]: file.sha256 for name, file in files.items()}

    def address(match: re.Match[str]) -> str:
        sha256 = stored.get(unquote(match[1]))
        return f"/datei/{sha256}/{match[1]}" if sha256 else match[0]

    return {**value, "sections": [{**row, "text": _OWN_FILE.sub(address, row["text"])} for row in value["sections"]]}


def write_report(item: models.Report, value: Mapping[str, Any], _prepared: object) -> None:
    item.group, item.lead, item.subgroups, item.date = value["group"], value["lead"], value["subgroups"], value["date"]
    item.commissioned_by, item.noted_by = value["commissioned_by"], value["noted_by"]
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    write_sections(item, value["sections"])
    write_plain(item, value["plain_text"], value["plain_sections"])
    named = [url for url in (item.commissioned_by, item.noted_by, *item.recommendation_urls) if url]
    item.references = numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in named])


def write_sections(item: models.Report, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make the sections of `item` those of `rows`; a section that stays keeps identity, anchor and past."""
    kept = _kept_sections(item, rows)
    item.anchors_given = max([item.anchors_given or 0, *(int(row["anchor"][1:]) for row in rows if row["anchor"])])
    item.sections = [_section(item, section, row) for section, row in zip(kept, rows, strict=True)]
    place_sections(item)


def place_sections(item: models.Report) -> None:
    """Number the positions of the sections as they stand, with levels that have no gaps, and name their parents."""
    nodes = outline.tidy([outline.Node(row.uid, row.level) for row in item.sections])
    for position, (row, node, parent) in enumerate(
        zip(item.sections, nodes, outline.parents(nodes), strict=True), start=1
    ):
        row.position, row.level, row.parent_uid = position, node.level, parent


def next_anchor(item: models.Report) -> str:
    """An anchor that no section of the report ever had."""
    item.anchors_given = (item.anchors_given or 0) + 1
    return f"a{item.anchors_given}"


def write_plain(item: models.Report, text: str, anchors: Sequence[str]) -> None:
    """Bind the plain summary to the sections it explains, as they stand; an unchanged summary keeps its bonds."""
    if text == item.plain_text and list(anchors) == list(item.plain_marks or {}):
        return
    marks = {row.anchor: outline.mark_of(row.heading, row.text) for row in item.sections}
    item.plain_text, item.plain_marks = text, {anchor: marks.get(anchor, "") for anchor in anchors}


def _kept_sections(item: models.Report, rows: Sequence[Mapping[str, Any]]) -> list[models.ReportSection | None]:
    """For each row the section it continues: by identity, by anchor, by heading, else by its place among those left."""
    left = list(item.sections)
    found: list[models.ReportSection | None] = [None] * len(rows)
    for of_row, of_section in (("uid", "uid"), ("anchor", "anchor"), ("heading", "heading")):
        for index, row in enumerate(rows):
            if found[index] is None and row[of_row]:
                match = next((section for section in left if getattr(section, of_section) == row[of_row]), None)
                if match is not None:
                    found[index] = match
                    left.remove(match)
    for index, row in enumerate(rows):
        if found[index] is None and not row["uid"] and not row["anchor"] and left:
            found[index] = left.pop(0)
    return found


def _section(item: models.Report, known: models.ReportSection | None, row: Mapping[str, Any]) -> models.ReportSection:
    anchors = {other.anchor for other in item.sections if other is not known}
    section = known
    if section is None:
        anchor = row["anchor"] if row["anchor"] and row["anchor"] not in anchors else next_anchor(item)
        section = models.ReportSection(uid=row["uid"] or new_uid(), anchor=anchor, rev=0, heading="", text="")
    is_changed = (section.heading, section.text) != (row["heading"], row["text"])
    section.section_kind, section.heading, section.text, section.level = (
        row["kind"],
        row["heading"],
        row["text"],
        row["level"],
    )
    section.recommendation_url = item_url("recommendation", row["recommendation"]) if row["recommendation"] else None
    if is_changed:
        section.rev += 1
        keep_revision(item, section)
    return section


def keep_revision(
    item: models.Report, section: models.ReportSection, actor: str = "", name: str = "", accepted_by: str = ""
) -> None:
    """Note what the section says now; what was saved once is never lost."""
    item.section_revisions.add(
        models.SectionRevision(
            section_uid=section.uid,
            rev=section.rev,
            heading=section.heading,
            text=section.text,
            actor=actor,
            actor_name=name or actor,
            accepted_by=accepted_by,
            at=item.changed_at,
        )
    )


@dataclass(frozen=True, slots=True)
class _RecommendationParts:
    """What a recommendation names, looked up: addresses of decisions and of its clause, the due date as it is kept."""

    decisions: list[str]
    clause_url: str | None
    due: str | None


def prepare_recommendation(session: Session, value: Mapping[str, Any]) -> _RecommendationParts:
    """Refuse addressees, sources and sessions that do not exist."""
    before = find(session, item_url("recommendation", value["slug"]))
    addressees.check(
        session, value["addressees"], before.addressees if isinstance(before, models.Recommendation) else ()
    )
    _check_section(session, value["report"])
    return _RecommendationParts(
        decision_addresses(session, value["decisions"]),
        _clause_address(session, value["clause"]),
        _kept_due(session, value["due"]),
    )


def _check_section(session: Session, place: str | None) -> None:
    url, _, anchor = (place or "").partition("#")
    if not anchor:
        return
    row = models.Recommendation
    named = sa.select(row.id).where(row.report_url == url, row.report_anchor == anchor)
    report = known(session, url, named)
    if isinstance(report, models.Report) and anchor not in places(session, report) and not is_named(session, named):
        raise InvalidInput(
            [
                FieldError(
                    "report",
                    "unknown_section",
                    f"Den Abschnitt {anchor} hat der Bericht nicht. Bitte die Sprungmarke prüfen.",
                )
            ]
        )


def _clause_address(session: Session, given: str | None) -> str | None:
    if given is None:
        return None
    number, _, anchor = given.partition("#")
    url = decision_addresses(session, [number])[0]
    row = models.Recommendation
    named = sa.select(row.id).where(row.clause_url == f"{url}#{anchor}")
    decision = known(session, url, named)
    if not isinstance(decision, models.Decision) or (
        anchor not in places(session, decision) and not is_named(session, named)
    ):
        words = (
            f"Die Ziffer {given} gibt es nicht, oder sie ist für Sie nicht sichtbar. Bitte Nummer und Ziffer prüfen."
        )
        raise InvalidInput([FieldError("clause", "unknown_clause", words)])
    return f"{url}#{anchor}"


def _kept_due(session: Session, given: str | None) -> str | None:
    found = due.parse(given or "")
    if found is None:
        return None
    kept = due.address(found, known_bodies(session))
    if kept is None:
        raise InvalidInput(
            [
                FieldError(
                    "due", "unknown_body", f"Ein Gremium „{found.body}“ ist nicht bekannt. Bitte den Namen prüfen."
                )
            ]
        )
    return kept


def write_recommendation(item: models.Recommendation, value: Mapping[str, Any], parts: _RecommendationParts) -> None:
    item.number, item.addressees, item.due = value["number"], value["addressees"], parts.due
    item.procedure_state = value["state"]
    report_url, _, report_anchor = (value["report"] or "").partition("#")
    item.report_url, item.report_anchor, item.clause_url = report_url or None, report_anchor or None, parts.clause_url
    item.decision_urls = parts.decisions
    item.market_item_urls = [item_url("market_item", slug) for slug in value["market_items"]]
    clause_url, _, clause_anchor = (item.clause_url or "").partition("#")
    places = [(item.report_url, item.report_anchor), (clause_url, clause_anchor)]
    item.references = numbered(
        [
            *(models.Reference(relation="implements", target_url=url, quoted="") for url in parts.decisions),
            *(
                models.Reference(relation="cites", target_url=url, target_anchor=anchor, quoted="")
                for url, anchor in places
                if url
            ),
            *(models.Reference(relation="cites", target_url=url, quoted="") for url in item.market_item_urls),
        ]
    )
