"""Reports as Word files: written, read, sent out and taken back; by hand, by LibreOffice, and by people who mean ill."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from hypothesis import given, settings
from hypothesis import strategies as st

from content.helpers.plain import as_json, from_json
from content.word import reading, returned
from content.word.shapes import Comment, NotWord, Report, Returned, Section
from content.word.writing import write
from tests.unit.word_files import ENDLESS

FILES = Path(__file__).parents[1] / "files" / "word"
BASE = "https://portal.example"
RICH = """Ein Absatz mit **fett**, *kursiv*, `code` und [Link](/beschluss/2021/39) sowie [außen](https://example.org/a?b=1).[^1]

- eins
- zwei
    - zwei a
    - zwei b
- drei

# Zwischentitel

| Land | Wert |
| --- | --- |
| HE | 5 \\| 6 |
| NW | **7** |

> Ein Zitat

```
code a
  code b
```

1\\. kein Listenpunkt, 5 \\* 3 &lt; 16\\_a

[^1]: Eine Fußnote mit Text."""
PLAIN = "Der Bund zahlt.\n\nDie Länder prüfen die Kosten.\n\nDie Kommunen nutzen nach."
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def section(number, text, *, level=1, comments=()):
    return Section(f"{number:032x}", number, level, f"Abschnitt {number}", text, comments)


def report(*sections):
    return Report("Bericht der Gruppe", "AG Startups", sections, BASE)


def texts(body):
    return [one.text for one in reading.read(body, base_url=BASE).sections]


# --- writing and reading ----------------------------------------------------------------------------------------------


def test_a_rich_section_comes_back_word_for_word():
    assert texts(write(report(section(1, RICH)))) == [RICH]


def test_columns_of_a_table_keep_their_side_in_word_and_on_the_way_back():
    text = "| Land | Jahr | Wert |\n| --- | :-: | --: |\n| HE | 2021 | 5 |\n\nDanach."
    sent = report(section(1, text))
    body = write(sent)
    (table,) = Document(io.BytesIO(body)).tables
    assert [[cell.paragraphs[0].alignment for cell in row.cells] for row in table.rows] == [
        [None, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT]
    ] * 2
    assert [
        one.text for one in returned.compare(sent, edited(body, lambda xml: xml.replace("Danach.", "Darauf."))).sections
    ] == [text.replace("Danach.", "Darauf.")]


def test_the_same_report_gives_the_same_bytes():
    sent = report(section(1, RICH, comments=(Comment("Gerda Muster", "Stimmt das?", "fett"),)))
    assert write(sent, report_uid="u") == write(sent, report_uid="u")


def test_sections_keep_their_names_revisions_levels_and_order():
    sent = report(section(7, "Eins."), section(3, "Zwei.", level=2), section(5, "Drei."))
    found = reading.read(write(sent)).sections
    assert [(one.uid, one.rev, one.level, one.heading) for one in found] == [
        (one.uid, one.rev, one.level, one.heading) for one in sent.sections
    ]


def test_footnotes_of_each_section_count_from_one():
    sent = report(section(1, "Satz.[^x]\n\n[^x]: Erste."), section(2, "Satz.[^9]\n\n[^9]: Zweite."))
    assert texts(write(sent)) == ["Satz.[^1]\n\n[^1]: Erste.", "Satz.[^1]\n\n[^1]: Zweite."]


def test_pictures_travel_with_their_description():
    sent = report(section(1, "![Ein roter Punkt](/datei/abc/punkt.png)"))
    found = reading.read(write(sent, images={"/datei/abc/punkt.png": PNG}.get))
    ((name, body),) = found.images.items()
    assert found.sections[0].text == f"![Ein roter Punkt]({name})" and body == PNG


def test_a_picture_that_cannot_be_had_leaves_its_description():
    assert texts(write(report(section(1, "![Karte der Länder](/datei/abc/karte.png)")))) == [
        r"\[Bild: Karte der Länder\]"
    ]


def test_addresses_that_run_scripts_do_not_become_links():
    (text,) = texts(write(report(section(1, "[hier](javascript:alert%281%29) und <b>Wort</b>"))))
    assert "javascript" not in text and "hier" in text


def test_comments_stand_at_their_words():
    at = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)
    sent = report(
        section(1, PLAIN, comments=(Comment("Gerda Muster", "Alle?", "Die Länder", at),)), section(2, "Zwei.")
    )
    first, second = reading.read(write(sent)).sections
    assert first.comments == (Comment("Gerda Muster", "Alle?", "Die Länder", at),)
    assert second.comments == ()


def test_comments_stand_at_their_words_alone_and_leave_the_text_as_it_is():
    comments = tuple(
        Comment("Gerda Muster", f"Zu {words}.", words)
        for words in ("Länder prüfen", "Die", "Kosten.", "fett", "Länder")
    )
    text = "Die Länder prüfen die Kosten.\n\nEin **fettes** Wort."
    (one,) = reading.read(write(report(section(1, text, comments=comments)))).sections
    assert one.text == text
    assert [row.quoted for row in one.comments] == [row.quoted for row in comments]


def test_answers_and_what_is_done_travel_with_their_comment():
    answers = (Comment("Paul Prüfer", "Ja,\nalle."), Comment("Gerda Muster", "Danke."))
    sent = report(
        section(
            1,
            PLAIN,
            comments=(
                Comment("Gerda Muster", "Alle?", "Die Länder", answers=answers),
                Comment("Ada", "Gut.", is_done=True),
            ),
        )
    )
    (one,) = reading.read(write(sent)).sections
    first, second = one.comments
    assert [(row.author, row.text) for row in first.answers] == [
        ("Paul Prüfer", "Ja,\n\nalle."),
        ("Gerda Muster", "Danke."),
    ]
    assert (first.is_done, second.is_done, second.answers) == (False, True, ())
    assert returned.compare(sent, write(sent)).sections[0].comments == ()


def test_comments_that_answer_each_other_in_a_ring_are_read_all_the_same():
    body = write(report(section(1, PLAIN, comments=(Comment("A", "Eins", answers=(Comment("B", "Zwei"),)),))))
    ring = edited(
        body,
        lambda xml: xml.replace('w15:paraId="10000000"', 'w15:paraId="10000000" w15:paraIdParent="10000001"'),
        "word/commentsExtended.xml",
    )
    (one,) = reading.read(ring).sections
    assert {row.text for comment in one.comments for row in (comment, *comment.answers)} == {"Eins", "Zwei"}


def test_comments_in_footnotes_are_not_taken_and_that_is_told():
    body = write(report(section(1, PLAIN, comments=(Comment("A", "Eins", "Länder"),))))
    assert reading.read(edited(body, lambda xml: xml.replace("w:commentReference", "w:annotationRef"))).left_out == (
        "Kommentare außerhalb des Textes (etwa in Fußnoten) wurden nicht übernommen (1).",
    )


WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=382, exclude_characters="\x7f\x80\x85\xa0\xad"),
    min_size=1,
    max_size=9,
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)


@settings(max_examples=15, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=4))
def test_whatever_is_written_reads_the_same_the_second_time(sentences):
    once = texts(write(report(section(1, "\n\n".join(sentences)))))
    assert texts(write(report(section(1, once[0])))) == once


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("abcäöüß XYZ"), min_size=1, max_size=20).map(lambda text: "x" + text.strip() + "x"),
        min_size=1,
        max_size=6,
    )
)
def test_plain_paragraphs_come_back_word_for_word(paragraphs):
    text = "\n\n".join(" ".join(one.split()) for one in paragraphs)
    assert texts(write(report(section(1, text)))) == [text]


# --- sent out and taken back ------------------------------------------------------------------------------------------


def edited(body, change, changed="word/document.xml"):
    """The file with one part changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(target, "w") as packed:
        for name in source.namelist():
            part = source.read(name)
            packed.writestr(name, change(part.decode()).encode() if name == changed else part)
    return target.getvalue()


def tracked(old, new, author="Paul Prüfer"):
    mark = f'w:id="90" w:author="{author}" w:date="2026-03-02T08:00:00Z"'
    gone = f'<w:del {mark}><w:r><w:delText xml:space="preserve">{old}</w:delText></w:r></w:del>' if old else ""
    come = f'<w:ins {mark}><w:r><w:t xml:space="preserve">{new}</w:t></w:r></w:ins>' if new else ""
    return gone + come


def split_run(xml, words, replacement):
    """Put `replacement` in the place of `words` inside a run."""
    before, after = xml.split(words, 1)
    before = '<w:t xml:space="preserve">'.join(before.rsplit("<w:t>", 1))
    return f'{before}</w:t></w:r>{replacement}<w:r><w:t xml:space="preserve">{after}'


def test_a_file_that_returns_untouched_changes_nothing():
    sent = report(section(1, "_Anders_ geschrieben:\n\n* mit\n* Sternen\n\n3. drei\n4. vier"), section(2, PLAIN))
    found = returned.compare(sent, write(sent))
    assert [(one.is_changed, one.text) for one in found.sections] == [(False, one.text) for one in sent.sections]
    assert [one.suggestions for one in found.sections] == [(), ()] and found.missing == ()


def test_only_the_paragraph_that_was_edited_differs():
    sent = report(section(1, "_Kursiv_ bleibt.\n\nDie Länder prüfen."))
    (one,) = returned.compare(
        sent, edited(write(sent), lambda xml: xml.replace("Länder prüfen", "Länder zahlen"))
    ).sections
    assert one.is_changed and one.text == "_Kursiv_ bleibt.\n\nDie Länder zahlen." and one.suggestions == ()


def test_tracked_changes_return_as_suggestions_with_their_author():
    sent = report(section(1, PLAIN))
    body = edited(write(sent), lambda xml: split_run(xml, "prüfen", tracked("prüfen", "tragen")))
    (one,) = returned.compare(sent, body).sections
    assert not one.is_changed and one.text == PLAIN
    (suggestion,) = one.suggestions
    assert (suggestion.old, suggestion.new) == ("Die Länder prüfen die Kosten.", "Die Länder tragen die Kosten.")
    assert (suggestion.author, suggestion.at) == ("Paul Prüfer", dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC))


