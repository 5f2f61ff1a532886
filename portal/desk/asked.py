"""What a request of the desk asks for: the item, the kind, and the desk with the rights that the person has on it."""

from __future__ import annotations

from dataclasses import replace

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy.orm import Session

from content import models
from content.house import Work
from content.kinds import KINDS
from content.services.base import rights
from content.services.publishing.publish import Desk
from content.services.workflow import desk_lists as queries
from portal.auth.desk import MissingRight
from workflows.vocabulary import Permission


def desk_with(work: Work, permits: frozenset[Permission]) -> Desk:
    """The desk with the rights that the person has on this item."""
    return replace(work.desk, permits=permits)


def wanted_kind(request: Request) -> str:
    kind: str = request.matchdict["kind"]
    if kind not in queries.kinds_of(request.person):
        raise MissingRight if kind in KINDS else HTTPNotFound
    return kind


def new_kinds(request: Request) -> list[tuple[str, str]]:
    return [(name, KINDS[name].label) for name in queries.kinds_of(request.person)]


def found_item(request: Request, session: Session) -> models.Item:
    row = queries.item(session, request.person, int(request.matchdict["id"]))
    if row is None:
        raise HTTPNotFound
    return row


def editable_item(request: Request, session: Session) -> models.Item:
    row = found_item(request, session)
    if Permission.ITEM_EDIT not in request.person.permits_on(row.kind, row.owner):
        raise MissingRight
    return row


def public_page(request: Request, work: Work, item_id: int) -> tuple[str, str] | None:
    """(address, title) of the public page of the one item that is asked for, where it has one."""
    row = work.session.get(models.Item, item_id) if item_id else None
    if row is None or row.publication_state != "published":
        return None
    return row.url, rights.title_of(work.session, request.person.grants, row)
