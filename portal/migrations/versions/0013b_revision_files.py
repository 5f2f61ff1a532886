"""Which files a revision had: their names alone do not say, since another file may come under the same name.

Revision: 0013b, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0013b'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('revision', sa.Column('files', sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('revision') as batch_op:
        batch_op.drop_column('files')
