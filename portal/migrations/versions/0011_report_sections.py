"""Sections of reports with lasting identities, anchors and revisions of their own; drafts, presence, plain summary.

Revision: 0011, after 0004.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0011'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('section_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('section_uid', sa.String(length=36), nullable=False),
    sa.Column('login', sa.String(length=120), nullable=False),
    sa.Column('base_rev', sa.Integer(), nullable=False),
    sa.Column('heading', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_section_draft_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_section_draft')),
    sa.UniqueConstraint('section_uid', 'login', name=op.f('uq_section_draft_section_uid_login'))
    )
    with op.batch_alter_table('section_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_section_draft_report_id'), ['report_id'], unique=False)

    op.create_table('section_presence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('section_uid', sa.String(length=36), nullable=False),
    sa.Column('login', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('seen_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_section_presence_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_section_presence')),
    sa.UniqueConstraint('section_uid', 'login', name=op.f('uq_section_presence_section_uid_login'))
    )
    with op.batch_alter_table('section_presence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_section_presence_report_id'), ['report_id'], unique=False)

    op.create_table('section_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('section_uid', sa.String(length=36), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('heading', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_section_revision_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_section_revision')),
    sa.UniqueConstraint('section_uid', 'rev', name=op.f('uq_section_revision_section_uid_rev'))
    )
    with op.batch_alter_table('section_revision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_section_revision_report_id'), ['report_id'], unique=False)

    with op.batch_alter_table('report', schema=None) as batch_op:
        batch_op.add_column(sa.Column('anchors_given', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('plain_text', sa.Text(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('plain_marks', sa.JSON(), nullable=False, server_default='{}'))
    with op.batch_alter_table('report_section', schema=None) as batch_op:
        batch_op.add_column(sa.Column('uid', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('anchor', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('level', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('parent_uid', sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column('rev', sa.Integer(), nullable=False, server_default='1'))
        batch_op.add_column(sa.Column('recommendation_url', sa.String(length=300), nullable=True))
    _fill()
    with op.batch_alter_table('report', schema=None) as batch_op:
        for name in ('anchors_given', 'plain_text', 'plain_marks'):
            batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table('report_section', schema=None) as batch_op:
        batch_op.alter_column('uid', existing_type=sa.String(length=36), nullable=False)
        batch_op.alter_column('anchor', existing_type=sa.String(length=20), nullable=False)
        for name in ('level', 'rev'):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_unique_constraint(batch_op.f('uq_report_section_uid'), ['uid'])


def _fill() -> None:
    """Sections that there are keep their anchors (`a1`, `a2`, … by place) and get an identity and a first revision."""
    connection = op.get_bind()
    names = ('id', 'report_id', 'position', 'heading', 'text', 'uid', 'anchor')
    section = sa.table('report_section', *(sa.column(name) for name in names))
    report = sa.table('report', sa.column('id'), sa.column('anchors_given'))
    item = sa.table('item', sa.column('id'), sa.column('changed_at', content.database.db.UtcDateTime(timezone=True)))
    kept = sa.table(
        'section_revision', *(sa.column(name) for name in ('report_id', 'section_uid', 'rev', 'heading', 'text', 'actor', 'actor_name')),
        sa.column('at', content.database.db.UtcDateTime(timezone=True)),
    )
    query = sa.select(section, item.c.changed_at).join_from(section, item, item.c.id == section.c.report_id)
    for row in connection.execute(query.order_by(section.c.report_id, section.c.position)).all():
        uid = str(uuid.uuid4())
        connection.execute(section.update().where(section.c.id == row.id).values(uid=uid, anchor=f'a{row.position}'))
        connection.execute(report.update().where(report.c.id == row.report_id).values(anchors_given=row.position))
        connection.execute(kept.insert().values(
            report_id=row.report_id, section_uid=uid, rev=1, heading=row.heading, text=row.text, actor='', actor_name='', at=row.changed_at,
        ))


def downgrade() -> None:
    with op.batch_alter_table('report_section', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_report_section_uid'), type_='unique')
        for name in ('recommendation_url', 'rev', 'parent_uid', 'level', 'anchor', 'uid'):
            batch_op.drop_column(name)
    with op.batch_alter_table('report', schema=None) as batch_op:
        for name in ('plain_marks', 'plain_text', 'anchors_given'):
            batch_op.drop_column(name)
    for name in ('section_revision', 'section_presence', 'section_draft'):
        op.drop_table(name)
