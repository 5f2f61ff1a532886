"""Embargoes with personal links and their access log.

Revision: 0004, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0004'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('embargo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('until', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(length=120), nullable=False),
    sa.Column('set_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('stopped_by', sa.String(length=120), nullable=False),
    sa.Column('stopped_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_embargo_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embargo')),
    sa.UniqueConstraint('item_id', name=op.f('uq_embargo_item_id'))
    )
    op.create_table('embargo_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('embargo_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('organisation', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=False),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revoked_by', sa.String(length=120), nullable=False),
    sa.Column('revoked_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['embargo_id'], ['embargo.id'], name=op.f('fk_embargo_link_embargo_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embargo_link')),
    sa.UniqueConstraint('digest', name=op.f('uq_embargo_link_digest'))
    )
    with op.batch_alter_table('embargo_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_embargo_link_embargo_id'), ['embargo_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_embargo_link_expires_at'), ['expires_at'], unique=False)

    op.create_table('embargo_access',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('link_id', sa.Integer(), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('network', sa.String(length=60), nullable=False),
    sa.Column('is_refused', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['link_id'], ['embargo_link.id'], name=op.f('fk_embargo_access_link_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_embargo_access'))
    )
    with op.batch_alter_table('embargo_access', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_embargo_access_link_id'), ['link_id'], unique=False)


def downgrade() -> None:
    for name in ('embargo_access', 'embargo_link', 'embargo'):
        op.drop_table(name)
