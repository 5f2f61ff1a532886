"""How a recommendation came to where it stands, told by a line: walked as at the desk, kept once, shown, exported."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.services.base import lookup
from content.services.council import ballots
from content.services.exchange import exchange, roads
from content.services.exchange.exchange import FaultyInput
from content.services.workflow import transition
from tests.functional.test_decided import BODY, DECISION
from tests.functional.test_desk import form_of, step
from workflows.recommendation import RECOMMENDATION

SLUG = "tun"
URL = f"/empfehlung/{SLUG}"
ADOPTING = DECISION | {"recommendations": [SLUG], "vote": {"others": "yes"}}
ROAD = [
    {"date": "2019-11-05", "state": "proposed"},
    {"date": "2020-02-03", "state": "adopted", "decision": "2020/01"},
    {"date": "2020-03-01", "state": "implementing", "note": "Mit dem Haushalt 2020."},
]
LINE = {
    "type": "recommendation",
    "slug": SLUG,
    "title": "Bitte tun",
    "text": "Es wird getan.",
    "addressees": ["Berlin", "Hamburg"],
    "road": ROAD,
}


@pytest.fixture
def take(house, tmp_path):
    def lines(*rows, **more):
        path = tmp_path / "lines.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        with house.writing("import") as work:
            return exchange.Importer(work.desk, is_publishing=True, **more).read([path])

    return lines


def _faults(take, *rows):
    with pytest.raises(FaultyInput) as refused:
        take(*rows)
    return [(fault.line, fault.field, fault.message) for fault in refused.value.report.faults]


def _data(house):
    with house.reading() as connection:
        documents = connection.scalars(
            sa.select(models.Edition.document).where(models.Edition.url == URL).order_by(models.Edition.number)
        )
        return [json.loads(document)["data"] for document in documents]


def _history(work):
    return transition.history(work.session, lookup.find(work.session, URL), RECOMMENDATION)


def _exported(house):
    with house.writing("export") as work:
        return [json.loads(line) for line in exchange.working_lines(work.session)]


def test_a_road_becomes_the_history_with_its_own_days_and_the_public_reads_it(house, take):
    take(BODY, ADOPTING, LINE)
    (data,) = _data(house)
    assert (data["state"], data["decisions"]) == ("implementing", ["/beschluss/rat/2020/01"])
    assert [(row["state"], row["at"][:10], row["decision"]) for row in data["road"]] == [
        ("proposed", "2019-11-05", None),
        ("adopted", "2020-02-03", "/beschluss/rat/2020/01"),
        ("implementing", "2020-03-01", None),
    ]
    with house.writing("test") as work:
        told = [(row.transition, row.source, row.target, row.actor_name, row.comment) for row in _history(work)]
        assert told == [
            ("propose", "draft", "proposed", "Import", ""),
            ("adopt", "proposed", "adopted", "Import", ""),
            ("start", "adopted", "implementing", "Import", "Mit dem Haushalt 2020."),
        ]
        assert all(row.at < row.recorded_at for row in _history(work))


def test_the_same_line_again_changes_nothing_and_a_longer_road_goes_on(house, take):
    shorter = LINE | {"road": ROAD[:2]}
    take(BODY, ADOPTING, shorter)
    again = take(ADOPTING, shorter)
    assert (again.unchanged, again.corrected) == ({"decision": 1, "recommendation": 1}, 0)
    assert take(LINE).corrected == 1
    assert take(LINE).unchanged == {"recommendation": 1}
    assert [[row["state"] for row in data["road"]] for data in _data(house)] == [
        ["proposed", "adopted"],
        ["proposed", "adopted", "implementing"],
    ]


def test_export_tells_the_road_and_brings_it_back_equal(house, other_house, take, tmp_path):
    take(BODY, ADOPTING, LINE)
    lines = _exported(house)
    (told,) = [line for line in lines if line["type"] == "recommendation"]
    assert (told["road"], told["state"], told["decisions"]) == (ROAD, "implementing", ["2020/01"])
    assert take(*lines).unchanged == {"body": 1, "decision": 1, "recommendation": 1}
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    with other_house.writing("import") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])
    assert _exported(other_house) == lines and _data(other_house)[-1]["road"] == _data(house)[-1]["road"]


def test_an_export_from_before_a_replacement_had_to_give_its_reason_is_taken(house, other_house, take, tmp_path):
    replaced = LINE | {"road": [*ROAD, {"date": "2021-05-01", "state": "superseded", "decision": "2020/01"}]}
    take(BODY, ADOPTING, replaced)
    assert _data(house)[-1]["replacement"]["reason"] == roads.UNTOLD
    assert take(BODY, ADOPTING, replaced).unchanged == {"body": 1, "decision": 1, "recommendation": 1}
    with house.engine.begin() as connection:  # as the portal of that time kept it
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'step_entry'"
        ).all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        assert (
            connection.execute(
                sa.update(models.StepEntry).where(models.StepEntry.target == "superseded").values(comment="")
            ).rowcount
            == 1
        )
    lines = _exported(house)
    (told,) = [line for line in lines if line["type"] == "recommendation"]
    assert told["road"][-1]["note"] == roads.UNTOLD
    assert take(*lines).unchanged == {"body": 1, "decision": 1, "recommendation": 1}
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    with other_house.writing("import") as work:
        exchange.Importer(work.desk, is_publishing=True).read([path])
    assert _exported(other_house) == lines


def test_a_public_export_ends_the_road_where_the_public_edition_does(house, take):
    take(BODY, ADOPTING, LINE | {"road": ROAD[:2]})
    with house.writing("test") as work:
        item = lookup.find(work.session, URL)
        known = {
            "version": RECOMMENDATION.version,
            "workflow": RECOMMENDATION.name,
            **transition.recorded(work.desk, item),
        }
        line = {
            "transition": "start",
            "source": "adopted",
            "target": "implementing",
            "at": work.desk.now,
            "comment": "Noch nicht öffentlich.",
            "decision_url": None,
        }
        transition.keep(work.session, [{**known, **line}])
        item.procedure_state = "implementing"
        full = [json.loads(line) for line in exchange.working_lines(work.session, is_full=True)]
    (public,) = [line for line in _exported(house) if line["type"] == "recommendation"]
    assert (public["state"], public["road"]) == ("adopted", ROAD[:2])
    assert "Noch nicht öffentlich." in json.dumps(full, ensure_ascii=False)


@pytest.mark.on_both_databases
def test_what_the_desk_did_since_is_not_set_back_by_a_line_that_tells_less(desk, tmp_path):
    house, browser = desk

    def take(*rows):
        path = tmp_path / "lines.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows))
        with house.writing("import") as work:
            return exchange.Importer(work.desk, is_publishing=True).read([path])

    take(ADOPTING | {"body": "it-planungsrat"}, LINE | {"road": ROAD[:1]})
    with house.writing("test") as work:
        target = f"/redaktion/eintrag/{lookup.find(work.session, URL).id}"
    app = browser("gerda", "secretariat")
    form = step(app.get(target), "adopt")
    form["decision"] = "/beschluss/2020/01"
    form.submit(status=303)
    step(app.get(target), "start").submit(status=303)
    assert take(LINE | {"road": ROAD[:1]}).unchanged == {"recommendation": 1}
    assert take(LINE | {"road": ROAD[:1], "text": "Anders."}).corrected == 1
    data = _data(house)[-1]
    assert (data["state"], data["decisions"], [row["state"] for row in data["road"]]) == (
        "implementing",
        ["/beschluss/2020/01"],
        ["proposed", "adopted", "implementing"],
    )
    (told,) = [line for line in _exported(house) if line.get("slug") == SLUG and line["type"] == "recommendation"]
    assert [row["state"] for row in told["road"]] == ["proposed", "adopted", "implementing"]
    assert take(told).unchanged == {"recommendation": 1}
    text = app.get(target).text
    assert "05.11.2019 (übernommen" in text and "Vorschlagen" in text


NEVER = {"date": "2020-01-01", "state": "rejected"}


@pytest.mark.parametrize(
    ("road", "field", "words"),
    [
        (
            [{"date": "2020-02-03", "state": "adopted", "decision": "2020/01"}],
            "road.1.state",
            "Von „Entwurf“ führt kein Schritt zu „beschlossen“. Möglich: proposed",
        ),
        ([ROAD[0], {"date": "2020-02-03", "state": "adopted"}], "road.2.decision", "Der Beschluss fehlt"),
        ([ROAD[0], ROAD[1] | {"decision": "2020/09"}], "road.2.decision", "gibt es nicht"),
        ([ROAD[0], ROAD[1] | {"decision": "2020/02"}], "road.2.decision", "nennt diese Empfehlung nicht"),
        ([ROAD[0], ROAD[1] | {"decision": "2020/03"}], "road.2.decision", "keine Abstimmung eingetragen"),
        ([ROAD[0], ROAD[1] | {"date": "2020-02-02"}], "road.2.date", "vor dem des Beschlusses"),
        ([ROAD[0] | {"date": "2020-02-04"}, ROAD[1]], "road.2.date", "vor dem des vorigen Schritts (04.02.2020)"),
        ([ROAD[0] | {"date": "2199-01-01"}], "road.1.date", "Zukunft"),
        ([{"state": "proposed"}], "road.1.date", "fehlt"),
        ([{"date": "neulich", "state": "proposed"}], "road.1.date", "kein Tag"),
        ([{"date": "2020-01-01", "state": "fertig"}], "road.1.state", "nicht vorgesehen"),
        ([{"date": "2020-01-01", "state": "proposed", "wer": "ich"}], "road.1.wer", "unbekannt"),
        ("proposed", "road", "Liste"),
        ([ROAD[0], NEVER], "road.2.note", "Hinweis fehlt"),
        ([ROAD[0], NEVER | {"note": "Nein."}, ROAD[1]], "road.3.state", "Möglich: keiner"),
        (
            [*ROAD, {"date": "2020-04-01", "state": "implemented"}],
            "road.4.note",
            "Bestätigte Umsetzung fehlt von: Berlin, Hamburg",
        ),
        (
            [{"date": "2020-02-03", "state": "adopted", "taken_over": True}],
            "road.1.taken_over",
            "So übernommen werden kann nur",
        ),
        (
            [ROAD[0], {"date": "2020-02-03", "state": "postponed", "taken_over": True}],
            "road.2.taken_over",
            "nur der Anfang",
        ),
    ],
)
def test_a_wrong_road_is_named_with_line_field_reason_and_remedy_and_nothing_is_taken(house, take, road, field, words):
    others = [
        DECISION | {"number": "2020/02", "vote": {"others": "yes"}},
        DECISION | {"number": "2020/03", "recommendations": [SLUG]},
    ]
    ((line, name, message),) = _faults(take, BODY, ADOPTING, *others, LINE | {"road": road})
    assert (line, name) == (5, field) and words in message
    assert take(BODY, ADOPTING, *others, LINE | {"road": road}, skip_faulty=True).created == {"body": 1, "decision": 3}
    with house.writing("test") as work:
        assert lookup.find(work.session, URL) is None


def test_a_vote_that_failed_adopts_nothing(house, take):
    take(BODY, ADOPTING)
    with house.writing("test") as work:
        decision = lookup.find(work.session, "/beschluss/rat/2020/01")
        vote = ballots.vote_of(work.session, decision)
        for ballot in vote.ballots:
            ballot.choice = "no"
    ((_, field, message),) = _faults(take, LINE)
    assert field == "road.2.decision" and "Die Abstimmung reicht nicht" in message


def test_state_and_end_of_the_road_agree_and_a_road_that_was_kept_is_not_changed(take):
    ((_, field, message),) = _faults(take, BODY, ADOPTING, LINE | {"state": "adopted"})
    assert field == "state" and "endet aber bei „in Umsetzung“" in message
    take(BODY, ADOPTING, LINE)
    for other in ([ROAD[0] | {"date": "2019-11-06"}, *ROAD[1:]], [*ROAD[:2], ROAD[2] | {"note": "Anders."}]):
        ((_, field, message),) = _faults(take, LINE | {"road": other})
        assert field == "road" and "bleibt" in message


BARE = {name: value for name, value in LINE.items() if name != "road"}


@pytest.mark.parametrize("state", ["adopted", "implementing", "implemented", "superseded"])
def test_adopted_is_nothing_without_a_road_to_a_vote(house, take, state):
    ((_, field, message),) = _faults(take, BODY, ADOPTING, BARE | {"state": state, "decisions": ["2020/01"]})
    assert field == "road" and "nur durch einen Beschluss" in message and "„proposed“" in message
    take(BODY, ADOPTING, BARE | {"state": "proposed"})
    ((_, field, _),) = _faults(take, BARE | {"state": state})
    assert field == "road"
    assert [data["state"] for data in _data(house)] == ["proposed"]


def test_what_stands_before_adoption_is_taken_over_as_it_stands_and_may_be_gone_on_with(house, take):
    take(BODY, ADOPTING, BARE | {"state": "postponed"})
    with house.writing("test") as work:
        assert [(row.transition, row.source, row.target, row.comment) for row in _history(work)] == [
            ("import", "draft", "postponed", "vertagt")
        ]
    assert _data(house)[0]["road"] == []
    take(BARE | {"state": "proposed"})
    ((_, field, _),) = _faults(take, LINE | {"road": ROAD[1:]})
    assert field == "road.1.state"
    take(LINE)
    assert [row["state"] for row in _data(house)[-1]["road"]] == ["proposed", "adopted", "implementing"], (
        "the road was added later"
    )
    ((_, field, message),) = _faults(take, BARE | {"state": "proposed", "text": "Anders."})
    assert field == "state" and "schon „in Umsetzung“" in message


def test_a_road_may_begin_with_a_state_taken_over_and_comes_back_so(house, take):
    road = [
        {"date": "2019-11-05", "state": "postponed", "taken_over": True},
        {"date": "2019-12-01", "state": "proposed"},
        *ROAD[1:],
    ]
    take(BODY, ADOPTING, LINE | {"road": road})
    assert [row["state"] for row in _data(house)[0]["road"]] == ["proposed", "adopted", "implementing"]
    lines = _exported(house)
    assert [line["road"] for line in lines if line["type"] == "recommendation"] == [road]
    assert take(*lines).unchanged["recommendation"] == 1


def test_implemented_needs_confirmed_reports_or_a_reason_and_the_export_says_on_what_it_rests(house, take):
    done = {"date": "2020-04-01", "state": "implemented", "note": "Beide Länder haben es in der Sitzung gesagt."}
    take(BODY, ADOPTING, LINE | {"road": [*ROAD, done]})
    assert _data(house)[0]["state"] == "implemented"
    (told,) = [line for line in _exported(house) if line["type"] == "recommendation"]
    assert told["road"][-1] == done


@pytest.mark.on_both_databases
def test_every_example_recommendation_was_adopted_by_a_vote_on_a_decision_that_names_it_and_says_that_it_is_an_example(
    portal,
):
    app, house = portal
    with house.writing("test") as work:
        rows = work.session.scalars(sa.select(models.Recommendation)).all()
        adopted = [row for row in rows if row.procedure_state not in RECOMMENDATION.unguarded()]
        assert len(adopted) == 8 and len(rows) == 12
        for row in adopted:
            (entry,) = [
                line for line in transition.history(work.session, row, RECOMMENDATION) if line.transition == "adopt"
            ]
            decision = lookup.find(work.session, entry.decision_url)
            assert row.url in decision.recommendation_urls and ballots.result_of(work.session, decision).passed
            assert "Beispielangabe" in decision.source_note and "annehmende" in row.text
        assert all(
            transition.history(work.session, row, RECOMMENDATION)[-1].target == row.procedure_state for row in rows
        )
    page = app.get("/empfehlung/kontaktstellen").html
    road = page.find(id="weg").find_next("ol").get_text(" ", strip=True)
    assert [
        words in road
        for words in (
            "22. Juni 2021 : Vorgeschlagen",
            "29. Oktober 2021 : Beschlossen",
            "Beschluss 2021/34",
            "30. April 2022 : In Umsetzung",
        )
    ] == [True] * 4
    assert page.find("dt", string="Am Zug").find_next("dd").get_text() == "13 von 16 Adressaten"
    assert (
        "noch nicht darüber beschlossen"
        in app.get("/empfehlung/innovationsfonds").html.find("dt", string="Am Zug").find_next("dd").get_text()
    )
    assert app.get("/empfehlung/experimentierklausel").html.find("dt", string="Am Zug") is None
    waiting = page.find(id="umsetzung").find_next("p").get_text()
    assert "3 von 16" in waiting and "Noch offen:" in waiting and "Bayern" in waiting and "Berlin" not in waiting


def test_the_desk_says_which_decision_names_a_recommendation_before_it_goes(desk):
    house, browser = desk
    with house.writing("test") as work:
        number = lookup.find(work.session, "/empfehlung/kontaktstellen").id
    users = browser("gerda", "secretariat").get(f"/redaktion/eintrag/{number}").html.find(id="verweise")
    assert "Beschleunigung der Digitalisierung" in users.get_text()


def test_a_form_with_a_forged_state_moves_nothing(desk):
    house, browser = desk
    app = browser("gerda", "secretariat")
    form = form_of(app.get("/redaktion/neu/recommendation"))
    assert "state" not in form.fields
    form["slug"], form["title"], form["text"] = "gefaelscht", "Gefälscht", "Tun."
    app.post(form.action, [*form.submit_fields(), ("state", "implemented")], status=303)
    with house.writing("test") as work:
        assert lookup.find(work.session, "/empfehlung/gefaelscht").procedure_state in {None, "draft"}
        number = lookup.find(work.session, "/empfehlung/zeit-fuer-erprobung").id
    form = form_of(app.get(f"/redaktion/eintrag/{number}/bearbeiten"))
    form["title"] = "Zeit"
    app.post(form.action, [*form.submit_fields(), ("state", "implemented")], status=303)
    with house.writing("test") as work:
        row = work.session.get(models.Item, number)
        assert (row.title, row.procedure_state) == ("Zeit", "proposed")
