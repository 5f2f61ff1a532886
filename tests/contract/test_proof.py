"""Nothing public changes silently: every column beside the signed documents is refused by the database or named by check."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys

import pytest
import sqlalchemy as sa

from content import founding, models
from content.database.db import Base
from content.house import replace_key
from content.models import edition as guarded
from content.proof import ledger as chain
from content.proof import notes
from content.proof.canonical import canonical_json, sha256_hex
from content.services.base import lookup
from content.services.browsing.browse import Reader
from content.services.exchange import exchange
from content.services.publishing import ledger, proof, register
from content.services.workflow import transition
from portal.commands import starting
from tests.contract.test_databases import _import, portal_house, source  # noqa: F401 - fixtures
from tests.unit.test_ledger import checker
from workflows.engine import Blocked

EXCEPTIONS = {
    ("edition", "id"): "a key that other rows hold: the database refuses it by their foreign keys",
    ("edition", "item_rev"): "the private revision it was made of; nothing public shows it",
    ("edition_reference", "id"): "a number that nothing points to and nothing shows",
    ("edition_tally", "amount"): "counted anew by `tally_problems`, see test_commands",
    ("edition_tally", "kind"): "counted anew by `tally_problems`, see test_commands",
    ("edition_tally", "facet"): "counted anew by `tally_problems`, see test_commands",
    ("edition_tally", "value"): "counted anew by `tally_problems`, see test_commands",
}
"""Columns that verify does not name by itself, and why they need not be."""
TABLES = [
    table
    for table in Base.metadata.sorted_tables
    if table.name.startswith("edition")
    or table.name in {"old_address", "ledger_entry", "ledger_document", "checkpoint"}
]
COLUMNS = [(table.name, column.name) for table in TABLES for column in table.columns]
"""Every column of what is public, from the metadata: a new one is tried without anybody remembering it."""


def _correct(desk, url, note="Berichtigt."):
    """A new edition, of a text that differs from the public one."""
    item = lookup.find(desk.session, url)
    item.title = f"{item.title} (neu)"
    transition.correct(desk, item, note)


@pytest.fixture
def filled(portal_house, source):  # noqa: F811 - fixtures
    """A portal in which every public table has a row: a decision of an earlier site, corrected; another one withdrawn."""
    _import(portal_house, source)
    with portal_house.writing("test") as work:
        _correct(work.desk, "/beschluss/2021/39", "Ein Wort berichtigt.")
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2024/13"), "Versehen.")
        register.record_restore(work.desk)
    with portal_house.reading() as connection:
        counts = {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in TABLES}
    return portal_house, counts


def _other(column, value):
    """A value of the same type that says something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 100_000
    if isinstance(value, dt.datetime):
        return value + dt.timedelta(days=1)
    if isinstance(value, dt.date):
        return value + dt.timedelta(days=1)
    if isinstance(value, list):
        return [*value, "gefälscht"]
    if isinstance(column.type, sa.DateTime) or "DateTime" in type(column.type).__name__:
        return dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    if isinstance(column.type, sa.Date):
        return dt.date(2026, 1, 1)
    text = f"{value or ''}x"
    return "x" + text[1:-1] if len(text) > (column.type.length or 10**9) else text


def _forge(connection, table, column, *, is_last=False):
    """Say something else in `column` of the first or last row, by plain UPDATE."""
    keys = list(table.primary_key.columns)
    row = (
        connection.execute(sa.select(table).order_by(*(key.desc() if is_last else key for key in keys)).limit(1))
        .mappings()
        .one()
    )
    where = sa.and_(*(key == row[key.name] for key in keys))
    connection.execute(sa.update(table).where(where).values({column.name: _other(column, row[column.name])}))
    return row


def _verified(house):
    with house.reading() as connection:
        return ledger.verify(connection, house.public_keys)


