"""The command `beschlussportal`.

Exit codes: 0 all right; 1 something is wrong with the content (faulty input, a false ledger, a broken state); 2 the
command cannot work (wrong use, no portal yet, unreadable file). Messages are German; nothing that a person can type
leads to a traceback.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from content import founding, models
from content.database import faults
from content.founding import NotSetUp
from content.house import House, replace_key
from content.models.edition import missing_guards
from content.proof import signing
from content.proof.ledger import KeyFileError
from content.schemas import InvalidInput
from content.search.interface import IndexBusy, IndexDamaged
from content.search.lemmas import LemmasUnbuildable
from content.services.base import lookup, workflow_rows
from content.services.exchange import batches, exchange
from content.services.publishing import ledger, proof, register
from portal import settings
from portal.commands import backup, build, cli_user, cli_workflows, database, integrity, targets
from portal.commands.starting import MissingServer, NotFounded, open_house, serve, set_up, sweep
from portal.web.incoming import read_import_ahead, store_file
from workflows.catalogue import WORKFLOWS
from workflows.engine import Blocked
from workflows.rights import misfit
from workflows.vocabulary import ROLES

OK: Final = 0
FAULTY: Final = 1
UNUSABLE: Final = 2
MAX_FAULTS_SHOWN: Final = 200
MAX_KEPT_SHOWN: Final = 2_000
"""Rows that were taken without their key are listed so that somebody can mend them; real lists have some hundred."""

_REFUSALS: Final = (
    NotSetUp,
    founding.InUse,
    NotFounded,
    KeyFileError,
    database.NewerData,
    database.Outdated,
    settings.SettingError,
    MissingServer,
    backup.Unusable,
    LemmasUnbuildable,
    cli_user.Unusable,
    cli_workflows.Unusable,
    targets.Refused,
    Blocked,
)
"""What a command can meet before it works; each says in German why and what to do."""

Command = Callable[[argparse.Namespace, settings.Settings], int]
Targets = Callable[[argparse.Namespace], Iterable[Path]]
"""What a command would write: looked at before it begins, for each command in the same way."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    os.umask(0o077)
    parsed = make_parser().parse_args(arguments)
    configured: settings.Settings | None = None
    try:
        configured = settings.load(
            data=parsed.data,
            host=getattr(parsed, "host", None),
            port=getattr(parsed, "port", None),
            server=getattr(parsed, "server", None),
        )
        for target in parsed.writes(parsed):
            targets.demand_outside(target, configured)
        run: Command = parsed.run
        return run(parsed, configured)
    except _REFUSALS as error:
        return _fail(str(error))
    except (backup.Damaged, ledger.LedgerBehind) as error:
        print(f"beschlussportal: {error}", file=sys.stderr)
        return FAULTY
    except InvalidInput as error:
        return _fail("; ".join(f"{row.field}: {row.message}" if row.field else row.message for row in error.errors))
    except IndexBusy:
        return _fail("Jemand anders schreibt gerade am Suchindex. Bitte in einer halben Minute wiederholen.")
    except (OSError, sqlite3.Error, sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
        print(f"beschlussportal: {faults.sentence(error, _folders(configured))}", file=sys.stderr)
        return FAULTY if faults.kind_of(error) is faults.Fault.DAMAGED else UNUSABLE
    except KeyboardInterrupt:
        return _fail("Abgebrochen; was schon fertig war, bleibt. Derselbe Befehl macht damit weiter.")


def _folders(configured: settings.Settings | None) -> list[Path]:
    """Where the portal writes: DATA and, elsewhere, its database."""
    return (
        [] if configured is None else [configured.data, *{path.parent for path in targets.database_files(configured)}]
    )


def _fail(message: str) -> int:
    print(f"beschlussportal: {message}", file=sys.stderr)
    return UNUSABLE


def _say(message: str) -> None:
    print(message, flush=True)


class _Version(argparse.Action):
    """Worked out only when asked for: it reads the whole program."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        parser.exit(message=f"beschlussportal {build.version()}, Daten {database.newest_revision()}\n")


def make_parser() -> argparse.ArgumentParser:
    """All commands with their arguments and help."""
    parser = argparse.ArgumentParser(
        prog="beschlussportal",
        description="Portal für öffentliche Beschlüsse.",
        epilog="Alles Weitere: docs/betrieb.md",
    )
    parser.add_argument("--data", metavar="DIR", help="Ordner mit allem, was das Portal weiß (sonst DATA, sonst var)")
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="welches Programm das ist, und bis zu welchem Stand es Daten kennt"
    )
    commands = parser.add_subparsers(title="Befehle", required=True, metavar="BEFEHL", dest="command")

    def add(name: str, run: Command, text: str, *, writes: Targets = lambda _given: ()) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run, writes=writes)
        return command

    init = add("init", _init, "Ordner, Schlüssel, Datenbank und Beispielinhalt anlegen.")
    init.add_argument("--empty", action="store_true", help="ohne Beispielinhalt")
    add("migrate", _migrate, "Die Datenbank auf den Stand dieser Version bringen.")
    start = add("serve", _serve, "Das Portal starten; richtet beim ersten Mal alles ein.")
    start.add_argument("--host", help="Adresse (sonst HOST, sonst 127.0.0.1)")
    start.add_argument("--port", help="Port (sonst PORT, sonst 6543)")
    start.add_argument("--server", choices=["granian", "waitress"], help="Webserver (sonst SERVER, sonst granian)")
    start.add_argument("--empty", action="store_true", help="beim ersten Mal ohne Beispielinhalt")
    start.add_argument(
        "--existing",
        action="store_true",
        help="nur ein Portal starten, das es schon gibt: ein leerer Ordner wird abgelehnt, nie eingerichtet",
    )
    take = add("import", _import, "JSON-Zeilen oder Listen (CSV) übernehmen; dieselben noch einmal ändern nichts.")
    take.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        type=Path,
        help="Datei mit einem JSON-Objekt je Zeile, oder Liste als .csv (Katalog, Kommunen, IT-Dienstleister)",
    )
    take.add_argument("--publish", action="store_true", help="Übernommenes gleich veröffentlichen")
    take.add_argument("--skip-faulty", action="store_true", help="fehlerhafte Zeilen auslassen, statt alles abzulehnen")
    give = add("export", _export, "Alles Veröffentlichte samt Register in eine prüfbare Datei schreiben.", writes=_file)
    give.add_argument("file", metavar="FILE", type=Path, help="Zieldatei (wird ersetzt, sobald alles geschrieben ist)")
    give.add_argument(
        "--full",
        action="store_true",
        help="auch Entwürfe, Eingereichtes, Terminiertes und Zurückgezogenes, mit ihrem Stand; nicht zum Weitergeben",
    )
    keep = add(
        "backup",
        _backup,
        "Datenbank, Dateien und Schlüssel in ein Archiv sichern; das Portal darf laufen.",
        writes=_file,
    )
    keep.add_argument(
        "file", metavar="FILE", type=Path, help="Archiv (.tar.gz); es enthält die Schlüssel und ist geheim zu halten"
    )
    back = add("restore", _restore, "Ein Portal aus einer Sicherung in einem leeren Ordner wiederherstellen.")
    back.add_argument("file", metavar="FILE", type=Path, help="Archiv, das „backup“ geschrieben hat")
    add("reindex", _reindex, "Den Suchindex neu aufbauen; die Suche läuft derweil weiter.")
    add("reconcile", _reconcile, "Datenbank, Suchindex und Dateien abgleichen und Lücken schließen.")
    book = add(
        "ledger",
        _ledger,
        "Das Veröffentlichungsregister prüfen, seinen Schlüssel wechseln, eine Wiederherstellung eintragen.",
    )
    book.add_argument(
        "action",
        choices=list(_LEDGER_ACTIONS),
        help="verify: jede Fassung und jeden Eintrag prüfen; new-key: künftig mit einem neuen Schlüssel unterschreiben, der alte "
        "unterschreibt den Wechsel; restored: eintragen, dass die Datenbank aus einer Sicherung zurückgeholt wurde",
    )
    book.add_argument("--reason", default="", help="öffentliche Begründung des Eintrags (new-key, restored)")
    sealed = add("links", _links, "Den Schlüssel für Links in E-Mails ersetzen; bisherige Links enden.")
    sealed.add_argument("action", choices=["new-key"], help="new-key: künftig mit einem neuen Schlüssel versiegeln")
    people = add("user", _user, "Konten der Redaktion: anlegen, Rollen geben und nehmen, auflisten, Link zum Kennwort.")
    cli_user.add_arguments(people)
    cli_workflows.add_workflow_arguments(
        add("workflows", _workflows, "Abläufe prüfen, ausprobieren und zeichnen.", writes=cli_workflows.targets)
    )
    text = "Einen Schritt gehen, wie der Knopf am Arbeitsplatz; nennt jeden Grund, der dagegen steht (Ende mit 1)."
    cli_workflows.add_step_arguments(add("step", _step, text))
    add("check", _check, "Prüfen, ob alles zusammenpasst: Schema, Register, Suche, Dateien.")
    return parser


def _file(arguments: argparse.Namespace) -> tuple[Path]:
    return (arguments.file,)


def _bar(label: str) -> Progress:
    """A progress bar on the error stream, so that results can be piped; silent where nobody watches."""
    return Progress(
        SpinnerColumn(),
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _open(configured: settings.Settings) -> House:
    house = open_house(configured)
    if words := founding.tighten(configured.data):
        print(words, file=sys.stderr)
    return house


def _init(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    set_up(configured, with_examples=not arguments.empty, say=_say).close()
    _say(f"Das Portal in {configured.data} ist eingerichtet.")
    return OK


def _migrate(_arguments: argparse.Namespace, configured: settings.Settings) -> int:
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        _say(words)

    set_up(configured, may_found=False, say=say).close()
    _say("Die Datenbank ist auf dem neuesten Stand." if said else "Die Datenbank war schon auf dem neuesten Stand.")
    return OK


def _serve(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    return serve(configured, with_examples=not arguments.empty, may_found=not arguments.existing, say=_say)


def _import(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    for path in arguments.files:
        if not path.is_file():
            return _fail(f"{path}: Die Datei gibt es nicht.")
    house = _open(configured)
    try:
        read_import_ahead(house, arguments.files)
        lines = sum(_line_count(path) for path in arguments.files)
        with _bar("Zeilen") as bar:
            task = bar.add_task("Zeilen", total=lines)
            importer = exchange.Importer(
                is_publishing=arguments.publish,
                skip_faulty=arguments.skip_faulty,
                progress=lambda done: bar.update(task, completed=done),
            )
            report = batches.run(
                importer,
                arguments.files,
                lines=lines,
                writing=lambda: house.writing("import"),
                viewing=lambda: house.viewing("import"),
                store=store_file,
                skip_faulty=arguments.skip_faulty,
            )
    except exchange.FaultyInput as refused:
        _show_faults(refused.report)
        print(_what_was_taken(refused), file=sys.stderr)
        return FAULTY
    finally:
        house.close()
    _show_faults(report)
    _show_report(report)
    return FAULTY if report.faults else OK


def _what_was_taken(refused: exchange.FaultyInput) -> str:
    if isinstance(refused, batches.Stopped):
        return (
            f"Die ersten {refused.taken} Zeilen sind übernommen und bleiben; ab da wurde nichts übernommen. "
            "Bitte beheben und denselben Befehl noch einmal geben: Übernommenes bleibt dabei unverändert."
        )
    return "Nichts wurde übernommen. Mit --skip-faulty werden nur die fehlerhaften Zeilen ausgelassen."


def _line_count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def _show_faults(report: exchange.Report) -> None:
    for fault in report.faults[:MAX_FAULTS_SHOWN]:
        print(fault, file=sys.stderr)
    if len(report.faults) > MAX_FAULTS_SHOWN:
        print(f"… und {len(report.faults) - MAX_FAULTS_SHOWN} weitere Fehler.", file=sys.stderr)


_KIND_WORDS: Final = {
    "body": "Gremien",
    "meeting": "Sitzungen",
    "decision": "Beschlüsse",
    "press_release": "Presse",
    "report": "Berichte",
    "recommendation": "Empfehlungen",
    "market_item": "Marktplatz",
    "organisation": "Organisationen",
    "term": "Begriffe",
    "page": "Seiten",
    "ozg_service": "OZG-Leistungen",
    "leika_service": "LeiKa-Leistungen",
    "commune": "Kommunen",
    "commune_nw": "Kommunen in Nordrhein-Westfalen",
    "it_provider": "IT-Dienstleister",
    "offer": "Angebote",
    "reuse": "Nachnutzungen",
    "implementation": "Meldungen zur Umsetzung",
}


def _show_report(report: exchange.Report) -> None:
    for word, table in (("Neu", report.created), ("Geändert", report.changed), ("Unverändert", report.unchanged)):
        if table:
            _say(f"{word}: " + ", ".join(f"{_KIND_WORDS[kind]} {count}" for kind, count in table.items()) + ".")
    for words, rows in (
        (f"Ohne Schlüssel übernommen: {len(report.kept)} Zeilen.", report.kept),
        (f"Eingereichte Änderungen ersetzt: {len(report.overtaken)}.", report.overtaken),
    ):
        if rows:
            _say(words)
        for row in rows[:MAX_KEPT_SHOWN]:
            _say(f"  {row}")
        if len(rows) > MAX_KEPT_SHOWN:
            _say(f"  … und {len(rows) - MAX_KEPT_SHOWN} weitere.")
    if report.published or report.corrected:
        _say(f"Veröffentlicht: {report.published} neu, {report.corrected} berichtigt.")
    if report.skipped:
        _say(f"Übergangen: {report.skipped} Zeilen mit Fassungen und Registereinträgen.")


def _export(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    target: Path = arguments.file
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    count = 0
    try:
        with temporary.open("wb") as file, _bar("Einträge") as bar:
            with house.reading() as connection:
                task = bar.add_task("Einträge", total=None)
                lines = exchange.export_lines(connection, portal=configured.base_url, public_keys=house.public_keys)
                for count, line in enumerate(lines, start=1):
                    file.write(line)
                    bar.update(task, completed=count)
            with house.viewing("export") as work:
                for line in exchange.working_lines(work.session, is_full=arguments.full):
                    file.write(line)
                    count += 1
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
        house.close()
    _say(f"{count} Zeilen in {target} geschrieben.")
    if arguments.full:
        _say(
            "Achtung: Darin stehen auch Entwürfe, Texte unter Sperrfrist und, bei Veröffentlichtem, der Arbeitsstand statt der Fassung. Bitte nicht weitergeben."
        )
    return OK


def _backup(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    try:
        manifest = backup.backup(house, arguments.file)
    finally:
        house.close()
    size = arguments.file.stat().st_size / 1e6
    _say(
        f"Gesichert und geprüft: {len(manifest.members)} Dateien, Register bis {manifest.position}, {size:.1f} MB nach {arguments.file}. "
        "Die Schlüssel liegen darin: bitte geheim halten."
    )
    return OK


def _restore(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    manifest = backup.restore(arguments.file, configured.data, database_url=configured.database_url)
    house = set_up(configured, may_found=False, say=_say, is_restoring=True)
    try:
        with house.reading() as connection:
            is_recorded = register.was_restored(connection, backup.restored_position(configured.data))
        if not is_recorded:
            _record_restore(house)
        with house.reading() as connection:
            register.catch_up(configured.data, connection)
    finally:
        house.close()
    backup.finish(configured.data)
    _say(
        f"Wiederhergestellt: {len(manifest.members)} Dateien in {configured.data}, Register bis {manifest.position}, gesichert {f'am {manifest.taken_at}' if manifest.taken_at else 'an unbekanntem Tag'}. "
        f"Prüfen mit „beschlussportal --data {configured.data} check“."
    )
    return OK


def _links(_arguments: argparse.Namespace, configured: settings.Settings) -> int:
    founding.demand(configured.data, is_adopting=True)
    signing.replace(configured.data)
    _say(
        "Ein neuer Schlüssel versiegelt ab jetzt die Links in E-Mails; alle bisherigen sind ungültig. Bitte das Portal neu starten."
    )
    return OK


def _record_restore(house: House, reason: str = "") -> None:
    with house.writing("operator", name="Betrieb") as work:
        position = register.record_restore(work.desk, reason)
    if position:
        _say(f"Die Wiederherstellung steht als Eintrag {position} im Register.")


def _reindex(_arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    with _bar("Dokumente") as bar:
        with house.reading() as connection:
            total = connection.execute(
                sa.select(sa.func.count()).select_from(models.Edition).where(models.Edition.valid_until.is_(None))
            ).scalar()
        task = bar.add_task("Dokumente", total=total)
        count = house.rebuild_search(lambda done: bar.update(task, completed=done))
    house.close()
    _say(f"Der Suchindex ist neu aufgebaut: {count} Dokumente.")
    return OK


def _reconcile(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    if _ledger_verify(arguments, configured) != OK:
        # The index follows the database: making them agree would hide what the ledger tells.
        print("Nichts wurde abgeglichen: Erst muss die Datenbank wieder dem Register entsprechen.", file=sys.stderr)
        return FAULTY
    house = _open(configured)
    with _bar("Dokumente") as bar:
        task = bar.add_task("Suchindex", total=None)
        mended = house.reconcile_search(lambda done: bar.update(task, completed=done))
    house.read_files(again=True)
    house.forget_texts()
    swept = sweep(house)
    with house.reading() as connection:
        known = lookup.known_files(connection)
    damaged, unsound = house.files.damaged(known), _unsound(house)
    house.close()
    _say(mended.words)
    _say(
        f"Dateien: {len(known)} bekannt, {len(swept.aside)} verwaiste beiseitegelegt, {len(damaged)} fehlend oder beschädigt."
    )
    if swept.words:
        _say(swept.words)
    for sha256 in damaged:
        print(
            f"Fehlend oder beschädigt: {house.files.path(sha256)}. Bitte aus der Sicherung zurückholen.",
            file=sys.stderr,
        )
    for words in unsound:
        print(words, file=sys.stderr)
    return FAULTY if damaged or unsound else OK


def _ledger(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    return _LEDGER_ACTIONS[arguments.action](arguments, configured)


def _new_key(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    if _ledger_verify(arguments, configured) != OK:
        print("Der Schlüssel wurde nicht gewechselt: Der neue bürgte für ein falsches Register.", file=sys.stderr)
        return FAULTY
    house = _open(configured)
    key_id = replace_key(house, arguments.reason)
    house.close()
    _say(
        f"Ein neuer Schlüssel ({key_id}) unterschreibt ab jetzt; der alte hat den Wechsel unterschrieben. Bitte neu sichern (backup)."
    )
    return OK


def _restored(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    _record_restore(house, arguments.reason)
    house.close()
    return OK


def _ledger_verify(_arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    try:
        seen = register.seen(configured.data)
    except (OSError, ValueError) as error:
        return _told_false(register.UNREADABLE.format(configured.data / ledger.SEEN_FILE, error))
    with house.reading() as connection, _bar("Einträge") as bar:
        if seen is None and ledger.checkpoint_note(connection) is not None:
            return _told_false(register.FORGOTTEN.format(configured.data / ledger.SEEN_FILE))
        task = bar.add_task("Einträge", total=ledger.position(connection))
        count, fault = ledger.verify(
            connection, house.public_keys, progress=lambda done: bar.update(task, completed=done), seen=seen
        )
    house.close()
    if fault is not None:
        return _told_false(
            f"Das Register ist falsch, zuerst bei Eintrag {fault.position} ({fault.code}): {fault.message}"
        )
    _say(f"Das Register stimmt: {count} Einträge, Kette, Signaturen, Fassungen und alles daraus Abgeleitete geprüft.")
    return OK


def _told_false(words: str) -> int:
    print(words, file=sys.stderr)
    return FAULTY


_LEDGER_ACTIONS: Final[Mapping[str, Command]] = {"verify": _ledger_verify, "new-key": _new_key, "restored": _restored}


def _check(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    hurt, hints = integrity.of_database(house)
    for line in hurt:
        print(line, file=sys.stderr)
    for line in hints:
        _say(line)
    if hurt:  # nothing that is read from it would mean anything
        house.close()
        return FAULTY
    problems = _unsound(house)
    findable, _ = house.findable()
    with house.reading() as connection:
        known = [row.sha256 for row in connection.execute(sa.select(models.File.sha256))]
        misfits = _misfits(connection)
    problems += _search_problems(house)
    problems += [f"Datei fehlt oder ist beschädigt: {sha256}" for sha256 in house.files.damaged(known)]
    house.close()
    for problem in problems:
        print(problem, file=sys.stderr)
    for words in misfits:
        _say(words)
    answer = _ledger_verify(arguments, configured)
    if not problems:
        _say(f"Schema, Zählungen, Suche ({len(findable)} Dokumente) und Dateien ({len(known)}) passen zusammen.")
    return FAULTY if problems else answer


def _unsound(house: House) -> list[str]:
    """What no command can mend, in German: tables, counts, states, guards and times that are not as they must be."""
    with house.reading() as connection:
        return [
            *(f"Schema: {difference}" for difference in database.differences(house.engine)),
            *tally_problems(connection),
            *(_words_of_lost(*row) for row in workflow_rows.lost(connection)),
            *(f"Schutz der Datenbank fehlt: Trigger {name}. {proof.REMEDY}" for name in missing_guards(connection)),
            *proof.times(connection),
            *proof.rows(connection),
            *filter(None, [ledger.ahead(connection, dt.datetime.now(dt.UTC))]),
        ]


def _misfits(connection: sa.Connection) -> list[str]:
    """The roles that accounts hold otherwise than they can be held, from before that was refused: they give less than their name says."""
    grant, account = models.Grant.__table__.c, models.Account.__table__.c
    query = (
        sa.select(account.login, grant.role, grant.organisation)
        .join_from(models.Account.__table__, models.Grant.__table__)
        .order_by(account.login)
    )
    found = ((row.login, misfit(row.role, row.organisation)) for row in connection.execute(query) if row.role in ROLES)
    return [
        f"Konto {login}: {words} Diese Rolle wirkt so nur eingeschränkt; bitte neu erteilen."
        for login, words in found
        if words
    ]


def _words_of_lost(url: str, flow: str, state: str) -> str:
    where = f"kennt der Ablauf „{WORKFLOWS[flow].title}“ nicht" if flow else "gibt es für diese Art nicht"
    return (
        f"Zustand: {url} steht in „{state}“; das {where}. Bitte aus der Sicherung von vorher zurückholen oder melden."
    )


def _search_problems(house: House) -> list[str]:
    """What is wrong with the index. What is published between two looks makes it differ: it is compared again, until nothing was."""
    differed_at = None
    for _ in range(_TRIES):
        findable, position = house.findable()
        try:
            spoilt, is_same = house.search.damaged(), dict(house.search.stored()) == findable
        except IndexDamaged as damage:
            return [f"Suche: Der Index ist beschädigt ({str(damage).rstrip('.')}). Bitte „beschlussportal reconcile“."]
        if spoilt:
            return [
                f"Suche: {len(spoilt)} Einträge des Index sind verändert worden. Bitte „beschlussportal reconcile“."
            ]
        if is_same:
            return []
        if position == differed_at:
            return ["Suche: Index und Datenbank weichen ab. Bitte „beschlussportal reconcile“."]
        differed_at = position
    _say(
        "Die Suche ließ sich nicht vergleichen, weil gerade viel veröffentlicht wird. Bitte „check“ noch einmal ausführen."
    )
    return []


_TRIES: Final = 3
"""So often the index is compared while others publish."""


def _user(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    try:
        with house.writing("operator", name="Betrieb") as work:
            said = cli_user.run(arguments, settings.with_served_address(configured), work)
    finally:
        house.close()
    for line in said:
        _say(line)
    return OK


def _workflows(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    if arguments.action != "check":
        for line in cli_workflows.show(arguments):
            _say(line)
        return OK
    house = _open(configured) if founding.is_set_up(configured.data) else None
    answer = cli_workflows.check(house)
    if house is not None:
        house.close()
    return _told(answer)


def _step(arguments: argparse.Namespace, configured: settings.Settings) -> int:
    house = _open(configured)
    try:
        return _told(cli_workflows.step(arguments, house))
    finally:
        house.close()


def _told(answer: cli_workflows.Answer) -> int:
    for fault in answer.faults:
        print(fault, file=sys.stderr)
    for line in answer.said:
        _say(line)
    return FAULTY if answer.faults else OK


def tally_problems(connection: sa.Connection) -> list[str]:
    """Where the kept counts differ from a fresh count."""
    facet, tally = models.EditionFacet.__table__.c, models.Tally.__table__.c
    counted = connection.execute(
        sa.select(facet.kind, facet.facet, facet.value, sa.func.count())
        .where(facet.is_current)
        .group_by(facet.kind, facet.facet, facet.value)
    )
    kept = connection.execute(sa.select(tally.kind, tally.facet, tally.value, tally.amount).where(tally.amount != 0))
    fresh, stored = {tuple(row) for row in counted}, {tuple(row) for row in kept}
    return [f"Zählung weicht ab: {row}" for row in sorted(fresh ^ stored)]


if __name__ == "__main__":
    sys.exit(main())
