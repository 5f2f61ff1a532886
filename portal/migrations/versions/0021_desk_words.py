"""The words of the desk's lists stand in the indexes that the lists read: a frequent word read every row it found.

Revision: 0021, after 0014b.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from content.models.item import finding_words

revision = '0021'
down_revision = '0014b'
branch_labels = None
depends_on = None

_INDEXES = {
    'ix_item_changed': ['changed_at', 'id', 'publication_state', 'kind', 'owner'],
    'ix_item_state': ['publication_state', 'changed_at', 'id', 'kind', 'owner'],
    'ix_item_kind_state': ['kind', 'publication_state', 'changed_at', 'id', 'owner'],
}
_OWNER_BEFORE = ['owner', 'publication_state', 'changed_at', 'id']
_OWNER = ['owner', 'changed_at', 'id', 'publication_state', 'kind', 'finding']


def upgrade() -> None:
    connection = op.get_bind()
    item = sa.table('item', *(sa.column(name) for name in ('id', 'title', 'url', 'finding')))
    for row in connection.execute(sa.select(item.c.id, item.c.title, item.c.url).where(sa.func.length(item.c.title) > 200)).all():
        connection.execute(item.update().where(item.c.id == row.id).values(finding=finding_words(row.title, row.url)))
    for name, columns in _INDEXES.items():
        op.drop_index(name, table_name='item')
        op.create_index(name, 'item', [*columns, 'finding'])
    op.drop_index('ix_item_owner', table_name='item')
    op.create_index('ix_item_owner', 'item', _OWNER)


def downgrade() -> None:
    for name, columns in _INDEXES.items():
        op.drop_index(name, table_name='item')
        op.create_index(name, 'item', columns)
    op.drop_index('ix_item_owner', table_name='item')
    op.create_index('ix_item_owner', 'item', _OWNER_BEFORE)