def test_every_column_of_what_is_public_is_refused_or_named(filled):
    house, counts = filled
    assert _verified(house)[1] is None
    silent, tried = [], 0
    for table_name, name in COLUMNS:
        table = Base.metadata.tables[table_name]
        if not counts[table_name] or (table_name, name) in EXCEPTIONS:
            continue
        for has_guards, is_last in ((True, False), (False, False), (False, True)):
            tried += 1
            with house.engine.connect() as connection:
                begun = connection.begin()
                if not has_guards:
                    guarded.drop_guards(connection)
                try:
                    _forge(connection, table, table.columns[name], is_last=is_last)
                    _, fault = ledger.verify(connection, house.public_keys)
                except sa.exc.DBAPIError:
                    fault = "refused"
                begun.rollback()
            if fault is None:
                silent.append((table_name, name, has_guards, is_last))
    assert silent == []
    assert tried > 60


@pytest.mark.parametrize(
    "values", [{"line": models.LedgerEntry.line + "x"}, {"act": "columns"}, {"line": "[]"}, {"line": ""}]
)
def test_an_entry_that_cannot_be_read_is_named_wherever_it_stands(filled, values):
    house, _ = filled
    table = models.LedgerEntry.__table__
    with house.reading() as connection:
        positions = connection.scalars(sa.select(table.c.position).order_by(table.c.position)).all()
    for position in (positions[0], positions[-3], positions[-1]):
        with house.engine.connect() as connection:
            begun = connection.begin()
            guarded.drop_guards(connection)
            connection.execute(sa.update(table).where(table.c.position == position).values(values))
            _, fault = ledger.verify(connection, house.public_keys)
            begun.rollback()
        assert fault is not None and fault.position <= position, (position, fault)


def test_only_empty_tables_are_not_tried(filled):
    assert {name for name, count in filled[1].items() if not count} <= {"edition_file"}


def test_every_exception_is_a_column_that_there_is():
    assert set(EXCEPTIONS) <= set(COLUMNS)


# --- time ---


def _at(house, moment, url="/beschluss/2021/39"):
    with house.writing("test", clock=lambda: moment) as work:
        _correct(work.desk, url)


def _editions(house, url="/beschluss/2021/39"):
    table = models.Edition.__table__
    with house.reading() as connection:
        return connection.execute(sa.select(table).where(table.c.url == url).order_by(table.c.number)).all()


