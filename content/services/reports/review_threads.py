"""Remarks on a report: begun at a place of a section, answered, resolved, opened again. Nobody's words are ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from content import models
from content.schemas import FieldError, InvalidInput, clean_text
from content.services.notifications.notify import notify
from content.services.reports import reports, review_places
from content.services.reports.reports import Author
from content.text.anchors import Anchor, Spot, anchor_at, locate
from content.text.markup import to_text
from content.text.merge import split

T: Final = models.ReviewThread
MAX_TEXT: Final = 10_000
MAX_THREADS: Final = 1_000
"""So many open threads a section can have: enough for people, not for a machine that found a link."""
NOT_FOUND: Final = "Diese Worte stehen nicht im Abschnitt. Bitte Worte aus dem Text kopieren, oder das Feld leer lassen: Dann gilt die Anmerkung dem ganzen Abschnitt."


@dataclass(frozen=True, slots=True)
class Shown:
    """A thread as a page shows it. `spot` is None where its words are gone; `paragraph` is counted from 1, 0: the whole section."""

    thread: models.ReviewThread
    spot: Spot | None
    paragraph: int

    @property
    def is_gone(self) -> bool:
        """Whether the words it was about are no longer there."""
        return self.spot is None


@dataclass(frozen=True, slots=True)
class InEditor:
    """An open thread beside the text that is being written. `near`: about how many letters stand before its words."""

    number: int
    name: str
    text: str
    words: str
    near: int


def begin(
    session: Session, report: models.Report, uid: str, *, words: str, text: str, author: Author, paragraph: int = 0
) -> models.ReviewThread:
    """Remark on `words` of a section (of several spots the one in or after `paragraph`, from 1), or on all of it.

    Raises `InvalidInput`, `reports.NoSection`.
    """
    section = reports.section_of(report, uid)
    errors = _problems(text)
    near = offset_of(section.text, paragraph)
    quoted = clean_text(words).strip()
    spot = locate(section.text, quoted, near=near)
    if quoted and spot is None:
        errors.append(FieldError("words", "not_found", NOT_FOUND))
    if (
        session.scalar(sa.select(sa.func.count()).select_from(T).where(T.report_id == report.id, T.section_uid == uid))
        or 0
    ) >= MAX_THREADS:
        errors.append(
            FieldError("", "too_many", f"Mehr als {MAX_THREADS} Anmerkungen sind je Abschnitt nicht vorgesehen.")
        )
    if errors:
        raise InvalidInput(errors)
    return put(
        session,
        report,
        section,
        anchor_at(section.text, spot.start, spot.end) if spot else Anchor(""),
        text=text,
        author=author,
    )


def put(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    anchor: Anchor,
    *,
    text: str,
    author: Author,
    is_gone: bool = False,
) -> models.ReviewThread:
    """A new thread at a place that is known already."""
    thread = T(report_id=report.id, section_uid=section.uid, remarks=[])
    review_places.put(thread, anchor)
    thread.is_gone = is_gone
    session.add(thread)
    _say(session, report, thread, text, author)
    return thread


def reply(session: Session, report: models.Report, thread_id: int, *, text: str, author: Author) -> models.ReviewThread:
    """Answer; a resolved thread is open again by it. Raises `InvalidInput`, `LookupError`."""
    thread = _thread(session, report, thread_id)
    errors = _problems(text)
    if errors:
        raise InvalidInput(errors)
    thread.resolved_at, thread.resolved_by = None, ""
    _say(session, report, thread, text, author)
    return thread


def resolve(session: Session, report: models.Report, thread_id: int, *, author: Author) -> models.ReviewThread:
    """It is settled. Raises `LookupError`."""
    thread = _thread(session, report, thread_id)
    if thread.resolved_at is None:
        thread.resolved_at, thread.resolved_by = author.now, author.name
    return thread


def reopen(session: Session, report: models.Report, thread_id: int) -> models.ReviewThread:
    """It is not settled after all. Raises `LookupError`."""
    thread = _thread(session, report, thread_id)
    thread.resolved_at, thread.resolved_by = None, ""
    return thread


def of_section(session: Session, report: models.Report, section: models.ReportSection) -> list[Shown]:
    """The threads of a section in the order of its text; those that are gone last."""
    query = (
        sa.select(T)
        .where(T.report_id == report.id, T.section_uid == section.uid)
        .options(selectinload(T.remarks))
        .order_by(T.id)
    )
    found = [_shown(thread, section.text) for thread in session.scalars(query)]
    return _ordered(found)


def open_places(session: Session, report: models.Report) -> dict[str, list[Shown]]:
    """Section → its open threads in the order of its text, those that are gone last; one query for the whole report."""
    query = (
        sa.select(T)
        .where(T.report_id == report.id, T.resolved_at.is_(None))
        .options(selectinload(T.remarks))
        .order_by(T.id)
    )
    texts = {section.uid: section.text for section in report.sections}
    found: dict[str, list[Shown]] = {}
    for thread in session.scalars(query):
        if thread.section_uid in texts:
            found.setdefault(thread.section_uid, []).append(_shown(thread, texts[thread.section_uid]))
    return {uid: _ordered(rows) for uid, rows in found.items()}


def open_counts(session: Session, report: models.Report) -> dict[str, int]:
    """Section → how many threads of it are open."""
    query = (
        sa.select(T.section_uid, sa.func.count())
        .where(T.report_id == report.id, T.resolved_at.is_(None))
        .group_by(T.section_uid)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def in_editor(session: Session, report: models.Report, section: models.ReportSection) -> list[InEditor]:
    """The open threads of a section as its editor shows them; no words where they are gone or it is about the whole."""
    rows = [one for one in of_section(session, report, section) if one.thread.resolved_at is None]
    return [_in_editor(one, section.text) for one in rows]


def _in_editor(one: Shown, text: str) -> InEditor:
    first, spot = one.thread.remarks[0], one.spot if one.thread.quote else None
    words = to_text(text[spot.start : spot.end]) if spot else ""
    near = sum(map(str.isalnum, to_text(text[: spot.start]))) if spot else 0
    return InEditor(one.thread.id, first.name, first.text, words, near)


def orphans(session: Session, report: models.Report) -> Sequence[models.ReviewThread]:
    """Threads whose whole section was taken out."""
    query = sa.select(T).where(T.report_id == report.id, T.section_uid.not_in([row.uid for row in report.sections]))
    return session.scalars(query.options(selectinload(T.remarks)).order_by(T.id)).all()


def offset_of(text: str, paragraph: int) -> int:
    """Where a paragraph (from 1) begins, in characters; 0 for none."""
    position = 0
    for count, one in enumerate(split(text), start=1):
        position = text.find(one, position)
        if count >= paragraph:
            return position if paragraph else 0
        position += len(one)
    return 0


def _ordered(rows: list[Shown]) -> list[Shown]:
    return sorted(rows, key=lambda one: (one.is_gone, one.spot.start if one.spot else 0, one.thread.id))


def _shown(thread: models.ReviewThread, text: str) -> Shown:
    spot = review_places.spot_of(thread, text)
    if spot is None or not thread.quote:
        return Shown(thread, spot, 0)
    paragraph, position = 0, 0
    for count, one in enumerate(split(text), start=1):
        position = text.find(one, position)
        if position > spot.start:
            break
        paragraph = count
        position += len(one)
    return Shown(thread, spot, max(1, paragraph))


def _problems(text: str) -> list[FieldError]:
    if not clean_text(text).strip():
        return [FieldError("text", "missing", "Die Anmerkung fehlt. Bitte schreiben, was Sie anmerken möchten.")]
    if len(text) > MAX_TEXT:
        return [
            FieldError(
                "text",
                "too_long",
                f"Die Anmerkung ist zu lang; höchstens {MAX_TEXT} Zeichen. Bitte kürzen oder aufteilen.",
            )
        ]
    return []


def _thread(session: Session, report: models.Report, thread_id: int) -> models.ReviewThread:
    thread = session.get(T, thread_id)
    if thread is None or thread.report_id != report.id:
        raise LookupError(thread_id)
    return thread


def _say(session: Session, report: models.Report, thread: models.ReviewThread, text: str, author: Author) -> None:
    remark = models.ReviewRemark(
        login=author.login, name=author.name, text=clean_text(text).strip()[:MAX_TEXT], at=author.now
    )
    thread.remarks.append(remark)
    session.flush()
    logins = {one.login for one in thread.remarks} | reports.writers_of(session, report, thread.section_uid)
    people = session.scalars(
        sa.select(models.Account).where(models.Account.login.in_(logins - {""}), models.Account.is_active)
    ).all()
    notify(
        session,
        "remarked",
        report,
        people,
        now=author.now,
        occasion=f"remark:{remark.id}",
        actor=author.login,
        actor_name=author.name,
        words=f"{author.name} merkt an: {remark.text[:300]}",
        url=f"/redaktion/bericht/{report.id}/abschnitt/{thread.section_uid}/durchsicht#anmerkung-{thread.id}",
    )
