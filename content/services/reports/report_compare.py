"""A section or a whole report at two of its revisions. Each saving of a section is a revision of the report, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.text.diff import compare_html, compare_sides_html

R: Final = models.SectionRevision
MAX_MOMENTS: Final = 300


@dataclass(frozen=True, slots=True)
class ComparedSection:
    """A section on both sides; a side is None where it did not exist (any more)."""

    uid: str
    old: models.SectionRevision | None
    new: models.SectionRevision | None

    @property
    def heading(self) -> str:
        """What it is called now, or was."""
        found = self.new or self.old
        return found.heading if found else ""

    @property
    def is_changed(self) -> bool:
        """Whether anything differs."""
        return _words(self.old) != _words(self.new)

    def html(self, *, sides: tuple[str, str] | None = None) -> str:
        """The differences as safe HTML: inline, or as two columns with the headings `sides`."""
        old, new = (_words(self.old), _words(self.new))
        return compare_html(old, new) if sides is None else compare_sides_html(old, new, left=sides[0], right=sides[1])


def moments(session: Session, report: models.Report) -> Sequence[models.SectionRevision]:
    """The savings of the report, newest first: any two of them can be compared."""
    return session.scalars(sa.select(R).where(R.report_id == report.id).order_by(R.id.desc()).limit(MAX_MOMENTS)).all()


def whole(session: Session, report: models.Report, old: int, new: int) -> list[ComparedSection]:
    """Every section after the saving `old` and after the saving `new`, in today's order; those taken out since come last."""
    before, after = _state(session, report, old), _state(session, report, new)
    present = [section.uid for section in report.sections]
    is_newest = new >= max((row.id for row in _state(session, report, None).values()), default=0)
    if is_newest:
        after = {uid: row for uid, row in after.items() if uid in present}
    order = [*present, *sorted((before.keys() | after.keys()) - set(present))]
    return [ComparedSection(uid, before.get(uid), after.get(uid)) for uid in order if uid in before or uid in after]


def section(session: Session, report: models.Report, uid: str, old: int, new: int) -> ComparedSection | None:
    """A section at two of its own revisions; None where there is no such revision."""
    rows = session.scalars(
        sa.select(R).where(R.report_id == report.id, R.section_uid == uid, R.rev.in_([old, new]))
    ).all()
    found = {row.rev: row for row in rows}
    if new not in found or (old and old not in found):
        return None
    return ComparedSection(uid, found.get(old), found[new])


def _state(session: Session, report: models.Report, until: int | None) -> Mapping[str, models.SectionRevision]:
    last = sa.select(sa.func.max(R.id)).where(R.report_id == report.id).group_by(R.section_uid)
    if until is not None:
        last = last.where(R.id <= until)
    return {row.section_uid: row for row in session.scalars(sa.select(R).where(R.id.in_(last)))}


def _words(row: models.SectionRevision | None) -> str:
    return f"{row.heading}\n\n{row.text}" if row else ""
