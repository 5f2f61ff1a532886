"""Killed in the middle of a write, a hundred times: after the next start everything agrees."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from content import models
from content.house import House
from content.services.accounts import audit
from content.services.publishing import ledger
from portal.commands import backup, cli, starting

WRITER = """
import json, sys
from pathlib import Path
from content.house import House
from content.services.exchange import exchange
from portal.commands.starting import store_file
house = House.open(Path(sys.argv[1]))
source = Path(sys.argv[1]).parent / "source"
(source / "files").mkdir(parents=True, exist_ok=True)
print("ready", flush=True)
number = int(sys.argv[2])
while True:
    lines = []
    for _ in range(3):
        number += 1
        text = f"1. Der IT-Planungsrat beschließt Vorhaben {number}.\\n2. Er bittet die FITKO um Bericht."
        name = f"anlage-{number}.txt"
        (source / "files" / name).write_text(f"Anlage zu Vorhaben {number}. " * 200)
        attachment = {"title": "Anlage", "file": name}
        lines.append({
            "type": "decision", "body": "it-planungsrat", "number": f"2030/{number:02d}", "text": text, "attachments": [attachment],
        })
    path = source / "in.jsonl"
    path.write_text("\\n".join(json.dumps(line) for line in lines))
    with house.writing("crash") as work:
        exchange.Importer(work.desk, store=store_file(work), is_publishing=True).read([path])
    print("wrote", flush=True)
"""
KILLS_PER_ROUND = 10


@pytest.mark.slow
@pytest.mark.parametrize("round_number", range(10))
def test_killed_writer_leaves_database_index_files_and_ledger_in_agreement(house, round_number):
    chance = random.Random(round_number)
    body = {"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"}
    (house.data / "body.jsonl").write_text(json.dumps(body))
    with house.writing("test") as work:
        starting.exchange.Importer(work.desk, is_publishing=True).read([house.data / "body.jsonl"])
    position = 1
    for kill in range(KILLS_PER_ROUND):
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WRITER, str(house.data), str(position)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as writer:
            assert writer.stdout.readline() == b"ready\n"
            # Every other writer may finish an import first, however slow the machine: kills hit first and later writes alike.
            assert kill % 2 == 0 or writer.stdout.readline() == b"wrote\n"
            time.sleep(chance.uniform(0, 0.25))
            writer.kill()
        position = _agreement(house.data, position)
    assert position > 1, "nothing was ever written: the kill came too early each time"


def test_a_killed_backup_leaves_the_last_whole_one_and_nothing_beside_it_for_long(house, tmp_path):
    chance, target = random.Random(1), tmp_path / "sicherung" / "b.tar.gz"
    target.parent.mkdir()
    backup.backup(house, target)
    for _ in range(8):
        child = os.fork()
        if not child:
            again = House.open(house.data)
            while True:
                backup.backup(again, target)
        time.sleep(chance.uniform(0.05, 0.5))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert backup._examine(target).position == 0
    backup.backup(house, target)
    assert [path.name for path in target.parent.iterdir()] == ["b.tar.gz"]


def test_a_transaction_is_ended_by_its_manager_alone(house):
    def alone():
        with house.writing("test") as work:
            audit.note(work.session, work.desk.now, actor="test", name="", action="test.alone")
            work.session.commit()

    with pytest.raises(RuntimeError, match="Verwalter"):
        alone()
    with house.reading() as connection:
        assert (
            connection.scalar(sa.select(models.AuditEntry.id).where(models.AuditEntry.action == "test.alone")) is None
        )


def _agreement(data, before):
    """Start again as `serve` does, and compare every side; the ledger position."""
    again = House.open(data)
    starting.mend(again, say=lambda _: None)
    with again.reading() as connection:
        position = ledger.position(connection)
        count, fault = ledger.verify(connection, again.public_keys)
        assert (count, fault) == (position, None)
        assert cli.tally_problems(connection) == []
    assert (position - before) % 3 == 0, "half an import became visible"
    published = {document.edition_id: document.sha256 for document in again.published_documents()}
    assert dict(again.search.stored()) == published
    assert again.search.position() == position
    with again.reading() as connection:
        named = {row.sha256 for row in connection.execute(sa.text("SELECT sha256 FROM edition_file"))}
        known = {row.sha256 for row in connection.execute(sa.text("SELECT sha256 FROM file"))}
    assert named == known
    assert len(named) == position - 1, "each decision brings a file of its own"
    assert again.files.damaged(known) == []
    again.files.reconcile(known, older_than_s=0)
    assert {path.name for path in (data / "files").rglob("*") if path.is_file()} == known
    again.close()
    return position
