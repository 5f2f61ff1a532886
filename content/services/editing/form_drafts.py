"""Drafts of forms: what a person typed and did not save is kept on the server until it is saved or not wanted.

A draft belongs to one person and one opened form. Nobody else sees it; it is never published and never searched. It ends
when the form is saved, when the person says so, with its item, or by age. Chosen files are kept as they came: what must
be done to them (checks, pictures made smaller) is done when the form is saved. Which of several requests counts says
`draft_order`.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.base import draft_order

KEPT_FOR: Final = dt.timedelta(days=90)
MAX_PER_PERSON: Final = 50
"""Of more drafts the oldest go."""
MAX_CHARS: Final = 4_000_000
"""Characters of a draft as JSON; a form that holds more is shown again, but not kept."""
D: Final = models.FormDraft
Store = Callable[[bytes], str]
"""Puts bytes into the file store; their SHA-256."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which form of whom: `uid` names it as it was opened, `item_id` is None while a new item is written."""

    login: str
    uid: str
    kind: str
    item_id: int | None


class Kept(enum.Enum):
    """What became of what was typed."""

    KEPT = "kept"
    TOO_LONG = "too long"
    LATE = "late"
    """Later words are kept already, or the form is done with."""


def keep(
    session: Session,
    place: Place,
    typed: Mapping[str, Any],
    *,
    base_rev: int,
    files: Mapping[str, bytes],
    store: Store,
    now: dt.datetime,
    number: int = 0,
    is_auto: bool = False,
) -> Kept:
    """Keep what was typed, in place of what was kept of this form. Of the files those stay that the form still names.

    `number`, `is_auto`: as in `draft_order.claim`.
    """
    if len(json.dumps(typed, ensure_ascii=False)) > MAX_CHARS:
        return Kept.TOO_LONG
    claim = draft_order.claim(session, D, _key(place.login, place.uid), _BLANK, number=number, is_auto=is_auto, now=now)
    if claim is None:
        return Kept.LATE
    row = claim.row
    row.kind, row.item_id, row.base_rev, row.input, row.at = place.kind, place.item_id, base_rev, dict(typed), now
    wanted = _named_files(typed)
    known = {file.name: file for file in row.files}
    for name, body in files.items():
        if name in wanted:
            # The row of a name stays: a second one would be written before the first is gone.
            known.setdefault(name, models.FormDraftFile(name=name)).sha256 = store(body)
    row.files = [file for name, file in known.items() if name in wanted]
    session.flush()
    if claim.is_new:
        _make_room(session, place.login, now)
    return Kept.KEPT


def find(session: Session, login: str, uid: str) -> models.FormDraft | None:
    """The draft of a form of this person."""
    return session.scalars(sa.select(D).where(D.login == login, D.uid == uid, D.finished_at.is_(None))).one_or_none()


def of_form(session: Session, login: str, kind: str, item_id: int | None) -> Sequence[models.FormDraft]:
    """What a person has typed into the forms of one item (or new ones of a kind) and not saved; newest first."""
    of_item = D.item_id == item_id if item_id else D.item_id.is_(None)
    query = sa.select(D).where(D.login == login, D.kind == kind, of_item, D.finished_at.is_(None))
    return session.scalars(query.order_by(D.at.desc(), D.id.desc()).limit(10)).all()


def last(session: Session, login: str, uid: str) -> draft_order.Last:
    """Of what was taken last of a form."""
    return draft_order.last(session, D, _key(login, uid))


def finish(session: Session, login: str, uids: Iterable[str], *, number: int, now: dt.datetime) -> None:
    """Forget drafts: they were saved, or are not wanted. What was typed before `number` and comes later is not kept."""
    for uid in sorted(set(uids)):
        row = draft_order.finish(session, D, _key(login, uid), _BLANK, number=number, now=now)
        row.kind, row.item_id, row.input, row.files = "", None, {}, []
    session.flush()


def _key(login: str, uid: str) -> dict[str, Any]:
    return {"login": login, "uid": uid}


_BLANK: Final[Mapping[str, Any]] = {"kind": "", "base_rev": 0, "input": {}}
"""A row before anything is kept in it."""


def files_of(session: Session, login: str, uids: Iterable[str]) -> dict[str, str]:
    """Name → SHA-256 of the files that are kept with these drafts."""
    file = models.FormDraftFile
    query = (
        sa.select(file.name, file.sha256).join(D, D.id == file.draft_id).where(D.login == login, D.uid.in_(list(uids)))
    )
    return {row.name: row.sha256 for row in session.execute(query.order_by(D.at, file.id))}


def _make_room(session: Session, login: str, now: dt.datetime) -> None:
    newest = (
        sa.select(D.id)
        .where(D.login == login, D.finished_at.is_(None))
        .order_by(D.at.desc(), D.id.desc())
        .limit(MAX_PER_PERSON)
    )
    kept = set(session.scalars(newest))
    surplus = sa.and_(D.login == login, D.finished_at.is_(None), D.id.not_in(kept))
    session.execute(
        sa.delete(D).where(sa.or_(D.at < now - KEPT_FOR, surplus)).execution_options(synchronize_session=False)
    )


def _named_files(typed: Mapping[str, Any]) -> set[str]:
    rows = typed.get("attachments")
    records = [typed.get("image"), *(rows if isinstance(rows, list) else ())]
    return {str(record["file"]) for record in records if isinstance(record, Mapping) and record.get("file")}
