"""What was just done, in one sentence on the page that comes next: one table for every POST of the desk.

The sentence waits in a cookie of the desk for a minute, sealed with the session's form token, and is shown once. Public pages
never get it. Pages that tell more of their own accord (the number just given, say) are left to it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.services.accounts import SignedIn
from content.services.reuse import TERMS
from portal.door import cookie_name
from workflows.catalogue import WORKFLOWS
from workflows.reuse import REUSE

COOKIE: Final = "getan"
PATH: Final = "/redaktion"
SECONDS: Final = 60
MAX_CHARS: Final = 400
OWN_WORDS: Final = frozenset({"beschlossen", "getan", "gespeichert", "geaendert", "eingefuegt"})
"""Parts of an address by which a page tells by itself what was done."""

ACT: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = MappingProxyType({
    "desk.person": ("schritt", {
        "grant": "Rolle erteilt", "revoke": "Rolle entzogen", "lock": "Konto gesperrt", "unlock": "Konto entsperrt", "change": "Angaben des Kontos gespeichert",
        "factors": "Zweite Faktoren entfernt", "link": "Link verschickt", "connect": "Mit dem Anmeldedienst verbunden", "disconnect": "Verbindung mit dem Anmeldedienst getrennt",
        "confirm": "Antrag bestätigt", "decline": "Antrag abgelehnt", "unask": "Antrag zurückgenommen",
    }),
    "desk.account": ("schritt", {
        "password": "Neues Kennwort gespeichert", "session": "Sitzung beendet", "everywhere": "Alle Sitzungen beendet", "totp": "App entfernt",
        "codes": "Wiederherstellungscodes erneuert", "passkey": "Passkey entfernt", "connect": "Mit dem Anmeldedienst verbunden",
    }),
    "desk.embargo": ("akt", {
        "set": "Sperrfrist gesetzt", "lift": "Sperrfrist aufgehoben", "invite": "Eingeladen", "revoke": "Einladung zurückgenommen", "stop": "Alle Links beendet",
    }),
    "desk.implementation": ("schritt", {"report": "Meldung aufgenommen", "confirm": "Meldung bestätigt", "give_back": "Meldung zurückgegeben"}),
    "desk.tasks": ("schritt", {"confirm": "Auftrag bestätigt", "dismiss": "Ziffer ist kein Auftrag", "report": "Meldung aufgenommen", "approve": "Meldung bestätigt"}),
    "desk.report": ("tun", {
        "neu": "Abschnitt angelegt", "ziehen": "Abschnitt verschoben", "entfernen": "Abschnitt entfernt", "zurueckholen": "Abschnitt zurückgeholt",
        "hoch": "Abschnitt verschoben", "runter": "Abschnitt verschoben", "einruecken": "Abschnitt eingerückt", "ausruecken": "Abschnitt ausgerückt",
    }),
    "desk.report_section": ("tun", {
        "": "Abschnitt gespeichert", "verwerfen": "Entwurf verworfen", "art": "Art des Abschnitts geändert", "teilen": "Abschnitt geteilt", "empfehlung": "Empfehlung angelegt",
        "einfuegen": "Datei aufgenommen",
    }),
    "desk.contact": ("schritt", {"": "Kontakt gespeichert", "end": "Kontakt beendet"}),
    "desk.search": ("schritt", {"": "Gespeichert", "entfernen": "Entfernt"}),
    "desk.contact_new": ("", {"": "Kontakt aufgenommen"}), "desk.chair": ("", {"": "Vorsitz gewechselt"}),
    "desk.notices": ("", {"": "Als gelesen vermerkt"}), "desk.notice_choices": ("", {"": "Gespeichert"}),
    "desk.set_up": ("", {"": "App eingerichtet"}), "desk.passkeys": ("", {"": "Passkey eingerichtet"}),
    "desk.people": ("", {"": "Eingeladen"}), "desk.numbers": ("", {"": "Grund festgehalten"}), "desk.keys": ("", {"": "Gespeichert"}),
    "desk.vote": ("regel", {"": "Abstimmung eingetragen", "bestaetigen": "Andere Regel bestätigt"}), "desk.en_bloc": ("", {"": "Grüne Liste beschlossen"}),
    "desk.statements": ("tun", {"": "Gespeichert"}), "desk.new": ("", {"": "Angelegt"}), "desk.edit": ("", {"": "Gespeichert"}),
    "desk.revisions": ("", {"": "Frühere Revision wieder gespeichert"}), "desk.reuse_new": ("", {"": "Interesse vermerkt"}),
    "desk.reuse": ("schritt", {"": "Gespeichert", TERMS: "Bedingungen bestätigt"}), "desk.outbox": ("schritt", {"": "Erledigt"}), "desk.report_word": ("", {"": "Word-Datei übernommen"}),
    "desk.section_review": ("tun", {"": "Gespeichert"}), "desk.report_review": ("tun", {"": "Gespeichert"}), "desk.bulk": ("", {"": "Erledigt"}),
    "desk.step": ("", {"": "Erledigt"}),
})
"""Route → (name of the input that says what, its value → words; the empty one for all others)."""
SILENT: Final = frozenset({
    "desk.draft", "desk.vote_draft", "desk.en_bloc_draft", "desk.report_draft", "desk.preview", "desk.report_preview", "desk.passkey_question", "desk.second_factor",
    "desk.second_factor_question", "desk.sign_out", "desk.audit_csv", "desk.audit_jsonl",
})
"""Routes that answer a script, give a file, or belong to signing in and out."""
_REQUESTS: Final = {"stellen": "Zweite Person gebeten", "ablehnen": "Antrag abgelehnt", "zuruecknehmen": "Antrag zurückgenommen"}
_OF_ITEMS: Final = frozenset({"desk.step", "desk.edit", "desk.vote", "desk.revisions", "desk.embargo", "desk.statements", "desk.en_bloc"})


def about(request: Request, route: str) -> str:
    """The title of the item that the address names, asked before anything is done: afterwards it may be gone."""
    if route not in _OF_ITEMS:
        return str(request.POST.get("title") or request.POST.get("name") or "") if route == "desk.new" else ""
    with request.registry.house.reading() as connection:
        table = models.Item.__table__
        found = connection.execute(sa.select(table.c.title, table.c.url).where(table.c.id == int(request.matchdict["id"]))).one_or_none()
    return (found.title or found.url) if found is not None else ""


def sentence(request: Request, route: str, title: str) -> str:
    """What a request of `route` that succeeded did; a view that knows more says it in `request.done_words`."""
    if own := str(getattr(request, "done_words", "")):
        return own
    if route not in ACT:
        return ""
    if request.POST.get("verwerfen") and route != "desk.report_section":
        return "Entwurf verworfen."
    if request.POST.get("behalten"):
        return "Ihre Eingaben sind aufgehoben; gespeichert ist noch nichts."
    name, words = ACT[route]
    given = str(request.POST.get(name, "")).partition(":")[0] if name else ""
    told = (_step(request, route) if route in {"desk.step", "desk.reuse"} else "") or words.get(given, words.get("", ""))
    return (f"{told}: „{title}“." if title else f"{told}.") if told else ""


def _step(request: Request, route: str) -> str:
    flow = REUSE.name if route == "desk.reuse" else str(request.POST.get("workflow", ""))
    workflow, name = WORKFLOWS.get(flow), str(request.POST.get("schritt", ""))
    step = workflow.transitions.get(name) if workflow is not None else None
    if step is None:
        return ""
    asked = _REQUESTS.get(str(request.POST.get("antrag", "")))
    return f"{asked} („{step.title}“)" if asked else f"Erledigt: {step.title}"


def tell(request: Request, response: Response, person: SignedIn, words: str) -> None:
    """Give the browser the sentence for its next page of the desk."""
    target = urlsplit(response.headers.get("Location", ""))
    if response.status_int != 303 or not words or not target.path.startswith(PATH) or parse_qs(target.query).keys() & OWN_WORDS:
        return
    value = f"{_seal(person, words[:MAX_CHARS])}{quote(words[:MAX_CHARS], safe='')}"
    settings = request.registry.settings["portal.settings"]
    response.set_cookie(cookie_name(request, COOKIE), value, path=PATH, httponly=True, samesite="Lax", secure=settings.is_secure, max_age=SECONDS)


def told(request: Request, person: SignedIn | None) -> str:
    """The sentence that waits for this page; empty where there is none, or where it is another session's."""
    value = request.cookies.get(cookie_name(request, COOKIE), "")
    if not value or person is None or request.method != "GET":
        return ""
    words = unquote(value[_LENGTH:])
    return words if hmac.compare_digest(value[:_LENGTH].encode(), _seal(person, words).encode()) else ""


def forget(request: Request, response: Response) -> None:
    """It was shown."""
    settings = request.registry.settings["portal.settings"]
    response.set_cookie(cookie_name(request, COOKIE), "", path=PATH, httponly=True, samesite="Lax", secure=settings.is_secure, max_age=0)


_LENGTH: Final = 32


def _seal(person: SignedIn, words: str) -> str:
    return hmac.new(person.form_token.encode(), words.encode(), hashlib.sha256).hexdigest()[:_LENGTH]
