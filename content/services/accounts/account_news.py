"""Whoever's account changes is told: on the desk and by mail, whoever did it and whatever was chosen for other notices.

Every change to an account is noted in the audit log, and `audit.note` comes here with it: what is a row in `ACTS` is told.
An address that changes is told at the old one too, since only that one is surely still read by the right person.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.services.base import outbox
from content.services.notifications import notify
from content.services.notifications.pages import NOTICES
from workflows.vocabulary import ROLES, Permission

EVENT: Final = "account"
PATH: Final = "/redaktion/konto"
REASON_MARK: Final = ": "
"""Stands between a role and the reason in the detail of an entry."""
ACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "password.changed": "Das Kennwort wurde geändert.",
        "password.set-by-link": "Über einen Link wurde ein Kennwort gesetzt.",
        "account.link": "Die Administration hat einen Link ausgestellt, mit dem sich ein neues Kennwort setzen lässt.",
        "second-factor.set-up": "Eine Authenticator-App wurde als zweiter Faktor eingerichtet.",
        "second-factor.removed": "Die Authenticator-App wurde als zweiter Faktor entfernt.",
        "account.factors-removed": "Alle zweiten Faktoren wurden entfernt.{because}",
        "passkey.added": "Ein Passkey wurde hinzugefügt: {detail}.",
        "passkey.removed": "Ein Passkey wurde entfernt: {detail}.",
        "recovery-codes.renewed": "Es wurden neue Wiederherstellungscodes erzeugt; die bisherigen gelten nicht mehr.",
        "sign-in.recovery-code": "Jemand hat sich mit einem Wiederherstellungscode angemeldet.",
        "account.grant": "Eine Rolle wurde erteilt: {role}.",
        "account.revoke": "Eine Rolle wurde entzogen: {role}.{because}",
        "account.changed": "Name oder E-Mail-Adresse wurden geändert: {detail}.",
        "account.locked": "Das Konto wurde gesperrt.{because}",
        "account.unlocked": "Das Konto wurde entsperrt.",
        "account.linked": "Das Konto wurde mit dem Anmeldedienst verbunden; die Kennung dort ist {detail}.",
        "account.unlinked": "Die Verbindung des Kontos mit dem Anmeldedienst wurde getrennt.",
    }
)
"""Action in the audit log, whose subject is the login → what its person is told."""
FAR_REACHING: Final = frozenset(name for name, role in ROLES.items() if role.is_human and role.needs_second_factor)
"""Roles that publish, decide or manage accounts: whoever holds two of these logins needs no second person. Giving them, and helping into
an account that has one, is never one administrator's secret."""
POWERS: Final = "powers"
PERSON_PATH: Final = "/redaktion/konten/{id}"
OTHERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "account.grant": "„{login}“ ({name}) hat eine Rolle bekommen: {role}.",
        "account.revoke": "„{login}“ ({name}) hat eine Rolle verloren: {role}.{because}",
        "account.link": "Für „{login}“ ({name}) wurde ein Link zu einem neuen Kennwort ausgestellt.",
        "account.factors-removed": "Die zweiten Faktoren von „{login}“ ({name}) wurden entfernt.{because}",
        "account.changed": "Name oder E-Mail-Adresse von „{login}“ wurden geändert: {detail}.",
        "account.linked": "„{login}“ ({name}) wurde mit dem Anmeldedienst verbunden; die Kennung dort ist {detail}.",
        "account.locked": "„{login}“ ({name}) wurde gesperrt.{because}",
        "account.unlocked": "„{login}“ ({name}) wurde entsperrt.",
    }
)
"""Action in the audit log → what all other administrators and the secretariat are told, where the account or the role is far-reaching."""


def tell(
    session: Session, action: str, login: str, now: dt.datetime, *, actor: str, actor_name: str, detail: str
) -> None:
    """Tell the person of the account `login`, if `action` concerns it."""
    if action not in ACTS:
        return
    account = session.scalars(sa.select(models.Account).where(models.Account.login == login)).one_or_none()
    if account is None:
        return
    _tell_others(session, action, account, now, actor=actor, actor_name=actor_name, detail=detail)
    if is_unused(session, account):
        return
    words = _in_words(ACTS[action], account, detail)
    by = "Sie selbst" if actor == login else actor_name or actor
    key = f"{EVENT}:{action}:{now.isoformat()}:{hashlib.sha256(detail.encode()).hexdigest()[:12]}"
    session.add(
        models.Notice(
            account_id=account.id,
            event=EVENT,
            item_id=None,
            key=key,
            title="Ihr Konto",
            words=words,
            url=PATH,
            actor_name=by[:200],
            at=now,
            # What somebody did and is told by mail waits on the desk for nobody; it stands among the notices all the same.
            read_at=now if actor == login and account.email else None,
        )
    )
    session.flush()
    _mail(session, account, account.email, words, by, key, now)


