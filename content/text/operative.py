"""What a clause does, whom it asks and by which session: read from its words by tables of rules. Pure.

German council prose is regular: „Der IT-Planungsrat bittet die FITKO, zur 38. Sitzung …“. `tests/data/clauses.tsv` holds what
people read in such clauses; the rules are held to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self


class OperativeKind(StrEnum):
    """What a clause does; `label` is the German verb."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    RESOLVES = "resolves", "beschließt"
    REQUESTS = "requests", "bittet"
    COMMISSIONS = "commissions", "beauftragt"
    RECOMMENDS = "recommends", "empfiehlt"
    NOTES = "notes", "nimmt zur Kenntnis"
    CONSENTS = "consents", "stimmt zu"
    ESTABLISHES = "establishes", "richtet ein"
    FINANCES = "finances", "finanziert"
    REPEALS = "repeals", "hebt auf"
    REPLACES = "replaces", "ersetzt"
    BINDS = "binds", "erklärt für verbindlich"
    AFFIRMS = "affirms", "bekräftigt"
    THANKS = "thanks", "dankt"


_K = OperativeKind
_Rules = tuple[tuple[OperativeKind, re.Pattern[str]], ...]


def _rules(*rows: tuple[OperativeKind, str]) -> _Rules:
    return tuple((kind, re.compile(pattern)) for kind, pattern in rows)


VERB_RULES: Final = _rules(
    (_K.REPEALS, r"\bheb(?:t|en)\b.{0,200}?\bauf\b|\baufgehoben\b|\baußer Kraft\b"),
    (_K.REPLACES, r"\bersetz(?:t|en)\b|tritt an die Stelle|\blöst\b.{0,120}?\bab\b|\babgelöst\b"),
    (
        _K.BINDS,
        (
            r"[Vv]erbindliche[nrms]? (?:\w+ ){0,3}?(?:Anwendung|IT-(?:Interoperabilitäts)?[Ss]tandard|Standard|Geltung)|"
            r"[Aa]ls verbindlich|für verbindlich|(?:werden|sind|wird|ist)\b[^.;]{0,60}\bverbindlich\b|"
            r"als Standard des IT-Planungsrats"
        ),
    ),
    (
        _K.ESTABLISHES,
        (
            r"\bricht(?:et|en)\b.{0,200}?\bein\b|\beingerichtet\b|\bEinrichtung (?:ein|d|länderoffen)|\berrichtet\b|\bErrichtung ein|"
            r"\A(?:L|l)änderoffene (?:Arbeits|Projekt|Kooperations)gruppe|\bsetzt\b.{0,120}?\b(?:gruppe|AG)\b.{0,120}?\bein\b"
        ),
    ),
    (
        _K.FINANCES,
        (
            r"\bfinanzier(?:t|en)\b|\bFinanzierung aus\b|\b(?:Mio\.|Millionen|Tsd\.) Euro\b|\bMittel\b.{0,60}\bbereitgestellt\b|"
            r"\bstell(?:t|en)\b.{0,80}\bEuro\b"
        ),
    ),
    (_K.COMMISSIONS, r"\bbeauftragt?\b|\bbeauftragen\b|\b[Aa]uftrag an\b|erteilt\b.{0,60}Auftrag"),
    (_K.REQUESTS, r"\b[Bb]itte(?:t|n)?\b(?! wenden)|\bgebeten\b|\bersucht?\b|fordert\b.{0,120}\bauf\b"),
    (
        _K.RECOMMENDS,
        r"\bempfiehlt\b|\bempfehlen\b|\bempfohlen\b|\bEmpfehlung(?:,| an\b| zu(?:m|r)? )|\bBeschlussempfehlung\b|Beschlussvorschlag an",
    ),
    (
        _K.CONSENTS,
        r"\bstimm(?:t|en)\b.{0,250}?\bzu\b|\bzugestimmt\b|\bbillig(?:t|en)\b|\bgebilligt\b|\bbefürworte[nt]\b",
    ),
    (_K.NOTES, r"\bn(?:immt|ehmen)\b.{0,400}?\bKenntnis\b|zur Kenntnis genommen|\bbegrüßt\b"),
    (
        _K.AFFIRMS,
        r"\bbekräftig(?:t|en)\b|\bstell(?:t|en)\b.{0,60}?\bfest\b|\bbetont\b|\bunterstr(?:eicht|eichen|ichen)\b",
    ),
    (_K.THANKS, r"\bdank(?:t|en)\b|\bDank an\b"),
    (
        _K.RESOLVES,
        r"\bbeschließ(?:t|en)\b|\bbeschlossen\b|\bverabschiede[nt]\b|\bbestätig(?:t|en)\b|\A(?:Der IT-Planungsrat|Die AL-Runde|Er|Sie) legt\b[^.;]{0,120}?\bfest\b",
    ),
)
"""In order: of two rules that match at the same place, the earlier one wins."""
NOUN_RULES: Final = _rules(
    (_K.REPEALS, r"\bAufhebung\b"),
    (_K.CONSENTS, r"\bZustimmung\b(?! (?:nach|gemäß|von|durch))"),
    (_K.NOTES, r"\bKenntnisnahme\b"),
    (_K.AFFIRMS, r"\bBetonung\b|\bBekenntnis\b"),
)
"""Clauses in note form name their act by a noun; where a verb stands, the noun is only what the sentence is about."""
_REFINES_RESOLVES: Final = frozenset({_K.REPEALS, _K.REPLACES, _K.BINDS, _K.ESTABLISHES, _K.FINANCES, _K.RECOMMENDS})


