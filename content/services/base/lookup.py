"""Finding working rows by address, slug and number; the bodies, remembered for a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.council import numbers
from content.council.addresses import decision_url
from content.council.bodies import Bodies, BodyName
from content.kinds import item_url
from content.schemas import FieldError, InvalidInput

_BY_URL: Final = sa.select(models.Item).where(models.Item.url == sa.bindparam("url"))


def find(session: Session, url: str) -> models.Item | None:
    """The working row with this address."""
    return session.scalars(_BY_URL, {"url": url}).one_or_none()


def take_turn(session: Session, *names: str) -> None:
    """Wait until nobody else makes what bears one of `names`, and make others wait until this transaction ends.

    Of two who make the same at once the second then finds what the first made. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(filter(None, names)):
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def public_data(session: Session, item: models.Item) -> Mapping[str, Any]:
    """The data of the public edition; empty where there is none."""
    query = sa.select(models.Edition.document).where(
        models.Edition.item_id == item.id, models.Edition.valid_until.is_(None)
    )
    document = session.scalar(query)
    data: Mapping[str, Any] = orjson.loads(document)["data"] if document else {}
    return data


def body_by_slug(session: Session, slug: str, field: str = "body") -> models.Body:
    """The body with this slug, or `InvalidInput`; remembered for the transaction until a body is written."""
    known: dict[str, models.Body] = session.info.setdefault(BODY_ROWS_KEY, {})
    if slug in known:
        return known[slug]
    body = find(session, item_url("body", slug))
    if not isinstance(body, models.Body):
        message = f"Das Gremium „{slug}“ ist nicht bekannt. Bitte zuerst das Gremium anlegen."
        raise InvalidInput([FieldError(field, "unknown_body", message)])
    known[slug] = body
    return body


def forget_bodies(session: Session) -> None:
    """A body was written or made public: ask the database again."""
    session.info.pop(BODIES_KEY, None)
    session.info.pop(BODY_ROWS_KEY, None)


def known_bodies(session: Session) -> Bodies:
    """Every body, for the desk: as it is published, and as it is being written where it is not; remembered for the transaction."""
    return _bodies(session)[0]


def public_bodies(session: Session) -> Bodies:
    """The bodies that are public, as they are published: what public texts may call them; remembered for the transaction."""
    return _bodies(session)[1]


def _bodies(session: Session) -> tuple[Bodies, Bodies]:
    """(every body, the public ones)."""
    kept: tuple[Bodies, Bodies] | None = session.info.get(BODIES_KEY)
    if kept is not None:
        return kept
    row, edition = models.Body, models.Edition
    query = (
        sa.select(
            row.slug, row.title, row.genitive, row.number_pattern, edition.title.label("public_title"), edition.document
        )
        .outerjoin(edition, sa.and_(edition.item_id == row.id, edition.valid_until.is_(None)))
        .where(row.publication_state != "removed")
        .order_by(row.id)
    )
    known, public = [], []
    for found in session.execute(query):
        if found.document is None:
            known.append(BodyName.of(found.slug, found.title or found.slug, found.genitive, found.number_pattern))
            continue
        data = orjson.loads(found.document)["data"]
        public.append(BodyName.of(found.slug, found.public_title, data.get("genitive") or "", data["number_pattern"]))
        known.append(public[-1])
    session.info[BODIES_KEY] = Bodies(known), Bodies(public)
    return _bodies(session)


BODIES_KEY: Final = "known_bodies"
BODY_ROWS_KEY: Final = "body_rows"


def find_decision(session: Session, given: str) -> models.Item | None:
    """The decision named by number or address: `2021/39`, `/beschluss/2021/39`."""
    if given.startswith("/"):
        return find(session, given)
    number = numbers.parse(given)
    slug = known_bodies(session).by_suffix.get(number.suffix) if number else None
    return find(session, decision_url(slug, number.year, number.serial)) if number and slug else None


def known_files(connection: Connection) -> list[str]:
    """The hashes of every file that somebody needs: those of items, and those chosen in forms that are not saved yet."""
    both = sa.union(sa.select(models.File.sha256), sa.select(models.FormDraftFile.sha256))
    return list(connection.scalars(both))
