"""Two administrators for what lets somebody publish, decide or manage accounts: one asks, another one confirms.

So nobody makes a second person of his own: a role that counts in the rule of two, and every way into an account that has one, waits
until an administrator decides who is neither the one who asked nor the person herself. Where there is no such administrator it is done
at once; all others hear of it either way. Operators at the command line need no second one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from content.services.accounts import account_news, audit
from content.services.notifications import recipients
from content.services.notifications.notify import notify
from content.services.publishing.publish import Desk
from workflows.vocabulary import Permission

R: Final = models.AccountRequest
OWN_ROLE: Final = "Eine Rolle gibt sich niemand selbst. Bitte eine andere Person der Administration darum bitten."
OWN_REQUEST: Final = (
    "Wer es beantragt hat, bestätigt es nicht selbst. Bitte eine andere Person der Administration darum bitten."
)
OWN_ACCOUNT: Final = "Über das eigene Konto entscheidet eine andere Person der Administration."
NOT_OPEN: Final = "Dieser Antrag ist nicht mehr offen."


def waits(desk: Desk, account: models.Account, act: str, **given: Any) -> bool:
    """Whether `act` waits for another administrator now: then it is asked for. Raises `InvalidInput` where it already is."""
    is_far_reaching = account_news.is_far_reaching(account) or given.get("role") in account_news.FAR_REACHING
    is_own = account.login == desk.actor
    if (
        not is_far_reaching
        or is_own
        or Permission.ITEM_IMPORT in desk.permits
        or account_news.other_administrator(desk.session, desk.actor, account.login) is None
    ):
        _settle(desk, [row for row in of_account(desk.session, account) if (row.act, row.given) == (act, given)])
        return False
    if any((row.act, row.given) == (act, given) for row in of_account(desk.session, account)):
        raise InvalidInput(
            [
                FieldError(
                    "",
                    "already_asked",
                    "Das ist schon beantragt. Bitte abwarten, bis eine andere Person der Administration entscheidet.",
                )
            ]
        )
    row = R(
        account_id=account.id,
        act=act,
        given=given,
        asked_by=desk.actor,
        asked_name=desk.actor_name or desk.actor,
        asked_at=desk.now,
    )
    desk.session.add(row)
    desk.session.flush()
    _note(desk, "account.asked", account, words(row))
    account_news.tell_powers(
        desk.session,
        account,
        _mark(row),
        f"Beantragt für „{account.login}“ ({account.name}): {words(row)}. Es gilt erst, wenn eine andere Person der Administration es bestätigt.",
        desk.now,
        actor=desk.actor,
        actor_name=desk.actor_name,
    )
    return True


def of_account(session: Session, account: models.Account) -> Sequence[models.AccountRequest]:
    """What is asked for on this account."""
    return session.scalars(sa.select(R).where(R.account_id == account.id).order_by(R.id)).all()


def open_requests(session: Session) -> Sequence[models.AccountRequest]:
    """Everything that waits, oldest first."""
    return session.scalars(sa.select(R).order_by(R.id)).all()


def words(row: models.AccountRequest) -> str:
    """What is asked for, in German."""
    given = row.given
    return {
        "grant": f"Rolle {account_news.role_words(str(given.get('role', '')), str(given.get('organisation', '')))}",
        "link": "Link zu einem neuen Kennwort",
        "factors": "Zweite Faktoren entfernen" + (f", Grund: {given['reason']}" if given.get("reason") else ""),
        "change": f"Name {given.get('name', '')}, E-Mail-Adresse {given.get('email', '') or 'keine'}",
        "connect": f"Verbinden mit dem Anmeldedienst, Kennung {given.get('subject', '')}",
    }[row.act]


def facts(session: Session, row: models.AccountRequest) -> list[tuple[str, str]]:
    """What whoever confirms should know: who asked, and who had the way into the account in hand last."""
    entry = models.AuditEntry
    query = (
        sa.select(entry)
        .where(
            entry.subject == row.account.login, entry.action.in_(("account.created", "account.link", "account.invited"))
        )
        .order_by(entry.id.desc())
        .limit(1)
    )
    last = session.scalars(query).first()
    who = (
        f"{last.actor_name or last.actor} ({last.actor})"
        if last is not None
        else "niemand, soweit das Protokoll reicht"
    )
    return [
        ("Beantragt von", f"{row.asked_name} ({row.asked_by})"),
        ("E-Mail-Adresse des Kontos", row.account.email or "keine"),
        ("Link zum Kennwort zuletzt ausgestellt durch", who),
    ]


def taken(desk: Desk, account: models.Account, number: int) -> models.AccountRequest:
    """The request that `desk.actor` may confirm; it waits no more. Raises `InvalidInput`."""
    row = found(desk.session, account, number)
    if row.asked_by == desk.actor:
        raise InvalidInput([FieldError("", "own_request", OWN_REQUEST)])
    if account.login == desk.actor:
        raise InvalidInput([FieldError("", "own_account", OWN_ACCOUNT)])
    _settle(desk, [row])
    _note(desk, "account.confirmed", account, f"{words(row)}; beantragt von {row.asked_by}")
    _answer(desk, row, f"Bestätigt: {words(row)}.")
    return row


def decline(desk: Desk, account: models.Account, number: int, reason: str) -> None:
    """Say no, with a reason for who asked. Raises `InvalidInput`."""
    row = found(desk.session, account, number)
    _settle(desk, [row])
    _note(desk, "account.declined", account, f"{words(row)}: {reason}")
    _answer(desk, row, f"Abgelehnt: {words(row)}. Grund: {reason}")


def take_back(desk: Desk, account: models.Account, number: int) -> None:
    """The one who asked wants it no more. Raises `InvalidInput`."""
    row = found(desk.session, account, number)
    if row.asked_by != desk.actor:
        raise InvalidInput(
            [
                FieldError(
                    "",
                    "other_person",
                    "Zurücknehmen kann einen Antrag nur, wer ihn gestellt hat. Andere können ihn ablehnen.",
                )
            ]
        )
    _settle(desk, [row])
    _note(desk, "account.unasked", account, words(row))


def found(session: Session, account: models.Account, number: int) -> models.AccountRequest:
    """An open request on this account. Raises `InvalidInput`."""
    row = session.scalars(sa.select(R).where(R.id == number, R.account_id == account.id)).one_or_none()
    if row is None:
        raise InvalidInput([FieldError("", "not_asked", NOT_OPEN)])
    return row


def as_given(row: models.AccountRequest) -> Mapping[str, str]:
    """What the act needs."""
    return {name: str(value) for name, value in row.given.items()}


def _answer(desk: Desk, row: models.AccountRequest, sentence: str) -> None:
    notify(
        desk.session,
        "answered",
        None,
        recipients.named(desk.session, {row.asked_by}),
        now=desk.now,
        occasion=f"account:{row.id}",
        words=sentence,
        title=f"Konto {row.account.login}",
        url=account_news.PERSON_PATH.format(id=row.account_id),
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
    )


def _settle(desk: Desk, rows: Sequence[models.AccountRequest]) -> None:
    """They wait no more, and nobody needs to read that they did."""
    notice = models.Notice
    for row in rows:
        key = f"{account_news.POWERS}:{_mark(row)}"
        desk.session.execute(
            sa.update(notice).where(notice.key == key, notice.read_at.is_(None)).values(read_at=desk.now)
        )
        # By statement: of two who decide at the same moment the second finds nothing to decide any more.
        ended = desk.session.execute(sa.delete(R).where(R.id == row.id).execution_options(synchronize_session=False))
        if getattr(ended, "rowcount", 0) != 1:
            raise InvalidInput([FieldError("", "not_asked", NOT_OPEN)])


def _mark(row: models.AccountRequest) -> str:
    return f"asked:{row.id}:{row.asked_at.isoformat()}"


def _note(desk: Desk, action: str, account: models.Account, detail: str) -> None:
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=action,
        subject=account.login,
        detail=detail,
    )
