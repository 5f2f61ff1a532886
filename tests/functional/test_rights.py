"""Nobody sees, or changes, what the table of rights keeps from them: every route asked as everybody, for words of every kind and state.

Routes come from the application, roles from `ROLES`, kinds from `KINDS`, states from the workflow, and what is allowed from
`workflows.rights`. A route that has a place nobody fills fails the test: whoever adds one says here how it is asked.
"""

from __future__ import annotations

import re
import shutil

import orjson
import pytest
import sqlalchemy as sa
from pyramid.interfaces import IRoutesMapper

from content import models
from content.database.db import Base
from content.house import House
from content.kinds import KINDS
from content.services.base import rights as asked
from content.services.workflow import desk_lists as queries
from portal.auth.desk import TOKEN
from portal.desk import linking
from portal.views.desk import embargo as embargo_views
from portal.views.desk import implementation, tasks
from portal.views.reports import report_review, reports
from tests.functional.planting import OTHER, OWNER, STATES, WORD, Garden
from workflows import rights
from workflows.catalogue import WORKFLOWS
from workflows.rights import Part
from workflows.vocabulary import ROLES, Effect, Reach

HUMAN = [name for name, role in ROLES.items() if role.is_human]
PEOPLE = {
    f"{role}@{organisation}": ((role, organisation),)
    for role in HUMAN
    for organisation in ("", OWNER, OTHER)
    if not rights.misfit(role, organisation)
}
"""Who asks: every role, everywhere, of the organisation that keeps the planted items and of another one."""
FOREIGN = [name for name in PEOPLE if name.endswith(f"@{OTHER}")]
WORDS = ("Qtitel", "Qtext", "Qkopf", "qslug", "Ziel", "Öffentlich")
QUERIES = {
    "desk.list": [
        *(f"?q={word}" for word in WORDS),
        *(f"?liste={name}" for name in queries.VIEWS),
        f"?haus={OWNER}",
        "?von=pfl",
        "?von=zweite",
        *(f"?zustand={state}" for state in STATES),
        *(f"?art={kind}" for kind in KINDS),
    ],
    "desk.link_targets": [f"?q={word}" for word in WORDS],
    "desk.reuses": ["", "?q=Qtitel"],
    "desk.reuse_new": ["", *(f"?angebot=qslug{number}x" for number in (42, 43, 44))],
    "desk.notices": ["", "?alle=ja"],
    "desk.people": ["", "?q=Qtitel"],
    "desk.audit": [
        "",
        "?worte=Qtitel",
        "?worte=Qkopf",
        "?worte=Qtext",
        "?was=Zurückgeben",
        "?was=Anmerkung",
        "?woran=qslug",
    ],
    "desk.audit_csv": ["?worte=Qtitel"],
    "desk.audit_jsonl": ["?worte=Qkopf"],
    "desk.contacts": [""],
    "search": [f"?q={word}*" for word in WORDS],
    "search_json": [f"?q={word}*" for word in WORDS],
    "search_feed": ["?q=Qtext*"],
    "search_suggest": [f"?q={word}" for word in WORDS],
    "alert.new": ["?q=Qtitel"],
    "matrix": ["", "?art=task"],
    "desk.revisions": ["", "?rev=1"],
    "desk.new": ["", "?wie={id}"],
}
"""What is asked of routes beside their address: lists, searches and suggestions by the planted words."""
TOLD = {
    "secretariat@": {
        "desk.list",
        "desk.item",
        "desk.edit",
        "desk.revisions",
        "desk.link_targets",
        "desk.report",
        "desk.report_word_file",
        "desk.report_section",
        "desk.section_review",
        "desk.new",
        "desk.home",
    }
}
"""Routes that must show planted words to somebody who may see everything."""


@pytest.fixture(scope="module")
def garden(example_data, tmp_path_factory):
    data = tmp_path_factory.mktemp("garden") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    house.made.get = Ordered(tmp_path_factory.mktemp("ordered")).get
    yield Garden(house)
    house.close()


