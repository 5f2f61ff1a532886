"""An edition names other items as they are published: no text that is only being written becomes public through another item."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest
import sqlalchemy as sa
from pyramid.interfaces import IRoutesMapper

from content import models
from content.database.db import Base
from content.kinds import KINDS, PATHS
from content.proof.canonical import canonical_json
from content.proof.ledger import Act
from content.schemas import SCHEMAS, clean_item
from content.services.base import lookup
from content.services.editing import edit
from content.services.exchange import exchange
from content.services.publishing import frozen_text, publish
from content.services.workflow import transition
from workflows.catalogue import WORKFLOWS
from workflows.vocabulary import Permission

SECRET = "Nicht öffentlicher neuer Name"
TODAY = dt.date(2026, 11, 30)
NAMED_FIELDS = ("title", "short", "name", "place")


class _Undo(Exception):  # noqa: N818 - a signal
    """The example stays as it is."""


@pytest.mark.on_both_databases
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_new_name_of_an_item_goes_out_with_another_one(portal, kind):
    _, house = portal
    with pytest.raises(_Undo), house.writing("test") as work:
        _rename_and_read(work.session, kind)


def _rename_and_read(session, kind):
    for item in session.scalars(sa.select(KINDS[kind].model)):
        for name in NAMED_FIELDS:
            if hasattr(item, name):
                setattr(item, name, SECRET)
    if kind == "body":
        for member in session.scalars(sa.select(models.Member)):
            member.name = SECRET
    if kind == "meeting":
        for meeting in session.scalars(sa.select(models.Meeting)):
            meeting.date, meeting.ordinal = dt.date(2031, 1, 31), 4711 + meeting.id
    session.flush()
    lookup.forget_bodies(session)
    public = sa.select(models.Item).where(models.Item.publication_state == "published", models.Item.kind != kind)
    for item in session.scalars(public.order_by(models.Item.id)):
        frozen = frozen_text.text_of(session, item, TODAY)
        told = canonical_json(
            {
                "data": frozen.data,
                "header": frozen.header,
                "text": frozen.text,
                "html": frozen.html,
                "date": str(frozen.sort_date),
            }
        ).decode()
        for secret in (SECRET, "4711", "2031-01-31", "31.01.2031"):
            assert secret not in told, (item.url, secret)
    raise _Undo


# --- a decision that is adopted, and not public ---------------------------------------------------------------------

NUMBER, SLUG = "2031/4711", "geheimer-eintrag"
ITEMS_ADDRESS = re.compile(rf"/(?:{'|'.join(sorted(PATHS))})/[\w/.~-]+", re.ASCII)
OWN = {"url", "slug", "finding"}
"""Columns that hold the address of the row itself."""
FACTS_OF_ITS_OWN = {("recommendation", "due")}
"""Until when a recommendation is due is said by itself, by a session."""


def _points(value):
    """Whether a value of a column names an item, or a list of them."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) and ITEMS_ADDRESS.fullmatch(one) for one in value)
    return isinstance(value, str) and ITEMS_ADDRESS.fullmatch(value.partition("#")[0]) is not None


