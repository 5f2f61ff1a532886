"""Keeps the places of remarks with their words: called on each saving of a section, for what was just changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.text.anchors import Anchor, Spot, find, moved

T: Final = models.ReviewThread


def anchor_of(thread: models.ReviewThread) -> Anchor:
    """The place of a thread."""
    return Anchor(thread.quote, thread.before, thread.after, thread.start)


def spot_of(thread: models.ReviewThread, text: str) -> Spot | None:
    """Where the thread's words stand in the text of its section; None where they are gone."""
    return find(text, anchor_of(thread))


def put(thread: models.ReviewThread, anchor: Anchor) -> None:
    """Give the thread its place."""
    thread.quote, thread.before, thread.after, thread.start = anchor.quote, anchor.before, anchor.after, anchor.start
    thread.is_gone = False


def follow(session: Session, report: models.Report, *changed: models.ReportSection) -> None:
    """Find the places of all threads of sections that were changed together; words that went over to another go with it.

    A thread whose words are gone keeps them: when they come back, so does its place.
    """
    if not changed:
        return
    query = sa.select(T).where(T.report_id == report.id, T.section_uid.in_([section.uid for section in changed]))
    for thread in session.scalars(query).all():
        _settle(thread, sorted(changed, key=lambda section: section.uid != thread.section_uid))


def _settle(thread: models.ReviewThread, sections: Sequence[models.ReportSection]) -> None:
    for section in sections[:1] if not thread.quote else sections:
        anchor = moved(anchor_of(thread), section.text)
        if anchor is not None:
            thread.section_uid = section.uid
            put(thread, anchor)
            return
    thread.is_gone = True
