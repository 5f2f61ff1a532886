"""What would become public and is not public yet, fact by fact with its words: the frozen working copy beside the public edition.

The facts are those that an edition freezes (`content.freezing`), whatever form, page or record they come from: statements,
votes, contacts of the directory and tasks as well as what the form has. A fact that the form's own differences show already
is not told twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from content.council.voting import CHOICE_WORDS
from content.freezing import Frozen
from content.schemas import SCHEMAS, Reader
from portal.desk import forms
from portal.desk.differences import Difference

LABELS: Final[Mapping[str, str]] = {
    "addressee": "Adressat",
    "addressees": "Adressaten",
    "agenda": "Tagesordnung",
    "alt": "Bildbeschreibung",
    "annulment": "Nichtigerklärung",
    "attachments": "Anlagen",
    "ballots": "Stimmen",
    "body": "Gremium",
    "body_rule_title": "Regel des Gremiums",
    "buyer": "Nachnutzende Stelle",
    "chairs": "Vorsitz",
    "checks": "Ergebnis",
    "circulation": "Umlaufverfahren",
    "clause": "Ziffer",
    "clauses": "Ziffern",
    "code": "Kürzel",
    "comment": "Begründung",
    "confirmed_at": "Bestätigt am",
    "confirmed_by": "Bestätigt durch",
    "contacts": "Kontakte",
    "covers_communes": "Schließt Kommunen ein",
    "date": "Datum",
    "decision": "Beschluss",
    "decisions": "Beschlüsse",
    "definition": "Begriffsbestimmung",
    "due": "Frist",
    "due_label": "Frist",
    "due_meeting": "Frist zur Sitzung",
    "efa_financed": "EfA-finanziert",
    "en_bloc": "En bloc mit der Grünen Liste",
    "evidence": "Nachweis",
    "figures": "Bilder im Text",
    "file": "Datei",
    "file_name": "Datei",
    "fulfilment": "Erfüllung",
    "from": "Ab",
    "gazette_notice": "Bundesanzeiger",
    "group": "Gruppe",
    "heading": "Überschrift",
    "image": "Bild",
    "implementation": "Stand der Umsetzung",
    "key_reason": "Warum dieser Schlüssel",
    "key_source": "Quelle des Schlüssels",
    "key_sources": "Quellen des Königsteiner Schlüssels",
    "at": "Am",
    "kind": "Art",
    "key_year": "Königsteiner Schlüssel",
    "label": "Bezeichnung",
    "land": "Land",
    "lapse": "Erledigung",
    "leika": "LeiKa-Leistungen",
    "level": "Verbindlichkeit",
    "links": "Verweise",
    "list": "Liste",
    "market_item": "Leistung",
    "market_items": "Leistungen im Marktplatz",
    "meeting": "Sitzung",
    "members": "Mitglieder",
    "name": "Name",
    "note": "Anmerkung",
    "noted_by": "Zur Kenntnis genommen durch",
    "number": "Nummer",
    "offers": "Angebote",
    "organisation_kind": "Art",
    "ozg_id": "OZG-ID",
    "ozg_name": "OZG-Leistung",
    "passed": "Angenommen",
    "path": "Ziffer",
    "plain": "In einfachen Worten",
    "position": "Platz",
    "provider": "Anbieter",
    "quotes": "Zitate",
    "reason": "Grund",
    "recommendation": "Empfehlung",
    "recommendations": "Empfehlungen",
    "references": "Bezüge",
    "relation": "Art des Bezugs",
    "release_kind": "Art",
    "replacement": "Ersetzung",
    "report": "Bericht",
    "report_anchor": "Abschnitt des Berichts",
    "reported_at": "Gemeldet am",
    "requirements": "Mindestanforderungen",
    "reuse": "Nachnutzung",
    "road": "Weg der Empfehlung",
    "rule_confirmed": "Regel zu zweit bestätigt",
    "rule_reason": "Grund der anderen Regel",
    "rule_title": "Abstimmungsregel",
    "sections": "Abschnitte",
    "serial": "Laufende Nummer",
    "services": "OZG-Leistungen",
    "sha256": "Prüfsumme",
    "shares": "Anteile",
    "situation": "Lebenslage",
    "state": "Stand",
    "statements": "Protokollerklärungen",
    "steps": "Schritte",
    "summary": "Kurzfassung",
    "supplier_land": "Bereitsteller",
    "tasks": "Aufträge",
    "text": "Text",
    "text_kind": "Art des Wortlauts",
    "through": "Über",
    "title": "Titel",
    "topics": "Themen",
    "top": "TOP",
    "url": "Adresse",
    "valid_from": "Gültig ab",
    "valid_until": "Gültig bis",
    "visibility": "Sichtbarkeit",
    "vote": "Abstimmung",
    "year": "Jahr",
}
"""Words for what the schema of the kind has no words for."""
SILENT: Final = frozenset(
    {
        "anchor",
        "buyer_kind",
        "counts",
        "depth",
        "due_day",
        "height",
        "html",
        "key",
        "media_type",
        "parent",
        "size_bytes",
        "slug",
        "stale",
        "variants",
        "width",
        "body_rule",
        "addressee_kind",
    }
)
"""What says nothing to a reader or stands beside it in words."""
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "choice": dict(CHOICE_WORDS),
    "visibility": {"public": "öffentlich", "withheld": "nicht öffentlich"},
}
FROM: Final[Mapping[str, frozenset[str]]] = {
    "clauses": frozenset({"text"}),
    "definition": frozenset({"text"}),
    "summary": frozenset({"text"}),
    "label": frozenset({"kind", "ordinal"}),
    "release_kind": frozenset({"kind"}),
    "organisation_kind": frozenset({"kind"}),
    "year": frozenset({"date", "meeting", "number"}),
    "serial": frozenset({"number"}),
    "date": frozenset({"meeting"}),
    "references": frozenset({"text"}),
    "links": frozenset({"text"}),
    "leika": frozenset({"leika_keys"}),
    "ozg_name": frozenset({"ozg_id"}),
    "situation": frozenset({"ozg_id"}),
    "theme": frozenset({"ozg_id"}),
    "services": frozenset({"ozg_ids"}),
    "due_meeting": frozenset({"due"}),
    "due_day": frozenset({"due"}),
    "figures": frozenset({"attachments"}),
    "attachments": frozenset({"files"}),
    "image": frozenset({"files"}),
}
"""Fact → fields of the form that it is made of, beside the one of its own name."""
INSTEAD: Final[Mapping[str, frozenset[str]]] = {
    "contacts": frozenset({"contacts", "directory"}),
    "members": frozenset({"members"}),
}
"""Facts that are made of the form and of records beside it: shown as the public would read them, in place of these fields."""
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SHOWN: Final = 12


def beside(kind: str, public: Mapping[str, Any], frozen: Frozen, form: Iterable[Difference]) -> tuple[Difference, ...]:
    """Everything that `frozen` has otherwise than the `public` edition document; `form`: what differs in the form between both."""
    old, new = public["data"], dict(frozen.data)
    # What a step wrote into the row after the public revision was kept is in the form's difference, and public already.
    told = {
        one.name: one for one in form if one.name not in old or one.name not in new or old[one.name] != new[one.name]
    }
    facts: list[Difference] = []
    for name in dict.fromkeys([*new, *old]):
        if old.get(name) == new.get(name) or name in SILENT:
            continue
        instead = INSTEAD.get(name, frozenset())
        if name not in instead and (told.keys() | {one.name for one in facts}) & ({name} | FROM.get(name, frozenset())):
            continue
        before, after = (_as_text(kind, name, side.get(name)) for side in (old, new))
        if before != after:
            told = {field: one for field, one in told.items() if field not in instead}
            facts.append(Difference(name, _label(kind, name), before, after))
    names = told.keys() | {one.name for one in facts}
    if public["title"] != frozen.title and not names & {"title", "name", "number", "kind", "ordinal"}:
        facts.insert(0, Difference("title", "Titel", public["title"], frozen.title))
    if public["text"] != frozen.text and not names:
        facts.append(Difference("text", "Text", public["text"], frozen.text))
    if public["html"] != frozen.html and not names and public["text"] == frozen.text:
        facts.append(Difference("html", "Auszeichnung des Textes", _unfolded(public["html"]), _unfolded(frozen.html)))
    return (*told.values(), *facts)


def _unfolded(html: str) -> str:
    return re.sub(r"(</(?:p|li|h\d|section|tr)>)", r"\1\n", html)


def label(kind: str, name: str) -> str:
    """What readers call a fact; its own name where nobody gave it words."""
    return _label(kind, name)


def _label(kind: str, name: str) -> str:
    if name in LABELS and name not in SCHEMAS[kind]:
        return LABELS[name]
    return _schema_words(kind).get(name, (LABELS.get(name, name), {}))[0]


def _choices(kind: str, name: str) -> Mapping[str, str]:
    return WORDS.get(name) or _schema_words(kind).get(name, ("", {}))[1]


_KNOWN: Final[dict[str, dict[str, tuple[str, Mapping[str, str]]]]] = {}


def _schema_words(kind: str) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Name → (label, choices) of every field of the kind, those in its rows too; a field of the form itself comes first."""
    if kind not in _KNOWN:
        found: dict[str, tuple[str, Mapping[str, str]]] = {}
        for name, spec in SCHEMAS[kind].items():
            found[name] = (forms.plain_label(spec.label), _of(spec.read))
        for spec in SCHEMAS[kind].values():
            _collect(spec.read, found)
        _KNOWN[kind] = found
    return _KNOWN[kind]


