"""What a person typed → what is asked. Nothing that can be typed is an error: bad syntax is read as words, with a hint.

Understood: words (all are wanted), „phrases“ in any quotes, `-excluded` or `NICHT`, `prefix*`, `this OR that` (ODER, `|`),
fields (`nr: sitzung: jahr: gremium: art: von: bis: ziffer:`), numbers in any form, sessions („36. Sitzung“, „Beschlüsse der
36. Sitzung“). Pure: which words mean the same is the business of `planning`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from content.council.bodies import NOBODY, Bodies
from content.council.numbers import SERIAL, SUFFIX
from content.search import phrasing
from content.search.fields import FIELDS, Meaning

MAX_CHARS: Final = 500
MAX_TERMS: Final = 24
MIN_PREFIX: Final = 2
_OPEN: Final = '"„“”»«'
_QUOTES: Final = _OPEN + "‚‘’'"
_LEXER: Final = re.compile(
    rf"(?P<minus>-?)(?:(?P<name>[A-Za-zÄÖÜäöü]{{2,12}}):)?[{_OPEN}](?P<phrase>[^{_OPEN}]*)[{_OPEN}]|(?P<token>\S+)"
)
_FIELD: Final = re.compile(r"([A-Za-zÄÖÜäöü]{2,12}):(.+)\Z")
_SPACED_FIELD: Final = re.compile(rf"(?i)(?<![\w:])({'|'.join(FIELDS)}):\s+(?=\S)")
_WORDS: Final = re.compile(rf"\d{{4}}/{SERIAL}(?:-{SUFFIX})?|\w+(?:[-/.\u2010\u2011]\w+)*")
_OR: Final = frozenset({"OR", "ODER", "|", "||"})
_NOT: Final = frozenset({"NOT", "NICHT"})
_AND: Final = frozenset({"AND", "UND", "&", "&&", "+"})


@dataclass(frozen=True, slots=True)
class Term:
    """Words as typed: one, or a phrase; perhaps the beginning of a word; perhaps not wanted."""

    words: tuple[str, ...]
    is_phrase: bool = False
    is_prefix: bool = False
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: groups of alternatives (`a OR b` is one group), filters by name (`clause` among them), days, hints.

    `number` is set if the whole question is a number (`2021/39`), `clause` if it names a place in it („Ziffer 2“); `groups`
    then holds nothing. `literals`: how the question itself says a filter, or the days (`days`).
    """

    raw: str
    groups: tuple[tuple[Term, ...], ...] = ()
    number: str | None = None
    clause: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    hints: tuple[str, ...] = ()
    literals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has_words(self) -> bool:
        """Whether anything is asked beside filters."""
        return bool(self.groups or self.number)


def read(raw: str, *, bodies: Bodies = NOBODY, filters: Mapping[str, str] | None = None) -> Asked:
    """What is asked by `raw` under the `filters` chosen on the page. Never raises."""
    hints: list[str] = []
    text = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in raw[: MAX_CHARS * 4])
    text = unicodedata.normalize("NFC", text).strip()
    if len(raw) > MAX_CHARS:
        text = text[:MAX_CHARS]
        hints.append(f"Die Anfrage ist sehr lang; gesucht wird mit den ersten {MAX_CHARS} Zeichen.")
    whole = phrasing.number(text, hints)
    if whole is not None:
        rest = {name: value for name, value in (filters or {}).items() if name != "clause"}
        return Asked(
            raw, number=whole[0], clause=whole[1] or (filters or {}).get("clause", ""), filters=rest, hints=tuple(hints)
        )
    meaning = Meaning(bodies, dict(filters or {}), hints)
    text = phrasing.said(_SPACED_FIELD.sub(r"\1:", text), meaning)
    groups = _groups(text, meaning)
    if groups and all(term.is_excluded for group in groups for term in group):
        groups = [tuple(Term(term.words, term.is_phrase, term.is_prefix) for term in group) for group in groups]
        hints.append("Nur ausgeschlossene Wörter ergeben keine Suche; sie wurden als gewöhnliche Wörter gelesen.")
    number, clause = meaning.number, ""
    if number is not None and groups:
        groups.insert(0, (Term((number,)),))
        number = None
    elif number is not None:
        # The clause of this very decision is meant, not all that have one of that number.
        clause = meaning.filters.pop("clause", "")
        meaning.literals.pop("clause", None)
    if raw.strip() and not (groups or number or meaning.literals):
        hints.append(
            "Die Anfrage enthält kein Wort, nach dem sich suchen lässt; gezeigt wird alles, das Neueste zuerst."
        )
    first, last = meaning.days()
    return Asked(
        raw, tuple(groups), number, clause, meaning.filters, first, last, tuple(dict.fromkeys(hints)), meaning.literals
    )


