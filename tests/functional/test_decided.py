"""What lines and lists tell beside texts: votes, statements for the record, reports of implementation."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import lookup
from content.services.council import ballots, declarations
from content.services.exchange import exchange
from content.services.exchange.exchange import FaultyInput
from content.services.workflow import transition
from workflows.engine import Blocked
from workflows.vocabulary import ROLES

MEMBERS = [
    {"code": "BUND", "name": "Bund", "kind": "federal"},
    {"code": "BE", "name": "Berlin", "kind": "land"},
    {"code": "HH", "name": "Hamburg", "kind": "land"},
]
BODY = {
    "type": "body",
    "slug": "rat",
    "name": "Rat",
    "number_pattern": "YYYY/NN",
    "voting_rule": "empfehlung",
    "members": MEMBERS,
}
DECISION = {
    "type": "decision",
    "body": "rat",
    "number": "2020/01",
    "text": "1. Der Rat beschließt.",
    "date": "2020-02-03",
}
URL = "/beschluss/rat/2020/01"


@pytest.fixture
def take(house, tmp_path):
    def lines(*rows):
        path = tmp_path / "lines.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        with house.writing("test") as work:
            return exchange.Importer(work.desk, is_publishing=True).read([path])

    return lines


def _data(house):
    with house.reading() as connection:
        documents = connection.scalars(
            sa.select(models.Edition.document).where(models.Edition.url == URL).order_by(models.Edition.number)
        )
        return [json.loads(document)["data"] for document in documents]


def _faults(take, *rows):
    with pytest.raises(FaultyInput) as refused:
        take(*rows)
    return [(fault.field, fault.message) for fault in refused.value.report.faults]


def test_a_line_brings_vote_and_statements_into_the_first_edition(house, take):
    vote = {"ballots": {"HH": "abstain"}, "others": "yes", "circulation": True, "note": "Laut Niederschrift."}
    take(BODY, DECISION | {"vote": vote, "statements": [{"members": ["HH"], "text": "Hamburg prüft noch."}]})
    (data,) = _data(house)
    assert {row["code"]: row["choice"] for row in data["vote"]["ballots"]} == {
        "BUND": "yes",
        "BE": "yes",
        "HH": "abstain",
    }
    assert (data["vote"]["note"], data["vote"]["circulation"], data["vote"]["passed"]) == (
        "Laut Niederschrift.",
        True,
        True,
    )
    assert data["statements"][0]["members"] == ["Hamburg"]


def test_what_comes_in_with_a_number_is_adopted_and_announced_where_the_gazette_has_it(house, take):
    take(
        BODY,
        DECISION,
        DECISION | {"number": "2020/02", "gazette_notice": {"date": "2020-03-01", "url": "https://gazette.example/1"}},
    )
    with house.writing("test") as work:
        states = [lookup.find(work.session, f"/beschluss/rat/2020/0{number}").procedure_state for number in (1, 2)]
    assert states == ["adopted", "gazetted"]


def test_a_vote_that_comes_later_makes_an_edition_that_says_so_and_the_same_line_again_nothing(house, take):
    take(BODY, DECISION)
    told = DECISION | {"vote": {"others": "yes"}}
    assert take(BODY, told).corrected == 1
    assert take(BODY, told).corrected == 0
    assert ["vote" in data for data in _data(house)] == [False, True]
    with house.reading() as connection:
        notes = connection.scalars(
            sa.select(models.Edition.note).where(models.Edition.url == URL).order_by(models.Edition.number)
        ).all()
    assert "Abstimmung nachgetragen" in notes[1]


def test_recorded_votes_are_not_changed_by_a_line(take):
    take(BODY, DECISION | {"vote": {"others": "yes"}})
    ((field, message),) = _faults(take, DECISION | {"vote": {"ballots": {"BE": "no"}, "others": "yes"}})
    assert field == "vote.ballots" and "schon eingetragen" in message


@pytest.mark.parametrize(
    ("beside", "field", "words"),
    [
        ({"vote": {"ballots": {"BE": "vielleicht"}}}, "vote.ballots", "keine Stimme"),
        ({"vote": {"ballots": ["BE"]}}, "vote.ballots", "Zuordnung"),
        ({"vote": {"ballots": {"XX": "yes"}, "others": "yes"}}, "ballots", "XX"),
        ({"vote": {"others": "yes", "rule": "würfeln"}}, "vote.rule", "nicht vorgesehen"),
        ({"vote": {"others": "yes", "circulation": "ja"}}, "vote.circulation", "true oder false"),
        ({"vote": {"others": "yes", "stimmen": {}}}, "vote.stimmen", "unbekannt"),
        ({"vote": {"others": "no"}}, "ballots", "nicht zustande gekommen"),
        ({"statements": [{"members": ["XX"], "text": "a"}]}, "statements.1.members", "Mitglied"),
        ({"statements": [{"members": ["BE"]}]}, "statements.1.text", "fehlt"),
    ],
)
def test_a_wrong_vote_or_statement_is_named_with_its_field_and_nothing_is_taken(house, take, beside, field, words):
    faults = _faults(take, BODY, DECISION | beside)
    assert [name for name, _ in faults] == [field] and words in faults[0][1]
    assert _data(house) == []


def test_a_vote_on_what_was_adopted_is_entered_once_and_must_have_adopted_it(house, take):
    take(BODY, DECISION)
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        row = lookup.find(work.session, URL)
        ballots.record(work.desk, row, {"BUND": "yes", "BE": "yes", "HH": "no"}, note="nachgetragen")
        with pytest.raises(Blocked, match="schon entschieden"):
            ballots.record(work.desk, row, {"BUND": "yes", "BE": "yes", "HH": "yes"})


# --- reports of implementation ---------------------------------------------------------------------------------------

HEADER = "recommendation,addressee,state,date,evidence,note,reported_by,reported_on,confirmed_by,confirmed_on\n"
SLUG = "transparenz-loesungen"


def _rows(house, code):
    with house.writing("test") as work:
        item = lookup.find(work.session, f"/empfehlung/{SLUG}")
        rows = work.session.scalars(
            sa.select(models.Implementation).where(
                models.Implementation.item_id == item.id, models.Implementation.addressee == code
            )
        )
        return [(row.state, row.note, row.confirmed_by) for row in rows]


def _told(house, code):
    (row,) = _rows(house, code)
    return row


def _notes(house, code):
    return [note for _, note, _ in _rows(house, code)]


def _list(house, tmp_path, *rows):
    path = tmp_path / "implementation.csv"
    path.write_text(HEADER + "".join(row + "\n" for row in rows))
    with house.writing("test") as work:
        return exchange.Importer(work.desk, is_publishing=True).read([path])


def test_a_list_of_reports_becomes_public_once_per_recommendation_and_the_same_list_changes_nothing(portal, tmp_path):
    app, house = portal
    row = f"{SLUG},Bayern,done,2024-05-01,https://amt.example/x,Beispielstand,Ministerium,2025-05-02,Geschäftsstelle,2025-05-03"
    told = _list(house, tmp_path, row, f"{SLUG},SL,planned,,,,Ministerium,2025-05-02,,")
    assert told.corrected == 1 and sum(told.created.values()) + sum(told.changed.values()) == 2
    again = _list(house, tmp_path, row)
    assert (again.corrected, again.unchanged) == (0, {"implementation": 1})
    page = app.get(f"/empfehlung/{SLUG}.json").json
    shown = next(one for one in page["data"]["implementation"] if one["code"] == "BY")
    assert (shown["state"], shown["confirmed_by"], shown["reported_at"]) == (
        "done",
        "Geschäftsstelle",
        "2025-05-02T10:00:00Z",
    )


def test_a_newer_report_replaces_an_older_one_and_an_older_one_is_refused(portal, tmp_path):
    _, house = portal
    _list(house, tmp_path, f"{SLUG},SL,running,,,erst,Ministerium,2025-11-02,Geschäftsstelle,2025-11-03")
    _list(house, tmp_path, f"{SLUG},SL,running,,,dann,Ministerium,2025-11-04,,")
    assert _told(house, "SL") == ("running", "dann", None)
    with pytest.raises(FaultyInput, match="1 fehlerhafte"):
        _list(house, tmp_path, f"{SLUG},SL,planned,,,alt,Ministerium,2025-10-01,,")
    assert _told(house, "SL") == ("running", "dann", None)


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("gibtesnicht,BY,running,,,,,,,", 1, "gibt es nicht"),
        ("zeit-fuer-erprobung,BY,running,,,,,,,", 1, "beschlossen, in Umsetzung"),
        (f"{SLUG},Entenhausen,running,,,,,,,", 2, "kein Adressat"),
        (f"{SLUG},BY,fertig,,,,,,,", 3, "nicht vorgesehen"),
        (f"{SLUG},BY,running,gestern,,,,,,", 4, "kein Tag"),
        (f"{SLUG},BY,done,2199-01-01,https://a.example/,,,,,", 4, "nur bis heute"),
        (f"{SLUG},BY,done,,,,,,,", 5, "Nachweis"),
        (f"{SLUG},BY,running,,irgendwo,,,,,", 5, "keine Webadresse"),
        (f"{SLUG},BY,not_applicable,,,,,,,", 6, "warum"),
        (f"{SLUG},BY,running,,,,,2199-01-01,,", 8, "Zukunft"),
        (f"{SLUG},BY,running,,,,,neulich,,", 8, "kein Tag"),
        (f"{SLUG},BY,running,,,,,2025-05-02,,2025-05-03", 9, "geprüft"),
        (f"{SLUG},BY,running,,,,,2025-05-02,G,2025-05-01", 10, "nach der Meldung"),
    ],
)
def test_a_wrong_report_is_named_with_line_and_column_and_nothing_is_taken(portal, tmp_path, row, column, words):
    _, house = portal
    with pytest.raises(FaultyInput) as refused:
        _list(house, tmp_path, f"{SLUG},SL,running,,,stimmt,,2025-11-20,,", row)
    (fault,) = refused.value.report.faults
    assert (fault.line, fault.column) == (3, column) and words in fault.message
    assert _notes(house, "SL") != ["stimmt"]


def test_the_same_report_twice_in_a_list_is_refused(portal, tmp_path):
    _, house = portal
    row = f"{SLUG},SL,running,,,,,2025-11-20,,"
    with pytest.raises(FaultyInput) as refused:
        _list(house, tmp_path, row, row)
    assert "steht schon in Zeile 2" in refused.value.report.faults[0].message


def test_what_is_exported_brings_vote_and_statements_back(house, take):
    vote = {"ballots": {"HH": "abstain"}, "others": "yes", "circulation": True, "note": "Laut Niederschrift."}
    take(
        BODY,
        DECISION | {"vote": vote, "statements": [{"members": ["HH"], "text": "Hamburg prüft noch."}]},
        DECISION | {"number": "2020/02"},
    )
    with house.writing("test") as work:
        lines = [json.loads(line) for line in exchange.working_lines(work.session)]
    told = [line for line in lines if line["type"] == "decision"]
    assert ["vote" in line for line in told] == [True, False]
    assert take(*lines).unchanged == {"body": 1, "decision": 2}
    assert exchange.decided.split("decision", {name: value for name, value in told[0].items() if name != "type"})[1][
        "vote"
    ]["ballots"] == {"BUND": "yes", "BE": "yes", "HH": "abstain"}


def _exported(house, **more):
    with house.viewing("export") as work:
        (line,) = [
            row
            for line in exchange.working_lines(work.session, **more)
            if (row := json.loads(line))["type"] == "decision"
        ]
    return line


def test_a_public_export_tells_no_vote_and_no_statement_that_the_public_edition_does_not_have(house, take):
    take(BODY, DECISION | {"statements": [{"members": ["HH"], "text": "Hamburg prüft noch."}]})
    with house.writing("gerda", permits=ROLES["secretariat"].permits) as work:
        row = lookup.find(work.session, URL)
        declarations.replace_all(work.desk, row, [{"members": ["BE"], "text": "Noch nicht öffentlich."}])
        ballots.record(work.desk, row, {"BUND": "yes", "BE": "yes", "HH": "no"}, note="nachgetragen")
    public, full = _exported(house), _exported(house, is_full=True)
    assert (public["statements"], "vote" in public) == ([{"members": ["HH"], "text": "Hamburg prüft noch."}], False)
    assert (full["statements"][0]["text"], full["vote"]["note"]) == ("Noch nicht öffentlich.", "nachgetragen")
    with house.writing("operator") as work:
        transition.correct(work.desk, lookup.find(work.session, URL), "Nachgetragen")
    assert _exported(house) == full


# --- what the history says of what came in ---------------------------------------------------------------------------


def _history(house, url):
    with house.writing("test") as work:
        item = lookup.find(work.session, url)
        return item.procedure_state, [
            (row.transition, row.source, row.target, row.comment)
            for row in transition.history(work.session, item, transition.procedure_of(item))
        ]


def test_the_history_of_a_decision_that_came_in_agrees_with_where_it_stands(house, take):
    meeting = {"type": "meeting", "body": "rat", "kind": "numbered", "ordinal": 1, "date": "2020-02-04"}
    gazetted = {"number": "2020/02", "gazette_notice": {"date": "2020-03-01", "url": None}}
    take(
        BODY,
        meeting,
        DECISION,
        DECISION | gazetted,
        DECISION | {"number": "2020/03", "date": None, "meeting": "/sitzung/rat/1"},
        DECISION | {"number": "2020/04", "date": None},
    )
    told = [_history(house, f"/beschluss/rat/2020/0{number}") for number in (1, 2, 3, 4)]
    words = [
        "beschlossen am 03.02.2020",
        "beschlossen am 03.02.2020, bekannt gegeben am 01.03.2020",
        "beschlossen am 04.02.2020",
        "beschlossen",
    ]
    assert told == [
        (state, [("import", "draft", state, comment)])
        for state, comment in zip(["adopted", "gazetted", "adopted", "adopted"], words, strict=True)
    ]
    take(BODY, DECISION | {"text": "1. Der Rat beschließt anders."})
    assert len(_history(house, URL)[1]) == 1, "another text is no other state"


def test_the_desk_says_since_when_a_decision_that_came_in_stands(desk):
    house, browser = desk
    with house.writing("test") as work:
        number = lookup.find(work.session, "/beschluss/2021/34").id
    text = browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}").text
    assert "Übernommen" in text and "beschlossen am 29.10.2021, bekannt gegeben am 02.11.2021" in text
