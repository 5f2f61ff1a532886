"""Who is asked and who is told: active people by right, by role, and by what they did to an item."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.publishing import changes
from workflows.vocabulary import HOUSE_WIDE, ROLES, Permission


def _people(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(models.Account).where(models.Account.is_active, condition).order_by(models.Account.id)


def _granted(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return models.Account.id.in_(sa.select(models.Grant.account_id).where(*conditions))


# Made once: every step asks, and building a statement costs more than carrying it out.
_WITH_ROLE: Final = _people(_granted(models.Grant.role == sa.bindparam("role")))
_HOLDERS: Final = _people(
    _granted(
        models.Grant.role.in_(sa.bindparam("roles", expanding=True)),
        models.Grant.organisation.in_(sa.bindparam("organisations", expanding=True)),
    )
)
_SUBMITTERS: Final = _people(
    models.Account.login.in_(
        sa.select(models.StepEntry.actor).where(
            models.StepEntry.item_id == sa.bindparam("of"), models.StepEntry.transition == "submit"
        )
    )
)
_WRITERS: Final = _people(
    models.Account.login.in_(sa.select(models.Revision.actor).where(models.Revision.item_id == sa.bindparam("of")))
)


def holders(session: Session, permission: Permission, item: models.Item) -> list[models.Account]:
    """Those who hold `permission` for items of this kind and owner."""
    roles = [
        name
        for name, role in ROLES.items()
        if permission in role.permits and (not role.kinds or item.kind in role.kinds)
    ]
    organisations = [""] if permission in HOUSE_WIDE else ["", item.owner]
    return list(session.scalars(_HOLDERS, {"roles": roles, "organisations": organisations}))


def house_holders(session: Session, permission: Permission) -> list[models.Account]:
    """Those who hold `permission` everywhere."""
    roles = [name for name, role in ROLES.items() if permission in role.permits]
    return list(session.scalars(_HOLDERS, {"roles": roles, "organisations": [""]}))


def with_role(session: Session, role: str, organisation: str | None = None) -> list[models.Account]:
    """Those who have a role, on an organisation (or everywhere) where one is given."""
    if organisation is None:
        return list(session.scalars(_WITH_ROLE, {"role": role}))
    return list(session.scalars(_HOLDERS, {"roles": [role], "organisations": ["", organisation]}))


def submitters(session: Session, item: models.Item) -> list[models.Account]:
    """Those who ever submitted the item."""
    return list(session.scalars(_SUBMITTERS, {"of": item.id}))


def handed_in(session: Session, item: models.Item) -> list[models.Account]:
    """Who handed in the change that the step just taken decides on; and, while it is not public, those who wrote it."""
    return named(session, changes.handed_in_by(session, item))


def named(session: Session, logins: Iterable[str]) -> list[models.Account]:
    """Those with these logins."""
    wanted = set(logins)
    return list(session.scalars(_people(models.Account.login.in_(wanted)))) if wanted else []


def writers(session: Session, item: models.Item) -> list[models.Account]:
    """Those who wrote a revision of the item."""
    return list(session.scalars(_WRITERS, {"of": item.id}))
