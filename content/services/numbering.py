"""The number of a decision: given at adoption, without gaps, safe when many adopt at once."""

from __future__ import annotations

import sqlalchemy as sa

from content import models
from content.addresses import decision_url
from content.numbers import DecisionNumber, NumberPattern
from content.services import edit, lookup
from content.services.publish import Desk, berlin_day
from workflows.engine import Blocked, Blocker


def give_number(desk: Desk, decision: models.Decision) -> str:
    """Give `decision` the next number of its body in the year of its meeting (else of today), and its lasting address."""
    if decision.number:
        return decision.number
    session = desk.session
    # The body's row is the lock: the next one waits here until this transaction has ended.
    session.execute(sa.select(models.Body.id).where(models.Body.id == decision.body_id).with_for_update(of=models.Item))
    day = decision.date or (decision.meeting.date if decision.meeting else None) or berlin_day(desk.now)
    last = session.scalar(
        sa.select(sa.func.max(models.Decision.serial)).where(
            models.Decision.body_id == decision.body_id, models.Decision.year == day.year
        )
    )
    pattern = NumberPattern(decision.body.number_pattern)
    number = DecisionNumber(day.year, (last or 0) + 1, pattern.suffix)
    url = decision_url(decision.body.slug, number.year, number.serial)
    if lookup.find(session, url) is not None:
        raise Blocked((Blocker("taken", f"Unter {url} gibt es schon einen Beschluss. Bitte die Nummern prüfen."),))
    decision.year, decision.serial, decision.number = number.year, number.serial, pattern.format(number)
    decision.date = day
    decision.url, decision.slug = url, url.rsplit("/", 1)[-1]
    decision.input = {**decision.input, "number": decision.number, "date": day.isoformat()}
    decision.input_digest = edit.digest(decision.input)
    session.flush()
    return decision.number
