"""What tests share of decisions on their way: the office at work, a draft, a draft with its votes."""

from __future__ import annotations

import datetime as dt

from content.schemas import clean_item
from content.services.council import ballots
from content.services.editing import edit
from content.services.workflow import transition
from workflows.decision import DECISION
from workflows.vocabulary import ROLES

NOW = dt.datetime.now(dt.UTC)


def acting(house, login):
    return house.writing(login, name=login.title(), permits=ROLES["secretariat"].permits)


def draft_decision(work, title="Probe", **more):
    value = clean_item(
        "decision",
        {
            "body": "it-planungsrat",
            "title": title,
            "text": "1. Der IT-Planungsrat beschließt.",
            "date": "2012-03-01",
            **more,
        },
    )
    return edit.save(work.session, "decision", value, now=NOW).item


def voted(work, title="Probe", **more):
    """A draft on the agenda with enough votes, not adopted."""
    row = draft_decision(work, title, **more)
    transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})
    ballots.record(
        work.desk, row, dict.fromkeys([member.code for member in row.body.members if member.kind != "advisory"], "yes")
    )
    return row
