"""Who approves a change sees everything that it makes public, with its words: of the form, and of what stands beside it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest

from content import models
from content.freezing import freeze
from content.kinds import KINDS
from content.services.base import lookup
from content.services.council import ballots
from content.services.publishing import ledger
from content.services.publishing.publish import current_edition
from portal.desk import facts
from tests.functional.test_council_law import _published, _state
from tests.functional.test_desk import form_of, step
from tests.functional.test_preview import PUBLISHED, item_at

TODAY = dt.date.today()


def notice(app, target):
    return re.sub(r"\s+", " ", app.get(target).html.select_one("#arbeitsfassung").text)


def frozen_of(work, kind):
    """The public edition's document of the example of `kind`, and its working copy frozen."""
    row = lookup.find(work.session, PUBLISHED[kind])
    return ledger.edition_document(current_edition(work.session, row)), freeze(row, today=TODAY)


def names_in(value, name=""):
    """Every name that stands in frozen data, with those of its rows; years are no names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.isdigit():
                yield key
            yield from names_in(inner)
    elif isinstance(value, list):
        for row in value:
            yield from names_in(row)


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_that_an_edition_freezes_is_told_with_words_when_it_becomes_public(portal, kind):
    _, house = portal
    with house.writing("test") as work:
        public, frozen = frozen_of(work, kind)
        for name, value in frozen.data.items():
            before = {
                **public,
                "title": frozen.title,
                "text": frozen.text,
                "html": frozen.html,
                "data": {**frozen.data, name: None},
            }
            found = facts.beside(kind, before, frozen, ())
            if value in (None, "", [], {}) or name in facts.SILENT:
                assert found == ()
            else:
                assert [one.name for one in found] == [name], (kind, name)
                assert found[0].new and not found[0].old, (kind, name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_in_frozen_data_has_german_words_or_says_nothing_to_a_reader(portal, kind):
    _, house = portal
    with house.writing("test") as work:
        public, frozen = frozen_of(work, kind)
    names = {*names_in(public["data"]), *names_in(dict(frozen.data))} - facts.SILENT
    assert {name for name in names if facts.label(kind, name) == name} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_title_text_and_markup_that_nothing_else_explains_are_told(portal, kind):
    _, house = portal
    with house.writing("test") as work:
        _, frozen = frozen_of(work, kind)
    same = {"title": frozen.title, "text": frozen.text, "html": frozen.html, "data": dict(frozen.data)}
    for name, value in (("title", "Anders"), ("text", "Ganz anders."), ("html", "<p><b>Fett</b></p>")):
        changed = dataclasses.replace(frozen, **{name: value})
        assert [one.name for one in facts.beside(kind, same, changed, ())] == [name]
    assert facts.beside(kind, same, frozen, ()) == ()


def test_a_statement_alone_is_told_with_its_words_and_its_members(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, _ = _published(house, app, other)
    _state(app, target, "BY", "Bayern sieht offene Kosten.").submit(status=303)
    told = notice(other, target)
    assert "1 Angabe: Protokollerklärungen" in told
    assert "Mitglieder: Bayern" in told and "Bayern sieht offene Kosten." in told


def test_text_gazette_and_statement_handed_in_together_are_all_told(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, _ = _published(house, app, other)
    _state(app, target, "BY", "Bayern sieht offene Kosten.").submit(status=303)
    form = form_of(app.get(target + "/bearbeiten"))
    form["text"], form["gazette_notice.date"] = "1. Der IT-Planungsrat beschließt anders.", "2026-04-01"
    form.submit(status=303)
    step(app.get(target), "submit_change").submit(status=303)
    told = notice(other, target)
    assert (
        "Was die eingereichte Änderung ändert" in told
        and "3 Angaben: Text, Bundesanzeiger, Protokollerklärungen" in told
    )
    assert "anders" in told and "2026-04-01" in told and "offene Kosten" in told


def test_who_approves_reads_what_was_handed_in_and_not_what_was_written_after_it(desk):
    house, browser = desk
    app, other = browser("gerda", "secretariat"), browser("georg", "secretariat")
    target, _ = _published(house, app, other)
    for text, is_handed_in in (("1. Eingereicht wird dies.", True), ("1. Später getippt ist das.", False)):
        form = form_of(app.get(target + "/bearbeiten"))
        form["text"] = text
        form.submit(status=303)
        if is_handed_in:
            step(app.get(target), "submit_change").submit(status=303)
    told = notice(other, target)
    assert "Eingereicht wird dies" in told and "Später getippt" not in told


def test_votes_entered_later_are_told_member_by_member(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = f"/redaktion/eintrag/{item_at(house, PUBLISHED['decision'])}"
    with house.writing("operator") as work:
        row = work.session.get(models.Decision, int(target.rsplit("/", 1)[1]))
        for old in [ballots.vote_of(work.session, row)]:
            if old is not None:
                work.session.delete(old)
                work.session.flush()
        cast = dict.fromkeys([member.code for member in row.body.members if member.kind != "advisory"], "yes")
        ballots.record(work.desk, row, {**cast, "BY": "abstain"}, note="Laut Niederschrift")
    told = notice(app, target)
    assert "Abstimmung" in told and "Bayern: Enthaltung" in told and "Laut Niederschrift" in told


def test_a_contact_of_the_directory_that_changed_is_told_on_what_names_it(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    with house.writing("test") as work:
        row = lookup.find(work.session, PUBLISHED["press_release"])
        contact = next(iter(row.picks or row.contacts)).contact
        contact.phone = "040 99999"
        number = row.id
    told = notice(app, f"/redaktion/eintrag/{number}")
    assert "1 Angabe: Kontakte" in told and "99999" in told and told.count("Hinzugefügt:") == 1


def test_an_entry_of_the_agenda_is_told_with_its_words(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    target = f"/redaktion/eintrag/{item_at(house, PUBLISHED['meeting'])}"
    form = form_of(app.get(target + "/bearbeiten"))
    form["agenda.1.title"] = "Ein ganz anderer Punkt"
    form.submit(status=303)
    told = notice(app, target)
    assert "Tagesordnung" in told and "anderer" in told and "1 Angabe:" in told
