"""Review of reports: remarks, suggestions, requests, guests with personal links; who accepted what a revision was made from.

Revision: 0016, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0016'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('review_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('organisation', sa.String(length=120), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('created_by', sa.String(length=120), nullable=False),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revoked_by', sa.String(length=120), nullable=False),
    sa.Column('revoked_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_review_link_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_link')),
    sa.UniqueConstraint('digest', name=op.f('uq_review_link_digest'))
    )
    with op.batch_alter_table('review_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_link_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_review_link_report_id'), ['report_id'], unique=False)

    op.create_table('review_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('due', sa.Date(), nullable=False),
    sa.Column('asked_by', sa.String(length=120), nullable=False),
    sa.Column('asked_by_name', sa.String(length=200), nullable=False),
    sa.Column('asked_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('done_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('dropped_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_review_request_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_review_request_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_request'))
    )
    with op.batch_alter_table('review_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_review_request_report_id'), ['report_id'], unique=False)

    op.create_table('review_thread',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('section_uid', sa.String(length=36), nullable=False),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.Column('after', sa.Text(), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('is_gone', sa.Boolean(), nullable=False),
    sa.Column('resolved_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_review_thread_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_thread'))
    )
    with op.batch_alter_table('review_thread', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_thread_report_id'), ['report_id'], unique=False)

    op.create_table('suggestion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('section_uid', sa.String(length=36), nullable=False),
    sa.Column('base_rev', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=True),
    sa.Column('old', sa.Text(), nullable=False),
    sa.Column('new', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('login', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('decided_by', sa.String(length=200), nullable=False),
    sa.Column('decided_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_suggestion_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suggestion'))
    )
    with op.batch_alter_table('suggestion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_suggestion_report_id'), ['report_id'], unique=False)

    op.create_table('review_access',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('link_id', sa.Integer(), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('network', sa.String(length=60), nullable=False),
    sa.Column('is_refused', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['link_id'], ['review_link.id'], name=op.f('fk_review_access_link_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_access'))
    )
    with op.batch_alter_table('review_access', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_access_link_id'), ['link_id'], unique=False)

    op.create_table('review_remark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('thread_id', sa.Integer(), nullable=False),
    sa.Column('login', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['thread_id'], ['review_thread.id'], name=op.f('fk_review_remark_thread_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_remark'))
    )
    with op.batch_alter_table('review_remark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_review_remark_thread_id'), ['thread_id'], unique=False)

    with op.batch_alter_table('section_revision', schema=None) as batch_op:
        batch_op.add_column(sa.Column('accepted_by', sa.String(length=200), nullable=False, server_default=''))
    with op.batch_alter_table('section_revision', schema=None) as batch_op:
        batch_op.alter_column('accepted_by', server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('section_revision', schema=None) as batch_op:
        batch_op.drop_column('accepted_by')
    for name in ('review_remark', 'review_access', 'suggestion', 'review_thread', 'review_request', 'review_link'):
        op.drop_table(name)
