"""What is to be said of a vote; decisions that came in with a number stand where they do: adopted.

Revision: 0024c, after 0024b.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0024c'
down_revision = '0024b'
branch_labels = None
depends_on = None

_CAME_IN = """
    kind = 'decision' AND EXISTS (SELECT 1 FROM decision WHERE decision.id = item.id AND decision.number IS NOT NULL AND decision.gazette_date IS {gazette})
    AND EXISTS (SELECT 1 FROM step_entry WHERE step_entry.item_id = item.id AND step_entry.transition = 'import')
    AND NOT EXISTS (SELECT 1 FROM step_entry WHERE step_entry.item_id = item.id AND step_entry.workflow = 'decision')
"""


def upgrade() -> None:
    with op.batch_alter_table('vote', schema=None) as batch_op:
        batch_op.add_column(sa.Column('note', sa.String(length=300), server_default='', nullable=False))
    for state, gazette in (('adopted', 'NULL'), ('gazetted', 'NOT NULL')):
        op.execute(f"UPDATE item SET procedure_state = '{state}' WHERE procedure_state IS NULL AND {_CAME_IN.format(gazette=gazette)}")


def downgrade() -> None:
    op.execute(f"UPDATE item SET procedure_state = NULL WHERE procedure_state IN ('adopted', 'gazetted') AND {_CAME_IN.format(gazette='NULL')}")
    op.execute(f"UPDATE item SET procedure_state = NULL WHERE procedure_state IN ('adopted', 'gazetted') AND {_CAME_IN.format(gazette='NOT NULL')}")
    with op.batch_alter_table('vote', schema=None) as batch_op:
        batch_op.drop_column('note')
