"""A section of the kind recommendation is a recommendation: made from the section once, kept in step with it while a draft.

From then on it has its own page, number, addressees and procedure; where it stands is shown in the report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput, clean_item
from content.services.base.lookup import find
from content.services.editing import edit
from content.services.reports import reports
from content.services.reports.reports import Author
from content.typed.whole import whole
from workflows.recommendation import RECOMMENDATION

_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def make(
    session: Session, report: models.Report, uid: str, *, addressees: Sequence[str], author: Author
) -> models.Recommendation:
    """Make the section a recommendation, with the next number of the report. Raises `InvalidInput`, `NoSection`."""
    reports.hold(session, report)
    section = reports.section_of(report, uid)
    if section.recommendation_url:
        raise InvalidInput([FieldError("", "is_recommendation", "Der Abschnitt ist schon eine Empfehlung.")])
    if not section.text:
        raise InvalidInput(
            [FieldError("text", "missing", "Eine Empfehlung braucht einen Text. Bitte zuerst schreiben und speichern.")]
        )
    slug = _free_slug(session, section.heading)
    value = clean_item(
        "recommendation",
        {
            "slug": slug,
            "number": _next_number(session, report),
            "title": section.heading,
            "text": section.text,
            "addressees": list(addressees),
            "report": f"{report.url}#{section.anchor}",
        },
    )
    saved = edit.save(session, "recommendation", value, now=author.now, actor=author.login, actor_name=author.name).item
    assert isinstance(saved, models.Recommendation)  # noqa: S101 - the kind says so
    saved.owner = report.owner
    section.section_kind, section.recommendation_url = "recommendation", saved.url
    report.recommendation_urls = [*report.recommendation_urls, saved.url]
    edit.follow(report, recommendations=[*report.input["recommendations"], slug])
    reports.keep(session, report, author, f"Abschnitt {section.anchor} ist Empfehlung {saved.number}")
    return saved


def follow(session: Session, section: models.ReportSection, author: Author) -> None:
    """Give the recommendation the words of its section. Raises `InvalidInput` where it was proposed already."""
    item = find(session, section.recommendation_url) if section.recommendation_url else None
    if not isinstance(item, models.Recommendation) or (item.title, item.text) == (section.heading, section.text):
        return
    _check_draft(item)
    value = clean_item("recommendation", {**item.input, "title": section.heading, "text": section.text})
    edit.save(session, "recommendation", value, now=author.now, actor=author.login, actor_name=author.name, item=item)


def check_open(session: Session, section: models.ReportSection) -> None:
    """Raises `InvalidInput` where the section is a recommendation whose words are settled."""
    item = find(session, section.recommendation_url) if section.recommendation_url else None
    if isinstance(item, models.Recommendation):
        _check_draft(item)


def _check_draft(item: models.Recommendation) -> None:
    state = item.procedure_state or RECOMMENDATION.initial
    if state != RECOMMENDATION.initial:
        words = f"Die Empfehlung ist schon {RECOMMENDATION.title_of(state)}; ihr Wortlaut steht fest. Neues bitte als eigenen Abschnitt schreiben."
        raise InvalidInput([FieldError("text", "is_settled", words)])


def states(session: Session, report: models.Report) -> dict[str, str]:
    """Address → where the recommendation stands, in German, for those of the report."""
    rows = session.scalars(
        sa.select(models.Recommendation).where(models.Recommendation.url.in_(report.recommendation_urls))
    )
    return {row.url: RECOMMENDATION.title_of(row.procedure_state or RECOMMENDATION.initial) for row in rows}


def _next_number(session: Session, report: models.Report) -> str:
    rows = session.scalars(
        sa.select(models.Recommendation.number).where(models.Recommendation.report_url == report.url)
    )
    return str(max((whole(number) or 0 for number in rows), default=0) + 1)


def _free_slug(session: Session, heading: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", heading.lower().translate(_LETTERS)).strip("-")[:90].strip("-") or "empfehlung"
    slug, count = plain, 1
    while find(session, item_url("recommendation", slug)) is not None:
        count += 1
        slug = f"{plain}-{count}"
    return slug
