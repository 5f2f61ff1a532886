"""The keys that ship: whole, exact, with sources; and one place for everything that counts by them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from content.council import koenigstein
from content.council.laender import LAENDER, LAND_CODES
from tests.unit.test_voting import KEY_2016


def _row(**more):
    return {"year": 2016, "source": "Amtsblatt", "verified": True, "shares": dict(KEY_2016), **more}


def test_the_key_of_2016_is_the_one_votes_are_checked_with_and_every_key_has_its_source():
    assert dict(koenigstein.KEYS[2016].shares) == KEY_2016
    assert {year: (key.is_verified, bool(key.source)) for year, key in koenigstein.KEYS.items()} == {
        2016: (True, True),
        2019: (False, True),
    }
    assert "nicht gegen" in koenigstein.KEYS[2019].source


def test_an_unverified_key_never_counts():
    assert set(koenigstein.shipped()) == {2016}
    assert koenigstein.shares_by_year("NW", koenigstein.shipped()) == {"2016": "21.14424"}
    assert koenigstein.shares_by_year("BUND", koenigstein.shipped()) == {}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (_row(shares={**KEY_2016, "NW": "21.14434"}), "sum to"),
        (_row(shares={**KEY_2016, "NW": "21.1442"}), "five decimals"),
        (_row(shares={code: share for code, share in KEY_2016.items() if code != "NW"}), "sixteen"),
        (_row(source=" "), "without source"),
    ],
)
def test_a_faulty_key_stops_the_start_with_its_reason(row, words):
    with pytest.raises(ValueError, match=words):
        koenigstein.read([row])


def _key(year):
    return koenigstein.Key(year, f"Quelle {year}", True, KEY_2016)


@pytest.mark.parametrize(
    ("years", "year", "expected", "words"),
    [
        ([2016, 2019], 2019, 2019, ""),
        ([2016, 2019], 2021, 2019, "von 2019, dem letzten davor"),
        ([2016, 2019], 2018, 2016, "von 2016, dem letzten davor"),
        ([2016], 2010, 2016, "von 2016, dem ältesten"),
        ([], 2020, None, "kein Königsteiner Schlüssel"),
    ],
)
def test_the_key_of_the_day_counts_and_another_one_says_why(years, year, expected, words):
    chosen = koenigstein.choose({known: _key(known) for known in years}, year)
    assert chosen.year == expected
    assert words in chosen.reason and bool(words) == bool(chosen.reason)


NAMES = {code: LAENDER[code].name for code in LAND_CODES}
WAYS = [
    "{name} {german}",
    "{code};{english}",
    "{name}\t{german} %",
    '"{name}";"{german}"',
    "{code},{english}",
    "{name},{german}",
    "{name}: {german} Prozent",
]


@pytest.mark.parametrize("line", WAYS)
def test_a_list_is_read_with_german_and_english_numbers_and_any_separator(line):
    rows = [
        line.format(name=NAMES[code], code=code, english=share, german=share.replace(".", ","))
        for code, share in KEY_2016.items()
    ]
    assert koenigstein.read_list("\n".join(["\ufeffLand;Anteil", *rows, "", "Summe;100,00000"])) == KEY_2016


def _list(**more):
    return "\n".join(f"{code} {share.replace('.', ',')}" for code, share in {**KEY_2016, **more}.items() if share)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Es fehlen: Baden-Württemberg"),
        (_list(BY=""), "Es fehlen: Bayern"),
        (_list(BY="15.56072"), "Die Anteile ergeben 100,02745 statt 100"),
        (_list() + "\nBayern 15,53327", "Zeile 17: Bayern steht schon"),
        (_list() + "\nTirol 3,5", "Zeile 17: „Tirol“ ist kein Land"),
        (_list() + "\nBund 3,5", "Zeile 17: „Bund“ ist kein Land"),
        (_list(BY="15.533271"), "mehr als 5 Stellen"),
        (_list() + "\nBayern viel", "Zeile 17: „Bayern viel“ hat keinen Anteil"),
    ],
)
def test_a_list_that_is_no_whole_key_is_refused_with_line_and_reason(text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        koenigstein.read_list(text)


def test_rounded_numbers_may_miss_the_hundred_by_what_rounding_can_do_and_no_more():
    two = {code: f"{Decimal(share):.2f}" for code, share in KEY_2016.items()}
    assert koenigstein.read_list(_list(**two)) == two
    off = {**two, "NW": str(100 - sum(map(Decimal, two.values())) + Decimal(two["NW"]) + Decimal("0.08"))}
    assert koenigstein.read_list(_list(**off)) == off
    with pytest.raises(ValueError, match="statt 100"):
        koenigstein.read_list(_list(**{**off, "NW": str(Decimal(off["NW"]) + Decimal("0.01"))}))


def test_the_source_told_is_that_of_the_shipped_key_only_where_the_numbers_are_its():
    assert koenigstein.source_of(2016, KEY_2016) == koenigstein.KEYS[2016].source
    assert koenigstein.source_of(2016, {**KEY_2016, "NW": str(Decimal(22))}) == koenigstein.OWN_SOURCE
    assert koenigstein.source_of(1990, KEY_2016) == koenigstein.OWN_SOURCE
