"""What tests of accounts share: other browsers, forms by their step, entries of the log."""

from __future__ import annotations

import re

import sqlalchemy as sa

from content import models
from content.services.implementation import implementation
from tests.functional.browsing import Browser
from tests.functional.confirming import is_question, sure


def fresh(app, address="10.0.0.9"):
    """Another browser of the same portal."""
    return Browser(app.app, address=address)


def act(app, path, step, **fields):
    """Send the form of `path` that takes `step`, and say yes where it asks."""
    page = app.get(path)
    for form in page.forms.values():
        if re.search(f'name="schritt"[^>]*value="{step}"', form.text):
            values = {name: value for name, value in form.submit_fields() if name != "schritt"} | fields
            answer = app.post(path, {**values, "schritt": step}, expect_errors=True)
            return sure(answer) if is_question(answer) else answer
    raise AssertionError(f"{path} offers no {step}: {page.text}")


def logged(house, action):
    with house.writing("test") as work:
        return work.session.scalars(
            sa.select(models.AuditEntry).where(models.AuditEntry.action == action).order_by(models.AuditEntry.id)
        ).all()


def forget_reports(work, *recommendations):
    """Take back what the example content reports of these, or of all, for tests that begin before the first report."""
    row, item = models.Implementation, models.Recommendation
    for one in (
        recommendations or work.session.scalars(sa.select(item).where(item.id.in_(sa.select(row.item_id)))).all()
    ):
        work.session.execute(sa.delete(row).where(row.item_id == one.id))
        implementation.show(work.desk, one, "Meldungen zurückgenommen")
