"""Lists of the desk: who changed an item last, what of it is public, what it is found by; an index for each list.

Revision: 0012, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db
from content.models.item import finding_words

revision = '0012'
down_revision = '0014'
branch_labels = None
depends_on = None

_AHEAD = sa.text('rev > public_rev')
_INDEXES = {
    'ix_item_changed': ['changed_at', 'id', 'publication_state', 'kind', 'owner'],
    'ix_item_state': ['publication_state', 'changed_at', 'id', 'kind', 'owner'],
    'ix_item_kind_state': ['kind', 'publication_state', 'changed_at', 'id', 'owner'],
    'ix_item_owner': ['owner', 'publication_state', 'changed_at', 'id'],
    'ix_item_changed_by': ['changed_by', 'changed_at', 'id'],
    'ix_item_public_at': ['publication_state', 'public_at', 'id', 'kind', 'owner'],
    'ix_item_finding': ['finding', 'id'],
}
_REPLACED = ('kind', 'publication_state', 'changed_at')


def upgrade() -> None:
    op.add_column('item', sa.Column('changed_by', sa.String(length=120), nullable=False, server_default=''))
    op.add_column('item', sa.Column('public_rev', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('item', sa.Column('public_at', content.database.db.UtcDateTime(timezone=True), nullable=True))
    op.add_column('item', sa.Column('finding', sa.Text(), nullable=False, server_default=''))
    _fill()
    for name in _REPLACED:
        op.drop_index(f'ix_item_{name}', table_name='item')
    for name, columns in _INDEXES.items():
        op.create_index(name, 'item', columns)
    op.create_index('ix_item_ahead', 'item', ['changed_by', 'changed_at'], sqlite_where=_AHEAD, postgresql_where=_AHEAD)


def _fill() -> None:
    connection = op.get_bind()
    item = sa.table('item', *(sa.column(name) for name in ('id', 'rev', 'title', 'url', 'changed_by', 'public_rev', 'finding')), sa.column('public_at'))
    revision_ = sa.table('revision', *(sa.column(name) for name in ('item_id', 'rev', 'actor')))
    edition = sa.table('edition', *(sa.column(name) for name in ('item_id', 'item_rev', 'recorded_at')))
    mine = edition.c.item_id == item.c.id
    actor = sa.select(revision_.c.actor).where(revision_.c.item_id == item.c.id, revision_.c.rev == item.c.rev).scalar_subquery()
    last = sa.select(sa.func.max(edition.c.item_rev)).where(mine).scalar_subquery()
    # Later editions of the same revision tell of votes and implementation; the step that made it public is the first.
    first = sa.select(sa.func.min(edition.c.recorded_at)).where(mine, edition.c.item_rev == item.c.public_rev).scalar_subquery()
    connection.execute(item.update().values(changed_by=sa.func.coalesce(actor, ''), public_rev=sa.func.coalesce(last, 0)))
    connection.execute(item.update().values(public_at=first))
    for row in connection.execute(sa.select(item.c.id, item.c.title, item.c.url)).all():
        connection.execute(item.update().where(item.c.id == row.id).values(finding=finding_words(row.title, row.url)))


def downgrade() -> None:
    op.drop_index('ix_item_ahead', table_name='item')
    for name in _INDEXES:
        op.drop_index(name, table_name='item')
    for name in ('finding', 'public_at', 'public_rev', 'changed_by'):
        op.drop_column('item', name)
    for name in _REPLACED:
        op.create_index(f'ix_item_{name}', 'item', [name])
