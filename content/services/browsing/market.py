"""The market as readers see it: every public item with its offers, found by words and facets. Reads editions only.

Items and offers are few thousand: they are read once per ledger position and filtered in memory.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern
from types import MappingProxyType
from typing import Any, Final

from content.council.laender import name_of
from content.council.requirements import REQUIREMENTS
from content.kinds import KINDS
from content.schemas.market import MODELS
from content.search.lemmas import fold
from content.services.browsing.browse import Reader

PRICE_FORMS: Final = MappingProxyType(
    {
        "yearly": "jährliches Entgelt",
        "once": "einmaliges Entgelt",
        "efa": "EfA-finanziert",
        "none": "kein Entgelt genannt",
    }
)


@dataclass(frozen=True, slots=True)
class OfferEntry:
    """An offer as lists show it. `url` is empty for a short note that stands in the item itself."""

    url: str
    title: str
    provider: str
    model: str
    state: str
    land: str
    prices: frozenset[str]
    fulfilled: frozenset[str]
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MarketEntry:
    """An item as lists show it, with its offers; `words` is what is searched."""

    url: str
    title: str
    summary: str
    theme: str
    situation: str
    ozg_id: str
    leika_keys: tuple[str, ...]
    state: str
    land: str
    it_provider: str
    maturity: int | None
    topics: tuple[str, ...]
    offers: tuple[OfferEntry, ...]
    words: str
    sort_date: dt.date


@dataclass(frozen=True, slots=True)
class MarketFacet:
    """A facet: its parameter, its label, and what an item has of it."""

    parameter: str
    label: str
    values: Callable[[MarketEntry], Sequence[str] | frozenset[str]]
    words: Callable[[str], str] = str


def _state_words(value: str) -> str:
    return KINDS["market_item"].subkinds.get(value, value)


def _requirement_words(number: str) -> str:
    row = REQUIREMENTS.get(number)
    return f"{number} {row.words[:60]}" if row else number


FACETS: Final = (
    MarketFacet("feld", "Themenfeld", lambda row: (row.theme,)),
    MarketFacet("anbieter", "Anbieter", lambda row: frozenset(offer.provider for offer in row.offers)),
    MarketFacet(
        "modell",
        "Modell",
        lambda row: frozenset(offer.model for offer in row.offers),
        lambda value: MODELS.get(value, value),
    ),
    MarketFacet("form", "Stand", lambda row: (row.state,), _state_words),
    MarketFacet("land", "Bereitsteller", lambda row: frozenset((row.land, *(offer.land for offer in row.offers)))),
    MarketFacet(
        "preis",
        "Entgelt",
        lambda row: frozenset[str]().union(*(offer.prices for offer in row.offers)),
        lambda value: PRICE_FORMS.get(value, value),
    ),
    MarketFacet(
        "erfuellt",
        "Erfüllte Mindestanforderung",
        lambda row: frozenset[str]().union(*(offer.fulfilled for offer in row.offers)),
        _requirement_words,
    ),
    MarketFacet("thema", "Thema", lambda row: row.topics),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search of the market found: entries in order, and the counts of each facet's values among them."""

    entries: tuple[MarketEntry, ...]
    counts: Mapping[str, Mapping[str, int]]


def entries(reader: Reader) -> tuple[MarketEntry, ...]:
    """Every public item at the reader's moment, newest first."""
    return reader.remembered("market", lambda: _entries(reader))


def search(reader: Reader, *, words: str, chosen: Mapping[str, str], sort: str = "neu") -> Found:
    """The items that have all `words` and every chosen value (parameter → value)."""
    wanted = fold(words).split()[:12]
    rules = [rule for rule in FACETS if chosen.get(rule.parameter)]
    everything = entries(reader)
    found = [
        row
        for row in everything
        if all(word in row.words for word in wanted)
        and all(chosen[rule.parameter] in rule.values(row) for rule in rules)
    ]
    if sort == "titel":
        found.sort(key=lambda row: fold(row.title))
    elif sort == "alt":
        found.reverse()
    if len(found) == len(everything):
        return Found(tuple(found), reader.remembered("market counts", lambda: counts(everything)))
    return Found(tuple(found), counts(found))


def counts(rows: Sequence[MarketEntry]) -> Mapping[str, Mapping[str, int]]:
    """Parameter → value → how many of `rows` have it."""
    return {rule.parameter: Counter(value for row in rows for value in rule.values(row) if value) for rule in FACETS}


EXAMPLE_TOPIC: Final = "Beispielangaben"
"""The topic that says of an offer: its figures, its fulfilment and its reuse are made up to show what they look like."""


def is_example(offer: OfferEntry) -> bool:
    """Whether what an offer tells is made up."""
    return EXAMPLE_TOPIC in offer.data.get("topics", ())


def examples(reader: Reader) -> tuple[int, int]:
    """(offers that are made up, all offers): pages that count reuse say so."""
    return reader.remembered(
        "market examples", lambda: _examples([offer for row in entries(reader) for offer in row.offers if offer.url])
    )


