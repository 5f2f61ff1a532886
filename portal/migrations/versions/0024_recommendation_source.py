"""Where a recommendation comes from: the section of a report, the clause of a decision.

Revision: 0024, after 0013c.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0013c'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('recommendation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('report_anchor', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('clause_url', sa.String(length=380), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('recommendation', schema=None) as batch_op:
        batch_op.drop_column('clause_url')
        batch_op.drop_column('report_anchor')
