"""How each kind is written: one row per kind, `prepare` looks up and refuses, `write` only sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.services.editing.writers.common import Writer, nothing, prepare_directory
from content.services.editing.writers.council import (
    prepare_body,
    prepare_decision,
    prepare_meeting,
    write_body,
    write_decision,
    write_meeting,
)
from content.services.editing.writers.market import prepare_market_item, prepare_offer, write_market_item, write_offer
from content.services.editing.writers.press import prepare_press, write_press
from content.services.editing.writers.reference import prepare_term, write_organisation, write_page, write_term
from content.services.editing.writers.reports import (
    prepare_recommendation,
    prepare_report,
    with_stored_files,
    write_recommendation,
    write_report,
)

__all__ = ["WRITERS"]

WRITERS: Final[Mapping[str, Writer]] = {
    "body": Writer(prepare_body, write_body),
    "meeting": Writer(prepare_meeting, write_meeting),
    "decision": Writer(prepare_decision, write_decision),
    "press_release": Writer(prepare_press, write_press),
    "report": Writer(prepare_report, write_report, with_stored_files),
    "recommendation": Writer(prepare_recommendation, write_recommendation),
    "market_item": Writer(prepare_market_item, write_market_item),
    "offer": Writer(prepare_offer, write_offer),
    "organisation": Writer(prepare_directory, write_organisation),
    "term": Writer(prepare_term, write_term),
    "page": Writer(nothing, write_page),
}
