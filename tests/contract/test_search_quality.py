"""The answers to judged questions over the example content stay as good as they are, on both engines; figures: `search_quality` of the benchmarks."""

from __future__ import annotations

import pytest

from content.house import House
from tests.benchmarks import search_quality

LEAST_NDCG = 0.90
LEAST_HITS = 0.95
AHEAD_OF_FTS5 = 0.2


@pytest.fixture(scope="module")
def house(example_data):
    made = House.open(example_data)
    yield made
    made.close()


@pytest.fixture(params=["whoosh", "postgres"])
def marks(request, house):
    if request.param == "whoosh":
        yield search_quality.judge(search_quality.asking(house, house.search, house.language))
        return
    with search_quality.asking_postgres(house, request.getfixturevalue("postgres_url")) as ask:
        yield search_quality.judge(ask)


def test_at_least_a_hundred_questions_are_judged_beside_the_given_ones():
    kinds = [one.kind for one in search_quality.questions()]
    assert kinds.count("given") == 20
    assert len(kinds) - 20 >= 100
    assert len({one.typed for one in search_quality.questions()}) == len(kinds)


def test_every_wanted_address_exists(house):
    public = {one.url for one in house.published_documents() if one.until is None}
    assert {address for one in search_quality.questions() for address in one.wanted} <= public


def test_answers_are_good_and_much_better_than_a_plain_full_text_search(marks, house):
    missing = [
        (one.question.typed, sorted(one.question.wanted.difference(one.found)))
        for one in marks
        if one.question.kind == "given" and one.hits < one.possible
    ]
    assert missing == []
    ndcg, hits = search_quality.figures([one for one in marks if one.question.kind != "given"])
    assert (ndcg >= LEAST_NDCG, hits >= LEAST_HITS) == (True, True), (ndcg, hits)
    theirs = search_quality.figures(search_quality.judge(search_quality.asking_fts5(house)))
    assert search_quality.figures(marks)[0] >= theirs[0] + AHEAD_OF_FTS5