def test_times_of_the_ledger_never_run_backwards(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    now = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    _at(portal_house, now)
    _at(portal_house, now - dt.timedelta(seconds=20))
    with portal_house.reading() as connection:
        found = connection.scalars(
            sa.select(models.LedgerEntry.recorded_at).order_by(models.LedgerEntry.position)
        ).all()
    assert found == sorted(found)
    assert found[-1] >= now
    first, second, third = _editions(portal_house)
    assert first.valid_from < first.valid_until == second.valid_from < second.valid_until == third.valid_from
    assert _verified(portal_house)[1] is None


def test_publishing_is_refused_while_the_clock_is_behind_the_last_act(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    now = dt.datetime.now(dt.UTC)
    _at(portal_house, now + dt.timedelta(days=1))
    before = _verified(portal_house)[0]
    with pytest.raises(Blocked, match="Uhr"):
        _at(portal_house, now)
    assert _verified(portal_house) == (before, None)
    _at(portal_house, now + dt.timedelta(days=1, seconds=1))
    with portal_house.reading() as connection:
        assert proof.times(connection) == []


def test_the_time_of_an_entry_is_taken_when_the_ledger_is_held(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    begun = dt.datetime.now(dt.UTC)
    ticks = iter([begun, *(begun + dt.timedelta(seconds=5 + number) for number in range(20))])
    with portal_house.writing("test", clock=lambda: next(ticks)) as work:
        _correct(work.desk, "/beschluss/2021/39")
    edition = _editions(portal_house)[-1]
    assert edition.recorded_at >= begun + dt.timedelta(seconds=5)
    assert edition.valid_from == edition.recorded_at


def test_no_edition_begins_in_the_future(portal_house, source):  # noqa: F811
    with portal_house.writing("test") as work:
        exchange.Importer(work.desk, is_publishing=False).read([source])
        item = lookup.find(work.session, "/beschluss/2021/39")
        item.published_on = (work.desk.now + dt.timedelta(days=30)).date()
        transition.publish_now(work.desk, item)
    edition = _editions(portal_house)[0]
    assert edition.valid_from == edition.recorded_at


def test_editions_that_overlap_are_told(filled):
    house, _ = filled
    with house.engine.begin() as connection:
        guarded.drop_guards(connection)
        later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        connection.execute(
            sa.update(models.Edition)
            .where(models.Edition.url == "/beschluss/2021/39", models.Edition.number == 1)
            .values(valid_until=later)
        )
        assert [line for line in proof.times(connection) if "/beschluss/2021/39, Fassung 1" in line]


# --- checkpoints ---


def _checkpoints(house):
    with house.reading() as connection:
        return connection.execute(sa.select(models.Checkpoint.__table__).order_by(models.Checkpoint.position)).all()


def _lines(house):
    with house.reading() as connection:
        return [
            line.encode() + b"\n"
            for line in ledger.lines(connection, portal="https://b.example", public_keys=house.public_keys)
        ]


def test_each_commit_that_published_has_one_checkpoint(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    _at(portal_house, dt.datetime.now(dt.UTC))
    with portal_house.writing("test") as work:
        given_up = work.session.begin_nested()
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2021/39"), "Versehen.")
        given_up.rollback()
    found = _checkpoints(portal_house)
    count, _ = _verified(portal_house)
    assert [row.position for row in found] == [count - 1, count]
    for row in found:
        assert notes.read(row.note).entry == row.hash
        assert notes.is_signed(row.note, portal_house.signer.raw_public, is_alone=True)
        assert checker.check(iter(_lines(portal_house)), {}, [row.note]) == (count, None)


def test_a_checkpoint_of_our_own_key_that_the_chain_does_not_hold_is_named(filled):
    house, _ = filled
    with house.engine.connect() as connection:
        connection.begin()
        guarded.drop_guards(connection)
        first = connection.scalar(sa.select(models.LedgerEntry.hash).where(models.LedgerEntry.position == 1))
        other = notes.Note(
            notes.origin_of(first), 2, "f" * 64, chain.instant(dt.datetime.now(dt.UTC)), house.signer.key_id
        )
        made = dt.datetime.fromisoformat(other.time)
        connection.execute(
            sa.insert(models.Checkpoint),
            {"position": 2, "hash": "f" * 64, "made_at": made, "note": notes.write(other, house.signer)},
        )
        _, fault = ledger.verify(connection, house.public_keys)
        assert (fault.position, fault.code) == (2, "forked")
        connection.rollback()


def _roll_back(connection):
    """Take the newest entry off, as whoever owns the database can: the signed end of before is put back."""
    guarded.drop_guards(connection)
    entry, edition = models.LedgerEntry, models.Edition
    last = connection.scalar(sa.select(sa.func.max(entry.position)))
    gone = connection.execute(
        sa.select(edition.id, edition.item_id, edition.number).where(edition.position == last)
    ).first()
    for table in (models.EditionFacet, models.EditionReference, models.EditionFile):
        connection.execute(sa.delete(table).where(table.edition_id == gone.id))
    connection.execute(sa.delete(edition).where(edition.id == gone.id))
    before = sa.and_(edition.item_id == gone.item_id, edition.number == gone.number - 1)
    connection.execute(sa.update(edition).where(before).values(valid_until=None))
    old = connection.scalar(sa.select(edition.id).where(before))
    connection.execute(
        sa.update(models.EditionFacet).where(models.EditionFacet.edition_id == old).values(is_current=True)
    )
    connection.execute(sa.delete(entry).where(entry.position == last))
    connection.execute(sa.delete(models.Checkpoint).where(models.Checkpoint.position == last))


def test_a_tail_that_was_rolled_back_is_seen_by_the_file_outside_the_database(portal_house, source, monkeypatch):  # noqa: F811
    _import(portal_house, source)
    with portal_house.reading() as connection:
        head = connection.execute(sa.select(models.LedgerHead.__table__)).mappings().one()
    _at(portal_house, dt.datetime.now(dt.UTC))
    seen = register.seen(portal_house.data)
    with portal_house.engine.begin() as connection:
        _roll_back(connection)
        connection.execute(sa.update(models.LedgerHead).values(**head))
        guarded.create_guards(connection)
    with portal_house.reading() as connection:
        assert ledger.verify(connection, portal_house.public_keys)[1] is None, "the database alone cannot know"
        _, fault = ledger.verify(connection, portal_house.public_keys, seen=seen)
    assert fault.code == "rolled_back"
    with pytest.raises(ledger.LedgerBehind, match=f"hatte schon {seen[0]} Einträge"):
        _at(portal_house, dt.datetime.now(dt.UTC))
    # Acts of a program that does not ask, which take the numbers of those that are gone, do not make the file forget.
    monkeypatch.setattr(register, "demand_following", lambda *_: None)
    for _ in range(2):
        _at(portal_house, dt.datetime.now(dt.UTC))
    assert register.seen(portal_house.data) == seen
    with portal_house.reading() as connection:
        _, fault = ledger.verify(connection, portal_house.public_keys, seen=seen)
    assert (fault.position, fault.code) == (seen[0], "rewritten")


def test_a_restore_is_an_entry_and_the_file_outside_follows_it(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    count, _ = _verified(portal_house)
    (portal_house.data / ledger.SEEN_FILE).write_text(
        _checkpoints(portal_house)[-1].note.replace(f"position {count}", f"position {count + 7}")
    )
    with portal_house.writing("operator") as work:
        assert register.record_restore(work.desk, "Platte defekt.") == count + 1
    assert register.seen(portal_house.data)[0] == count + 1
    with portal_house.reading() as connection:
        assert ledger.verify(connection, portal_house.public_keys, seen=register.seen(portal_house.data)) == (
            count + 1,
            None,
        )
        shown = Reader(connection).ledger_page().rows[0]
        body = ledger.document(connection, shown.sha256)
    assert (shown.act_label, shown.note) == ("Wiederhergestellt", "Platte defekt.")
    assert sha256_hex(body.encode()) == shown.sha256
    told = []
    assert checker.check(iter(_lines(portal_house)), {}, (), told) == (count + 1, None)
    assert told == [f"Eintrag {count + 1}: aus einer Sicherung wiederhergestellt."]


def test_a_file_outside_that_cannot_be_read_lets_nothing_be_published(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    path, count = portal_house.data / ledger.SEEN_FILE, _verified(portal_house)[0]
    path.unlink()
    path.mkdir()
    with pytest.raises(ledger.LedgerBehind, match="nicht lesbar"):
        _at(portal_house, dt.datetime.now(dt.UTC))
    assert path.is_dir() and _verified(portal_house) == (count, None)
    path.rmdir()
    with pytest.raises(ledger.LedgerBehind, match="fehlt"):
        _at(portal_house, dt.datetime.now(dt.UTC))
    with portal_house.writing("operator") as work:
        register.record_restore(work.desk, "Die Datei ging verloren.")
    _at(portal_house, dt.datetime.now(dt.UTC))
    assert register.seen(portal_house.data)[0] == _verified(portal_house)[0]


def test_a_commit_that_ends_late_does_not_put_the_file_outside_back(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    with portal_house.writing("test") as work:
        _correct(work.desk, "/beschluss/2021/39")
        work.session.flush()
        work.session.info[ledger.WRITTEN], early = None, _checkpoints(portal_house)[-1].note
    newest = register.seen(portal_house.data)
    for is_restored, left in ((False, newest[0]), (True, notes.read(early).position)):
        session = sa.orm.Session(info={ledger.WRITTEN: early, **({register._IS_RESTORED: True} if is_restored else {})})
        register.remember(portal_house.data, session)
        assert register.seen(portal_house.data)[0] == left
    assert [path.name for path in portal_house.data.glob(f".{ledger.SEEN_FILE}*")] == []


# --- keys ---


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nMC4"])
def test_a_key_that_was_written_by_half_hinders_no_start(portal_house, source, content):  # noqa: F811
    _import(portal_house, source)
    before, pending = portal_house.signer.key_id, portal_house.data / founding.NEXT_KEY_FILE
    pending.write_bytes(content)
    pending.chmod(0o600)
    with portal_house.reading() as connection:
        founding._demand_key(portal_house.data, connection)
        register.settle_key(portal_house.data, connection)
    assert (portal_house.signer.key_id, pending.exists()) == (before, False)


def test_a_key_is_written_whole_and_over_no_other(tmp_path):
    chain.create_key(tmp_path / "keys" / "a.pem")
    body = (tmp_path / "keys" / "a.pem").read_bytes()
    with pytest.raises(FileExistsError):
        chain.create_key(tmp_path / "keys" / "a.pem")
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["a.pem"]
    assert ((tmp_path / "keys" / "a.pem").read_bytes(), (tmp_path / "keys" / "a.pem").stat().st_mode & 0o777) == (
        body,
        0o600,
    )


def test_a_change_of_key_is_an_entry_of_the_old_one_and_everybody_follows_it(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    old, count = portal_house.signer, _verified(portal_house)[0]
    key_id = replace_key(portal_house, "Jährlicher Wechsel.")
    assert portal_house.signer.key_id == key_id != old.key_id
    _at(portal_house, dt.datetime.now(dt.UTC))
    assert _verified(portal_house) == (count + 2, None)
    for pinned in (old, portal_house.signer):
        known = {pinned.key_id: checker.load_key(pinned.public_pem.encode())}
        assert checker.check(iter(_lines(portal_house)), known) == (count + 2, None)
    with portal_house.reading() as connection:
        line = json.loads(connection.scalar(sa.select(models.LedgerEntry.line).where(models.LedgerEntry.act == "key")))
        full = list(exchange.export_lines(connection, portal="https://b.example", public_keys=portal_house.public_keys))
    assert (line["key_id"], line["key"]["id"]) == (old.key_id, key_id)
    assert checker.check(iter(full), {}) == (count + 2, None)


def test_whoever_still_holds_the_old_key_cannot_go_on_with_it(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    old, count = portal_house.signer, _verified(portal_house)[0]
    replace_key(portal_house)
    with pytest.raises(chain.KeyFileError, match="neu starten"), portal_house.writing("test") as work:
        _correct(_with(work.desk, old), "/beschluss/2021/39")
    assert _verified(portal_house) == (count + 1, None)


def _with(desk, signer):
    from dataclasses import replace

    return replace(desk, signer=signer)


def test_a_key_laid_into_the_folder_is_not_trusted(portal_house, source, tmp_path):  # noqa: F811
    _import(portal_house, source)
    chain.create_key(tmp_path / "foreign.pem")
    foreign = chain.Signer.from_file(tmp_path / "foreign.pem")
    (portal_house.data / "keys" / f"{foreign.key_id}.pub.pem").write_text(foreign.public_pem)
    assert foreign.key_id not in portal_house.public_keys
    with portal_house.engine.connect() as connection:
        connection.begin()
        guarded.drop_guards(connection)
        _sign_last_with(connection, foreign)
        _, fault = ledger.verify(connection, portal_house.public_keys)
        connection.rollback()
    assert fault.code == "wrong_signature"


def _sign_last_with(connection, signer):
    """The last entry and the end, signed by somebody else."""
    table = models.LedgerEntry
    row = connection.execute(sa.select(table.__table__).order_by(table.position.desc()).limit(1)).one()
    plain = {
        name: value
        for name, value in json.loads(row.line).items()
        if name not in {"hash", "signature", "previous", "key_id", "type"}
    }
    entry = chain.seal(plain, previous=json.loads(row.line)["previous"], signer=signer)
    connection.execute(
        sa.update(table).where(table.position == row.position).values(line=chain.to_line(entry), hash=entry["hash"])
    )
    mark = chain.to_line(chain.checkpoint(entry, signer))
    connection.execute(sa.update(models.LedgerHead).values(hash=entry["hash"], checkpoint=mark))


def test_a_key_file_that_was_exchanged_is_named(portal_house, source, tmp_path):  # noqa: F811
    _import(portal_house, source)
    key = portal_house.data / register.KEY_FILE
    key.unlink()
    chain.create_key(key)
    _, fault = _verified(portal_house)
    assert (fault.code, fault.position) == ("wrong_signature", 1), "whoever brought the key has signed nothing here"
    with pytest.raises(chain.KeyFileError):
        _at(portal_house, dt.datetime.now(dt.UTC))


def test_a_change_of_key_that_was_interrupted_is_finished_or_forgotten(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    old = portal_house.signer.key_id
    with contextlib.suppress(ZeroDivisionError), portal_house.writing("operator") as work:
        register.change_key(work.desk, portal_house.data)
        _ = 1 // 0
    with portal_house.reading() as connection:
        register.settle_key(portal_house.data, connection)
    assert portal_house.signer.key_id == old
    with portal_house.writing("operator") as work:
        fresh = register.change_key(work.desk, portal_house.data)
    with portal_house.reading() as connection:
        register.settle_key(portal_house.data, connection)
    assert portal_house.signer.key_id == fresh.key_id
    assert _verified(portal_house)[1] is None


def _opened_by_another_process(house):
    """What any command does meanwhile: open the house, look, close it."""
    url = house.engine.url.render_as_string(hide_password=False)
    program = "import sys; from pathlib import Path; from content.house import House; House.open(Path(sys.argv[1]), database_url=sys.argv[2]).close()"
    done = subprocess.run(
        [sys.executable, "-c", program, str(house.data), url], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_command_that_starts_during_a_change_of_key_leaves_the_new_key_alone(portal_house, source, monkeypatch):  # noqa: F811
    _import(portal_house, source)
    pending, real = portal_house.data / founding.NEXT_KEY_FILE, register.change_key

    def change_and_be_disturbed(*given):
        fresh = real(*given)
        body = pending.read_bytes()
        _opened_by_another_process(portal_house)
        assert pending.read_bytes() == body
        with (
            pytest.raises(founding.InUse, match="gerade gewechselt"),
            founding.changing_keys(portal_house.data, patience_s=0),
        ):
            pass
        return fresh

    monkeypatch.setattr(register, "change_key", change_and_be_disturbed)
    key_id = replace_key(portal_house)
    assert (portal_house.signer.key_id, pending.exists()) == (key_id, False)
    _at(portal_house, dt.datetime.now(dt.UTC))
    assert _verified(portal_house)[1] is None


def test_a_new_key_that_was_taken_away_before_it_took_over_is_written_again(portal_house, source, monkeypatch):  # noqa: F811
    _import(portal_house, source)
    real = register.change_key

    def change_and_lose(*given):
        fresh = real(*given)
        (portal_house.data / founding.NEXT_KEY_FILE).unlink()
        return fresh

    monkeypatch.setattr(register, "change_key", change_and_lose)
    assert replace_key(portal_house) == portal_house.signer.key_id
    assert (portal_house.data / founding.KEY_FILE).stat().st_mode & 0o777 == 0o600
    _at(portal_house, dt.datetime.now(dt.UTC))
    assert _verified(portal_house)[1] is None


def test_a_change_of_key_first_ends_the_one_that_was_cut_off(portal_house, source):  # noqa: F811
    """It must not throw away the pending key that the ledger already names."""
    _import(portal_house, source)
    with portal_house.writing("operator") as work:
        register.change_key(work.desk, portal_house.data)
    assert replace_key(portal_house) == portal_house.signer.key_id
    assert _verified(portal_house)[1] is None


def test_a_change_of_key_between_two_looks_is_no_foreign_key(portal_house, source, monkeypatch):  # noqa: F811
    _import(portal_house, source)
    real, looks = founding._demand_key, []

    def demand(data, connection):
        connection.scalar(sa.select(models.LedgerHead.checkpoint))  # what the transaction sees stays as it is now
        if not looks:
            looks.append(replace_key(portal_house))
        real(data, connection)

    monkeypatch.setattr(founding, "_demand_key", demand)
    founding.demand_database(portal_house.data, portal_house.reading_engine, founding.Store.PORTAL)
    assert looks == [portal_house.signer.key_id]


# --- older documents ---


def _age(house):
    """Make all editions what an earlier program wrote: documents of schema 1, signed as they are."""
    with house.engine.begin() as connection:
        guarded.drop_guards(connection)
        previous, entry = chain.GENESIS, {}
        editions = {row.position: row for row in connection.execute(sa.select(models.Edition.__table__))}
        for row in connection.execute(
            sa.select(models.LedgerEntry.__table__).order_by(models.LedgerEntry.position)
        ).all():
            document = json.loads(editions[row.position].document)
            document.pop("shown")
            body = canonical_json({**document, "schema": 1})
            plain = {
                name: value
                for name, value in json.loads(row.line).items()
                if name not in {"hash", "signature", "previous", "key_id", "type"}
            }
            entry = chain.seal({**plain, "edition_sha256": sha256_hex(body)}, previous=previous, signer=house.signer)
            previous = entry["hash"]
            values = {"line": chain.to_line(entry), "hash": previous, "edition_sha256": entry["edition_sha256"]}
            connection.execute(
                sa.update(models.LedgerEntry).where(models.LedgerEntry.position == row.position).values(**values)
            )
            connection.execute(
                sa.update(models.Edition)
                .where(models.Edition.position == row.position)
                .values(document=body.decode(), sha256=sha256_hex(body))
            )
        mark = chain.to_line(chain.checkpoint(entry, house.signer))
        connection.execute(sa.update(models.LedgerHead).values(hash=previous, checkpoint=mark))
        connection.execute(sa.delete(models.Checkpoint))
        guarded.create_guards(connection)
    (house.data / ledger.SEEN_FILE).unlink()


def test_what_lists_show_of_older_editions_is_stated_once_and_changes_no_more(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    _age(portal_house)
    before = _lines(portal_house)
    assert _verified(portal_house)[1].code == "unstated"
    for _ in range(2):
        starting.state_columns(portal_house, say=lambda _words: None)
    assert _lines(portal_house)[:-2] == before[:-1], "not a byte of what there was is another"
    assert _verified(portal_house) == (len(before) - 1, None)
    with portal_house.engine.connect() as connection:
        connection.begin()
        guarded.drop_guards(connection)
        connection.execute(
            sa.update(models.Edition).where(models.Edition.url == "/beschluss/2021/39").values(summary="Gefälscht")
        )
        _, fault = ledger.verify(connection, portal_house.public_keys)
        connection.rollback()
    assert fault.code == "wrong_column"
    assert "„summary“" in fault.message


def test_a_forged_title_is_not_stated_as_truth(portal_house, source):  # noqa: F811
    _import(portal_house, source)
    _age(portal_house)
    with portal_house.engine.begin() as connection:
        guarded.drop_guards(connection)
        connection.execute(
            sa.update(models.Edition).where(models.Edition.url == "/beschluss/2021/39").values(title="Gefälscht")
        )
        guarded.create_guards(connection)
    said = []
    starting.state_columns(portal_house, say=said.append)
    assert "Nichts wurde festgehalten" in said[-1]
    with portal_house.reading() as connection:
        _, fault = ledger.verify(connection, portal_house.public_keys, allows_unstated=True)
    assert "„title“" in fault.message