class Ordered:
    """In the place of the process that makes PDFs, kits and Word files: the file is the order itself, so that its words can be read."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, order):
        path = self.folder / order.name
        path.write_bytes(orjson.dumps(order.data))
        return path


def routes(garden, method):
    """(name, pattern) of the routes that take this method."""
    taken = set()
    for view in garden.registry.introspector.get_category("views"):
        methods = view["introspectable"]["request_methods"] or ("GET",)
        if method in ((methods,) if isinstance(methods, str) else methods):
            taken.add(view["introspectable"]["route_name"])
    mapper = garden.registry.getUtility(IRoutesMapper)
    return [(route.name, route.pattern) for route in mapper.get_routes() if route.name in taken]


def _fillings(garden, name, turn, tokens):
    """The values for the places of a route, for one planted item of each kind; `turn` changes in which state they are taken."""
    rows = {}
    for one in garden.items:
        rows.setdefault(one.kind, []).append(one)
    kind_of_route = name.rpartition(".")[2]
    for place, (kind, items) in enumerate(rows.items()):
        if kind_of_route in KINDS and kind != kind_of_route:
            continue
        for one in [
            items[(turn + place + step) % len(items)] for step in ((0, 5, 10) if kind_of_route in KINDS else (0,))
        ]:
            path, tail = one.url.strip("/").split("/", 1)
            uid = one.sections[0] if one.sections else next(x.sections[0] for x in garden.items if x.sections)
            yield {
                "id": str(one.id),
                "kind": kind,
                "uid": uid,
                "tail": tail,
                "slug": tail if path == "bericht" else f"qslug{one.number}x",
                "anchor": "a1",
                "code": "by",
                "token": tokens[place % len(tokens)],
                "secret": "s" * 43,
                "sha256": "0" * 64,
                "name": "x.png",
                "part": "1",
                "old": "1",
                "new": "2",
                "rule": next(iter(linking.RULES)),
                "path": "portal.css",
                "position": "1",
            }
    if "id" in name or "desk." in name:
        for number in garden.targets.values():
            yield {"id": str(number), "kind": "report", "uid": "0" * 36, "rule": next(iter(linking.RULES))}


def addresses(garden, tokens, *, at_desk, method="GET"):
    """Every address to ask for."""
    for turn, (name, pattern) in enumerate(routes(garden, method)):
        if name.startswith("desk.") != at_desk:
            continue
        places = re.findall(r"\{([a-z]\w*)", pattern.replace("*path", "{path}"))
        paths = set()
        for values in _fillings(garden, name, turn, tokens) if places else [{}]:
            if set(places) <= values.keys():
                path = pattern.replace("*path", "portal.css")
                for place in places:
                    path = re.sub(r"\{" + place + r"(?::(?:[^{}]|\{[^}]*\})*)?\}", values[place], path)
                paths |= {path + query.replace("{id}", values.get("id", "1")) for query in QUERIES.get(name, [""])}
        assert paths, f"say in {__name__} how {name} ({pattern}) is asked"
        for path in sorted(paths):
            yield name, path


def _seen(garden, app, grants, tokens, *, at_desk):
    """What the person saw that the table keeps from them: (address, what); and the routes that told something planted."""
    found, told = [], set()
    for name, path in addresses(garden, tokens, at_desk=at_desk):
        answer = app.get(path, expect_errors=True)
        assert answer.status_int < 500, (path, answer.status)
        text = answer.text if answer.charset else answer.body.decode("utf-8", "replace")
        told |= {name} if set(WORD.findall(text)) - set(WORD.findall(path)) else set()
        if leaks := garden.leaks(text, grants, path):
            found.append((path, leaks[:3]))
    return found, told


@pytest.fixture(scope="module")
def tokens():
    return ["k" * 43, "1." + "a" * 22]


def test_every_state_and_kind_is_planted(garden):
    """Else nothing would be shown by not being found."""
    planted = {(one.kind, one.state) for one in garden.items}
    assert {kind for kind, _ in planted} == set(KINDS) and {state for _, state in planted} > set(STATES)
    assert {one.row_state for one in garden.items} == {*STATES, "published"}


def test_a_visitor_sees_nothing_of_what_is_not_public(garden, tokens):
    assert _seen(garden, garden.visitor(), (), tokens, at_desk=False)[0] == []


@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_reads_at_the_desk_what_the_table_keeps_from_them(garden, tokens, who):
    app = garden.browser(who.replace("@", ".at.").strip(".") + "x", *PEOPLE[who])
    leaks, told = _seen(garden, app, PEOPLE[who], tokens, at_desk=True)
    assert leaks == []
    assert told >= TOLD.get(who, set()), "who may see it is shown it: else nothing is shown by its absence"


@pytest.mark.parametrize(
    ("who", "more"),
    [("locked", {"is_active": False}), ("half", {"is_complete": False}), ("bare", {"has_factor": False})],
)
def test_a_session_that_is_not_whole_opens_nothing(garden, tokens, who, more):
    app = garden.browser(who, ("secretariat", ""), **more)
    assert _seen(garden, app, (), tokens, at_desk=True) == ([], set())


def test_guests_see_only_what_their_link_is_for(garden):
    review, report = garden.review_token()
    link, release = garden.embargo_token()
    app, shown = garden.visitor(), set()
    asked_for = [
        row for row in addresses(garden, [review, link], at_desk=False) if row[0].startswith(("review.", "embargo."))
    ]
    for turn, (name, path) in enumerate(asked_for):
        # Each from elsewhere: who tries wrong links is soon shown nothing at all.
        answer = app.get(path, expect_errors=True, extra_environ={"REMOTE_ADDR": f"10.1.{turn // 250}.{turn % 250}"})
        numbers = {int(number) for _, number in WORD.findall(answer.body.decode("utf-8", "replace"))}
        assert numbers <= {report.number if name.startswith("review.") else release.number}, path
        shown |= numbers
    assert shown == {report.number, release.number}
    # What the links left in the browser opens nothing else: no list, no suggestion, no search, no page of the desk.
    for at_desk in (False, True):
        leaks, told = _seen(garden, app, (), ["k" * 43, "1." + "a" * 22], at_desk=at_desk)
        assert leaks == [] and not (at_desk and told)


def test_the_condition_for_queries_says_what_the_predicate_says(garden):
    """Both come from one table, and are asked of every planted item for every role."""
    with garden.house.writing("test") as work:
        rows = work.session.scalars(sa.select(models.Item)).all()
        for grants in PEOPLE.values():
            for part in Part:
                by_query = set(work.session.scalars(sa.select(models.Item.id).where(asked.sees(grants, part))))
                assert by_query == {row.id for row in rows if asked.may_see(grants, row, part)}, (grants, part)


# --- nothing is changed by whom it does not concern ------------------------------------------------------------------

KEPT = {
    "account_session",
    "audit_entry",
    "account_attempt",
    "form_draft",
    "form_draft_file",
    "notice",
    "notice_choice",
    "file",
    "review_access",
    "embargo_access",
}
"""What a person may write in passing: traces of being there, and own drafts."""


def _digest(session):
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name not in KEPT and not table.name.startswith(("search_", "alert")):
            found[table.name] = session.scalar(sa.select(sa.func.count()).select_from(table))
    item = models.Item
    found["rows"] = session.execute(
        sa.select(item.id, item.rev, item.publication_state, item.procedure_state, item.title, item.url, item.owner)
    ).all()
    found["sections"] = session.execute(
        sa.select(models.ReportSection.uid, models.ReportSection.rev, models.ReportSection.heading)
    ).all()
    return found


def _posts(garden, name, path):
    """The forms to send to a route: every act that its view knows."""
    number = path.split("/")[3] if path.count("/") > 2 else "1"
    rev = {"rev": "1", "revision": "1"}
    acts = {
        "desk.step": [
            {"workflow": flow, "schritt": step, "comment": "x", "note": "x"}
            for flow, known in WORKFLOWS.items()
            for step in known.transitions
        ],
        "desk.bulk": [
            {"schritt": step, "eintrag": f"{one.id}.1", "comment": "x", "note": "x", "ja": "1"}
            for one in garden.items[:12]
            for step in ("submit", "publish", "trash")
        ],
        "desk.tasks": [
            {"schritt": act, "id": number, "anchor": "z1", "addressees": "Hamburg", "state": "running"}
            for act in tasks._ACTS
        ],
        "desk.implementation": [
            {"schritt": act, "id": str(one.id), "adressat": "HH", "state": "running", "comment": "x"}
            for act in implementation._ACTS
            for one in garden.items
            if one.kind == "recommendation"
        ],
        "desk.report": [{"tun": f"{act}:{'0' * 36}", "ueberschrift": "Neu"} for act in reports._ACTS],
        "desk.report_section": [{"tun": act, "heading": "Neu", "text": "Neu"} for act in reports._SECTION_ACTS],
        "desk.section_review": [
            {"tun": f"{act}:1", "anmerkung": "Neu", "text": "Neu"} for act in report_review.MEMBERS
        ],
        "desk.report_review": [
            {"tun": f"{act}:1", "person": "1", "frist": "2027-01-01"} for act in report_review._REPORT_ACTS
        ],
        "desk.embargo": [
            {"akt": act, "until": "2026-12-24T10:00", "name": "x", "email": "x@y.example", "wirklich": "1"}
            for act in embargo_views._ACTS
        ],
        "desk.edit": [{"title": "Neu", "text": "Neu", "slug": "neu"}],
    }.get(name, [{}])
    return [{**act, **rev} for act in acts]


AT_ONCE = 4
"""So many acts are tried at one address; the next address goes on with the next ones."""
OWN = {
    "desk.new",
    "desk.draft",
    "desk.preview",
    "desk.account",
    "desk.sign_out",
    "desk.passkeys",
    "desk.set_up",
    "desk.second_factor",
    "desk.second_factor_question",
    "desk.passkey_question",
    "desk.notices",
    "desk.notice_choices",
    "desk.reuse_new",
}
"""Routes that make or change what is the person's own."""


