"""The review of a report behaves alike on SQLite and PostgreSQL: remarks, suggestions, requests, guests, Word."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput
from content.services.accounts import accounts
from content.services.reports import (
    reports,
    review_guests,
    review_requests,
    review_suggestions,
    review_threads,
    review_word,
)
from content.services.reports.reports import Author
from content.word.shapes import Comment
from tests.functional.test_reports import ANNA, BERT, NOW, TEXT, make_report

TODAY = NOW.date()


@pytest.fixture(params=["house", "postgres_house"])
def place(request):
    """(house, id of the report, identity of its first section)"""
    house = request.getfixturevalue(request.param)
    with house.writing("test") as work:
        report = make_report(work)
        report.owner = "ag-probe"
        for login in ("anna", "bert"):
            account = accounts.create(work.session, login=login, name=login.title(), email="", now=NOW)
            accounts.grant(work.session, account, "member", "ag-probe", by="test", now=NOW)
        return house, report.id, report.sections[0].uid


def test_remarks_follow_their_words_and_go_to_word_and_back(place):
    house, report_id, uid = place
    with house.writing("test") as work:
        report = work.session.get_one(models.Report, report_id)
        thread = review_threads.begin(work.session, report, uid, words="Zweiter Absatz", text="Woher?", author=ANNA)
        review_threads.reply(work.session, report, thread.id, text="Umfrage.", author=BERT)
        reports.save_section(
            work.session, report, uid, heading="Auftrag", text="Davor.\n\n" + TEXT, base_rev=1, author=BERT
        )
        section = reports.section_of(report, uid)
        (shown,) = review_threads.of_section(work.session, report, section)
        assert section.text[shown.spot.start : shown.spot.end] == "Zweiter Absatz" and shown.paragraph == 3
        ((sent,),) = review_word.sent(work.session, report).values()
        assert (sent.author, sent.quoted, [row.text for row in sent.answers]) == (
            "Anna",
            "Zweiter Absatz",
            ["Umfrage."],
        )
        back = [sent, Comment("Wolf", "Aus Word.", "Davor."), Comment("Anna", "Woher?", is_done=True)]
        kept = review_word.keep(work.session, report, section, sent_rev=1, suggestions=(), comments=back, author=BERT)
        assert ([row.text for row in kept.remarks], kept.settled) == (["Aus Word."], 1)
        work.session.flush()
        assert {place: len(rows) for place, rows in review_threads.open_places(work.session, report).items()} == {
            uid: 1
        }
        assert (
            review_threads.open_counts(work.session, report) == {uid: 1}
            and list(review_threads.orphans(work.session, report)) == []
        )


def test_suggestions_are_taken_in_their_authors_name_or_left(place):
    house, report_id, uid = place
    with house.writing("test") as work:
        report = work.session.get_one(models.Report, report_id)
        wanted = TEXT.replace("Erster", "Neuer").replace("Dritter", "Letzter")
        first, second = review_suggestions.suggest(work.session, report, uid, text=wanted, base_rev=1, author=ANNA)
        review_suggestions.accept(work.session, report, first.id, lead=BERT)
        review_suggestions.reject(work.session, report, second.id, lead=BERT)
        assert reports.section_of(report, uid).text == TEXT.replace("Erster", "Neuer")
        assert list(review_suggestions.open_rows(work.session, report)) == []
        newest = work.session.scalars(
            sa.select(models.SectionRevision)
            .where(models.SectionRevision.section_uid == uid)
            .order_by(models.SectionRevision.rev.desc())
        ).first()
        assert (newest.actor_name, newest.accepted_by) == ("Anna", "Bert")


def test_members_are_asked_and_guests_invited_reminded_and_forgotten(place):
    house, report_id, uid = place
    with house.writing("anna", clock=lambda: NOW) as work:
        report = work.session.get_one(models.Report, report_id)
        bert = next(row for row in review_requests.reviewers(work.session, report) if row.login == "bert")
        asked = review_requests.ask(work.desk, report, account_id=bert.id, due=TODAY + dt.timedelta(days=3))
        assert [row.id for _, row in review_requests.due_requests(work.session, TODAY + dt.timedelta(days=3))] == [
            asked.id
        ]
        given = {"name": "Gerda Gast", "email": "gerda@ihk.example"}
        link = review_guests.invite(work.desk, report, given, TODAY + dt.timedelta(days=5))
        with pytest.raises(InvalidInput):
            review_guests.invite(work.desk, report, given, TODAY + dt.timedelta(days=5))
        jobs = {
            job.kind: job
            for job in work.session.scalars(sa.select(models.Job).where(models.Job.key.startswith("review:")))
        }
        assert jobs["mail.review_reminder"].due_at == dt.datetime(2026, 11, 29, 7, tzinfo=dt.UTC)
        opened = review_guests.open_link(work.session, jobs["mail.review"].payload["path"].rsplit("/", 1)[1], NOW)
        assert opened.report is report
        author: Author = opened.author(NOW)
        review_threads.begin(work.session, report, uid, words="", text="Gut.", author=author)
        review_guests.note_access(work.session, link.id, "remark", "10.0.0.0/24", NOW, is_refused=False)
        review_guests.revoke(work.desk, report, link.id)
        assert all(
            job.done_at and job.payload == {}
            for job in work.session.scalars(
                sa.select(models.Job)
                .where(models.Job.key.startswith("review:"))
                .execution_options(populate_existing=True)
            )
        )
        review_guests.forget_old(work.session, NOW + dt.timedelta(days=400))
        assert work.session.scalar(sa.select(sa.func.count()).select_from(models.ReviewLink)) == 0
    with house.writing("bert", clock=lambda: NOW) as work:
        report = work.session.get_one(models.Report, report_id)
        review_requests.finish(work.desk, report, asked.id)
        assert review_requests.open_requests(work.session, report) == []
