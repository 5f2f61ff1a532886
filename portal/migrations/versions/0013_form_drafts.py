"""What was typed into forms and not saved, with the files that were chosen.

Revision: 0013, after 0021.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0013'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('form_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('login', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.Column('base_rev', sa.Integer(), nullable=False),
    sa.Column('input', sa.JSON(), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_form_draft_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_draft')),
    sa.UniqueConstraint('login', 'uid', name=op.f('uq_form_draft_login_uid'))
    )
    with op.batch_alter_table('form_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_form_draft_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_form_draft_item_id'), ['item_id'], unique=False)
        batch_op.create_index('ix_form_draft_of', ['login', 'kind', 'item_id'], unique=False)
    op.create_table('form_draft_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('draft_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['form_draft.id'], name=op.f('fk_form_draft_file_draft_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_draft_file')),
    sa.UniqueConstraint('draft_id', 'name', name=op.f('uq_form_draft_file_draft_id_name'))
    )
    with op.batch_alter_table('form_draft_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_form_draft_file_sha256'), ['sha256'], unique=False)


def downgrade() -> None:
    op.drop_table('form_draft_file')
    op.drop_table('form_draft')
