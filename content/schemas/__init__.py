"""Input → clean value by kind: one table of fields per kind, and what must hold between fields.

`reading.py` has the readers, `parts.py` what kinds share, the other files a group of kinds each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from content.schemas.council import BODY, DECISION, MEETING, meeting_is_identified
from content.schemas.market import MARKET_ITEM, OFFER, offer_is_consistent
from content.schemas.parts import withheld_has_reason
from content.schemas.press import PRESS_RELEASE, validity_is_in_order
from content.schemas.reading import Field, FieldError, InvalidInput, Reader, clean, clean_text
from content.schemas.reference import ORGANISATION, PAGE, TERM
from content.schemas.reports import RECOMMENDATION, REPORT
from content.text import markup

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
    if sum(markup.work(text) for text in markdown_of(SCHEMAS[kind], value)) > markup.MAX_ITEM_WORK:
        words = "Die Texte haben zusammen zu viele Auszeichnungen (\\, *, _, `, &, <, Links, Überschriften, Tabellenzellen). Bitte auf mehrere Einträge verteilen oder Auszeichnungen weglassen."
        errors.append(FieldError("", "too_large", words))
    if errors:
        raise InvalidInput(errors)
    return value


def markdown_of(fields: Mapping[str, Field], value: Mapping[str, Any]) -> Iterator[str]:
    """Every Markdown text in a clean value of the table `fields`."""
    for name, spec in fields.items():
        yield from _markdown(spec.read, value.get(name))


def _markdown(read: Reader, value: Any) -> Iterator[str]:
    if value is None:
        return
    if read.shape == "markdown":
        yield value
    elif read.shape == "record":
        yield from markdown_of(read.fields, value)
    elif read.shape == "list" and read.one is not None:
        for entry in value:
            yield from _markdown(read.one, entry)
