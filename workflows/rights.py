"""Who sees what of an item in which state, and which rights a role gives where: one table for lists, pages, mails and tests.

`SIGHTS` is what may be seen; what may be done are the steps of the workflows with their permissions and `permits_on`. Whoever
reaches nothing by this table is shown nothing: no title, no heading, no address, no count. `content.services.base.rights` asks it
of the database and of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflows.publication import PUBLICATION
from workflows.vocabulary import HOUSE_WIDE, ROLES, Permission, Reach

Grants = Iterable[tuple[str, str]]
"""What a person holds: (role, slug of the organisation or "" for everywhere)."""


class Part(StrEnum):
    """What is seen of an item."""

    EDITION = "edition"
    """What is public of it: title, text and files of its public edition, and its address."""
    ADDRESS = "address"
    """Its address, and that something happened to it."""
    TITLE = "title"
    """Its title as it stands, and its address."""
    FROZEN = "frozen"
    """The text that was handed in, with its files."""
    WORKING = "working"
    """All of it as it stands: title, text, headings, files, history, drafts, and who names it."""


class Relation(StrEnum):
    """How somebody stands to an item."""

    ANYBODY = "anybody"
    HOUSE = "house"
    """Holds the role everywhere."""
    KEEPER = "keeper"
    """Holds the role for the organisation that keeps the item."""
    MEMBER = "member"
    """Holds the role for a member of the body, whoever keeps the item."""
    REVIEW_LINK = "review_link"
    """Has the personal link of a guest of a review of this report."""
    EMBARGO_LINK = "embargo_link"
    """Has a personal link to this item under embargo."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A line of the table: `relations` see `part` of items of `kinds` (empty: every kind) in `states`, by one of `permissions`.

    `procedures`: only where the item stands in one of these states of its procedure (empty: in any).
    """

    part: Part
    relations: frozenset[Relation]
    states: frozenset[str]
    words: str
    permissions: frozenset[Permission] = frozenset()
    kinds: frozenset[str] = frozenset()
    procedures: frozenset[str] = frozenset()


_P: Final = Permission
STATES: Final = frozenset(PUBLICATION.states)
READING: Final = frozenset({_P.ITEM_EDIT, _P.ITEM_REVIEW, _P.ITEM_PUBLISH})
"""Whoever may write, review or publish an item sees all of it."""
VOTED: Final = frozenset({"adopted", "implementing", "implemented", "recorded", "gazetted", "superseded", "annulled"})
"""States of a procedure that a vote of the members led to."""

SIGHTS: Final[tuple[Sight, ...]] = (
    Sight(
        Part.EDITION,
        frozenset({Relation.ANYBODY}),
        frozenset({"published"}),
        "Veröffentlichtes liest jeder, so wie es veröffentlicht ist.",
    ),
    Sight(
        Part.ADDRESS,
        frozenset({Relation.ANYBODY}),
        frozenset({"withdrawn"}),
        "Von Zurückgezogenem bleiben Adresse und Grund.",
    ),
    Sight(
        Part.WORKING,
        frozenset({Relation.HOUSE, Relation.KEEPER}),
        STATES,
        "Wer schreiben, prüfen oder veröffentlichen darf, sieht alles; mit einer Rolle für eine Organisation das, was ihr gehört.",
        READING,
    ),
    Sight(
        Part.TITLE,
        frozenset({Relation.MEMBER}),
        STATES - {"published", "trashed", "removed"},
        "Die Vertretung eines Mitglieds kennt den Titel dessen, worüber die Mitglieder abgestimmt haben, auch ehe es öffentlich ist.",
        frozenset({_P.IMPLEMENTATION_REPORT}),
        frozenset({"decision", "recommendation"}),
        VOTED,
    ),
    Sight(
        Part.ADDRESS,
        frozenset({Relation.HOUSE}),
        STATES,
        "Das Protokoll nennt, woran etwas geschah, mit seiner Adresse; nie Titel oder Text.",
        frozenset({_P.AUDIT_READ}),
    ),
    Sight(
        Part.WORKING,
        frozenset({Relation.REVIEW_LINK}),
        STATES - {"trashed", "removed"},
        "Ein Gast der Durchsicht liest den Bericht, um den er gebeten ist.",
        kinds=frozenset({"report"}),
    ),
    Sight(
        Part.FROZEN,
        frozenset({Relation.EMBARGO_LINK}),
        frozenset({"submitted", "scheduled"}),
        "Ein Link unter Sperrfrist zeigt den eingereichten Text.",
    ),
)
INCLUDES: Final = {
    Part.EDITION: frozenset({Part.EDITION}),
    Part.ADDRESS: frozenset({Part.ADDRESS, Part.TITLE, Part.WORKING}),
    Part.TITLE: frozenset({Part.TITLE, Part.WORKING}),
    Part.FROZEN: frozenset({Part.FROZEN, Part.WORKING}),
    Part.WORKING: frozenset({Part.WORKING}),
}
"""Part → the parts whose sight includes it."""


@dataclass(frozen=True, slots=True)
class Where:
    """Items that somebody reaches: of `kinds` (empty: every), kept by `owner` (None: by anybody), in these states of both axes."""

    kinds: frozenset[str]
    owner: str | None
    states: frozenset[str] = STATES
    procedures: frozenset[str] = frozenset()

    def holds(self, kind: str, owner: str, state: str, procedure: str | None) -> bool:
        """Whether an item of this kind, owner and states is among them."""
        return (
            (not self.kinds or kind in self.kinds)
            and self.owner in {None, owner}
            and state in self.states
            and (not self.procedures or procedure in self.procedures)
        )


def seen(grants: Grants, part: Part) -> Iterator[Where]:
    """Where somebody with these grants sees `part`, beside what anybody sees."""
    held = tuple(grants)
    for sight in SIGHTS:
        if sight.part in INCLUDES[part]:
            for role, organisation in held:
                yield from _where(sight, role, organisation)


def _where(sight: Sight, role: str, organisation: str) -> Iterator[Where]:
    rights = given(role, organisation) & sight.permissions
    if not rights:
        return
    # What concerns the whole house, or every member, does not end at the kinds that the role writes.
    is_bound = not rights <= HOUSE_WIDE and Relation.MEMBER not in sight.relations
    own = ROLES[role].kinds if is_bound else frozenset[str]()
    if own and sight.kinds and not own & sight.kinds:
        return
    kinds = own & sight.kinds if own and sight.kinds else own or sight.kinds
    if Relation.MEMBER in sight.relations or (Relation.HOUSE in sight.relations and not organisation):
        yield Where(kinds, None, sight.states, sight.procedures)
    elif Relation.KEEPER in sight.relations and organisation:
        yield Where(kinds, organisation, sight.states, sight.procedures)


def held(grants: Grants, wanted: Iterable[Permission]) -> Iterator[Where]:
    """Where somebody with these grants has one of the rights `wanted`."""
    asked = frozenset(wanted)
    for role, organisation in grants:
        if given(role, organisation) & asked:
            yield Where(ROLES[role].kinds, organisation or None)


def given(role: str, organisation: str) -> frozenset[Permission]:
    """What a role gives where it is held: rights over the whole house only where it is held everywhere.

    A role that is one for an organisation gives nothing without one but the way in: so was granted before that was refused.
    """
    if role not in ROLES:
        return frozenset()
    if not organisation and ROLES[role].reach is Reach.ORGANISATION:
        return ROLES[role].permits & {_P.DESK_ENTER}
    return ROLES[role].permits - HOUSE_WIDE if organisation else ROLES[role].permits


def permits(grants: Grants) -> frozenset[Permission]:
    """The rights that grants give somewhere."""
    return frozenset[Permission]().union(*(given(role, organisation) for role, organisation in grants))


def permits_on(grants: Grants, kind: str, owner: str) -> frozenset[Permission]:
    """The rights that grants give on items of `kind` that belong to the organisation `owner`."""
    return frozenset[Permission]().union(
        *(
            given(role, organisation)
            for role, organisation in grants
            if role in ROLES and (not ROLES[role].kinds or kind in ROLES[role].kinds) and organisation in {"", owner}
        )
    )


def misfit(role: str, organisation: str) -> str:
    """Why a role cannot be held like that, in German: for an organisation where it acts on the whole house, or without one; else empty."""
    known = ROLES[role]
    if organisation and known.reach is Reach.HOUSE:
        return f"Die {known.title} gilt immer überall. Bitte ohne Organisation erteilen."
    if not organisation and known.reach is Reach.ORGANISATION:
        return f"„{known.title}“ ist man für eine Organisation. Bitte die Organisation angeben, bei einem Mitglied sein Kürzel, etwa BY."
    return ""