def _of(reader: Reader) -> Mapping[str, str]:
    return reader.choices or (reader.one.choices if reader.one is not None else {})


def _collect(reader: Reader, found: dict[str, tuple[str, Mapping[str, str]]]) -> None:
    for part in filter(None, (reader.one,)):
        _collect(part, found)
    for name, spec in reader.fields.items():
        found.setdefault(name, (forms.plain_label(spec.label), _of(spec.read)))
        _collect(spec.read, found)


def _as_text(kind: str, name: str, value: Any) -> str:
    return "\n".join(_lines(kind, name, value))


def _lines(kind: str, name: str, value: Any) -> Iterator[str]:
    """A fact as paragraphs: one a row of a list, so that a moved row is seen to have moved; long texts follow their row."""
    if value in (None, "", [], {}):
        return
    if isinstance(value, bool):
        yield "ja" if value else "nein"
    elif isinstance(value, list):
        for row in value:
            yield from _lines(kind, name, row)
    elif isinstance(value, Mapping):
        yield from _record(kind, name, value)
    else:
        yield from _words(kind, name, str(value)).split("\n")


def _words(kind: str, name: str, text: str) -> str:
    if _DAY.fullmatch(text):
        year, month, day = text.split("-")
        return f"{day}.{month}.{year}"
    return text[:_SHOWN] if _HASH.fullmatch(text) else _choices(kind, name).get(text, text)


def _record(kind: str, name: str, value: Mapping[str, Any]) -> Iterator[str]:
    if name == "ballots":
        yield f"{value.get('name')}: {CHOICE_WORDS.get(value.get('choice', ''), value.get('choice'))}"
        return
    if name == "checks":
        yield str(value.get("words"))
        return
    short, long = [], []
    order = {part: place for place, part in enumerate(_schema_words(kind))}
    # A public document has its names in the order of the alphabet, frozen data in that of the program: one order for both.
    for part, inner in sorted(value.items(), key=lambda row: (order.get(row[0], len(order)), row[0])):
        if part in SILENT or (part == "rule" and "rule_title" in value):
            continue
        lines = list(_lines(kind, part, inner))
        if part == "text" or (isinstance(inner, list) and inner and isinstance(inner[0], Mapping)):
            long += lines
        elif lines:
            short.append(f"{_label(kind, part)}: {', '.join(lines)}")
    if short:
        yield " | ".join(short)
    yield from long