def operative_kind(text: str) -> OperativeKind | None:
    """What a clause does, by its first operative verb; „beschließt“ gives way to what is decided."""
    unquoted = re.sub(r"„[^“”]{0,2000}[“”]", lambda match: "„" + " " * (len(match[0]) - 2) + "“", text)
    found = _matches(VERB_RULES, unquoted) or _matches(NOUN_RULES, unquoted)
    if not found:
        return None
    _, _, first = min(found)
    if first is _K.RESOLVES:
        special = [(rank, kind) for _, rank, kind in found if kind in _REFINES_RESOLVES]
        return min(special)[1] if special else first
    return first


def _matches(rules: _Rules, text: str) -> list[tuple[int, int, OperativeKind]]:
    return [(match.start(), rank, kind) for rank, (kind, rule) in enumerate(rules) if (match := rule.search(text))]


_LAENDER: Final = (
    "Baden-Württemberg|Bayern|Berlin|Brandenburg|Bremen|Hamburg|Hessen|Mecklenburg-Vorpommern|Niedersachsen|"
    "Nordrhein-Westfalen|Rheinland-Pfalz|Saarland|Sachsen-Anhalt|Sachsen|Schleswig-Holstein|Thüringen"
)
_ACTOR: Final = re.compile(
    r"(?<![\w-])(?P<name>Aufbaustab FITKO|FITKO-Aufbaustab|Aufbaustab|FITKO|KoSIT|govdigital eG|BMI|BMF|BSI|BfDI|ZenDiS|IT-Planungsrat-Geschäftsstelle|"
    r"Geschäftsstelle|Vorsitzende[nr]?|Vorsitz(?:land)?|Präsident(?:in)? der FITKO|"
    r"(?:föderale[ns]? )?(?:IT-)?Architekturboard|Lenkungskreis(?: [A-ZÄÖÜ]\w+)?|Steuerungsgruppe|"
    r"Fachministerkonferenzen|Finanzministerkonferenz|Innenministerkonferenz|kommunale[n]? Spitzenverbände[n]?|Kommunen|"
    r"(?:AG|KG|AK|PG) [A-ZÄÖÜ][\w-]+(?: [A-ZÄÖÜ][\w-]+)?|(?:Arbeits|Projekt|Kooperations)gruppe(?: (?:„[^“]{1,60}“|[A-ZÄÖÜ][\w-]+))?|"
    r"Abteilungsleiterrunde|AL-Runde|Bundesregierung|Landesregierungen|Mitglieder[n]?|Bund(?:es)?(?![\w-])|Ländern?(?![\w-])|(?:"
    + _LAENDER
    + r")(?![\w-]))"
)
_CANONICAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FITKO-Aufbaustab": "Aufbaustab FITKO",
        "Aufbaustab": "Aufbaustab FITKO",
        "Ländern": "Länder",
        "Mitgliedern": "Mitglieder",
        "Bundes": "Bund",
        "Vorsitzenden": "Vorsitz",
        "Vorsitzende": "Vorsitz",
        "Vorsitzender": "Vorsitz",
        "Vorsitzland": "Vorsitz",
        "kommunalen Spitzenverbänden": "Kommunale Spitzenverbände",
        "kommunalen Spitzenverbände": "Kommunale Spitzenverbände",
        "kommunale Spitzenverbände": "Kommunale Spitzenverbände",
        "IT-Planungsrat-Geschäftsstelle": "Geschäftsstelle",
    }
)
_ASKING: Final = frozenset({_K.REQUESTS, _K.COMMISSIONS, _K.RECOMMENDS})
_ACTIVE: Final = re.compile(
    r"\b(?:bittet|bitten|beauftragt|beauftragen|empfiehlt|empfehlen|ersucht|fordert|Bitte an|[Aa]uftrag an|Empfehlung an|Beschlussempfehlung an)\b"
)
_PASSIVE: Final = re.compile(r"\b(?:wird|werden)\b.{0,200}?\b(?:gebeten|beauftragt|empfohlen|ersucht)\b")
_WINDOW_END: Final = re.compile(
    r"[;.:](?:\s|\Z)|,(?! (?:BMI|FITKO|Bund|die Länder|der Bund|[A-ZÄÖÜ][\w-]+ und\b))|\b(?:bis|um|zu|mit|für|bei|gemeinsam|auf|ein|eine|einen|das|in|im|zur|zum|unter|auf der)\b"
)
_SUBJECT: Final = re.compile(r"(?:(?:Der|Die|Das) )?(?=[A-ZÄÖÜa-zäöü])")
_FINITE: Final = re.compile(
    r" (?:und [\w\- ]{1,40} )?(?!Länder)(?:legt|legen|berichte[nt]|erstell(?:t|en)|erarbeite[nt]|prüf(?:t|en)|entwickel[nt]|benenn(?:t|en)|ernennt|erheb(?:t|en)|"
    r"nimmt|führ(?:t|en)|stell(?:t|en)|setz(?:t|en)|förder[nt]|fragt|fragen|pass(?:t|en)|übernimmt|übermittel[nt]|informier(?:t|en)|leite[nt]|"
    r"beruf(?:t|en)|macht|machen|gestalte[nt]|begleite[nt]|melde[nt]|formulier(?:t|en)|bring(?:t|en)|bereite[nt]|beauftragt|arbeite[nt]|sorg(?:t|en)|"
    r"veröffentlich(?:t|en)|unterstütz(?:t|en)|koordinier(?:t|en)|organisier(?:t|en)|evaluier(?:t|en)|richte[nt]|vereinbar(?:t|en))\b"
)


