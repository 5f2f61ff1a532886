"""Limits on what strangers may try: by name and place together, by place, and slowly by name, counted before the attempt is made.

The place is the network that somebody comes from, or something that only the rightful person has: a browser that signed in
to this account before, an open session. Wrong tries from elsewhere do not count against those, so that nobody is kept out by
others; from everywhere together a name is tried no more often than `by_login` says.

An attempt is written and committed first and counted then, so that a hundred at once get no further than a hundred in a
row: the sixth that is committed is the last that may go on. What succeeds is forgotten again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.house import House
from content.services.accounts.accounts import SignInRefused, secret_hash

WINDOW: Final = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts a window holds for one name at one place, for one place, and for one name at all strange places together."""

    by_both: int
    by_place: int
    by_login: int


LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "sign-in": Limit(6, 30, 60),
        "code": Limit(
            6, 30, 12
        ),  # six digits: from everywhere together they must not be guessed, and whoever tries knows the password
        "passkey": Limit(10, 60, 60),
        "challenge": Limit(30, 120, 120),
        "reset": Limit(3, 10, 6),
    }
)
KNOWN: Final = ("browser:", "session:")
"""How a place begins that only the rightful person comes from."""
A: Final = models.Attempt


def network_of(address: str) -> str:
    """What is counted as one place: an address, of IPv6 its /64, because a household has as many addresses as it likes."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network(f"{found}/64", strict=False))


def refuse_too_many(
    connection: Connection, kind: str, login: str, address: str, now: dt.datetime, *, mine: int = 0
) -> None:
    """Raises `SignInRefused` (`too_many`) where the window is full; `mine` is 1 where this attempt is counted already."""
    limit, recent, place = LIMITS[kind], (A.kind == kind, A.at > now - WINDOW), network_of(address)
    count = sa.select(sa.func.count()).select_from(A)
    here, named = A.address == place, A.login == secret_hash(login)
    asked: list[tuple[int, tuple[sa.ColumnElement[bool], ...]]] = [(limit.by_place, (here,))]
    if login:
        asked.append((limit.by_both, (here, named)))
        if not place.startswith(KNOWN):
            asked.append((limit.by_login, (named, *(sa.not_(A.address.startswith(known)) for known in KNOWN))))
    if any((connection.scalar(count.where(*conditions, *recent)) or 0) >= most + mine for most, conditions in asked):
        raise SignInRefused("too_many")


@contextlib.contextmanager
def attempt(house: House, kind: str, login: str, address: str, now: dt.datetime) -> Iterator[None]:
    """Make an attempt inside this block; it counts where the block refuses (`SignInRefused`), and only then.

    Raises `SignInRefused` (`too_many`) before the block where the window is full. An empty `login` counts by place only.
    `address` is where it comes from: an address, or a place that begins as `KNOWN` says.
    """
    with house.reading() as connection:
        refuse_too_many(connection, kind, login, address, now)
    with house.writing("limits") as work:
        row = A(kind=kind, login=secret_hash(login) if login else "", address=network_of(address), at=now)
        work.session.add(row)
        work.session.execute(sa.delete(A).where(A.at < now - 4 * WINDOW))
        work.session.flush()
        mine = row.id
    try:
        with house.reading() as connection:
            refuse_too_many(connection, kind, login, address, now, mine=1)
        yield
    except SignInRefused as refused:
        if refused.code in {
            "too_many",
            "busy",
        }:  # nothing was tried; who is locked out does not lengthen the lock by trying
            _forget(house, mine)
        raise
    except BaseException:
        _forget(house, mine)
        raise
    else:
        _forget(house, mine)


def count_request(house: House, kind: str, login: str, address: str, now: dt.datetime) -> None:
    """Count something that is limited however it ends. Raises `SignInRefused` (`too_many`)."""
    with house.reading() as connection:
        refuse_too_many(connection, kind, login, address, now)
    with house.writing("limits") as work:
        work.session.execute(sa.delete(A).where(A.at < now - 4 * WINDOW))
        work.session.add(A(kind=kind, login=secret_hash(login) if login else "", address=network_of(address), at=now))


def _forget(house: House, attempt_id: int) -> None:
    with house.writing("limits") as work:
        work.session.execute(sa.delete(A).where(A.id == attempt_id))
