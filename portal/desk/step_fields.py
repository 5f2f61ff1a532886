"""What people give with a step, read the same way from the form and from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.typed import typed_days
from workflows.definition import Workflow

REASON: Final = "reason."
"""Before the name of an addressee: why the step is taken although it did not confirm."""


def read(workflow: Workflow, name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the step `name`; what it does not ask for is left out."""
    fields: dict[str, Any] = {need: given.get(need, "").strip() for need in workflow.transitions[name].needs}
    if "publish_at" in fields:
        fields["publish_at"] = typed_days.moment(fields["publish_at"])
    reasons = {
        key.removeprefix(REASON): value.strip()
        for key, value in given.items()
        if key.startswith(REASON) and value.strip()
    }
    return {**fields, "reasons": reasons} if reasons else fields


def unknown(workflow: Workflow, name: str, given: Mapping[str, str]) -> list[str]:
    """The names in `given` that the step does not ask for."""
    return sorted(key for key in given if key not in workflow.transitions[name].needs and not key.startswith(REASON))
