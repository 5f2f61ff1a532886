"""The register of given numbers, filled with what is borne and what was removed; steps asked for by one person; no planned withdrawal.

Revision: 0025e1, after 0025e.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

import content.database.db
from content.models.history import create_append_only

revision = '0025e1'
down_revision = '0025e'
branch_labels = None
depends_on = None

_AT = content.database.db.UtcDateTime(timezone=True)
_GIVEN = sa.table('given_number', *(sa.column(name) for name in ('body_uid', 'year', 'serial', 'number', 'item_uid')), sa.column('given_at', _AT), sa.column('given_by'), sa.column('note'))
_BORNE = """
    SELECT body.uid AS body_uid, decision.year, decision.serial, decision.number, item.uid AS item_uid, item.created_at AS given_at
    FROM decision JOIN item ON item.id = decision.id JOIN item AS body ON body.id = decision.body_id
    WHERE decision.serial IS NOT NULL AND decision.number IS NOT NULL ORDER BY item.id
"""
_REMOVED = """
    SELECT audit_entry.subject, audit_entry.at, audit_entry.actor, audit_entry.actor_name, item.uid AS item_uid, step_entry.comment
    FROM audit_entry LEFT JOIN step_entry ON step_entry.transition = 'remove' AND step_entry.at = audit_entry.at AND step_entry.actor = audit_entry.actor
    LEFT JOIN item ON item.id = step_entry.item_id
    WHERE audit_entry.action = 'item.removed' AND audit_entry.subject LIKE '/beschluss/%' ORDER BY audit_entry.id
"""
_ADDRESS = re.compile(r'/beschluss/(?:([^/]+)/)?(\d{4})/(\d+)')


def upgrade() -> None:
    op.create_table(
        'given_number',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('body_uid', sa.String(length=36), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('serial', sa.Integer(), nullable=False),
        sa.Column('number', sa.String(length=40), nullable=False),
        sa.Column('item_uid', sa.String(length=36), nullable=False),
        sa.Column('given_at', _AT, nullable=False),
        sa.Column('given_by', sa.String(length=120), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_given_number')),
        sa.UniqueConstraint('body_uid', 'year', 'serial', name=op.f('uq_given_number_body_uid_year_serial')),
    )
    op.create_index('ix_given_number_item', 'given_number', ['item_uid'])
    op.create_table(
        'number_note',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('body_uid', sa.String(length=36), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('first', sa.Integer(), nullable=False),
        sa.Column('last', sa.Integer(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('actor', sa.String(length=120), nullable=False),
        sa.Column('actor_name', sa.String(length=200), nullable=False),
        sa.Column('at', _AT, nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_number_note')),
    )
    op.create_index(op.f('ix_number_note_body_uid'), 'number_note', ['body_uid'])
    op.create_table(
        'step_request',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('item_id', sa.Integer(), nullable=False),
        sa.Column('workflow', sa.String(length=32), nullable=False),
        sa.Column('transition', sa.String(length=40), nullable=False),
        sa.Column('source', sa.String(length=32), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('asked_by', sa.String(length=120), nullable=False),
        sa.Column('asked_name', sa.String(length=200), nullable=False),
        sa.Column('asked_at', _AT, nullable=False),
        sa.Column('rev', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_step_request_item_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_step_request')),
        sa.UniqueConstraint('item_id', 'workflow', 'transition', name=op.f('uq_step_request_item_id_workflow_transition')),
    )
    _fill()
    create_append_only(op.get_bind(), ('given_number', 'number_note'))
    op.drop_index(op.f('ix_item_withdraw_at'), 'item')
    op.drop_column('item', 'withdraw_at')
    op.drop_column('item', 'withdraw_note')


def _fill() -> None:
    connection = op.get_bind()
    rows = [
        {**row, 'given_by': 'migration', 'note': ''}
        for row in connection.execute(sa.text(_BORNE).columns(given_at=_AT)).mappings()
    ]
    taken = {(row['body_uid'], row['year'], row['serial']) for row in rows}
    bodies = {
        row.slug: (row.uid, row.number_pattern)
        for row in connection.execute(sa.text('SELECT item.slug, item.uid, body.number_pattern FROM body JOIN item ON item.id = body.id'))
    }
    for row in connection.execute(sa.text(_REMOVED).columns(at=_AT)):
        match = _ADDRESS.fullmatch(row.subject)
        if match is None or (match[1] or 'it-planungsrat') not in bodies:
            continue
        body_uid, pattern = bodies[match[1] or 'it-planungsrat']
        year, serial = int(match[2]), int(match[3])
        if (body_uid, year, serial) in taken:
            continue
        taken.add((body_uid, year, serial))
        reason = f': {row.comment}' if row.comment else ''
        rows.append({
            'body_uid': body_uid, 'year': year, 'serial': serial, 'number': f"{year}/{serial:02d}{pattern.partition('NN')[2]}", 'item_uid': row.item_uid or '',
            'given_at': row.at, 'given_by': 'migration', 'note': f'Am {row.at:%d.%m.%Y} von {row.actor_name} endgültig entfernt{reason}',
        })
    if rows:
        op.bulk_insert(_GIVEN, rows)


def downgrade() -> None:
    op.add_column('item', sa.Column('withdraw_note', sa.Text(), server_default='', nullable=False))
    op.add_column('item', sa.Column('withdraw_at', _AT, nullable=True))
    op.create_index(op.f('ix_item_withdraw_at'), 'item', ['withdraw_at'])
    for name in ('step_request', 'number_note', 'given_number'):
        op.drop_table(name)
