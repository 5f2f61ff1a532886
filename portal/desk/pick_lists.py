"""What the fields of forms offer to pick, and what they say about themselves: two tables, and how a form gets them.

A closed list is a selection; an open one proposes while one types and takes anything. Both work without a script and by
keyboard. A value that an item has already is always offered, whatever the list holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from content.services.base import rights
from content.services.editing import picks
from portal.desk.forms import EMPTY_ROWS, MORE_ROWS, Form, Widget

CLOSED, OPEN = True, False
PICKS: Final[Mapping[tuple[str, str], tuple[str, bool]]] = {
    ("body", "chairs.*.land"): ("mitglieder", OPEN),
    ("chair", "body"): ("gremien", CLOSED),
    ("chair", "contacts.*.organisation"): ("organisationsnamen", OPEN),
    ("chair", "land"): ("mitglieder", OPEN),
    ("decision", "body"): ("gremien", CLOSED),
    ("decision", "meeting"): ("sitzungen", CLOSED),
    ("decision", "recommendations"): ("empfehlungen", OPEN),
    ("decision", "references.*.body"): ("gremien", CLOSED),
    ("decision", "references.*.number"): ("beschluesse", OPEN),
    ("market_item", "decisions"): ("beschluesse", OPEN),
    ("market_item", "it_provider"): ("organisationsnamen", OPEN),
    ("market_item", "ministry"): ("organisationsnamen", OPEN),
    ("market_item", "offers.*.provider"): ("organisationsnamen", OPEN),
    ("market_item", "recommendations"): ("empfehlungen", OPEN),
    ("market_item", "supplier_land"): ("mitglieder", OPEN),
    ("meeting", "agenda.*.decision"): ("beschluesse", OPEN),
    ("meeting", "body"): ("gremien", CLOSED),
    ("meeting", "chair"): ("mitglieder", OPEN),
    ("offer", "decisions"): ("beschluesse", OPEN),
    ("offer", "it_provider"): ("organisationsnamen", OPEN),
    ("offer", "market_item"): ("leistungen", CLOSED),
    ("offer", "provider"): ("organisationen", CLOSED),
    ("offer", "recommendations"): ("empfehlungen", OPEN),
    ("organisation", "members.*.name"): ("organisationsnamen", OPEN),
    ("press_release", "decisions"): ("beschluesse", OPEN),
    ("press_release", "meeting"): ("sitzungen", CLOSED),
    ("press_release", "publisher"): ("herausgeber", OPEN),
    ("recommendation", "addressees"): ("adressaten", OPEN),
    ("recommendation", "decisions"): ("beschluesse", OPEN),
    ("recommendation", "market_items"): ("leistungen", OPEN),
    ("recommendation", "report"): ("berichte", OPEN),
    ("report", "commissioned_by"): ("beschlussadressen", OPEN),
    ("report", "lead"): ("mitglieder", OPEN),
    ("report", "noted_by"): ("beschlussadressen", OPEN),
    ("report", "recommendations"): ("empfehlungen", OPEN),
    ("term", "decisions"): ("beschluesse", OPEN),
}
"""(kind, path of the field) → (source in `content.services.editing.picks`, whether nothing else may be given)."""

HINTS: Final[Mapping[str, str]] = {
    "terms.*.file": "Dateiname einer Anlage dieses Angebots, etwa agb-2-1.pdf",
    "abbreviation": "etwa OZG",
    "agenda": "In der Reihenfolge der Sitzung; die Knöpfe rücken einen Punkt.",
    "attachments": "Öffentlich, nur am Arbeitsplatz oder gar nicht; die Sichtbarkeit gilt je Anlage.",
    "attachments.*.reason": "Nötig, wenn die Anlage nicht öffentlich ist; der Grund steht auf der Seite.",
    "addressees": "Wer die Empfehlung umsetzen soll; je Feld einer.",
    "clause": "Nummer und Ziffer des Beschlusses, etwa 2021/39#z2",
    "chair": "Wer den Vorsitz hatte, etwa Hamburg",
    "contacts": "Nur wer nicht im Verzeichnis steht.",
    "date": "Tag, der auf der Seite steht",
    "fee_note": "Was das Entgelt umfasst",
    "genitive": "etwa „des IT-Planungsrats“",
    "group": "Wie die Arbeitsgruppe heißt, ausgeschrieben",
    "image.alt": "Was zu sehen ist, für Menschen, die das Bild nicht sehen",
    "image.credit": "Wer das Bild gemacht hat, etwa „Foto: Kim Muster“",
    "laws": "Wo der Begriff steht, etwa § 2 Absatz 1 OZG",
    "lead": "Ein bis drei Sätze: was geschah, warum es zählt",
    "meeting": "Die Sitzung, zu der es gehört",
    "number_pattern": "JJJJ und NN englisch: YYYY/NN, mit Zusatz aus höchstens 6 Großbuchstaben etwa YYYY/NN-AL",
    "published_on": "Nur für Altes: wann es zuerst öffentlich war",
    "publisher": "Wie sie unter der Mitteilung steht",
    "quotes": "Wörtlich; Name und Funktion stehen darunter.",
    "recommendations": "Adressteil der Empfehlung; Vorschläge erscheinen beim Tippen.",
    "sections": "Jeder mit Überschrift und Text; die Knöpfe rücken einen Abschnitt.",
    "source_url": "Wo der Text zuerst stand; Links dorthin führen künftig hierher.",
    "supplier_land": "Wer die Leistung für alle baut",
    "synonyms": "Auch danach wird gefunden",
    "text": "Absätze, Listen, **fett**, [Wort](/adresse); „Beschluss 2021/39“ wird von selbst zum Link.",
    "title": "So kurz, dass er in einer Liste steht",
    "topics": "Ein Thema je Zeile; gleiche Wörter führen zusammen.",
    "voting_rule": "Danach zählt jede Abstimmung; eine andere nur mit Grund und zweiter Person.",
}
"""Path of a field → what to write there, where its kind of input does not say it."""


def dressed(
    form: Form, session: Session, grants: rights.Grants, more: str = ""
) -> tuple[Form, dict[str, picks.Choices]]:
    """`form` with hints and lists; and the lists that propose, by name, for the page to hold once.

    They hold what somebody with these grants may know of. `more`: list that gets empty rows.
    """
    lists = {
        source: picks.SOURCES[source](session, grants)
        for source in sorted({source for (kind, _), (source, _) in PICKS.items() if kind == form.kind})
    }
    used: set[str] = set()
    widgets = tuple(_dressed(one, form.kind, lists, used, more) for one in form.widgets)
    return replace(form, widgets=widgets), {name: lists[name] for name in sorted(used)}


def _dressed(widget: Widget, kind: str, lists: Mapping[str, picks.Choices], used: set[str], more: str) -> Widget:
    path = _ROW.sub(".*", widget.name)
    parts = tuple(_dressed(part, kind, lists, used, more) for part in widget.parts)
    rows = tuple(tuple(_dressed(part, kind, lists, used, more) for part in row) for row in widget.rows)
    widget = replace(widget, parts=parts, rows=rows, hint=_hint(widget.hint, HINTS.get(path, "")))
    if (kind, path) not in PICKS:
        return widget
    source, is_closed = PICKS[kind, path]
    if is_closed and len(lists[source]) < picks.MOST:
        return _selection(widget, lists[source])
    used.add(source)
    if widget.shape.startswith("list_"):
        filled = tuple(line for line in widget.value.split("\n") if line)
        blank = EMPTY_ROWS + (MORE_ROWS if more == widget.name else 0)
        hint = (
            _hint(widget.hint.removeprefix("Eine Angabe je Zeile.").strip(), HINTS.get(path, ""))
            if path not in HINTS
            else HINTS[path]
        )
        return replace(
            widget, shape="entries", entries=(*filled, *[""] * blank), filled=len(filled), suggestions=source, hint=hint
        )
    return replace(widget, suggestions=source)


_ROW: Final = re.compile(r"\.\d+(?=\.|$)")


def _hint(own: str, more: str) -> str:
    return (
        more
        if not own or own == more
        else f"{more}. {own}"
        if more and not more.endswith(".")
        else f"{more} {own}".strip()
    )


def _selection(widget: Widget, offered: picks.Choices) -> Widget:
    """A selection that also has the value which is there, known or not."""
    choices = [("", "–"), *offered]
    if widget.value and widget.value not in dict(offered):
        choices.append((widget.value, f"{widget.value} (nicht in der Liste)"))
    return replace(widget, shape="choice", choices=tuple(choices), hint=HINTS.get(_ROW.sub(".*", widget.name), ""))
