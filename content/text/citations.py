"""References of a clause to other decisions and their clauses: „Ziffern 2 und 3 des Beschlusses 2023/44“. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from content.council.addresses import MAIN_BODY, decision_url
from content.council.numbers import DecisionNumber, find_numbers


class Relation(StrEnum):
    """How a clause relates to another decision."""

    CITES = "cites"
    AMENDS = "amends"
    REPEALS = "repeals"
    REPLACES = "replaces"
    IMPLEMENTS = "implements"
    EXTENDS = "extends"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference at `start`…`end` of the clause's Markdown to `url` (own decision: empty) and perhaps its clauses."""

    start: int
    end: int
    relation: Relation
    url: str
    clauses: tuple[str, ...]
    text: str

    @property
    def target(self) -> str:
        """Address with anchor, as placeholders carry it."""
        return f"{self.url}#{self.clauses[0]}" if self.clauses else self.url


DEFAULT_BODIES: Final[Mapping[str, str]] = MappingProxyType({"": MAIN_BODY, "AL": "al-runde"})


_Z = r"\d{1,3}(?:[ \u00a0](?:Buchstaben?|Buchst\.|lit\.)[ \u00a0][a-z]\b)?"
_CLAUSES_BEFORE: Final = re.compile(
    rf"(?:Ziffern?|Ziff\.|Nummern?|Nr\.|Punkte?)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)"
    r"(?: und \w+)?(?:[ \u00a0](?:des|der|aus|von|im|in|zum|zu)(?: dem| den)?)?(?:[ \u00a0](?:Beschluss(?:es)?|Beschlüssen?|Entscheidung|Nr\.))*[ \u00a0]\Z"
)
_CLAUSES_AFTER: Final = re.compile(
    rf",?[ \u00a0](?:Ziffern?|Ziff\.|Nr\.)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)"
)
_WORD_BEFORE: Final = re.compile(r"(?:Beschl(?:uss(?:es)?|üssen?)|Entscheidung(?:en)?)(?: Nr\.)?[ \u00a0]\Z")
_OWN: Final = re.compile(
    rf"(?<!\w)(?:Ziffern?|Ziff\.)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)(?! de[rs] (?:Anlage|Konzept|Staatsvertrag|Vereinbarung))"
)
RELATION_RULES: Final[tuple[tuple[Relation, re.Pattern[str]], ...]] = tuple(
    (relation, re.compile(pattern))
    for relation, pattern in (
        (Relation.REPEALS, r"\baufgehoben\b|\bheb(?:t|en)\b[^,;]{0,160}?\bauf\b|\bAufhebung\b|\baußer Kraft\b"),
        (Relation.REPLACES, r"\bersetz(?:t|en)\b|tritt an die Stelle|\babgelöst\b|\blöst\b[^,;]{0,160}?\bab\b"),
        (
            Relation.AMENDS,
            r"\bänder(?:t|n)\b|geändert|\bÄnderung (?:von|des)|\bangepasst\b|\bpasst\b[^,;]{0,160}?\ban\b",
        ),
        (
            Relation.EXTENDS,
            r"ergänz(?:t|en|ung)|erweiter(?:t|n|ung)|fortgeschrieben|\bschreib(?:t|en)\b[^,;]{0,160}?\bfort\b|Fortschreibung|verlängert",
        ),
        (
            Relation.IMPLEMENTS,
            r"[Ii]n Umsetzung|[Zz]ur Umsetzung|\bsetz(?:t|en)\b[^,;]{0,160}?\bum\b|umgesetzt|[Gg]emäß|[Ii]n Erfüllung|[Aa]uf Grundlage|[Aa]uf der Grundlage",
        ),
    )
)


def find_references(text: str, *, bodies: Mapping[str, str] = DEFAULT_BODIES) -> tuple[Reference, ...]:
    """The references in a clause's Markdown, in order and without overlaps."""
    found: list[Reference] = []
    for number in find_numbers(text, bodies):
        slug = bodies.get(number.number.suffix)
        if slug is None or any(other.start <= number.start < other.end for other in found):
            continue
        found.append(_reference(text, number.start, number.end, number=number.number, slug=slug))
    found += [own for own in _own_references(text) if not any(_overlap(own, other) for other in found)]
    return tuple(sorted(found, key=lambda reference: reference.start))


def _reference(text: str, start: int, end: int, *, number: DecisionNumber, slug: str) -> Reference:
    before = _CLAUSES_BEFORE.search(text[:start])
    after = _CLAUSES_AFTER.match(text, end)
    word = _WORD_BEFORE.search(text[:start])
    anchors: tuple[str, ...] = ()
    if before:
        start, anchors = before.start(), _clause_anchors(before["list"])
    elif word:
        start = word.start()
    if after and not before:
        end, anchors = after.end(), _clause_anchors(after["list"])
    url = decision_url(slug, number.year, number.serial)
    return Reference(start, end, _relation(text, start, end), url, anchors, text[start:end])


def _own_references(text: str) -> Iterator[Reference]:
    for match in _OWN.finditer(text):
        yield Reference(match.start(), match.end(), Relation.CITES, "", _clause_anchors(match["list"]), match[0])


def _overlap(one: Reference, other: Reference) -> bool:
    return one.start < other.end and other.start < one.end


def _clause_anchors(listed: str) -> tuple[str, ...]:
    anchors: list[str] = []
    is_range = False
    for token in re.finditer(rf"(?P<z>{_Z})|(?P<to>bis|[–-])", listed):
        if token["to"]:
            is_range = True
            continue
        anchor = _anchor(token["z"])
        if is_range and anchors and anchors[-1][1:].isdigit() and anchor[1:].isdigit():
            anchors += [
                f"z{number}"
                for number in range(int(anchors[-1][1:]) + 1, min(int(anchor[1:]), int(anchors[-1][1:]) + 50))
            ]
        anchors.append(anchor)
        is_range = False
    return tuple(dict.fromkeys(anchors))


def _anchor(words: str) -> str:
    digits, _, rest = words.replace("\u00a0", " ").partition(" ")
    return f"z{int(digits)}" + (rest[-1] if rest else "")


def _relation(text: str, start: int, end: int) -> Relation:
    """By the verb that stands nearest to the reference in its sentence."""
    left = max(text.rfind(". ", 0, start), text.rfind("; ", 0, start), text.rfind("\n", 0, start)) + 1
    ends = [place for mark in (". ", "; ", ".\n") if (place := text.find(mark, end)) != -1]
    right = min(ends, default=len(text))
    found = [
        (max(match.start() - end, start - match.end(), 0), rank, relation)
        for rank, (relation, rule) in enumerate(RELATION_RULES)
        for match in rule.finditer(text, left, right)
    ]
    return min(found)[2] if found else Relation.CITES
