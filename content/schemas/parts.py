"""Fields that several kinds share: contacts, attachments, references, agenda items."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from content.council import numbers
from content.schemas.reading import (
    Fault,
    Field,
    FieldError,
    Reader,
    choice,
    day,
    line,
    link_target,
    list_of,
    matching,
    one_of,
    record,
    required,
    slug,
    whole,
)

NUMBER: Final = matching(numbers.WRITTEN, "Erwartet wird Jahr/laufende Nummer, etwa 2021/39 oder 2025/02-AL.", 40)


ANCHOR: Final = matching(r"[a-z][a-z0-9\-]{0,58}", "Erwartet wird eine Sprungmarke, etwa z2a.", 60)


EMAIL: Final = matching(
    r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+", "Erwartet wird eine E-Mail-Adresse, etwa presse@amt.example."
)


PHONE: Final = matching(r"[+0-9][0-9 ()/\-]{3,38}", "Erwartet wird eine Rufnummer, etwa 030 23125-100.", 40)


LABEL: Final = line(200)


CONTACT: Final = {
    "organisation": required(line(), "Die Organisation"),
    "unit": Field(line(), "Referat"),
    "person": Field(LABEL, "Name"),
    "role": Field(LABEL, "Funktion"),
    "phone": Field(PHONE, "Telefon"),
    "mobile": Field(PHONE, "Mobil"),
    "email": Field(EMAIL, "E-Mail"),
    "valid_from": Field(day, "Gültig ab"),
    "valid_until": Field(day, "Gültig bis"),
}


def _contact_key(value: Any) -> str:
    """The key of a contact in the directory."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value) or len(value) > 80:
        raise Fault("malformed", "Das ist kein Schlüssel eines Kontakts. Bitte aus der Liste wählen.")
    return value


DIRECTORY: Final = list_of(Reader(_contact_key, "pick", 80), "Kontakte aus dem Verzeichnis")
DIRECTORY_CONTACT: Final = {**CONTACT, "body": Field(slug, "Pressekontakt des Vorsitzes im Gremium")}
"""What a contact of the directory is made of."""
CHAIR: Final = {
    "body": required(slug, "Das Gremium"),
    "year": required(whole(1900, 2199), "Das Jahr"),
    "name": required(LABEL, "Der Name der oder des Vorsitzenden"),
    "land": required(LABEL, "Das Land"),
    "first_day": required(day, "Der Beginn der neuen Pressekontakte"),
    "contacts": list_of(
        record({name: spec for name, spec in CONTACT.items() if not name.startswith("valid_")}), "Neue Pressekontakte"
    ),
}
"""The yearly change of chair."""


ATTACHMENT: Final = {
    "file": Field(line(255), "Datei"),
    "title": required(line(), "Der Titel der Anlage"),
    "visibility": choice(
        "Sichtbarkeit", {"public": "öffentlich", "members": "nur für Mitglieder", "withheld": "zurückgehalten"}
    ),
    "reason": Field(line(), "Begründung"),
}


REFERENCE: Final = {
    "from": Field(ANCHOR, "Ausgangsziffer"),
    "relation": choice(
        "Art des Bezugs",
        {
            "cites": "nennt",
            "amends": "ändert",
            "repeals": "hebt auf",
            "replaces": "ersetzt",
            "implements": "setzt um",
            "extends": "ergänzt",
        },
    ),
    "number": required(NUMBER, "Die Nummer"),
    "body": Field(slug, "Gremium"),
    "clause": Field(ANCHOR, "Zielziffer"),
}


AGENDA_ITEM: Final = {
    "top": Field(line(20), "TOP"),
    "title": required(line(), "Der Titel des Tagesordnungspunkts"),
    "goal": choice(
        "Ziel",
        {"decision": "Beschluss", "information": "Information", "discussion": "Diskussion", "follow_up": "Follow-up"},
    ),
    "list": Field(one_of({"green": "Grüne Liste", "debate": "Aussprache"}), "Liste"),
    "rapporteurs": list_of(line(60), "Berichterstattung"),
    "decision": Field(NUMBER, "Beschluss"),
    "note": Field(line(), "Hinweis"),
}


LINKS: Final = list_of(
    record(
        {"from": Field(ANCHOR, "Von dieser Stelle hier (Sprungmarke)"), "target": required(link_target, "Das Ziel")}
    ),
    "Verweise auf Einträge und Stellen",
)
"""Links that editors set, from a place of the own text or from the whole, to an item or a place in it."""


COMMON: Final = {
    "topics": list_of(line(120), "Themen"),
    "published_on": Field(day, "Öffentlich seit"),
    "attachments": list_of(record(ATTACHMENT), "Anlagen"),
}


def withheld_has_reason(value: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(
            f"attachments.{index + 1}.reason", "missing", "Wer eine Anlage zurückhält, nennt den Grund. Bitte angeben."
        )
        for index, attachment in enumerate(value["attachments"])
        if attachment["visibility"] == "withheld" and not attachment["reason"]
    ]