def _point_everything_at(session, url):
    """Let every column of the schema that names an item anywhere name `url`; (table, column) → how many rows."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name.startswith(
            (
                "edition",
                "ledger",
                "old_address",
                "mention",
                "audit",
                "notice",
                "job",
                "search",
                "revision",
                "taken_number",
                "import",
                "step_entry",
            )
        ):
            continue
        for column in table.columns:
            if (
                column.name in OWN
                or (table.name, column.name) in FACTS_OF_ITS_OWN
                or not isinstance(column.type, sa.String | sa.JSON)
            ):
                continue
            rows = session.execute(sa.select(*table.primary_key.columns, column)).all()
            for *keys, value in rows:
                if _points(value):
                    there = url + (f"#{value.partition('#')[2]}" if isinstance(value, str) and "#" in value else "")
                    where = [one == key for one, key in zip(table.primary_key.columns, keys, strict=True)]
                    session.execute(
                        sa.update(table)
                        .where(*where)
                        .values({column.name: [there] if isinstance(value, list) else there})
                    )
                    found[table.name, column.name] = found.get((table.name, column.name), 0) + 1
    _take_steps_by(session, url)
    session.execute(sa.delete(models.Mention))
    session.execute(
        sa.insert(models.Mention),
        [{"item_id": row.id, "target_url": url, "is_link": False} for row in session.scalars(_public())],
    )
    session.expire_all()
    return found


def _take_steps_by(session, url):
    """Every recommendation went its last step by `url`, and the first public decision was replaced by it: steps are only ever added."""
    item, step, at = models.Item, models.StepEntry, dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
    public = sa.select(item).where(item.publication_state == "published").order_by(item.id)
    replaced = session.scalars(public.where(item.kind == "decision")).first()
    replaced.procedure_state = "superseded"
    for row in [replaced, *session.scalars(public.where(item.kind == "recommendation"))]:
        name = "supersede" if row is replaced else next(iter(WORKFLOWS["recommendation"].transitions))
        session.add(
            step(
                item_id=row.id,
                workflow=row.kind,
                version=1,
                transition=name,
                source="proposed" if row is not replaced else "adopted",
                target=row.procedure_state,
                actor="anna",
                actor_name="Anna",
                at=at,
                comment="Neu geregelt",
                decision_url=url,
                rev=row.rev,
                sha256="0" * 64,
            )
        )
    session.flush()


def _hidden(work, kind, example):
    """An item of this kind that nobody has seen, with a number and a title that stand out."""
    row = work.session.get_one(models.Item, example)
    number = {"number": NUMBER, "text": "1. Der Rat beschließt."} if kind == "decision" else {}
    plain = {
        "slug": SLUG,
        "title": SECRET,
        "name": SECRET,
        "references": [],
        "links": [],
        "attachments": [],
        "image": None,
        **number,
    }
    value = clean_item(kind, {name: one for name, one in {**row.input, **plain}.items() if name in SCHEMAS[kind]})
    made = edit.save(work.session, kind, value, now=work.desk.now, actor="anna", actor_name="Anna").item
    work.session.execute(
        sa.update(models.Item).where(models.Item.id == made.id).values(procedure_state=row.procedure_state)
    )
    return made


@pytest.mark.on_both_databases
@pytest.mark.parametrize(
    "kind", ["decision", "recommendation", "report", "press_release", "market_item", "organisation", "term"]
)
def test_no_relation_of_the_schema_tells_of_what_is_not_public(portal, kind):
    _, house = portal
    with house.writing("test", permits=frozenset(Permission)) as work:
        url = _linked_by_everything(work, kind).url
        for item in work.session.scalars(_public()):
            frozen = frozen_text.text_of(work.session, item, TODAY)
            references = [dataclasses.asdict(row) for row in frozen.references]
            told = canonical_json(
                {"data": frozen.data, "header": frozen.header, "text": frozen.text, "references": references}
            ).decode()
            assert not [secret for secret in (SECRET, NUMBER, SLUG, url) if secret in told], item.url


def test_an_adopted_decision_is_read_nowhere_in_public_until_it_is_public(portal):
    """Every relation of the schema leads to it, every public item is published anew, and every public address is read."""
    app, house = portal
    with house.writing("test", permits=frozenset(Permission)) as work:
        item_id, url = (hidden := _linked_by_everything(work, "decision")).id, hidden.url
        named = []
        for item in work.session.scalars(_public()).all():
            text = frozen_text.text_of(work.session, item, TODAY)
            files = frozen_text.files_of(work.session, item, text)
            publish.put_edition(work.desk, item, text, Act.CORRECT, note=None, item_rev=item.rev, files=files)
            named += [item.url]
    for path in [*(f"{one}.json" for one in named), *named[::4], *_lists(app)]:
        text = app.get(path, expect_errors=True).body.decode("utf-8", "replace")
        assert not [secret for secret in (SECRET, NUMBER, SLUG) if secret in text and secret not in path], path
    with house.writing("test", permits=frozenset(Permission)) as work:
        transition.publish_now(work.desk, work.session.get_one(models.Item, item_id))
        edition = models.Edition
        now = set(
            work.session.scalars(
                sa.select(edition.kind).where(edition.valid_until.is_(None), edition.document.contains(f'"{url}'))
            )
        )
    assert now >= {"decision", "meeting", "recommendation", "report", "market_item", "press_release", "term"}, (
        "it is named as soon as it is public"
    )
    assert "ersetzt durch Beschluss 2031/4711" in "".join(
        app.get(path).text for path in named if path.startswith("/beschluss/")
    )


@pytest.mark.on_both_databases
def test_what_becomes_public_is_named_though_a_longer_address_begins_like_its_own(portal):
    app, house = portal
    numbers = ("2019/77", "2019/770")
    with house.writing("test", permits=frozenset(Permission)) as work:
        short, long = (
            edit.save(
                work.session,
                "decision",
                clean_item("decision", {"body": "it-planungsrat", "number": number, "text": "1. Der Rat beschließt."}),
                now=work.desk.now,
                actor="anna",
            ).item
            for number in numbers
        )
        transition.publish_now(work.desk, long)
        release = lookup.find(work.session, "/presse/2021-10-29-36-sitzung-hamburg")
        value = clean_item("press_release", {**release.input, "image": None, "decisions": list(numbers)})
        edit.save(work.session, "press_release", value, now=work.desk.now, actor="anna", item=release, rev=release.rev)
        transition.correct(work.desk, release, "Beschlüsse ergänzt.")
        url, short_id, address = release.url, short.id, short.url
    assert app.get(f"{url}.json").json["data"]["decisions"] == [f"{address}0"]
    with house.writing("test", permits=frozenset(Permission)) as work:
        transition.publish_now(work.desk, work.session.get_one(models.Item, short_id))
    assert app.get(f"{url}.json").json["data"]["decisions"] == [address, f"{address}0"]


@pytest.mark.on_both_databases
def test_the_public_export_names_no_decision_that_is_not_public(portal):
    _, house = portal
    with house.writing("test", permits=frozenset(Permission)) as work:
        hidden = _hidden(
            work, "decision", work.session.scalars(_public().where(models.Item.kind == "decision")).first().id
        )
        named = []
        for kind, fields in {
            "recommendation": {"decisions": [NUMBER], "clause": None},
            "press_release": {"decisions": [NUMBER]},
            "market_item": {"decisions": [NUMBER]},
            "term": {"decisions": [NUMBER]},
            "report": {"noted_by": hidden.url},
            "decision": {"references": [{"number": NUMBER, "relation": "cites"}], "links": [{"target": hidden.url}]},
        }.items():
            row = work.session.scalars(_public().where(models.Item.kind == kind)).first()
            value = clean_item(
                kind,
                {
                    name: one
                    for name, one in {
                        **row.input,
                        "attachments": [],
                        "image": None,
                        "topics": ["Neu"],
                        **fields,
                    }.items()
                    if name in SCHEMAS[kind]
                },
            )
            edit.save(work.session, kind, value, now=work.desk.now, actor="anna", actor_name="Anna", item=row)
            transition.correct(work.desk, row, "Nennt ihn")
            named += [row.url]
    with house.viewing("export") as work:
        lines = b"".join(exchange.working_lines(work.session)).decode()
        full = b"".join(exchange.working_lines(work.session, is_full=True)).decode()
    assert not [line[:200] for line in lines.splitlines() if NUMBER in line or hidden.url in line]
    assert full.count(NUMBER) > len(named), "the house itself keeps what was typed"


@pytest.mark.on_both_databases
def test_bodies_are_called_and_number_as_they_are_public(portal):
    """What somebody saved at a public body, and a body that nobody has seen, are no words of public texts."""
    _, house = portal
    with house.writing("test", permits=frozenset(Permission)) as work:
        body = lookup.find(work.session, "/gremium/al-runde")
        value = clean_item(
            "body", {**body.input, "number_pattern": "YYYY/NN-QZ", "name": SECRET, "genitive": f"der {SECRET}"}
        )
        edit.save(work.session, "body", value, now=work.desk.now, actor="anna", item=body, rev=body.rev)
        new = clean_item("body", {"slug": "neu", "name": f"{SECRET} 2", "number_pattern": "YYYY/NN-QN"})
        edit.save(work.session, "body", new, now=work.desk.now, actor="anna")
        known, public = lookup.known_bodies(work.session), lookup.public_bodies(work.session)
        assert "QZ" not in known.by_suffix and known.suffix("al-runde") == public.suffix("al-runde") == "-AL"
        assert (
            known.by_suffix["QN"] == "neu"
            and "QN" not in public.by_suffix
            and SECRET not in public.name("al-runde") + public.of("al-runde") + public.name("neu")
        )
        transition.correct(work.desk, body, "Neues Muster")
        assert lookup.public_bodies(work.session).suffix("al-runde") == "-QZ"


def _public():
    item = models.Item
    return sa.select(item).where(item.publication_state == "published").order_by(item.id)


def _linked_by_everything(work, kind):
    """An item that is not public, and that every public one names by every relation there is."""
    example = work.session.scalars(_public().where(models.Item.kind == kind)).first()
    hidden = _hidden(work, kind, example.id)
    report = models.Report.__table__
    work.session.execute(
        sa.update(report).values(commissioned_by=report.c.noted_by)
    )  # the example content has none of its own
    found = _point_everything_at(work.session, hidden.url)
    assert found.keys() >= {
        ("reference", "target_url"),
        ("agenda_item", "decision_url"),
        ("recommendation", "decision_urls"),
        ("recommendation", "clause_url"),
        ("recommendation", "report_url"),
        ("report", "noted_by"),
        ("report", "commissioned_by"),
        ("report", "recommendation_urls"),
        ("report_section", "recommendation_url"),
        ("market_item", "decision_urls"),
        ("decision", "recommendation_urls"),
    }, found
    return hidden


def _lists(app):
    """Every public address without a place of its own: lists, feeds, search, sitemap, exports."""
    found = app.app
    while not hasattr(found, "registry"):
        found = found._application
    views = found.registry.introspector.get_category("views")
    names = {
        view["introspectable"]["route_name"]
        for view in views
        if "POST" not in (view["introspectable"]["request_methods"] or ("GET",))
    }
    routes = [(one.name, one.pattern) for one in found.registry.getUtility(IRoutesMapper).get_routes()]
    plain = [
        pattern
        for name, pattern in routes
        if name in names and "{" not in pattern and "*" not in pattern and not name.startswith("desk.")
    ]
    assert len(plain) > 20
    return [
        *plain,
        *(f"{path}?q={word}" for path in plain if "such" in path for word in ("4711", "geheim", "Nicht öffentlicher")),
    ]
