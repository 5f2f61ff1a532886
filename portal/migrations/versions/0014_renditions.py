"""Pictures in several sizes: the renditions of a stored picture.

Revision: 0014, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'rendition',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('picture', sa.String(length=64), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['picture'], ['file.sha256'], name=op.f('fk_rendition_picture')),
        sa.ForeignKeyConstraint(['sha256'], ['file.sha256'], name=op.f('fk_rendition_sha256')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rendition')),
        sa.UniqueConstraint('picture', 'sha256', name=op.f('uq_rendition_picture_sha256')),
    )


def downgrade() -> None:
    op.drop_table('rendition')
