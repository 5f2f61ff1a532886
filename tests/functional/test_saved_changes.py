"""A saved change is a saved change: whatever a step wrote into a row before, and whatever the row said earlier."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import clean_item
from content.services.base import lookup
from content.services.council import ballots, numbering
from content.services.editing import edit
from content.services.reports import report_files, report_recommendations, reports
from content.services.reports.reports import Author
from content.services.workflow import en_bloc, transition
from portal.web.incoming import store_file
from workflows.decision import DECISION
from workflows.recommendation import RECOMMENDATION

pytestmark = pytest.mark.on_both_databases
NOW = dt.datetime.now(dt.UTC)
ROOT = Path(__file__).parent.parent.parent
AUTHOR = Author("lena", "Lena Leitung", NOW)


def _members(body):
    return dict.fromkeys([member.code for member in body.members if member.kind != "advisory"], "yes")


def _decision(work, **more):
    value = clean_item(
        "decision",
        {
            "body": "it-planungsrat",
            "title": "Probe",
            "meeting": "/sitzung/36",
            "text": "1. Der IT-Planungsrat beschließt.",
            **more,
        },
    )
    return edit.save(work.session, "decision", value, now=NOW).item


def _moved_to_another_session(work):
    row = _decision(work)
    yield row
    transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/1"})


def _adopted(work):
    row = _decision(work)
    transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/36"})
    ballots.record(work.desk, row, _members(row.body))
    yield row
    transition.take(work.desk, row, DECISION, "adopt")


def _numbered(work):
    row = _decision(work)
    yield row
    numbering.give_number(work.desk, row)


def _adopted_by_a_decision(work):
    row = lookup.find(work.session, "/empfehlung/efa-vorrang")
    row.procedure_state = "proposed"
    value = clean_item("recommendation", {**row.input, "state": "proposed", "decisions": []})
    edit.save(work.session, "recommendation", value, now=NOW, item=row)
    decision = lookup.find(work.session, "/beschluss/2021/39")
    decision.recommendation_urls = [row.url]
    if ballots.vote_of(work.session, decision) is None:
        decision.procedure_state = "on_agenda"
        ballots.record(work.desk, decision, _members(decision.body))
        transition.take(work.desk, decision, DECISION, "adopt")
    yield row
    transition.take(work.desk, row, RECOMMENDATION, "adopt", {"decision": "2021/39"})


def _adopted_en_bloc(work):
    agenda = [{"top": "1", "title": "Alpha", "goal": "decision", "list": "green"}]
    meeting = edit.save(
        work.session,
        "meeting",
        clean_item("meeting", {"body": "it-planungsrat", "kind": "special", "date": "2012-05-05", "agenda": agenda}),
        now=NOW,
    ).item
    row = _decision(work, title="Alpha", meeting=meeting.url)
    transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": meeting.url})
    yield meeting
    en_bloc.adopt(work.desk, meeting, _members(meeting.body))


def _section_saved(work):
    row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id).limit(1)).one()
    yield row
    section = row.sections[0]
    section.text, section.rev = f"{section.text}\n\nNoch ein Absatz.", section.rev + 1
    reports.keep(work.session, row, AUTHOR, "Abschnitt geändert", section)


def _section_made_a_recommendation(work):
    row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id).limit(1)).one()
    section = next(one for one in row.sections if one.text and not one.recommendation_url)
    yield row
    report_recommendations.make(work.session, row, section.uid, addressees=["Bund"], author=AUTHOR)


def _file_taken_into_a_report(work):
    row = work.session.scalars(sa.select(models.Report).order_by(models.Report.id).limit(1)).one()
    yield row
    about = {"title": "Liste"}
    report_files.add(
        work.session, row, name="liste.csv", body=b"a;b\n1;2\n", about=about, author=AUTHOR, store=store_file(work)
    )


ROADS = [
    _moved_to_another_session,
    _adopted,
    _numbered,
    _adopted_by_a_decision,
    _adopted_en_bloc,
    _section_saved,
    _section_made_a_recommendation,
    _file_taken_into_a_report,
]


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__.strip("_"))
def test_after_a_step_wrote_into_a_row_every_change_of_it_is_still_a_change(portal, road):
    _, house = portal
    with house.writing("test") as work:
        walk = road(work)
        row = next(walk)
        before = dict(row.input)
        assert next(walk, None) is None
        work.session.flush()
        assert row.input != before and row.input_digest == edit.digest(row.input)
        procedure = transition.procedure_of(row)
        lines = transition.history(work.session, row, procedure) if procedure is not None else []
        if lines:
            assert lines[-1].sha256 == row.input_digest, "the history names the text that the step left"
        assert _save(work, row, row.input) is edit.Outcome.UNCHANGED
        # What no form sets stays, as in `portal.desk.typed.with_hidden`; another word makes it a change where nothing else was written.
        earlier = {**before, **({"number": row.input["number"], "title": "Anders"} if row.kind == "decision" else {})}
        rev = row.rev
        assert _save(work, row, earlier) is edit.Outcome.CHANGED
        assert row.rev == rev + 1 and row.input_digest == edit.digest(row.input)
        assert clean_item(row.kind, row.input) == clean_item(row.kind, earlier)


def test_a_decision_put_back_to_its_session_is_saved(portal):
    _, house = portal
    with house.writing("test") as work:
        row = _decision(work)
        before = dict(row.input)
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": "/sitzung/1"})
        assert _save(work, row, before) is edit.Outcome.CHANGED
        assert row.meeting.url == row.input["meeting"] == "/sitzung/36"


def _save(work, row, given):
    return edit.save(
        work.session, row.kind, clean_item(row.kind, given), now=NOW, files=_Kept(row), item=row, rev=row.rev
    ).outcome


class _Kept:
    def __init__(self, row):
        self._known = edit.files_of(row)

    def attachment(self, name, field):
        return self._known[name.rsplit("/", 1)[-1]]

    image = attachment


def test_an_import_of_the_same_line_sets_nothing_back(portal):
    _, house = portal
    with house.writing("test") as work:
        row = lookup.find(work.session, "/beschluss/2021/39")
        line = clean_item("decision", row.input)
        edit.save(work.session, "decision", line, now=NOW)
        row.procedure_state = "prepared"
        other = "/sitzung/1" if row.input["meeting"] != "/sitzung/1" else "/sitzung/36"
        transition.take(work.desk, row, DECISION, "put_on_agenda", {"meeting": other})
        assert edit.save(work.session, "decision", line, now=NOW).outcome is edit.Outcome.UNCHANGED
        assert row.meeting.url == row.input["meeting"] == other


OWNED = {"input", "input_digest", "told_digest"}
OWNER = "content/services/editing/edit.py"
ANOTHER_TABLE = {"content/services/editing/form_drafts.py"}
"""What a person typed and has not saved has a column of this name as well."""


def _modules():
    return [
        path
        for package in ("workflows", "content", "portal")
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations/versions" not in path.as_posix()
    ]


def _targets(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.Delete):
            yield from node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For | ast.NamedExpr):
            yield node.target


def _writes(tree):
    """Lines that set one of the columns: as an attribute, by name, or as a column of a statement."""
    for target in _targets(tree):
        for one in ast.walk(target):
            held = one.value if isinstance(one, ast.Subscript) else one
            if isinstance(held, ast.Attribute) and held.attr in OWNED and isinstance(one.ctx, ast.Store | ast.Del):
                yield one.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            is_named = name == "values" and any(word.arg in OWNED for word in node.keywords)
            is_set = name in {"setattr", "set_committed_value"} and any(
                isinstance(one, ast.Constant) and one.value in OWNED for one in node.args
            )
            if is_named or is_set:
                yield node.lineno
        if isinstance(node, ast.Dict) and any(
            isinstance(key, ast.Constant) and key.value in {"input_digest", "told_digest"} for key in node.keys
        ):
            yield node.lineno


def test_one_module_alone_writes_an_input():
    found = {
        f"{name}:{line}"
        for path in _modules()
        for name in [path.relative_to(ROOT).as_posix()]
        if name not in {OWNER, *ANOTHER_TABLE}
        for line in _writes(ast.parse(path.read_text()))
    }
    assert found == set(), "use edit.follow"


@pytest.mark.parametrize(
    "code",
    [
        "row.input = {}",
        "row.input['a'] = 1",
        "row.input_digest = 'x'",
        "row.a, row.told_digest = 1, 2",
        "setattr(row, 'input', {})",
        "sa.update(t).values(input={})",
        "values({'input_digest': None})",
        "del row.input['a']",
    ],
)
def test_the_search_for_writers_finds_each_way_to_write(code):
    assert list(_writes(ast.parse(code)))
