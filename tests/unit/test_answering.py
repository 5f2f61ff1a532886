"""The answers by sets and sums against the rule of ranking, carried out document by document."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from content.search import answering, bits, postings, ranking
from content.search.answering import Segment, Snapshot, columns_of
from content.search.interface import Field, Option, Query, Want
from content.search.postings import Sparse

WORDS = ["a", "ab", "b", "c", "d"]
FIELDS = (Field.TITLE, Field.TEXT, Field.FILES)
ONE = st.lists(st.sampled_from(WORDS), max_size=6)
DOCUMENT = st.fixed_dictionaries(
    {
        "title": ONE,
        "text": ONE,
        "day": st.integers(730_000, 730_005),
        "kind": st.sampled_from("xy"),
        "until": st.sampled_from([0, 0, 50]),
    }
)
OPTION = st.builds(
    Option,
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(tuple),
    st.just(FIELDS),
    st.sampled_from([1.0, 0.5]),
    st.just(()),
    st.booleans(),
).map(lambda option: Option(option.terms[:1], option.fields, option.weight, (), True) if option.is_prefix else option)
PHRASE = st.builds(
    Option, st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), st.just(FIELDS), st.just(1.0), st.just((0, 1))
)
WANT = st.builds(
    Want,
    st.just("typed"),
    st.lists(OPTION | PHRASE, min_size=1, max_size=3).map(tuple),
    st.sampled_from([False, False, False, True]),
)


class InMemory(Segment):
    """A segment over plain lists."""

    def __init__(self, documents):
        self.documents = documents
        rows = [(row["id"], row["day"], 0.0, float(row["until"])) for row in documents]
        kinds = {
            kind: bits.set_of((n for n, row in enumerate(documents) if row["kind"] == kind), len(documents))
            for kind in "xy"
        }
        super().__init__(columns_of(rows), {"kind": kinds})

    def read_posting(self, field, term):
        having = [(number, row) for number, row in enumerate(self.documents) if term in row.get(str(field), [])]
        documents, worths = (
            [number for number, _ in having],
            [postings.worth(field, row[str(field)].count(term), len(row["text"])) for _, row in having],
        )
        return Sparse(documents, worths) if term == "b" else postings.posting(documents, worths)

    def read_expansions(self, field, start, limit):
        return sorted({word for row in self.documents for word in row.get(str(field), []) if word.startswith(start)})[
            :limit
        ]

    def read_row(self, field, option, candidates):
        size = len(option.terms)
        rows = {number: self.documents[number][str(field)] for number in candidates}
        return [
            number
            for number, words in rows.items()
            if any(words[place : place + size] == list(option.terms) for place in range(len(words)))
        ]


def _worth(row, option):
    """What an option is worth in a document, by the words of `ranking`."""
    length = len(row["text"])

    def one(field, term, *, is_prefix=False):
        words = row.get(str(field), [])
        terms = {word for word in words if word.startswith(term)} if is_prefix else {term} & set(words)
        return max((ranking.worth(field, words.count(word), length) for word in terms), default=0.0)

    if option.places:
        best = 0.0
        for field in option.fields:
            words = row.get(str(field), [])
            if any(words[place : place + 2] == list(option.terms) for place in range(len(words))):
                often = min(map(words.count, option.terms))
                best = max(best, ranking.worth(field, often, length))
        return best
    return min(max(one(field, term, is_prefix=option.is_prefix) for field in option.fields) for term in option.terms)


def _by_hand(documents, query):
    wanted = [want for want in query.wants if not want.is_excluded]
    worths = {
        id(want): {row["id"]: max(option.weight * _worth(row, option) for option in want.options) for row in documents}
        for want in query.wants
    }
    sizes = [sum(value > 0 for value in worths[id(want)].values()) for want in wanted]
    rarities = [ranking.rarity(size, len(documents)) for size in sizes]
    needed = len(wanted) if query.at_least is None else min(query.at_least, len(wanted))
    found, kinds = {}, Counter()
    for row in documents:
        values = [worths[id(want)][row["id"]] for want in wanted]
        satisfied = sum(value > 0 for value in values)
        is_excluded = any(want.is_excluded and worths[id(want)][row["id"]] for want in query.wants)
        is_public = not row["until"] if query.moment is None else not 0 < row["until"] <= query.moment.timestamp()
        in_days = query.first_day is None or row["day"] >= query.first_day.toordinal()
        if satisfied >= needed and not is_excluded and is_public and in_days:
            kinds[row["kind"]] += 1
            if query.filters.get("kind", row["kind"]) == row["kind"]:
                score = sum(value * rarity for value, rarity in zip(values, rarities, strict=True))
                found[row["id"]] = score * ranking.coordination(satisfied, len(wanted))
    return found, kinds


@settings(max_examples=300, deadline=None)
@given(
    documents=st.lists(DOCUMENT, min_size=1, max_size=25),
    wants=st.lists(WANT, max_size=4),
    cut=st.integers(0, 25),
    at_least=st.none() | st.integers(1, 4),
    filters=st.sampled_from([{}, {"kind": "x"}, {"kind": "z"}]),
    moment=st.sampled_from([None, dt.datetime.fromtimestamp(10, dt.UTC), dt.datetime.fromtimestamp(90, dt.UTC)]),
    first_day=st.none() | st.just(dt.date.fromordinal(730_003)),
    sort=st.sampled_from(["relevance", "newest", "oldest"]),
    limit=st.integers(1, 10),
    offset=st.integers(0, 5),
)
def test_answer_is_that_of_the_rule(documents, wants, cut, at_least, filters, moment, first_day, sort, limit, offset):
    rows = [{**row, "id": number + 1} for number, row in enumerate(documents)]
    segments = [InMemory(part) for part in (rows[:cut], rows[cut:]) if part]
    query = Query(tuple(wants), at_least, filters, first_day, None, moment, sort, offset, limit, ("kind",))
    answer = Snapshot([(segment, 0) for segment in segments]).search(query)
    expected, kinds = _by_hand(rows, query)
    assert answer.total == len(expected)
    assert dict(answer.facets["kind"]) == dict(kinds)
    ids = [edition_id for edition_id, _ in answer.rows]
    assert len(ids) == len(set(ids)) == max(0, min(limit, len(expected) - offset)) and set(ids) <= set(expected)
    days = {row["id"]: row["day"] for row in rows}
    for (one, score), (other, _) in zip(answer.rows, answer.rows[1:], strict=False):
        if sort == "relevance":
            assert expected[one] >= expected[other] * 0.98 - 0.02 * max(expected.values())
            if math.isclose(expected[one], expected[other], rel_tol=1e-9):
                assert (days[one], one) > (days[other], other)
        else:
            assert days[one] >= days[other] if sort == "newest" else days[one] <= days[other]
        assert math.isclose(score, expected[one], rel_tol=0.02, abs_tol=0.02 * max(expected.values()))


@given(documents=st.lists(DOCUMENT, min_size=2, max_size=25), gone=st.sets(st.integers(0, 24)))
def test_what_is_gone_is_neither_found_nor_counted(documents, gone):
    rows = [{**row, "id": number + 1} for number, row in enumerate(documents)]
    left = [row for number, row in enumerate(rows) if number not in gone]
    query = Query((Want("a", (Option(("a",), FIELDS),)),), limit=30, facets=("kind",))
    answer = Snapshot(
        [(InMemory(rows), bits.set_of((number for number in gone if number < len(rows)), len(rows)))]
    ).search(query)
    again = Snapshot([(InMemory(left), 0)]).search(query) if left else None
    assert (answer.total, answer.rows, answer.facets) == (
        (again.total, again.rows, again.facets) if again else (0, (), {"kind": {}})
    )


def test_what_is_kept_stays_below_its_limit():
    kept = answering.Kept(100, len)
    for number in range(50):
        assert kept.get(number, lambda: "x" * 30) == "x" * 30
    assert kept._bytes <= 100
