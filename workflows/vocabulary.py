"""The one list of rights and of jobs that definitions may name."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A right, `subject:verb`."""

    ITEM_CORRECT = "item:correct"
    ITEM_PUBLISH = "item:publish"
    ITEM_WITHDRAW = "item:withdraw"


class Effect(StrEnum):
    """What a step sets off, in the same transaction."""

    FREEZE_EDITION = "freeze_edition"
    END_EDITION = "end_edition"
