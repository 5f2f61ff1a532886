"""Working row → edition → ledger entry: the public acts.

Each act writes edition, ledger entry, references, topics, counts and the search document in the caller's one transaction.
The public reads nothing else, so what is not published here does not exist for it. Whether an act may be done is asked in
`transition.take`, the only caller. Acts: publish, correct (public note), withdraw (public reason; every edition so far
disappears), republish.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, Final, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from content import facets, models
from content.database.db import Base
from content.freezing import Frozen, freeze
from content.proof.canonical import canonical_json, sha256_hex
from content.proof.derived import FILE_COLUMNS, REFERENCE_COLUMNS, SCHEMA_VERSION, Derived, derive, shown_part
from content.proof.ledger import Act, Signer
from content.schemas import InvalidInput
from content.services.base.lookup import forget_bodies
from content.services.publishing import ledger
from content.typed.berlin import BERLIN
from workflows.vocabulary import Permission


class Index(Protocol):
    """What publishing tells the search; carried out when the transaction commits."""

    def put(self, edition: models.Edition) -> None:
        """This edition is public from now on."""

    def remove(self, edition_id: int) -> None:
        """This edition is shown no more, not even as of a past day."""

    def at(self, position: int) -> None:
        """The ledger stands at `position` after this act."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a public act needs: one transaction's session, who acts with which rights, when, and the tools."""

    session: Session
    actor: str
    permits: frozenset[Permission]
    now: dt.datetime
    signer: Signer
    index: Index
    actor_name: str = ""
    grants: tuple[tuple[str, str], ...] | None = None
    """What the person holds, (role, organisation): it decides what refusals and messages may name. None: the house itself."""
    clock: Callable[[], dt.datetime] | None = None
    """Tells the time of an entry, once the ledger is held; without it `now` is that time."""

    def moment(self) -> dt.datetime:
        """The time of the next public act, taken with the ledger held; never before the last one. Raises `Blocked`."""
        return ledger.moment(self.session, self.clock or (lambda: self.now))


def end_edition(desk: Desk, item: models.Item, reason: str) -> None:
    """Take every edition of `item` out of the public and note it in the ledger. Only for `transition`."""
    current = current_edition(desk.session, item)
    assert current is not None, "a published item has a public edition"  # noqa: S101 - held by put_edition
    moment = _after(current, desk.moment())
    _end(desk, current, moment)
    if item.kind == "body":
        forget_bodies(desk.session)
    desk.session.execute(sa.update(models.Edition).where(models.Edition.item_id == item.id).values(is_withdrawn=True))
    for edition_id in desk.session.scalars(sa.select(models.Edition.id).where(models.Edition.item_id == item.id)):
        desk.index.remove(edition_id)
    entry = ledger.append(
        desk.session,
        desk.signer,
        ledger.PublicAct(
            act=Act.WITHDRAW,
            kind=item.kind,
            url=item.url,
            title=current.title,
            item=item.uid,
            edition=current.number,
            edition_sha256=current.sha256,
            valid_from=moment,
            note=reason,
        ),
        moment=moment,
    )
    desk.index.at(entry.position)
    desk.session.flush()


def current_edition(session: Session, item: models.Item) -> models.Edition | None:
    """The edition of `item` that is public now."""
    query = sa.select(models.Edition).where(models.Edition.item_id == item.id, models.Edition.valid_until.is_(None))
    return session.scalars(query).one_or_none()


def differs(desk: Desk, item: models.Item) -> bool:
    """Whether publishing `item` now would show anything else than its public edition does; so does what cannot be shown."""
    current = current_edition(desk.session, item)
    if current is None:
        return True
    try:
        frozen = freeze(item, today=berlin_day(desk.now))
    except InvalidInput:
        return True
    document = ledger.edition_document(current)
    shown = {name: document[name] for name in ("title", "text", "html", "data")}
    return shown != {"title": frozen.title, "text": frozen.text, "html": frozen.html, "data": dict(frozen.data)}


def berlin_day(now: dt.datetime) -> dt.date:
    """The day in Berlin at an instant."""
    return now.astimezone(BERLIN).date()


def _after(edition: models.Edition | None, moment: dt.datetime) -> dt.datetime:
    """`moment`, or the first instant in which `edition` was public: an edition is never public for no time at all."""
    return max(moment, edition.valid_from + dt.timedelta(microseconds=1)) if edition is not None else moment


