"""The Königsteiner Schlüssel: what each Land bears, by year. Pure: shipped keys, reading a list, which key counts.

One key holds for every body. Some ship with the product (`data/koenigsteiner.json`); the secretariat keeps the others
(`services/council/keys.py`). A key that nobody has checked against its publication ships for the record and never counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from content.council.laender import LAENDER, LAND_CODES, code_of

PATH: Final = Path(__file__).parents[1] / "data/koenigsteiner.json"
OWN_SOURCE: Final = "Angabe des Gremiums"
"""The source of shares that came with a body and that differ from the shipped key."""
DECIMALS: Final = 5


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a year: percent by code of Land as text with five decimals, and where it comes from."""

    year: int
    source: str
    is_verified: bool
    shares: Mapping[str, str]


def sum_of(shares: Mapping[str, str]) -> tuple[Decimal, Decimal]:
    """(the sum of the shares, how far from 100 rounding alone may bring it: half a unit of the last decimal of each)."""
    total, tolerance = Decimal(0), Decimal(0)
    for share in shares.values():
        value = Decimal(share)
        exponent = value.as_tuple().exponent
        total += value
        tolerance += Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) / 2
    return total, tolerance


def read(rows: Iterable[Mapping[str, Any]]) -> Mapping[int, Key]:
    """The keys by year. Raises ValueError naming all that is wrong: a wrong key would decide votes."""
    keys, faults = {}, []
    for row in rows:
        key = Key(
            int(row["year"]), str(row["source"]).strip(), bool(row["verified"]), MappingProxyType(dict(row["shares"]))
        )
        if set(key.shares) != set(LAND_CODES):
            faults.append(f"{key.year}: the sixteen Länder are not all named, or others are")
        if any(len(share.partition(".")[2]) != 5 for share in key.shares.values()):
            faults.append(f"{key.year}: a share has not five decimals")
        total, _ = sum_of(key.shares)
        if abs(total - 100) > Decimal("0.00002"):
            faults.append(f"{key.year}: the shares sum to {total}, not to 100")
        if not key.source or key.year in keys:
            faults.append(f"{key.year}: without source, or given twice")
        keys[key.year] = key
    if faults:
        raise ValueError("koenigsteiner.json: " + "; ".join(faults))
    return MappingProxyType(dict(sorted(keys.items())))


KEYS: Final = read(json.loads(PATH.read_text())["keys"])


def shipped() -> Mapping[int, Key]:
    """The keys that ship and were verified, by year."""
    return {year: key for year, key in KEYS.items() if key.is_verified}


def shares_by_year(code: str, keys: Mapping[int, Key]) -> dict[str, str]:
    """Year → share of a Land by these keys; empty for whoever is no Land."""
    return {str(key.year): key.shares[code] for key in keys.values() if code in key.shares}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The key that counts for a year, None where there is none; `reason` says (German) why it is that of another year."""

    key: Key | None
    reason: str = ""

    @property
    def year(self) -> int | None:
        """The year of the key."""
        return self.key.year if self.key else None


def choose(keys: Mapping[int, Key], year: int) -> Chosen:
    """The key of `year`; else the newest one before it, else the oldest there is, with the reason."""
    if year in keys:
        return Chosen(keys[year])
    before = [known for known in keys if known < year]
    if before:
        last = max(before)
        return Chosen(
            keys[last],
            f"Für {year} ist kein Schlüssel hinterlegt; gezählt wird nach dem von {last}, dem letzten davor.",
        )
    if not keys:
        return Chosen(None, "Es ist kein Königsteiner Schlüssel hinterlegt.")
    first = min(keys)
    return Chosen(
        keys[first],
        f"Für {year} und davor ist kein Schlüssel hinterlegt; gezählt wird nach dem von {first}, dem ältesten.",
    )


_LINE: Final = re.compile(r"(?P<name>.*?)[\s;,:|\"]*(?P<number>\d{1,3}(?:[.,]\d+)?)\s*(?:%|v\. ?H\.|Prozent)?[\s;,\"]*")
_TOTAL: Final = re.compile(r"(?i)(?:summe|insgesamt|gesamt|zusammen|total)\b.*")
MAX_LINES: Final = 200


def read_list(text: str) -> dict[str, str]:
    """Code of each Land → percent as text, from a list: a Land (name or code) and its share in each line.

    German and English decimals, any separator, percent signs, headings and a line with the sum are taken. Raises ValueError
    (German, a line for each fault) unless all sixteen stand there once and sum to 100.
    """
    shares: dict[str, str] = {}
    faults: list[str] = []
    for number, raw in enumerate(text.replace("\ufeff", "").splitlines()[:MAX_LINES], start=1):
        line = raw.strip().strip('"')
        match = _LINE.fullmatch(line)
        if match is None or _TOTAL.match(line):
            if line and shares and not _TOTAL.match(line):
                faults.append(f"Zeile {number}: „{line[:60]}“ hat keinen Anteil. Erwartet wird etwa „Bayern 15,56072“.")
            continue
        faults += _take(shares, number, match["name"].strip().strip('"'), match["number"].replace(",", "."))
    faults += _whole(shares) if not faults else []
    if faults:
        raise ValueError("\n".join(faults))
    return {code: shares[code] for code in LAND_CODES}


def _take(shares: dict[str, str], number: int, name: str, percent: str) -> list[str]:
    code = code_of(name) or code_of(name.upper())
    if code not in LAND_CODES and code_of(name.rstrip(" -–−+")) in LAND_CODES:
        return [
            f"Zeile {number}: „{name[-1]}{percent.replace('.', ',')}“ ist kein Anteil. Erwartet wird eine Zahl über 0 ohne Vorzeichen, etwa 15,56072."
        ]
    if code not in LAND_CODES:
        return [
            f"Zeile {number}: „{name[:60]}“ ist kein Land. Erwartet wird der Name oder das Kürzel, etwa Bayern oder BY."
        ]
    if code in shares:
        return [f"Zeile {number}: {LAENDER[code].name} steht schon weiter oben. Bitte nur einmal angeben."]
    if len(percent.partition(".")[2]) > DECIMALS:
        return [
            f"Zeile {number}: {percent.replace('.', ',')} hat mehr als {DECIMALS} Stellen nach dem Komma. Bitte runden."
        ]
    shares[code] = percent
    return []


def _whole(shares: Mapping[str, str]) -> list[str]:
    missing = [LAENDER[code].name for code in LAND_CODES if code not in shares]
    if missing:
        return [f"Es fehlen: {', '.join(missing)}. Gebraucht werden alle 16 Länder."]
    total, tolerance = sum_of(shares)
    if abs(total - 100) <= tolerance:
        return []
    return [
        f"Die Anteile ergeben {_german(total)} statt 100; gerundete Zahlen dürfen höchstens {_german(tolerance)} abweichen. Bitte die Zahlen prüfen."
    ]


def _german(value: Decimal) -> str:
    return f"{value.normalize():f}".replace(".", ",")


def source_of(year: int, shares: Mapping[str, str]) -> str:
    """Where shares of that year come from, as the public is told: the shipped key's source if they are that key's."""
    key = KEYS.get(year)
    is_ours = key is not None and all(
        Decimal(share) == Decimal(key.shares.get(code, "-1")) for code, share in shares.items()
    )
    return key.source if key is not None and is_ours else OWN_SOURCE
