"""One row per kind of item: its words, its model, its addresses, its template. A new kind starts here.

The table is checked on import. Addresses are promises for decades: change none that was ever public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from content import models
from content.schemas import SCHEMAS


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of item. `path` is the first part of its addresses, `list_url` its list (None: it has none).

    `plural` names the list, `counted` several items of it, where that is another word („10 Mitteilungen“ stand under „Presse“);
    `subkinds_label` says what the subkinds tell apart.
    """

    name: str
    label: str
    plural: str
    model: type[models.Item]
    path: str
    list_url: str | None
    template: str
    intro: str = ""
    is_in_feed: bool = True
    counted: str = ""
    subkinds: Mapping[str, str] = field(default_factory=dict)
    subkinds_label: str = "Form"
    has_kit: bool = False
    """Whether there is a press kit of it."""


def _table(*kinds: Kind) -> Mapping[str, Kind]:
    by_name = {kind.name: kind for kind in kinds}
    if len({kind.path for kind in kinds}) != len(kinds) or set(by_name) != set(SCHEMAS):
        raise RuntimeError("kinds: paths must differ and every kind needs a schema")
    for kind in kinds:
        if kind.model.__mapper_args__.get("polymorphic_identity") != kind.name:
            raise RuntimeError(f"kinds: model of {kind.name} belongs to another kind")
    return MappingProxyType(by_name)


def _choices(kind: str, name: str) -> Mapping[str, str]:
    return SCHEMAS[kind][name].read.choices


KINDS: Final = _table(
    Kind(
        "decision",
        "Beschluss",
        "Beschlüsse",
        models.Decision,
        "beschluss",
        "/beschluesse",
        "decision.html",
        "Alle veröffentlichten Beschlüsse mit Wortlaut, Bezügen und Anlagen.",
        subkinds=_choices("decision", "text_kind"),
    ),
    Kind(
        "meeting",
        "Sitzung",
        "Sitzungen",
        models.Meeting,
        "sitzung",
        "/sitzungen",
        "meeting.html",
        "Sitzungen und Umlaufverfahren mit Tagesordnung und Beschlüssen.",
        subkinds=_choices("meeting", "kind"),
        subkinds_label="Art",
    ),
    Kind(
        "press_release",
        "Pressemitteilung",
        "Presse",
        models.PressRelease,
        "presse",
        "/presse",
        "press_release.html",
        "Pressemitteilungen, Meldungen und Medienberichte zur Arbeit des IT-Planungsrats.",
        counted="Mitteilungen",
        subkinds=_choices("press_release", "release_kind"),
        subkinds_label="Art",
        has_kit=True,
    ),
    Kind(
        "report",
        "Bericht",
        "Berichte",
        models.Report,
        "bericht",
        "/berichte",
        "report.html",
        "Berichte der Arbeitsgruppen.",
    ),
    Kind(
        "recommendation",
        "Empfehlung",
        "Empfehlungen",
        models.Recommendation,
        "empfehlung",
        "/empfehlungen",
        "recommendation.html",
        "Empfehlungen und was aus ihnen geworden ist.",
        subkinds=_choices("recommendation", "state"),
        subkinds_label="Stand",
    ),
    Kind(
        "market_item",
        "Marktplatz-Leistung",
        "Marktplatz",
        models.MarketItem,
        "marktplatz",
        "/marktplatz",
        "market_item.html",
        "Leistungen nach dem Prinzip „Einer für Alle“, die sich nachnutzen lassen.",
        counted="Leistungen",
        subkinds=_choices("market_item", "state"),
        subkinds_label="Stand",
    ),
    Kind(
        "offer",
        "Angebot",
        "Angebote",
        models.MarketOffer,
        "angebot",
        None,
        "offer.html",
        subkinds=_choices("offer", "state"),
        subkinds_label="Stand",
    ),
    Kind(
        "organisation",
        "Organisation",
        "Organisationen",
        models.Organisation,
        "organisation",
        "/organisationen",
        "organisation.html",
        "Wer an der Arbeit des IT-Planungsrats mitwirkt.",
        is_in_feed=False,
    ),
    Kind(
        "term",
        "Begriff",
        "Glossar",
        models.Term,
        "glossar",
        "/glossar",
        "term.html",
        "Begriffe und Abkürzungen, kurz erklärt.",
        is_in_feed=False,
        counted="Begriffe",
    ),
    Kind(
        "body",
        "Gremium",
        "Gremien",
        models.Body,
        "gremium",
        "/gremien",
        "body.html",
        "Die Gremien, ihre Mitglieder und ihre Regeln.",
        is_in_feed=False,
    ),
    Kind("page", "Seite", "Seiten", models.Page, "seite", None, "page.html", is_in_feed=False),
)

PATHS: Final = MappingProxyType({kind.path: kind for kind in KINDS.values()})


def item_url(kind: str, slug: str) -> str:
    """The address of an item that is named by a slug."""
    return f"/{KINDS[kind].path}/{slug}"
