"""A form with a day at the end of time answers in words."""

from __future__ import annotations

import pytest

from tests.functional.test_desk import form_of


def step_form(app, address, name):
    return next(
        one for one in app.get(address).forms.values() if one.fields.get("schritt") and one["schritt"].value == name
    )


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_publication_and_embargo_at_the_end_of_time_are_refused_in_words(desk, moment):
    _house, browser = desk
    writer, reviewer = browser("petra", "press"), browser("paul", "press")
    form = form_of(writer.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = (
        "ende-der-zeit",
        "Ende der Zeit",
        "IT-Planungsrat",
        "Text.",
    )
    address = (
        form.submit(status=303)
        .headers["Location"]
        .removeprefix("http://localhost")
        .removeprefix("https://beschluesse.example")
    )
    embargo = next(one for one in writer.get(f"{address}/sperrfrist").forms.values() if "until" in one.fields)
    embargo["until"] = moment
    assert "Bitte Tag und Uhrzeit angeben" in embargo.submit(status=400).text
    embargo["until"] = "2026-12-24T10:00"
    embargo.submit(status=303)
    invite = next(one for one in writer.get(f"{address}/sperrfrist").forms.values() if "expires" in one.fields)
    invite["name"], invite["email"], invite["expires"] = "Anna", "anna@zeitung.example", moment
    assert "kein Zeitpunkt" in invite.submit(status=400).text
    step_form(writer, address, "submit").submit(status=303)
    schedule = step_form(reviewer, address, "schedule")
    schedule["publish_at"] = moment
    assert "Zeitpunkt" in schedule.submit(status=409).text
