"""Reports of implementation: who reported, what came back; steps name the decision they rest on.

Revision: 0009, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that would make the table anew and lose the triggers that keep it append-only.
    op.add_column('step_entry', sa.Column('decision_url', sa.String(length=300), nullable=True))
    with op.batch_alter_table('implementation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reporter', sa.String(length=120), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('comment', sa.Text(), nullable=False, server_default=''))
    with op.batch_alter_table('implementation', schema=None) as batch_op:
        for name in ('reporter', 'comment'):
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('implementation', schema=None) as batch_op:
        for name in ('comment', 'reporter'):
            batch_op.drop_column(name)
    op.drop_column('step_entry', 'decision_url')
