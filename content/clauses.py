"""A decision's Markdown → its clauses (Ziffern), what each does, whom it asks, by when, and what it refers to.

A *clause* is a numbered paragraph or one of its lettered or numbered parts; text before the first number, or a text
without numbers, is the *lead* (`z0`). Every word of the input belongs to exactly one clause. Anchors are made of the
numbers as they stand (`z2a`), so the same text always gives the same anchors. Numbers inside quoted foreign decisions
(„…“, block quotes) are text, not clauses of ours. What a clause does is decided by a table of rules; where the text
names nothing, nothing is claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

from content import markup
from content.addresses import MAIN_BODY, decision_url
from content.numbers import DecisionNumber, find_numbers


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


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause; `markdown` and `text` are its own words without those of its parts.

    `marker` is the number as it stands („2.“, „a)“), `aliases` are further anchors of a range („1.–3.“), `parent` is the
    anchor of the clause it is a part of (top level: empty). `due_meeting` is the ordinal of a session.
    """

    anchor: str
    path: tuple[str, ...]
    label: str
    depth: int
    marker: str
    markdown: str
    parent: str = ""
    aliases: tuple[str, ...] = ()
    text: str = ""
    kind: OperativeKind | None = None
    addressees: tuple[str, ...] = ()
    due_meeting: int | None = None
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionText:
    """A parsed decision: clauses in the order of the text."""

    clauses: tuple[Clause, ...] = field(default_factory=tuple)


DEFAULT_BODIES: Final[Mapping[str, str]] = MappingProxyType({"": MAIN_BODY, "AL": "al-runde"})


def parse(
    source: str,
    *,
    own_meeting: int | None = None,
    bodies: Mapping[str, str] = DEFAULT_BODIES,
) -> DecisionText:
    """The clauses of a decision's Markdown.

    own_meeting: ordinal of the session that decided, for „zur nächsten Sitzung“. bodies: suffix of a number → slug of
    the body that counts so. Raises `markup.TooLarge`, `markup.TooDeep`.
    """
    return _parsed(source, own_meeting, tuple(bodies.items()))


@lru_cache(maxsize=32)  # saving and publishing a decision, one after the other, read the same text
def _parsed(source: str, own_meeting: int | None, suffixes: tuple[tuple[str, str], ...]) -> DecisionText:
    text, bodies = markup.without_marks(source), dict(suffixes)
    markup.check_size(text)
    raw = [part for block in _blocks(text) for part in _inline_parts(block)]
    return DecisionText(tuple(_described(clause, own_meeting, bodies) for clause in _anchored(raw)))


# --- structure -------------------------------------------------------------------------------------------------------

_NUMBER: Final = re.compile(r"(?P<indent>[ \t]*)(?P<first>\d{1,3})(?:\.?[ ]?[–-][ ]?(?P<last>\d{1,3}))?(?P<mark>[.)])[ \t\u00a0]+(?=\S)")
_LETTER: Final = re.compile(r"(?P<indent>[ \t]*)(?P<first>[a-z])(?P<mark>[.)])[ \t\u00a0]+(?=\S)")
_NOT_A_CLAUSE: Final = re.compile(
    r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Sitzung|Kalenderwoche|"
    r"Quartal|Jahrhundert|Legislaturperiode|Wahlperiode|Fachkongress)\b"
)
MAX_GAP: Final = 20


@dataclass(frozen=True, slots=True)
class _Raw:
    """A clause before it has an anchor: depth 0 numbers, 1 letters, 2 numbers below letters."""

    depth: int
    number: str
    marker: str
    markdown: str
    last: str = ""


def _blocks(text: str) -> Iterator[_Raw]:
    """The text cut at the numbers that begin its lines."""
    current: _Raw | None = None
    lines: list[str] = []
    state = _Counting()
    for line, is_quoted in _lines(text):
        start = None if is_quoted else state.read(line)
        if start is None:
            lines.append(line)
            continue
        yield from _finished(current, lines)
        current, lines = start, [start.markdown]
    yield from _finished(current, lines)


