"""Which addresses each item names, so that what others point to says so before it goes and dead links are told.

Revision: 0013c, after 0013b.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from content.services.editing.mentions import MOST, addresses_in

revision = '0013c'
down_revision = '0013b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table('mention',
    sa.Column('item_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('target_url', sa.String(length=300), nullable=False),
    sa.Column('is_link', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_mention_item_id_item'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('item_id', 'target_url', name=op.f('pk_mention')),
    )
    op.create_index(op.f('ix_mention_target_url'), 'mention', ['target_url'])
    connection = op.get_bind()
    item = sa.table('item', *(sa.column(name) for name in ('id', 'kind', 'url')), sa.column('input', sa.JSON()))
    for row in connection.execute(sa.select(item.c.id, item.c.kind, item.c.url, item.c.input)).all():
        given = row.input if isinstance(row.input, dict) else json.loads(row.input or '{}')
        named = addresses_in(given)
        if given.get('body') and row.kind in {'decision', 'meeting'}:
            named.setdefault(f"/gremium/{given['body']}", False)
        named.pop(row.url, None)
        rows = [{'item_id': row.id, 'target_url': url, 'is_link': is_link} for url, is_link in list(named.items())[:MOST]]
        if rows:
            connection.execute(table.insert(), rows)


def downgrade() -> None:
    op.drop_index(op.f('ix_mention_target_url'), table_name='mention')
    op.drop_table('mention')