def _valid_from(item: models.Item, act: Act, moment: dt.datetime) -> dt.datetime:
    # Only a first edition may look back, to the day on which an earlier site published it.
    if act is Act.PUBLISH and item.published_on is not None:
        return min(dt.datetime.combine(item.published_on, dt.time(), BERLIN).astimezone(dt.UTC), moment)
    return moment


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file that an edition makes public: its hash, the name and the media type it has there."""

    sha256: str
    file_name: str
    media_type: str


def put_edition(
    desk: Desk,
    item: models.Item,
    frozen: Frozen,
    act: Act,
    *,
    note: str | None,
    item_rev: int,
    files: Iterable[PublicFile],
) -> models.Edition:
    """Make `frozen` with `files` the public edition of `item`, with its ledger entry. Only for `transition` and `amend`."""
    # A first publication has no edition before it: the workflow lets only drafts pass here.
    last = None if act is Act.PUBLISH else last_edition(desk.session, item)
    shown = shown_part(frozen, facets.of_edition(item.kind, frozen), [astuple(file) for file in files])
    document = document_of(item, frozen, edition=last.number + 1 if last else 1, note=note, shown=shown)
    body = canonical_json(document)
    moment = _after(last, desk.moment())
    valid_from = _valid_from(item, act, moment)
    if last is not None and last.valid_until is None:
        _end(desk, last, valid_from)
    entry = ledger.append(
        desk.session,
        desk.signer,
        ledger.PublicAct(
            act=act,
            kind=item.kind,
            url=item.url,
            title=frozen.title,
            item=item.uid,
            edition=document["edition"],
            edition_sha256=sha256_hex(body),
            valid_from=valid_from,
            note=note,
        ),
        moment=moment,
    )
    derived = derive(document, json.loads(entry.line))
    edition = models.Edition(item_id=item.id, item_rev=item_rev, document=body.decode(), **derived.columns)
    desk.session.add(edition)
    if item.kind == "body":
        forget_bodies(desk.session)
    _remember_old_address(desk.session, derived.old_path, item.url)
    desk.session.flush()
    _add_satellites(desk.session, edition, derived)
    desk.index.put(edition)
    return edition


def last_edition(session: Session, item: models.Item) -> models.Edition | None:
    query = sa.select(models.Edition).where(models.Edition.item_id == item.id).order_by(models.Edition.number.desc())
    return session.scalars(query.limit(1)).first()


def document_of(
    item: models.Item, frozen: Frozen, *, edition: int, note: str | None, shown: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "kind": item.kind,
        "item": item.uid,
        "edition": edition,
        "url": item.url,
        "title": frozen.title,
        "language": "de",
        "note": note,
        "text": frozen.text,
        "html": frozen.html,
        "data": dict(frozen.data),
        "shown": dict(shown),
    }


def _add_satellites(session: Session, edition: models.Edition, derived: Derived) -> None:
    pairs = sorted({facets.ALL, *(derived.facets or ())})
    _insert(
        session,
        models.EditionFacet,
        [
            {"edition_id": edition.id, "facet": facet, "value": value, "kind": edition.kind, "is_current": True}
            for facet, value in pairs
        ],
    )
    _count(session, edition.kind, pairs, +1)
    _insert(
        session,
        models.EditionReference,
        [
            {"edition_id": edition.id, "position": position, **dict(zip(REFERENCE_COLUMNS, row, strict=True))}
            for position, row in enumerate(derived.references or (), start=1)
        ],
    )
    files = [dict(zip(FILE_COLUMNS, row, strict=True)) for row in sorted(derived.files or ())]
    _insert(session, models.EditionFile, [{"edition_id": edition.id, **file} for file in files])


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Rows that nobody holds as objects go in at once: the unit of work would cost more than the rows."""
    if rows:
        session.execute(sa.insert(cast("sa.Table", model.__table__)), rows)


def public_files(item: models.Item, data: Mapping[str, Any]) -> list[PublicFile]:
    """The files that the frozen data name, each once: the working row may name others already."""
    image = data.get("image") or {}
    shown = (
        [PublicFile(row["sha256"], row["file_name"], row["media_type"]) for row in data["attachments"]]
        if "attachments" in data
        else [
            PublicFile(row.sha256, row.file_name, row.file.media_type)
            for row in item.attachments
            if row.visibility == "public" and row.file and row.sha256
        ]
    )
    shown += evidence_files(data)
    pictures = [*([image] if image else []), *image.get("variants", ())]
    for figure in data.get("figures", ()):
        pictures += [figure, *figure["variants"]]
    shown += [PublicFile(row["sha256"], row["file_name"] or "bild", row["media_type"]) for row in pictures]
    return list({file.sha256: file for file in reversed(shown) if file.sha256}.values())


def evidence_files(data: Mapping[str, Any]) -> list[PublicFile]:
    """The files with which addressees prove what they report."""
    rows = [row["file"] for row in data.get("implementation", ()) if row.get("file")]
    return [PublicFile(row["sha256"], row["file_name"], row["media_type"]) for row in rows]


def with_evidence(files: Iterable[PublicFile], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[PublicFile]:
    """`files` with the evidence that `after` names in the place of what `before` named."""
    gone = set(evidence_files(before))
    return list(
        {file.sha256: file for file in [*evidence_files(after), *(file for file in files if file not in gone)]}.values()
    )


def _end(desk: Desk, edition: models.Edition, moment: dt.datetime) -> None:
    facet = models.EditionFacet.__table__.c
    edition.valid_until = moment
    desk.session.flush()
    mine = desk.session.execute(sa.select(facet.facet, facet.value).where(facet.edition_id == edition.id))
    _count(desk.session, edition.kind, [(row.facet, row.value) for row in mine], -1)
    desk.session.execute(
        sa.update(cast("sa.Table", models.EditionFacet.__table__))
        .where(facet.edition_id == edition.id)
        .values(is_current=False)
    )
    # It stays in the index with its end: searches as of a past day find it.
    desk.index.put(edition)


def _count(session: Session, kind: str, pairs: Iterable[tuple[str, str]], difference: int) -> None:
    """Move the tally of each (facet, value); in one order, so that two publishers never wait for each other in a ring."""
    table = models.Tally.__table__
    rows = [{"kind": kind, "facet": name, "value": value, "amount": difference} for name, value in sorted(pairs)]
    statement = _UPSERTS[session.get_bind().dialect.name](table)
    more = statement.on_conflict_do_update(
        index_elements=["kind", "facet", "value"], set_={"amount": table.c.amount + statement.excluded.amount}
    )
    session.execute(more, rows)


_UPSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def _remember_old_address(session: Session, path: str | None, url: str) -> None:
    """The first item that says it stood there keeps the address."""
    if path is not None and session.get(models.OldAddress, path) is None:
        session.add(models.OldAddress(path=path, url=url))


def as_mapping(edition: models.Edition) -> Mapping[str, Any]:
    """The edition document of a row."""
    return ledger.edition_document(edition)
