"""Who reported on a task, by login; what was moved by a workflow that is not its own stands again where its own left it.

Revision: 0025g, after 0024f.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0025g'
down_revision = '0025f'
branch_labels = None
depends_on = None

# The log knows who reported; where it does not (any more), a name that only one person bears, or a login that stands for a name.
_BY_LOG = """
    UPDATE task SET reporter = COALESCE((
        SELECT entry.actor FROM audit_entry AS entry
        WHERE entry.action = 'task.report' AND entry.subject = 'task:' || task.id ORDER BY entry.id DESC LIMIT 1
    ), '') WHERE reported_at IS NOT NULL
"""
_BY_NAME = """
    UPDATE task SET reporter = (SELECT min(account.login) FROM account WHERE account.name = task.reported_by OR account.login = task.reported_by)
    WHERE reported_at IS NOT NULL AND reporter = ''
    AND 1 = (SELECT count(*) FROM account WHERE account.name = task.reported_by OR account.login = task.reported_by)
"""
_BACK = """
    UPDATE item SET procedure_state = (
        SELECT own.target FROM step_entry AS own WHERE own.item_id = item.id AND own.workflow = item.kind ORDER BY own.id DESC LIMIT 1
    ) WHERE EXISTS (SELECT 1 FROM step_entry AS foreign_step
        WHERE foreign_step.item_id = item.id AND foreign_step.workflow NOT IN ('publication', item.kind))
"""


def upgrade() -> None:
    op.add_column('task', sa.Column('reporter', sa.String(length=120), nullable=False, server_default=''))
    op.execute(_BY_LOG)
    op.execute(_BY_NAME)
    op.execute(_BACK)
    with op.batch_alter_table('task') as batch:
        batch.alter_column('reporter', server_default=None, existing_type=sa.String(length=120), existing_nullable=False)


def downgrade() -> None:
    op.drop_column('task', 'reporter')
