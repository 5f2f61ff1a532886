"""A portal is saved while it works and comes back whole; what is no backup of ours is refused and nothing is overwritten."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import pkgutil
import shutil
import sqlite3
import stat
import tarfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import founding
from content.database.db import make_engine
from content.house import House, replace_key
from content.proof.ledger import create_key
from content.services.accounts import audit
from portal.commands import backup, cli, integrity
from tests.conftest import _new_database


@pytest.fixture
def command(capsys, monkeypatch):
    for name in ("HOST", "PORT", "DATA", "BASE_URL", "DATABASE_URL", "SERVER"):
        monkeypatch.delenv(name, raising=False)

    def run(data, *words):
        capsys.readouterr()
        code = cli.main(["--data", str(data), *words])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    return run


@pytest.fixture
def data(example_data, tmp_path):
    shutil.copytree(example_data, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def target(tmp_path, lemmas_folder):
    """A new folder whose dictionary, a cache, lies there already."""
    (tmp_path / "neu").mkdir(mode=0o700)
    (tmp_path / "neu/lemmas").symlink_to(lemmas_folder)
    return tmp_path / "neu"


@pytest.fixture
def saved(portal, request, command, tmp_path, monkeypatch):
    """(house, its archive, whether it is on PostgreSQL); the commands that follow find an empty database."""
    _, house = portal
    is_postgres = house.engine.dialect.name == "postgresql"
    if is_postgres:
        monkeypatch.setenv("DATABASE_URL", house.engine.url.render_as_string(hide_password=False))
    code, said, errors = command(house.data, "backup", str(tmp_path / "gut.tar.gz"))
    assert (code, errors) == (0, "") and "geprüft" in said
    if is_postgres:
        monkeypatch.setenv("DATABASE_URL", _new_database(request.getfixturevalue("postgres_server")))
    return house, tmp_path / "gut.tar.gz", is_postgres


def _rows(connection):
    """Every row of every table."""
    names = sorted(sa.inspect(connection).get_table_names())
    return {name: sorted(map(repr, connection.execute(sa.text(f'SELECT * FROM "{name}"')).all())) for name in names}


OF_THE_REGISTER = {"ledger_entry", "ledger_head", "ledger_document", "checkpoint", "sqlite_sequence"}
"""Tables that grow by the entry of a restore."""


def _state(data, url=None):
    house = House.open(data, database_url=url)
    try:
        with house.reading() as connection:
            return _rows(connection), sorted(house.search.stored()), house.signer.key_id
    finally:
        house.close()


def _assert_restored(target, before):
    """All is as it was in `before`, and the restore is an entry of the register."""
    (rows, *others), (rows_before, *others_before) = _state(target, os.environ.get("DATABASE_URL")), before
    added = {name: set(rows[name]) - set(rows_before[name]) for name in rows if rows[name] != rows_before[name]}
    assert others == others_before and set(added) <= OF_THE_REGISTER
    assert len(added["ledger_entry"]) == 1 and "restored" in next(iter(added["ledger_entry"]))


def _is_untouched(target, is_postgres):
    left = {path.name for path in target.iterdir()} - {"lemmas", *founding.LOCKS}
    if not is_postgres:
        return not left
    engine = make_engine(os.environ["DATABASE_URL"])
    try:
        return not left and founding.store_of(engine) is founding.Store.EMPTY
    finally:
        engine.dispose()


@pytest.mark.on_both_databases
def test_what_was_saved_comes_back_whole_by_one_command(saved, target, command):
    house, archive, _ = saved
    before = _state(house.data, house.engine.url.render_as_string(hide_password=False))
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    code, said, errors = command(target, "restore", str(archive))
    assert (code, errors) == (0, "") and "Wiederhergestellt" in said
    _assert_restored(target, before)
    assert command(target, "check")[0] == 0
    assert stat.S_IMODE((target / "keys/ledger-ed25519.pem").stat().st_mode) == 0o600
    restored = House.open(target, database_url=os.environ.get("DATABASE_URL"))
    with restored.writing("test") as work:  # numbers go on where they stood
        audit.note(work.session, work.desk.now, actor="test", name="", action="test.after")
    restored.close()


def test_a_portal_is_saved_while_somebody_writes(data, tmp_path, command):
    house = House.open(data)
    with house.writing("test"):
        assert command(data, "backup", str(tmp_path / "sicherung.tar.gz"))[0] == 0
    house.close()


def _changed(archive, into, change):
    """The archive with its members (name → bytes) changed."""
    with tarfile.open(archive) as one:
        members = {member.name: one.extractfile(member).read() for member in one}
    change(members)
    with tarfile.open(into, "w:gz", compresslevel=1) as other:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            other.addfile(info, io.BytesIO(body))
    return into


def _without(*starts):
    def change(members):
        for name in [name for name in members if name.startswith(starts)]:
            del members[name]
        manifest = json.loads(members["manifest.json"])  # as somebody would who means it well
        manifest["members"] = {name: row for name, row in manifest["members"].items() if name in members}
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def _with(name, body):
    def change(members):
        members[name] = body
        manifest = json.loads(members["manifest.json"])
        manifest["members"][name] = [len(body), hashlib.sha256(body).hexdigest()]
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.on_both_databases
def test_a_key_is_not_changed_while_database_and_keys_are_copied(
    portal, request, target, tmp_path, command, monkeypatch
):
    _, house = portal
    real, tries = backup._copy_database, []

    def copy(*given):
        found = real(*given)
        with pytest.raises(founding.InUse, match="gesichert"), founding.changing_keys(house.data, patience_s=0):
            pass
        with contextlib.suppress(founding.InUse):
            tries.append(replace_key(house))
        return found

    monkeypatch.setattr(backup, "_copy_database", copy)
    if is_postgres := house.engine.dialect.name == "postgresql":
        monkeypatch.setenv("DATABASE_URL", house.engine.url.render_as_string(hide_password=False))
    assert command(house.data, "backup", str(tmp_path / "b.tar.gz"))[0] == 0 and tries == []
    if is_postgres:
        monkeypatch.setenv("DATABASE_URL", _new_database(request.getfixturevalue("postgres_server")))
    assert command(target, "restore", str(tmp_path / "b.tar.gz"))[:1] == (0,)
    assert command(target, "check")[0] == 0


def test_an_archive_with_another_key_than_its_register_goes_on_with_is_not_made(data, tmp_path, command, monkeypatch):
    (tmp_path / "b.tar.gz").write_bytes(b"die gute Sicherung")
    real = backup._copy_database

    def copy(*given):
        (data / founding.KEY_FILE).write_bytes(_other_key(tmp_path))
        return real(*given)

    monkeypatch.setattr(backup, "_copy_database", copy)
    code, _, errors = command(data, "backup", str(tmp_path / "b.tar.gz"))
    assert (
        code == 1 and "nicht der Schlüssel" in errors and (tmp_path / "b.tar.gz").read_bytes() == b"die gute Sicherung"
    )


def test_an_archive_that_an_earlier_version_made_during_a_change_of_key_comes_back(data, target, tmp_path, command):
    old = (data / founding.KEY_FILE).read_bytes()
    assert command(data, "ledger", "new-key")[0] == 0
    new = (data / founding.KEY_FILE).read_bytes()
    assert command(data, "backup", str(tmp_path / "b.tar.gz"))[0] == 0

    def unsettle(members):
        _with(founding.KEY_FILE, old)(members)
        _with(founding.NEXT_KEY_FILE, new)(members)

    code, _, errors = command(
        target, "restore", str(_changed(tmp_path / "b.tar.gz", tmp_path / "mitten.tar.gz", unsettle))
    )
    assert (code, errors) == (0, "") and (target / founding.KEY_FILE).read_bytes() == new
    assert command(target, "check")[0] == 0


def _flip(members):
    name = max(members, key=lambda one: len(members[one]))
    body = bytearray(members[name])
    body[len(body) // 2] ^= 1
    members[name] = bytes(body)


def _newer(**more):
    def change(members):
        manifest = json.loads(members["manifest.json"])
        manifest["facts"] |= more
        manifest["format"] = 2 if more else 99
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def _other_key(tmp_path):
    create_key(tmp_path / "fremd/key.pem")
    return (tmp_path / "fremd/key.pem").read_bytes()


SPOILT = {
    "a flipped byte": (lambda _: _flip, "verändert oder unvollständig"),
    "no database": (lambda _: _without("portal.db", "database/"), ""),
    "no keys": (lambda _: _without("keys/"), "fehlt der Schlüssel"),
    "key of another": (
        lambda tmp_path: _with("keys/ledger-ed25519.pem", _other_key(tmp_path)),
        "nicht der ihres Registers",
    ),
    "no files": (lambda _: _without("files/"), "Dateien, die die Datenbank nennt"),
    "no manifest": (
        lambda _: lambda members: members.pop("manifest.json") and members.pop("portal.db", None),
        "fehlt die Datenbank",
    ),
    "newer data": (lambda _: _newer(revision="9999"), "neuer als das Programm"),
    "newer archive": (lambda _: _newer(), "neueres Programm"),
    "other facts": (lambda _: _newer(position=7), "nicht die, die ihr Verzeichnis nennt"),
}


@pytest.mark.on_both_databases
def test_what_is_not_whole_is_refused_and_leaves_nothing(saved, target, tmp_path, command):
    _, archive, is_postgres = saved
    for name, (change, words) in SPOILT.items():
        spoilt = _changed(archive, tmp_path / "schlecht.tar.gz", change(tmp_path))
        code, _, errors = command(target, "restore", str(spoilt))
        assert (code, words in errors) == (2, True), (name, code, errors)
        assert _is_untouched(target, is_postgres), name
    whole = archive.read_bytes()
    for place in (200, len(whole) // 2, len(whole) - 3):
        (tmp_path / "schlecht.tar.gz").write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        code, _, errors = command(target, "restore", str(tmp_path / "schlecht.tar.gz"))
        assert code == 2 and _is_untouched(target, is_postgres), (place, errors)
    (tmp_path / "schlecht.tar.gz").write_bytes(whole[: len(whole) // 2])
    assert command(target, "restore", str(tmp_path / "schlecht.tar.gz"))[0] == 2 and _is_untouched(target, is_postgres)


LATE = [
    "portal.commands.backup.founding.write",
    "portal.commands.starting._bring_up",
    "portal.commands.starting.mend",
    "portal.commands.cli._record_restore",
    "content.services.publishing.register.remember",
    "content.services.publishing.register.catch_up",
]
"""What a restore calls when the archive's files lie in their places already, in its order."""


