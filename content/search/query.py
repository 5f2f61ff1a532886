"""What a person typed → a question. Nothing that can be typed is an error: bad syntax is read as words, with a hint.

Understood: words (all must occur), „phrases“ in any quotes, `-excluded`, `prefix*`, numbers in any form, and sessions
(„36. Sitzung“, „Beschlüsse der 36. Sitzung“).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from content import numbers
from content.addresses import MAIN_BODY, meeting_url
from content.bodies import NOBODY, Bodies
from content.search.interface import Query, Term

MAX_CHARS: Final = 500
MAX_TERMS: Final = 24
_QUOTES: Final = "\"„“”»«‚‘’'"
_PHRASE: Final = re.compile(r"(?P<minus>-?)[\"„“”»«](?P<words>[^\"„“”»«]*)[\"„“”»«]")
_SESSION: Final = re.compile(
    r"(?i)(?:\b(?:alle )?(?:beschl(?:ü|ue|u)sse|entscheidungen|ergebnisse|tagesordnung)\s+(?:der|aus der|von der|in der)\s+)?"
    r"\b(\d{1,3})\.\s*sitzung(\s+(?:der\s+)?al-?runde)?\b"
)
_WORDS: Final = re.compile(r"\w+(?:[-/.]\w+)*")
MIN_PREFIX: Final = 2


def read(
    raw: str,
    *,
    bodies: Bodies = NOBODY,
    filters: Mapping[str, str] | None = None,
    sort: str = "relevance",
    page: int = 1,
    per_page: int = 20,
    among: frozenset[int] | None = None,
) -> Query:
    """The question in `raw`. Never raises."""
    hints: list[str] = []
    text = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in raw[: MAX_CHARS * 4])
    text = unicodedata.normalize("NFC", text).strip()
    if len(raw) > MAX_CHARS:
        text = text[:MAX_CHARS]
        hints.append(f"Die Anfrage ist sehr lang; gesucht wird mit den ersten {MAX_CHARS} Zeichen.")
    chosen = dict(filters or {})
    number = numbers.parse(text)
    session = _SESSION.search(text) if number is None else None
    if session is not None and "meeting" not in chosen:
        slug = bodies.by_suffix.get("AL", MAIN_BODY) if session[2] else MAIN_BODY
        chosen["meeting"] = meeting_url(slug, "numbered", ordinal=int(session[1]), date=None)
        text = (text[: session.start()] + " " + text[session.end() :]).strip()
        hints.append(f"Eingegrenzt auf die {session[1]}. Sitzung.")
    terms = [] if number is not None else _terms(text, hints)
    if len(terms) > MAX_TERMS:
        terms = terms[:MAX_TERMS]
        hints.append(f"Die Anfrage hat sehr viele Wörter; gesucht wird mit den ersten {MAX_TERMS}.")
    if terms and all(term.is_excluded for term in terms):
        terms = [Term(term.words, term.is_phrase, term.is_prefix) for term in terms]
        hints.append("Nur ausgeschlossene Wörter ergeben keine Suche; sie wurden als gewöhnliche Wörter gelesen.")
    return Query(
        raw=raw,
        terms=tuple(terms),
        number=_display(number) if number else None,
        filters=chosen,
        sort=sort,
        page=max(1, page),
        per_page=per_page,
        hints=tuple(hints),
        among=among,
    )


def _display(number: numbers.DecisionNumber) -> str:
    return f"{number.year}/{number.serial:02d}" + (f"-{number.suffix}" if number.suffix else "")


def _terms(text: str, hints: list[str]) -> list[Term]:
    terms: list[Term] = []

    def take_phrase(match: re.Match[str]) -> str:
        words = tuple(_WORDS.findall(match["words"]))
        if words:
            terms.append(Term(words, is_phrase=len(words) > 1, is_excluded=bool(match["minus"])))
        return " "

    rest = _PHRASE.sub(take_phrase, text)
    if any(quote in rest for quote in '"„“”»«'):
        hints.append("Ein Anführungszeichen steht allein; der Text wurde als einzelne Wörter gelesen.")
    for token in rest.split():
        bare = token.strip(_QUOTES + "()[]{}.,;:!?+")
        is_excluded = bare.startswith("-") and len(bare) > 1
        is_prefix = bare.endswith("*")
        found = _WORDS.findall(bare)
        if not found:
            continue
        if len(found) == 1:
            long_enough = len(found[0]) >= MIN_PREFIX
            if is_prefix and not long_enough:
                hints.append(f"Vor „*“ braucht es mindestens {MIN_PREFIX} Buchstaben.")
            terms.append(Term((found[0],), is_prefix=is_prefix and long_enough, is_excluded=is_excluded))
        else:
            terms += [Term((word,), is_excluded=is_excluded) for word in found]
    if "*" in rest and not any(term.is_prefix for term in terms):
        hints.append("„*“ wirkt nur am Ende eines Wortes, etwa „Nachnutz*“.")
    return terms
