"""Further secrets of a link under embargo: a mail that tells of a new end leads to the same page.

Revision: 0030a, after 0027h.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0030a'
down_revision = '0027h'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'embargo_secret',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('link_id', sa.Integer(), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['link_id'], ['embargo_link.id'], name=op.f('fk_embargo_secret_link_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_embargo_secret')),
        sa.UniqueConstraint('digest', name=op.f('uq_embargo_secret_digest')),
    )
    op.create_index(op.f('ix_embargo_secret_link_id'), 'embargo_secret', ['link_id'], unique=False)


def downgrade() -> None:
    op.drop_table('embargo_secret')
