"""Rules, keys and statements of the council: votes keep rule and shares of their day, keys are one list by year, statements have a history.

Rules that bodies named in free words become one of the known rules where the words say which; others stay and are told.
Shares that members of bodies named become keys by year; what is no whole key is kept and does not count.

Revision: 0025f, after 0024f.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

import content.database.db

revision = '0025f'
down_revision = '0025e1'
branch_labels = None
depends_on = None

_AT = content.database.db.UtcDateTime(timezone=True)
_RULES = {
    'it-staatsvertrag': r'.*staatsvertrag.*', 'empfehlung': r'empfehlung.*|einfache mehrheit|mehrheit', 'einstimmig': r'einstimmig(?:keit)?|konsens',
    'zwei-drittel': r'zwei[- ]?drittel.*|2/3.*', '13-laender': r'13 ?(?:der|von) ?(?:den )?16.*|13[- ]l(?:ä|ae)nder.*',
}
_LAENDER = ('BW', 'BY', 'BE', 'BB', 'HB', 'HH', 'HE', 'MV', 'NI', 'NW', 'RP', 'SL', 'SN', 'ST', 'SH', 'TH')
_SHIPPED_SOURCE = 'Königsteiner Schlüssel 2016, gegen die veröffentlichte Fassung geprüft'
_SHIPPED_2016 = {
    'BW': '12.96662', 'BY': '15.53327', 'BE': '5.08324', 'BB': '3.03655', 'HB': '0.95331', 'HH': '2.55752', 'HE': '7.39885', 'MV': '2.01240',
    'NI': '9.33138', 'NW': '21.14424', 'RP': '4.83089', 'SL': '1.21111', 'SN': '5.05577', 'ST': '2.79941', 'SH': '3.39074', 'TH': '2.69470',
}
_ITEM = sa.table('item', sa.column('id'), sa.column('kind'), sa.column('title'), sa.column('input', sa.JSON()), sa.column('input_digest'))
_VOTE = sa.table('vote', sa.column('id'), sa.column('shares', sa.JSON()), sa.column('key_source'))
_KEY = sa.table(
    'koenigstein_key', *(sa.column(name) for name in ('id', 'year', 'source', 'entered_by', 'entered_login', 'confirmed_by', 'confirmed_login')),
    sa.column('shares', sa.JSON()), sa.column('entered_at', _AT), sa.column('confirmed_at', _AT),
)


def upgrade() -> None:
    _tables()
    shares = _shares()
    _votes(shares)
    _keys(shares)
    _bodies()
    op.drop_table('share')


def _tables() -> None:
    with op.batch_alter_table('vote', schema=None) as batch_op:
        batch_op.add_column(sa.Column('recorded_login', sa.String(length=120), server_default='', nullable=False))
        batch_op.add_column(sa.Column('body_rule', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('rule_reason', sa.String(length=500), server_default='', nullable=False))
        batch_op.add_column(sa.Column('confirmed_by', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('confirmed_login', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('confirmed_at', _AT, nullable=True))
        batch_op.add_column(sa.Column('shares', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('key_source', sa.String(length=500), server_default='', nullable=False))
        batch_op.add_column(sa.Column('key_reason', sa.String(length=300), server_default='', nullable=False))
    with op.batch_alter_table('statement', schema=None) as batch_op:
        batch_op.add_column(sa.Column('replaces_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('added_by', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('added_login', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('added_at', _AT, nullable=True))
        batch_op.add_column(sa.Column('ended_by', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('ended_login', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('ended_at', _AT, nullable=True))
        batch_op.add_column(sa.Column('ended_reason', sa.String(length=500), server_default='', nullable=False))
        batch_op.create_foreign_key(batch_op.f('fk_statement_replaces_id'), 'statement', ['replaces_id'], ['id'])
    op.create_table(
        'koenigstein_key',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('source', sa.String(length=500), nullable=False),
        sa.Column('shares', sa.JSON(), nullable=False),
        sa.Column('entered_by', sa.String(length=200), nullable=False),
        sa.Column('entered_login', sa.String(length=120), nullable=False),
        sa.Column('entered_at', _AT, nullable=False),
        sa.Column('confirmed_by', sa.String(length=200), nullable=True),
        sa.Column('confirmed_login', sa.String(length=120), nullable=True),
        sa.Column('confirmed_at', _AT, nullable=True),
        sa.Column('ended_by', sa.String(length=200), nullable=True),
        sa.Column('ended_at', _AT, nullable=True),
        sa.Column('ended_reason', sa.String(length=500), server_default='', nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_koenigstein_key')),
    )
    op.create_index('ix_koenigstein_key_year', 'koenigstein_key', ['year', 'id'], unique=False)


def _shares() -> dict[int, dict[int, dict[str, str]]]:
    """Body → year → code of the Land → share, as members of bodies named them."""
    query = sa.text(
        'SELECT member.body_id, share.year, member.code, share.percent FROM share JOIN member ON member.id = share.member_id ORDER BY member.body_id, share.year'
    )
    found: dict[int, dict[int, dict[str, str]]] = {}
    for row in op.get_bind().execute(query):
        found.setdefault(row.body_id, {}).setdefault(row.year, {})[row.code] = row.percent
    return found


def _votes(shares: dict[int, dict[int, dict[str, str]]]) -> None:
    """Each vote keeps the shares that it was counted by."""
    bind = op.get_bind()
    query = sa.text('SELECT vote.id, vote.key_year, decision.body_id FROM vote JOIN decision ON decision.id = vote.item_id WHERE vote.key_year IS NOT NULL')
    for row in bind.execute(query).all():
        own = shares.get(row.body_id)
        counted = (own.get(row.key_year) or {}) if own else _SHIPPED_2016 if row.key_year == 2016 else {}
        source = _SHIPPED_SOURCE if _is_shipped(row.key_year, counted) else 'Angabe des Gremiums'
        bind.execute(sa.update(_VOTE).where(_VOTE.c.id == row.id).values(shares=counted, key_source=source))


def _is_shipped(year: int, shares: dict[str, str]) -> bool:
    return year == 2016 and all(Decimal(share) == Decimal(_SHIPPED_2016.get(code, '-1')) for code, share in shares.items())


def _keys(shares: dict[int, dict[int, dict[str, str]]]) -> None:
    """What bodies named becomes the key of its year: the first whole one counts, the rest is kept beside it."""
    bind, known, now = op.get_bind(), {2016: _SHIPPED_2016}, dt.datetime.now(dt.UTC)
    titles = {row.id: row.title for row in bind.execute(sa.select(_ITEM.c.id, _ITEM.c.title).where(_ITEM.c.kind == 'body'))}
    for body, years in shares.items():
        for year, named in years.items():
            if {code: Decimal(share) for code, share in named.items()} == {code: Decimal(share) for code, share in known.get(year, {}).items()}:
                continue
            is_whole = _is_whole(named) and (year not in known or (year == 2016 and known[year] is _SHIPPED_2016))
            words = f'Angabe des Gremiums {titles.get(body) or body}' + ('' if is_whole else ' (zählt nicht: unvollständig oder anders als der Schlüssel des Jahres)')
            who = {'confirmed_by': 'Umstellung', 'confirmed_login': 'system', 'confirmed_at': now} if is_whole else {}
            bind.execute(sa.insert(_KEY).values(year=year, source=words, shares=named, entered_by='Umstellung', entered_login='system', entered_at=now, **who))
            if is_whole:
                known[year] = named


def _is_whole(named: dict[str, str]) -> bool:
    if set(named) != set(_LAENDER):
        return False
    tolerance = sum((Decimal(1).scaleb(-len(share.partition('.')[2])) / 2 for share in named.values()), Decimal(0))
    return abs(sum(map(Decimal, named.values()), Decimal(0)) - 100) <= tolerance


def _bodies() -> None:
    """Rules become one of the known ones; shares leave the form."""
    bind = op.get_bind()
    for row in bind.execute(sa.select(_ITEM.c.id, _ITEM.c.title, _ITEM.c.input).where(_ITEM.c.kind == 'body')).all():
        given: dict[str, Any] = dict(row.input or {})
        if not given:
            continue
        named = str(given.get('voting_rule') or '').strip()
        rule = _rule(named)
        if rule is None and named:
            logging.getLogger('alembic').warning(
                'Gremium „%s“: Die Abstimmungsregel „%s“ ist keine der bekannten. Bitte im Formular des Gremiums eine wählen; bis dahin ist jede Abstimmung zu bestätigen.',
                row.title, named,
            )
        given['voting_rule'] = rule or named or None
        given['members'] = [{name: value for name, value in member.items() if name != 'shares'} for member in given.get('members') or []]
        mark = hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest()
        bind.execute(sa.update(_ITEM).where(_ITEM.c.id == row.id).values(input=given, input_digest=mark))
        bind.execute(sa.text('UPDATE body SET voting_rule = :rule WHERE id = :id'), {'rule': rule or named, 'id': row.id})


def _rule(named: str) -> str | None:
    if named in _RULES:
        return named
    return next((name for name, pattern in _RULES.items() if re.fullmatch(pattern, named.lower())), None)


def downgrade() -> None:
    op.create_table(
        'share',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('member_id', sa.Integer(), nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('percent', sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_share_member_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_share')),
        sa.UniqueConstraint('member_id', 'year', name=op.f('uq_share_member_id_year')),
    )
    bind = op.get_bind()
    members = bind.execute(sa.text("SELECT id, code FROM member WHERE kind = 'land' ORDER BY id")).all()
    keys = bind.execute(sa.text('SELECT year, shares FROM koenigstein_key WHERE confirmed_at IS NOT NULL AND ended_at IS NULL').columns(shares=sa.JSON())).all()
    for key in keys:
        for member in members:
            if member.code in key.shares:
                bind.execute(sa.text('INSERT INTO share (member_id, year, percent) VALUES (:m, :y, :p)'), {'m': member.id, 'y': key.year, 'p': key.shares[member.code]})
    op.execute('DELETE FROM statement WHERE ended_at IS NOT NULL')
    with op.batch_alter_table('statement', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_statement_replaces_id'), type_='foreignkey')
        for name in ('replaces_id', 'added_by', 'added_login', 'added_at', 'ended_by', 'ended_login', 'ended_at', 'ended_reason'):
            batch_op.drop_column(name)
    with op.batch_alter_table('vote', schema=None) as batch_op:
        for name in ('recorded_login', 'body_rule', 'rule_reason', 'confirmed_by', 'confirmed_login', 'confirmed_at', 'shares', 'key_source', 'key_reason'):
            batch_op.drop_column(name)
    op.drop_index('ix_koenigstein_key_year', table_name='koenigstein_key')
    op.drop_table('koenigstein_key')