def test_a_tracked_new_paragraph_is_an_addition():
    sent = report(section(1, PLAIN))
    new = f'<w:p><w:pPr><w:rPr><w:ins w:id="91" w:author="Paul Prüfer"/></w:rPr></w:pPr>{tracked("", "Ein neuer Satz.")}</w:p>'
    (one,) = returned.compare(
        sent, edited(write(sent), lambda xml: xml.replace("<w:sectPr", new + "<w:sectPr", 1))
    ).sections
    assert [(row.old, row.new) for row in one.suggestions] == [("", "Ein neuer Satz.")]


def test_a_tracked_removed_paragraph_end_joins_two_paragraphs_only_when_accepted():
    sent = report(section(1, "Erster Satz.\n\nZweiter Satz."))

    def change(xml):
        start = xml.rindex("<w:p>", 0, xml.index("Erster Satz."))
        return xml[:start] + '<w:p><w:pPr><w:rPr><w:del w:id="9" w:author="P"/></w:rPr></w:pPr>' + xml[start + 5 :]

    (one,) = reading.read(edited(write(sent), change)).sections
    assert (one.before, one.text) == ("Erster Satz.\n\nZweiter Satz.", "Erster Satz.Zweiter Satz.")


def test_new_remarks_return_and_those_that_were_sent_do_not():
    sent = report(section(1, PLAIN, comments=(Comment("Gerda Muster", "Alle?", "Die Länder"),)))
    more = report(
        section(1, PLAIN, comments=(*sent.sections[0].comments, Comment("Paul Prüfer", "Ja, alle.", "Der Bund")))
    )
    (one,) = returned.compare(sent, write(more)).sections
    assert [(row.author, row.text, row.quoted) for row in one.comments] == [("Paul Prüfer", "Ja, alle.", "Der Bund")]


