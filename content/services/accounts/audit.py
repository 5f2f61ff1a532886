"""The audit log: who did what, when, to what, from where. Append-only; administrators search it and take it with them.

Never passwords, never texts: an entry names the thing, and the history of the thing holds its text.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from content import models
from content.services.accounts import account_news

E: Final = models.AuditEntry
PER_PAGE: Final = 50
_BATCH: Final = 1000
_COLUMNS: Final = ("id", "at", "actor", "actor_name", "action", "subject", "detail", "address")

ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sign-in": "Angemeldet",
        "sign-in.refused": "Anmeldung abgelehnt",
        "sign-in.locked": "Zu viele Versuche",
        "sign-in.second-factor": "Zweiter Faktor bestätigt",
        "sign-in.recovery-code": "Mit Wiederherstellungscode angemeldet",
        "sign-in.passkey": "Mit Passkey angemeldet",
        "sign-in.oidc": "Über den Anmeldedienst angemeldet",
        "sign-in.unlinked": "Über den Anmeldedienst gekommen, ohne Konto",
        "sign-in.code-refused": "Zweiter Faktor abgelehnt",
        "sign-out": "Abgemeldet",
        "session.ended": "Sitzung beendet",
        "sessions.ended": "Überall abgemeldet",
        "second-factor.set-up": "Zweiten Faktor eingerichtet",
        "second-factor.removed": "Zweiten Faktor entfernt",
        "passkey.added": "Passkey hinzugefügt",
        "passkey.removed": "Passkey entfernt",
        "recovery-codes.renewed": "Wiederherstellungscodes erneuert",
        "password.changed": "Kennwort geändert",
        "password.refused": "Kennwort im Konto falsch",
        "password.reset-asked": "Neues Kennwort angefordert",
        "password.set-by-link": "Kennwort per Link gesetzt",
        "account.created": "Konto angelegt",
        "account.invited": "Einladung verschickt",
        "account.changed": "Angaben zum Konto geändert",
        "account.linked": "Konto mit dem Anmeldedienst verbunden",
        "account.unlinked": "Konto vom Anmeldedienst getrennt",
        "account.grant": "Rolle erteilt",
        "account.revoke": "Rolle entzogen",
        "account.locked": "Konto gesperrt",
        "account.unlocked": "Konto entsperrt",
        "account.factors-removed": "Zweite Faktoren einer Person entfernt",
        "account.link": "Link zum Kennwort ausgestellt",
        "account.asked": "Zu zweit beantragt (Konto)",
        "account.confirmed": "Antrag bestätigt (Konto)",
        "account.declined": "Antrag abgelehnt (Konto)",
        "account.unasked": "Antrag zurückgenommen (Konto)",
        "item.created": "Eintrag angelegt",
        "item.changed": "Eintrag geändert",
        "item.removed": "Endgültig entfernt",
        "item.restored": "Alte Revision wiederhergestellt",
        "embargo.set": "Sperrfrist gesetzt",
        "embargo.lifted": "Sperrfrist aufgehoben",
        "embargo.invited": "Link unter Sperrfrist verschickt",
        "embargo.revoked": "Link unter Sperrfrist zurückgezogen",
        "embargo.stopped": "Alle Links unter Sperrfrist abgeschaltet",
        "vote.recorded": "Abstimmung eingetragen",
        "vote.en_bloc": "Grüne Liste en bloc beschlossen",
        "vote.rule_confirmed": "Andere Abstimmungsregel bestätigt",
        "vote.rule_declined": "Andere Abstimmungsregel abgelehnt",
        "statement.added": "Protokollerklärung eingetragen",
        "statement.changed": "Protokollerklärung geändert",
        "statement.removed": "Protokollerklärung entfernt",
        "key.entered": "Königsteiner Schlüssel eingegeben",
        "key.confirmed": "Königsteiner Schlüssel bestätigt",
        "key.discarded": "Vorschlag für den Königsteiner Schlüssel verworfen",
        "implementation.report": "Umsetzung einer Empfehlung gemeldet",
        "implementation.confirm": "Meldung zur Umsetzung bestätigt",
        "implementation.give_back": "Meldung zur Umsetzung zurückgegeben",
        "task.confirm": "Auftrag aus einem Beschluss bestätigt",
        "task.dismiss": "Auftrag aus einem Beschluss verworfen",
        "task.report": "Erledigung eines Auftrags gemeldet",
        "task.approve": "Erledigung eines Auftrags bestätigt",
        "suggestion.accepted": "Vorschlag in einem Bericht angenommen",
        "suggestion.rejected": "Vorschlag in einem Bericht abgelehnt",
        "suggestion.made": "Vorschlag zu einem Bericht gemacht",
        "suggestion.withdrawn": "Vorschlag zu einem Bericht zurückgenommen",
        "review.remarked": "Anmerkung zu einem Bericht geschrieben",
        "review.answered": "Auf eine Anmerkung geantwortet",
        "review.resolved": "Anmerkung zu einem Bericht abgehakt",
        "review.reopened": "Anmerkung zu einem Bericht wieder geöffnet",
        "review.asked": "Um Durchsicht eines Berichts gebeten",
        "review.invited": "Link zur Durchsicht verschickt",
        "review.revoked": "Link zur Durchsicht zurückgezogen",
        "reuse.ask": "Nachnutzung angefragt",
        "search.word": "Wort für die Suche gespeichert",
        "search.word-removed": "Wort für die Suche entfernt",
        "search.pick": "Empfehlung zu einer Suche gespeichert",
        "search.pick-removed": "Empfehlung zu einer Suche entfernt",
        "contact.created": "Kontakt angelegt",
        "contact.changed": "Kontakt geändert",
        "contact.ended": "Kontakt beendet",
        "chair.changed": "Vorsitz gewechselt",
        "number.explained": "Grund für fehlende Nummern festgehalten",
        "job.retried": "Nachricht noch einmal versucht",
        "job.dropped": "Nachricht verworfen",
        "notices.chosen": "Eigene Hinweise umgestellt",
        "audit.exported": "Protokoll ausgeleitet",
    }
)
"""What actions are called on the page. An action without a row is shown by its name; `step.…` by its workflow."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked of the log: exact actor (login), beginning of the action or one of `actions`, part of the subject, words, days (both included)."""

    actor: str = ""
    action: str = ""
    actions: frozenset[str] = frozenset()
    subject: str = ""
    words: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The filter as SQL; every word must be found somewhere."""
        found: list[sa.ColumnElement[bool]] = []
        found += [E.actor == self.actor] if self.actor else []
        found += (
            [sa.or_(E.action.startswith(self.action, autoescape=True), E.action.in_(sorted(self.actions)))]
            if self.action
            else []
        )
        found += [E.subject.icontains(self.subject, autoescape=True)] if self.subject else []
        found += [E.at >= self.since] if self.since else []
        found += [E.at < self.until] if self.until else []
        for word in self.words.split()[:6]:
            columns = (E.actor, E.actor_name, E.subject, E.detail, E.address)
            found.append(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
        return found


_ENTRY: Final = sa.insert(cast("sa.Table", E.__table__))


def note(
    session: Session,
    now: dt.datetime,
    *,
    actor: str,
    name: str,
    action: str,
    subject: str = "",
    detail: str = "",
    address: str = "",
) -> None:
    """Write one entry, in the caller's transaction. Without `address` it is the one the transaction was begun for.

    Where the entry is about an account, its person is told.
    """
    session.execute(  # not as an object: nobody holds it, and the unit of work costs more than the row
        _ENTRY,
        {
            "at": now,
            "actor": actor[:120],
            "actor_name": name[:200],
            "action": action[:60],
            "subject": subject[:300],
            "detail": detail[:2000],
            "address": (address or str(session.info.get("address", "")))[:60],
        },
    )
    account_news.tell(session, action, subject, now, actor=actor, actor_name=name, detail=detail)


def was_noted(session: Session, action: str, *, actor: str, address: str, since: dt.datetime) -> bool:
    """Whether such an entry was written lately: what can be repeated without end is written once in a while."""
    query = sa.select(E.id).where(E.action == action, E.actor == actor, E.address == address, E.at > since).limit(1)
    return session.scalar(query) is not None


def search(session: Session, asked: Filter, page: int = 1) -> tuple[Sequence[models.AuditEntry], int, int]:
    """A page of entries, newest first; how many there are; how many pages."""
    conditions = asked.conditions()
    total = session.scalar(sa.select(sa.func.count()).select_from(E).where(*conditions)) or 0
    pages = max(1, -(-total // PER_PAGE))
    query = sa.select(E).where(*conditions).order_by(E.id.desc())
    return session.scalars(query.limit(PER_PAGE).offset((min(max(1, page), pages) - 1) * PER_PAGE)).all(), total, pages


def _entries(connection: Connection, asked: Filter) -> Iterator[dict[str, str]]:
    """Every entry asked for, oldest first, in constant memory."""
    last = 0
    columns = [getattr(E, name) for name in _COLUMNS]
    while True:
        query = sa.select(*columns).where(E.id > last, *asked.conditions()).order_by(E.id).limit(_BATCH)
        rows = connection.execute(query).all()
        for row in rows:
            yield {**row._asdict(), "at": row.at.isoformat()}
        if len(rows) < _BATCH:
            return
        last = rows[-1].id


def as_jsonl(connection: Connection, asked: Filter) -> Iterator[bytes]:
    """The log as JSON lines."""
    for row in _entries(connection, asked):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def as_csv(connection: Connection, asked: Filter) -> Iterator[bytes]:
    """The log as CSV for a spreadsheet: semicolons, a mark for UTF-8, and nothing that a spreadsheet would calculate."""
    yield "\N{ZERO WIDTH NO-BREAK SPACE}".encode()
    yield _line(_COLUMNS)
    for row in _entries(connection, asked):
        yield _line([harmless(str(row[name])) for name in _COLUMNS])


def harmless(text: str) -> str:
    """`text` so that a spreadsheet takes it as text, not as a formula."""
    return (
        "'" + text
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠"))
        else text
    )


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()