def _groups(text: str, meaning: Meaning) -> list[tuple[Term, ...]]:
    groups: list[list[Term]] = []
    count, joins, excludes = 0, False, False
    for match in _LEXER.finditer(text):
        token = match["token"] or ""
        if token in _OR:
            joins = bool(groups)
            continue
        if token in _NOT or token in _AND:
            excludes = excludes or token in _NOT
            continue
        terms = _terms(match, meaning)
        if count + len(terms) > MAX_TERMS:
            meaning.hints.append(f"Die Anfrage hat sehr viele Wörter; gesucht wird mit den ersten {MAX_TERMS}.")
            break
        count += len(terms)
        for term in terms:
            wanted = Term(term.words, term.is_phrase, term.is_prefix, is_excluded=True) if excludes else term
            if joins and not wanted.is_excluded and groups and not groups[-1][0].is_excluded:
                groups[-1].append(wanted)
            else:
                groups.append([wanted])
            joins = False
        excludes = excludes and not terms
    if joins or excludes:
        meaning.hints.append("Ein „ODER“ oder „NICHT“ steht ohne zweites Wort und wurde übergangen.")
    return [tuple(group) for group in groups]


def _terms(match: re.Match[str], meaning: Meaning) -> list[Term]:
    if match["token"] is None:
        words = tuple(_WORDS.findall(match["phrase"]))
        if match["name"] and _is_field(match["name"], match["phrase"], match[0], meaning):
            return []
        return [Term(words, is_phrase=len(words) > 1, is_excluded=bool(match["minus"]))] if words else []
    token = match["token"]
    if any(quote in token for quote in _OPEN):
        meaning.hints.append("Ein Anführungszeichen steht allein; der Text wurde als einzelne Wörter gelesen.")
    if any(char in token for char in "()[]{}") and len(token) < MAX_CHARS:
        meaning.hints.append("Klammern haben in der Suche keine Bedeutung und wurden übergangen.")
    bare = token.strip(_QUOTES + "()[]{}.,;:!?+|&")
    named = _FIELD.match(bare)
    if named is not None and not named[2].startswith("/") and _is_field(named[1], named[2], bare, meaning):
        return []
    return _plain(bare, meaning)


def _is_field(name: str, value: str, literal: str, meaning: Meaning) -> bool:
    """Whether `name:value` was a field; one that cannot be understood leaves a hint and is read as words."""
    reader = FIELDS.get(name.lower())
    if reader is None:
        meaning.hints.append(
            f"Ein Feld „{name}:“ gibt es nicht; gelesen wurden Wörter. Felder sind: {', '.join(FIELDS)}."
        )
        return False
    said = Meaning(meaning.bodies, {}, [])
    fault = reader(value.strip(), said)
    if fault:
        meaning.hints.append(fault)
    else:
        meaning.take(said, literal)
    return not fault


def _plain(bare: str, meaning: Meaning) -> list[Term]:
    is_excluded = bare.startswith("-") and len(bare) > 1
    is_prefix = bare.endswith("*")
    found = _WORDS.findall(bare)
    if "*" in bare.rstrip("*"):
        meaning.hints.append("„*“ wirkt nur am Ende eines Wortes, etwa „Nachnutz*“.")
    if len(found) != 1:
        return [Term((word,), is_excluded=is_excluded) for word in found]
    long_enough = len(found[0]) >= MIN_PREFIX
    if is_prefix and not long_enough:
        meaning.hints.append(f"Vor „*“ braucht es mindestens {MIN_PREFIX} Buchstaben.")
    return [Term((found[0],), is_prefix=is_prefix and long_enough, is_excluded=is_excluded)]
