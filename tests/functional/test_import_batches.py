"""A long import goes in batches that others can write between, and an export holds what is public and no draft."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from content import models
from content.services.exchange import batches, exchange
from portal.web.incoming import store_file

LINES = batches.ONE_GO + 10


def term(number, **more):
    return {
        "type": "term",
        "slug": f"wort-{number}",
        "title": f"Wort {number}",
        "text": f"Ein Wort, das {number} heißt.",
        **more,
    }


@pytest.fixture
def written(tmp_path):
    def write(lines, name="worte.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    return write


def run(house, path, *, is_publishing=True, between=lambda: None, **more):
    lines = len(path.read_text().splitlines())
    importer = exchange.Importer(is_publishing=is_publishing, skip_faulty=more.get("skip_faulty", False))

    def writing():
        between()
        return house.writing("import")

    return batches.run(
        importer,
        [path],
        lines=lines,
        writing=writing,
        viewing=lambda: house.viewing("import"),
        store=store_file,
        batch_s=0,
        pause_s=0,
        **more,
    )


def count(house):
    with house.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(models.Item))


@pytest.fixture(params=["house", "postgres_house"])
def any_house(request):
    return request.getfixturevalue(request.param)


def test_others_write_between_the_batches_of_a_long_file(any_house, written):
    seen = []

    def between():
        with any_house.writing("other") as work:
            work.session.add(
                models.SearchWord(use="whole", word=f"wort{len(seen)}", others=[], changed_at=work.desk.now)
            )
        seen.append(count(any_house))

    report = run(any_house, written([term(number) for number in range(LINES)]), between=between)
    assert (report.created, report.published, count(any_house)) == ({"term": LINES}, LINES, LINES)
    assert len(seen) > 10 and seen == sorted(seen) and seen[1] >= 1


def test_a_faulty_line_that_can_be_judged_alone_leaves_nothing_behind(any_house, written):
    with pytest.raises(exchange.FaultyInput) as refused:
        run(any_house, written([*(term(number) for number in range(LINES)), term("x", text=7)]))
    assert not isinstance(refused.value, batches.Stopped) and count(any_house) == 0
    assert [fault.line for fault in refused.value.report.faults] == [LINES + 1]


def test_an_import_that_stopped_goes_on_where_it_was(any_house, written):
    lines = [term(number) for number in range(LINES)]
    with pytest.raises(batches.Stopped) as stopped:
        run(any_house, written([*lines, term(0)]))
    assert stopped.value.taken == count(any_house) == LINES
    report = run(any_house, written([*lines, term("neu")]))
    assert (report.unchanged, report.created, report.published) == ({"term": LINES}, {"term": 1}, 1)


def test_an_import_killed_between_batches_is_finished_by_the_same_command(any_house, written):
    path = written([term(number) for number in range(LINES)])

    def between():
        if count(any_house) >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(any_house, path, between=between)
    assert 3 <= count(any_house) < LINES
    assert run(any_house, path).created["term"] == LINES - 3 and count(any_house) == LINES


def exported(house, **more):
    with house.viewing("export") as work:
        return [json.loads(line) for line in exchange.working_lines(work.session, **more)]


def test_an_export_holds_no_draft_and_a_full_one_marks_it(any_house, other_house, written):
    run(any_house, written([term(1), term(2)]))
    run(any_house, written([term(3), term(1, text="Noch nicht öffentlich.")]), is_publishing=False)
    public = exported(any_house)
    assert [(line["slug"], line["text"]) for line in public] == [
        (f"wort-{n}", f"Ein Wort, das {n} heißt.") for n in (1, 2)
    ]
    full = exported(any_house, is_full=True)
    assert {line["slug"]: line.get("publication") for line in full} == {
        "wort-1": None,
        "wort-2": None,
        "wort-3": "draft",
    }


def test_drafts_of_a_full_export_come_in_as_drafts(house, other_house, written):
    run(house, written([term(1)]))
    run(house, written([term(3)]), is_publishing=False)
    run(other_house, written(exported(house, is_full=True)))
    with other_house.reading() as connection:
        states = connection.execute(
            sa.select(models.Item.url, models.Item.publication_state).order_by(models.Item.url)
        ).all()
    assert [tuple(row) for row in states] == [("/glossar/wort-1", "published"), ("/glossar/wort-3", "draft")]
