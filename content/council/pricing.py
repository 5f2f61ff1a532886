"""What a Land pays for a service: from the yearly amount and its key, exact to the cent, each step shown. Pure.

EfA-financed (Beschluss 2021/24, model 2022/01-AL): half of the amount does not depend on use, of which the Bund carries
one half and all Länder the other by the Königsteiner Schlüssel; the other half is carried by those who use it, by the
key of the offer. Otherwise the whole amount is carried by the users. Amounts are whole cents; what rounding leaves over
goes cent by cent to the largest remainders, and is told. Parts therefore always sum to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

BUND: Final = "BUND"
KEYS: Final = frozenset({"koenigstein", "equal", "fixed"})


class CannotPrice(ValueError):  # noqa: N818 - named for the situation
    """The price cannot be calculated; the message (German) says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one carries of an amount: the exact share in cents, and the whole cents after rounding."""

    name: str
    exact: Fraction
    cents: int


@dataclass(frozen=True, slots=True)
class Split:
    """An amount in parts that sum to it. `rest_cents` were handed out one by one to `rest_to`."""

    title: str
    cents: int
    parts: tuple[Part, ...]
    rest_cents: int
    rest_to: tuple[str, ...]

    def of(self, name: str) -> int:
        """The cents of one carrier; 0 where it carries nothing."""
        return sum(part.cents for part in self.parts if part.name == name)


@dataclass(frozen=True, slots=True)
class Price:
    """What `land` pays a year, and how it comes about. `splits` are in the order of the calculation."""

    land: str
    cents: int
    splits: tuple[Split, ...]
    words: tuple[str, ...]


def split(title: str, cents: int, weights: Mapping[str, Fraction]) -> Split:
    """`cents` by `weights` (≥ 0, not all zero); ties of the remainder go by name. Raises ValueError otherwise."""
    total = sum(weights.values(), Fraction())
    if cents < 0 or total <= 0 or any(weight < 0 for weight in weights.values()):
        raise ValueError("an amount needs carriers with positive weights")
    exact = {name: cents * weight / total for name, weight in weights.items()}
    floors = {name: int(share) for name, share in exact.items()}
    rest = cents - sum(floors.values())
    lucky = sorted(exact, key=lambda name: (floors[name] - exact[name], name))[:rest]
    parts = tuple(Part(name, exact[name], floors[name] + (name in lucky)) for name in weights)
    return Split(title, cents, parts, rest, tuple(lucky))


def price_for(
    land: str, *, cents: int, key: str, is_efa: bool, shares: Mapping[str, Decimal], users: Sequence[str]
) -> Price:
    """What `land` pays of the yearly `cents` if it uses the service beside `users`. `shares`: percent by code of Land.

    Raises `CannotPrice`.
    """
    carriers = sorted({*users, land} - {BUND})
    weights = {code: Fraction(shares[code]) for code in carriers if code in shares}
    if not is_efa and key == "fixed":
        return Price(land, cents, (), (f"Fester Betrag je Nachnutzung: {euro(cents)}.",))
    if not shares or land not in shares:
        raise CannotPrice("Für dieses Land ist kein Anteil nach dem Königsteiner Schlüssel veröffentlicht.")
    if key == "equal":
        weights = dict.fromkeys(carriers, Fraction(1))
    users_words = f"{len(carriers)} {'Land' if len(carriers) == 1 else 'Länder'}"
    if not is_efa:
        by_users = split("nach Nutzung", cents, weights)
        return Price(
            land,
            by_users.of(land),
            (by_users,),
            (
                f"Der ganze Betrag von {euro(cents)} wird auf {users_words} verteilt, die den Dienst nutzen.",
                _rounding(by_users),
            ),
        )
    halves = split("Hälften", cents, {"nutzungsunabhängig": Fraction(1), "nach Nutzung": Fraction(1)})
    common = split("nutzungsunabhängig", halves.of("nutzungsunabhängig"), {BUND: Fraction(1), "Länder": Fraction(1)})
    by_key = split("alle Länder", common.of("Länder"), {code: Fraction(share) for code, share in shares.items()})
    by_users = split("nach Nutzung", halves.of("nach Nutzung"), weights)
    total = by_key.of(land) + by_users.of(land)
    return Price(
        land,
        total,
        (halves, common, by_key, by_users),
        (
            f"50 % von {euro(cents)} hängen nicht von der Nutzung ab: {euro(halves.of('nutzungsunabhängig'))}.",
            f"Davon trägt der Bund die Hälfte (25 % des Ganzen): {euro(common.of(BUND))}.",
            f"Die andere Hälfte tragen alle Länder nach dem Königsteiner Schlüssel: {euro(common.of('Länder'))}, dieses Land {euro(by_key.of(land))}.",
            f"50 % nach Nutzung: {euro(halves.of('nach Nutzung'))}, verteilt auf {users_words}, dieses Land {euro(by_users.of(land))}.",
            _rounding(halves, common, by_key, by_users),
        ),
    )


def _rounding(*splits: Split) -> str:
    rest = [f"{row.rest_cents} Cent bei „{row.title}“ an {', '.join(row.rest_to)}" for row in splits if row.rest_cents]
    return "Rundungsrest: " + ("; ".join(rest) + "." if rest else "keiner.")


def cents_of(amount: str) -> int:
    """Cents of an amount as it is stored, `12500.00`."""
    return int(Decimal(amount) * 100)


def euro(cents: int) -> str:
    """`12.500,00 €`."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02d} €"
