"""Lists (CSV) as operators take them: every fault with line, column and reason; nothing half-taken; twice is once."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from content import models
from content.services.base import catalogue
from content.services.exchange import exchange
from content.typed import csv_input
from content.typed.csv_output import csv_text, safe_cell

OZG = "ozg_id,name,lebenslage,themenfeld\n10000,Elterngeld,Geburt,Familie & Kind\n10092,Wohngeld,Wohnen,Arbeit & Ruhestand\n"
LEIKA = 'leika_key,name,leika_type,ozg_id,laws\n99041006017000,Elterngeld,2/3,10000,BEEG\nnicht im LeiKa,"Hilfe, ""einfach""",4,,\n3233,Test 4,44,10092,\n'


def _take(house, tmp_path, *texts, **choices):
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"liste{number}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    with house.writing("test") as work:
        return exchange.Importer(work.desk, is_publishing=False, **choices).read(paths)


def _amount(house, model):
    with house.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(model))


def test_rows_without_a_key_are_kept_and_told(house, tmp_path):
    report = _take(house, tmp_path, OZG, LEIKA)
    assert report.created == {"ozg_service": 2, "leika_service": 3}
    assert [(row.line, row.column, row.field) for row in report.kept] == [(3, 1, "leika_key"), (4, 1, "leika_key")]
    assert "nicht im LeiKa" in report.kept[0].message
    with house.reading() as connection:
        rows = connection.execute(
            sa.select(models.LeikaService.leika_key, models.LeikaService.given_key).order_by(models.LeikaService.id)
        ).all()
    assert rows == [("99041006017000", ""), (None, "nicht im LeiKa"), (None, "3233")]


def test_the_same_list_again_changes_nothing_and_a_changed_row_changes_that_row(house, tmp_path):
    _take(house, tmp_path, OZG, LEIKA)
    assert _take(house, tmp_path, OZG, LEIKA).unchanged == {"ozg_service": 2, "leika_service": 3}
    report = _take(house, tmp_path, OZG.replace("Wohngeld", "Wohngeld und Lastenzuschuss"))
    assert (report.changed, report.unchanged) == ({"ozg_service": 1}, {"ozg_service": 1})


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (OZG.encode().replace(b"Elterngeld", b"Gr\xf6\xdfe"), 2, 2, "kein UTF-8"),
        (OZG.encode().replace(b",", b";").replace(b"Elterngeld", b"Gr\xf6\xdfe"), 2, 2, "kein UTF-8"),
        (OZG.encode("utf-16"), 1, 1, "UTF-16"),
        (OZG.encode() + b"10001,\x00,x,y\n", 4, 0, "Nullbyte"),
        (b"", 1, 0, "gehört zu keiner bekannten Liste"),
        (OZG.replace("themenfeld", "thema"), 1, 0, "gehört zu keiner bekannten Liste"),
        (OZG.replace("10000,Elterngeld,Geburt,", "10000;Elterngeld;Geburt;"), 2, 1, "Semikolon statt Komma"),
        (OZG + "10001,Name,Lage,Feld,zuviel\n", 4, 4, "5 Felder, erwartet werden 4"),
        (OZG + '10001,"offen,Lage,Feld\n', 4, 0, "nicht geschlossen"),
        (OZG + '10001,"zu"viel,Lage,Feld\n', 4, 0, "steht noch Text"),
        (OZG + "10001,=HYPERLINK(1),Lage,Feld\n", 4, 2, "wie eine Formel"),
        (OZG + "10001,@SUM(A1),Lage,Feld\n", 4, 2, "wie eine Formel"),
        (OZG + "10001,-1+2,Lage,Feld\n", 4, 2, "wie eine Formel"),
        (OZG + '10001,"\t=1",Lage,Feld\n', 4, 2, "wie eine Formel"),
        (OZG + "10000,Noch einmal,Lage,Feld\n", 4, 1, "steht schon in Zeile 2"),
        (OZG + "abc,Name,Lage,Feld\n", 4, 1, "keine OZG-ID"),
        (OZG + "10001,,Lage,Feld\n", 4, 2, "Name fehlt"),
        (OZG + f"10001,{'x' * 2001},Lage,Feld\n", 4, 2, "höchstens 2000"),
        (OZG + f"10001,{'x' * 140_000},Lage,Feld\n", 4, 0, "zu lang"),
        ("leika_key,name,leika_type,ozg_id,laws\n99041006017000,Elterngeld,2,77777,\n", 2, 4, "steht nicht im Katalog"),
        ("name,land,url\nAachen,XX,\n", 2, 2, "ist kein Land"),
    ],
)
def test_every_fault_has_line_column_and_reason_and_nothing_is_taken(house, tmp_path, text, line, column, words):
    with pytest.raises(exchange.FaultyInput) as refused:
        _take(house, tmp_path, "name,town,url\nDataport,Altenholz,\n", text)
    fault = refused.value.report.faults[0]
    assert (fault.file, fault.line, fault.column) == ("liste1.csv", line, column)
    assert words in fault.message
    assert _amount(house, models.OzgService) == _amount(house, models.ItProvider) == 0


