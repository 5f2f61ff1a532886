"""The audit log: everything is in it, it can be searched, taken along, and not be turned against its reader."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import models
from content.services.accounts import audit
from content.services.accounts.audit import Filter
from content.services.publishing.publish import BERLIN
from portal.views.account.audit import words_of
from tests.functional.test_desk import new_press, step

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)

ROOT = Path(__file__).parents[2]


def note(house, *rows):
    with house.writing("test") as work:
        for number, (actor, action, subject, detail) in enumerate(rows):
            audit.note(
                work.session,
                NOW + dt.timedelta(hours=number),
                actor=actor,
                name=actor.title(),
                action=action,
                subject=subject,
                detail=detail,
            )


def found(house, **asked):
    with house.writing("test") as work:
        return [row.subject for row in audit.search(work.session, Filter(**asked))[0]]


ROWS = [
    ("anna", "sign-in", "anna", ""),
    ("adam", "account.grant", "anna", "press fitko"),
    ("petra", "item.changed", "/presse/100%", "Revision 2"),
    ("petra", "step.publication.submit", "/presse/x_y", ""),
]


@pytest.mark.parametrize(
    ("asked", "subjects"),
    [
        ({"actor": "petra"}, ["/presse/x_y", "/presse/100%"]),
        ({"action": "account"}, ["anna"]),
        ({"action": "step.publication"}, ["/presse/x_y"]),
        ({"subject": "100%"}, ["/presse/100%"]),
        ({"subject": "%"}, ["/presse/100%"]),
        ({"subject": "_"}, ["/presse/x_y"]),
        ({"words": "FITKO press"}, ["anna"]),
        ({"words": "fitko petra"}, []),
        ({"since": NOW + dt.timedelta(hours=3)}, ["/presse/x_y"]),
        ({"until": NOW + dt.timedelta(hours=1)}, ["anna"]),
        ({"since": NOW + dt.timedelta(hours=1), "until": NOW + dt.timedelta(hours=2)}, ["anna"]),
        ({"words": "'; DROP TABLE audit_entry; --"}, []),
    ],
)
def test_the_log_is_searched_by_person_action_subject_words_and_time(house, asked, subjects):
    note(house, *ROWS)
    assert found(house, **asked) == subjects


def test_every_step_change_and_grant_of_a_day_is_in_it_with_its_address(desk):
    house, browser = desk
    app, other = browser("petra", "press"), browser("paula", "press")
    target = new_press(app).headers["Location"]
    step(app.get(target), "submit").submit(status=303)
    step(other.get(target), "publish").submit(status=303)
    with house.writing("test") as work:
        rows = work.session.scalars(
            sa.select(models.AuditEntry)
            .where(models.AuditEntry.subject == "/presse/neue-meldung")
            .order_by(models.AuditEntry.id)
        ).all()
        assert [(row.actor, row.action, row.address) for row in rows] == [
            ("petra", "item.created", "10.0.0.1"),
            ("petra", "step.publication.submit", "10.0.0.1"),
            ("paula", "step.publication.publish", "10.0.0.1"),
        ]


def test_the_page_shows_german_words_and_keeps_what_was_asked(desk):
    _house, browser = desk
    app = browser("adam", "administrator")
    page = app.get("/redaktion/protokoll")
    assert "Angemeldet" in page.text and "Veröffentlichung: Übernehmen" in page.text
    page = app.get("/redaktion/protokoll?was=step&seite=99")
    assert "was=step&amp;seite=" in page.text
    assert "ist kein Tag" in app.get("/redaktion/protokoll?von=31.31.2026", status=400).text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Rolle erteilt", ["anna"]),
        ("rolle", ["anna"]),
        ("Veröffentlichung: Einreichen", ["/presse/x_y"]),
        ("account.grant", ["anna"]),
        ("Kuchen", []),
    ],
)
def test_what_happened_is_asked_for_in_german(desk, words, found):
    house, browser = desk
    app = browser("adam", "administrator")
    note(house, *ROWS)
    page = app.get("/redaktion/protokoll", {"was": words, "wer": "" if words != "rolle" else "adam"})
    assert re.findall(r"<td>([^<]*)</td><td>[^<]*</td><td>[^<]*</td></tr>", page.text) == found


def test_no_question_breaks_the_page(desk):
    _house, browser = desk
    app = browser("adam", "administrator")
    for query in (
        "von=0001-01-01",
        "bis=9999-12-31",
        "wer=%00",
        "worte=%ff",
        "seite=x",
        "seite=99999999999999999999",
        "was=" + "x" * 3000,
        "von=2026-11-25&bis=2026-11-01",
    ):
        assert app.get(f"/redaktion/protokoll?{query}", expect_errors=True).status_int in {200, 400}


def test_a_day_is_a_day_in_berlin(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        for hour, name in ((23, "heute"), (22, "gestern")):
            audit.note(
                work.session,
                dt.datetime(2031, 1, 1, hour, 30, tzinfo=dt.UTC),
                actor="x",
                name="x",
                action="y",
                subject=f"{name}-sache",
            )
    text = app.get("/redaktion/protokoll?von=2031-01-02&bis=2031-01-02").text
    assert "heute-sache" in text and "gestern-sache" not in text
    assert dt.datetime(2031, 1, 2, tzinfo=BERLIN) == dt.datetime(2031, 1, 1, 23, tzinfo=dt.UTC)


def test_it_is_taken_along_whole_as_csv_and_json_lines_and_that_is_logged(desk):
    house, browser = desk
    app = browser("adam", "administrator")
    with house.writing("test") as work:
        for number in range(audit._BATCH + 5):
            audit.note(
                work.session,
                NOW,
                actor="viel",
                name="Viel",
                action="x",
                subject=f"S{number}",
                detail='Anführung " ; und\nUmbruch',
            )
    csv_form, lines_form = [
        form
        for form in app.get("/redaktion/protokoll?wer=viel").forms.values()
        if form.method == "post" and "/protokoll." in form.action
    ]
    rows = list(csv.reader(io.StringIO(csv_form.submit().body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert (
        rows[0] == list(audit._COLUMNS) and len(rows) == audit._BATCH + 6 and rows[1][6] == 'Anführung " ; und\nUmbruch'
    )
    lines = [json.loads(line) for line in lines_form.submit().body.splitlines()]
    assert [line["subject"] for line in lines] == [row[5] for row in rows[1:]]
    assert "wer=viel" in app.get("/redaktion/protokoll?was=audit.exported").text


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "|", "%", "＝"])
def test_no_entry_becomes_a_formula(house, begin):
    note(house, (f"{begin}cmd", "x", f'{begin}HYPERLINK("https://boese.example")', f"{begin}1+1"))
    with house.reading() as connection:
        body = b"".join(audit.as_csv(connection, Filter(action="x"))).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(body, newline=""), delimiter=";"))[1]
    assert all(cell.startswith("'") for cell in (cells[2], cells[5], cells[6]))


@pytest.mark.parametrize("action", ["step.publication.nonsense", "step.", "step", "nonsense", ""])
def test_an_action_without_words_is_shown_by_its_name(action):
    assert words_of(action) == action


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nobody_rewrites_it(database, request, statement):
    house = request.getfixturevalue("house" if database == "sqlite" else "postgres_house")
    note(house, *ROWS)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), house.writing("test") as work:
        work.session.execute(sa.text(statement))


def test_every_action_that_the_code_notes_has_german_words():
    pattern = re.compile(
        r"""(?:audit\( ?request, work, |\baction=|_note\( ?desk, (?:item, )?)"([a-z]+(?:[.-][a-z-]+)*)\""""
    )
    code = "".join(path.read_text() for folder in ("content", "portal") for path in (ROOT / folder).rglob("*.py"))
    # What argparse calls an action is about the command line, not about what somebody did.
    noted = set(pattern.findall(re.sub(r"add_argument\( ?[^)]*\)", "", re.sub(r"\s+", " ", code))))
    assert len(noted) > 25
    assert sorted(action for action in noted if words_of(action) == action) == []
