"""When a step taken elsewhere was entered here; what came in with a state has a line of its history for it.

Revision: 0024f, after 0024e.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0024f'
down_revision = '0024e'
branch_labels = None
depends_on = None

_WORDS = {
    'adopted': 'beschlossen', 'gazetted': 'beschlossen', 'proposed': 'vorgeschlagen', 'implementing': 'in Umsetzung', 'implemented': 'umgesetzt',
    'rejected': 'abgelehnt', 'postponed': 'vertagt', 'withdrawn': 'zurückgezogen', 'superseded': 'überholt',
}
_CAME_IN = """
    SELECT item.id, item.kind, item.procedure_state AS state, item.rev, item.input_digest, first.at, first.actor, first.actor_name, decision.date, decision.gazette_date
    FROM item JOIN step_entry AS first ON first.id = (SELECT min(step.id) FROM step_entry AS step WHERE step.item_id = item.id AND step.transition = 'import')
    LEFT JOIN decision ON decision.id = item.id
    WHERE item.kind IN ('decision', 'recommendation') AND item.procedure_state IS NOT NULL AND item.procedure_state <> 'draft'
    AND NOT EXISTS (SELECT 1 FROM step_entry AS own WHERE own.item_id = item.id AND own.workflow = item.kind)
    ORDER BY item.id
"""


def upgrade() -> None:
    op.add_column('step_entry', sa.Column('recorded_at', content.database.db.UtcDateTime(timezone=True), nullable=True))
    at, day = content.database.db.UtcDateTime(timezone=True), sa.Date()
    query = sa.text(_CAME_IN).columns(at=at, date=day, gazette_date=day)
    lines = [_line(row) for row in op.get_bind().execute(query).mappings()]
    steps = sa.table('step_entry', *(sa.column(name) for name in (
        'item_id', 'workflow', 'version', 'transition', 'source', 'target', 'actor', 'actor_name', 'comment', 'rev', 'sha256',
    )), sa.column('at', at), sa.column('recorded_at', at))
    if lines:
        op.bulk_insert(steps, lines)


def _line(row: sa.RowMapping) -> dict[str, object]:
    words = _WORDS.get(row['state'], row['state']) + _day(' am', row['date']) + _day(', bekannt gegeben am', row['gazette_date'])
    return {
        'item_id': row['id'], 'workflow': row['kind'], 'version': {'decision': 2, 'recommendation': 1}[row['kind']], 'transition': 'import',
        'source': 'draft', 'target': row['state'], 'actor': row['actor'], 'actor_name': row['actor_name'], 'comment': words, 'rev': row['rev'],
        'sha256': row['input_digest'] or '', 'at': row['at'], 'recorded_at': row['at'],
    }


def _day(words: str, day: dt.date | None) -> str:
    return f"{words} {day:%d.%m.%Y}" if day else ''


def downgrade() -> None:
    op.drop_column('step_entry', 'recorded_at')
