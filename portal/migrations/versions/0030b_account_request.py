"""What one administrator asked for on accounts with far-reaching roles, until another one confirms it.

Revision: 0030b, after 0030a.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0030b'
down_revision = '0030a'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'account_request',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('account_id', sa.Integer(), nullable=False),
        sa.Column('act', sa.String(length=16), nullable=False),
        sa.Column('given', sa.JSON(), nullable=False),
        sa.Column('asked_by', sa.String(length=120), nullable=False),
        sa.Column('asked_name', sa.String(length=200), nullable=False),
        sa.Column('asked_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_request_account_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_account_request')),
    )
    op.create_index(op.f('ix_account_request_account_id'), 'account_request', ['account_id'], unique=False)


def downgrade() -> None:
    op.drop_table('account_request')
