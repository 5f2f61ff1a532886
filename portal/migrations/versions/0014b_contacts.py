"""Contacts of a directory, and who names them.

Revision: 0014b, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014b'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.add_column(sa.Column('key', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('rev', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('body', sa.String(length=120), nullable=False, server_default=''))
        batch_op.create_unique_constraint(op.f('uq_contact_key'), ['key'])
        batch_op.create_index(op.f('ix_contact_body'), ['body'])
    with op.batch_alter_table('contact', schema=None) as batch_op:
        for name in ('rev', 'body'):
            batch_op.alter_column(name, server_default=None)
    op.create_table(
        'contact_pick',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('item_id', sa.Integer(), nullable=False),
        sa.Column('contact_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_contact_pick_contact_id')),
        sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_contact_pick_item_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_pick')),
    )
    op.create_index(op.f('ix_contact_pick_contact_id'), 'contact_pick', ['contact_id'])
    op.create_index(op.f('ix_contact_pick_item_id'), 'contact_pick', ['item_id'])


def downgrade() -> None:
    op.drop_table('contact_pick')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_contact_body'))
        batch_op.drop_constraint(op.f('uq_contact_key'), type_='unique')
        for name in ('body', 'rev', 'key'):
            batch_op.drop_column(name)
