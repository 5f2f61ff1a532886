"""Drafts say which request they took last, and when their form was done with.

Revision: 0027g, after 0026h.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0027g'
down_revision = '0026h'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('form_draft', 'section_draft'):
        op.add_column(table, sa.Column('number', sa.BigInteger(), nullable=False, server_default='0'))
        op.add_column(table, sa.Column('finished_at', content.database.db.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in ('form_draft', 'section_draft'):
        # The earlier program would offer a row without text as a draft.
        op.execute(f'DELETE FROM {table} WHERE finished_at IS NOT NULL')
        op.drop_column(table, 'finished_at')
        op.drop_column(table, 'number')
