"""Reports and recommendations as editions freeze them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import object_session

from content import models
from content.council import due as due_dates
from content.council.bodies import NOBODY, Bodies
from content.database.storage import IMAGE_TYPES
from content.freezing.common import Frozen, attachments_of, frozen, german_day, iso, meeting_link
from content.freezing.implementation import names_of, public_state
from content.kinds import KINDS
from content.services.base.lookup import find, public_bodies, public_data
from content.services.editing import pictures
from content.text import markup, outline, report_markup, wording
from content.text.outline import mark_of


def freeze_report(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Report)  # noqa: S101 - see above
    own = {
        row.sha256: row for row in item.attachments if row.sha256 and row.file and row.file.media_type in IMAGE_TYPES
    }
    sections = _sections(item, {sha256: shown_picture(row) for sha256, row in own.items()})
    figures = _figures(sections, own)
    inside = {figure["sha256"] for figure in figures}
    meeting = _noted_at(item)
    data: dict[str, Any] = {
        "group": item.group,
        "lead": item.lead,
        "subgroups": item.subgroups,
        "commissioned_by": item.commissioned_by,
        "noted_by": item.noted_by,
        "date": iso(item.date),
        "meeting": meeting_link(meeting),
        "sections": sections,
        "recommendations": item.recommendation_urls,
        "plain": _plain(item),
        "attachments": [row for row in attachments_of(item) if row["sha256"] is None or row["sha256"] not in inside],
    }
    if figures:
        data["figures"] = figures
    summary = markup.to_text(item.text)
    html = markup.to_html(item.text) + "".join(
        f'<section id="{section["anchor"]}" data-kind="{section["kind"]}">'
        f"{_heading(section)}{section['html']}</section>"
        for section in sections
    )
    return frozen(
        item,
        today,
        text="\n\n".join([summary, *(f"{section['heading']}\n{section['text']}" for section in sections)]),
        html=html,
        data=data,
        header=("Bericht", item.group, german_day(item.date) if item.date else None),
        date=item.date,
        summary=summary,
        meeting_url=meeting.url if meeting else "",
    )


def _noted_at(item: models.Report) -> models.Meeting | None:
    """The session that took note of the report, or whose decision did."""
    session = object_session(item)
    decision = find(session, item.noted_by) if session is not None and item.noted_by else None
    if session is None or not isinstance(decision, models.Decision):
        return decision if isinstance(decision, models.Meeting) else None
    told = public_data(session, decision).get("meeting")
    meeting = find(session, told["url"]) if told else None
    return meeting if isinstance(meeting, models.Meeting) else None


def shown_picture(row: models.Attachment) -> report_markup.Shown:
    """What a section's HTML says of a picture of its report."""
    if row.file is None:
        return report_markup.Shown(is_public=False)
    variants = pictures.variants(row.file, row.file_name)

    def sizes(media_type: str) -> tuple[tuple[int, str], ...]:
        return tuple(
            (one["width"], f"/datei/{one['sha256']}/{quote(one['file_name'])}")
            for one in variants
            if one["media_type"] == media_type and one["width"]
        )

    own, webp = sizes(row.file.media_type), () if row.file.media_type == "image/webp" else sizes("image/webp")
    return report_markup.Shown(
        row.visibility == "public", row.file.width, row.file.height, own if len(own) > 1 else (), webp
    )


def _figures(sections: list[dict[str, Any]], own: Mapping[str, models.Attachment]) -> list[dict[str, Any]]:
    """The pictures that sections show, once each: public with this edition, and no attachments beside it."""
    found: dict[str, dict[str, Any]] = {}
    for section in sections:
        for sha256, alt in report_markup.shown_pictures(section["html"]):
            row = own.get(sha256)
            if row is None or row.file is None or sha256 in found:
                continue
            found[sha256] = {
                "anchor": section["anchor"],
                "alt": alt,
                "sha256": sha256,
                "file_name": row.file_name,
                "media_type": row.file.media_type,
                "width": row.file.width,
                "height": row.file.height,
                "variants": list(pictures.variants(row.file, row.file_name)),
            }
    return list(found.values())


def _sections(item: models.Report, shown: Mapping[str, report_markup.Shown]) -> list[dict[str, Any]]:
    numbers = outline.numbers([outline.Node(row.uid, row.level) for row in item.sections])
    anchors = {row.uid: row.anchor for row in item.sections}
    labels = {row.anchor: f"Abschnitt {number}" for row, number in zip(item.sections, numbers, strict=True)}
    return [
        {
            "anchor": row.anchor,
            "number": number,
            "level": row.level,
            "parent": anchors.get(row.parent_uid or ""),
            "heading": row.heading,
            "kind": row.section_kind,
            "recommendation": row.recommendation_url,
            "text": markup.to_text(row.text),
            "html": report_markup.section_html(row.text, row.anchor, row.level, labels, shown),
        }
        for row, number in zip(item.sections, numbers, strict=True)
    ]


def _heading(section: Mapping[str, Any]) -> str:
    level = section["level"] + 1
    return f"<h{level}>{markup.escape(section['heading'])}</h{level}>"


def _plain(item: models.Report) -> dict[str, Any] | None:
    """The plain summary with what it explains, and which of that has changed since it was written."""
    if not item.plain_text:
        return None
    marks = {row.anchor: mark_of(row.heading, row.text) for row in item.sections}
    return {
        "text": markup.to_text(item.plain_text),
        "html": markup.to_html(item.plain_text),
        "sections": list(item.plain_marks),
        "stale": [anchor for anchor, mark in item.plain_marks.items() if marks.get(anchor) != mark],
    }


def _source(item: models.Recommendation) -> dict[str, Any]:
    """Section and clause that it comes from, where they are named."""
    found: dict[str, Any] = {"report_anchor": item.report_anchor} if item.report_anchor else {}
    if item.clause_url:
        url, _, anchor = item.clause_url.partition("#")
        found["clause"] = {
            "url": url,
            "anchor": anchor,
            "label": wording.address_words(url, anchor, bodies=_bodies(item)),
        }
    return found


def _due(item: models.Recommendation) -> dict[str, Any]:
    """The due date in words; beside it the day, or the address of the session, whose day readers look up."""
    kept = item.due or ""
    if kept.startswith("/"):
        return {"due": f"zur {wording.address_words(kept, bodies=_bodies(item))}", "due_meeting": kept}
    day = due_dates.day_in(kept)
    return {"due": german_day(day), "due_day": day.isoformat()} if day else {"due": item.due}


def _bodies(item: models.Item) -> Bodies:
    session = object_session(item)
    return NOBODY if session is None else public_bodies(session)


def _standing(item: models.Recommendation) -> dict[str, Any]:
    """Reports and road, where something can have happened: a row that was never kept has neither."""
    session = object_session(item)
    return public_state(session, item) if session is not None and item.id is not None else {}


def freeze_recommendation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Recommendation)  # noqa: S101 - see above
    state, session = item.procedure_state or "draft", object_session(item)
    names = names_of(session, item.addressees) if session is not None else item.addressees
    data: dict[str, Any] = {
        "number": item.number,
        "addressees": names,
        "report": item.report_url,
        "decisions": item.decision_urls,
        "state": state,
        "market_items": item.market_item_urls,
        **_source(item),
        **_due(item),
        **_standing(item),
    }
    return frozen(
        item,
        today,
        text=markup.to_text(item.text),
        html=markup.to_html(item.text),
        data=data,
        header=(
            f"Empfehlung {item.number}" if item.number else "Empfehlung",
            KINDS["recommendation"].subkinds.get(state, state),
            ", ".join(names) or None,
        ),
        subkind=state,
    )
