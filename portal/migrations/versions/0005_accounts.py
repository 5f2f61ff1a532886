"""Passkeys, OpenID Connect, limits by kind, notices; jobs that are claimed and given up.

Revision: 0005, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0005'
down_revision = '0010'
branch_labels = None
depends_on = None

TIME = content.database.db.UtcDateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table('account') as batch_op:
        batch_op.add_column(sa.Column('passkey_handle', sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_account_passkey_handle'), ['passkey_handle'])
    with op.batch_alter_table('account_grant') as batch_op:
        batch_op.add_column(sa.Column('source', sa.String(length=8), nullable=False, server_default='hand'))
    with op.batch_alter_table('account_session') as batch_op:
        batch_op.add_column(sa.Column('method', sa.String(length=8), nullable=False, server_default='password'))
    op.execute('DELETE FROM account_attempt')  # minutes old at most, and logins are kept as hashes from now on
    with op.batch_alter_table('account_attempt') as batch_op:
        batch_op.drop_index('ix_account_attempt_login')
        batch_op.drop_index('ix_account_attempt_address')
        batch_op.add_column(sa.Column('kind', sa.String(length=16), nullable=False, server_default='sign-in'))
        batch_op.create_index('ix_account_attempt_login', ['kind', 'login', 'at'], unique=False)
        batch_op.create_index('ix_account_attempt_address', ['kind', 'address', 'at'], unique=False)
    with op.batch_alter_table('job') as batch_op:
        batch_op.add_column(sa.Column('claimed_at', TIME, nullable=True))
        batch_op.add_column(sa.Column('given_up_at', TIME, nullable=True))
        batch_op.create_index(batch_op.f('ix_job_given_up_at'), ['given_up_at'], unique=False)
    op.create_table('account_passkey',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('credential_id', sa.String(length=1400), nullable=False),
    sa.Column('public_key', sa.Text(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('transports', sa.JSON(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('created_at', TIME, nullable=False),
    sa.Column('used_at', TIME, nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_passkey_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_passkey')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_account_passkey_credential_id'))
    )
    op.create_index(op.f('ix_account_passkey_account_id'), 'account_passkey', ['account_id'], unique=False)
    op.create_table('account_challenge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('expires_at', TIME, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_challenge_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_challenge')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_account_challenge_secret_hash'))
    )
    op.create_index(op.f('ix_account_challenge_expires_at'), 'account_challenge', ['expires_at'], unique=False)
    op.create_table('account_identity',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('issuer', sa.String(length=300), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('linked_at', TIME, nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_identity_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_identity')),
    sa.UniqueConstraint('issuer', 'subject', name=op.f('uq_account_identity_issuer_subject'))
    )
    op.create_index(op.f('ix_account_identity_account_id'), 'account_identity', ['account_id'], unique=False)
    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=True),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('read_at', TIME, nullable=True),
    sa.Column('is_for_digest', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_notice_account_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_notice_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('account_id', 'key', name=op.f('uq_notice_account_id_key'))
    )
    op.create_index('ix_notice_unread', 'notice', ['account_id', 'read_at'], unique=False)
    op.create_index('ix_notice_digest', 'notice', ['is_for_digest', 'account_id'], unique=False)
    op.create_index(op.f('ix_notice_item_id'), 'notice', ['item_id'], unique=False)
    op.create_table('notice_choice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Integer(), nullable=False),
    sa.Column('event', sa.String(length=32), nullable=False),
    sa.Column('way', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_notice_choice_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_choice')),
    sa.UniqueConstraint('account_id', 'event', name=op.f('uq_notice_choice_account_id_event'))
    )


def downgrade() -> None:
    for table in ('notice_choice', 'notice', 'account_identity', 'account_challenge', 'account_passkey'):
        op.drop_table(table)
    with op.batch_alter_table('job') as batch_op:
        batch_op.drop_index(batch_op.f('ix_job_given_up_at'))
        batch_op.drop_column('given_up_at')
        batch_op.drop_column('claimed_at')
    with op.batch_alter_table('account_attempt') as batch_op:
        batch_op.drop_index('ix_account_attempt_login')
        batch_op.drop_index('ix_account_attempt_address')
        batch_op.drop_column('kind')
        batch_op.create_index('ix_account_attempt_address', ['address', 'at'], unique=False)
        batch_op.create_index('ix_account_attempt_login', ['login', 'at'], unique=False)
    with op.batch_alter_table('account_session') as batch_op:
        batch_op.drop_column('method')
    with op.batch_alter_table('account_grant') as batch_op:
        batch_op.drop_column('source')
    with op.batch_alter_table('account') as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_account_passkey_handle'), type_='unique')
        batch_op.drop_column('passkey_handle')
