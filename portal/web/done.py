"""What was just done, in one sentence on the page that comes next: one table for every POST of the desk.

The sentence waits in a cookie of the desk for a minute, sealed with the session's form token, and is shown once. Public pages
never get it. Pages that tell more of their own accord (the number just given, say) are left to it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.kinds import KINDS
from content.services.accounts.accounts import SignedIn
from content.services.implementation.reuse import TERMS
from portal.web.door import cookie_name
from portal.web.incoming import DRAFT, KEPT
from workflows.catalogue import WORKFLOWS
from workflows.reuse import REUSE

COOKIE: Final = "getan"
PATH: Final = "/redaktion"
SECONDS: Final = 60
MAX_CHARS: Final = 400
COPY: Final = "kopie"
"""Input by which a script names the copy that it keeps of a form (kept-forms.js)."""
OWN_WORDS: Final = frozenset({"beschlossen", "getan", "gespeichert", "geaendert", "eingefuegt"})
"""Parts of an address by which a page tells by itself what was done."""

ACT: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType(
    {
        "desk.person": (
            "schritt",
            {
                "grant": "Rolle erteilt",
                "revoke": "Rolle entzogen",
                "lock": "Konto gesperrt",
                "unlock": "Konto entsperrt",
                "change": "Angaben des Kontos gespeichert",
                "factors": "Zweite Faktoren entfernt",
                "link": "Link verschickt",
                "connect": "Mit dem Anmeldedienst verbunden",
                "disconnect": "Verbindung mit dem Anmeldedienst getrennt",
                "confirm": "Antrag bestätigt",
                "decline": "Antrag abgelehnt",
                "unask": "Antrag zurückgenommen",
            },
        ),
        "desk.account": (
            "schritt",
            {
                "password": "Neues Kennwort gespeichert",
                "session": "Sitzung beendet",
                "everywhere": "Alle Sitzungen beendet",
                "totp": "App entfernt",
                "codes": "Wiederherstellungscodes erneuert",
                "passkey": "Passkey entfernt",
                "connect": "Mit dem Anmeldedienst verbunden",
            },
        ),
        "desk.embargo": (
            "akt",
            {
                "set": "Sperrfrist gesetzt",
                "lift": "Sperrfrist aufgehoben",
                "invite": "Eingeladen",
                "revoke": "Einladung zurückgenommen",
                "stop": "Alle Links beendet",
            },
        ),
        "desk.implementation": (
            "schritt",
            {"report": "Meldung aufgenommen", "confirm": "Meldung bestätigt", "give_back": "Meldung zurückgegeben"},
        ),
        "desk.tasks": (
            "schritt",
            {
                "confirm": "Auftrag bestätigt",
                "dismiss": "Ziffer ist kein Auftrag",
                "report": "Meldung aufgenommen",
                "approve": "Meldung bestätigt",
            },
        ),
        "desk.report": (
            "tun",
            {
                "neu": "Abschnitt angelegt",
                "ziehen": "Abschnitt verschoben",
                "entfernen": "Abschnitt entfernt",
                "zurueckholen": "Abschnitt zurückgeholt",
                "hoch": "Abschnitt verschoben",
                "runter": "Abschnitt verschoben",
                "einruecken": "Abschnitt eingerückt",
                "ausruecken": "Abschnitt ausgerückt",
            },
        ),
        "desk.report_section": (
            "tun",
            {
                "": "Abschnitt gespeichert",
                "verwerfen": "Entwurf verworfen",
                "art": "Art des Abschnitts geändert",
                "teilen": "Abschnitt geteilt",
                "empfehlung": "Empfehlung angelegt",
                "einfuegen": "Datei aufgenommen",
            },
        ),
        "desk.contact": ("schritt", {"": "Kontakt gespeichert", "end": "Kontakt beendet"}),
        "desk.search": ("schritt", {"": "Angabe zur Suche gespeichert", "entfernen": "Angabe zur Suche entfernt"}),
        "desk.contact_new": ("", {"": "Kontakt aufgenommen"}),
        "desk.chair": ("", {"": "Vorsitz gewechselt"}),
        "desk.notices": ("", {"": "Als gelesen vermerkt"}),
        "desk.notice_choices": ("", {"": "Gespeichert"}),
        "desk.set_up": ("", {"": "App eingerichtet"}),
        "desk.passkeys": ("", {"": "Passkey eingerichtet"}),
        "desk.people": ("", {"": "Eingeladen"}),
        "desk.numbers": ("", {"": "Grund für fehlende Nummern festgehalten"}),
        "desk.keys": ("", {"": "Gespeichert"}),
        "desk.vote": (
            "regel",
            {
                "": "Abstimmung eingetragen",
                "bestaetigen": "Andere Regel bestätigt",
                "ablehnen": "Andere Regel abgelehnt",
            },
        ),
        "desk.en_bloc": ("", {"": "Grüne Liste beschlossen"}),
        "desk.statements": (
            "tun",
            {
                "": "Gespeichert",
                "eintragen": "Protokollerklärung eingetragen",
                "aendern": "Protokollerklärung geändert",
                "entfernen": "Protokollerklärung entfernt",
            },
        ),
        "desk.new": ("", {"": "Angelegt"}),
        "desk.edit": ("", {"": "Gespeichert"}),
        "desk.revisions": ("", {"": "Frühere Revision wieder gespeichert"}),
        "desk.reuse_new": ("", {"": "Interesse vermerkt"}),
        "desk.reuse": ("schritt", {"": "Gespeichert", TERMS: "Bedingungen bestätigt"}),
        "desk.outbox": (
            "schritt",
            {"": "Erledigt", "retry": "Nachricht wird noch einmal gesendet", "drop": "Nachricht verworfen"},
        ),
        "desk.report_word": ("", {"": "Word-Datei übernommen"}),
        "desk.section_review": (
            "tun",
            {
                "": "Gespeichert",
                "anmerken": "Anmerkung aufgenommen",
                "antworten": "Antwort aufgenommen",
                "vorschlagen": "Vorschlag aufgenommen",
                "erledigt": "Anmerkung erledigt",
                "offen": "Anmerkung wieder offen",
                "zuruecknehmen": "Vorschlag zurückgenommen",
                "annehmen": "Vorschlag angenommen",
                "ablehnen": "Vorschlag abgelehnt",
                "alle-annehmen": "Vorschläge des Abschnitts angenommen",
                "alle-ablehnen": "Vorschläge des Abschnitts abgelehnt",
            },
        ),
        "desk.report_review": (
            "tun",
            {
                "": "Gespeichert",
                "bitten": "Um Durchsicht gebeten",
                "fertig": "Durchsicht beendet",
                "bitte-zuruecknehmen": "Bitte um Durchsicht zurückgenommen",
                "einladen": "Gast eingeladen",
                "zurueckziehen": "Link zurückgezogen",
                "alle-annehmen": "Vorschläge angenommen",
                "alle-ablehnen": "Vorschläge abgelehnt",
                "ablehnen": "Vorschlag abgelehnt",
            },
        ),
        "desk.bulk": ("", {"": "Erledigt"}),
        "desk.step": ("", {"": "Erledigt"}),
    }
)
"""Route → (name of the input that says what, its value → words; the empty one for all others)."""
SILENT: Final = frozenset(
    {
        "desk.draft",
        "desk.vote_draft",
        "desk.en_bloc_draft",
        "desk.report_draft",
        "desk.preview",
        "desk.report_preview",
        "desk.passkey_question",
        "desk.second_factor",
        "desk.second_factor_question",
        "desk.sign_out",
        "desk.audit_csv",
        "desk.audit_jsonl",
    }
)
"""Routes that answer a script, give a file, or belong to signing in and out."""
CAN_PUT_BY: Final = frozenset({"desk.new", "desk.edit", "desk.vote", "desk.en_bloc"})
"""Forms that can be put by without being saved."""
PUT_BY: Final = "Ihre Eingaben sind aufgehoben; gespeichert ist noch nichts."
_REQUESTS: Final = {
    "stellen": "Zweite Person gebeten",
    "ablehnen": "Antrag abgelehnt",
    "zuruecknehmen": "Antrag zurückgenommen",
}
_OF_ITEMS: Final = frozenset(
    {
        "desk.step",
        "desk.edit",
        "desk.vote",
        "desk.revisions",
        "desk.embargo",
        "desk.statements",
        "desk.en_bloc",
        "desk.report",
        "desk.report_section",
        "desk.section_review",
        "desk.report_review",
        "desk.report_word",
    }
)
_GIVEN: Final = ("title", "name", "organisation")
"""Inputs by which a form names what is new."""


def about(request: Request, route: str) -> str:
    """The title of the item that the address names, asked before anything is done: afterwards it may be gone."""
    if route in {"desk.new", "desk.contact_new"}:
        return next((given for name in _GIVEN if (given := str(request.POST.get(name) or ""))), "")
    named = _ITEM if route in _OF_ITEMS else _NAMED.get(route)
    if named is None:
        return ""
    with request.registry.house.reading() as connection:
        found = connection.execute(
            sa.select(*named.names).where(named.row == int(request.matchdict["id"]))
        ).one_or_none()
    return next(filter(None, found), "") if found is not None else ""


@dataclass(frozen=True, slots=True)
class _Named:
    """A table whose rows an address names: the column that is in the address, and those with the row's name, the best first."""

    row: sa.ColumnElement[Any]
    names: tuple[sa.ColumnElement[Any], ...]


