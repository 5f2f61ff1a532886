"""The command `user`: accounts of the desk for operators, who can always help: also when no administrator can sign in.

It does what the pages of administrators do, by the same services, so that the same is refused and noted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput
from content.services.accounts import accounts
from content.services.editing import people
from portal.settings import Settings
from workflows.vocabulary import ROLES

ACTIONS: Final = {
    "add": "Konto anlegen",
    "grant": "Rolle geben",
    "revoke": "Rolle nehmen",
    "list": "alle zeigen",
    "link": "Link zum Kennwort",
    "lock": "sperren",
    "unlock": "entsperren",
    "factors": "zweite Faktoren entfernen",
}

_NEED_REASON: Final = frozenset({"revoke", "lock", "factors"})


class Unusable(Exception):  # noqa: N818 - named for the situation
    """The command was used wrongly; the message (German) says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    words = "; ".join(f"{name}: {text}" for name, text in ACTIONS.items())
    parser.add_argument("action", choices=list(ACTIONS), help=words)
    parser.add_argument("login", nargs="?", default="", help="Anmeldename (außer bei list)")
    parser.add_argument("--name", default="", help="Name der Person (bei add; sonst der Anmeldename)")
    parser.add_argument("--email", default="", help="E-Mail-Adresse (bei add); dorthin geht auch der Link")
    parser.add_argument(
        "--role", default="", help="Rolle: " + ", ".join(name for name, role in ROLES.items() if role.is_human)
    )
    parser.add_argument(
        "--reason",
        default="",
        help="Grund (bei lock, factors und revoke nötig): steht im Protokoll und in der Nachricht an die Person",
    )
    parser.add_argument(
        "--organisation", default="", help="Adressteil der Organisation oder Kürzel des Mitglieds; leer: überall"
    )


def run(arguments: argparse.Namespace, configured: Settings, work: Work) -> list[str]:
    """Do it; the lines to say. Raises `Unusable`, `InvalidInput`."""
    if arguments.action == "list":
        return _list(work)
    if not arguments.login:
        raise Unusable("Welches Konto? Bitte den Anmeldenamen angeben.")
    if arguments.action == "add":
        return _add(arguments, configured, work)
    account = accounts.find(work.session, arguments.login)
    if account is None:
        raise Unusable(f"Das Konto „{arguments.login}“ gibt es nicht. „user list“ zeigt alle.")
    if arguments.action in {"grant", "revoke"} and not arguments.role:
        raise Unusable("Welche Rolle? Bitte --role angeben.")
    if arguments.action in _NEED_REASON and not arguments.reason.strip():
        raise Unusable(
            "Warum? Bitte --reason angeben; der Grund bleibt im Protokoll und steht in der Nachricht an die Person."
        )
    return _CHANGES[arguments.action](arguments, configured, work, account)


def _list(work: Work) -> list[str]:
    rows = work.session.scalars(
        sa.select(models.Account).options(selectinload(models.Account.grants)).order_by(models.Account.login)
    )
    return [f"{row.login}\t{row.name}\t{_roles(row)}\t{'aktiv' if row.is_active else 'gesperrt'}" for row in rows]


def _roles(account: models.Account) -> str:
    return ", ".join(f"{held.role}@{held.organisation or '*'}" for held in account.grants) or "ohne Rolle"


def _add(arguments: argparse.Namespace, configured: Settings, work: Work) -> list[str]:
    if not arguments.role:
        account = accounts.create(
            work.session,
            login=arguments.login,
            name=arguments.name or arguments.login,
            email=arguments.email,
            now=work.desk.now,
        )
        return _linked(people.send_link(work.desk, account, configured.base_url), account)
    account, link = people.invite(
        work.desk,
        login=arguments.login,
        name=arguments.name or arguments.login,
        email=arguments.email,
        role=arguments.role,
        organisation=arguments.organisation,
        base_url=configured.base_url,
    )
    return _linked(link, account)


def _linked(link: str, account: models.Account) -> list[str]:
    more = [f"Der Link geht auch an {account.email}, sobald das Portal läuft."] if account.email else []
    return [f"Kennwort setzen unter: {link}", *more]


def _grant(arguments: argparse.Namespace, _configured: Settings, work: Work, account: models.Account) -> list[str]:
    is_new = people.grant(work.desk, account, arguments.role, arguments.organisation)
    return [f"{account.login}: {_roles(account)}" + ("" if is_new else " (hatte die Rolle schon)")]


def _revoke(arguments: argparse.Namespace, _configured: Settings, work: Work, account: models.Account) -> list[str]:
    if not people.revoke(work.desk, account, arguments.role, arguments.organisation, reason=arguments.reason.strip()):
        where = f" für {arguments.organisation}" if arguments.organisation else ""
        message = f"{account.login} hat die Rolle „{arguments.role}“{where} nicht. Vorhanden: {_roles(account)}."
        raise InvalidInput([FieldError("role", "not_held", message)])
    return [f"{account.login}: {_roles(account)}"]


def _link(_arguments: argparse.Namespace, configured: Settings, work: Work, account: models.Account) -> list[str]:
    return _linked(people.send_link(work.desk, account, configured.base_url), account)


def _lock(arguments: argparse.Namespace, _configured: Settings, work: Work, account: models.Account) -> list[str]:
    people.set_active(work.desk, account, is_active=False, reason=arguments.reason.strip())
    return [f"{account.login} ist gesperrt; offene Sitzungen sind beendet."]


def _unlock(_arguments: argparse.Namespace, _configured: Settings, work: Work, account: models.Account) -> list[str]:
    people.set_active(work.desk, account, is_active=True)
    return [f"{account.login} ist wieder aktiv."]


def _factors(arguments: argparse.Namespace, _configured: Settings, work: Work, account: models.Account) -> list[str]:
    people.remove_factors(work.desk, account, reason=arguments.reason.strip())
    return [
        f"{account.login} hat keinen zweiten Faktor mehr und richtet ihn beim nächsten Anmelden ein, wo die Rolle es verlangt."
    ]


_CHANGES: Final[Mapping[str, Callable[[argparse.Namespace, Settings, Work, models.Account], list[str]]]] = {
    "grant": _grant,
    "revoke": _revoke,
    "link": _link,
    "lock": _lock,
    "unlock": _unlock,
    "factors": _factors,
}
