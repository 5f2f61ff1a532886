"""Suggested changes of a section: made by anyone who may read it, accepted or rejected by the lead, one by one or all.

What is accepted goes the way of every saving (`reports.save_section`): merged in three ways, a revision of its own, in the
name of who suggested it and with who accepted it. What no longer fits says so and is never forced in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput, clean, clean_text
from content.schemas.reports import SECTION
from content.services.accounts import audit
from content.services.notifications.notify import notify
from content.services.reports import report_recommendations, reports
from content.services.reports.reports import Author
from content.text.diff import compare_html
from content.text.suggesting import Piece, onto, pieces

S: Final = models.Suggestion
MAX_PIECES: Final = 200
MAX_OPEN: Final = 1_000
"""Open suggestions that a section can have."""


class Fit(StrEnum):
    """Whether a suggestion can be accepted now."""

    FITS = "fits"
    STALE = "stale"
    DONE = "done"
    GONE = "gone"


REASONS: Final = {
    Fit.STALE: "Die Stelle wurde inzwischen geändert; der Vorschlag passt nicht mehr. Bitte von Hand übernehmen oder ablehnen.",
    Fit.DONE: "Das steht inzwischen schon so im Text.",
    Fit.GONE: "Der Abschnitt wurde entfernt.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion as a page shows it: its differences as HTML, whether it fits and, where not, why."""

    row: models.Suggestion
    fit: Fit
    difference: str
    reason: str


def suggest(
    session: Session, report: models.Report, uid: str, *, text: str, base_rev: int, author: Author, reason: str = ""
) -> list[models.Suggestion]:
    """Suggest what was made of revision `base_rev`, each changed place by itself. Raises `InvalidInput`, `reports.NoSection`."""
    section = reports.section_of(report, uid)
    typed = clean({"text": SECTION["text"]}, {"text": text})["text"]
    base = reports.revision(session, report, section, base_rev)
    if base is None:
        raise InvalidInput(
            [FieldError("rev", "unknown_revision", "Die Ausgangsfassung ist unbekannt. Bitte die Seite neu öffnen.")]
        )
    found = pieces(base.text, typed)
    if not found:
        raise InvalidInput([FieldError("text", "unchanged", "Der Text ist unverändert; es gibt nichts vorzuschlagen.")])
    if len(found) > MAX_PIECES:
        words = f"Das sind {len(found)} geänderte Stellen; höchstens {MAX_PIECES} gehen auf einmal. Bitte in Teilen vorschlagen."
        raise InvalidInput([FieldError("text", "too_many", words)])
    rows = [put(session, report, section, base_rev, piece, author=author, reason=reason) for piece in found]
    _tell_leads(session, report, section, rows, author)
    return rows


def put(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    base_rev: int,
    piece: Piece,
    *,
    author: Author,
    reason: str = "",
    has_place: bool = True,
) -> models.Suggestion:
    """Keep one suggestion. Raises `InvalidInput` where the section has too many."""
    query = (
        sa.select(sa.func.count())
        .select_from(S)
        .where(S.report_id == report.id, S.section_uid == section.uid, S.state == "open")
    )
    if (session.scalar(query) or 0) >= MAX_OPEN:
        raise InvalidInput(
            [FieldError("", "too_many", f"Mehr als {MAX_OPEN} offene Vorschläge sind je Abschnitt nicht vorgesehen.")]
        )
    row = S(
        report_id=report.id,
        section_uid=section.uid,
        base_rev=base_rev,
        place=piece.place if has_place else None,
        old=piece.old,
        new=piece.new,
        reason=clean_text(reason).strip()[:2_000],
        login=author.login,
        name=author.name,
        at=author.now,
        state="open",
    )
    session.add(row)
    session.flush()
    return row


def accept(session: Session, report: models.Report, number: int, *, lead: Author) -> models.Suggestion:
    """Take a suggestion into the text. Raises `InvalidInput` with the reason where it cannot be, `LookupError`."""
    reports.hold(session, report)
    row = _open(session, report, number)
    fit = fit_of(session, report, row)
    if fit in {Fit.STALE, Fit.GONE}:
        raise InvalidInput([FieldError("", fit, REASONS[fit])])
    section = reports.section_of(report, row.section_uid)
    if fit is Fit.FITS:
        report_recommendations.check_open(session, section)
        base = reports.revision(session, report, section, row.base_rev)
        assert base is not None  # noqa: S101 - it fits
        merged = onto(base.text, _piece(row), section.text)
        assert merged is not None  # noqa: S101
        author = Author(row.login, row.name, lead.now, accepted_by=(lead.login, lead.name))
        # Merged above onto the newest revision: the heading is nobody's suggestion and stays as it is.
        done = reports.save_section(
            session, report, section.uid, heading=section.heading, text=merged.text, base_rev=section.rev, author=author
        )
        report_recommendations.follow(session, done.section, lead)
    _decide(session, report, row, "accepted", lead)
    return row