def test_all_faulty_rows_are_told_at_once_and_can_be_left_out(house, tmp_path):
    text = OZG + "x,Eins,a,b\ny,Zwei,a,b\n10003,Geburtsanzeige,a,b\n"
    with pytest.raises(exchange.FaultyInput) as refused:
        _take(house, tmp_path, text)
    assert [fault.line for fault in refused.value.report.faults] == [4, 5]
    assert _take(house, tmp_path, text, skip_faulty=True).created == {"ozg_service": 3}


def test_excel_writes_semicolons_marks_and_windows_line_ends(house, tmp_path):
    text = "\ufeff" + OZG.replace(",", ";").replace("\n", "\r\n")
    assert _take(house, tmp_path, text).created == {"ozg_service": 2}


def test_a_hundred_thousand_lines_are_taken_and_one_more_is_refused(house, tmp_path):
    text = "name,land,url\n" + "".join(f"Ort {number},BY,\n" for number in range(csv_input.MAX_ROWS))
    assert _take(house, tmp_path, text).created == {"commune": 100_000}
    with pytest.raises(exchange.FaultyInput) as refused:
        _take(house, tmp_path, text + "Zu viel,BY,\n")
    assert (refused.value.report.faults[0].line, len(refused.value.report.faults)) == (100_002, 1)


@pytest.mark.parametrize("cell", ["=1+1", "+49 40", "-5", "@x", "\tx", "\r=1", "\n=1"])
def test_what_goes_out_is_no_formula_and_reads_back(cell):
    [header, row] = csv.reader(io.StringIO(csv_text(["a", "b"], [[cell, "gut"]]), newline=""))
    assert (header, row) == (["a", "b"], ["'" + cell, "gut"])
    assert not csv_input.FORMULA.match(safe_cell(cell))


@given(st.binary(max_size=400) | st.text(alphabet='ozg_id,name;\t"\n\r=+-@1äß\x00', max_size=400).map(str.encode))
def test_no_file_makes_the_reader_stumble(body):
    for text in (body, OZG.encode() + body):
        sheet = csv_input.read(text, catalogue.COLUMNS)
        assert sheet.faults or all(set(row.cells) == set(sheet.columns) for row in sheet.rows)
        assert all(fault.line >= 1 and fault.message for fault in sheet.faults)


def test_the_catalogue_answers_by_key(house, tmp_path):
    _take(house, tmp_path, OZG, LEIKA)
    with house.writing("test") as work:
        assert catalogue.ozg_service(work.session, "10000").themenfeld == "Familie & Kind"
        assert catalogue.ozg_service(work.session, "99999") is None
        assert catalogue.leika_names(work.session, ["99041006017000", "x"]) == {"99041006017000": "Elterngeld"}
        assert catalogue.is_empty(work.session, models.Commune) and not catalogue.is_empty(
            work.session, models.OzgService
        )
