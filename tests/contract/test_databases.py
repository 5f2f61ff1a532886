"""The same promises on SQLite and PostgreSQL: import, publish, correct, withdraw, read as of a day, refuse tampering."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.browsing.browse import Reader, end_of_day
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.publishing import ledger
from content.services.search.searching import Search, Searcher
from content.services.workflow import transition
from portal.commands import database
from workflows.decision import DECISION

LINES = [
    {
        "number": "2021/39",
        "session": "36. Sitzung",
        "date": "2021-10-29",
        "title": "Marktplatz",
        "text": "1. Zustimmung.\n2. Die FITKO berichtet zur 38. Sitzung.",
        "url": "https://www.it-planungsrat.de/beschluss/beschluss-2021-39",
        "body": "IT-Planungsrat",
        "text_kind": "condensed",
        "source_points": 2,
        "source_complete": True,
        "refs": [],
        "mentions_attachment": False,
        "note": None,
    },
    {
        "number": "2024/13",
        "session": "43. Sitzung",
        "date": "2024-03-20",
        "title": "Pflicht",
        "text": "1. In Umsetzung des Beschlusses 2021/39 verbindlich.",
        "url": None,
        "body": "IT-Planungsrat",
        "text_kind": "condensed",
        "source_points": 1,
        "source_complete": True,
        "refs": ["2021/39"],
        "mentions_attachment": False,
        "note": None,
    },
    {
        "number": "2025/02-AL",
        "session": "37. Sitzung AL-Runde",
        "date": "2025-02-19",
        "title": None,
        "text": "1. Kenntnisnahme.",
        "url": None,
        "body": "AL-Runde",
        "text_kind": "stub",
        "source_points": 1,
        "source_complete": True,
        "refs": [],
        "mentions_attachment": False,
        "note": None,
    },
    {
        "number": "2018/36",
        "session": "Umlaufverfahren",
        "date": "2018-08-24",
        "title": "Umlauf",
        "text": "Aufgabenteilung.",
        "url": None,
        "body": "IT-Planungsrat",
        "text_kind": "condensed",
        "source_points": None,
        "source_complete": True,
        "refs": [],
        "mentions_attachment": False,
        "note": None,
    },
]


@pytest.fixture(params=["house", "postgres_house"], ids=["sqlite", "postgresql"])
def portal_house(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "decisions.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES) + "\n")
    return path


def _import(house, path, **choices):
    with house.writing("test") as work:
        return exchange.Importer(work.desk, is_publishing=True, **choices).read([path])


def _act(house, url, act, *arguments):
    with house.writing("test") as work:
        return act(work.desk, lookup.find(work.session, url), *arguments)


def _found(house, typed, moment=None):
    with house.reading() as connection:
        return Searcher(connection, house.search, house.language, Reader(connection).bodies).ids(
            Search(typed, moment=moment)
        )


def test_migrations_make_what_the_models_say(portal_house):
    assert database.differences(portal_house.engine) == []


def test_migrations_go_down_and_up_again(portal_house):
    database.downgrade(portal_house.engine, "base")
    assert set(sa.inspect(portal_house.engine).get_table_names()) <= {"alembic_version"}
    assert database.migrate(portal_house.engine)


def test_a_portal_in_use_goes_down_and_up_again_without_losing_a_row(portal_house):
    with portal_house.writing("test") as work:
        given = {"slug": "x", "title": "X", "publisher": "FITKO", "contacts": [{"organisation": "FITKO"}]}
        edit.save(work.session, "press_release", clean_item("press_release", given), now=work.desk.now)
    database.downgrade(portal_house.engine, "0015")
    assert database.migrate(portal_house.engine)
    with portal_house.engine.connect() as connection:
        assert (
            connection.scalar(
                sa.select(sa.func.count()).select_from(models.PressContact.__table__.join(models.Contact.__table__))
            )
            == 1
        )
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_source_lines_become_bodies_meetings_and_decisions(portal_house, source):
    report = _import(portal_house, source)
    assert report.created == {"body": 2, "meeting": 4, "decision": 4} and report.published == 10
    with portal_house.reading() as connection:
        page = Reader(connection).page("/beschluss/2021/39")
        assert page.header == ("IT-Planungsrat", "29.10.2021", "36. Sitzung", "Beschluss 2021/39")
        assert page.data["clauses"][1]["due_meeting"] == 38
        assert [row.target.url for row in page.incoming] == ["/beschluss/2024/13#z1"]
        assert Reader(connection).page("/sitzung/umlauf-2018-08-24") is not None
        assert Reader(connection).page("/beschluss/al-runde/2025/02").title == "Beschluss 2025/02-AL (ohne Titel)"


def test_importing_twice_changes_nothing(portal_house, source):
    _import(portal_house, source)
    with portal_house.reading() as connection:
        before = ledger.position(connection)
    report = _import(portal_house, source)
    with portal_house.reading() as connection:
        assert ledger.position(connection) == before
    assert report.unchanged == {"decision": 4} and not report.created and not report.changed


def test_faulty_line_stops_everything_unless_skipped(portal_house, source):
    source.write_text(source.read_text() + '{"number": "2021/40", "body": "Unbekannt"}\nkein json\n')
    with pytest.raises(exchange.FaultyInput) as refusal:
        _import(portal_house, source)
    assert [(fault.line, fault.field) for fault in refusal.value.report.faults] == [(5, "body"), (6, "")]
    with portal_house.reading() as connection:
        assert ledger.position(connection) == 0
    assert len(_import(portal_house, source, skip_faulty=True).faults) == 2
    with portal_house.reading() as connection:
        assert Reader(connection).page("/beschluss/2021/39") is not None


def test_number_that_exists_twice_in_one_file_is_refused(portal_house, source):
    source.write_text(source.read_text() + json.dumps(LINES[0] | {"title": "Anders"}) + "\n")
    with pytest.raises(exchange.FaultyInput) as refusal:
        _import(portal_house, source)
    assert "nur einmal" in refusal.value.report.faults[0].message


def test_correction_adds_an_edition_with_its_note(portal_house, source):
    _import(portal_house, source)
    source.write_text(json.dumps(LINES[0] | {"text": "1. Zustimmung mit Auflage."}) + "\n")
    assert _import(portal_house, source).corrected == 1
    with portal_house.reading() as connection:
        reader = Reader(connection)
        page = reader.page("/beschluss/2021/39")
        assert [version.edition for version in page.versions] == [2, 1] and page.versions[0].note
        assert "Auflage" not in reader.page("/beschluss/2021/39", edition=1).html
        assert "<ins>" in reader.compare("/beschluss/2021/39", 1, 2).html


def test_withdrawn_text_is_gone_from_every_reader(portal_house, source):
    _import(portal_house, source)
    assert len(_found(portal_house, "Marktplatz")) == 1
    _act(portal_house, "/beschluss/2021/39", transition.withdraw, "Falscher Text.")
    with portal_house.reading() as connection:
        for stand in (None, dt.date(2022, 1, 1)):
            reader = Reader(connection, stand=stand)
            assert reader.page("/beschluss/2021/39") is None
            assert reader.page("/beschluss/2021/39", edition=1) is None
            assert all(entry.url != "/beschluss/2021/39" for entry in reader.list_page("decision", filters={}).entries)
        assert Reader(connection).withdrawn("/beschluss/2021/39").reason == "Falscher Text."
        assert Reader(connection).page("/beschluss/2024/13").outgoing[0].target.url is None
    assert (
        _found(portal_house, "Marktplatz") == _found(portal_house, "Marktplatz", end_of_day(dt.date(2022, 1, 1))) == []
    )


def test_reader_sees_the_portal_as_of_a_day(portal_house, source):
    _import(portal_house, source)
    with portal_house.reading() as connection:
        reader = Reader(connection, stand=dt.date(2022, 3, 1))
        assert reader.page("/beschluss/2024/13") is None
        assert reader.page("/beschluss/2021/39").incoming == ()
        assert reader.list_page("decision", filters={}).paging.total == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET note = 'x'",
        "DELETE FROM ledger_entry",
        "DELETE FROM edition",
        "UPDATE edition SET document = 'x'",
    ],
)
def test_database_refuses_to_change_the_past(portal_house, source, statement):
    _import(portal_house, source)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), portal_house.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_changed_edition_is_named_by_verify_even_when_the_guard_is_gone(portal_house, source):
    _import(portal_house, source)
    with portal_house.engine.begin() as connection:
        models.edition.drop_guards(connection)
        connection.execute(
            sa.text(
                "UPDATE edition SET document = replace(document, 'Zustimmung', 'Ablehnung') WHERE url = '/beschluss/2021/39'"
            )
        )
    with portal_house.reading() as connection:
        _, fault = ledger.verify(connection, portal_house.public_keys)
        wrong = connection.execute(sa.text("SELECT position FROM edition WHERE url = '/beschluss/2021/39'")).scalar()
    assert (fault.position, fault.code) == (wrong, "wrong_edition")


def test_export_is_found_right_by_the_checker(portal_house, source):
    _import(portal_house, source)
    with portal_house.reading() as connection:
        lines = list(
            exchange.export_lines(connection, portal="https://b.example", public_keys=portal_house.public_keys)
        )
    from tests.unit.test_ledger import checker

    assert checker.check(iter(lines), {}) == (10, None)


def test_chain_goes_on_behind_what_a_savepoint_gave_up(portal_house, source):
    _import(portal_house, source)
    with portal_house.writing("test") as work:
        given_up = work.session.begin_nested()
        transition.withdraw(work.desk, lookup.find(work.session, "/beschluss/2021/39"), "Versehen.")
        given_up.rollback()
        for number in ("2021/39", "2024/13"):
            transition.withdraw(work.desk, lookup.find(work.session, f"/beschluss/{number}"), "Falscher Text.")
    with portal_house.reading() as connection:
        assert ledger.verify(connection, portal_house.public_keys) == (12, None)


def test_what_came_in_before_histories_said_so_gets_its_line_once(portal_house):
    with portal_house.writing("test") as work:
        edit.save(
            work.session,
            "body",
            clean_item("body", {"slug": "it-planungsrat", "name": "Rat", "number_pattern": "YYYY/NN"}),
            now=work.desk.now,
        )
        for number, notice in (("2020/01", None), ("2020/02", {"date": "2020-03-01", "url": None})):
            value = clean_item(
                "decision",
                {
                    "body": "it-planungsrat",
                    "number": number,
                    "title": "T",
                    "text": "1. x",
                    "date": "2020-02-03",
                    "gazette_notice": notice,
                },
            )
            row = edit.save(work.session, "decision", value, now=work.desk.now).item
            transition.publish_now(work.desk, row)
            row.procedure_state = "gazetted" if notice else "adopted"
    for _ in range(2):
        database.downgrade(portal_house.engine, "0024e")
        assert database.migrate(portal_house.engine)
    with portal_house.writing("test") as work:
        rows = [lookup.find(work.session, f"/beschluss/2020/0{number}") for number in (1, 2)]
        told = [
            [(line.source, line.target, line.comment) for line in transition.history(work.session, row, DECISION)]
            for row in rows
        ]
        assert all(line.at == row.public_at for row in rows for line in transition.history(work.session, row, DECISION))
    assert told == [
        [("draft", "adopted", "beschlossen am 03.02.2020")],
        [("draft", "gazetted", "beschlossen am 03.02.2020, bekannt gegeben am 01.03.2020")],
    ]