@pytest.mark.on_both_databases
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_restore_that_was_killed_late_is_finished_by_the_same_command(saved, target, command, monkeypatch, is_after):
    house, archive, is_postgres = saved
    before = _state(house.data, house.engine.url.render_as_string(hide_password=False))
    if not is_postgres:  # where a second beginning could not just take the database away
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{target.parent}/woanders.db")
    for place in [
        place for place in LATE if not (is_after and "_record" in place)
    ]:  # after it, nothing is left to remember
        child = os.fork()
        if not child:
            holder, _, name = place.rpartition(".")
            owner = pkgutil.resolve_name(holder)
            real, calls = getattr(owner, name), []

            def die(*given, real=real, calls=calls, place=place, **more):
                calls.append(1)
                if place.endswith("founding.write") and len(calls) < 2:  # the first mark is that of the beginning
                    return real(*given, **more)
                if is_after:
                    real(*given, **more)
                os._exit(9)

            setattr(owner, name, die)
            os._exit(cli.main(["--data", str(target), "restore", str(archive)]))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, place
        for words in (["check"], ["ledger", "restored"]):
            code, _, errors = command(target, *words)
            assert code == 2 and "unterbrochen" in errors, (place, words)
    assert command(target, "restore", str(archive))[0] == 0
    assert not (target / founding.RESTORING_FILE).exists()
    _assert_restored(target, before)
    assert command(target, "check")[0] == 0