@pytest.mark.parametrize("who", FOREIGN)
def test_nobody_changes_what_is_not_theirs(garden, tokens, who):
    app = garden.browser(who.replace("@", "-schreibt-"), *PEOPLE[who])
    token = re.search(rf'name="{TOKEN}" value="([^"]+)"', app.get("/redaktion").text)[1]
    planted = {str(one.id) for one in garden.items}
    with garden.house.writing("test") as work:
        before, turn = _digest(work.session), 0
    for name, path in addresses(garden, tokens, at_desk=True, method="POST"):
        is_about_item = any(part in planted for part in path.split("/"))
        if name in OWN or ("{id" in dict(routes(garden, "POST"))[name] and not is_about_item):
            continue
        acts, turn = _posts(garden, name, path), turn + 1
        for fields in [acts[(turn * AT_ONCE + step) % len(acts)] for step in range(min(AT_ONCE, len(acts)))]:
            answer = app.post(path, {**fields, TOKEN: token}, expect_errors=True)
            assert answer.status_int < 500, (path, fields, answer.status)
            assert garden.leaks(answer.text, PEOPLE[who], path) == [], (path, fields)
    with garden.house.writing("test") as work:
        after = _digest(work.session)
    assert {name: after[name] for name in after if after[name] != before[name]} == {}


