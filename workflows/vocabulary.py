"""The one list of rights, of roles with the rights they hold, and of jobs that definitions may name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Permission(StrEnum):
    """A right, `subject:verb`."""

    ITEM_EDIT = "item:edit"
    ITEM_SUBMIT = "item:submit"
    ITEM_REVIEW = "item:review"
    ITEM_PUBLISH = "item:publish"
    ITEM_CORRECT = "item:correct"
    ITEM_WITHDRAW = "item:withdraw"
    ITEM_TRASH = "item:trash"
    ITEM_REMOVE = "item:remove"
    ITEM_IMPORT = "item:import"
    ITEM_EMBARGO = "item:embargo"
    CLOCK_ACT = "clock:act"
    DECISION_PREPARE = "decision:prepare"
    DECISION_ADOPT = "decision:adopt"
    DECISION_RECORD = "decision:record"
    VOTE_RECORD = "vote:record"
    RECOMMENDATION_PROPOSE = "recommendation:propose"
    RECOMMENDATION_ADOPT = "recommendation:adopt"
    RECOMMENDATION_FOLLOW = "recommendation:follow"
    IMPLEMENTATION_REPORT = "implementation:report"
    IMPLEMENTATION_CONFIRM = "implementation:confirm"
    REPORT_WRITE = "report:write"
    REPORT_LEAD = "report:lead"
    REPORT_NOTE = "report:note"
    REUSE_REQUEST = "reuse:request"
    REUSE_OFFER = "reuse:offer"
    CONTACT_EDIT = "contact:edit"
    SEARCH_EDIT = "search:edit"
    ACCOUNT_MANAGE = "account:manage"
    AUDIT_READ = "audit:read"
    DESK_ENTER = "desk:enter"


HOUSE_WIDE: Final = frozenset(
    {
        Permission.ACCOUNT_MANAGE,
        Permission.AUDIT_READ,
        Permission.SEARCH_EDIT,
        Permission.CONTACT_EDIT,
        Permission.ITEM_IMPORT,
        Permission.CLOCK_ACT,
        Permission.DECISION_PREPARE,
        Permission.DECISION_ADOPT,
        Permission.DECISION_RECORD,
        Permission.VOTE_RECORD,
        Permission.RECOMMENDATION_ADOPT,
        Permission.RECOMMENDATION_FOLLOW,
        Permission.IMPLEMENTATION_CONFIRM,
        Permission.REPORT_NOTE,
    }
)
"""Rights that act on the whole house, or on the body and all its members: they count only where they are held everywhere."""


class Reach(StrEnum):
    """For what a role is held."""

    HOUSE = "house"
    ORGANISATION = "organisation"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its German title, the rights it holds, the kinds it may edit (empty: every kind).

    `is_human` is false for the actors of the house itself: the clock and the operator at the command line. `reach`: held
    everywhere only, for an organisation only (nobody keeps the offers of every provider), or either way.
    """

    title: str
    permits: frozenset[Permission]
    kinds: frozenset[str] = frozenset()
    is_human: bool = True
    needs_second_factor: bool = False
    reach: Reach = Reach.EITHER

    @property
    def needs_organisation(self) -> bool:
        """Whether it cannot be held everywhere."""
        return self.reach is Reach.ORGANISATION


_P = Permission
_DESK: Final = frozenset({_P.DESK_ENTER})
_WRITING: Final = frozenset({_P.ITEM_EDIT, _P.ITEM_SUBMIT})

ROLES: Final[Mapping[str, Role]] = MappingProxyType(
    {
        "member": Role(
            "Mitglied einer Arbeitsgruppe",
            _DESK | _WRITING | {_P.REPORT_WRITE},
            frozenset({"report", "recommendation"}),
        ),
        "chair": Role(
            "Leitung einer Arbeitsgruppe",
            _DESK | _WRITING | {_P.REPORT_WRITE, _P.REPORT_LEAD, _P.RECOMMENDATION_PROPOSE},
            frozenset({"report", "recommendation"}),
        ),
        "land": Role(
            "Vertretung eines Mitglieds",
            _DESK | {_P.RECOMMENDATION_PROPOSE, _P.IMPLEMENTATION_REPORT, _P.REUSE_REQUEST, _P.ITEM_EDIT},
            frozenset({"recommendation"}),
            reach=Reach.ORGANISATION,
        ),
        "provider": Role(
            "Anbieter",
            _DESK | _WRITING | {_P.REUSE_OFFER},
            frozenset({"market_item", "offer"}),
            reach=Reach.ORGANISATION,
        ),
        "commune": Role("Kommune", _DESK | {_P.REUSE_REQUEST}, frozenset({"offer"}), reach=Reach.ORGANISATION),
        "press": Role(
            "Pressestelle",
            _DESK
            | _WRITING
            | {
                _P.ITEM_REVIEW,
                _P.ITEM_PUBLISH,
                _P.ITEM_CORRECT,
                _P.ITEM_WITHDRAW,
                _P.ITEM_TRASH,
                _P.ITEM_EMBARGO,
                _P.CONTACT_EDIT,
                _P.SEARCH_EDIT,
            },
            frozenset({"press_release", "page"}),
            needs_second_factor=True,
        ),
        "secretariat": Role(
            "Geschäftsstelle",
            frozenset(_P) - {_P.ITEM_IMPORT, _P.CLOCK_ACT, _P.ACCOUNT_MANAGE, _P.IMPLEMENTATION_REPORT, _P.AUDIT_READ},
            needs_second_factor=True,
            reach=Reach.HOUSE,
        ),
        "administrator": Role(
            "Administration",
            _DESK | {_P.ACCOUNT_MANAGE, _P.AUDIT_READ},
            frozenset({"body"}),
            needs_second_factor=True,
            reach=Reach.HOUSE,
        ),
        "operator": Role("Betrieb (Kommandozeile)", frozenset(_P) - {_P.CLOCK_ACT}, is_human=False),
        "clock": Role("Uhr", frozenset({_P.CLOCK_ACT}), is_human=False),
    }
)
"""Roles are granted on an organisation or everywhere; one person may have several."""


def permits(roles: Iterable[str]) -> frozenset[Permission]:
    """The rights that these roles hold together. Raises KeyError for an unknown role."""
    return frozenset[Permission]().union(*(ROLES[role].permits for role in roles))


class Effect(StrEnum):
    """What a step sets off, in the same transaction."""

    FREEZE_EDITION = "freeze_edition"
    END_EDITION = "end_edition"
    FREEZE_REVISION = "freeze_revision"
    GIVE_NUMBER = "give_number"
    ERASE = "erase"
    NOTIFY_REVIEWERS = "notify_reviewers"
    NOTIFY_AUTHOR = "notify_author"
    NOTIFY_MEMBERS = "notify_members"
    NOTIFY_GROUP = "notify_group"
