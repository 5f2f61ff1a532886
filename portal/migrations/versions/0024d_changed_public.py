"""An index of what was public and was changed since: the start page read every draft for it.

Revision: 0024d, after 0024c.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0024d'
down_revision = '0024c'
branch_labels = None
depends_on = None

_CHANGED = sa.text('rev > public_rev AND public_rev > 0')


def upgrade() -> None:
    op.create_index('ix_item_changed_public', 'item', ['changed_at', 'id'], sqlite_where=_CHANGED, postgresql_where=_CHANGED)


def downgrade() -> None:
    op.drop_index('ix_item_changed_public', table_name='item')