KEEPERS = [name for name in PEOPLE if name.endswith(f"@{OWNER}")]
OWN_SESSION = {"desk.sign_out"}
"""What ends the session that asks."""
OWN_AT_ONCE = 2
"""As `AT_ONCE`; the roles go on where the others tried the same acts on what is not theirs."""


def _foreign(session):
    """All that somebody of the organisation `OWNER` does not keep, as it stands."""
    item, section, revision = models.Item, models.ReportSection, models.Revision
    theirs = sa.select(item.id).where(item.owner != OWNER)
    return {
        "rows": session.execute(
            sa.select(item.id, item.rev, item.publication_state, item.procedure_state, item.title, item.url, item.owner)
            .where(item.id.in_(theirs))
            .order_by(item.id)
        ).all(),
        "sections": session.execute(
            sa.select(section.uid, section.rev, section.heading)
            .where(section.report_id.in_(theirs))
            .order_by(section.uid)
        ).all(),
        "revisions": session.scalar(
            sa.select(sa.func.count()).select_from(revision).where(revision.item_id.in_(theirs))
        ),
        "editions": session.scalar(
            sa.select(sa.func.count()).select_from(models.Edition).where(models.Edition.item_id.in_(theirs))
        ),
        "grants": session.scalar(sa.select(sa.func.count()).select_from(models.Grant)),
    }


