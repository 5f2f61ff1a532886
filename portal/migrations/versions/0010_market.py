"""The market: catalogue, offers, reuse with its steps, tracked tasks.

Revision: 0010, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db
from content.models.history import create_append_only
from content.models.reuse import REUSE_APPEND_ONLY

revision = '0010'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('commune',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('land', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commune')),
    sa.UniqueConstraint('land', 'name', name=op.f('uq_commune_land_name'))
    )
    op.create_table('it_provider',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('town', sa.String(length=200), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_it_provider')),
    sa.UniqueConstraint('name', 'town', name=op.f('uq_it_provider_name_town'))
    )
    op.create_table('leika_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('leika_key', sa.String(length=14), nullable=True),
    sa.Column('given_key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('leika_type', sa.String(length=20), nullable=False),
    sa.Column('ozg_id', sa.String(length=10), nullable=True),
    sa.Column('laws', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_leika_service')),
    sa.UniqueConstraint('leika_key', name=op.f('uq_leika_service_leika_key'))
    )
    with op.batch_alter_table('leika_service', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_leika_service_ozg_id'), ['ozg_id'], unique=False)

    op.create_table('ozg_service',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ozg_id', sa.String(length=10), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('lebenslage', sa.Text(), nullable=False),
    sa.Column('themenfeld', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ozg_service')),
    sa.UniqueConstraint('ozg_id', name=op.f('uq_ozg_service_ozg_id'))
    )
    op.create_table('market_offer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('market_item_url', sa.String(length=300), nullable=False),
    sa.Column('provider', sa.String(length=120), nullable=False),
    sa.Column('provider_name', sa.Text(), nullable=False),
    sa.Column('model', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_market_offer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_market_offer'))
    )
    with op.batch_alter_table('market_offer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_market_offer_market_item_url'), ['market_item_url'], unique=False)
        batch_op.create_index(batch_op.f('ix_market_offer_provider'), ['provider'], unique=False)

    op.create_table('reuse',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('buyer_kind', sa.String(length=16), nullable=False),
    sa.Column('land', sa.String(length=8), nullable=False),
    sa.Column('commune', sa.String(length=200), nullable=False),
    sa.Column('buyer', sa.String(length=120), nullable=False),
    sa.Column('through', sa.String(length=200), nullable=False),
    sa.Column('covers_communes', sa.Boolean(), nullable=False),
    sa.Column('is_public', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('terms_title', sa.Text(), nullable=False),
    sa.Column('terms_confirmed_on', sa.Date(), nullable=True),
    sa.Column('contract_number', sa.String(length=60), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['offer_id'], ['item.id'], name=op.f('fk_reuse_offer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reuse')),
    sa.UniqueConstraint('uid', name=op.f('uq_reuse_uid'))
    )
    with op.batch_alter_table('reuse', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reuse_buyer'), ['buyer'], unique=False)
        batch_op.create_index('ix_reuse_offer_id_land_commune', ['offer_id', 'land', 'commune'], unique=False)
        batch_op.create_index(batch_op.f('ix_reuse_state'), ['state'], unique=False)

    op.create_table('task',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('anchor', sa.String(length=60), nullable=False),
    sa.Column('addressee', sa.String(length=200), nullable=False),
    sa.Column('due_meeting', sa.String(length=300), nullable=True),
    sa.Column('tracking', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('evidence_url', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('reported_by', sa.String(length=200), nullable=False),
    sa.Column('reported_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('confirmed_by', sa.String(length=200), nullable=True),
    sa.Column('confirmed_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_task_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('item_id', 'anchor', 'addressee', name=op.f('uq_task_item_id_anchor_addressee'))
    )
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_tracking'), ['tracking'], unique=False)

    op.create_table('reuse_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reuse_id', sa.Integer(), nullable=False),
    sa.Column('transition', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('target', sa.String(length=16), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('actor', sa.String(length=120), nullable=False),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['reuse_id'], ['reuse.id'], name=op.f('fk_reuse_step_reuse_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reuse_step'))
    )
    with op.batch_alter_table('reuse_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reuse_step_reuse_id'), ['reuse_id'], unique=False)

    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_edition_current_list'), sqlite_where=sa.text('valid_until IS NULL'))
        batch_op.create_index('ix_edition_current_list', ['kind', sa.literal_column('sort_date DESC'), sa.literal_column('serial DESC'), sa.literal_column('id DESC')], unique=False, sqlite_where=sa.text('valid_until IS NULL'), postgresql_where=sa.text('valid_until IS NULL'))

    create_append_only(op.get_bind(), REUSE_APPEND_ONLY)


def downgrade() -> None:
    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.drop_index('ix_edition_current_list', sqlite_where=sa.text('valid_until IS NULL'), postgresql_where=sa.text('valid_until IS NULL'))
        batch_op.create_index(batch_op.f('ix_edition_current_list'), ['kind', 'sort_date', 'serial', 'id'], unique=False, sqlite_where=sa.text('valid_until IS NULL'))

    with op.batch_alter_table('reuse_step', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reuse_step_reuse_id'))

    op.drop_table('reuse_step')
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_tracking'))

    op.drop_table('task')
    with op.batch_alter_table('reuse', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reuse_state'))
        batch_op.drop_index(batch_op.f('ix_reuse_buyer'))
        batch_op.drop_index('ix_reuse_offer_id_land_commune')

    op.drop_table('reuse')
    with op.batch_alter_table('market_offer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_market_offer_provider'))
        batch_op.drop_index(batch_op.f('ix_market_offer_market_item_url'))

    op.drop_table('market_offer')
    op.drop_table('ozg_service')
    with op.batch_alter_table('leika_service', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_leika_service_ozg_id'))

    op.drop_table('leika_service')
    op.drop_table('it_provider')
    op.drop_table('commune')
