"""The law a body decides by: its rule, its members and its number pattern, as the public reads them.

The working copy of a body is one person's, saved without review; what it says counts once a second person made it public.
Nothing else in the house reads rule, members or pattern of a body to decide by: a test holds that. A body that is not public
has no law yet; what its working copy says is shown and counted with, and nobody adopts by it (see `workflows.guards`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy.orm import object_session

from content import models
from content.council.numbers import DecisionNumber, NumberPattern
from content.services.base.lookup import public_data

ADVISORY: Final = "advisory"


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of a body. `kind`: federal, land or advisory."""

    code: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Law:
    """What counts when a body decides. `waiting`: what its working copy says otherwise, in German, and is not public yet."""

    rule: str
    seats: tuple[Seat, ...]
    number_pattern: str
    is_public: bool
    waiting: tuple[str, ...] = ()

    @property
    def voters(self) -> tuple[Seat, ...]:
        """The members that vote."""
        return tuple(seat for seat in self.seats if seat.kind != ADVISORY)

    @property
    def waiting_words(self) -> str:
        """„die Abstimmungsregel und die Mitglieder“; empty where nothing waits."""
        return " und ".join([", ".join(self.waiting[:-1]), self.waiting[-1]] if len(self.waiting) > 1 else self.waiting)

    @property
    def names(self) -> dict[str, str]:
        """Code → name."""
        return {seat.code: seat.name for seat in self.seats}


def of(body: models.Body) -> Law:
    """The law of `body` now."""
    session = object_session(body)
    typed = Law(
        body.voting_rule,
        tuple(Seat(row.code, row.name, row.kind) for row in body.members),
        body.number_pattern,
        is_public=False,
    )
    public = public_data(session, body) if session is not None else {}
    if not public:
        return typed
    law = Law(
        str(public.get("voting_rule") or ""),
        seats_of(public.get("members", ())),
        str(public["number_pattern"]),
        is_public=True,
    )
    told = (
        ("die Abstimmungsregel", law.rule != typed.rule),
        ("die Mitglieder", set(law.seats) != set(typed.seats)),
        ("das Nummernmuster", law.number_pattern != typed.number_pattern),
    )
    return Law(
        law.rule,
        law.seats,
        law.number_pattern,
        is_public=True,
        waiting=tuple(words for words, is_other in told if is_other),
    )


def seats_of(rows: Any) -> tuple[Seat, ...]:
    """Seats as an edition or a vote keeps them."""
    return tuple(Seat(row["code"], row["name"], row["kind"]) for row in rows)


def as_data(seats: tuple[Seat, ...]) -> list[dict[str, Any]]:
    """Seats as a vote keeps them."""
    return [asdict(seat) for seat in seats]


def are_same_voters(kept: tuple[Seat, ...], law: Law) -> bool:
    """Whether those who vote are the same, whatever they are called."""
    return {(seat.code, seat.kind) for seat in kept if seat.kind != ADVISORY} == {
        (seat.code, seat.kind) for seat in law.voters
    }


def parsed(body: models.Body, number: str) -> DecisionNumber | None:
    """A number that was given elsewhere, as `body` writes them or is about to; None where it fits neither. What is given here follows `of`."""
    found = NumberPattern(body.number_pattern).parse(number)
    return found if found is not None else NumberPattern(of(body).number_pattern).parse(number)
