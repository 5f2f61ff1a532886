"""Forgotten passwords: the request is only noted; the clock looks later whether there is such an account.

So the answer to the visitor is the same in words, status and time, whether the account exists or not.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from content import models
from content.services import accounts, audit, outbox


def ask(session: Session, login: str, base_url: str, now: dt.datetime, *, address: str) -> None:
    """Note that somebody wants a new password for `login`."""
    payload = {"login": accounts.typed_login(login), "base_url": base_url, "address": address}
    mark = accounts.secret_hash(payload["login"])[:24]
    outbox.put(session, "account.reset", f"reset-asked:{mark}:{now.isoformat()}", payload, due_at=now)


def answer(session: Session, payload: dict[str, Any], now: dt.datetime) -> None:
    """Send a link, if there is such an account; called by the clock."""
    account = accounts.find(session, payload["login"])
    if account is None or not account.is_active or not account.email:
        return
    send_link(session, account, "reset", payload["base_url"], now)
    audit.note(
        session, now, actor=account.login, name=account.name, action="password.reset-asked", subject=account.login, address=payload["address"]
    )


def send_link(session: Session, account: models.Account, purpose: str, base_url: str, now: dt.datetime) -> str:
    """Issue a single-use link to set the password, and write the mail where there is an address; the link."""
    url = f"{base_url}/anmelden/{accounts.issue_ticket(session, account, purpose, now)}"
    if account.email:
        payload = {"to": account.email, "name": account.name, "url": url, "login": account.login}
        outbox.put(session, f"mail.{purpose}", f"{purpose}:{account.id}:{now.isoformat()}", payload, due_at=now)
    return url