def test_sections_that_are_gone_and_sections_that_are_new_are_told():
    sent = report(section(1, "Eins."), section(2, "Zwei."))
    other = report(section(1, "Eins."), Section("f" * 32, 0, 1, "Ganz neu", "Drei."))
    found = returned.compare(sent, write(other))
    assert found.missing == (sent.sections[1].uid,)
    assert [(one.uid is None, one.heading) for one in found.sections] == [(False, "Abschnitt 1"), (True, "Ganz neu")]


def test_a_changed_heading_is_told():
    sent = report(section(1, "Eins."))
    (one,) = returned.compare(
        sent, edited(write(sent), lambda xml: xml.replace(">Abschnitt 1<", ">Neuer Name<"))
    ).sections
    assert one.is_changed and one.heading == "Neuer Name" and one.text == "Eins."


# --- LibreOffice -----------------------------------------------------------------------------------------------------


def sent_to_libreoffice():
    """The report that the file in the repository was made from."""
    comment = Comment(
        "Gerda Muster", "Gilt das für alle?", "Die Länder", answers=(Comment("Ada Antwort", "Ja, für alle."),)
    )
    return report(section(1, RICH), section(2, PLAIN, level=2, comments=(comment,)))


def body_for_libreoffice():
    return edited(
        write(sent_to_libreoffice(), report_uid="u"), lambda xml: split_run(xml, "prüfen", tracked("prüfen", "tragen"))
    )


