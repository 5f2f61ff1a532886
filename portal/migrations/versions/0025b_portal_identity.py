"""Which portal a database belongs to. The row is written by whoever sets up the portal, since its folder bears the same.

Revision: 0025b, after 0024f.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0025b'
down_revision = '0024f'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'portal_identity',
        sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('uid', sa.String(length=32), nullable=False),
        sa.Column('founded_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_portal_identity')),
    )


def downgrade() -> None:
    op.drop_table('portal_identity')
