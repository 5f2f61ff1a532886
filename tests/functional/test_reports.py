"""Writing a report together, at the service: sections are saved, merged, moved, split, removed and brought back."""

from __future__ import annotations

import datetime as dt
import re
import threading

import pytest
import sqlalchemy as sa

from content import models
from content.schemas import InvalidInput, clean_item
from content.services.editing import edit, section_drafts
from content.services.reports import reports
from content.services.reports.reports import Author, Outcome
from content.services.workflow import transition
from content.text import markup
from workflows.report import REPORT

NOW = dt.datetime(2026, 11, 25, 9, tzinfo=dt.UTC)
ANNA, BERT = Author("anna", "Anna", NOW), Author("bert", "Bert", NOW + dt.timedelta(minutes=1))
TEXT = "Erster Absatz.\n\nZweiter Absatz.\n\nDritter Absatz."


def make_report(work, slug="probe", headings=("Auftrag", "Befund")):
    value = clean_item(
        "report",
        {
            "slug": slug,
            "title": "Ein Bericht",
            "group": "AG Probe",
            "date": "2026-11-01",
            "sections": [{"heading": heading, "text": TEXT} for heading in headings],
        },
    )
    return edit.save(work.session, "report", value, now=NOW).item


@pytest.fixture
def desk(request):
    """(house, id of a report with two sections, their identities)."""
    house = request.getfixturevalue(getattr(request, "param", "house"))
    with house.writing("test") as work:
        report = make_report(work)
        return house, report.id, [row.uid for row in report.sections]


on_both = pytest.mark.parametrize("desk", ["house", "postgres_house"], indirect=True)


def save(house, report_id, uid, author, *, base_rev, text=TEXT, heading="Auftrag"):
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        return reports.save_section(
            work.session, report, uid, heading=heading, text=text, base_rev=base_rev, author=author
        )


def test_saving_a_section_keeps_a_revision_and_the_report_follows(desk):
    house, report_id, (uid, _) = desk
    assert save(house, report_id, uid, ANNA, base_rev=1, text="Neu.").outcome is Outcome.SAVED
    assert save(house, report_id, uid, ANNA, base_rev=2, text="Neu.").outcome is Outcome.UNCHANGED
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        assert (report.rev, report.sections[0].rev, report.input["sections"][0]["text"]) == (2, 2, "Neu.")
        assert report.input_digest == edit.digest(clean_item("report", report.input))
        assert [(row.rev, row.actor, row.text) for row in reports.revisions(work.session, report, uid)] == [
            (2, "anna", "Neu."),
            (1, "", TEXT),
        ]


def test_two_people_at_different_paragraphs_are_merged_silently(desk):
    house, report_id, (uid, _) = desk
    save(house, report_id, uid, ANNA, base_rev=1, text=TEXT.replace("Erster", "Annas"))
    done = save(house, report_id, uid, BERT, base_rev=1, text=TEXT.replace("Dritter", "Berts"), heading="Unser Auftrag")
    assert done.outcome is Outcome.MERGED
    assert (
        done.section.text == "Annas Absatz.\n\nZweiter Absatz.\n\nBerts Absatz."
        and done.section.heading == "Unser Auftrag"
    )


def test_what_two_people_wrote_is_refused_where_it_is_too_much_together(desk):
    house, report_id, (uid, _) = desk
    heavy = "*a* " * 1_700
    markup.check_size(heavy)
    save(house, report_id, uid, ANNA, base_rev=1, text=TEXT.replace("Erster", heavy))
    with pytest.raises(InvalidInput, match="zu viele Auszeichnungen"):
        save(house, report_id, uid, BERT, base_rev=1, text=TEXT.replace("Dritter", heavy))


def test_all_sections_of_a_report_are_not_more_work_together_than_an_item_may_cost(desk):
    house, report_id, _ = desk
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        for number in range(2):
            reports.add_section(work.session, report, heading=f"Nummer {number}", text="*a* " * 1_700, author=ANNA)
        with pytest.raises(InvalidInput, match="mit diesem Abschnitt"):
            reports.add_section(work.session, report, heading="Zu viel", text="*a* " * 1_700, author=ANNA)


@on_both
def test_a_conflict_saves_nothing_shows_both_and_the_base_and_keeps_what_was_typed(desk):
    house, report_id, (uid, _) = desk
    save(house, report_id, uid, ANNA, base_rev=1, text=TEXT.replace("Zweiter", "Annas"))
    done = save(house, report_id, uid, BERT, base_rev=1, text=TEXT.replace("Zweiter", "Berts"))
    assert done.outcome is Outcome.CONFLICT and done.section.rev == 2 and done.theirs.actor_name == "Anna"
    (conflict,) = done.merged.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == (
        ("Zweiter Absatz.",),
        ("Berts Absatz.",),
        ("Annas Absatz.",),
    )
    with house.writing("test") as work:
        assert "Berts Absatz." in section_drafts.of_person(work.session, uid, "bert").text
    resolved = done.merged.resolved([conflict.chosen("both")])
    assert save(house, report_id, uid, BERT, base_rev=2, text=resolved).outcome is Outcome.SAVED
    with house.writing("test") as work:
        assert section_drafts.of_person(work.session, uid, "bert") is None


def test_two_headings_are_a_conflict_too(desk):
    house, report_id, (uid, _) = desk
    save(house, report_id, uid, ANNA, base_rev=1, heading="Annas Titel")
    assert save(house, report_id, uid, BERT, base_rev=1, heading="Berts Titel").is_heading_contested


