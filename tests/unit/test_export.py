"""PDF and citations: accessible, archivable, the same bytes each time; hostile titles stay text."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import subprocess
import sys
from dataclasses import astuple

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from content.export import citation, pdf, typesetting
from content.helpers import frames
from content.text import clauses, markup
from content.text.report_markup import section_html

PROOF = typesetting.LedgerProof(12, "ab" * 32, "cd" * 32, "0123456789abcdef", "2026-11-24T04:05:06.000000Z")
TEXT = "1. Der IT-Planungsrat beschließt:\n   a) Alpha,\n   b) Beta.\n2. Er bittet die FITKO um einen Bericht."


def document(title="Kosten der Nachnutzung", text=TEXT):
    parsed = clauses.parse(text)
    return {
        "schema": 1,
        "kind": "decision",
        "item": "x",
        "edition": 1,
        "url": "/beschluss/2021/24",
        "title": title,
        "language": "de",
        "note": None,
        "text": markup.to_text(text),
        "html": markup.decision_html(parsed),
        "data": {
            "body": {"slug": "it-planungsrat", "name": "IT-Planungsrat"},
            "number": "2021/24",
            "year": 2021,
            "serial": 24,
            "date": "2021-06-23",
            "meeting": {"url": "/sitzung/35", "label": "35. Sitzung", "date": None},
            "clauses": [],
            "references": [],
            "topics": ["EfA"],
            "text_kind": "official",
            "source_url": None,
            "source_note": None,
        },
    }


def build(made):
    return pdf.build(made, PROOF, base_url="https://beschluesse.example")


def test_pdf_is_tagged_titled_and_carries_its_source():
    body = build(document())
    with pikepdf.open(io.BytesIO(body)) as opened:
        root = opened.Root
        assert root.MarkInfo.Marked
        assert str(root.Lang).lower().startswith("de")
        assert root.ViewerPreferences.DisplayDocTitle
        metadata = opened.open_metadata()
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
        attached = json.loads(next(iter(opened.attachments.values())).get_file().read_bytes())
        assert attached == document()
        roles = str(
            [
                object_.get("/S")
                for object_ in opened.objects
                if isinstance(object_, pikepdf.Dictionary) and "/S" in object_
            ]
        )
        assert all(role in roles for role in ("/H1", "/L", "/LI", "/P"))


def test_pdf_is_the_same_in_another_process_zone_locale_and_folder(tmp_path):
    data = {
        "document": json.dumps(dict(reversed(document().items()))),
        "proof": astuple(PROOF),
        "base_url": "https://beschluesse.example",
        "pictures": {},
        "target": str(tmp_path / "made.pdf"),
    }
    environment = {**os.environ, "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-m", "content.helpers.process", "typesetter", str(os.getpid())],
        input=frames.packed({"job": "pdf", "data": data, "seconds": 60}),
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    assert frames.unpacked(frames.exactly(io.BytesIO(done.stdout)))[0] == {"ok": {}}
    assert (tmp_path / "made.pdf").read_bytes() == build(document())


@settings(max_examples=15, deadline=None)
@given(st.text(alphabet="ab#$*_\\\"'[]{}<>@=~`äß§–„“ ", min_size=1, max_size=60))
def test_pdf_shows_any_title_as_plain_text(title):
    words = " ".join(title.split())
    if not words:
        return
    opened = pypdfium2.PdfDocument(build(document(title=words)))
    try:
        assert opened.get_metadata_value("Title") == words
    finally:
        opened.close()


def test_citation_names_everything_a_lawyer_needs():
    text = citation.plain(document(), base_url="https://b.example", accessed=dt.date(2026, 11, 24))
    assert text == (
        "IT-Planungsrat, Beschluss 2021/24 „Kosten der Nachnutzung“ vom 23. Juni 2021 (35. Sitzung), Fassung 1, "
        "https://b.example/beschluss/2021/24 (abgerufen am 24. November 2026)."
    )


HOSTILE = "50 % & {mehr}\n_unten_ #1 </script><script>"


def test_bibtex_and_ris_stay_whole_with_a_hostile_title():
    made = document(title=HOSTILE)
    entry = citation.bibtex(made, base_url="https://b.example")
    assert r"50 \% \& \{mehr\} \_unten\_ \#1" in entry
    assert entry.count("\n}") == 1
    record = citation.ris(made, base_url="https://b.example").split("\r\n")
    assert all(line[2:6] == "  - " for line in record[:-1])
    assert record[-2] == "ER  - "


def test_json_ld_cannot_leave_its_script_element():
    meta = citation.html_meta(
        kind="decision",
        title=HOSTILE,
        url="/x",
        data=document()["data"],
        base_url="https://b.example",
        valid_from=dt.datetime(2021, 1, 1, tzinfo=dt.UTC),
    )
    assert "<" not in meta.json_ld
    assert json.loads(meta.json_ld)["name"] == HOSTILE


def test_too_long_document_is_refused_in_words():
    made = document() | {"text": "x" * 2_000_000}
    with pytest.raises(typesetting.PdfError, match="zu lang"):
        build(made)


def report(sections, **data):
    return {
        **document(),
        "kind": "report",
        "url": "/bericht/probe",
        "html": '<p>Kurz gesagt.</p><section id="a1"></section>',
        "data": {
            "group": "AG Probe",
            "lead": "Hamburg",
            "subgroups": ["Eins", "Zwei"],
            "date": "2021-10-29",
            "recommendations": [],
            "sections": sections,
            **data,
        },
    }


def section(number, html, *, level=1, kind="text", **more):
    return {
        "anchor": f"a{number}",
        "number": str(number),
        "level": level,
        "heading": f"Abschnitt {number}",
        "kind": kind,
        "text": "",
        "html": html,
        **more,
    }


def words_of(body):
    opened = pypdfium2.PdfDocument(body)
    return [page.get_textpage().get_text_range() for page in opened]


def test_report_has_title_page_contents_footnotes_and_list_of_recommendations():
    note = section_html("Ein Satz.[^1] Siehe [](#a2).\n\n[^1]: Die Quelle.", "a1", 1, {"a2": "Abschnitt 2"})
    made = report(
        [
            section(1, note),
            section(2, "<h6>Zu tief</h6><p>Mehr Mut.</p>", kind="recommendation", recommendation="/empfehlung/mut"),
        ],
        recommendations=["/empfehlung/mut", "/empfehlung/andere"],
        plain={"text": "Leicht.", "html": "<p>Leicht.</p>", "sections": ["a1"], "stale": []},
    )
    pages = words_of(build(made))
    assert "Arbeitsgruppe: AG Probe" in pages[0] and "Eins, Zwei" in pages[0] and "Ein Satz" not in pages[0]
    assert "Inhalt" in pages[1] and "2 Abschnitt 2" in pages[1] and "Verzeichnis der Empfehlungen" in pages[1]
    rest = " ".join(pages[2:])
    assert "Die Quelle." in rest and "https://beschluesse.example/empfehlung/andere" in rest and "Leicht." in rest
    assert build(made) == build(made)


def test_report_of_old_editions_without_numbers_and_levels_still_is_set():
    old = {
        "anchor": "a1",
        "heading": "Auftrag",
        "kind": "finding",
        "text": "Text.",
        "html": "<h2>Innen</h2><p>Text.</p>",
    }
    assert "Auftrag" in " ".join(words_of(build(report([old]))))


def test_report_of_many_sections_is_numbered_and_whole():
    made = report(
        [
            section(number, f"<p>Wort{number}. {'Viele Worte. ' * 300}</p>", level=1 + number % 3 % 2)
            for number in range(1, 31)
        ]
    )
    text = " ".join(words_of(build(made)))
    assert all(f"Wort{number}." in text for number in range(1, 31))


def test_machines_are_told_the_day_of_berlin_on_which_a_text_became_public():
    midnight = dt.datetime(2021, 11, 1, 23, tzinfo=dt.UTC)
    meta = citation.html_meta(
        kind="decision", title="T", url="/x", data=document()["data"], base_url="https://b.example", valid_from=midnight
    )
    assert json.loads(meta.json_ld)["datePublished"] == "2021-11-02"


def test_columns_of_a_table_keep_their_side():
    def left_of(row):
        made = report(
            [section(1, section_html(f"| Land | Zahl der Vorhaben |\n{row}\n| Bremen | 7777 |", "a1", 1, {}))]
        )
        opened = pypdfium2.PdfDocument(build(made))
        pages = [page.get_textpage() for page in opened]
        return next(page.get_charbox(found[0])[0] for page in pages if (found := page.search("7777").get_next()))

    plain, centred, right = (left_of(row) for row in ("|---|---|", "|---|:-:|", "|---|--:|"))
    assert plain < centred < right


def test_report_shows_its_pictures_with_alternative_text_caption_and_credit(tmp_path):
    digest = "ab" * 32
    tall, broken = tmp_path / "tall", tmp_path / "broken"
    Image.new("RGB", (1600, 2400), "navy").save(tall, "PNG")
    broken.write_bytes(b"no picture")
    text = f'Davor.\n\n![Ein Turm](/datei/{digest}/turm.png "Der Turm | AG Probe")\n\n![Fehlt](/datei/{"cd" * 32}/x.png "Nichts | Niemand")\n\nDanach.'
    made = report([section(1, section_html(text, "a1", 1, {}))])
    body = pdf.build(
        made,
        PROOF,
        base_url="https://beschluesse.example",
        pictures={digest: tall, "cd" * 32: broken, "ef" * 32: tmp_path / "none"},
    )
    assert body == pdf.build(made, PROOF, base_url="https://beschluesse.example", pictures={digest: tall})
    words = " ".join(words_of(body))
    assert (
        "Der Turm Bildnachweis: AG Probe" in " ".join(words.split())
        and "Abbildung: Fehlt · Nichts · Bildnachweis: Niemand" in words
    )
    with pikepdf.open(io.BytesIO(body)) as opened:
        figures = [row for row in opened.objects if isinstance(row, pikepdf.Dictionary) and row.get("/S") == "/Figure"]
        assert [str(row.Alt) for row in figures] == ["Ein Turm"]
        boxes = [row for row in opened.objects if isinstance(row, pikepdf.Stream) and row.get("/Subtype") == "/Image"]
        assert [(int(row.Width), int(row.Height)) for row in boxes] == [(1600, 2400)]
