"""The Königsteiner Schlüssel: what each Land bears, by year. The keys ship with the product (`data/koenigsteiner.json`).

Votes, prices and public pages all take shares from here: a body whose members name no shares of their own goes by the
shipped keys. A key that nobody has checked against its publication ships for the record and never counts by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from content.laender import LAND_CODES

PATH: Final = Path(__file__).parent / "data/koenigsteiner.json"
OWN_SOURCE: Final = "Angabe des Gremiums"
"""The source of shares that a body names itself and that differ from the shipped key."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a year: percent by code of Land as text with five decimals, and where it comes from."""

    year: int
    source: str
    is_verified: bool
    shares: Mapping[str, str]


def read(rows: Iterable[Mapping[str, Any]]) -> Mapping[int, Key]:
    """The keys by year. Raises ValueError naming all that is wrong: a wrong key would decide votes."""
    keys, faults = {}, []
    for row in rows:
        key = Key(int(row["year"]), str(row["source"]).strip(), bool(row["verified"]), MappingProxyType(dict(row["shares"])))
        if set(key.shares) != set(LAND_CODES):
            faults.append(f"{key.year}: the sixteen Länder are not all named, or others are")
        if any(len(share.partition(".")[2]) != 5 for share in key.shares.values()):
            faults.append(f"{key.year}: a share has not five decimals")
        total = sum(map(Decimal, key.shares.values()), Decimal(0))
        if abs(total - 100) > Decimal("0.00002"):
            faults.append(f"{key.year}: the shares sum to {total}, not to 100")
        if not key.source or key.year in keys:
            faults.append(f"{key.year}: without source, or given twice")
        keys[key.year] = key
    if faults:
        raise ValueError("koenigsteiner.json: " + "; ".join(faults))
    return MappingProxyType(dict(sorted(keys.items())))


KEYS: Final = read(json.loads(PATH.read_text())["keys"])


def shares_by_year(code: str) -> dict[str, str]:
    """Year → share of a Land by the keys that were verified; empty for whoever is no Land."""
    return {str(key.year): key.shares[code] for key in KEYS.values() if key.is_verified and code in key.shares}


def source_of(year: int, shares: Mapping[str, str]) -> str:
    """Where shares of that year come from, as the public is told: the shipped key's source if they are that key's."""
    key = KEYS.get(year)
    is_ours = key is not None and all(Decimal(share) == Decimal(key.shares.get(code, "-1")) for code, share in shares.items())
    return key.source if key is not None and is_ours else OWN_SOURCE
