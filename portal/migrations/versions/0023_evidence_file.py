"""A file as evidence beside a report of implementation.

Revision: 0023, after 0013.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('implementation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('evidence_sha256', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('evidence_name', sa.String(length=160), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_implementation_evidence_sha256'), 'file', ['evidence_sha256'], ['sha256'])


def downgrade() -> None:
    with op.batch_alter_table('implementation', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_implementation_evidence_sha256'), type_='foreignkey')
        batch_op.drop_column('evidence_name')
        batch_op.drop_column('evidence_sha256')