def _in_words(sentence: str, account: models.Account, detail: str) -> str:
    role, _, reason = detail.partition(REASON_MARK) if "{role}" in sentence else ("", "", detail)
    held, _, organisation = role.partition(" ")
    because = f" Grund: {reason}" if reason else ""
    return sentence.format(
        detail=detail, role=role_words(held, organisation), because=because, login=account.login, name=account.name
    )


def _tell_others(
    session: Session,
    action: str,
    account: models.Account,
    now: dt.datetime,
    *,
    actor: str,
    actor_name: str,
    detail: str,
) -> None:
    of_role = (
        detail.split(REASON_MARK, maxsplit=1)[0].split(" ", maxsplit=1)[0] if "{role}" in OTHERS.get(action, "") else ""
    )
    if action not in OTHERS or (of_role not in FAR_REACHING if of_role else not is_far_reaching(account)):
        return
    mark = f"{action}:{account.id}:{now.isoformat()}:{hashlib.sha256(detail.encode()).hexdigest()[:12]}"
    tell_powers(
        session, account, mark, _in_words(OTHERS[action], account, detail), now, actor=actor, actor_name=actor_name
    )


def tell_powers(
    session: Session, account: models.Account, mark: str, words: str, now: dt.datetime, *, actor: str, actor_name: str
) -> None:
    """Tell all other administrators and the secretariat what happens with an account of far-reaching roles."""
    told = session.scalars(
        sa.select(models.Account).where(
            models.Account.is_active, models.Account.id != account.id, _with_role(*MANAGING, "secretariat")
        )
    )
    managing = set(session.scalars(sa.select(models.Account.id).where(_with_role(*MANAGING))))
    people = list(told)
    for chosen, url in (
        ([one for one in people if one.id in managing], PERSON_PATH.format(id=account.id)),
        ([one for one in people if one.id not in managing], NOTICES),
    ):
        notify.notify(
            session,
            POWERS,
            None,
            chosen,
            now=now,
            occasion=mark,
            words=words,
            title=f"Konto {account.login}",
            url=url,
            actor=actor,
            actor_name=actor_name or actor,
        )


MANAGING: Final = tuple(
    name for name, role in ROLES.items() if role.is_human and Permission.ACCOUNT_MANAGE in role.permits
)


def _with_role(*roles: str) -> sa.ColumnElement[bool]:
    grant = models.Grant
    return models.Account.id.in_(sa.select(grant.account_id).where(grant.role.in_(roles), grant.organisation == ""))


def is_far_reaching(account: models.Account) -> bool:
    """Whether the account holds a role that publishes, decides or manages accounts."""
    return any(held.role in FAR_REACHING for held in account.grants)


def other_administrator(session: Session, *logins: str) -> models.Account | None:
    """An administrator beside these who could sign in and decide."""
    query = (
        sa.select(models.Account)
        .where(models.Account.is_active, models.Account.login.not_in(logins), _with_role(*MANAGING))
        .order_by(models.Account.id)
    )
    return next((one for one in session.scalars(query) if not is_unused(session, one)), None)


def tell_old_address(session: Session, account: models.Account, old: str, now: dt.datetime, *, new: str) -> None:
    """Tell the address that an account had until now that it is not its address any more."""
    words = f"Die E-Mail-Adresse des Kontos wurde geändert. Nachrichten gehen ab jetzt an {new or 'keine Adresse'}; diese hier bekommt keine mehr."
    _mail(session, account, old, words, "", f"{EVENT}:old-address:{now.isoformat()}", now)


def is_unused(session: Session, account: models.Account) -> bool:
    """Whether nobody can have been in it yet: the invitation is all that its person needs to read."""
    has_identity = sa.select(models.Identity.id).where(models.Identity.account_id == account.id)
    return account.password_hash is None and not account.passkeys and session.scalar(has_identity) is None


def _mail(session: Session, account: models.Account, to: str, words: str, by: str, key: str, now: dt.datetime) -> None:
    if to:
        payload = {
            "to": to,
            "name": account.name,
            "login": account.login,
            "words": words,
            "actor": by,
            "at": now.isoformat(),
            "path": PATH if account.is_active else "",
        }
        outbox.put(session, "mail.account", f"{key}:{account.id}", payload, due_at=now)


def role_words(role: str, organisation: str) -> str:
    """„Pressestelle für fitko“ from `press` and `fitko`."""
    title = ROLES[role].title if role in ROLES else role
    return f"{title} für {organisation}" if organisation else title
