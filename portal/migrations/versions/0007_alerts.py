"""Searches that readers follow by mail.

Revision: 0007, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0007'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert_request'))
    )
    with op.batch_alter_table('alert_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_request_at'), ['at'], unique=False)
        batch_op.create_index('ix_alert_request_mark', ['mark', 'at'], unique=False)

    op.create_table('subscriber',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('nonce', sa.String(length=32), nullable=False),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber')),
    sa.UniqueConstraint('email', name=op.f('uq_subscriber_email'))
    )
    op.create_table('alert',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscriber_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('parameters', sa.JSON(), nullable=False),
    sa.Column('rhythm', sa.String(length=16), nullable=False),
    sa.Column('with_corrections', sa.Boolean(), nullable=False),
    sa.Column('nonce', sa.String(length=32), nullable=False),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('next_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_alert_subscriber_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert')),
    sa.UniqueConstraint('subscriber_id', 'digest', name=op.f('uq_alert_subscriber_id_digest'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_confirmed_at'), ['confirmed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_alert_digest'), ['digest'], unique=False)
        batch_op.create_index(batch_op.f('ix_alert_subscriber_id'), ['subscriber_id'], unique=False)

    op.create_table('alert_notice',
    sa.Column('subscriber_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_alert_notice_subscriber_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('subscriber_id', 'position', name=op.f('pk_alert_notice'))
    )


def downgrade() -> None:
    for name in ('alert_notice', 'alert', 'subscriber', 'alert_request'):
        op.drop_table(name)