def _die_after(holder, name):
    real = getattr(holder, name)
    setattr(holder, name, lambda *given, **more: (real(*given, **more), os._exit(9)))


@pytest.mark.on_both_databases
def test_a_restore_that_was_killed_is_refused_by_all_others_and_finished_by_itself(saved, target, command, monkeypatch):
    house, archive, is_postgres = saved
    before = _state(house.data, house.engine.url.render_as_string(hide_password=False))
    for step in ("_write", "_sync_all", "_load" if is_postgres else "_demand_whole", "shutil.rmtree"):
        child = os.fork()
        if not child:
            *owner, name = step.split(".")
            _die_after(backup.shutil if owner else backup, name)
            backup.restore(archive, target, database_url=os.environ.get("DATABASE_URL"))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9, step
        for words in (["check"], ["serve", "--port", "7123"]):
            code, _, errors = command(target, *words)
            assert code == 2 and "unterbrochen" in errors, step
    assert command(target, "restore", str(archive))[0] == 0
    _assert_restored(target, before)


@pytest.mark.parametrize("fails_at", [None, "portal.db", "keys", "files"])
def test_a_restore_across_file_systems_copies_whole_or_not_at_all(
    data, target, tmp_path, command, monkeypatch, fails_at
):
    before = _state(data)
    assert command(data, "backup", str(tmp_path / "b.tar.gz"))[0] == 0
    real, crossed = os.replace, []

    def replace(source, place):
        if "restoring" in Path(source).parts:  # the stage lies on another disk than the places
            crossed.append(Path(place).name)
            raise OSError(errno.EXDEV, "Invalid cross-device link", os.fspath(source))
        if Path(place).name == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, place)

    monkeypatch.setattr(os, "replace", replace)
    (tmp_path / "andere").mkdir()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/andere/portal.db")
    code, _, errors = command(target, "restore", str(tmp_path / "b.tar.gz"))
    if fails_at is None:
        assert (code, errors) == (0, "") and set(crossed) == {"portal.db", "portal.json", "keys", "files"}
        _assert_restored(target, before)
        assert command(target, "check")[0] == 0
        assert stat.S_IMODE((target / founding.KEY_FILE).stat().st_mode) == 0o600
        assert [
            path.name
            for folder in (target, tmp_path / "andere")
            for path in folder.iterdir()
            if path.name.startswith(".") or path.name == "restoring"
        ] == []
        return
    assert code == 2 and "voll" in errors and _is_untouched(target, is_postgres=False)
    assert list((tmp_path / "andere").iterdir()) == [], "a database without its folder"


