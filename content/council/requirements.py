"""What a service must, should or can do so that others can reuse it: the minimum requirements as data.

The wording is the portal's own working version, in our own words; binding is what the heads of department decided
(08.12.2020) and the architecture board keeps. Numbers are lasting names: never give one to another requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LEVELS: Final[Mapping[str, str]] = MappingProxyType({"must": "MUSS", "should": "SOLL", "can": "KANN"})
FULFILMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "yes": "erfüllt",
        "partly": "teilweise erfüllt",
        "no": "nicht erfüllt",
        "not_applicable": "trifft nicht zu",
    }
)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement: lasting number, level (`LEVELS`), group, words."""

    number: str
    level: str
    group: str
    words: str


_ROWS: Final = (
    (
        "001",
        "must",
        "Oberfläche und Design",
        "Der Dienst lässt sich ohne fest eingebautes Wappen und ohne feste Namen einer Behörde zeigen.",
    ),
    ("002", "must", "Oberfläche und Design", "Der Dienst ist barrierefrei nach BITV 2.0 und hat eine Erklärung dazu."),
    (
        "003",
        "should",
        "Oberfläche und Design",
        "Texte, Kontakte und Hinweise kann jede nachnutzende Stelle selbst pflegen.",
    ),
    ("004", "can", "Oberfläche und Design", "Der Dienst steht in weiteren Sprachen und in Leichter Sprache bereit."),
    ("005", "must", "Fachlogik", "Landesrechtliche Unterschiede lassen sich einstellen, ohne das Programm zu ändern."),
    (
        "006",
        "must",
        "Fachlogik",
        "Die zuständige Stelle wird aus Angaben der Nutzenden ermittelt, nicht fest verdrahtet.",
    ),
    ("007", "should", "Fachlogik", "Formulare folgen den FIM-Bausteinen Leistung, Datenfeld und Prozess."),
    ("008", "must", "Nutzerkonto", "Anmelden ist mit dem Konto des Bundes (BundID) möglich."),
    (
        "009",
        "must",
        "Nutzerkonto",
        "Unternehmen melden sich mit dem einheitlichen Organisationskonto an, wo der Dienst sie betrifft.",
    ),
    ("010", "should", "Nutzerkonto", "Der Stand des Antrags und der Bescheid kommen ins Postfach des Kontos."),
    ("011", "must", "Bezahlen", "Gebühren lassen sich online bezahlen, wo welche anfallen."),
    (
        "012",
        "should",
        "Bezahlen",
        "Das Bezahlen ist über XBezahldienste angebunden und je nachnutzender Stelle einstellbar.",
    ),
    (
        "013",
        "must",
        "Datenaustauschstandard",
        "Antragsdaten werden strukturiert übergeben, in einem Standard oder einem veröffentlichten Schema.",
    ),
    ("014", "should", "Datenaustauschstandard", "Wo es einen XÖV-Standard gibt, wird er verwendet."),
    ("015", "can", "Datenaustauschstandard", "Nachweise werden mit Einwilligung aus Registern abgerufen (Once-Only)."),
    (
        "016",
        "must",
        "Routing und Transport",
        "Anträge erreichen die zuständige Stelle ohne Medienbruch; mindestens über FIT-Connect.",
    ),
    (
        "017",
        "should",
        "Routing und Transport",
        "Ziele der Zustellung werden aus dem Zuständigkeitsverzeichnis gelesen.",
    ),
    (
        "018",
        "must",
        "Recht der Nachnutzung",
        "Die nachnutzende Stelle darf den Dienst rechtlich nutzen; Rechte Dritter stehen nicht entgegen.",
    ),
    (
        "019",
        "must",
        "Recht der Nachnutzung",
        "Datenschutz ist geklärt: Rollen, Vertrag zur Auftragsverarbeitung, Folgenabschätzung als Vorlage.",
    ),
    ("020", "should", "Recht der Nachnutzung", "Der Quelltext steht unter einer freien Lizenz bereit."),
    ("021", "must", "Organisation", "Betrieb, Wartung und Weiterentwicklung sind über das Projekt hinaus gesichert."),
    ("022", "must", "Organisation", "Es gibt eine Ansprechstelle und Fristen, in denen Störungen bearbeitet werden."),
    (
        "023",
        "should",
        "Organisation",
        "Änderungswünsche der nachnutzenden Länder werden gemeinsam bewertet und geplant.",
    ),
    ("024", "can", "Organisation", "Schulungen und Hilfen für die nachnutzenden Behörden liegen bereit."),
)
REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType({row[0]: Requirement(*row) for row in _ROWS})
if len(REQUIREMENTS) != len(_ROWS) or any(row.level not in LEVELS for row in REQUIREMENTS.values()):
    raise RuntimeError("requirements: numbers must differ and levels be known")
