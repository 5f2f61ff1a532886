"""Checkpoints and the documents of acts without an edition; whatever is derived of editions is frozen by the database.

Revision: 0025a, after 0024f.
"""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0025a'
down_revision = '0025g'
branch_labels = None
depends_on = None

_REFUSAL = 'append-only: the ledger and its editions cannot be changed'
_TABLES = ('ledger_entry', 'ledger_document', 'checkpoint', 'old_address', 'edition', 'edition_facet', 'edition_file', 'edition_reference')
_EDITION = (
    'id', 'item_id', 'number', 'kind', 'subkind', 'url', 'title', 'sort_title', 'header', 'body_slug', 'year', 'serial', 'date', 'sort_date',
    'meeting_url', 'summary', 'sha256', 'act', 'note', 'recorded_at', 'valid_from', 'valid_until', 'is_withdrawn', 'position', 'item_rev', 'document',
)
_ONCE = {
    'edition': (_EDITION, {
        'valid_until': 'OLD.valid_until IS NULL AND NEW.valid_until IS NOT NULL',
        'is_withdrawn': 'NOT OLD.is_withdrawn AND NEW.is_withdrawn',
    }),
    'edition_facet': (('edition_id', 'facet', 'value', 'kind', 'is_current'), {'is_current': 'OLD.is_current AND NOT NEW.is_current'}),
}


def upgrade() -> None:
    op.create_table(
        'ledger_document',
        sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('document', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('position', name=op.f('pk_ledger_document')),
    )
    op.create_index('ix_ledger_document_sha256', 'ledger_document', ['sha256'])
    op.create_table(
        'checkpoint',
        sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('hash', sa.String(length=64), nullable=False),
        sa.Column('made_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('position', name=op.f('pk_checkpoint')),
    )
    first = importlib.import_module('portal.migrations.versions.0001_first_tables')
    first.drop_guards(op.get_bind())
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _changed(table: str, dialect: str) -> str:
    differs = 'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'
    columns, once = _ONCE[table]
    cast = {'header': '::text'} if dialect == 'postgresql' else {}
    changes = {name: f"NEW.{name}{cast.get(name, '')} {differs} OLD.{name}{cast.get(name, '')}" for name in columns}
    return ' OR '.join(f'({change} AND NOT ({once[name]}))' if name in once else change for name, change in changes.items())


def _guards(dialect: str) -> list[str]:
    act, each = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END", ''
    made = []
    if dialect == 'postgresql':
        act, each = 'EXECUTE FUNCTION refuse_change()', 'FOR EACH ROW '
        made.append(
            'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            f"RAISE EXCEPTION '{_REFUSAL}'; END $$"
        )
    for table in _TABLES:
        when = f'WHEN ({_changed(table, dialect)})' if table in _ONCE else ''
        made.append(f'CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table} {each}{when} {act}')
        made.append(f'CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {each}{act}')
    return made


def downgrade() -> None:
    bind = op.get_bind()
    for table in _TABLES:
        for end in ('frozen', 'no_delete'):
            op.execute(f'DROP TRIGGER IF EXISTS {table}_{end}' + ('' if bind.dialect.name == 'sqlite' else f' ON {table}'))
    op.drop_table('checkpoint')
    op.drop_table('ledger_document')
    importlib.import_module('portal.migrations.versions.0001_first_tables').create_guards(bind)
