"""A clause is known by its decision and its anchor: a number of its own made every one an insert of its own.

Revision: 0024b, after 0024.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0024b'
down_revision = '0024'
branch_labels = None
depends_on = None

_COLUMNS = 'decision_id, position, anchor, path, label, depth, kind, addressees, due_meeting, markdown, text'


def upgrade() -> None:
    _make_anew(sa.PrimaryKeyConstraint('decision_id', 'anchor', name=op.f('pk_clause')))


def downgrade() -> None:
    _make_anew(
        sa.Column('id', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_clause')),
        sa.UniqueConstraint('decision_id', 'anchor', name=op.f('uq_clause_decision_id_anchor')),
    )


def _make_anew(*differing: sa.schema.SchemaItem) -> None:
    """Every clause in a table with another key; nothing points to clauses but texts, by their anchors."""
    op.execute('CREATE TEMPORARY TABLE clause_kept AS SELECT * FROM clause')
    op.drop_table('clause')
    op.create_table(
        'clause',
        sa.Column('decision_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('anchor', sa.String(length=60), nullable=False),
        sa.Column('path', sa.JSON(), nullable=False),
        sa.Column('label', sa.Text(), nullable=False),
        sa.Column('depth', sa.Integer(), nullable=False),
        sa.Column('kind', sa.String(length=32), nullable=True),
        sa.Column('addressees', sa.JSON(), nullable=False),
        sa.Column('due_meeting', sa.Integer(), nullable=True),
        sa.Column('markdown', sa.Text(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['decision_id'], ['decision.id'], name=op.f('fk_clause_decision_id'), ondelete='CASCADE'),
        *differing,
    )
    op.execute(f'INSERT INTO clause ({_COLUMNS}) SELECT {_COLUMNS} FROM clause_kept ORDER BY decision_id, position')
    op.execute('DROP TABLE clause_kept')