def assert_returned_from_libreoffice(body):
    found = returned.compare(sent_to_libreoffice(), body)
    assert [(one.is_changed, one.comments) for one in found.sections] == [(False, ()), (False, ())]
    assert [(row.old, row.new, row.author) for one in found.sections for row in one.suggestions] == [
        ("Die Länder prüfen die Kosten.", "Die Länder tragen die Kosten.", "Paul Prüfer")
    ]
    assert found.missing == () and found.left_out == ()


def test_a_file_that_libreoffice_saved_returns_with_its_tracked_changes():
    assert_returned_from_libreoffice((FILES / "von-libreoffice.docx").read_bytes())


@pytest.mark.skipif(
    shutil.which("soffice") is None,
    reason="LibreOffice is not installed here; the file it made in the repository is tested above",
)
def test_libreoffice_of_this_machine_keeps_all_of_it(tmp_path):
    source = tmp_path / "bericht.docx"
    source.write_bytes(body_for_libreoffice())
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profil",
        "--headless",
        "--convert-to",
        "docx",
        "--outdir",
        str(tmp_path / "aus"),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert_returned_from_libreoffice((tmp_path / "aus" / "bericht.docx").read_bytes())


def test_a_foreign_file_written_in_libreoffice_is_read_with_its_headings_lists_tables_and_notes():
    found = reading.read((FILES / "fremd.docx").read_bytes())
    assert [(one.level, one.heading, one.uid) for one in found.sections] == [
        (1, "Ausgangslage", None),
        (2, "Hindernisse", None),
        (1, "Ausblick", None),
    ]
    text = "\n\n".join(one.text for one in found.sections)
    for piece in (
        "- Lösungen sind zu wenig bekannt",
        "1. erheben\n2. prüfen",
        "| Förderung | Betrag |",
        "**wichtig**",
        "[^1]: Umfrage unter den Ländern.",
    ):
        assert piece in text


# --- what cannot be taken, and hostile files --------------------------------------------------------------------------


def test_what_cannot_be_taken_is_listed():
    math = '<w:p><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"/></w:p>'
    body = edited(write(report(section(1, "Eins."))), lambda xml: xml.replace("<w:sectPr", math + "<w:sectPr", 1))
    assert reading.read(body).left_out == ("Formeln wurden nicht übernommen (1).",)


def zipped(**parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return target.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"\xd0\xcf\x11\xe0",
        zipped(a="b"),
        zipped(**{"word/document.xml": "<a/>"}),
        zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document"}),
        zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<a/>"}),
        zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": b"<a/>", "big": b"0" * 310_000_000}),
    ],
    ids=["empty", "half", "pdf", "doc", "zip", "no types", "cut off", "no text", "entity", "bomb"],
)
def test_a_file_that_is_no_word_file_is_refused_with_a_remedy(body):
    with pytest.raises(NotWord, match=r"\.docx|beschädigt|Dokumenttyp|zu groß"):
        reading.read(body)


def test_a_word_file_cut_off_anywhere_is_refused_or_read():
    whole = write(report(section(1, PLAIN)))
    for size in range(0, len(whole), 997):
        with pytest.raises(NotWord):
            reading.read(whole[:size])


def test_words_of_a_file_never_become_marks():
    (text,) = texts(
        write(report(section(1, r"\# kein Titel" + "\n\n" + r"\- kein Punkt" + "\n\n" + r"\[kein\](link)")))
    )
    assert re.findall(r"^(?:\\#|\\-|\\\[)", text, re.MULTILINE) == ["\\#", "\\-", "\\["]


@pytest.mark.parametrize("name", ENDLESS)
def test_a_file_that_no_reader_can_bear_is_refused_in_words(name):
    with pytest.raises(NotWord, match=r"(?i)bitte|nicht gelesen"):
        reading.read(ENDLESS[name])


def test_marks_name_the_sections_that_we_sent():
    body = write(Report("T", "", (Section("a" * 32, 3, 1, "Eins", "Text."), Section("b" * 32, 0, 2, "Zwei", ""))))
    assert reading.marks(body) == [("a" * 32, 3), ("b" * 32, 0)]


def test_what_a_file_says_is_the_same_after_its_way_between_processes():
    body = write(
        Report(
            "T",
            "",
            (
                Section(
                    "a" * 32, 3, 1, "Eins", "Text.", (Comment("A", "B", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),)
                ),
            ),
        )
    )
    found = returned.compare(Report("T", "", ()), body)
    assert from_json(Returned, as_json(replace(found, images={}))) == replace(found, images={})