_NOUNS: Final = r"(?P<name>[A-ZÄÖÜ][\w/-]*(?: (?:und |für |der |des )?[A-ZÄÖÜ][\w/-]*)*)"
_ASKED: Final = re.compile(
    rf" (?:die|den|das) (?:(?:jeweils )?[a-zäöü]+(?:e|en) ){{0,2}}{_NOUNS}(?! (?:eine[sr]|von))(?=[ ,:.])"
)
_RECOMMENDED_TO: Final = re.compile(rf" (?:der|dem|(?=den \S+(?: und \S+)?n[ ,:])den) {_NOUNS}(?=[ ,:.])")
_NOBODY: Final = frozenset(
    {"Anwendung", "Bericht", "Einsatz", "Nutzung", "Umsetzung", "Verwendung", "Entwurf", "Vorschlag"}
)
"""What an asking verb may have as its object without asking it."""


def addressees_of(text: str, kind: OperativeKind | None) -> tuple[str, ...]:
    """Whom a clause asks: after an asking verb, before a passive one, or as the acting subject of the sentence."""
    found: list[str] = []
    if kind in _ASKING:
        active = _ACTIVE.search(text)
        if active:
            rest = text[active.end() :]
            end = _WINDOW_END.search(rest)
            found += _actors(rest[: end.start() if end else len(rest)][:160]) or _named(active[0], rest)
        passive = _PASSIVE.search(text)
        if passive and not found:
            sentence_start = max(text.rfind(". ", 0, passive.start()), text.rfind("; ", 0, passive.start())) + 1
            found += _actors(text[sentence_start : passive.start()]) or _actors(passive[0])
    if not found and kind not in {_K.NOTES, _K.THANKS, _K.CONSENTS}:
        for sentence in re.split(r"(?<=[.;]) ", text):
            subject = _SUBJECT.match(sentence)
            actor = _ACTOR.match(sentence, subject.end() if subject else 0)
            if actor and _FINITE.match(sentence, actor.end()):
                found += _actors(sentence[: _finite_start(sentence, actor.end())])
    return tuple(dict.fromkeys(found))


def _named(verb: str, rest: str) -> list[str]:
    """Whom an asking verb names where no name is known: the noun phrase in the case that the verb asks for."""
    match = (_RECOMMENDED_TO if verb.startswith("empf") else _ASKED).match(rest)
    return [match["name"]] if match and match["name"].split()[0] not in _NOBODY else []


def _finite_start(sentence: str, start: int) -> int:
    match = _FINITE.match(sentence, start)
    return match.end() if match else start


def _actors(words: str) -> list[str]:
    names = [match["name"].rstrip() for match in _ACTOR.finditer(words)]
    return [_CANONICAL.get(name, name) for name in names]


_ORDINALS: Final = (
    "ersten",
    "zweiten",
    "dritten",
    "vierten",
    "fünften",
    "sechsten",
    "siebten",
    "achten",
    "neunten",
    "zehnten",
    "elften",
    "zwölften",
)
_DUE: Final = re.compile(
    rf"\b(?:zur|zu der|in der|in die|für die|bis zur|vor der|auf der|der) (\d{{1,3}})\. Sitzung(?! (?:der|des|eine[rs]) )|\bzur ({'|'.join(_ORDINALS)}) Sitzung(?! (?:der|des|eine[rs]) )"
)
_NEXT: Final = re.compile(r"\b(?:zur|in der|bis zur|auf der) (?:nächsten|kommenden|folgenden) Sitzung\b")


def due_meeting_of(text: str, own_meeting: int | None) -> int | None:
    """The ordinal of the session by which something is asked; sessions that are over do not count."""
    for match in _DUE.finditer(text):
        ordinal = int(match[1]) if match[1] else _ORDINALS.index(match[2]) + 1
        if own_meeting is None or ordinal > own_meeting:
            return ordinal
    if own_meeting is not None and _NEXT.search(text):
        return own_meeting + 1
    return None
