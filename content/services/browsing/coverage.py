"""Where services are live: per item, provider, Land and nation, on any day. Reads editions only.

A reuse counts for a day by its own dated steps, within what was public at the reader's moment. A Land is live when it
reuses itself; a commune when it does, or when its Land reuses for all its communes. Shares are of the communes that the
council's edition counts per Land.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from content.council.laender import LAND_CODES, name_of
from content.services.browsing import market, shares
from content.services.browsing.browse import Reader
from content.services.browsing.market import ReuseFact
from content.typed.berlin import BERLIN

STATES: Final = ("interest", "negotiation", "ordered", "contract", "live", "ended")


@dataclass(frozen=True, slots=True)
class LandCoverage:
    """What is live in a Land: items the Land reuses, communes that reuse something, and their share of all."""

    code: str
    name: str
    items: int
    communes: int
    communes_total: int | None
    buyers: Mapping[str, int]
    """State → how many reuses of this Land (its own and its communes') stand in it."""

    @property
    def percent(self) -> float | None:
        """Share of communes reached, in percent; None where their number is not known."""
        return 100 * self.communes / self.communes_total if self.communes_total else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a selection on a day."""

    day: dt.date
    laender: tuple[LandCoverage, ...]
    items: tuple[tuple[str, str, int, int], ...]
    """(address, title, Länder live, communes live) per item."""

    @property
    def laender_live(self) -> int:
        """How many Länder reuse at least one item themselves."""
        return sum(1 for row in self.laender if row.items)

    @property
    def communes_live(self) -> int:
        """How many communes are reached in all."""
        return sum(row.communes for row in self.laender)

    @property
    def communes_total(self) -> int:
        """How many communes there are, as far as counted."""
        return sum(row.communes_total or 0 for row in self.laender)


@dataclass(frozen=True, slots=True)
class Reach:
    """How many communes the members of a provider serve together: a computed sentence with its source."""

    provider: str
    members: int
    served: int
    total: int
    sources: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """„… erreicht über 13 Mitglieder rund 65 % der Kommunen (7.049 von 10.772).“"""
        percent = min(100, round(100 * self.served / self.total))
        shown = [f"{number:,}".replace(",", ".") for number in (self.served, self.total)]
        return f"{self.provider} erreicht über {self.members} Mitglieder rund {percent} % der Kommunen ({shown[0]} von {shown[1]})."


def facts(reader: Reader) -> tuple[ReuseFact, ...]:
    """Every public reuse at the reader's moment."""
    return reader.remembered(
        "reuse facts", lambda: tuple(fact for row in market.offer_editions(reader) for fact in row.reuse)
    )


def today(reader: Reader) -> dt.date:
    """The day that is shown: the one asked for, else today in Berlin."""
    return reader.stand or dt.datetime.now(BERLIN).date()


def coverage(reader: Reader, *, item: str = "", offer: str = "", provider: str = "") -> Coverage:
    """The coverage of one item, one offer, one provider, or of everything."""
    day = today(reader)
    if item or offer or provider:  # as many as somebody likes to ask for: made each time
        return _coverage(reader, day, item, offer, provider)
    return reader.remembered(("coverage", day), lambda: _coverage(reader, day, "", "", ""))


def _coverage(reader: Reader, day: dt.date, item: str, offer: str, provider: str) -> Coverage:
    chosen = [
        row
        for row in facts(reader)
        if item in {"", row.item} and offer in {"", row.offer} and provider in {"", row.provider}
    ]
    totals = shares.newest(reader).communes
    on = day.isoformat()
    stands = [(row, state) for row in chosen if (state := row.state_on(on)) is not None]
    titles = {row.url: row.title for row in market.entries(reader)}
    live = [row for row, state in stands if state == "live"]
    items = [
        (url, titles[url], len({row.land for row in mine if row.buyer_kind == "land"}), _communes(mine, totals))
        for url, mine in _by(live, "item").items()
        if url in titles
    ]
    by_land, states_by_land = _by(live, "land"), Counter((row.land, state) for row, state in stands)
    return Coverage(
        day,
        tuple(
            LandCoverage(
                code,
                name_of(code),
                len({row.item for row in by_land.get(code, ()) if row.buyer_kind == "land"}),
                _communes(by_land.get(code, []), totals),
                totals.get(code),
                {state: states_by_land[code, state] for state in STATES},
            )
            for code in LAND_CODES
        ),
        tuple(sorted(items, key=lambda row: (-row[2], -row[3], row[1]))),
    )


def _by(rows: Iterable[ReuseFact], name: str) -> dict[str, list[ReuseFact]]:
    found: dict[str, list[ReuseFact]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _communes(live: Iterable[ReuseFact], totals: Mapping[str, int]) -> int:
    """Distinct communes that are live; all of a Land where it takes the service for them."""
    named: dict[str, set[str]] = {}
    whole: set[str] = set()
    for row in live:
        if row.covers_communes:
            whole.add(row.land)
        elif row.buyer_kind == "commune":
            named.setdefault(row.land, set()).add(row.buyer)
    return sum(totals.get(land, 0) if land in whole else len(named[land]) for land in named.keys() | whole)


def reaches(reader: Reader) -> tuple[Reach, ...]:
    """The reach of every organisation whose members serve communes."""
    return reader.remembered("reaches", lambda: tuple(_reaches(reader)))


def _reaches(reader: Reader) -> Iterable[Reach]:
    total = sum(shares.newest(reader).communes.values())
    for row in market.documents(reader, "organisation"):
        data = row.data
        members: list[Mapping[str, Any]] = [one for one in data.get("members", ()) if one["communes"]]
        if members and total:
            sources = tuple(dict.fromkeys(one["source"] for one in members if one["source"]))
            yield Reach(
                data["short"] or row.title,
                len(members),
                min(total, sum(one["communes"] for one in members)),
                total,
                sources,
            )
