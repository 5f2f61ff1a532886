"""Prepared statements answer on both databases what SQLAlchemy answers."""

from __future__ import annotations

import datetime as dt

import pytest

from content.database import prepared
from content.services.browsing import statements
from content.services.browsing.browse import end_of_day
from portal.commands.starting import add_examples

MOMENT = {"stand": end_of_day(dt.date(2022, 3, 1))}
URLS = ["/beschluss/2021/39", "/sitzung/36", "/beschluss/2021/35", "/gibt/es/nicht", "/beschluss/2021/40"]
AROUND = {"url": URLS[0], "kind": "decision", "body": "it-planungsrat", "year": 2021, "serial": 39}
LISTED = {"kind": "decision", "limit": 5, "offset": 2}


@pytest.fixture(params=["house", "postgres_house"], ids=["sqlite", "postgresql"])
def connection(request):
    made = request.getfixturevalue(request.param)
    add_examples(made, say=lambda _: None)
    with made.reading() as connection:
        yield connection


def cases():
    for name, moment, values in (("now", statements.NOW, {}), ("then", statements.THEN, MOMENT)):
        yield f"{name}: one item", moment.by_url, {"url": URLS[0], **values}
        for amount in range(len(URLS) + 1):
            yield f"{name}: {amount} addresses", moment.light_by_urls, {"urls": URLS[:amount], **values}
            yield f"{name}: around with {amount}", moment.around["number"], {**AROUND, "urls": URLS[:amount], **values}
        yield f"{name}: newest meeting", moment.newest_meeting, values
        yield f"{name}: a list", statements.list_statement((), "neu", is_now=not values), {**LISTED, **values}
        yield (
            f"{name}: a filtered list",
            statements.list_statement(("year",), "titel", is_now=not values),
            {**LISTED, "value_year": "2021", **values},
        )
        yield (
            f"{name}: counts",
            statements.count_statement(("year",), is_now=not values),
            {"kind": "decision", "value_year": "2021", **values},
        )
    yield "tally", statements.TALLY, {"kind": "decision"}


def test_prepared_statement_answers_as_sqlalchemy_does(connection):
    for name, statement, values in cases():
        for _ in range(2):  # made ready, then used again
            found = prepared.rows(connection, statement, values)
            expected = connection.execute(statement, values).all()
            assert sorted(map(repr, map(tuple, found))) == sorted(map(repr, map(tuple, expected))), name
        for ours, theirs in zip(found, expected, strict=True):
            assert ours._fields == theirs._fields or name.endswith("counts"), name


def test_one_more_address_than_before_is_found_as_well(connection):
    statement = statements.NOW.light_by_urls
    for amount in (1, 4, 3, 5):
        urls = URLS[:amount]
        assert {row.url for row in prepared.rows(connection, statement, {"urls": urls})} == set(urls) - {
            "/gibt/es/nicht"
        }
