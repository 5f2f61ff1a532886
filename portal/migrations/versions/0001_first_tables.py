"""first tables

Revision: 0001, after .
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


_FROZEN = ('item_id', 'number', 'kind', 'url', 'document', 'sha256', 'position', 'recorded_at', 'valid_from')


def _guards(dialect: str) -> list[str]:
    """DDL that makes the ledger append-only and editions frozen."""
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FROZEN)
    if dialect == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _FROZEN)
        fail = "BEGIN SELECT RAISE(ABORT, 'append-only: the ledger and its editions cannot be changed'); END"
        return [
            f"CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry {fail}",
            f"CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry {fail}",
            f"CREATE TRIGGER edition_frozen BEFORE UPDATE ON edition WHEN {changed} {fail}",
            f"CREATE TRIGGER edition_no_delete BEFORE DELETE ON edition {fail}",
        ]
    call = "EXECUTE FUNCTION refuse_change()"
    return [
        ("CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'append-only: the ledger and its editions cannot be changed'; END $$"),
        f"CREATE TRIGGER ledger_entry_no_change BEFORE UPDATE OR DELETE ON ledger_entry FOR EACH ROW {call}",
        f"CREATE TRIGGER edition_frozen BEFORE UPDATE ON edition FOR EACH ROW WHEN ({changed}) {call}",
        f"CREATE TRIGGER edition_no_delete BEFORE DELETE ON edition FOR EACH ROW {call}",
    ]


def create_guards(connection: sa.Connection) -> None:
    """The triggers of this revision."""
    for statement in _guards(connection.dialect.name):
        connection.exec_driver_sql(statement)


def drop_guards(connection: sa.Connection) -> None:
    """Take the triggers of this revision away."""
    if connection.dialect.name == "sqlite":
        for name in ("ledger_entry_no_update", "ledger_entry_no_delete", "edition_frozen", "edition_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        return
    connection.exec_driver_sql("DROP TRIGGER IF EXISTS ledger_entry_no_change ON ledger_entry")
    for name in ("edition_frozen", "edition_no_delete"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON edition")
    connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


def upgrade() -> None:
    op.create_table('contact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organisation', sa.Text(), nullable=False),
    sa.Column('unit', sa.Text(), nullable=True),
    sa.Column('person', sa.Text(), nullable=True),
    sa.Column('role', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('mobile', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact'))
    )
    op.create_table('edition_tally',
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('facet', sa.String(length=16), nullable=False),
    sa.Column('value', sa.String(length=300), nullable=False),
    sa.Column('amount', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'facet', 'value', name=op.f('pk_edition_tally'))
    )
    op.create_table('file',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('media_type', sa.String(length=120), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=True),
    sa.Column('height', sa.Integer(), nullable=True),
    sa.Column('added_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_file'))
    )
    op.create_table('item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('slug', sa.String(length=200), nullable=False),
    sa.Column('title', sa.Text(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('rev', sa.Integer(), nullable=False),
    sa.Column('publication_state', sa.String(length=32), nullable=False),
    sa.Column('procedure_state', sa.String(length=32), nullable=True),
    sa.Column('topics', sa.JSON(), nullable=False),
    sa.Column('published_on', sa.Date(), nullable=True),
    sa.Column('created_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('input', sa.JSON(), nullable=False),
    sa.Column('input_digest', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_item')),
    sa.UniqueConstraint('uid', name=op.f('uq_item_uid')),
    sa.UniqueConstraint('url', name=op.f('uq_item_url'))
    )
    with op.batch_alter_table('item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_item_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_item_publication_state'), ['publication_state'], unique=False)

    op.create_table('ledger_entry',
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('recorded_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('item_uid', sa.String(length=36), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('edition_sha256', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('line', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_ledger_entry')),
    sa.UniqueConstraint('hash', name=op.f('uq_ledger_entry_hash'))
    )
    with op.batch_alter_table('ledger_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_entry_item_uid'), ['item_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_entry_url'), ['url'], unique=False)

    op.create_table('ledger_head',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('checkpoint', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_head'))
    )
    op.create_table('old_address',
    sa.Column('path', sa.String(length=500), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('path', name=op.f('pk_old_address'))
    )
    op.create_table('attachment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('visibility', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_attachment_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sha256'], ['file.sha256'], name=op.f('fk_attachment_sha256')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    with op.batch_alter_table('attachment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_attachment_item_id'), ['item_id'], unique=False)

    op.create_table('body',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('short', sa.Text(), nullable=False),
    sa.Column('number_pattern', sa.String(length=40), nullable=False),
    sa.Column('voting_rule', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_body_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_body'))
    )
    op.create_table('edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subkind', sa.String(length=32), nullable=False),
    sa.Column('url', sa.String(length=300), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('sort_title', sa.String(length=200), nullable=False),
    sa.Column('header', sa.JSON(), nullable=False),
    sa.Column('body_slug', sa.String(length=80), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('serial', sa.Integer(), nullable=False),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('sort_date', sa.Date(), nullable=False),
    sa.Column('meeting_url', sa.String(length=300), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('recorded_at', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('valid_from', content.database.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('valid_until', content.database.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('is_withdrawn', sa.Boolean(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('item_rev', sa.Integer(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_edition_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition')),
    sa.UniqueConstraint('item_id', 'number', name=op.f('uq_edition_item_id_number'))
    )
    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.create_index(
            'ix_edition_current_list', ['kind', sa.text('sort_date DESC'), sa.text('serial DESC'), sa.text('id DESC')],
            unique=False, sqlite_where=sa.text('valid_until IS NULL'), postgresql_where=sa.text('valid_until IS NULL'),
        )
        batch_op.create_index('ix_edition_current_number', ['kind', 'body_slug', 'subkind', 'year', 'serial'], unique=False, sqlite_where=sa.text('valid_until IS NULL'), postgresql_where=sa.text('valid_until IS NULL'))
        batch_op.create_index('ix_edition_current_url', ['url'], unique=True, sqlite_where=sa.text('valid_until IS NULL'), postgresql_where=sa.text('valid_until IS NULL'))
        batch_op.create_index('ix_edition_kind_title', ['kind', 'sort_title'], unique=False)
        batch_op.create_index('ix_edition_meeting_url', ['meeting_url', 'kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_edition_position'), ['position'], unique=False)
        batch_op.create_index('ix_edition_url_valid_from', ['url', 'valid_from'], unique=False)

    op.create_table('image',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('file_name', sa.String(length=255), nullable=True),
    sa.Column('alt', sa.Text(), nullable=False),
    sa.Column('caption', sa.Text(), nullable=False),
    sa.Column('credit', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_image_item_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sha256'], ['file.sha256'], name=op.f('fk_image_sha256')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_image')),
    sa.UniqueConstraint('item_id', name=op.f('uq_image_item_id'))
    )
    op.create_table('market_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ozg_id', sa.String(length=20), nullable=True),
    sa.Column('leika_keys', sa.JSON(), nullable=False),
    sa.Column('theme', sa.Text(), nullable=True),
    sa.Column('supplier_land', sa.Text(), nullable=True),
    sa.Column('it_provider', sa.Text(), nullable=True),
    sa.Column('maturity', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('decision_urls', sa.JSON(), nullable=False),
    sa.Column('recommendation_urls', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_market_item_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_market_item'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('short', sa.Text(), nullable=False),
    sa.Column('organisation_kind', sa.Text(), nullable=False),
    sa.Column('website', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation'))
    )
    op.create_table('page',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_page_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_page'))
    )
    op.create_table('recommendation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=True),
    sa.Column('addressees', sa.JSON(), nullable=False),
    sa.Column('report_url', sa.String(length=300), nullable=True),
    sa.Column('decision_urls', sa.JSON(), nullable=False),
    sa.Column('due', sa.Text(), nullable=True),
    sa.Column('market_item_urls', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_recommendation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recommendation'))
    )
    op.create_table('reference',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('from_anchor', sa.String(length=60), nullable=True),
    sa.Column('relation', sa.String(length=32), nullable=False),
    sa.Column('target_url', sa.String(length=300), nullable=False),
    sa.Column('target_anchor', sa.String(length=60), nullable=True),
    sa.Column('quoted', sa.Text(), nullable=False),
    sa.Column('is_explicit', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['item.id'], name=op.f('fk_reference_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference'))
    )
    with op.batch_alter_table('reference', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reference_item_id'), ['item_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reference_target_url'), ['target_url'], unique=False)

    op.create_table('report',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('group_name', sa.Text(), nullable=False),
    sa.Column('lead', sa.Text(), nullable=True),
    sa.Column('subgroups', sa.JSON(), nullable=False),
    sa.Column('commissioned_by', sa.String(length=300), nullable=True),
    sa.Column('noted_by', sa.String(length=300), nullable=True),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('recommendation_urls', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_report_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report'))
    )
    op.create_table('term',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('abbreviation', sa.Text(), nullable=True),
    sa.Column('synonyms', sa.JSON(), nullable=False),
    sa.Column('source', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_term_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_term'))
    )
    op.create_table('chair_term',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('body_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=True),
    sa.Column('land', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['body_id'], ['body.id'], name=op.f('fk_chair_term_body_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chair_term'))
    )
    with op.batch_alter_table('chair_term', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chair_term_body_id'), ['body_id'], unique=False)

    op.create_table('edition_facet',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('facet', sa.String(length=16), nullable=False),
    sa.Column('value', sa.String(length=300), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('is_current', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_facet_edition_id')),
    sa.PrimaryKeyConstraint('edition_id', 'facet', 'value', name=op.f('pk_edition_facet'))
    )
    with op.batch_alter_table('edition_facet', schema=None) as batch_op:
        batch_op.create_index('ix_edition_facet_value', ['kind', 'facet', 'value', 'is_current'], unique=False)

    op.create_table('edition_file',
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('media_type', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_file_edition_id')),
    sa.PrimaryKeyConstraint('edition_id', 'sha256', name=op.f('pk_edition_file'))
    )
    with op.batch_alter_table('edition_file', schema=None) as batch_op:
        batch_op.create_index('ix_edition_file_sha256', ['sha256'], unique=False)

    op.create_table('edition_reference',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('from_anchor', sa.String(length=60), nullable=True),
    sa.Column('from_label', sa.Text(), nullable=False),
    sa.Column('relation', sa.String(length=32), nullable=False),
    sa.Column('target_url', sa.String(length=300), nullable=False),
    sa.Column('target_anchor', sa.String(length=60), nullable=True),
    sa.Column('quoted', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_edition_reference_edition_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition_reference'))
    )
    with op.batch_alter_table('edition_reference', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_reference_edition_id'), ['edition_id'], unique=False)
        batch_op.create_index('ix_edition_reference_target', ['target_url'], unique=False)

    op.create_table('meeting',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('body_id', sa.Integer(), nullable=False),
    sa.Column('meeting_kind', sa.String(length=16), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=True),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('end_date', sa.Date(), nullable=True),
    sa.Column('place', sa.Text(), nullable=True),
    sa.Column('chair', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['body_id'], ['body.id'], name=op.f('fk_meeting_body_id')),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_meeting_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meeting')),
    sa.UniqueConstraint('body_id', 'ordinal', name=op.f('uq_meeting_body_id_ordinal'))
    )
    with op.batch_alter_table('meeting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_meeting_body_id'), ['body_id'], unique=False)

    op.create_table('member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('body_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['body_id'], ['body.id'], name=op.f('fk_member_body_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member')),
    sa.UniqueConstraint('body_id', 'code', name=op.f('uq_member_body_id_code'))
    )
    op.create_table('offer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('market_item_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('model', sa.Text(), nullable=False),
    sa.Column('offer_url', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['market_item_id'], ['market_item.id'], name=op.f('fk_offer_market_item_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer'))
    )
    with op.batch_alter_table('offer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_offer_market_item_id'), ['market_item_id'], unique=False)

    op.create_table('report_section',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('section_kind', sa.String(length=16), nullable=False),
    sa.Column('heading', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('fk_report_section_report_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_section'))
    )
    with op.batch_alter_table('report_section', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_report_section_report_id'), ['report_id'], unique=False)

    op.create_table('agenda_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('meeting_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('top', sa.String(length=20), nullable=True),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('goal', sa.String(length=16), nullable=False),
    sa.Column('list_kind', sa.String(length=16), nullable=True),
    sa.Column('rapporteurs', sa.JSON(), nullable=False),
    sa.Column('decision_url', sa.String(length=300), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_agenda_item_meeting_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agenda_item'))
    )
    with op.batch_alter_table('agenda_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_agenda_item_meeting_id'), ['meeting_id'], unique=False)

    op.create_table('decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('body_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=True),
    sa.Column('serial', sa.Integer(), nullable=True),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('text_kind', sa.String(length=16), nullable=False),
    sa.Column('source_url', sa.Text(), nullable=True),
    sa.Column('source_note', sa.Text(), nullable=True),
    sa.Column('scope', sa.String(length=16), nullable=False),
    sa.Column('gazette_date', sa.Date(), nullable=True),
    sa.Column('gazette_url', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['body_id'], ['body.id'], name=op.f('fk_decision_body_id')),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_decision_id')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_decision_meeting_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision')),
    sa.UniqueConstraint('body_id', 'year', 'serial', name=op.f('uq_decision_body_id_year_serial'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_meeting_id'), ['meeting_id'], unique=False)

    op.create_table('press_release',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('release_kind', sa.String(length=24), nullable=False),
    sa.Column('publisher', sa.Text(), nullable=False),
    sa.Column('date', sa.Date(), nullable=True),
    sa.Column('meeting_id', sa.Integer(), nullable=True),
    sa.Column('lead', sa.Text(), nullable=True),
    sa.Column('source_url', sa.Text(), nullable=True),
    sa.Column('text_kind', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['item.id'], name=op.f('fk_press_release_id')),
    sa.ForeignKeyConstraint(['meeting_id'], ['meeting.id'], name=op.f('fk_press_release_meeting_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_press_release'))
    )
    with op.batch_alter_table('press_release', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_press_release_meeting_id'), ['meeting_id'], unique=False)

    op.create_table('share',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('percent', sa.String(length=12), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_share_member_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_share')),
    sa.UniqueConstraint('member_id', 'year', name=op.f('uq_share_member_id_year'))
    )
    op.create_table('clause',
    sa.Column('id', sa.Integer(), nullable=False),
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
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clause')),
    sa.UniqueConstraint('decision_id', 'anchor', name=op.f('uq_clause_decision_id_anchor'))
    )
    op.create_table('press_contact',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('release_id', sa.Integer(), nullable=False),
    sa.Column('contact_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['contact_id'], ['contact.id'], name=op.f('fk_press_contact_contact_id')),
    sa.ForeignKeyConstraint(['release_id'], ['press_release.id'], name=op.f('fk_press_contact_release_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_press_contact'))
    )
    with op.batch_alter_table('press_contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_press_contact_contact_id'), ['contact_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_press_contact_release_id'), ['release_id'], unique=False)

    op.create_table('press_section',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('release_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('heading', sa.Text(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['release_id'], ['press_release.id'], name=op.f('fk_press_section_release_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_press_section'))
    )
    with op.batch_alter_table('press_section', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_press_section_release_id'), ['release_id'], unique=False)

    op.create_table('quote',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('release_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('speaker', sa.Text(), nullable=False),
    sa.Column('function', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['release_id'], ['press_release.id'], name=op.f('fk_quote_release_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quote'))
    )
    with op.batch_alter_table('quote', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_quote_release_id'), ['release_id'], unique=False)

    create_guards(op.get_bind())


def downgrade() -> None:
    drop_guards(op.get_bind())
    op.drop_table('quote')
    op.drop_table('press_section')
    op.drop_table('press_contact')
    op.drop_table('clause')
    op.drop_table('share')
    op.drop_table('press_release')
    op.drop_table('decision')
    op.drop_table('agenda_item')
    op.drop_table('report_section')
    op.drop_table('offer')
    op.drop_table('member')
    op.drop_table('meeting')
    op.drop_table('edition_reference')
    op.drop_table('edition_file')
    op.drop_table('edition_facet')
    op.drop_table('chair_term')
    op.drop_table('term')
    op.drop_table('report')
    op.drop_table('reference')
    op.drop_table('recommendation')
    op.drop_table('page')
    op.drop_table('organisation')
    op.drop_table('market_item')
    op.drop_table('image')
    op.drop_table('edition')
    op.drop_table('body')
    op.drop_table('attachment')
    op.drop_table('old_address')
    op.drop_table('ledger_head')
    op.drop_table('ledger_entry')
    op.drop_table('item')
    op.drop_table('file')
    op.drop_table('edition_tally')
    op.drop_table('contact')