def _examples(offers: Sequence[OfferEntry]) -> tuple[int, int]:
    return sum(map(is_example, offers)), len(offers)


def offers_of(reader: Reader, item_url: str) -> tuple[OfferEntry, ...]:
    """The offers of one item that are kept in full, by provider."""
    found = next((row for row in entries(reader) if row.url == item_url), None)
    return tuple(offer for offer in found.offers if offer.url) if found else ()


@dataclass(frozen=True, slots=True)
class ReuseFact:
    """One public reuse: of which offer of which item and provider, by whom, since when in which state."""

    item: str
    offer: str
    provider: str
    buyer_kind: str
    land: str
    buyer: str
    covers_communes: bool
    steps: tuple[tuple[str, str], ...]
    """(state, day as ISO text), oldest first."""

    def state_on(self, day: str) -> str | None:
        """The state at the end of `day` (ISO text); None before it began."""
        found = None
        for state, since in self.steps:
            if since > day:
                break
            found = state
        return found


@dataclass(frozen=True, slots=True)
class OfferEdition:
    """What is kept of an offer's edition: its item, its entry, its reuse. The document itself is let go."""

    item: str
    entry: OfferEntry
    reuse: tuple[ReuseFact, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What is kept of an edition of another kind."""

    url: str
    title: str
    summary: str
    sort_date: dt.date
    data: Mapping[str, Any]


def documents(reader: Reader, kind: str) -> list[Document]:
    """Every public item of `kind` at the reader's moment, newest first."""
    return reader.of_editions(kind, lambda row, data: Document(row.url, row.title, row.summary, row.sort_date, data))


def offer_editions(reader: Reader) -> list[OfferEdition]:
    """Every public offer at the reader's moment, newest first."""
    return reader.of_editions("offer", _offer_edition)


def _offer_edition(row: Any, data: Mapping[str, Any]) -> OfferEdition:
    entry = _offer(row, {name: value for name, value in data.items() if name != "reuse"})
    # Fifty thousand rows say the same few words: each is kept once.
    reuse = tuple(
        ReuseFact(
            data["market_item"],
            row.url,
            entry.provider,
            intern(one["buyer_kind"]),
            intern(one["land"]),
            intern(one["buyer"]),
            one["covers_communes"],
            tuple((intern(step["state"]), intern(step["date"])) for step in one["steps"]),
        )
        for one in data["reuse"]
    )
    return OfferEdition(data["market_item"], entry, reuse)


def _entries(reader: Reader) -> tuple[MarketEntry, ...]:
    offers: dict[str, list[OfferEntry]] = {}
    for row in offer_editions(reader):
        offers.setdefault(row.item, []).append(row.entry)
    return tuple(_entry(row, row.data, offers.get(row.url, [])) for row in documents(reader, "market_item"))


def _offer(row: Any, data: Mapping[str, Any]) -> OfferEntry:
    prices = {
        "yearly" if data["fee_year"] else "",
        "once" if data["fee_once"] or data["fee_once_efa"] else "",
        "efa" if data["efa_financed"] else "",
    }
    return OfferEntry(
        url=row.url,
        title=row.title,
        provider=data["provider"]["name"],
        model=data["model"],
        state=data["state"],
        land=name_of(data["supplier_land"]) if data["supplier_land"] else "",
        prices=frozenset(prices - {""} or {"none"}),
        fulfilled=frozenset(one["number"] for one in data["requirements"] if one["fulfilment"] == "yes"),
        data=data,
    )


def _entry(row: Any, data: Mapping[str, Any], offers: list[OfferEntry]) -> MarketEntry:
    noted = (
        []
        if offers
        else [
            OfferEntry("", "", one["provider"], one["model"], data["state"], "", frozenset({"none"}), frozenset(), one)
            for one in data["offers"]
        ]
    )
    known = (*sorted(offers, key=lambda offer: (offer.provider, offer.url)), *noted)
    searched = (
        row.title,
        row.summary,
        data["ozg_id"],
        data.get("ozg_name"),
        data.get("situation"),
        data["theme"],
        data["supplier_land"],
        data["it_provider"],
        *data["leika_keys"],
        *(one["name"] for one in data.get("leika", ())),
        *data.get("topics", ()),
        *(f"{offer.provider} {offer.title}" for offer in known),
    )
    return MarketEntry(
        url=row.url,
        title=row.title,
        summary=row.summary,
        theme=data["theme"] or "",
        situation=data.get("situation") or "",
        ozg_id=data["ozg_id"] or "",
        leika_keys=tuple(data["leika_keys"]),
        state=data["state"],
        land=data["supplier_land"] or "",
        it_provider=data["it_provider"] or "",
        maturity=data["maturity"],
        topics=tuple(data.get("topics", ())),
        offers=known,
        words=fold(" ".join(part for part in searched if part)),
        sort_date=row.sort_date,
    )