def test_an_unknown_base_is_refused_with_words(desk):
    house, report_id, (uid, _) = desk
    with pytest.raises(InvalidInput, match="neu öffnen"):
        save(house, report_id, uid, ANNA, base_rev=77)


@on_both
def test_sections_move_split_go_and_come_back_with_their_anchors(desk):
    house, report_id, (first, second) = desk
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        third = reports.add_section(work.session, report, heading="Neu", after=first, author=ANNA).uid
        reports.move(work.session, report, third, "in", author=ANNA)
        reports.move(work.session, report, second, "up", author=ANNA)
        assert [(row.uid, row.level, row.anchor) for row in report.sections] == [
            (second, 1, "a2"),
            (first, 1, "a1"),
            (third, 2, "a3"),
        ]
        assert report.sections[2].parent_uid == first
        part = reports.split_section(work.session, report, first, paragraph=1, heading="Der Rest", author=ANNA)
        assert (
            part.anchor == "a4"
            and part.text == "Zweiter Absatz.\n\nDritter Absatz."
            and report.sections[1].text == "Erster Absatz."
        )
        reports.place(work.session, report, part.uid, after="", level=1, author=ANNA)
        reports.remove_section(work.session, report, first, author=ANNA)
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        assert [row.section_uid for row in reports.removed(work.session, report)] == [first]
        back = reports.bring_back(work.session, report, first, author=ANNA)
        assert (back.uid, back.text, back.anchor) == (first, "Erster Absatz.", "a5")
        assert [row["anchor"] for row in report.input["sections"]] == ["a4", "a3", "a2", "a5"] or report.input[
            "sections"
        ][-1]["anchor"] == "a5"
    save(house, report_id, first, ANNA, base_rev=2, text="Weiter.", heading="Auftrag")


def test_the_form_of_the_whole_report_keeps_identities(desk):
    house, report_id, (first, second) = desk
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        given = {
            **report.input,
            "sections": [{"heading": "Befund", "text": "Anders."}, {"heading": "Ganz neu", "text": "Neu."}],
        }
        edit.save(work.session, "report", clean_item("report", given), now=NOW, item=report)
        assert [(row.uid, row.anchor, row.rev) for row in report.sections] == [(second, "a2", 2), (first, "a1", 2)]


def test_identities_of_another_report_are_refused(desk):
    house, _, (first, _) = desk
    with house.writing("test") as work:
        row = {"heading": "Gestohlen", "text": "x", "uid": first}
        value = clean_item("report", {"slug": "anderer", "title": "B", "group": "AG", "sections": [row, {**row}]})
        with pytest.raises(InvalidInput, match="gehört zu einem anderen Bericht"):
            edit.save(work.session, "report", value, now=NOW)


def test_nothing_is_written_into_a_final_report(desk):
    house, report_id, (uid, _) = desk
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        transition.take(work.desk, report, REPORT, "ask_group")
    with house.writing("other") as work:
        transition.take(work.desk, work.session.get(models.Report, report_id), REPORT, "finish")
    with pytest.raises(InvalidInput, match="Endfassung"):
        save(house, report_id, uid, ANNA, base_rev=1, text="Zu spät.")


def test_presence_ends_when_nothing_is_heard(desk):
    house, report_id, (uid, _) = desk
    with house.writing("test") as work:
        report = work.session.get(models.Report, report_id)
        for _ in range(2):
            section_drafts.beat(work.session, report, uid, login="anna", name="Anna", now=NOW)
        section_drafts.beat(work.session, report, uid, login="bert", name="Bert", now=NOW + dt.timedelta(seconds=50))
        assert [row.name for row in section_drafts.present(work.session, report, NOW + dt.timedelta(seconds=55))] == [
            "Anna",
            "Bert",
        ]
        assert [row.name for row in section_drafts.present(work.session, report, NOW + dt.timedelta(seconds=70))] == [
            "Bert"
        ]


@on_both
def test_every_word_typed_by_twenty_authors_is_kept(desk):
    """Each author adds words to one section, resolving conflicts by keeping both; at the end each word is there once."""
    house, report_id, (uid, _) = desk
    faults = []

    def write(name):
        try:
            for turn in range(3):
                with house.writing("test") as work:
                    section = reports.section_of(work.session.get(models.Report, report_id), uid)
                    base, text = section.rev, section.text
                text = f"{text}\n\nwort{name}x{turn}"
                done = save(house, report_id, uid, Author(f"p{name}", f"P{name}", NOW), base_rev=base, text=text)
                while done.outcome is Outcome.CONFLICT:
                    answers = [conflict.chosen("both") for conflict in done.merged.conflicts]
                    done = save(
                        house,
                        report_id,
                        uid,
                        Author(f"p{name}", f"P{name}", NOW),
                        base_rev=done.theirs.rev,
                        text=done.merged.resolved(answers),
                    )
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with house.writing("test") as work:
        text = reports.section_of(work.session.get(models.Report, report_id), uid).text
        assert sorted(re.findall(r"wort\d+x\d", text)) == sorted(
            f"wort{name}x{turn}" for name in range(20) for turn in range(3)
        )
        assert (
            work.session.scalar(
                sa.select(sa.func.count())
                .select_from(models.SectionRevision)
                .where(models.SectionRevision.section_uid == uid)
            )
            >= 20
        )
