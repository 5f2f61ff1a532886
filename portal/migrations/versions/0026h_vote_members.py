"""A vote keeps who was a member of its body when it was entered.

Revision: 0026h, after 0025a.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0026h'
down_revision = '0025a'
branch_labels = None
depends_on = None

_VOTE = sa.table('vote', sa.column('id'), sa.column('item_id'), sa.column('members', sa.JSON()))
_MEMBER = sa.table('member', *(sa.column(name) for name in ('body_id', 'position', 'code', 'name', 'kind')))
_BALLOT = sa.table('ballot', *(sa.column(name) for name in ('id', 'vote_id', 'member_code')))
_DECISION = sa.table('decision', sa.column('id'), sa.column('body_id'))
_EDITION = sa.table('edition', *(sa.column(name) for name in ('item_id', 'document', 'valid_until')))


def upgrade() -> None:
    op.add_column('vote', sa.Column('members', sa.JSON(), nullable=False, server_default='[]'))
    bind = op.get_bind()
    bodies: dict[int, list[dict[str, Any]]] = {}
    query = sa.select(_VOTE.c.id, _VOTE.c.item_id, _DECISION.c.body_id).join(_DECISION, _DECISION.c.id == _VOTE.c.item_id)
    for row in bind.execute(query).all():
        if row.body_id not in bodies:
            bodies[row.body_id] = _members(row.body_id)
        seats = {seat['code']: seat for seat in bodies[row.body_id]}
        # What is public already says who voted, whoever is a member by now.
        voted = [
            {'code': one['code'], 'name': one['name'], 'kind': seats.get(one['code'], {}).get('kind') or ('federal' if one['code'] == 'BUND' else 'land')}
            for one in (_public(row.item_id).get('vote') or {}).get('ballots', ())
        ]
        members = voted or bodies[row.body_id]
        known = {seat['code'] for seat in members}
        # Whoever voted was a member then, though only the working copy of the body said so.
        strangers = bind.scalars(sa.select(_BALLOT.c.member_code).where(_BALLOT.c.vote_id == row.id, _BALLOT.c.member_code.not_in(known)).order_by(_BALLOT.c.id))
        rows = {one.code: one for one in bind.execute(sa.select(_MEMBER).where(_MEMBER.c.body_id == row.body_id))}
        members = members + [
            {'code': code, 'name': rows[code].name if code in rows else code, 'kind': rows[code].kind if code in rows else 'land'} for code in strangers.all()
        ]
        bind.execute(sa.update(_VOTE).where(_VOTE.c.id == row.id).values(members=members))


def _members(body_id: int) -> list[dict[str, Any]]:
    """As the body is public; the rows where it is not."""
    public = [{name: one[name] for name in ('code', 'name', 'kind')} for one in _public(body_id).get('members', ())]
    rows = op.get_bind().execute(sa.select(_MEMBER).where(_MEMBER.c.body_id == body_id).order_by(_MEMBER.c.position)).all()
    return public or [{'code': row.code, 'name': row.name, 'kind': row.kind} for row in rows]


def _public(item_id: int) -> dict[str, Any]:
    query = sa.select(_EDITION.c.document).where(_EDITION.c.item_id == item_id, _EDITION.c.valid_until.is_(None))
    document = op.get_bind().execute(query).scalar()
    data: dict[str, Any] = json.loads(document)['data'] if document else {}
    return data


def downgrade() -> None:
    op.drop_column('vote', 'members')
