"""A portal is saved while it works and comes back whole; what is no backup of ours is refused and nothing is overwritten."""

from __future__ import annotations

import io
import shutil
import stat
import tarfile

import pytest

from content.house import House
from portal import backup, cli


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


def _state(data):
    house = House.open(data)
    try:
        with house.engine.connect() as connection:
            head = connection.exec_driver_sql("SELECT position, hash FROM ledger_head").one()
            texts = connection.exec_driver_sql("SELECT url, sha256 FROM edition ORDER BY id").all()
        return tuple(head), [tuple(row) for row in texts], sorted(house.search.stored()), house.signer.key_id
    finally:
        house.close()


def test_what_was_saved_comes_back_whole(data, tmp_path, command):
    before = _state(data)
    archive = tmp_path / "sicherung.tar.gz"
    house = House.open(data)  # somebody works meanwhile
    with house.writing("test"):
        assert command(data, "backup", str(archive))[0] == 0
    house.close()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    code, said, errors = command(tmp_path / "neu", "restore", str(archive))
    assert (code, errors) == (0, "") and "Wiederhergestellt" in said
    (position, _), *after = _state(tmp_path / "neu")
    assert after == list(before[1:])
    assert position == before[0][0] + 1, "the restore is an entry"
    assert command(tmp_path / "neu", "check")[0] == 0
    assert stat.S_IMODE((tmp_path / "neu/keys/ledger-ed25519.pem").stat().st_mode) == 0o600


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
        ("../fort.txt", tarfile.REGTYPE), ("/tmp/fort.txt", tarfile.REGTYPE), ("keys/../../fort", tarfile.REGTYPE), ("keys/.ssh", tarfile.REGTYPE),
        ("index/a", tarfile.REGTYPE), ("keys/link", tarfile.SYMTYPE), ("files/hart", tarfile.LNKTYPE), ("keys/dev", tarfile.CHRTYPE), ("portal.db/x", tarfile.REGTYPE),
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


def test_a_missing_archive_or_folder_is_named(data, tmp_path, command):
    assert command(tmp_path / "neu", "restore", str(tmp_path / "nichts"))[0] == 2
    code, _, errors = command(data, "backup", str(tmp_path / "gibt/es/nicht.tar.gz"))
    assert code == 2 and "nicht.tar.gz" in errors


def test_a_backup_that_fails_leaves_the_old_one(data, tmp_path, monkeypatch):
    target = tmp_path / "sicherung.tar.gz"
    target.write_bytes(b"alt")
    monkeypatch.setattr(backup, "_copy_database", lambda *_: (_ for _ in ()).throw(OSError(28, "kein Platz")))
    with pytest.raises(OSError, match="kein Platz"):
        backup.backup(data, target, has_database=True)
    assert target.read_bytes() == b"alt" and sorted(path.name for path in tmp_path.iterdir()) == ["data", "sicherung.tar.gz"]