_T: Final = {model: model.__table__.c for model in (models.Item, models.Account, models.Contact)}
_ITEM: Final = _Named(_T[models.Item].id, (_T[models.Item].title, _T[models.Item].url))
_NAMED: Final[Mapping[str, _Named]] = MappingProxyType(
    {
        "desk.person": _Named(_T[models.Account].id, (_T[models.Account].name,)),
        "desk.contact": _Named(_T[models.Contact].id, (_T[models.Contact].person, _T[models.Contact].organisation)),
    }
)


def sentence(request: Request, route: str, title: str) -> str:
    """What a request of `route` that succeeded did; a view that knows more says it in `request.done_words`."""
    if own := str(getattr(request, "done_words", "")):
        return own
    if route not in ACT:
        return ""
    if request.POST.get("verwerfen") and route != "desk.report_section":
        return "Entwurf verworfen."
    if request.POST.get("behalten") and route in CAN_PUT_BY:
        return PUT_BY
    name, words = ACT[route]
    given = str(request.POST.get(name, "")).partition(":")[0] if name else ""
    if route in {"desk.new", "desk.edit"}:
        words = {"": f"{_kind(request)} {'angelegt' if route == 'desk.new' else 'gespeichert'}"}
    told = (_step(request) if route in {"desk.step", "desk.reuse"} else "") or words.get(given, words.get("", ""))
    return (f"{told}: „{title}“." if title else f"{told}.") if told else ""


