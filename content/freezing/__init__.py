"""Working row → what an edition freezes: title, text, HTML, structured data, and the columns lists need.

Pure but for reading the row's own relations. The shapes of `data` per kind are described in `docs/editionen.md`; they
are a public contract: add fields, never change or remove one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy.orm import object_session

from content import models
from content.freezing.common import Frozen
from content.freezing.council import freeze_body, freeze_decision, freeze_meeting
from content.freezing.market import freeze_market_item, freeze_offer
from content.freezing.naming import withheld
from content.freezing.press import freeze_press
from content.freezing.reference import freeze_organisation, freeze_page, freeze_term
from content.freezing.reports import freeze_recommendation, freeze_report
from content.schemas import FieldError, InvalidInput
from content.text import markup

__all__ = ["Frozen", "freeze", "freeze_whole"]


def freeze(item: models.Item, *, today: dt.date) -> Frozen:
    """What publishing `item` now would freeze; `today` (Berlin) dates what has no date of its own.

    Of other items it tells what a public text may (see `naming`). Raises `InvalidInput` for a text of old that no page can be
    made of: saving refuses such a one.
    """
    return withheld(object_session(item), freeze_whole(item, today=today))


def freeze_whole(item: models.Item, *, today: dt.date) -> Frozen:
    """As `freeze`, with every address that `item` names: to be kept until it is public, never to be shown."""
    try:
        return _FREEZERS[item.kind](item, today)
    except markup.Refused as refused:
        raise InvalidInput([FieldError("text", refused.code, str(refused))]) from refused


_FREEZERS: Final[Mapping[str, Callable[[models.Item, dt.date], Frozen]]] = {
    "body": freeze_body,
    "meeting": freeze_meeting,
    "decision": freeze_decision,
    "press_release": freeze_press,
    "report": freeze_report,
    "recommendation": freeze_recommendation,
    "market_item": freeze_market_item,
    "offer": freeze_offer,
    "organisation": freeze_organisation,
    "term": freeze_term,
    "page": freeze_page,
}
