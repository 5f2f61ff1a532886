"""Reports and recommendations as editions freeze them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from content import markup, models
from content.freezing.common import Frozen, attachments_of, frozen, german_day, heading, iso
from content.kinds import KINDS


def freeze_report(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Report)  # noqa: S101 - see above
    sections = [
        {
            "anchor": f"a{row.position}",
            "heading": row.heading,
            "kind": row.section_kind,
            "text": markup.to_text(row.text),
            "html": markup.to_html(row.text),
        }
        for row in item.sections
    ]
    data: dict[str, Any] = {
        "group": item.group,
        "lead": item.lead,
        "subgroups": item.subgroups,
        "commissioned_by": item.commissioned_by,
        "noted_by": item.noted_by,
        "date": iso(item.date),
        "sections": sections,
        "recommendations": item.recommendation_urls,
        "attachments": attachments_of(item),
    }
    summary = markup.to_text(item.text)
    html = markup.to_html(item.text) + "".join(
        f'<section id="{section["anchor"]}" data-kind="{section["kind"]}">'
        f"{heading(section['heading'])}{section['html']}</section>"
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
    )


def freeze_recommendation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Recommendation)  # noqa: S101 - see above
    state = item.procedure_state or "draft"
    data: dict[str, Any] = {
        "number": item.number,
        "addressees": item.addressees,
        "report": item.report_url,
        "decisions": item.decision_urls,
        "state": state,
        "due": item.due,
        "market_items": item.market_item_urls,
    }
    return frozen(
        item,
        today,
        text=markup.to_text(item.text),
        html=markup.to_html(item.text),
        data=data,
        header=(
            f"Empfehlung {item.number}" if item.number else "Empfehlung",
            KINDS["recommendation"].subkinds[state],
            ", ".join(item.addressees) or None,
        ),
        subkind=state,
    )
