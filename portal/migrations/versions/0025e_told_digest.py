"""Two digests of an input: of what is stored, and of what was told last. They were one column.

Revision: 0025e, after 0024f.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0025e'
down_revision = '0025b'
branch_labels = None
depends_on = None

_ITEM = sa.table('item', *(sa.column(name) for name in ('id', 'rev', 'input_digest', 'told_digest')), sa.column('input', sa.JSON()))
_FROZEN = sa.table('frozen_text', *(sa.column(name) for name in ('item_id', 'rev', 'input_sha256')))


def upgrade() -> None:
    op.add_column('item', sa.Column('told_digest', sa.String(length=64), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_ITEM.c.id, _ITEM.c.rev, _ITEM.c.input_digest, _ITEM.c.input).where(_ITEM.c.input_digest.is_not(None)))
    found = [(row.id, row.rev, row.input_digest, _digest(row.input)) for row in rows]
    for item_id, rev, told, stored in found:
        connection.execute(sa.update(_ITEM).where(_ITEM.c.id == item_id).values(told_digest=told, input_digest=stored))
        if told != stored:
            # What was handed in and is still the row's text goes on being recognised as that.
            same = (_FROZEN.c.item_id == item_id) & (_FROZEN.c.rev == rev) & (_FROZEN.c.input_sha256 == told)
            connection.execute(sa.update(_FROZEN).where(same).values(input_sha256=stored))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def downgrade() -> None:
    op.execute('UPDATE item SET input_digest = told_digest WHERE told_digest IS NOT NULL')
    op.drop_column('item', 'told_digest')
