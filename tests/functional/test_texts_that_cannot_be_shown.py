"""What „Speichern“ takes can be shown; what cannot be shown is refused in words, and a text of old breaks no page."""

from __future__ import annotations

import sqlalchemy as sa

from content import models
from content.services.base import lookup
from tests.functional.test_desk import form_of

TOO_DEEP = ">" * 21 + " a"
WORDS = "zu tief verschachtelt"


def test_saving_and_preview_refuse_in_words_what_no_page_can_be_made_of(desk):
    _house, browser = desk
    writer = browser("gerda", "secretariat")
    for kind in ("page", "term", "organisation", "market_item"):
        form = form_of(writer.get(f"/redaktion/neu/{kind}"))
        form["slug"], form["title"], form["text"] = "zu-tief", "Zu tief", TOO_DEEP
        for address in (f"/redaktion/neu/{kind}", f"/redaktion/vorschau/{kind}"):
            answer = writer.post(address, form.submit_fields(), status=400)
            assert WORDS in answer.text, (kind, address)
            assert TOO_DEEP.replace(">", "&gt;") in answer.text, "what was typed is there still"


def old_text(house, url):
    """As an earlier version saved it."""
    with house.writing("test") as work:
        item = lookup.find(work.session, url)
        work.session.execute(
            sa.update(models.Item)
            .where(models.Item.id == item.id)
            .values(text=TOO_DEEP, input={**item.input, "text": TOO_DEEP}, rev=item.rev + 1)
        )
        return item.id


def test_a_text_of_old_that_cannot_be_shown_leaves_its_desk_page_whole(desk):
    house, browser = desk
    editor = browser("gerda", "secretariat")
    address = f"/redaktion/eintrag/{old_text(house, '/seite/impressum')}"
    seen = editor.get(address)
    assert "Der Text lässt sich nicht zeigen" in seen.text
    assert WORDS in seen.text
    assert f"{address}/bearbeiten" in seen.text
    editor.get(f"{address}/bearbeiten")
    editor.get(f"{address}/datei/{'0' * 64}/x.pdf", status=404)


def test_a_step_with_a_text_of_old_that_cannot_be_shown_says_so(desk):
    house, browser = desk
    editor = browser("gerda", "secretariat")
    address = f"/redaktion/eintrag/{old_text(house, '/seite/impressum')}"
    step = next(
        one
        for one in editor.get(address).forms.values()
        if "schritt" in one.fields and one["schritt"].value == "submit_change"
    )
    answer = step.submit(status=400)
    assert WORDS in answer.text
