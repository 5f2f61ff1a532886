"""What bodies, meetings and decisions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.council.voting import RULES
from content.schemas.parts import AGENDA_ITEM, COMMON, LABEL, LINKS, NUMBER, REFERENCE
from content.schemas.reading import (
    Field,
    FieldError,
    choice,
    day,
    line,
    list_of,
    markdown,
    one_of,
    own_address,
    record,
    required,
    slug,
    text,
    web_address,
    whole,
)

BODY: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "name": required(line(), "Der Name"),
    "short": Field(line(80), "Kurzname", default=str),
    "genitive": Field(line(120), "Name im Genitiv", default=str),
    "number_pattern": required(line(40), "Das Nummernmuster"),
    "voting_rule": Field(one_of({name: rule.title for name, rule in RULES.items()}), "Abstimmungsregel"),
    "text": text("Text"),
    "members": list_of(
        record(
            {
                "code": required(line(8), "Das Kürzel"),
                "name": required(LABEL, "Der Name"),
                "kind": choice("Art", {"land": "Land", "federal": "Bund", "advisory": "beratend"}),
                "communes": Field(whole(0, 20_000), "Zahl der Kommunen"),
            }
        ),
        "Mitglieder",
    ),
    "chairs": list_of(
        record(
            {
                "year": required(whole(1900, 2199), "Das Jahr"),
                "name": Field(LABEL, "Name"),
                "land": Field(LABEL, "Land"),
            }
        ),
        "Vorsitz",
    ),
    **COMMON,
}
MEETING: Final[Mapping[str, Field]] = {
    "body": required(slug, "Das Gremium"),
    "kind": choice("Art", {"numbered": "Sitzung", "special": "Sondersitzung", "circulation": "Umlaufverfahren"}),
    "ordinal": Field(whole(1, 9999), "Nummer der Sitzung"),
    "date": Field(day, "Datum"),
    "end_date": Field(day, "Ende"),
    "place": Field(LABEL, "Ort"),
    "chair": Field(LABEL, "Vorsitz"),
    "text": text("Text"),
    "agenda": list_of(record(AGENDA_ITEM), "Tagesordnung"),
    **COMMON,
}
DECISION: Final[Mapping[str, Field]] = {
    "body": required(slug, "Das Gremium"),
    "number": Field(NUMBER, "Nummer"),
    "title": Field(line(), "Titel"),
    "date": Field(day, "Datum"),
    "meeting": Field(own_address, "Sitzung"),
    "text": required(markdown(), "Der Text"),
    "text_kind": choice(
        "Art des Wortlauts", {"official": "Wortlaut", "condensed": "verdichtet", "stub": "Kurznachweis"}
    ),
    "source_url": Field(web_address, "Quelle"),
    "source_note": Field(line(1000), "Hinweis zur Quelle"),
    "scope": choice("Bindung", {"all": "alle Mitglieder", "consenting": "nur zustimmende Mitglieder"}),
    "gazette_notice": Field(
        record({"date": required(day, "Das Datum"), "url": Field(web_address, "Adresse")}), "Bundesanzeiger"
    ),
    "references": list_of(record(REFERENCE), "Bezüge"),
    "recommendations": list_of(slug, "Empfehlungen"),
    "links": LINKS,
    **COMMON,
}


def meeting_is_identified(value: Mapping[str, Any]) -> list[FieldError]:
    if value["kind"] == "numbered" and value["ordinal"] is None:
        return [
            FieldError("ordinal", "missing", "Die Nummer der Sitzung fehlt. Bitte angeben oder eine andere Art wählen.")
        ]
    if value["kind"] != "numbered" and value["date"] is None:
        return [FieldError("date", "missing", "Sondersitzung und Umlaufverfahren brauchen ein Datum.")]
    if value["end_date"] and value["date"] and value["end_date"] < value["date"]:
        return [FieldError("end_date", "before_start", "Das Ende liegt vor dem Beginn. Bitte die Tage prüfen.")]
    return []
