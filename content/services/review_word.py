"""What stands in a returned Word file beside its text: comments become remarks, tracked changes become suggestions.

Each keeps its author's name and, where the file says it, its time. A file that is given back twice says nothing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.anchors import MAX_QUOTE, Anchor, anchor_at, locate
from content.services import reports, review_suggestions, review_threads
from content.services.reports import Author
from content.suggesting import Piece, place_of
from content.word.returned import Suggestion
from content.word.shapes import Comment


def keep(
    session: Session, report: models.Report, section: models.ReportSection, *, sent_rev: int | None, suggestions: Iterable[Suggestion],
    comments: Iterable[Comment], author: Author,
) -> None:
    """Put them into the review of the section; `sent_rev` is the revision that the file was made from."""
    for comment in comments:
        if comment.text.strip() and not _has_remark(session, section, comment):
            _remark(session, report, section, comment, author)
    for row in suggestions:
        if not _has_suggestion(session, section, row):
            _suggest(session, report, section, sent_rev, row, author)


def _remark(session: Session, report: models.Report, section: models.ReportSection, comment: Comment, author: Author) -> None:
    spot = locate(section.text, comment.quoted)
    quoted = comment.quoted.strip()[:MAX_QUOTE]
    anchor = anchor_at(section.text, spot.start, spot.end) if spot else Anchor(quoted)
    said = _by(comment.author, comment.at, author)
    review_threads.put(session, report, section, anchor, text=comment.text, author=said, is_gone=bool(quoted) and spot is None)


def _suggest(
    session: Session, report: models.Report, section: models.ReportSection, sent_rev: int | None, row: Suggestion, author: Author
) -> None:
    """On the newest revision where its paragraphs stand there, else on the one that was sent, else only to be read."""
    said = _by(row.author, row.at, author)
    for rev in dict.fromkeys((section.rev, sent_rev)):
        base = reports.revision(session, report, section, rev) if rev else None
        place = place_of(base.text, row.old, near=row.place, previous=row.previous) if base else None
        if base is not None and place is not None:
            review_suggestions.put(session, report, section, base.rev, Piece(place, row.old, row.new), author=said)
            return
    review_suggestions.put(session, report, section, section.rev, Piece(row.place, row.old, row.new), author=said, has_place=False)


def _by(name: str, at: dt.datetime | None, author: Author) -> Author:
    return Author("", name[:200] or author.name, min(at, author.now) if at else author.now)


def _has_remark(session: Session, section: models.ReportSection, comment: Comment) -> bool:
    remark, thread = models.ReviewRemark, models.ReviewThread
    query = sa.select(remark.id).join(thread, thread.id == remark.thread_id)
    known = query.where(thread.section_uid == section.uid, remark.name == comment.author, remark.text == comment.text.strip())
    return session.scalar(known.limit(1)) is not None


def _has_suggestion(session: Session, section: models.ReportSection, row: Suggestion) -> bool:
    table = models.Suggestion
    known = sa.select(table.id).where(table.section_uid == section.uid, table.name == row.author, table.old == row.old, table.new == row.new)
    return session.scalar(known.limit(1)) is not None