def not_done(request: Request, route: str) -> str:
    """What was not done because the session had ended before, and what to do now."""
    step = _title(request)
    named = f": „{step}“" if step and route in {"desk.step", "desk.bulk", "desk.reuse"} else ""
    return f"Noch nicht ausgeführt{named}. Ihre Sitzung war vorher zu Ende. Bitte prüfen Sie die Angaben; erst wenn Sie sie noch einmal absenden, geschieht etwas."


def _kind(request: Request) -> str:
    """What the form is of; the address or a hidden input says it."""
    name = str(request.matchdict.get("kind") or request.POST.get("art") or "")
    return KINDS[name].label if name in KINDS else "Eintrag"


def _title(request: Request) -> str:
    """The title of the step that a request names; empty where it names none."""
    flow = str(request.POST.get("workflow", "")) or (REUSE.name if "/nachnutzung/" in request.path_info else "")
    workflow, name = WORKFLOWS.get(flow), str(request.POST.get("schritt", ""))
    step = workflow.transitions.get(name) if workflow is not None else None
    return step.title if step is not None else ""


def _step(request: Request) -> str:
    title = _title(request)
    asked = _REQUESTS.get(str(request.POST.get("antrag", "")))
    return (f"{asked} („{title}“)" if asked else f"Erledigt: {title}") if title else ""


@dataclass(frozen=True, slots=True)
class Told:
    """What the page that comes next says."""

    words: str = ""
    taken: str = ""
    """The uids of the drafts whose form the server took: what the browser kept of them may go."""


def tell(request: Request, response: Response, person: SignedIn, words: str) -> None:
    """Give the browser the sentence for its next page of the desk, and which of its forms was taken."""
    target = urlsplit(response.headers.get("Location", ""))
    if response.status_int != 303 or not target.path.startswith(PATH):
        return
    shown = "" if parse_qs(target.query).keys() & OWN_WORDS else words[:MAX_CHARS]
    taken = taken_from(request)
    if not shown and not taken:
        return
    text = f"{taken}{_BETWEEN}{shown}"
    value = f"{_seal(person, text)}{quote(text, safe='')}"
    settings = request.registry.settings["portal.settings"]
    response.set_cookie(
        cookie_name(request, COOKIE),
        value,
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.is_secure,
        max_age=SECONDS,
    )


def taken_from(request: Request) -> str:
    """What the browser calls its copies of the form that was sent."""
    return " ".join(
        uid for uid in (str(request.POST.get(name, "")) for name in (DRAFT, KEPT, COPY)) if _UID.fullmatch(uid)
    )


def told(request: Request, person: SignedIn | None) -> Told:
    """What waits for this page; empty where nothing does, or where it is another session's."""
    value = request.cookies.get(cookie_name(request, COOKIE), "")
    if not value or person is None or request.method != "GET":
        return Told()
    text = unquote(value[_LENGTH:])
    if not hmac.compare_digest(value[:_LENGTH].encode(), _seal(person, text).encode()):
        return Told()
    taken, _, words = text.partition(_BETWEEN)
    return Told(words, taken)


def forget(request: Request, response: Response) -> None:
    """It was shown."""
    settings = request.registry.settings["portal.settings"]
    response.set_cookie(
        cookie_name(request, COOKIE), "", path=PATH, httponly=True, samesite="Lax", secure=settings.is_secure, max_age=0
    )


_LENGTH: Final = 32
_BETWEEN: Final = "\n"
_UID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _seal(person: SignedIn, words: str) -> str:
    return hmac.new(person.form_token.encode(), words.encode(), hashlib.sha256).hexdigest()[:_LENGTH]