def _finished(current: _Raw | None, lines: Sequence[str]) -> Iterator[_Raw]:
    body = "\n".join(lines).strip("\n")
    if current is not None:
        yield replace(current, markdown=_unindented(body))
    elif body.strip():
        yield _Raw(0, "0", "", body)


def _unindented(body: str) -> str:
    first, *rest = body.split("\n")
    indents = [len(line) - len(line.lstrip(" ")) for line in rest if line.strip()]
    cut = min(indents, default=0)
    return "\n".join([first, *(line[cut:] for line in rest)]).strip()


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it begins inside a quotation."""
    depth = 0
    has_all_ends = text.count("„") <= text.count("“") + text.count("”")
    for line in text.split("\n"):
        yield line, depth > 0 or line.lstrip().startswith(">")
        if has_all_ends:
            depth = max(0, depth + line.count("„") - line.count("“") - line.count("”"))


class _Counting:
    """Where the numbering stands: a line begins a clause only if its number goes on from there."""

    def __init__(self) -> None:
        self._last = [0, 0, 0]

    def read(self, line: str) -> _Raw | None:
        number = _NUMBER.match(line)
        if number is not None:
            return self._numbered(number, line)
        letter = _LETTER.match(line)
        if letter is not None and self._last[0]:
            return self._lettered(letter, line)
        return None

    def _numbered(self, match: re.Match[str], line: str) -> _Raw | None:
        value, rest = int(match["first"]), line[match.end() :]
        if match["mark"] == "." and _NOT_A_CLAUSE.match(rest):
            return None
        depth = 2 if len(match["indent"]) >= 2 and self._last[1] else 0
        if not self._last[depth] < value <= self._last[depth] + MAX_GAP:
            return None
        last = match["last"] or ""
        if last and int(last) <= value:
            return None
        self._last[depth] = int(last or value)
        self._last[depth + 1 :] = [0] * (2 - depth)
        return _Raw(depth, str(value), line[len(match["indent"]) : match.end()].strip(), rest, last)

    def _lettered(self, match: re.Match[str], line: str) -> _Raw | None:
        value = ord(match["first"]) - 96
        if not self._last[1] < value <= self._last[1] + 3:
            return None
        self._last[1:] = [value, 0]
        return _Raw(1, match["first"], f"{match['first']}{match['mark']}", line[match.end() :])


_INLINE: Final = re.compile(r"(?<![\w.])([a-z])\)[ \u00a0]+")
_BEFORE_CITATION: Final = re.compile(r"(?:Buchst\.|Buchstaben?|lit\.|Nr\.|Ziff\.|und|oder|bis|[,/])\s*\Z")


def _inline_parts(block: _Raw) -> Iterator[_Raw]:
    """A numbered clause that lists a), b), c) inside its text, cut there."""
    if block.depth != 0 or block.number == "0":
        yield block
        return
    cuts: list[re.Match[str]] = []
    for match in _INLINE.finditer(block.markdown):
        before = block.markdown[: match.start()]
        is_expected = ord(match[1]) - 97 == len(cuts)
        is_cited = not cuts and _BEFORE_CITATION.search(before[-12:]) is not None
        if is_expected and not is_cited and before.count("„") <= before.count("“") + before.count("”"):
            cuts.append(match)
    if len(cuts) < 2:
        yield block
        return
    yield replace(block, markdown=block.markdown[: cuts[0].start()].strip())
    ends = [match.start() for match in cuts[1:]] + [len(block.markdown)]
    for match, end in zip(cuts, ends, strict=True):
        yield _Raw(1, match[1], f"{match[1]})", block.markdown[match.end() : end].strip())


def _anchored(raw: Sequence[_Raw]) -> Iterator[Clause]:
    seen: set[str] = set()
    path: list[str] = []
    parents: list[str] = []
    for part in raw:
        path = [*path[: part.depth], part.number]
        parents = parents[: part.depth]
        anchor = _unique("z" + "".join(path), seen)
        aliases = tuple(
            _unique(f"z{number}", seen) for number in range(int(part.number) + 1, int(part.last) + 1)
        ) if part.last else ()
        yield Clause(
            anchor=anchor,
            path=tuple(path),
            label=_label(path, part),
            depth=part.depth,
            marker=part.marker,
            markdown=part.markdown,
            parent=parents[-1] if parents else "",
            aliases=aliases,
            text=markup.to_text(part.markdown),
        )
        parents.append(anchor)


def _unique(anchor: str, seen: set[str]) -> str:
    name, count = anchor, 1
    while name in seen:
        count += 1
        name = f"{anchor}-{count}"
    seen.add(name)
    return name


def _label(path: Sequence[str], part: _Raw) -> str:
    if part.number == "0":
        return "Text"
    label = f"Ziffern {path[0]} bis {part.last}" if part.last else f"Ziffer {path[0]}"
    if len(path) > 1:
        label += f" Buchstabe {path[1]}"
    return f"{label} Nummer {path[2]}" if len(path) > 2 else label


# --- what a clause does ----------------------------------------------------------------------------------------------

_K = OperativeKind
_Rules = tuple[tuple[OperativeKind, re.Pattern[str]], ...]


def _rules(*rows: tuple[OperativeKind, str]) -> _Rules:
    return tuple((kind, re.compile(pattern)) for kind, pattern in rows)


VERB_RULES: Final = _rules(
    (_K.REPEALS, r"\bheb(?:t|en)\b.{0,200}?\bauf\b|\baufgehoben\b|\baußer Kraft\b"),
    (_K.REPLACES, r"\bersetz(?:t|en)\b|tritt an die Stelle|\blöst\b.{0,120}?\bab\b|\babgelöst\b"),
    (
        _K.BINDS,
        (r"[Vv]erbindliche[nrms]? (?:\w+ ){0,3}?(?:Anwendung|IT-(?:Interoperabilitäts)?[Ss]tandard|Standard|Geltung)|"
        r"[Aa]ls verbindlich|für verbindlich|(?:werden|sind|wird|ist)\b[^.;]{0,60}\bverbindlich\b|"
        r"als Standard des IT-Planungsrats"),
    ),
    (
        _K.ESTABLISHES,
        (r"\bricht(?:et|en)\b.{0,200}?\bein\b|\beingerichtet\b|\bEinrichtung (?:ein|d|länderoffen)|\berrichtet\b|\bErrichtung ein|"
        r"\A(?:L|l)änderoffene (?:Arbeits|Projekt|Kooperations)gruppe|\bsetzt\b.{0,120}?\b(?:gruppe|AG)\b.{0,120}?\bein\b"),
    ),
    (
        _K.FINANCES,
        (r"\bfinanzier(?:t|en)\b|\bFinanzierung aus\b|\b(?:Mio\.|Millionen|Tsd\.) Euro\b|\bMittel\b.{0,60}\bbereitgestellt\b|"
        r"\bstell(?:t|en)\b.{0,80}\bEuro\b"),
    ),
    (_K.COMMISSIONS, r"\bbeauftragt?\b|\bbeauftragen\b|\b[Aa]uftrag an\b|erteilt\b.{0,60}Auftrag"),
    (_K.REQUESTS, r"\b[Bb]itte(?:t|n)?\b(?! wenden)|\bgebeten\b|\bersucht?\b|fordert\b.{0,120}\bauf\b"),
    (
        _K.RECOMMENDS,
        r"\bempfiehlt\b|\bempfehlen\b|\bempfohlen\b|\bEmpfehlung(?:,| an\b| zu(?:m|r)? )|\bBeschlussempfehlung\b|Beschlussvorschlag an",
    ),
    (_K.CONSENTS, r"\bstimm(?:t|en)\b.{0,250}?\bzu\b|\bzugestimmt\b|\bbillig(?:t|en)\b|\bgebilligt\b|\bbefürworte[nt]\b"),
    (_K.NOTES, r"\bn(?:immt|ehmen)\b.{0,400}?\bKenntnis\b|zur Kenntnis genommen|\bbegrüßt\b"),
    (_K.AFFIRMS, r"\bbekräftig(?:t|en)\b|\bstell(?:t|en)\b.{0,60}?\bfest\b|\bbetont\b|\bunterstr(?:eicht|eichen|ichen)\b"),
    (_K.THANKS, r"\bdank(?:t|en)\b|\bDank an\b"),
    (_K.RESOLVES, r"\bbeschließ(?:t|en)\b|\bbeschlossen\b|\bverabschiede[nt]\b|\bbestätig(?:t|en)\b|\A(?:Der IT-Planungsrat|Die AL-Runde|Er|Sie) legt\b[^.;]{0,120}?\bfest\b"),
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
    r"Abteilungsleiterrunde|AL-Runde|Bundesregierung|Landesregierungen|Mitglieder[n]?|Bund(?:es)?(?![\w-])|Ländern?(?![\w-])|(?:" + _LAENDER + r")(?![\w-]))"
)
_CANONICAL: Final[Mapping[str, str]] = MappingProxyType({
    "FITKO-Aufbaustab": "Aufbaustab FITKO", "Aufbaustab": "Aufbaustab FITKO", "Ländern": "Länder", "Mitgliedern": "Mitglieder",
    "Bundes": "Bund", "Vorsitzenden": "Vorsitz", "Vorsitzende": "Vorsitz", "Vorsitzender": "Vorsitz", "Vorsitzland": "Vorsitz",
    "kommunalen Spitzenverbänden": "Kommunale Spitzenverbände", "kommunalen Spitzenverbände": "Kommunale Spitzenverbände",
    "kommunale Spitzenverbände": "Kommunale Spitzenverbände", "IT-Planungsrat-Geschäftsstelle": "Geschäftsstelle",
})
_ASKING: Final = frozenset({_K.REQUESTS, _K.COMMISSIONS, _K.RECOMMENDS})
_ACTIVE: Final = re.compile(r"\b(?:bittet|bitten|beauftragt|beauftragen|empfiehlt|empfehlen|ersucht|fordert|Bitte an|[Aa]uftrag an|Empfehlung an|Beschlussempfehlung an)\b")
_PASSIVE: Final = re.compile(r"\b(?:wird|werden)\b.{0,200}?\b(?:gebeten|beauftragt|empfohlen|ersucht)\b")
_WINDOW_END: Final = re.compile(r"[;.:](?:\s|\Z)|,(?! (?:BMI|FITKO|Bund|die Länder|der Bund|[A-ZÄÖÜ][\w-]+ und\b))|\b(?:bis|um|zu|mit|für|bei|gemeinsam|auf|ein|eine|einen|das|in|im|zur|zum|unter|auf der)\b")
_SUBJECT: Final = re.compile(r"(?:(?:Der|Die|Das) )?(?=[A-ZÄÖÜa-zäöü])")
_FINITE: Final = re.compile(
    r" (?:und [\w\- ]{1,40} )?(?!Länder)(?:legt|legen|berichte[nt]|erstell(?:t|en)|erarbeite[nt]|prüf(?:t|en)|entwickel[nt]|benenn(?:t|en)|ernennt|erheb(?:t|en)|"
    r"nimmt|führ(?:t|en)|stell(?:t|en)|setz(?:t|en)|förder[nt]|fragt|fragen|pass(?:t|en)|übernimmt|übermittel[nt]|informier(?:t|en)|leite[nt]|"
    r"beruf(?:t|en)|macht|machen|gestalte[nt]|begleite[nt]|melde[nt]|formulier(?:t|en)|bring(?:t|en)|bereite[nt]|beauftragt|arbeite[nt]|sorg(?:t|en)|"
    r"veröffentlich(?:t|en)|unterstütz(?:t|en)|koordinier(?:t|en)|organisier(?:t|en)|evaluier(?:t|en)|richte[nt]|vereinbar(?:t|en))\b"
)


_NOUNS: Final = r"(?P<name>[A-ZÄÖÜ][\w/-]*(?: (?:und |für |der |des )?[A-ZÄÖÜ][\w/-]*)*)"
_ASKED: Final = re.compile(rf" (?:die|den|das) (?:(?:jeweils )?[a-zäöü]+(?:e|en) ){{0,2}}{_NOUNS}(?! (?:eine[sr]|von))(?=[ ,:.])")
_RECOMMENDED_TO: Final = re.compile(rf" (?:der|dem|(?=den \S+(?: und \S+)?n[ ,:])den) {_NOUNS}(?=[ ,:.])")
_NOBODY: Final = frozenset({"Anwendung", "Bericht", "Einsatz", "Nutzung", "Umsetzung", "Verwendung", "Entwurf", "Vorschlag"})
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


_ORDINALS: Final = ("ersten", "zweiten", "dritten", "vierten", "fünften", "sechsten", "siebten", "achten", "neunten", "zehnten", "elften", "zwölften")
_DUE: Final = re.compile(rf"\b(?:zur|zu der|in der|in die|für die|bis zur|vor der|auf der|der) (\d{{1,3}})\. Sitzung(?! (?:der|des|eine[rs]) )|\bzur ({'|'.join(_ORDINALS)}) Sitzung(?! (?:der|des|eine[rs]) )")
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


# --- references ------------------------------------------------------------------------------------------------------

_Z = r"\d{1,3}(?:[ \u00a0](?:Buchstaben?|Buchst\.|lit\.)[ \u00a0][a-z]\b)?"
_CLAUSES_BEFORE: Final = re.compile(
    rf"(?:Ziffern?|Ziff\.|Nummern?|Nr\.|Punkte?)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)"
    r"(?: und \w+)?(?:[ \u00a0](?:des|der|aus|von|im|in|zum|zu)(?: dem| den)?)?(?:[ \u00a0](?:Beschluss(?:es)?|Beschlüssen?|Entscheidung|Nr\.))*[ \u00a0]\Z"
)
_CLAUSES_AFTER: Final = re.compile(rf",?[ \u00a0](?:Ziffern?|Ziff\.|Nr\.)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)")
_WORD_BEFORE: Final = re.compile(r"(?:Beschl(?:uss(?:es)?|üssen?)|Entscheidung(?:en)?)(?: Nr\.)?[ \u00a0]\Z")
_OWN: Final = re.compile(rf"(?<!\w)(?:Ziffern?|Ziff\.)[ \u00a0](?P<list>{_Z}(?:(?:, | und | sowie | bis |[–-]){_Z})*)(?! de[rs] (?:Anlage|Konzept|Staatsvertrag|Vereinbarung))")
RELATION_RULES: Final[tuple[tuple[Relation, re.Pattern[str]], ...]] = tuple(
    (relation, re.compile(pattern))
    for relation, pattern in (
        (Relation.REPEALS, r"\baufgehoben\b|\bheb(?:t|en)\b[^,;]{0,160}?\bauf\b|\bAufhebung\b|\baußer Kraft\b"),
        (Relation.REPLACES, r"\bersetz(?:t|en)\b|tritt an die Stelle|\babgelöst\b|\blöst\b[^,;]{0,160}?\bab\b"),
        (Relation.AMENDS, r"\bänder(?:t|n)\b|geändert|\bÄnderung (?:von|des)|\bangepasst\b|\bpasst\b[^,;]{0,160}?\ban\b"),
        (Relation.EXTENDS, r"ergänz(?:t|en|ung)|erweiter(?:t|n|ung)|fortgeschrieben|\bschreib(?:t|en)\b[^,;]{0,160}?\bfort\b|Fortschreibung|verlängert"),
        (Relation.IMPLEMENTS, r"[Ii]n Umsetzung|[Zz]ur Umsetzung|\bsetz(?:t|en)\b[^,;]{0,160}?\bum\b|umgesetzt|[Gg]emäß|[Ii]n Erfüllung|[Aa]uf Grundlage|[Aa]uf der Grundlage"),
    )
)


def find_references(text: str, *, bodies: Mapping[str, str] = DEFAULT_BODIES) -> tuple[Reference, ...]:
    """The references in a clause's Markdown, in order and without overlaps."""
    found: list[Reference] = []
    for number in find_numbers(text):
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
            anchors += [f"z{number}" for number in range(int(anchors[-1][1:]) + 1, min(int(anchor[1:]), int(anchors[-1][1:]) + 50))]
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


def _described(clause: Clause, own_meeting: int | None, bodies: Mapping[str, str]) -> Clause:
    kind = operative_kind(clause.text)
    return replace(
        clause,
        kind=kind,
        addressees=addressees_of(clause.text, kind),
        due_meeting=due_meeting_of(clause.text, own_meeting),
        references=find_references(clause.markdown, bodies=bodies),
    )
