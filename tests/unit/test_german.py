"""German words against lists labelled by hand (tests/data/search): precision and recall are printed, floors are held.

The floors of the half that was held back say what a reader can count on; those of the other half only guard the rules.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from content.search.compounds import Splitter, WordLists
from content.search.german import STOP_WORDS, Analysis, shipped_lists
from content.search.lemmas import Lemmas, fold

LISTS = Path(__file__).parent.parent / "data" / "search"


def rows(name, half):
    lines = (LISTS / f"{name}.tsv").read_text().splitlines()
    found = [line.split("\t")[1:] for line in lines if line.startswith(f"{half}\t")]
    assert len(found) >= 10
    return found


@pytest.fixture(scope="module")
def analysis(lemmas_folder):
    return Analysis(Lemmas.open(lemmas_folder))


def test_the_lists_are_as_long_as_they_must_be():
    sizes = {
        name: sum(len(rows(name, half)) for half in ("tuning", "held"))
        for name in ("compounds", "forms", "whole", "apart")
    }
    stop_words = sum(row[1] == "ja" for half in ("tuning", "held") for row in rows("stop", half))
    assert (
        sizes["compounds"] >= 100
        and sizes["forms"] >= 40
        and sizes["whole"] + sizes["apart"] >= 40
        and stop_words >= 40
    )
    words = [row[0] for name in ("compounds", "whole") for half in ("tuning", "held") for row in rows(name, half)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("half", "exact", "precision", "recall"), [("tuning", 0.9, 0.95, 0.92), ("held", 0.8, 0.92, 0.85)]
)
def test_compounds_are_taken_apart(analysis, half, exact, precision, recall):
    right = made = wanted = same = 0
    missed = []
    for word, gold in rows("compounds", half):
        parts = {fold(part) for part in gold.split("+")}
        leaves = set(analysis.leaves(fold(word)))
        found = leaves if len(leaves) > 1 else set()
        right, made, wanted, same = (
            right + len(found & parts),
            made + len(found),
            wanted + len(parts),
            same + (found == parts),
        )
        missed += [f"{word}: {'+'.join(sorted(found)) or 'ganz'}"] if found != parts else []
    count = len(rows("compounds", half))
    print(
        f"\ncompounds, {half}: exact {same}/{count}, precision {right / made:.3f}, recall {right / wanted:.3f}; {missed}"
    )
    assert same / count >= exact and right / made >= precision and right / wanted >= recall


@pytest.mark.parametrize(("half", "floor"), [("tuning", 1.0), ("held", 0.9)])
def test_words_that_only_look_composed_stay_whole(analysis, half, floor):
    words = [row[0] for row in rows("whole", half)]
    wrong = {word: analysis.leaves(fold(word)) for word in words if len(analysis.leaves(fold(word))) > 1}
    print(f"\nwhole, {half}: {len(words) - len(wrong)}/{len(words)}; {wrong}")
    assert 1 - len(wrong) / len(words) >= floor


@pytest.mark.parametrize(("half", "floor"), [("tuning", 0.95), ("held", 0.9)])
def test_forms_of_a_word_find_each_other(analysis, half, floor):
    pairs = rows("forms", half)
    missed = [pair for pair in pairs if set(analysis.terms(pair[0])).isdisjoint(analysis.terms(pair[1]))]
    print(f"\nforms, {half}: {len(pairs) - len(missed)}/{len(pairs)}; {missed}")
    assert 1 - len(missed) / len(pairs) >= floor


@pytest.mark.parametrize(("half", "floor"), [("tuning", 0.9), ("held", 0.9)])
def test_words_that_only_look_alike_do_not(analysis, half, floor):
    pairs = rows("apart", half)
    wrong = [pair for pair in pairs if not set(analysis.terms(pair[0])).isdisjoint(analysis.terms(pair[1]))]
    print(f"\napart, {half}: {len(pairs) - len(wrong)}/{len(pairs)}; {wrong}")
    assert 1 - len(wrong) / len(pairs) >= floor


@pytest.mark.parametrize(("half", "precision", "recall"), [("tuning", 0.97, 0.95), ("held", 0.95, 0.85)])
def test_words_that_say_nothing_are_not_searched_for_and_those_that_do_are(analysis, half, precision, recall):
    labelled = {word: label == "ja" for word, label in rows("stop", half)}
    dropped = {word for word in labelled if not analysis.terms(word)}
    right, wanted = sum(labelled[word] for word in dropped), sum(labelled.values())
    missed = sorted(word for word, says_nothing in labelled.items() if says_nothing and word not in dropped)
    print(
        f"\nstop words, {half}: precision {right / len(dropped):.3f}, recall {right / wanted:.3f}; {missed}, {sorted(word for word in dropped if not labelled[word])}"
    )
    assert right / len(dropped) >= precision and right / wanted >= recall


@pytest.mark.parametrize("written", ["FIT-Connect", "fitconnect", "FitConnect", "FIT\u2011Connect"])
def test_joined_and_hyphenated_forms_share_a_term(analysis, written):
    found = {term for token in analysis.tokens(written) for term in token.terms}
    assert "=fitconnect" in found


@pytest.mark.parametrize("written", ["2021/39", "2021-39"])
def test_a_number_is_one_term_however_it_is_written(analysis, written):
    assert [token.terms for token in analysis.tokens(f"Beschluss {written}.")][1] == ("#2021/39",)


def test_stop_words_keep_their_place(analysis):
    tokens = list(analysis.tokens("die Kosten der Nachnutzung"))
    assert [token.place for token in tokens] == [1, 3]
    assert all(term != "der" for token in tokens for term in token.terms) and "der" in STOP_WORDS


def test_desk_lists_overrule(lemmas_folder):
    kind = Lemmas.open(lemmas_folder).kind
    assert Splitter(kind, shipped_lists()).leaves("registermodernisierung") == ("register", "modernisierung")
    never = WordLists(frozenset(), frozenset({"registermodernisierung"}))
    assert Splitter(kind, never).leaves("registermodernisierung") == ("registermodernisierung",)
    assert Splitter(kind, WordLists()).leaves("efatools") == ("efatools",)
    assert Splitter(kind, WordLists(frozenset({"efa", "tools"}))).leaves("efatools") == ("efa", "tools")


def test_corpus_vocabulary_is_a_source_of_parts(lemmas_folder):
    kind = Lemmas.open(lemmas_folder).kind
    assert Splitter(kind, shipped_lists()).leaves("governikusprojekt") == ("governikusprojekt",)
    assert Splitter(kind, shipped_lists(), {"governikus"}).leaves("governikusprojekt") == ("governikus", "projekt")


def test_a_long_word_costs_no_more_than_its_letters(lemmas_folder):
    splitter = Splitter(Lemmas.open(lemmas_folder).kind, shipped_lists())
    for word in ("a" * 50, "projekt" * 7, "".join(itertools.islice(itertools.cycle("plan"), 50)), "x" * 10_000):
        splitter.parts(word)
