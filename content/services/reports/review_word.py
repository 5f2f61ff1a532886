"""What stands in a Word file beside its text: remarks go out as comments and come back, tracked changes become suggestions.

Each keeps its author's name and, where the file says it, its time. A file that is given back twice says nothing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.reports import reports, review_suggestions, review_threads
from content.services.reports.reports import Author
from content.text import markup
from content.text.anchors import MAX_QUOTE, Anchor, anchor_at, locate
from content.text.suggesting import Piece, place_of
from content.word.shapes import Comment, Suggestion


@dataclass(frozen=True, slots=True)
class Kept:
    """What came into the review: remarks and answers that were not there yet, and how many threads were settled."""

    remarks: tuple[Comment, ...] = ()
    settled: int = 0


def sent(session: Session, report: models.Report) -> dict[str, tuple[Comment, ...]]:
    """Section → its open threads as comments, at the words they are about now; where these are gone, at the heading."""
    texts = {section.uid: section.text for section in report.sections}
    return {
        uid: tuple(_comment(shown, texts[uid]) for shown in rows if shown.thread.remarks)
        for uid, rows in review_threads.open_places(session, report).items()
    }


def _comment(shown: review_threads.Shown, text: str) -> Comment:
    first, *others = (Comment(row.name, row.text, at=row.at) for row in shown.thread.remarks)
    words = markup.to_text(text[shown.spot.start : shown.spot.end]) if shown.spot else ""
    quoted = next((line.strip() for line in words.splitlines() if line.strip()), "")
    return replace(first, quoted=quoted, answers=tuple(others))


def keep(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    *,
    sent_rev: int | None,
    suggestions: Iterable[Suggestion],
    comments: Iterable[Comment],
    author: Author,
) -> Kept:
    """Put them into the review of the section; `sent_rev` is the revision that the file was made from. Says what was new."""
    threads = [shown.thread for shown in review_threads.of_section(session, report, section)]
    new: list[Comment] = []
    settled = 0
    for comment in comments:
        thread = next((row for row in threads if _has(row, comment)), None)
        for said in _news(thread, comment):
            new.append(said)
            if thread is None:
                thread = _remark(session, report, section, said, author)
                threads.append(thread)
            else:
                review_threads.reply(
                    session, report, thread.id, text=said.text, author=_by(said.author, said.at, author)
                )
        if comment.is_done and thread is not None and thread.resolved_at is None:
            review_threads.resolve(session, report, thread.id, author=author)
            settled += 1
    for row in suggestions:
        if not _has_suggestion(session, section, row):
            _suggest(session, report, section, sent_rev, row, author)
    return Kept(tuple(new), settled)


def _news(thread: models.ReviewThread | None, comment: Comment) -> list[Comment]:
    """What a comment and its answers say that the thread does not say yet."""
    said = [replace(row, quoted=comment.quoted, answers=()) for row in (comment, *comment.answers) if row.text.strip()]
    return said if thread is None else [row for row in said if not _has(thread, row)]


def _remark(
    session: Session, report: models.Report, section: models.ReportSection, comment: Comment, author: Author
) -> models.ReviewThread:
    spot = locate(section.text, comment.quoted)
    quoted = comment.quoted.strip()[:MAX_QUOTE]
    anchor = anchor_at(section.text, spot.start, spot.end) if spot else Anchor(quoted)
    said = _by(comment.author, comment.at, author)
    return review_threads.put(
        session, report, section, anchor, text=comment.text, author=said, is_gone=bool(quoted) and spot is None
    )


def _has(thread: models.ReviewThread, comment: Comment) -> bool:
    """Whether the thread says it already; programs break the lines of comments each in its own way."""
    words = "".join(comment.text.split())
    return any(row.name == comment.author and "".join(row.text.split()) == words for row in thread.remarks)


def _suggest(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    sent_rev: int | None,
    row: Suggestion,
    author: Author,
) -> None:
    """On the newest revision where its paragraphs stand there, else on the one that was sent, else only to be read."""
    said = _by(row.author, row.at, author)
    for rev in dict.fromkeys((section.rev, sent_rev)):
        base = reports.revision(session, report, section, rev) if rev else None
        place = place_of(base.text, row.old, near=row.place, previous=row.previous) if base else None
        if base is not None and place is not None:
            review_suggestions.put(session, report, section, base.rev, Piece(place, row.old, row.new), author=said)
            return
    review_suggestions.put(
        session, report, section, section.rev, Piece(row.place, row.old, row.new), author=said, has_place=False
    )


def _by(name: str, at: dt.datetime | None, author: Author) -> Author:
    return Author("", name[:200] or author.name, min(at, author.now) if at else author.now)


def _has_suggestion(session: Session, section: models.ReportSection, row: Suggestion) -> bool:
    table = models.Suggestion
    known = sa.select(table.id).where(
        table.section_uid == section.uid, table.name == row.author, table.old == row.old, table.new == row.new
    )
    return session.scalar(known.limit(1)) is not None
