"""The seventeen members that vote: code, name, slug of their organisation, and their place on the map of tiles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Land:
    """A member. `column` and `row` place its tile (Bund stands apart and has none: -1)."""

    code: str
    name: str
    slug: str
    column: int
    row: int


LAENDER: Final[Mapping[str, Land]] = MappingProxyType(
    {
        land.code: land
        for land in (
            Land("BUND", "Bund", "bund", -1, -1),
            Land("BW", "Baden-Württemberg", "baden-wuerttemberg", 1, 5),
            Land("BY", "Bayern", "bayern", 2, 5),
            Land("BE", "Berlin", "berlin", 3, 2),
            Land("BB", "Brandenburg", "brandenburg", 3, 3),
            Land("HB", "Bremen", "bremen", 1, 1),
            Land("HH", "Hamburg", "hamburg", 2, 1),
            Land("HE", "Hessen", "hessen", 1, 3),
            Land("MV", "Mecklenburg-Vorpommern", "mecklenburg-vorpommern", 3, 1),
            Land("NI", "Niedersachsen", "niedersachsen", 1, 2),
            Land("NW", "Nordrhein-Westfalen", "nordrhein-westfalen", 0, 3),
            Land("RP", "Rheinland-Pfalz", "rheinland-pfalz", 0, 4),
            Land("SL", "Saarland", "saarland", 0, 5),
            Land("SN", "Sachsen", "sachsen", 3, 4),
            Land("ST", "Sachsen-Anhalt", "sachsen-anhalt", 2, 2),
            Land("SH", "Schleswig-Holstein", "schleswig-holstein", 2, 0),
            Land("TH", "Thüringen", "thueringen", 2, 3),
        )
    }
)
CODES: Final = tuple(LAENDER)
LAND_CODES: Final = tuple(code for code in LAENDER if code != "BUND")
_BY_NAME: Final = MappingProxyType({land.name: land.code for land in LAENDER.values()})
BY_SLUG: Final = MappingProxyType({land.slug: land.code for land in LAENDER.values()})
ALL_LAENDER: Final = frozenset({"Länder", "alle Länder", "die Länder"})


def code_of(word: str) -> str | None:
    """The code that a name, a code or a slug stands for, or None."""
    if word in LAENDER:
        return word
    return _BY_NAME.get(word) or BY_SLUG.get(word)


def members_of(addressees: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(codes of members, other addressees) that a list of addressees stands for; „Länder“ are all sixteen."""
    codes: list[str] = []
    others: list[str] = []
    for word in addressees:
        if word in ALL_LAENDER:
            codes += LAND_CODES
        elif (code := code_of(word)) is not None:
            codes.append(code)
        else:
            others.append(word)
    return tuple(code for code in CODES if code in codes), tuple(dict.fromkeys(others))


def name_of(code: str) -> str:
    """The name of a member; a code nobody knows reads as itself."""
    land = LAENDER.get(code)
    return land.name if land else code
