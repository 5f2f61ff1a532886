"""Uploads: what a file is, its bytes say; traps are refused with reason and remedy."""

import io
import zipfile

import pytest
import transaction

from content.database.storage import FileStore, Swept, UploadRefused, check_upload, clean_file_name


def _zip(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("__", "/"), body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "name", "code"),
    [
        (b"<svg onload=alert(1)>", "bild.svg", "unknown_type"),
        (b"<!doctype html><script>", "seite.txt", "unknown_type"),
        (b"MZ\x90\x00", "x.pdf", "unknown_type"),
        (b"", "leer.txt", "unknown_type"),
        (b"%PDF-1.7 /Encrypt 1 0 R", "a.pdf", "encrypted"),
        (b"%PDF-1.7", "a.docx", "wrong_ending"),
        (b"PK\x03\x04kaputt", "a.docx", "damaged"),
        (
            _zip(word__document_xml="x", word__vbaProject_bin="x").replace(b"document_xml", b"document.xml"),
            "a.docx",
            "macros",
        ),
        (_zip(bombe=b"\0" * 40_000_000), "a.docx", "zip_bomb"),
        (b"a" * 5_000_001, "a.txt", "too_large"),
    ],
)
def test_upload_is_refused_with_a_reason(body, name, code):
    with pytest.raises(UploadRefused) as refusal:
        check_upload(body, name)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("Bericht 2021.pdf", "Bericht-2021.pdf"),
        ("", "datei"),
        ("C:\\x\\y.pdf", "y.pdf"),
    ],
)
def test_file_name_keeps_nothing_dangerous(name, clean):
    assert clean_file_name(name) == clean


def test_file_appears_with_the_commit_and_not_before(tmp_path):
    store, manager = FileStore(tmp_path / "files"), transaction.TransactionManager(explicit=True)
    manager.begin()
    kept = store.add(b"inhalt", "text/plain", manager)
    assert not store.path(kept.sha256).exists()
    manager.commit()
    assert store.path(kept.sha256).read_bytes() == b"inhalt"
    assert store.damaged([kept.sha256]) == []


def test_aborted_file_leaves_nothing(tmp_path):
    store, manager = FileStore(tmp_path / "files"), transaction.TransactionManager(explicit=True)
    manager.begin()
    kept = store.add(b"inhalt", "text/plain", manager)
    manager.abort()
    assert not store.path(kept.sha256).exists()
    assert list((tmp_path / "files" / "incoming").iterdir()) == []


def _keep(store, *bodies):
    manager = transaction.TransactionManager(explicit=True)
    manager.begin()
    kept = [store.add(body, "text/plain", manager).sha256 for body in bodies]
    manager.commit()
    return kept


def test_what_no_row_names_is_set_aside_but_never_while_it_is_young(tmp_path):
    store = FileStore(tmp_path / "files")
    [kept] = _keep(store, b"inhalt")
    young = store.reconcile([])
    assert young == Swept(young=1) and "1 junge Dateien nennt noch kein Eintrag" in young.words
    assert store.reconcile([kept], older_than_s=-1) == Swept()
    swept = store.reconcile([], older_than_s=-1)
    assert swept.aside == (kept,) and "beiseite" in swept.words
    assert not store.path(kept).exists() and (tmp_path / "beiseite" / kept).read_bytes() == b"inhalt"


def test_what_was_set_aside_comes_back_when_a_row_names_it(tmp_path):
    store = FileStore(tmp_path / "files")
    [kept] = _keep(store, b"inhalt")
    store.reconcile([], older_than_s=-1)
    assert store.reconcile([kept]).returned == (kept,)
    assert store.damaged([kept]) == [] and not list((tmp_path / "beiseite").iterdir())


def test_nothing_is_moved_when_a_large_part_would_go(tmp_path):
    store = FileStore(tmp_path / "files")
    kept = _keep(store, *(f"inhalt {number}".encode() for number in range(40)))
    swept = store.reconcile(kept[:10], older_than_s=-1)
    assert swept.left == 30 and "auffällig viele" in swept.words and store.damaged(kept) == []


def test_what_a_crash_left_half_written_goes_and_strange_files_stay(tmp_path):
    store = FileStore(tmp_path / "files")
    for name in (f"{'a' * 64}-x1_y", "lesen-abc", "notiz.txt"):
        (tmp_path / "files/incoming" / name).write_bytes(b"halb")
    assert sorted(store.reconcile([], older_than_s=-1).dropped) == [f"{'a' * 64}-x1_y", "lesen-abc"]
    assert [path.name for path in (tmp_path / "files/incoming").iterdir()] == ["notiz.txt"]
