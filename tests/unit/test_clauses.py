"""Clauses: structure, lasting anchors, what they do, whom they ask, what they refer to."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.text.citations import Relation, find_references
from content.text.clauses import parse

NESTED = "Vorspann.\n\n1. Erstens:\n   a) Alpha,\n   b) Beta.\n2. Zweitens."


def test_numbers_letters_and_lead_get_lasting_anchors():
    assert [clause.anchor for clause in parse(NESTED).clauses] == ["z0", "z1", "z1a", "z1b", "z2"]


def test_letters_inside_a_line_become_clauses():
    text = "1. Zur Wahl: a) Einwohner, b) Nutzung, c) Zielgruppe."
    assert [clause.anchor for clause in parse(text).clauses] == ["z1", "z1a", "z1b", "z1c"]


def test_range_is_one_clause_with_an_anchor_for_each_number():
    first, fourth = parse("1.–3. Zusammen.\n4. Allein.").clauses
    assert (first.anchor, first.aliases, fourth.anchor) == ("z1", ("z2", "z3"), "z4")


@pytest.mark.parametrize("line", ["29. Oktober ist der Tag.", "36. Sitzung war in Hamburg."])
def test_date_or_session_at_the_start_of_a_line_is_no_clause(line):
    assert [clause.anchor for clause in parse(f"1. Eins.\n{line}\n2. Zwei.").clauses] == ["z1", "z2"]


def test_numbers_of_a_quoted_decision_are_not_ours():
    text = "1. Vorschlag: „Die Konferenz beschließt:\n1. Dies.\n2. Das.“\n2. Zweitens."
    assert [clause.anchor for clause in parse(text).clauses] == ["z1", "z2"]


KINDS = [
    ("Der IT-Planungsrat nimmt den Bericht zur Kenntnis.", "notes", (), None),
    ("Bericht der Gruppe zur Kenntnis genommen.", "notes", (), None),
    ("Er bittet die FITKO, zur 38. Sitzung ein Konzept vorzulegen.", "requests", ("FITKO",), 38),
    ("Die FITKO wird gebeten, zu berichten.", "requests", ("FITKO",), None),
    (
        "Er beauftragt die AG Informationssicherheit mit der Prüfung.",
        "commissions",
        ("AG Informationssicherheit",),
        None,
    ),
    (
        "Er empfiehlt Bund, Ländern und Kommunen den Referenzprozess.",
        "recommends",
        ("Bund", "Länder", "Kommunen"),
        None,
    ),
    ("Er stimmt dem Vorgehen zu.", "consents", (), None),
    ("Das Vorgehen wird befürwortet.", "consents", (), None),
    ("Er richtet eine Projektgruppe ein.", "establishes", (), None),
    ("Einrichtung einer länderoffenen Arbeitsgruppe.", "establishes", (), None),
    ("Er beschließt die verbindliche Anwendung der Standards.", "binds", (), None),
    ("Der Wirtschaftsplan erhält bis zu 10 Mio. Euro.", "finances", (), None),
    ("Die Ziffern 2 und 3 des Beschlusses 2023/44 werden aufgehoben.", "repeals", (), None),
    ("Der Plan ersetzt die Planung aus Beschluss 2022/06.", "replaces", (), None),
    ("Er bekräftigt die Absicht.", "affirms", (), None),
    ("Er dankt dem Aufbaustab.", "thanks", (), None),
    ("Er beschließt das Zielbild.", "resolves", (), None),
    ("Weiterentwicklung des Modells.", None, (), None),
    ("Die FITKO passt den Plan an und unterrichtet das BMI.", None, ("FITKO",), None),
    ("Freigabe in der 47. Sitzung.", None, (), 47),
    ("Das Bundeskanzleramt legt einen Entwurf vor.", None, (), None),
    ("Er bittet die Landesbeauftragten um Stellungnahme.", "requests", ("Landesbeauftragten",), None),
    ("Das Verfahren setzt die Zustimmung nach dem TKG voraus.", None, (), None),
    ("Die Arbeit des eingerichteten Gremiums läuft weiter.", None, (), None),
    ("Aufhebung der Ziffer 4 des Beschlusses 2020/11.", "repeals", (), None),
    ("Der IT-Planungsrat begrüßt die Zustimmung der Länder.", "notes", (), None),
    ("Er beschließt, die Mittel aus 2023 umzuwidmen.", "resolves", (), None),
    ("Kenntnisnahme des Berichts.", "notes", (), None),
    ("Er stellt fest, dass die Aufhebung nicht nötig ist.", "affirms", (), None),
    ("Bayern und Hessen berichten zur 40. Sitzung.", None, ("Bayern", "Hessen"), 40),
    ("Er bittet das Koordinierungsprojekt um eine Übersicht.", "requests", ("Koordinierungsprojekt",), None),
    (
        "Er bittet die Leitstelle XPlanung/XBau, weitere Fälle zu prüfen.",
        "requests",
        ("Leitstelle XPlanung/XBau",),
        None,
    ),
    (
        "Er empfiehlt den Staats- und Senatskanzleien, zuzustimmen.",
        "recommends",
        ("Staats- und Senatskanzleien",),
        None,
    ),
    ("Er empfiehlt der Ministerpräsidentenkonferenz:", "recommends", ("Ministerpräsidentenkonferenz",), None),
    ("Er empfiehlt die Anwendung der Richtlinie.", "recommends", (), None),
    ("Er empfiehlt den Einsatz von Open Source.", "recommends", (), None),
    ("Er bittet um Vorschläge bis zur 40. Sitzung.", "requests", (), 40),
    ("Der IT-Planungsrat legt fest, wer berichtet.", "resolves", (), None),
    ("Die Steuerungsgruppe wählt und legt den Schlüssel fest.", None, (), None),
    ("Zur 50. Sitzung der AL-Runde liegt ein Vorschlag vor.", None, (), None),
    ("Jährlich in der ersten Sitzung wird berichtet.", None, (), None),
]


@pytest.mark.parametrize(("text", "kind", "addressees", "due"), KINDS)
def test_clause_tells_what_it_does_whom_it_asks_and_by_when(text, kind, addressees, due):
    (clause,) = parse(f"1. {text}", own_meeting=36).clauses
    assert (clause.kind and clause.kind.value, clause.addressees, clause.due_meeting) == (kind, addressees, due)


def test_a_session_may_be_named_in_words():
    (clause,) = parse("1. Er beauftragt die Geschäftsstelle, bis zur zweiten Sitzung zu prüfen.", own_meeting=1).clauses
    assert (clause.addressees, clause.due_meeting) == (("Geschäftsstelle",), 2)


def test_clauses_of_real_decisions_are_read_as_people_read_them():
    """Every clause of the example content that fits a line, labelled by hand."""
    rows = [
        line.split("\t")
        for line in (Path(__file__).parent.parent / "data" / "clauses.tsv").read_text().splitlines()[1:]
    ]
    assert len(rows) > 200
    right, made, wanted, kinds, dues, missed = 0, 0, 0, 0, 0, []
    for own, kind, addressees, due, text in rows:
        (clause,) = parse(f"1. {text}", own_meeting=int(own) if own else None).clauses
        gold, found = set(filter(None, addressees.split(","))), set(clause.addressees)
        right, made, wanted = right + len(gold & found), made + len(found), wanted + len(gold)
        kinds += (clause.kind or "") == kind
        dues += str(clause.due_meeting or "") == due
        missed += [text[:60]] if gold != found or (clause.kind or "") != kind else []
    print(
        f"\nclauses {len(rows)}: kind {kinds}, due {dues}, addressees precision {right / made:.3f}, recall {right / wanted:.3f}; {missed}"
    )
    assert kinds / len(rows) >= 0.99 and dues / len(rows) >= 0.98 and right / made >= 0.97 and right / wanted >= 0.83


def test_next_session_counts_from_the_own_one():
    (clause,) = parse("1. Er bittet den Bund, in der nächsten Sitzung zu berichten.", own_meeting=36).clauses
    assert clause.due_meeting == 37


@pytest.mark.parametrize(
    ("text", "relation", "url", "anchors"),
    [
        (
            "die Ziffern 2 und 3 des Beschlusses 2023/44 werden aufgehoben",
            "repeals",
            "/beschluss/2023/44",
            ("z2", "z3"),
        ),
        ("wie in Beschluss 2024/02 Ziff. 2 vorgesehen", "cites", "/beschluss/2024/02", ("z2",)),
        ("Ziffern 2 bis 4 des Beschlusses 2020/01", "cites", "/beschluss/2020/01", ("z2", "z3", "z4")),
        ("in Umsetzung des Beschlusses 2017/23", "implements", "/beschluss/2017/23", ()),
        ("ersetzt die Planung aus Beschluss 2022/06", "replaces", "/beschluss/2022/06", ()),
        (
            "Der Plan, der die Frage löst, wie Beschluss 2021/05 wirkt, bleibt, bis man ihn schafft ab",
            "cites",
            "/beschluss/2021/05",
            (),
        ),
        ("der Entwurf löst den Plan aus Beschluss 2019/08 ab", "replaces", "/beschluss/2019/08", ()),
        ("Ziffer 2 Buchstabe b", "cites", "", ("z2b",)),
        ("Entscheidung 2025/02-AL", "cites", "/beschluss/al-runde/2025/02", ()),
    ],
)
def test_reference_is_typed_and_points_to_the_clause(text, relation, url, anchors):
    (reference,) = find_references(text)
    assert (reference.relation, reference.url, reference.clauses) == (Relation(relation), url, anchors)
    assert text[reference.start : reference.end] == reference.text


def test_each_reference_of_a_sentence_takes_its_own_verb():
    first, second = find_references(
        "Gemäß Beschluss 2019/01 wird das Verfahren geführt, und Beschluss 2020/02 wird aufgehoben"
    )
    assert (first.relation, second.relation) == (Relation.IMPLEMENTS, Relation.REPEALS)


WORDS = st.text(alphabet="abcdeäö 123.)\n-„“#*", max_size=300)


@given(WORDS)
def test_anchors_are_unique_valid_and_the_same_each_time(text):
    anchors = [anchor for clause in parse(text).clauses for anchor in (clause.anchor, *clause.aliases)]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"z\d+[a-z]*\d*(-\d+)?", anchor) for anchor in anchors)
    assert parse(text) == parse(text)


@given(
    st.lists(
        st.sampled_from(["1. Eins wort", "2. Zwei wort", "   a) A wort", "   b) B wort", "frei wort", "- Punkt wort"]),
        max_size=12,
    )
)
def test_no_word_is_lost_and_none_appears_twice(lines):
    text = "\n".join(lines)
    assert sum(clause.markdown.count("wort") for clause in parse(text).clauses) == text.count("wort")
