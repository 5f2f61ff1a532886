"""A vote keeps the wording that it was given on, and who did not confirm another rule.

Revision: 0027h, after 0027g. What was entered before counts as given on the text as it stands now.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0027h'
down_revision = '0027g'
branch_labels = None
depends_on = None

_VOTE = sa.table('vote', *(sa.column(name) for name in ('id', 'item_id', 'wording_sha256', 'item_rev')))
_ITEM = sa.table('item', sa.column('id'), sa.column('rev'), sa.column('input', sa.JSON()))
_COLUMNS = ('declined_by', 'declined_login', 'declined_at', 'declined_note', 'wording_sha256', 'item_rev')


def upgrade() -> None:
    op.add_column('vote', sa.Column('declined_by', sa.String(200)))
    op.add_column('vote', sa.Column('declined_login', sa.String(120)))
    op.add_column('vote', sa.Column('declined_at', content.database.db.UtcDateTime(timezone=True)))
    op.add_column('vote', sa.Column('declined_note', sa.String(500), nullable=False, server_default=''))
    op.add_column('vote', sa.Column('wording_sha256', sa.String(64), nullable=False, server_default=''))
    op.add_column('vote', sa.Column('item_rev', sa.Integer(), nullable=False, server_default='0'))
    bind = op.get_bind()
    query = sa.select(_VOTE.c.id, _ITEM.c.rev, _ITEM.c.input).join(_ITEM, _ITEM.c.id == _VOTE.c.item_id)
    for row in bind.execute(query).all():
        bind.execute(sa.update(_VOTE).where(_VOTE.c.id == row.id).values(wording_sha256=_mark(row.input or {}), item_rev=row.rev))


def _mark(given: dict[str, Any]) -> str:
    """As `content.services.council.voted_text.mark` was when this was written."""
    wording = {name: given.get(name) or None for name in ('title', 'text', 'recommendations')}
    return hashlib.sha256(json.dumps(wording, sort_keys=True, default=str).encode()).hexdigest()


def downgrade() -> None:
    with op.batch_alter_table('vote') as table:
        for name in reversed(_COLUMNS):
            table.drop_column(name)
