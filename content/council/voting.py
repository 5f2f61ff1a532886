"""Does a vote satisfy its body's rule? Exact, explained, pure.

Rules are data. Shares are percentages by the Königsteiner Schlüssel, kept as text with five decimals and counted as
fractions: two thirds are two thirds, not 66.67. Who abstains or is absent does not consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final


class Choice(StrEnum):
    """How a member votes."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"
    ABSENT = "absent"


CHOICE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {Choice.YES: "Ja", Choice.NO: "Nein", Choice.ABSTAIN: "Enthaltung", Choice.ABSENT: "nicht anwesend"}
)

UNKNOWN: Final = "unknown"
"""Of a member nothing was recorded: no vote, and no absence either."""
SHOWN_WORDS: Final[Mapping[str, str]] = MappingProxyType({**CHOICE_WORDS, UNKNOWN: "ohne Angabe"})
"""What is said of a member: its vote, or that none is known."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a vote passes. Zero or False: the condition is not asked for.

    `min_share` is a fraction of the shares of all Länder; `is_majority_of_present` asks for more yes than half of those
    who are present and vote (abstentions do not count); `is_unanimous` refuses any no.
    """

    title: str
    words: str
    needs_federal: bool = False
    min_laender: int = 0
    min_share: Fraction = Fraction(0)
    is_majority_of_present: bool = False
    is_unanimous: bool = False
    min_of_votes: Fraction = Fraction(0)
    """Of the votes cast, yes and no."""


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "it-staatsvertrag": Rule(
            "Beschluss nach dem IT-Staatsvertrag",
            "Es müssen zustimmen: der Bund und mindestens 11 Länder, die zusammen mindestens zwei Drittel der Finanzierungsanteile "
            "der Länder nach dem Königsteiner Schlüssel tragen.",
            needs_federal=True,
            min_laender=11,
            min_share=Fraction(2, 3),
        ),
        "empfehlung": Rule(
            "Empfehlung mit einfacher Mehrheit",
            "Es muss die Mehrheit der anwesenden Mitglieder zustimmen, die sich nicht enthalten.",
            is_majority_of_present=True,
        ),
        "einstimmig": Rule(
            "Einstimmig", "Niemand darf dagegen stimmen, und mindestens ein Mitglied muss zustimmen.", is_unanimous=True
        ),
        "zwei-drittel": Rule(
            "Zwei Drittel der abgegebenen Stimmen",
            "Es müssen zwei Drittel der Mitglieder zustimmen, die mit Ja oder Nein stimmen.",
            min_of_votes=Fraction(2, 3),
        ),
        "13-laender": Rule("13 der 16 Länder", "Es müssen mindestens 13 Länder zustimmen.", min_laender=13),
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member with a vote. `share` is its percentage by the key as written, e.g. `12.96662`; the Bund has none."""

    code: str
    name: str
    is_federal: bool
    share: str = "0"


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of the rule, whether it is met, and how, in German."""

    name: str
    passed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, in numbers and words. `consenting` are the codes of those who said yes, `silent` the names of those of whom nothing was recorded."""

    passed: bool
    checks: tuple[Check, ...]
    counts: Mapping[str, int]
    consenting: tuple[str, ...]
    silent: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why it does not pass; empty when it does."""
        return " ".join(check.words for check in self.checks if not check.passed)


class UnknownMember(ValueError):  # noqa: N818 - named for the situation
    """A ballot of somebody who is no member."""


def count(rule: Rule, members: Sequence[Member], ballots: Mapping[str, str], *, is_circulation: bool = False) -> Result:
    """The result of `ballots` (member code → choice). A member without ballot is `silent`; in circulation it abstains.

    Raises `UnknownMember` for a ballot of nobody, ValueError for an unknown choice.
    """
    known = {member.code for member in members}
    strangers = sorted(set(ballots) - known)
    if strangers:
        raise UnknownMember(f"Kein stimmberechtigtes Mitglied: {', '.join(strangers)}.")
    choices: dict[str, Choice | None] = {
        member.code: Choice(ballots[member.code]) if ballots.get(member.code) else None for member in members
    }
    if is_circulation:
        choices = {
            code: Choice.ABSTAIN if choice in {Choice.ABSENT, None} else choice for code, choice in choices.items()
        }
    silent = tuple(member.name for member in members if choices[member.code] is None)
    counts = {choice: sum(1 for given in choices.values() if given is choice) for choice in Choice}
    consenting = tuple(member.code for member in members if choices[member.code] is Choice.YES)
    checks = tuple(_checks(rule, members, choices, counts))
    told = {**{str(choice): number for choice, number in counts.items()}, **({UNKNOWN: len(silent)} if silent else {})}
    return Result(all(check.passed for check in checks), checks, MappingProxyType(told), consenting, silent)