def test_an_archive_goes_back_only_into_its_kind_of_database(saved, target, postgres_url, command, monkeypatch):
    _, archive, _ = saved
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    code, _, errors = command(target, "restore", str(archive))
    assert code == 2 and "DATABASE_URL leer lassen" in errors and _is_untouched(target, is_postgres=True)


def test_a_database_that_is_not_empty_is_not_filled(postgres_house, target, tmp_path, command, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres_house.engine.url.render_as_string(hide_password=False))
    assert command(postgres_house.data, "backup", str(tmp_path / "b.tar.gz"))[0] == 0
    code, _, errors = command(target, "restore", str(tmp_path / "b.tar.gz"))
    assert (
        code == 2 and "nicht leer" in errors and {path.name for path in target.iterdir()} <= {"lemmas", *founding.LOCKS}
    )


def test_an_archive_without_manifest_of_an_earlier_version_comes_back(saved, target, tmp_path, command):
    _, archive, _ = saved

    def strip(members):
        del members["manifest.json"], members["portal.json"]

    code, _, errors = command(target, "restore", str(_changed(archive, tmp_path / "alt.tar.gz", strip)))
    assert (code, errors) == (0, "")
    assert command(target, "check")[0] == 0


TABLES = (
    "revision",
    "item",
    "audit_entry",
    "account",
    "edition",
    "ledger_entry",
    "edition_facet",
    "file",
    "portal_identity",
    "ledger_head",
)


@pytest.mark.parametrize("table", TABLES)
def test_a_spoilt_page_is_told_by_check_and_never_replaces_a_good_archive(data, tmp_path, command, table):
    (tmp_path / "gut.tar.gz").write_bytes(b"die gute Sicherung")
    path = data / "portal.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = (
            connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff\x07" * (size // 2))
    code, _, errors = command(data, "check")
    assert code == 1 and "beschädigt" in errors, errors
    code, _, errors = command(data, "backup", str(tmp_path / "gut.tar.gz"))
    assert code == 1 and "beschädigt" in errors.lower()
    assert (tmp_path / "gut.tar.gz").read_bytes() == b"die gute Sicherung"
    for words in (["ledger", "verify"], ["reconcile"], ["export", str(tmp_path / "aus.jsonl")], ["reindex"]):
        assert command(data, *words)[0] in {0, 1, 2}  # and no traceback
    assert not (tmp_path / "aus.jsonl").exists() or table not in {"edition", "ledger_entry", "item"}


def test_a_file_that_is_missing_or_spoilt_keeps_the_old_archive(data, tmp_path, command):
    (tmp_path / "gut.tar.gz").write_bytes(b"die gute Sicherung")
    path = next((data / "files").glob("??/??/*"))
    for spoil in (lambda: path.write_bytes(b"anders"), path.unlink):
        spoil()
        code, _, errors = command(data, "backup", str(tmp_path / "gut.tar.gz"))
        assert code == 1 and path.name in errors
        assert (tmp_path / "gut.tar.gz").read_bytes() == b"die gute Sicherung"


