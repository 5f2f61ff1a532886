"""The command line as operators use it: exit codes, clear words, no traceback."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine

from content.kinds import KINDS
from content.services.base import catalogue
from content.services.implementation import implementation_list, reuse_list
from portal.commands import cli

LINES = [
    {"type": "body", "slug": "rat", "name": "Rat", "number_pattern": "YYYY/NN"},
    {"type": "meeting", "body": "rat", "kind": "numbered", "ordinal": 1, "date": "2020-01-02"},
    {
        "type": "decision",
        "body": "rat",
        "number": "2020/01",
        "meeting": "/sitzung/rat/1",
        "text": "1. Der Rat beschließt.",
    },
]


@pytest.fixture
def run(tmp_path, lemmas_folder, capsys, monkeypatch):
    """Runs a command on a data folder of its own: (exit code, output, errors)."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "lemmas").symlink_to(lemmas_folder)
    for name in ("HOST", "PORT", "DATA", "BASE_URL", "DATABASE_URL", "SERVER"):
        monkeypatch.delenv(name, raising=False)

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = cli.main(["--data", str(data), *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return code, said.out, said.err

    command.data = data
    return command


@pytest.fixture
def lines(tmp_path):
    def write(*rows: object, name: str = "lines.jsonl") -> str:
        path = tmp_path / name
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return str(path)

    return write


COMMANDS = [
    "init",
    "migrate",
    "serve",
    "import",
    "export",
    "backup",
    "restore",
    "reindex",
    "reconcile",
    "ledger",
    "links",
    "user",
    "workflows",
    "step",
    "check",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_in_german(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert "usage: beschlussportal" in out and len(out.splitlines()) > 4


@pytest.mark.parametrize("name", ["export", "backup", "reindex", "reconcile", "check"])
def test_without_a_portal_a_command_says_how_to_make_one(run, name, tmp_path):
    words = [name, str(tmp_path / "x")] if name in {"export", "backup"} else [name]
    code, _, err = run(*words)
    assert (code, "init" in err) == (cli.UNUSABLE, True)


@pytest.mark.parametrize("words", [["import"], ["ledger", "nonsense"], ["nonsense"], []])
def test_wrong_use_is_refused_with_code_2(run, words):
    assert run(*words)[0] == cli.UNUSABLE


def test_from_nothing_to_a_checked_portal(run, lines, tmp_path):
    assert run("init", "--empty")[0] == cli.OK
    code, out, _ = run("import", lines(*LINES), "--publish")
    assert (code, "Veröffentlicht: 3 neu" in out) == (cli.OK, True)
    code, out, _ = run("import", lines(*LINES), "--publish")
    assert (code, "Unverändert: Gremien 1, Sitzungen 1, Beschlüsse 1" in out, "Neu" in out) == (cli.OK, True, False)
    assert "3 Einträge" in run("ledger", "verify")[1]
    assert run("reindex")[1].strip().endswith("3 Dokumente.")
    assert run("reconcile")[0] == cli.OK
    assert run("migrate") == (cli.OK, "Die Datenbank war schon auf dem neuesten Stand.\n", "")
    assert run("check")[0] == cli.OK
    target = tmp_path / "out.jsonl"
    assert run("export", str(target))[0] == cli.OK
    assert len(target.read_text().splitlines()) > 6
    assert [path for path in target.parent.iterdir() if path.name.endswith(".part")] == []


def test_check_knows_that_past_editions_are_searched_too(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    run("import", lines(*LINES[:2], LINES[2] | {"text": "1. Der Rat beschließt anders."}), "--publish")
    code, out, err = run("check")
    assert (code, err) == (cli.OK, "") and "Suche (4 Dokumente)" in out


def test_a_spoilt_index_is_told_by_check_and_mended_by_reconcile_and_at_the_start(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    for mend in ("reconcile", "init"):
        name = next(
            name for name in json.loads((run.data / "index/position.json").read_text())["sums"] if name.endswith(".pst")
        )
        (run.data / "index" / name).write_bytes(b"")
        code, _, err = run("check")
        assert (
            code == cli.FAULTY
            and f"Der Index ist beschädigt (Die Datei {name} ist nicht mehr die geschriebene)" in err
            and "reconcile" in err
        )
        code, out, _ = run(mend)
        assert (
            code == cli.OK
            and f"beschädigt (Die Datei {name} ist nicht mehr die geschriebene) und ist neu gebaut: 3 Dokumente" in out
        )
        assert run("check")[0] == cli.OK


def test_the_key_is_readable_for_its_owner_only_and_a_loose_one_is_refused(run):
    run("init", "--empty")
    key = run.data / "keys/ledger-ed25519.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    code, _, err = run("check")
    assert (code, "chmod 600" in err) == (cli.UNUSABLE, True)


FAULTS = [
    ("{nonsense", "", "JSON"),
    ({"type": "nonsense"}, "type", "nonsense"),
    ({"type": "decision", "body": "rat", "number": "20/1", "text": "1. x"}, "number", "2021/39"),
    ({"type": "decision", "body": "rat", "number": "2020/02"}, "text", "fehlt"),
    ({"type": "decision", "body": "unbekannt", "number": "2020/02", "text": "1. x"}, "body", "unbekannt"),
    ({"type": "decision", "body": "rat", "number": "2020/02", "text": "1. x", "titel": "x"}, "titel", "unbekannt"),
    ({"type": "decision", "body": "rat", "number": "2020/01", "text": "1. Anders."}, "number", "nur einmal"),
    ([1, 2], "", "Objekt"),
]


@pytest.mark.parametrize(("row", "field", "reason"), FAULTS)
def test_a_faulty_line_is_told_with_line_field_and_reason_and_nothing_is_taken(run, lines, row, field, reason):
    run("init", "--empty")
    code, _, err = run("import", lines(*LINES, row), "--publish")
    assert code == cli.FAULTY
    assert "lines.jsonl, Zeile 4" in err and (f"„{field}“" in err if field else True) and reason in err
    assert "Register stimmt: 0" in run("ledger", "verify")[1]


def test_faulty_lines_can_be_skipped_and_are_still_told(run, lines):
    run("init", "--empty")
    code, out, err = run("import", lines(LINES[0], "{", LINES[1]), "--skip-faulty")
    assert (code, "Gremien 1, Sitzungen 1" in out, "Zeile 2" in err) == (cli.FAULTY, True, True)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00", b"\x00" * 50, b"[" * 5000, b'{"type": "page"' + b" " * 6_000_000 + b"}"]
)
def test_hostile_files_are_refused_in_words(run, tmp_path, body):
    run("init", "--empty")
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(body)
    code, _, err = run("import", str(path))
    assert (code, "hostile.jsonl, Zeile 1" in err) == (cli.FAULTY, True)


def test_a_changed_byte_in_the_database_is_found_by_verify_and_check(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    connection = sqlite3.connect(run.data / "portal.db")
    connection.execute("DROP TRIGGER edition_frozen")
    connection.execute(
        "UPDATE edition SET document = replace(document, 'beschließt', 'beschliesst') WHERE kind = 'decision'"
    )
    connection.commit()
    connection.close()
    for words in (["ledger", "verify"], ["check"]):
        code, _, err = run(*words)
        assert (code, "zuerst bei Eintrag 3" in err) == (cli.FAULTY, True)


def test_a_new_key_signs_what_follows_and_the_old_one_still_proves_what_was(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES[:2]), "--publish")
    code, out, _ = run("ledger", "new-key")
    assert (code, "neuer Schlüssel" in out) == (cli.OK, True)
    run("import", lines(*LINES), "--publish")
    assert "4 Einträge" in run("ledger", "verify")[1], "the change of key is one, signed by the old key"
    assert [path.name for path in (run.data / "keys").glob("ledger*")] == ["ledger-ed25519.pem"]
    assert run("check")[0] == cli.OK
    assert stat.S_IMODE((run.data / "keys/ledger-ed25519.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "forged", ["is_withdrawn = 1", "valid_until = '2026-01-01 00:00:00.000000'", "title = 'Gefälscht'"]
)
def test_reconcile_never_makes_a_forged_state_the_truth(run, lines, forged):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    with sqlite3.connect(run.data / "portal.db") as connection:
        connection.execute("DROP TRIGGER edition_frozen")
        connection.execute(f"UPDATE edition SET {forged} WHERE kind = 'decision'")
    connection.close()
    name = forged.split(" ")[0]
    for words in (["check"], ["reconcile"], ["check"]):
        code, _, err = run(*words)
        assert code == cli.FAULTY, words
        assert f"/beschluss/rat/2020/01, Fassung 1: Tabelle „edition“, Spalte „{name}“" in err
        assert "Sicherung" in err
    run("init", "--empty")  # the start mends the index, not the proof
    assert run("check")[0] == cli.FAULTY


@pytest.mark.parametrize(
    ("hurt", "words"),
    [
        ("DROP TRIGGER edition_frozen", "Trigger edition_frozen"),
        ("UPDATE item SET publication_state = 'blau' WHERE kind = 'decision'", "steht in „blau“"),
        ("DROP INDEX ix_edition_meeting_url", "Datenbankindex ix_edition_meeting_url (Tabelle edition) fehlt"),
        ("ALTER TABLE form_draft DROP COLUMN number", "Spalte number (Tabelle form_draft) fehlt"),
    ],
)
def test_reconcile_ends_as_check_does_where_it_cannot_mend(run, lines, hurt, words):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    with sqlite3.connect(run.data / "portal.db") as connection:
        connection.execute(hurt)
    connection.close()
    for command in ("check", "reconcile"):
        code, _, err = run(command)
        assert (code, words in err) == (cli.FAULTY, True), err
        assert "Sicherung" in err and "Column(" not in err


def test_a_last_entry_that_lies_in_the_future_is_told_by_check(run, lines):
    run("init", "--empty")
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=300)):
        run("import", lines(*LINES), "--publish")
    code, _, err = run("check")
    assert (code, "Uhr dieses Rechners" in err) == (cli.FAULTY, True)


DECISION = "(SELECT id FROM item WHERE kind = 'decision')"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            f"UPDATE item SET publication_state = 'draft' WHERE id = {DECISION}",
            "/beschluss/rat/2020/01: Das Register zeigt eine geltende Fassung",
        ),
        (f"UPDATE item SET public_rev = 99 WHERE id = {DECISION}", "öffentlich 99"),
        (f"UPDATE item SET public_rev = 0 WHERE id = {DECISION}", "öffentlich 0"),
        ("DELETE FROM given_number", "Die vergebene Nummer 2020/01 steht nicht mehr"),
        ("DELETE FROM checkpoint", "checkpoint_missing"),
    ],
)
def test_check_names_rows_of_the_desk_that_say_otherwise_than_the_register(run, lines, changed, words):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    assert run("check")[0] == cli.OK
    with sqlite3.connect(run.data / "portal.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(changed)
    connection.close()
    code, _, err = run("check")
    assert (code, words in err) == (cli.FAULTY, True), err


def test_a_folder_that_forgot_what_it_saw_is_named_until_the_operator_says_why(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    (run.data / "letzter-checkpoint").unlink()
    for words in (["check"], ["ledger", "verify"]):
        code, _, err = run(*words)
        assert (code, "letzter-checkpoint fehlt" in err, "ledger restored" in err) == (cli.FAULTY, True, True), err
    assert run("ledger", "restored", "--reason", "Die Datei ging beim Umzug verloren.")[0] == cli.OK
    assert run("check")[0] == cli.OK


def test_a_spoilt_note_of_what_was_seen_is_named_with_its_remedy(run, lines):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    (run.data / "letzter-checkpoint").write_text("")
    for words in (["check"], ["ledger", "verify"]):
        code, _, err = run(*words)
        assert (code, "leer oder beschädigt" in err, "ledger restored --reason" in err) == (cli.FAULTY, True, True), err
    assert run("ledger", "restored", "--reason", "Die Platte war voll.")[0] == cli.OK
    assert run("check")[0] == cli.OK


MORE = {
    "type": "decision",
    "body": "rat",
    "number": "2020/02",
    "meeting": "/sitzung/rat/1",
    "text": "1. Der Rat beschließt mehr.",
}


def _rolled_back(run, lines):
    """A portal whose database is that from before the last publication."""
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    before = {path: path.read_bytes() for path in run.data.glob("portal.db*")}
    assert run("import", lines(*LINES, MORE), "--publish")[0] == cli.OK
    for path in run.data.glob("portal.db*"):
        path.unlink()
    for path, body in before.items():
        path.write_bytes(body)


def _entries(run):
    with sqlite3.connect(run.data / "portal.db") as connection:
        return connection.execute("SELECT position, hash FROM ledger_entry ORDER BY position").fetchall()


def test_a_database_put_back_publishes_nothing_until_that_is_told(run, lines):
    _rolled_back(run, lines)
    before, other = _entries(run), {**MORE, "text": "1. Der Rat beschließt anders."}
    for words in (
        ["import", lines(*LINES, other), "--publish"],
        ["import", lines(*LINES, other), "--publish", "--skip-faulty"],
    ):
        code, out, err = run(*words)
        assert (code, out) == (cli.FAULTY, "") and "gabelte das Register" in err and "ledger restored --reason" in err
    assert _entries(run) == before
    assert run("import", lines(*LINES, other))[0] == cli.OK, "what is not public is no entry"
    assert run("ledger", "restored", "--reason", "Platte defekt.")[0] == cli.OK
    assert run("import", lines(*LINES, other), "--publish")[0] == cli.OK
    assert run("check")[0] == cli.OK


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_text(""),
        lambda path: path.write_text(path.read_text().replace("entry ", "entry 0")),
    ],
)
def test_nothing_is_published_where_nobody_knows_what_was_seen(run, lines, spoil):
    run("init", "--empty")
    run("import", lines(*LINES), "--publish")
    spoil(run.data / "letzter-checkpoint")
    left = sorted(run.data.glob("letzter-checkpoint")), _entries(run)
    code, out, err = run("import", lines(*LINES, MORE), "--publish")
    assert (code, out) == (cli.FAULTY, "") and "letzter-checkpoint" in err and "ledger restored --reason" in err
    assert (sorted(run.data.glob("letzter-checkpoint")), _entries(run)) == left
    assert run("ledger", "restored", "--reason", "Die Datei ging verloren.")[0] == cli.OK
    assert run("import", lines(*LINES, MORE), "--publish")[0] == cli.OK
    assert run("check")[0] == cli.OK


@pytest.mark.parametrize("words", [["--empty"], []])
def test_a_founding_leaves_what_it_has_seen(run, lines, words, monkeypatch):
    monkeypatch.setattr(
        "content.services.publishing.register.remember", lambda *_: None
    )  # killed right after the commit
    assert run("init", *words)[0] == cli.OK
    assert (run.data / "letzter-checkpoint").is_file()
    assert run("check")[0] == cli.OK
    monkeypatch.undo()
    assert run("import", lines({**LINES[0], "slug": "neu"}), "--publish")[0] == cli.OK
    assert run("check")[0] == cli.OK


def test_check_raises_no_alarm_for_what_is_published_while_it_compares():
    """The database is read before the index: what was published between is not missing, and what is missing is told."""

    def said(*looks, stored=("new",), spoilt=()):
        seen = iter(looks)
        search = SimpleNamespace(damaged=lambda: spoilt, stored=lambda: iter([(1, mark) for mark in stored]))
        return cli._search_problems(SimpleNamespace(search=search, findable=lambda: next(seen)))

    assert said(({1: "old"}, 7), ({1: "new"}, 8)) == []
    assert said(({1: "old"}, 7), ({1: "older"}, 8), ({1: "oldest"}, 9)) == []
    assert "weichen ab" in said(({1: "old"}, 7), ({1: "old"}, 7))[0]
    assert "verändert" in said(({1: "new"}, 7), spoilt=(1,))[0]


def test_check_names_a_guard_that_was_taken_away(run):
    run("init", "--empty")
    with sqlite3.connect(run.data / "portal.db") as connection:
        connection.execute("DROP TRIGGER edition_no_delete")
        connection.execute("DROP TRIGGER edition_frozen")
        connection.execute("CREATE TRIGGER edition_frozen BEFORE UPDATE ON edition WHEN 0 BEGIN SELECT 1; END")
    connection.close()
    code, _, err = run("check")
    assert code == cli.FAULTY
    assert "Trigger edition_no_delete" in err
    assert "Trigger edition_frozen" in err


def test_serve_on_a_finished_folder_starts_answers_and_ends(tmp_path, example_data):
    """`serve` in a process of its own, on a data folder that is set up: it answers, and ends when told to."""
    import shutil
    import socket
    import time
    import urllib.request

    data = tmp_path / "data"
    shutil.copytree(example_data, data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    server = subprocess.Popen(
        [str(Path(sys.executable).parent / "beschlussportal"), "--data", str(data), "serve", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        answer = None
        for _ in range(200):
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).status
                break
            except OSError:
                time.sleep(0.1)
        assert answer == 200
    finally:
        server.terminate()
        out, _ = server.communicate(timeout=20)
    assert f"http://127.0.0.1:{port}" in out and "Beispielinhalt" not in out and "Traceback" not in out
    elsewhere = {name: value for name, value in environment.items() if name not in {"HOST", "PORT", "BASE_URL"}}
    command = [
        str(Path(sys.executable).parent / "beschlussportal"),
        "--data",
        str(data),
        "user",
        "add",
        "gerda",
        "--name",
        "Gerda",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=elsewhere).stdout
    assert f"http://127.0.0.1:{port}/anmelden/" in said, "the link leads to where the portal was served"
    said = subprocess.run(
        [*command[:5], "gudrun", *command[6:]],
        capture_output=True,
        text=True,
        check=True,
        env={**elsewhere, "PORT": "7000"},
    ).stdout
    assert "http://127.0.0.1:7000/anmelden/" in said, "unless something says another address"


def test_an_account_is_made_changed_and_listed(run, lines):
    run("init", "--empty")
    run("import", lines({"type": "organisation", "slug": "bayern", "title": "Bayern"}))
    code, out, _ = run(
        "user", "add", "gerda", "--name", "Gerda", "--role", "secretariat", "--email", "gerda@amt.example"
    )
    assert (code, "/anmelden/" in out, "gerda@amt.example" in out) == (cli.OK, True, True)
    assert run("user", "grant", "gerda", "--role", "land", "--organisation", "bayern")[0] == cli.OK
    assert "hatte die Rolle schon" in run("user", "grant", "gerda", "--role", "land", "--organisation", "bayern")[1]
    assert "gerda\tGerda\tsecretariat@*, land@bayern\taktiv" in run("user", "list")[1]
    assert run("user", "revoke", "gerda", "--role", "secretariat", "--reason", "Andere Aufgabe")[0] == cli.OK
    assert (
        "gesperrt" in run("user", "lock", "gerda", "--reason", "Ausgeschieden")[1]
        and "gesperrt" in run("user", "list")[1]
    )
    assert run("user", "link", "gerda")[0] == cli.UNUSABLE
    assert "aktiv" in run("user", "unlock", "gerda")[1]
    assert (
        "/anmelden/" in run("user", "link", "gerda")[1]
        and "keinen zweiten Faktor" in run("user", "factors", "gerda", "--reason", "Telefon verloren")[1]
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["add", "gerda"], "gibt es schon"),
        (["add", "Ü"], "3 bis 80 Zeichen"),
        (["add"], "Anmeldenamen"),
        (["add", "bea", "--role", "nonsense"], "secretariat"),
        (["add", "bea", "--email", "nonsense"], "E-Mail-Adresse"),
        (["grant", "gerda", "--role", "clock"], "gibt es nicht"),
        (["grant", "gerda"], "--role"),
        (["grant", "gerda", "--role", "land", "--organisation", "nirgends"], "noch kein Gremium mit Mitgliedern"),
        (["grant", "gerda", "--role", "administrator", "--organisation", "x"], "immer überall"),
        (["link", "niemand"], "user list"),
        (["revoke", "gerda", "--role", "press", "--reason", "x"], "Vorhanden: administrator@*"),
        (["revoke", "gerda", "--role", "administrator", "--reason", "x"], "letzte Administration"),
        (["lock", "gerda", "--reason", "x"], "letzte Administration"),
        (["lock", "gerda"], "--reason"),
        (["factors", "gerda"], "--reason"),
        (["revoke", "gerda", "--role", "administrator"], "--reason"),
        (["nonsense"], "invalid choice"),
    ],
)
def test_a_wrong_account_command_says_what_is_wrong_and_changes_nothing(run, words, reason):
    run("init", "--empty")
    run("user", "add", "gerda", "--role", "administrator")
    code, _, err = run("user", *words)
    assert (code, reason in err) == (cli.UNUSABLE, True), err
    assert run("user", "list")[1] == "gerda\tgerda\tadministrator@*\taktiv\n"


def test_workflows_are_proved_and_tried_out(run):
    assert "5 Abläufe" in run("workflows", "check")[1]
    assert "Veröffentlichen" in run("workflows", "simulate", "--role", "press", "--state", "submitted")[1]
    assert run("workflows", "simulate", "--role", "niemand")[0] == cli.UNUSABLE
    assert run("workflows", "simulate", "--state", "nirgends")[0] == cli.UNUSABLE
    assert "→" in run("workflows", "table")[1]


def test_a_list_of_reports_is_counted_in_words_and_every_kind_and_list_has_them(run, lines):
    run("init", "--empty")
    row = {"type": "recommendation", "slug": "tun", "title": "Tun", "text": "x", "addressees": ["Berlin"]}
    adopting = LINES[2] | {
        "number": "2020/01",
        "recommendations": ["tun"],
        "date": "2020-01-02",
        "vote": {"others": "yes"},
    }
    members = {
        "voting_rule": "empfehlung",
        "members": [
            {"code": "BUND", "name": "Bund", "kind": "federal"},
            {"code": "BE", "name": "Berlin", "kind": "land"},
        ],
    }
    road = [
        {"date": "2019-12-01", "state": "proposed"},
        {"date": "2020-01-02", "state": "adopted", "decision": "2020/01"},
    ]
    assert run("import", lines(LINES[0] | members, LINES[1], adopting, row | {"road": road}), "--publish")[2] == ""
    table = lines(
        "recommendation,addressee,state,date,evidence,note,reported_by,reported_on,confirmed_by,confirmed_on",
        "tun,Berlin,running,,,,Amt,,,",
        name="list.csv",
    )
    code, out, err = run("import", table, "--publish")
    assert (code, err) == (0, "") and "Neu: Meldungen zur Umsetzung 1." in out
    assert set(cli._KIND_WORDS) >= {*KINDS, *catalogue.COLUMNS, reuse_list.NAME, implementation_list.NAME}


@pytest.mark.parametrize(
    "given",
    [
        "quatsch",
        " ",
        "mysql://r:geheim@localhost/x",
        "postgresql://r:geheim@localhost/x",
        "postgresql+psycopg://postgres:geheim@127.0.0.1:notaport/b3",
        "postgresql+psycopg://postgres:geheim@127.0.0.1:70000/b3",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://ordner/portal.db",
        "postgresql+psycopg://r:ab@geheim@localhost/x",
        "sqlite:///file:x?uri=true",
        "nichts+da://r:geheim@x/y",
    ],
)
@pytest.mark.parametrize("words", [["check"], ["init", "--empty"], ["export", "x.jsonl"]])
def test_an_address_of_a_database_that_cannot_be_used_is_told_without_its_password(run, monkeypatch, given, words):
    monkeypatch.setenv("DATABASE_URL", given)
    code, out, err = run(*words)
    assert (code, out, len(err.splitlines())) == (cli.UNUSABLE, "", 1)
    assert "Die Einstellung DATABASE_URL geht nicht: erwartet wird" in err and "geheim" not in err


def test_an_address_nobody_has_is_told_as_that(run, monkeypatch):
    monkeypatch.setenv("HOST", "999.1.1.1")
    code, _, err = run("serve", "--empty")
    assert code == cli.UNUSABLE and "HOST=999.1.1.1" in err and "Datei" not in err
