"""The Königsteiner Schlüssel and the number of communes per Land, as the public edition of the council tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from content import reading
from content.council import koenigstein
from content.council.addresses import MAIN_BODY
from content.kinds import item_url
from content.services.browsing.browse import Reader


@dataclass(frozen=True, slots=True)
class Shares:
    """Percent by code of Land in the newest year known, and communes by code where the body tells them."""

    year: str
    source: str
    percent: Mapping[str, Decimal]
    communes: Mapping[str, int]


def newest(reader: Reader) -> Shares:
    """What the main body's edition says at the reader's moment; empty where there is none."""
    return reader.remembered("shares", lambda: _newest(reader))


def _newest(reader: Reader) -> Shares:
    page = reader.page(item_url("body", MAIN_BODY))
    members: list[Mapping[str, Any]] = (
        [row for row in page.data["members"] if row["kind"] == "land"] if page is not None else []
    )
    year = max((year for row in members for year in row["shares"]), default="")
    return Shares(
        year,
        _source(page, year, members) if page is not None and year else "",
        {row["code"]: Decimal(row["shares"][year]) for row in members if year in row["shares"]},
        {row["code"]: row["communes"] for row in members if row.get("communes") is not None},
    )


def _source(page: reading.ItemPage, year: str, members: list[Mapping[str, Any]]) -> str:
    """Where the key comes from, as the page says; older editions do not."""
    told: Mapping[str, str] = page.data.get("key_sources") or {}
    return told.get(year) or koenigstein.source_of(
        int(year), {row["code"]: row["shares"][year] for row in members if year in row["shares"]}
    )