def test_what_a_killed_backup_left_goes_with_the_next_one_and_a_running_one_keeps_its_own(data, tmp_path, command):
    (tmp_path / ".b.tar.gz-tot").mkdir()
    (tmp_path / ".b.tar.gz-tot/portal.db").write_bytes(b"halb")
    with backup._working(tmp_path / "b.tar.gz") as running:
        assert not (tmp_path / ".b.tar.gz-tot").exists()
        assert command(data, "backup", str(tmp_path / "b.tar.gz"))[0] == 0
        assert running.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "data"]


@pytest.mark.parametrize(
    "words",
    [["backup", "{}/b.tar.gz"], ["export", "{}/e.jsonl"], ["reconcile"], ["reindex"], ["import", "{}/data/in.jsonl"]],
)
def test_a_full_disk_is_told_in_one_line(data, tmp_path, command, monkeypatch, words):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "voll"))

    large = {"type": "page", "slug": "lang", "title": "Lang", "text": "Ein langer Satz. " * 10_000}
    (data / "in.jsonl").write_text(json.dumps(large))
    monkeypatch.setattr("os.fsync", full)
    monkeypatch.setattr("content.house.House.reconcile_search", full)
    monkeypatch.setattr("content.house.House.rebuild_search", full)
    sa.event.listen(sa.engine.Engine, "connect", _small_database)
    try:
        code, _, errors = command(data, *(word.format(tmp_path) for word in words))
    finally:
        sa.event.remove(sa.engine.Engine, "connect", _small_database)
    assert code == 2 and "Der Datenträger ist voll" in errors and len(errors.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def _small_database(connection, _record):
    """No page more fits into a database of SQLite's: it answers as on a full disk."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA max_page_count = 1")


def test_a_folder_with_anything_in_it_is_left_alone(data, tmp_path, command):
    archive = tmp_path / "sicherung.tar.gz"
    command(data, "backup", str(archive))
    (tmp_path / "voll").mkdir()
    (tmp_path / "voll/notiz.txt").write_text("bleibt")
    code, _, errors = command(tmp_path / "voll", "restore", str(archive))
    assert code == 2 and "nicht leer" in errors
    assert [path.name for path in (tmp_path / "voll").iterdir()] == ["notiz.txt"]


def _archive(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, "/etc/passwd", 3 if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(b"abc"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../fort.txt", tarfile.REGTYPE),
        ("/tmp/fort.txt", tarfile.REGTYPE),
        ("keys/../../fort", tarfile.REGTYPE),
        ("keys/.ssh", tarfile.REGTYPE),
        ("index/a", tarfile.REGTYPE),
        ("keys/link", tarfile.SYMTYPE),
        ("files/hart", tarfile.LNKTYPE),
        ("keys/dev", tarfile.CHRTYPE),
        ("portal.db/x", tarfile.REGTYPE),
    ],
)
def test_nothing_but_our_own_files_is_unpacked(tmp_path, name, kind):
    _archive(tmp_path / "fremd.tar.gz", ("portal.db", tarfile.REGTYPE), (name, kind))
    with pytest.raises(backup.Unusable, match="gehört nicht hinein"):
        backup.restore(tmp_path / "fremd.tar.gz", tmp_path / "neu")
    assert not (tmp_path / "neu").exists()


@pytest.mark.parametrize("body", [b"", b"kein Archiv", b"\x1f\x8b\x08\x00"])
def test_what_is_no_archive_is_named_as_such(tmp_path, command, body):
    (tmp_path / "kaputt").write_bytes(body)
    code, _, errors = command(tmp_path / "neu", "restore", str(tmp_path / "kaputt"))
    assert code == 2 and "lässt sich nicht lesen" in errors


def test_a_manifest_nested_too_deep_is_refused_in_words(tmp_path, command):
    body = b"[" * 200_000 + b"]" * 200_000
    with tarfile.open(tmp_path / "tief.tar.gz", "w:gz") as archive:
        for name, content in (("portal.db", b"x"), ("manifest.json", body)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    code, _, errors = command(tmp_path / "neu", "restore", str(tmp_path / "tief.tar.gz"))
    assert code == 2 and "Verzeichnis" in errors and "unbrauchbar" in errors and not (tmp_path / "neu").exists()


def test_a_missing_archive_or_folder_is_named(data, tmp_path, command):
    assert command(tmp_path / "neu", "restore", str(tmp_path / "nichts"))[0] == 2
    code, _, errors = command(data, "backup", str(tmp_path / "gibt/es/nicht.tar.gz"))
    assert code == 2 and "nicht.tar.gz" in errors


def test_a_backup_that_fails_leaves_the_old_one(data, tmp_path, command, monkeypatch):
    target = tmp_path / "sicherung.tar.gz"
    target.write_bytes(b"alt")
    monkeypatch.setattr(backup, "_copy_database", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "kein Platz")))
    code, _, errors = command(data, "backup", str(target))
    assert code == 2 and "Der Datenträger ist voll" in errors
    assert target.read_bytes() == b"alt" and sorted(path.name for path in tmp_path.iterdir()) == [
        "data",
        "sicherung.tar.gz",
    ]


def test_check_asks_amcheck_about_every_index_and_says_when_it_cannot(postgres_house, command, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", postgres_house.engine.url.render_as_string(hide_password=False))
    code, said, errors = command(postgres_house.data, "check")
    assert (
        (code, errors) == (0, "") and "fehlt die Erweiterung amcheck" in said and "Indizes aber nicht geprüft" in said
    )
    # The wheel's server lacks it: a function of its name and shape, in a schema of its own, finds one index damaged.
    with postgres_house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA werkzeuge")
        connection.exec_driver_sql(
            "CREATE FUNCTION werkzeuge.bt_index_check(index regclass, heapallindexed boolean) RETURNS void LANGUAGE plpgsql AS "
            "$$ BEGIN IF index::text = 'pk_edition' THEN RAISE EXCEPTION 'item order invariant violated' USING ERRCODE = 'XX002'; END IF; END $$"
        )
    code, said, errors = command(postgres_house.data, "check")
    assert code == 1 and "Index pk_edition: item order invariant violated" in errors and "amcheck" not in said
    assert len([line for line in errors.splitlines() if "Index " in line]) == 1


def test_check_on_postgresql_says_when_the_role_may_not_ask_amcheck(postgres_house):
    with postgres_house.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION bt_index_check(index regclass, heapallindexed boolean) RETURNS void LANGUAGE sql AS ''"
        )
        connection.exec_driver_sql("REVOKE EXECUTE ON FUNCTION bt_index_check FROM PUBLIC")
        connection.exec_driver_sql("SET LOCAL ROLE pg_read_all_data")
        assert integrity._amcheck(connection) == (None, "forbidden")


def _contents(data):
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-shm"))
    }


@pytest.mark.parametrize(
    "words",
    [
        ("export", "{data}/portal.db"),
        ("backup", "{data}/portal.db"),
        ("backup", "{data}/keys/ledger-ed25519.pem"),
        ("export", "{data}/neu.jsonl"),
        ("workflows", "diagram", "--into", "{data}"),
        ("workflows", "diagram", "--into", "{data}/files/neu"),
        ("export", "{data}/../link/portal.db"),
        ("backup", "{data}/../zur-datenbank"),
        ("backup", "{data}/../hart"),
        ("export", "{data}/../fremd/files/a.jsonl"),
        ("workflows", "diagram", "--into", "{data}/../bilder"),
    ],
)
def test_no_command_writes_over_what_the_portal_lives_on(data, command, words):
    (data.parent / "link").symlink_to(data)
    (data.parent / "zur-datenbank").symlink_to(data / "portal.db")
    (data.parent / "hart").hardlink_to(data / "portal.db")
    (data.parent / "fremd").mkdir()
    (data / "files").rename(data.parent / "fremd/files")  # another disk, linked in
    (data / "files").symlink_to(data.parent / "fremd/files")
    (data.parent / "bilder").mkdir()
    (data.parent / "bilder/publication.svg").symlink_to(data / "portal.json")
    before = _contents(data)
    code, said, errors = command(data, *(word.format(data=data) for word in words))
    assert (code, said) == (2, "") and "Bitte ein" in errors and "Ziel" in errors
    assert _contents(data) == before


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_a_database_outside_the_folder_is_not_written_over_either(data, tmp_path, command, monkeypatch, ending):
    (tmp_path / "woanders").mkdir()
    shutil.move(data / "portal.db", tmp_path / "woanders/p.db")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/woanders/p.db")
    before = (tmp_path / "woanders/p.db").read_bytes()
    code, _, errors = command(data, "export", str(tmp_path / f"woanders/p.db{ending}"))
    assert code == 2 and "ist die Datenbank dieses Portals" in errors
    assert (tmp_path / "woanders/p.db").read_bytes() == before
    assert command(data, "export", str(tmp_path / "woanders/gut.jsonl"))[0] == 0
