"""Input → clean value by kind: one table of fields per kind, and what must hold between fields.

`reading.py` has the readers, `parts.py` what kinds share, the other files a group of kinds each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from content.schemas.council import BODY, DECISION, MEETING, meeting_is_identified
from content.schemas.market import MARKET_ITEM, OFFER, offer_is_consistent
from content.schemas.parts import withheld_has_reason
from content.schemas.press import PRESS_RELEASE, validity_is_in_order
from content.schemas.reading import Field, FieldError, InvalidInput, Reader, clean, clean_text
from content.schemas.reference import ORGANISATION, PAGE, TERM
from content.schemas.reports import RECOMMENDATION, REPORT

__all__ = ["SCHEMAS", "Field", "FieldError", "InvalidInput", "Reader", "clean", "clean_item", "clean_text"]

SCHEMAS: Final[Mapping[str, Mapping[str, Field]]] = {
    "body": BODY,
    "meeting": MEETING,
    "decision": DECISION,
    "press_release": PRESS_RELEASE,
    "report": REPORT,
    "recommendation": RECOMMENDATION,
    "market_item": MARKET_ITEM,
    "offer": OFFER,
    "organisation": ORGANISATION,
    "term": TERM,
    "page": PAGE,
}
"""One table per kind; the keys are the kinds of `content.kinds`."""


_CROSS_CHECKS: Final[Mapping[str, tuple[Callable[[Mapping[str, Any]], list[FieldError]], ...]]] = {
    "meeting": (meeting_is_identified, withheld_has_reason),
    "decision": (withheld_has_reason,),
    "press_release": (validity_is_in_order,),
    "offer": (offer_is_consistent, validity_is_in_order, withheld_has_reason),
    "market_item": (withheld_has_reason,),
}


def clean_item(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The clean value of an item of `kind`; raises `InvalidInput`, also for faults between fields."""
    value = clean(SCHEMAS[kind], given)
    errors = [error for check in _CROSS_CHECKS.get(kind, ()) for error in check(value)]
    if errors:
        raise InvalidInput(errors)
    return value
