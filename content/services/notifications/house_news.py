"""What concerns nobody's item but the house: whoever looks after accounts and messages hears of it, once a day about each thing."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy.orm import Session

from content import models
from content.services.notifications import recipients
from content.services.notifications.notify import notify
from content.services.notifications.pages import NOTICES
from content.typed.berlin import day_of
from workflows.vocabulary import Permission

TROUBLE: Final = "trouble"
OUTBOX, ACCOUNT = "/redaktion/versand", "/redaktion/konten/{id}"


def given_up(session: Session, key: str, now: dt.datetime) -> None:
    """A message or another job is not tried any more. Of messages about trouble nothing is told: they would tell of themselves."""
    if f":{TROUBLE}:" not in key:
        _tell(
            session,
            TROUBLE,
            now,
            "outbox",
            "Nachrichten",
            "Mindestens eine Nachricht ließ sich nicht zustellen und wird nicht mehr versucht. Bitte ansehen.",
            OUTBOX,
        )


def index_mended(session: Session, words: str, now: dt.datetime) -> None:
    """The search index was damaged."""
    _tell(session, TROUBLE, now, "index", "Suchindex", words, NOTICES)


def asked_while_locked(session: Session, account: models.Account, now: dt.datetime) -> None:
    """Somebody wants a new password for an account that is locked: they get none, and only the administration can help."""
    words = f"Für das gesperrte Konto „{account.login}“ wurde ein neues Kennwort verlangt. Ein Link ging nicht hinaus. Bitte klären, ob das Konto gesperrt bleibt."
    _tell(
        session,
        "locked_out",
        now,
        f"account:{account.id}",
        f"Konto {account.login}",
        words,
        ACCOUNT.format(id=account.id),
    )


def _tell(session: Session, event: str, now: dt.datetime, about: str, title: str, words: str, url: str) -> None:
    people = recipients.house_holders(session, Permission.ACCOUNT_MANAGE)
    notify(session, event, None, people, now=now, occasion=f"{about}:{day_of(now)}", words=words, title=title, url=url)