def in_words(counts: Mapping[str, int]) -> str:
    """„12 Ja, 3 Nein, 1 Enthaltung, 1 nicht anwesend“; members of whom nothing is known only where there are some."""
    abstained = f"{counts['abstain']} {'Enthaltung' if counts['abstain'] == 1 else 'Enthaltungen'}"
    unknown = f", {counts[UNKNOWN]} {SHOWN_WORDS[UNKNOWN]}" if counts.get(UNKNOWN) else ""
    return f"{counts['yes']} Ja, {counts['no']} Nein, {abstained}, {counts['absent']} nicht anwesend{unknown}"


def _checks(
    rule: Rule, members: Sequence[Member], choices: Mapping[str, Choice | None], counts: Mapping[Choice, int]
) -> list[Check]:
    checks: list[Check] = []
    laender = [member for member in members if not member.is_federal]
    yes = [member for member in laender if choices[member.code] is Choice.YES]
    if rule.needs_federal:
        agrees = any(member.is_federal and choices[member.code] is Choice.YES for member in members)
        checks.append(Check("federal", agrees, "Der Bund stimmt zu." if agrees else "Der Bund stimmt nicht zu."))
    if rule.min_laender:
        enough = len(yes) >= rule.min_laender
        words = f"{len(yes)} von {len(laender)} Ländern {'stimmt' if len(yes) == 1 else 'stimmen'} zu, nötig sind {rule.min_laender}."
        checks.append(Check("laender", enough, words))
    if rule.min_share:
        total, given = _sum(laender), _sum(yes)
        enough = total > 0 and given >= rule.min_share * total
        words = (
            f"Die zustimmenden Länder tragen {_percent(given)} von {_percent(total)} Prozent der Anteile, "
            f"nötig sind {rule.min_share.numerator}/{rule.min_share.denominator}, das sind {_percent(rule.min_share * total)}."
        )
        checks.append(Check("share", enough, words))
    if rule.is_majority_of_present:
        voting = counts[Choice.YES] + counts[Choice.NO]
        enough = counts[Choice.YES] * 2 > voting
        words = f"{_yes_of(counts[Choice.YES], voting)}, nötig ist mehr als die Hälfte."
        checks.append(Check("majority", enough, words))
    if rule.min_of_votes:
        voting = counts[Choice.YES] + counts[Choice.NO]
        enough = voting > 0 and counts[Choice.YES] >= rule.min_of_votes * voting
        share = f"{rule.min_of_votes.numerator}/{rule.min_of_votes.denominator}"
        checks.append(Check("of_votes", enough, f"{_yes_of(counts[Choice.YES], voting)}, nötig sind {share}."))
    if rule.is_unanimous:
        enough = counts[Choice.NO] == 0 and counts[Choice.YES] > 0
        against = counts[Choice.NO]
        checks.append(
            Check(
                "unanimous",
                enough,
                f"{against} {'Mitglied stimmt' if against == 1 else 'Mitglieder stimmen'} dagegen, {counts[Choice.YES]} dafür.",
            )
        )
    return checks


def _yes_of(yes: int, voting: int) -> str:
    """„1 der 3 abgegebenen Stimmen ist eine Ja-Stimme“."""
    return f"{yes} der {voting} abgegebenen Stimmen {'ist eine Ja-Stimme' if yes == 1 else 'sind Ja-Stimmen'}"


def _sum(members: Sequence[Member]) -> Fraction:
    return sum((Fraction(member.share) for member in members), Fraction(0))


def _percent(value: Fraction) -> str:
    """`66,66667` with five decimals, rounded half up; only shown, never counted with."""
    scaled = int(value * 100_000 * 2 + 1) // 2
    return f"{scaled // 100_000},{scaled % 100_000:05d}"