def reject(session: Session, report: models.Report, number: int, *, lead: Author) -> models.Suggestion:
    """Leave the text as it is. Raises `LookupError`."""
    row = _open(session, report, number)
    _decide(session, report, row, "rejected", lead)
    return row


def withdraw(session: Session, report: models.Report, number: int, *, author: Author) -> models.Suggestion:
    """Take one's own suggestion back. Raises `LookupError`, also for another's."""
    row = _open(session, report, number)
    if not author.login or row.login != author.login:
        raise LookupError(number)
    row.state, row.decided_by, row.decided_at = "withdrawn", author.name, author.now
    return row


def accept_all(session: Session, report: models.Report, *, lead: Author, uid: str = "") -> tuple[int, int]:
    """Take every open suggestion (of a section) that fits, in their order; (taken, left because they do not fit)."""
    taken = left = 0
    for row in open_rows(session, report, uid):
        try:
            accept(session, report, row.id, lead=lead)
            taken += 1
        except InvalidInput:
            left += 1
    return taken, left


def reject_all(session: Session, report: models.Report, *, lead: Author, uid: str = "") -> int:
    """Reject every open suggestion (of a section); how many."""
    rows = open_rows(session, report, uid)
    for row in rows:
        _decide(session, report, row, "rejected", lead)
    return len(rows)


def open_rows(session: Session, report: models.Report, uid: str = "") -> Sequence[models.Suggestion]:
    """The open suggestions, oldest first."""
    query = sa.select(S).where(S.report_id == report.id, S.state == "open").order_by(S.id)
    return session.scalars(query.where(S.section_uid == uid) if uid else query).all()


def of_section(
    session: Session, report: models.Report, uid: str, *, decided: int = 20
) -> tuple[list[Shown], Sequence[models.Suggestion]]:
    """The open suggestions of a section in the order of its text, and the last that were decided."""
    shown = [_shown(session, report, row) for row in open_rows(session, report, uid)]
    shown.sort(key=lambda one: (one.row.place is None, one.row.place or 0, one.row.id))
    query = (
        sa.select(S)
        .where(S.report_id == report.id, S.section_uid == uid, S.state != "open")
        .order_by(S.decided_at.desc(), S.id.desc())
    )
    return shown, session.scalars(query.limit(decided)).all()


def orphans(session: Session, report: models.Report) -> list[Shown]:
    """Open suggestions whose whole section was taken out."""
    present = {section.uid for section in report.sections}
    return [_shown(session, report, row) for row in open_rows(session, report) if row.section_uid not in present]


def fit_of(session: Session, report: models.Report, row: models.Suggestion) -> Fit:
    """Whether the suggestion can be taken into the text as it stands."""
    section = next((one for one in report.sections if one.uid == row.section_uid), None)
    if section is None:
        return Fit.GONE
    base = reports.revision(session, report, section, row.base_rev)
    merged = onto(base.text, _piece(row), section.text) if base is not None and row.place is not None else None
    if merged is None or not merged.is_clean:
        return Fit.STALE
    return Fit.DONE if merged.text == section.text else Fit.FITS


def _shown(session: Session, report: models.Report, row: models.Suggestion) -> Shown:
    fit = fit_of(session, report, row)
    return Shown(row, fit, compare_html(row.old, row.new), REASONS.get(fit, ""))


def _piece(row: models.Suggestion) -> Piece:
    return Piece(row.place or 0, row.old, row.new)


def _open(session: Session, report: models.Report, number: int) -> models.Suggestion:
    row = session.get(S, number, populate_existing=True)
    if row is None or row.report_id != report.id or row.state != "open":
        raise LookupError(number)
    return row


def _decide(session: Session, report: models.Report, row: models.Suggestion, state: str, lead: Author) -> None:
    row.state, row.decided_by, row.decided_at = state, lead.name, lead.now
    session.flush()
    audit.note(
        session,
        lead.now,
        actor=lead.login,
        name=lead.name,
        action=f"suggestion.{state}",
        subject=report.url,
        detail=f"Vorschlag {row.id} von {row.name}",
    )


def _tell_leads(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    rows: Sequence[models.Suggestion],
    author: Author,
) -> None:
    count = "eine Änderung" if len(rows) == 1 else f"{len(rows)} Änderungen"
    notify(
        session,
        "remarked",
        report,
        reports.leads_of(session, report),
        now=author.now,
        occasion=f"suggestion:{rows[0].id}",
        actor=author.login,
        actor_name=author.name,
        words=f"{author.name} schlägt in „{section.heading}“ {count} vor.",
        url=f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}/durchsicht#vorschlaege",
    )
