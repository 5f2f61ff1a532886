"""How long the outbox waits before it tries again."""

from __future__ import annotations

import datetime as dt

from content import models
from content.services.base import outbox


def test_each_failure_waits_longer_than_the_one_before_up_to_a_day(house):
    now = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
    with house.writing("test") as work:
        outbox.put(work.session, "mail.notice", "k", {}, due_at=now)
        job = work.session.query(models.Job).filter_by(key="k").one()
        waits = []
        for _ in range(outbox.MAX_ATTEMPTS):
            outbox.failed(work.session, job.id, now, "451 später")
            waits.append(job.due_at - now if job.given_up_at is None else None)
    minutes = [1, 5, 30, 180, 1440, 1440, 1440]
    assert waits == [*(dt.timedelta(minutes=row) for row in minutes), None]
