"""Forms by keyboard and without a script: errors with links that lead to their inputs, rows that move."""

from __future__ import annotations

import pytest
from webtest import Upload

from content.kinds import KINDS
from content.services.base import lookup
from tests.functional.test_desk import form_of, new_press

TITLES = ["Begrüßung", "Haushalt", "Standards", "Verschiedenes"]


def agenda(form):
    rows = (form.fields.get(f"agenda.{number}.title") for number in range(1, 30))
    return [row[0].value for row in rows if row and row[0].value]


@pytest.fixture
def meeting(desk):
    """(the secretariat's browser, a form of a new meeting with four agenda items)."""
    _, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/meeting"))
    form["body"], form["ordinal"], form["date"] = "it-planungsrat", "99", "2031-01-01"
    form["agenda.1.title"] = TITLES[0]
    form = form_of(form.submit("mehr", value="agenda"))
    for number, title in enumerate(TITLES[1:], start=2):
        form[f"agenda.{number}.title"], form[f"agenda.{number}.top"] = title, str(number)
    return app, form


def focused(page):
    found = page.html.select("[autofocus]")
    assert len(found) <= 1
    return found[0]["id"] if found else ""


@pytest.mark.parametrize(
    ("step", "row", "order", "focus"),
    [
        ("hoch", 3, [0, 2, 1, 3], "f-agenda-2-hoch"),
        ("hoch", 2, [1, 0, 2, 3], "f-agenda-1-tiefer"),
        ("tiefer", 1, [1, 0, 2, 3], "f-agenda-2-tiefer"),
        ("tiefer", 3, [0, 1, 3, 2], "f-agenda-4-hoch"),
    ],
)
def test_a_row_moves_with_everything_in_it_and_keeps_the_keyboard(meeting, step, row, order, focus):
    _, form = meeting
    page = form.submit(step, value=f"agenda.{row}")
    moved = form_of(page)
    assert agenda(moved) == [TITLES[place] for place in order]
    assert [moved[f"agenda.{number}.top"].value for number, place in enumerate(order, start=1)] == [
        str(place + 1) if place else "" for place in order
    ]
    assert focused(page) == focus and page.html.select_one(f"#{focus}").name == "button"
    moved.submit(status=303)


def test_rows_at_the_ends_have_no_button_out(meeting):
    _, form = meeting
    buttons = {
        part for part in form.text.split('"') if part.startswith("f-agenda-") and part.endswith(("-hoch", "-tiefer"))
    }
    assert "f-agenda-1-hoch" not in buttons and "f-agenda-5-tiefer" not in buttons
    assert {f"f-agenda-{number}-hoch" for number in range(2, 6)} | {
        f"f-agenda-{number}-tiefer" for number in range(1, 5)
    } == buttons


def test_a_row_moves_past_empty_ones_and_those_taken_out(meeting):
    _, form = meeting
    form["agenda.2.title"] = form["agenda.2.top"] = ""
    form["agenda.3._entfernen"] = True
    moved = form_of(form.submit("hoch", value="agenda.4"))
    assert agenda(moved) == [TITLES[3], TITLES[0]]


WISHES = [
    "agenda",
    "agenda.",
    "agenda.1",
    "agenda.99",
    "agenda.x",
    "agenda.²",
    ".1",
    "title.1",
    "nichts.2",
    "agenda.1.title",
    "agenda.-1",
    "a" * 5000,
]


def test_a_wish_that_no_button_has_moves_nothing_and_saves_nothing(meeting):
    app, form = meeting
    for wish in WISHES:
        page = app.post("/redaktion/neu/meeting", [*form.submit_fields(), ("hoch", wish)])
        assert agenda(form_of(page)) == TITLES, wish


def test_a_file_that_was_just_chosen_moves_with_its_row(desk):
    house, browser = desk
    app = browser("petra", "press")
    target = new_press(app).headers["Location"]
    form = form_of(app.get(target + "/bearbeiten"))
    form["attachments.1.title"], form["attachments.1._hochladen"] = (
        "Eins",
        Upload("eins.pdf", b"%PDF-1.4 eins", "application/pdf"),
    )
    form = form_of(form.submit("mehr", value="attachments"))
    form["attachments.2.title"], form["attachments.2._hochladen"] = (
        "Zwei",
        Upload("zwei.pdf", b"%PDF-1.4 zwei", "application/pdf"),
    )
    form_of(form.submit("hoch", value="attachments.2")).submit(status=303)
    with house.writing("test") as work:
        rows = lookup.find(work.session, "/presse/neue-meldung").attachments
        assert [(row.title, row.file_name, row.file.size_bytes) for row in rows] == [
            ("Zwei", "zwei.pdf", 13),
            ("Eins", "eins.pdf", 13),
        ]


def test_new_rows_have_the_keyboard(meeting):
    _, form = meeting
    page = form.submit("mehr", value="agenda")
    assert focused(page) == "f-agenda-5"


def test_every_error_has_a_link_to_its_input_and_the_summary_has_the_keyboard(desk):
    _, browser = desk
    app = browser("gerda", "secretariat")
    for kind in KINDS:
        form = form_of(app.get(f"/redaktion/neu/{kind}"))
        form["published_on"], form["attachments.1.reason"] = "31.31.2020", "Grund ohne Datei"
        page = form.submit(status=400)
        assert focused(page) == "fehler"
        links = page.html.select("#fehler li a")
        assert len(links) == len(page.html.select("#fehler li")) > 1
        for link in links:
            target = page.html.select_one(link["href"])
            assert target is not None, (kind, link["href"])
            assert (target.name in {"input", "select", "textarea"} and target.get("type") != "hidden") or (
                target.name == "fieldset" and target["tabindex"] == "-1"
            )
        for wrong in page.html.select("[aria-invalid=true]"):
            told = [page.html.select_one(f"#{name}") for name in wrong["aria-describedby"].split()]
            assert all(told) and any("field-error" in one.get("class", ()) for one in told), (kind, wrong)


def test_every_input_of_every_kind_has_a_label_and_every_id_is_there_once(desk):
    _, browser = desk
    app = browser("gerda", "secretariat")
    for kind in KINDS:
        page = app.get(f"/redaktion/neu/{kind}").html
        ids = [one["id"] for one in page.select("[id]")]
        assert len(ids) == len(set(ids)), kind
        for one in page.select("form.desk-form :is(input, select, textarea)"):
            if one.get("type") not in {"hidden", "submit"}:
                assert page.select_one(f"label[for='{one['id']}']"), (kind, one)
            assert all(page.select_one(f"#{name}") for name in one.get("aria-describedby", "").split()), (kind, one)


def test_a_missing_picture_is_linked_to_where_it_is_chosen(desk):
    _, browser = desk
    app = browser("petra", "press")
    form = form_of(app.get("/redaktion/neu/press_release"))
    form["slug"], form["title"], form["publisher"], form["text"] = "b", "B", "x", "x"
    form["image.alt"], form["image.credit"] = "Ein Feld", "Kim"
    form["image.file"].force_value("weg.jpg")
    page = form.submit(status=400)
    assert page.html.select_one("#fehler a")["href"] == "#f-image-file-neu"


def test_a_conflict_has_the_keyboard(desk):
    _, browser = desk
    app = browser("petra", "press")
    target = new_press(app).headers["Location"] + "/bearbeiten"
    mine, theirs = form_of(app.get(target)), form_of(app.get(target))
    theirs["text"] = "Anders."
    theirs.submit(status=303)
    mine["text"] = "Meins."
    assert focused(mine.submit(status=409)) == "konflikt"
