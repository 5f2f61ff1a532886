"""Writing reports and recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from content import models
from content.kinds import item_url
from content.services.writers.common import numbered


def write_report(item: models.Report, value: Mapping[str, Any], _prepared: object) -> None:
    item.group, item.lead, item.subgroups, item.date = value["group"], value["lead"], value["subgroups"], value["date"]
    item.commissioned_by, item.noted_by = value["commissioned_by"], value["noted_by"]
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    item.sections = [
        models.ReportSection(position=position, section_kind=row["kind"], heading=row["heading"], text=row["text"])
        for position, row in enumerate(value["sections"], start=1)
    ]
    named = [url for url in (item.commissioned_by, item.noted_by, *item.recommendation_urls) if url]
    item.references = numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in named])


def write_recommendation(item: models.Recommendation, value: Mapping[str, Any], decisions: list[str]) -> None:
    item.number, item.addressees, item.due = value["number"], value["addressees"], value["due"]
    item.procedure_state = value["state"]
    item.report_url, item.decision_urls = value["report"], decisions
    item.market_item_urls = [item_url("market_item", slug) for slug in value["market_items"]]
    named = [*([item.report_url] if item.report_url else []), *item.market_item_urls]
    item.references = numbered([
        *(models.Reference(relation="implements", target_url=url, quoted="") for url in decisions),
        *(models.Reference(relation="cites", target_url=url, quoted="") for url in named),
    ])
