"""What is asked → wants with their options: word forms, compounds, joined forms, other names, near spellings.

One want per thing asked. Its options, from near to far, are what an engine looks up mechanically:

    the word as typed 1.0 · another form of it 0.9 · without umlauts 0.75 · in a compound 0.7
    the whole of what something is called 1.5 · another name: 0.8 (abbreviation) to 0.5 (loose synonym) · a number of the year typed 0.8 · all parts of a typed compound 0.5, of a hyphenated word 0.85 · near spelling 0.4
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Sequence
from typing import Final

from content.search.german import STOP_WORDS, Analysis, Token, number_term
from content.search.indexing import name_term, own_term
from content.search.interface import ANYWHERE, WORDS, Field, Option, Want
from content.search.lemmas import fold
from content.search.query import Asked, Term
from content.search.ranking import NUMBER_WEIGHT
from content.search.thesaurus import MAX_WORDS, Thesaurus

WHOLE_NAME: Final = 1.5
FORM: Final = 0.9
PLAIN: Final = 0.75
IN_COMPOUND: Final = 0.7
ALL_PARTS: Final = 0.5
ALL_PIECES: Final = 0.85
"""Of a word with hyphens: „EfA-Marktplatz“ is as well „der Marktplatz … EfA“."""
OF_THE_YEAR: Final = 0.8
NEAR: Final = 0.4
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MIN_PART: Final = 4
"""A shorter word is not looked for inside compounds."""


class Planner:
    """Makes wants. Safe between threads; holds nothing that changes."""

    def __init__(self, analysis: Analysis, thesaurus: Thesaurus) -> None:
        self.analysis = analysis
        self.thesaurus = thesaurus

    def wants(self, asked: Asked, suffixes: Sequence[str] = ()) -> tuple[Want, ...]:
        """The wants of a question. `suffixes`: what numbers of other bodies end with (`AL`)."""
        if asked.number is not None:
            return (self._number(asked.number, suffixes),)
        made: list[Want] = []
        groups = list(asked.groups)
        while groups:
            taken, want = self._named(groups)
            if want is None:
                following = groups[1] if len(groups) > 1 else ()
                before = asked.groups[len(asked.groups) - len(groups) - 1] if len(groups) < len(asked.groups) else ()
                want = self._group(groups[0], before, following)
            if want is not None:
                made.append(want)
            del groups[:taken]
        wanted = [want for want in made if not want.is_excluded]
        return tuple(self._as_name(want) if len(wanted) == 1 and want is wanted[0] else want for want in made)

    def leading(self, asked: Asked) -> tuple[Want, ...]:
        """What comes first where nothing but a session is asked for: the session itself."""
        url = asked.filters.get("meeting")
        return (
            (Want("", (Option((own_term(url),), (Field.TITLE,), NUMBER_WEIGHT),)),)
            if url and not asked.has_words
            else ()
        )

    def _as_name(self, want: Want) -> Want:
        """The only want also as the name of something: „OZG“ is first of all what is called so."""
        term = name_term(want.typed, self.analysis)
        return Want(want.typed, (*want.options, Option((term,), (Field.TITLE,), WHOLE_NAME))) if term else want

    def _number(self, number: str, suffixes: Sequence[str]) -> Want:
        term = number_term(number) or f"#{number}"
        options = [
            Option((term,), (Field.TITLE,), NUMBER_WEIGHT),
            Option((term,), (Field.TEXT, Field.FILES), reason=f"nennt {number}"),
        ]
        if "-" not in number:
            options += [
                Option(
                    (f"{term}-{suffix}",), (Field.TITLE,), NUMBER_WEIGHT / 2, reason=f"Nummer mit dem Zusatz {suffix}"
                )
                for suffix in suffixes
                if suffix
            ]
        return Want(number, tuple(options))

    def _named(self, groups: Sequence[tuple[Term, ...]]) -> tuple[int, Want | None]:
        """A name of several typed words („Einer für Alle“) as one want; else nothing."""
        words: list[str] = []
        for group in groups[:MAX_WORDS]:
            term = group[0]
            if len(group) > 1 or term.is_phrase or term.is_prefix or term.is_excluded:
                break
            words.append(term.words[0])
        if len(words) < 2:
            return 1, None
        stretch = self.thesaurus.at(words)
        if stretch is None or stretch.length < 2:
            return 1, None
        typed = words[: stretch.length]
        if any(fold(edge) in STOP_WORDS for edge in (typed[0], typed[-1])):
            return 1, None  # „Beschlüsse zur“ is a word and a filling word, no name of two
        row = self._row(" ".join(typed))
        apart = self._all(self._stems(typed), ALL_PARTS, "die Wörter einzeln")
        options = [*row, *self._joined(typed), *apart]
        for other in stretch.others:
            options += self._other(" ".join(typed), other.name, other.weight, other.entry.source)
        return stretch.length, Want(" ".join(typed), _unique(options))

    def _group(self, group: Sequence[Term], before: Sequence[Term], following: Sequence[Term]) -> Want | None:
        options: list[Option] = []
        for term in group:
            options += self._term(term)
        if len(group) == 1 and _is_plain(group[0]):
            word = group[0].words[0]
            if not options and fold(word) in STOP_WORDS:
                return None
            for pair in ((before, group), (group, following)):
                if all(
                    len(side) == 1 and _is_plain(side[0]) and fold(side[0].words[0]) not in STOP_WORDS for side in pair
                ):
                    options += self._joined([side[0].words[0] for side in pair])
        typed = " oder ".join(_typed(term) for term in group)
        return Want(typed, _unique(options), is_excluded=group[0].is_excluded) if options else None

    def _term(self, term: Term) -> list[Option]:
        if term.is_prefix:
            return [
                Option((f"={fold(term.words[0])}",), is_prefix=True, reason=f"Wort, das mit „{term.words[0]}“ beginnt")
            ]
        if term.is_phrase:
            return self._row(" ".join(term.words))
        word = term.words[0]
        tokens = list(self.analysis.tokens(word))
        if term.is_excluded:
            return (
                self._row(word) if len(tokens) > 1 else [Option((one,)) for token in tokens for one in token.terms[:2]]
            )
        options = self.word(word, tokens)
        stretch = self.thesaurus.at([word])
        for other in stretch.others if stretch else ():
            options += self._other(word, other.name, other.weight, other.entry.source)
        return options

    def word(self, word: str, tokens: Sequence[Token]) -> list[Option]:
        """The options of one typed word, its other names aside."""
        if not tokens:
            return []
        if _YEAR.fullmatch(word):
            # Who writes „Umlaufverfahren 2023“ means what was decided then, though no text says the year.
            said = [Option((term,), WORDS, 1.0) for term in tokens[0].terms[:1]]
            return [
                *said,
                Option(
                    (f"#{word}/",), (Field.TITLE,), OF_THE_YEAR, is_prefix=True, reason=f"Nummer aus dem Jahr {word}"
                ),
            ]
        if tokens[0].terms[0].startswith("#"):
            number = tokens[0].terms[0]
            return [
                Option((number,), (Field.TITLE,), NUMBER_WEIGHT / 10),
                Option((number,), (Field.TEXT, Field.FILES), reason=f"nennt {word}"),
            ]
        if len(tokens) > 1:
            pieces = [token.terms[0] for token in tokens]
            joined = self._joined([word[token.start : token.end] for token in tokens])
            implied = (
                joined[0].terms[0] if joined and not any(token.terms[0].startswith("#") for token in tokens) else ""
            )
            return [
                *(dataclasses.replace(option, implied=implied) for option in self._row(word)),
                *joined,
                *self._all(
                    self._stems([word]) or pieces,
                    ALL_PIECES,
                    _sum(word, [word[token.start : token.end] for token in tokens]),
                ),
            ]
        terms = tokens[0].terms
        options = [
            Option(
                (term,),
                WORDS,
                1.0 if term.startswith("=") else FORM,
                reason="" if term.startswith("=") else "andere Wortform",
            )
            for term in terms[:2]
        ]
        options += [Option((term,), WORDS, PLAIN, reason="andere Schreibung") for term in terms[2:]]
        if len(fold(word)) >= _MIN_PART:
            options.append(
                Option((terms[0],), (Field.PARTS,), IN_COMPOUND, reason="Teil eines zusammengesetzten Wortes")
            )
        leaves = self.analysis.leaves(fold(word))
        if len(leaves) > 1:
            stems = [self.analysis.stem(leaf) for leaf in leaves if leaf not in STOP_WORDS]
            options += self._all(stems, ALL_PARTS, _sum(word, _written(word, leaves)))
        return options

    def near(self, want: Want, words: Iterable[str]) -> Want:
        """`want` with near spellings as further options."""
        more = [
            Option((term,), WORDS, NEAR, reason=f"ähnliche Schreibung: {word}")
            for word in words
            for term in self.analysis.terms(word)[:1]
        ]
        return Want(want.typed, _unique([*want.options, *more]), want.is_excluded)

    def apart(self, want: Want, pieces: Sequence[str]) -> Want:
        """`want` also as words in a row: „fitconnect“ as „fit connect“."""
        reason = f"{want.typed} = {' '.join(pieces)}"
        more = [
            Option(option.terms, option.fields, FORM, option.places, reason=reason)
            for option in self._row(" ".join(pieces))
        ]
        return Want(want.typed, _unique([*want.options, *more]), want.is_excluded)

    def _other(self, typed: str, name: str, weight: float, source: str) -> list[Option]:
        reason = f"{typed} = {name} ({source})"
        return [
            Option(option.terms, option.fields, option.weight * weight, option.places, reason=reason)
            for option in self._row(name)
        ]

    def _row(self, words: str) -> list[Option]:
        """`words` standing in a row, by their stems; one word by its form and stem."""
        tokens = [token for token in self.analysis.tokens(words) if token.terms]
        if not tokens:
            return []
        if len(tokens) == 1:
            terms = tokens[0].terms[:2]
            return [Option((term,), WORDS, 1.0 if term.startswith("=") else FORM) for term in terms]
        start = tokens[0].place
        return [
            Option(
                tuple(token.terms[0] for token in tokens), WORDS, 1.0, tuple(token.place - start for token in tokens)
            )
        ]

    def _joined(self, words: Sequence[str]) -> list[Option]:
        """`fit connect` written as one word."""
        joined = "".join(words)
        # „2.0“ is no twenty.
        terms = self.analysis.terms(joined) if len(joined) <= 2 * MAX_WORDS * 10 and not joined.isdigit() else ()
        return [
            Option((term,), WORDS, FORM, reason=f"{' '.join(words)} = {joined}")
            for term in terms
            if term.startswith("=")
        ]

    def _stems(self, words: Sequence[str]) -> list[str]:
        """The stems of all innermost parts of `words`."""
        stems: list[str] = []
        for word in words:
            for token in self.analysis.tokens(word):
                leaves = self.analysis.leaves(fold(word[token.start : token.end]))
                stems += [self.analysis.stem(leaf) for leaf in leaves] if len(leaves) > 1 else [token.terms[0]]
        return stems

    def _all(self, stems: Sequence[str], weight: float, reason: str) -> list[Option]:
        unique = tuple(dict.fromkeys(stems))
        return [Option(unique, ANYWHERE, weight, reason=reason)] if len(unique) > 1 else []


def _is_plain(term: Term) -> bool:
    return not (term.is_phrase or term.is_prefix or term.is_excluded) and term.words[0].isalnum()


def _typed(term: Term) -> str:
    words = " ".join(term.words)
    return f"„{words}“" if term.is_phrase else f"{words}*" if term.is_prefix else words


def _unique(options: Iterable[Option]) -> tuple[Option, ...]:
    kept: dict[tuple[object, ...], Option] = {}
    for option in options:
        key = (option.terms, option.fields, option.places, option.is_prefix)
        if key not in kept or kept[key].weight < option.weight:
            kept[key] = option
    return tuple(kept.values())


def _written(word: str, leaves: Sequence[str]) -> list[str]:
    """The parts as the word writes them, umlauts and all: folded parts are found again by walking along."""
    folded_at = [len(fold(word[:index])) for index in range(len(word) + 1)]
    folded, start, written = fold(word), 0, []
    for leaf in leaves:
        at = folded.find(leaf, start)
        if at < 0 or at not in folded_at or at + len(leaf) not in folded_at:
            return [leaf.capitalize() for leaf in leaves]
        piece = word[folded_at.index(at) : folded_at.index(at + len(leaf))]
        written.append(piece[:1].upper() + piece[1:])
        start = at + len(leaf)
    return written


def _sum(word: str, parts: Sequence[str]) -> str:
    return f"{word} = {' + '.join(parts)}"


def compound_sum(analysis: Analysis, word: str) -> str:
    """„Nachnutzungsmodell = Nachnutzung + Modell“, or nothing for what is no compound."""
    leaves = analysis.leaves(fold(word))
    return _sum(word, _written(word, leaves)) if len(leaves) > 1 else ""