@pytest.mark.parametrize("who", KEEPERS)
def test_who_changes_what_is_theirs_learns_and_changes_nothing_of_others(garden, tokens, who):
    """The last of this garden: what these people keep is changed by it."""
    app = garden.browser(who.replace("@", "-pflegt-"), *PEOPLE[who])
    token = re.search(rf'name="{TOKEN}" value="([^"]+)"', app.get("/redaktion").text)[1]
    own, others = ({str(one.id) for one in garden.items if (one.owner == OWNER) is is_own} for is_own in (True, False))
    with garden.house.writing("test") as work:
        before, turn, done = _foreign(work.session), 0, 0
    for name, path in addresses(garden, tokens, at_desk=True, method="POST"):
        if name in OWN_SESSION or set(path.split("/")) & others:
            continue
        acts, turn = _posts(garden, name, path), turn + 1
        for fields in [acts[(turn * OWN_AT_ONCE + step) % len(acts)] for step in range(min(OWN_AT_ONCE, len(acts)))]:
            answer = app.post(path, {**fields, TOKEN: token}, expect_errors=True)
            assert answer.status_int < 500, (path, fields, answer.status)
            assert garden.leaks(answer.text, PEOPLE[who], path) == [], (path, fields)
            done += answer.status_int < 400 and bool(set(path.split("/")) & own)
    with garden.house.writing("test") as work:
        after = _foreign(work.session)
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    assert done or not rights.permits_on(PEOPLE[who], "report", OWNER), (
        "who keeps something does something with it: else nothing is shown"
    )


# --- the table itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", HUMAN)
def test_a_role_is_held_as_far_as_it_reaches(role):
    reach = ROLES[role].reach
    assert bool(rights.misfit(role, OWNER)) == (reach is Reach.HOUSE) and bool(rights.misfit(role, "")) == (
        reach is Reach.ORGANISATION
    )


@pytest.mark.parametrize("role", HUMAN)
def test_a_role_for_an_organisation_gives_no_right_over_the_house_and_none_over_others(role):
    grants = ((role, OTHER),)
    assert not rights.permits(grants) & rights.HOUSE_WIDE
    for kind in KINDS:
        assert rights.permits_on(grants, kind, OWNER) == rights.permits_on(grants, kind, "") == frozenset()


def test_whoever_is_told_of_a_vote_may_know_its_title():
    """A new step that tells the members leads to a state in which the table lets them know."""
    targets = {
        step.target
        for flow in WORKFLOWS.values()
        for step in flow.transitions.values()
        if Effect.NOTIFY_MEMBERS in step.effects
    }
    assert targets and targets <= rights.VOTED
