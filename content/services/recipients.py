"""Who is asked and who is told: active people by right, by role, and by what they did to an item."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from workflows.vocabulary import ROLES, Permission

_ACTIVE: Final = models.Account.is_active


def holders(session: Session, permission: Permission, item: models.Item) -> list[models.Account]:
    """Those who hold `permission` for items of this kind and owner."""
    roles = [name for name, role in ROLES.items() if permission in role.permits and (not role.kinds or item.kind in role.kinds)]
    held = sa.select(models.Grant.account_id).where(models.Grant.role.in_(roles), models.Grant.organisation.in_({"", item.owner}))
    return _people(session, models.Account.id.in_(held))


def with_role(session: Session, role: str, organisation: str | None = None) -> list[models.Account]:
    """Those who have a role, on an organisation (or everywhere) where one is given."""
    held = sa.select(models.Grant.account_id).where(models.Grant.role == role)
    if organisation is not None:
        held = held.where(models.Grant.organisation.in_({"", organisation}))
    return _people(session, models.Account.id.in_(held))


def submitters(session: Session, item: models.Item) -> list[models.Account]:
    """Those who ever submitted the item."""
    logins = sa.select(models.StepEntry.actor).where(models.StepEntry.item_id == item.id, models.StepEntry.transition == "submit")
    return _people(session, models.Account.login.in_(logins))


def writers(session: Session, item: models.Item) -> list[models.Account]:
    """Those who wrote a revision of the item."""
    logins = sa.select(models.Revision.actor).where(models.Revision.item_id == item.id)
    return _people(session, models.Account.login.in_(logins))


def _people(session: Session, condition: sa.ColumnElement[bool]) -> list[models.Account]:
    return list(session.scalars(sa.select(models.Account).where(_ACTIVE, condition).order_by(models.Account.id)))
