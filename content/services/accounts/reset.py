"""Forgotten passwords: the request is only noted; the clock looks later whether there is such an account.

So the answer to the visitor is the same in words, status and time, whether the account exists or not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts, audit
from content.services.base import outbox
from content.services.notifications import house_news
from content.typed import mail_address

PAUSE: Final = dt.timedelta(minutes=10)
"""Between two links that strangers can set off to one person."""
MOST_ACCOUNTS: Final = 5
"""Of more accounts with one address the administration helps."""


def ask(session: Session, login: str, base_url: str, now: dt.datetime, *, address: str) -> None:
    """Note that somebody wants a new password for `login`: what was typed, a login or an e-mail address."""
    payload = {"login": accounts.typed_login(login), "email": _email(login), "base_url": base_url, "address": address}
    mark = accounts.secret_hash(payload["login"] or payload["email"])[:24]
    outbox.put(session, "account.reset", f"reset-asked:{mark}:{now.isoformat()}", payload, due_at=now)


def answer(session: Session, payload: dict[str, Any], now: dt.datetime) -> None:
    """Send a link for each account that is meant, if there is any; called by the clock."""
    meant = _meant(session, payload["login"], payload.get("email", ""))
    for account in meant:
        if not account.is_active:
            house_news.asked_while_locked(session, account, now)
    for account in (one for one in meant if one.is_active and one.email):
        if _was_just_sent(session, account, now):  # it is in the post: strangers fill nobody's letter box
            continue
        send_link(session, account, "reset", payload["base_url"], now)
        audit.note(
            session,
            now,
            actor=account.login,
            name=account.name,
            action="password.reset-asked",
            subject=account.login,
            address=payload["address"],
        )


def _meant(session: Session, login: str, email: str) -> Sequence[models.Account]:
    """The accounts of this login, else of this address, locked ones too."""
    found = accounts.find(session, login) if login else None
    table = models.Account
    same = sa.select(table).where(sa.func.lower(table.email) == email).order_by(table.id).limit(MOST_ACCOUNTS)
    rows = [found] if found is not None else session.scalars(same).all() if email else []
    return list(rows)


def _was_just_sent(session: Session, account: models.Account, now: dt.datetime) -> bool:
    ticket = models.Ticket
    fresh = ticket.expires_at > now + accounts.TICKET_LIFE["reset"] - PAUSE
    query = sa.select(ticket.id).where(
        ticket.account_id == account.id, ticket.purpose == "reset", ticket.used_at.is_(None), fresh
    )
    return session.scalar(query) is not None


def _email(text: str) -> str:
    """The address that was typed, as we keep addresses; empty where it is none."""
    try:
        return mail_address.clean(text)
    except InvalidInput:
        return ""


def send_link(
    session: Session,
    account: models.Account,
    purpose: str,
    base_url: str,
    now: dt.datetime,
    *,
    by_administration: bool = False,
) -> str:
    """Issue a single-use link to set the password, and write the mail where there is an address; the link.

    `by_administration`: an administrator helps; else its person asked, or somebody who knows the login.
    """
    url = f"{base_url}/anmelden/{accounts.issue_ticket(session, account, purpose, now)}"
    if account.email:
        payload = {
            "to": account.email,
            "name": account.name,
            "url": url,
            "login": account.login,
            "by_administration": by_administration,
        }
        outbox.put(session, f"mail.{purpose}", f"{purpose}:{account.id}:{now.isoformat()}", payload, due_at=now)
    return url
