"""Erase an item for good: its texts, revisions, drafts and files. What stays is a shell without content.

The shell keeps the history of steps in its place, and its number from being given again: a later item must not inherit
the steps of another. Only what lies in the trash comes here, by a step of publication; nothing of it was ever public.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.database.db import Base
from content.services.base.lookup import forget_bodies
from content.services.editing import edit, given_numbers

_ITEM: Final = cast("sa.Table", models.Item.__table__)
KEPT: Final = frozenset({"step_entry", "edition"})
"""Tables of what happened: they point to the shell."""


def erase(session: Session, item: models.Item) -> None:
    """Take everything out of `item`. Its address is free again. Raises `ValueError` for what was ever public."""
    session.flush()
    if session.scalar(sa.select(models.Edition.id).where(models.Edition.item_id == item.id).limit(1)) is not None:
        raise ValueError(f"{item.url} was public: its editions stay")
    if given_numbers.of(session, item):
        raise ValueError(f"{item.url} bears a number that was given: it stays")
    files = _files_of(session, item)
    kind_table = cast("sa.Table", sa.inspect(type(item)).local_table)
    for table, column in _children({_ITEM, kind_table}):
        session.execute(sa.delete(table).where(column == item.id))
    session.execute(sa.update(_ITEM).where(_ITEM.c.id == item.id).values(**_shell(item)))
    if kind_table is not _ITEM and (blank := _blank(kind_table)):
        session.execute(sa.update(kind_table).where(kind_table.c.id == item.id).values(**blank))
    session.expire(item)
    _forget_contacts(session)
    forget_bodies(session)
    for sha256 in files:
        _forget_file(session, sha256)


def _shell(item: models.Item) -> Mapping[str, Any]:
    return {
        "url": f"/entfernt/{item.uid}",
        "slug": item.uid,
        "title": None,
        "text": "",
        "topics": [],
        "published_on": None,
        "changed_by": "",
        "finding": "",
        **edit.NOTHING_HELD,
        "owner": "",
        "publish_at": None,
        "procedure_state": None,
    }


def _children(parents: set[Any]) -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    """(table, column) of everything that belongs to a row of `parents`, children of children first."""
    kind_tables = {sa.inspect(mapper.class_).local_table for mapper in sa.inspect(models.Item).self_and_descendants}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name in KEPT or table in kind_tables:
            continue
        for column in table.columns:
            if any(key.column.table in parents for key in column.foreign_keys):
                yield table, column


def _blank(table: sa.Table) -> dict[str, Any]:
    """Column → nothing, for everything in the table of a kind but its ties to other items."""
    blank: dict[str, Any] = {}
    for column in table.columns:
        if column.primary_key or (column.foreign_keys and not column.nullable):
            continue
        if column.nullable:
            blank[column.name] = None
        elif isinstance(column.type, sa.String):
            blank[column.name] = ""
        elif isinstance(column.type, sa.JSON):
            make = getattr(column.default, "arg", None)
            blank[column.name] = make(None) if callable(make) else {}
    return blank


def _forget_contacts(session: Session) -> None:
    """Drop contacts that stand in no directory and that no release names any more."""
    named = sa.union(sa.select(models.PressContact.contact_id), sa.select(models.ContactPick.contact_id))
    gone = sa.delete(models.Contact).where(models.Contact.key.is_(None), models.Contact.id.not_in(named))
    session.execute(gone.execution_options(synchronize_session=False))


def _files_of(session: Session, item: models.Item) -> set[str]:
    """Every file that only this item may have named: now, or in a revision."""
    found = set(session.scalars(sa.select(models.Attachment.sha256).where(models.Attachment.item_id == item.id)))
    found |= set(session.scalars(sa.select(models.Image.sha256).where(models.Image.item_id == item.id)))
    for files in session.scalars(sa.select(models.Revision.files).where(models.Revision.item_id == item.id)):
        found |= set((files or {}).values())
    return {sha256 for sha256 in found if sha256}


def _forget_file(session: Session, sha256: str) -> None:
    """Drop the row of a file that nothing names any more; its bytes go with the next clean-up of the store."""
    renditions = list(session.scalars(sa.select(models.Rendition.sha256).where(models.Rendition.picture == sha256)))
    if _is_named(session, sha256, but="rendition"):
        return
    session.execute(sa.delete(models.Rendition).where(models.Rendition.picture == sha256))
    for one in [sha256, *renditions]:
        if not _is_named(session, one):
            session.execute(sa.delete(models.FileText).where(models.FileText.sha256 == one))
            session.execute(sa.delete(models.File).where(models.File.sha256 == one))


def _is_named(session: Session, sha256: str, but: str = "") -> bool:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            is_hash = (
                any(key.column.table is models.File.__table__ for key in column.foreign_keys)
                or (table.name, column.name) in _HASHES
            )
            if is_hash and not (table.name == but and column.name == "picture"):
                if (
                    session.execute(
                        sa.select(sa.literal(1)).select_from(table).where(column == sha256).limit(1)
                    ).first()
                    is not None
                ):
                    return True
    kept = sa.cast(models.Revision.files, sa.Text).contains(sha256)
    return session.execute(sa.select(models.Revision.id).where(kept).limit(1)).first() is not None


_HASHES: Final = frozenset({("edition_file", "sha256"), ("form_draft_file", "sha256")})
"""Columns with the hash of a file that are no foreign keys."""
