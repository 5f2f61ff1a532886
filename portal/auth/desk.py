"""The desk's door: who is signed in, what they may, and that a form was ours. Every desk view is made with `desk_view`.

The cookie goes to `/redaktion` only: public pages never see it, so they cannot differ by who reads them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, unquote

from markupsafe import Markup
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy.orm import Session

from content.database.patience import current, patient
from content.house import Work
from content.services.accounts import audit as audit_log
from content.services.accounts import sessions
from content.services.accounts.accounts import SignedIn
from portal.auth.filling import filled
from portal.auth.ways import ways_in
from portal.web import done
from portal.web.common import render
from portal.web.door import MAX_DESK_BYTES, TOKEN, Foreign, Sender, browser_token, cookie_name, given_token, sender_of
from portal.web.incoming import prepare_pictures, read_uploads_ahead
from portal.web.navigation import menu
from portal.web.visitor import address_of
from workflows.vocabulary import Permission

COOKIE: Final = "redaktion"
COOKIE_PATH: Final = "/redaktion"
FORGET: Final = '"cache", "storage"'
"""What the browser lets go at sign-out (Clear-Site-Data): texts that it kept. Cookies stay: by one of them it is known again."""
SECRETS: Final = frozenset({TOKEN, "password", "old", "repeated", "code", "credential", "secret"})
"""Inputs that are never carried on in a page."""
OWNER: Final = "wer"
"""Among what a sign-in page carries on: under seal, who typed it."""
NOT_YET: Final = "noch-nicht"
"""Input of the page that goes on after a session was lost: what comes with it is shown again and never done."""
_FOLLOWED: Final = frozenset({"bestaetigt", "behalten", NOT_YET})
"""Inputs of questions and buttons: nothing that anybody typed."""
SHOWN_AT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "desk.step": "/redaktion/eintrag/{id}",
        "desk.bulk": "/redaktion/eintraege",
        "desk.sign_out": "/redaktion",
        "desk.second_factor": "/redaktion",
        "desk.second_factor_question": "/redaktion",
        "desk.passkeys": "/redaktion/konto",
        "desk.passkey_question": "/redaktion/konto",
        "desk.audit_csv": "/redaktion/protokoll",
        "desk.audit_jsonl": "/redaktion/protokoll",
        "desk.draft": "/redaktion/neu/{kind}",
        "desk.preview": "/redaktion/neu/{kind}",
        "desk.vote_draft": "/redaktion/eintrag/{id}/abstimmung",
        "desk.en_bloc_draft": "/redaktion/eintrag/{id}/gruene-liste",
        "desk.report_draft": "/redaktion/bericht/{id}/abschnitt/{uid}",
        "desk.report_preview": "/redaktion/bericht/{id}/abschnitt/{uid}",
    }
)
"""Route that takes a form → the page on which the form stands, where that has another address."""
OPEN_WHILE_INCOMPLETE: Final = frozenset({"desk.second_factor", "desk.second_factor_question", "desk.sign_out"})
"""What a session may do between the first and the second factor."""
OPEN_WHILE_SETTING_UP: Final = frozenset({"desk.set_up", "desk.passkeys", "desk.passkey_question", "desk.sign_out"})
"""What a session may do whose role asks for a second factor that is not there yet."""
OPEN_WITHOUT_RIGHT: Final = OPEN_WHILE_INCOMPLETE | OPEN_WHILE_SETTING_UP | {"desk.account"}
"""What everybody may do who is signed in, even without any role."""

View = Callable[[Request], Response]
PutBy = Callable[[Request], Response | None]


class MissingRight(HTTPForbidden):  # type: ignore[misc]  # Pyramid has no types
    """The person is known and may not do this."""


def utc_now() -> dt.datetime:
    """The one clock of the desk."""
    return dt.datetime.now(dt.UTC)


def person_of(request: Request) -> SignedIn | None:
    """Who sends this request, by the cookie; None for visitors."""
    secret = request.cookies.get(cookie_name(request, COOKIE))
    if not secret or len(secret) > 100:
        return None
    with request.registry.house.reading() as connection:
        found = sessions.signed_in(connection, secret, utc_now())
    return marked(request, found) if found is not None else None


def marked(request: Request, person: SignedIn) -> SignedIn:
    """The person, whose forms say under seal whose they are: when their session is gone, that is still known."""
    return replace(
        person, form_token=f"{person.form_token}{_BETWEEN}{request.registry.sealer.seal(_WHOSE, person.login)}"
    )


_BETWEEN: Final = "."
_WHOSE: Final = "form of"


def set_cookie(response: Response, request: Request, secret: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(request, COOKIE),
        secret,
        path=COOKIE_PATH,
        httponly=True,
        samesite="Lax",
        secure=request.registry.settings["portal.settings"].is_secure,
        max_age=int(sessions.LENGTH.total_seconds()),
    )


def signed_out(request: Request) -> Response:
    """The way out: the session's cookie and what the browser kept are gone."""
    response = HTTPSeeOther("/anmelden")
    set_cookie(response, request, "")
    response.headers["Clear-Site-Data"] = FORGET
    return response


def is_our_form(request: Request, token: str) -> bool:
    """Whether a POST carries the token of the session; what other sites send never comes as far as here (`portal.web.door`)."""
    given = given_token(request).encode()
    # A page that was opened before forms said whose they are holds the first part alone.
    return any(secrets.compare_digest(given, mine.encode()) for mine in (token, token.partition(_BETWEEN)[0]))


def desk_view(
    route_name: str, *, permission: Permission = Permission.DESK_ENTER, method: str = "GET", put_by: PutBy | None = None
) -> Callable[[View], View]:
    """A view of the desk: signed in, second factor done, the right held, and for POST our own form.

    `put_by` keeps what was typed as a draft and leads to its form, or gives None where nothing of the form was sent. When somebody
    goes on after a lost session it is asked in place of the view: nothing is done that nobody asks for now.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: Request) -> Response:
            person = person_of(request)
            refusal = _refusal(request, person, route_name, permission, method)
            if refusal is not None:
                refusal.cache_control = "no-store"
                return refusal
            assert person is not None  # noqa: S101 - held by _refusal
            request.person = person
            if utc_now() - person.seen_at > sessions.SEEN_EVERY:
                _note_seen(request, person)
            if method == "POST" and NOT_YET in request.POST:
                response = _shown_again(request, person, route_name, put_by)
                response.cache_control = "no-store"
                return response
            title = done.about(request, route_name) if method == "POST" else ""
            response = view(request)
            if method == "POST":
                done.tell(request, response, person, done.sentence(request, route_name, title))
            response.cache_control = "no-store"
            return response

        decorated: View = view_config(route_name=route_name, request_method=method, _depth=1)(guarded)
        return decorated

    return decorate


def _shown_again(request: Request, person: SignedIn, route_name: str, put_by: PutBy | None) -> Response:
    """The page of the form with what was typed, after a session was lost. The form's view is not called, and the page is only read."""
    kept = put_by(request) if put_by is not None else None
    if kept is not None:
        done.tell(request, kept, person, done.PUT_BY)
        return kept
    words, response = done.not_done(request, route_name), None
    asked = request.copy_get()
    asked.path_info, asked.query_string = (
        SHOWN_AT.get(route_name, "").format_map(request.matchdict) or request.path_info,
        "",
    )
    asked.not_yet = words
    with contextlib.suppress(HTTPException), patient(replace(current(), may_write=False)):
        response = request.invoke_subrequest(asked)
    if response is None or response.content_type != "text/html" or _WITHOUT_FIELD not in response.text:
        # There is no such page any more, or not for this person: what they typed is theirs all the same.
        response = page(
            request, "desk/message.html", title="Noch nicht ausgeführt", text="", person=person, not_yet=words
        )
    text, rest = filled(response.text, [row for row in typed(request) if row[0] not in _FOLLOWED], request.path_info)
    response.text = text.replace(
        _WITHOUT_FIELD, _REST.format(Markup("").join(map(_ONE.format, rest))) if rest else "", 1
    )
    return response


_WITHOUT_FIELD: Final = "<!--ohne-feld-->"
"""Where the page tells what was typed and has no field on it."""
_REST: Final = Markup("<p>Was Sie eingegeben hatten und hier in kein Feld passt:</p>{}")
_ONE: Final = Markup(
    '<textarea class="kern-form-input__input" rows="3" readonly aria-label="Ihre Eingabe">\n{}</textarea>'
)


def _note_seen(request: Request, person: SignedIn) -> None:
    seen_at = utc_now()
    request.registry.house.afterwards.put(
        person.login,
        lambda work: sessions.touch(work.session, person.session_id, seen_at),
        key=("session", person.session_id),
    )


def _refusal(
    request: Request, person: SignedIn | None, route_name: str, permission: Permission, method: str
) -> Response | None:
    if method == "POST" and int(request.content_length or 0) > MAX_DESK_BYTES:
        return page(
            request,
            "desk/message.html",
            title="Zu groß",
            status=413,
            text="Die Dateien sind zusammen zu groß; höchstens 80 MB.",
        )
    if person is None:
        return _ask_to_sign_in(request, method)
    if method == "POST" and sender_of(request) is not Sender.OURS and not is_our_form(request, person.form_token):
        # Neither the token nor the browser says that our page sent it: somebody else's words are not held on to.
        raise Foreign
    if not person.is_complete and route_name not in OPEN_WHILE_INCOMPLETE:
        return HTTPSeeOther("/redaktion/code")
    if person.is_complete and person.must_set_up and route_name not in OPEN_WHILE_SETTING_UP:
        return HTTPSeeOther("/redaktion/zweiter-faktor")
    if method == "POST" and not is_our_form(request, person.form_token):
        # The session is another than the one the form was made in: what was typed is not lost.
        return keep_typed(
            request, person, "Das Formular stammt aus einer früheren Anmeldung. Ihre Eingaben sind noch da."
        )
    if not person.holds(permission) and route_name not in OPEN_WITHOUT_RIGHT:
        raise MissingRight
    return None


def _ask_to_sign_in(request: Request, method: str) -> Response:
    if method == "POST":
        # Held on to only where the browser says that our page sent it: nobody else can put words into anybody's mouth.
        is_ours = sender_of(request) is Sender.OURS
        words = (
            "Ihre Eingaben sind noch da: Melden Sie sich an, dann geht es damit weiter."
            if is_ours
            else "Bitte melden Sie sich wieder an."
        )
        return page(
            request,
            "desk/sign_in.html",
            title="Anmelden",
            status=401,
            login="",
            next_path=safe_path(request.path_info),
            told="",
            error=f"Ihre Sitzung ist zu Ende. {words}",
            kept=_carried(request) if is_ours else [],
            ways=ways_in(request),
            browser_token=browser_token(request),
        )
    back = request.path_info + (f"?{request.query_string}" if request.query_string else "")
    return HTTPSeeOther(f"/anmelden?weiter={quote(back, safe='/')}")


def typed(request: Request) -> list[tuple[str, str]]:
    """What was typed into the form, to be carried on; files cannot be."""
    return [(name, value) for name, value in request.POST.items() if isinstance(value, str) and name not in SECRETS]


def _carried(request: Request) -> list[tuple[str, str]]:
    """What was typed, and under seal who typed it."""
    return [*typed(request), (OWNER, given_token(request).partition(_BETWEEN)[2])]


def own(request: Request, login: str, kept: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What was kept, where this person typed it; of what somebody else typed only that it was somebody else."""
    return kept if _is_own(request, login, kept) else [row for row in kept if row[0] == OWNER][:1]


def _is_own(request: Request, login: str, kept: list[tuple[str, str]]) -> bool:
    return bool(request.registry.sealer.holds(dict(kept).get(OWNER, ""), _WHOSE, login))


def keep_typed(
    request: Request,
    person: SignedIn,
    words: str,
    *,
    path: str | None = None,
    kept: list[tuple[str, str]] | None = None,
) -> Response:
    """A page that holds what was typed and sends it on with a fresh token. Whose words they are not, never sees them."""
    given, status = _carried(request) if kept is None else kept, 200 if kept is not None else 409
    shown = [row for row in given if row[0] not in {OWNER, NOT_YET}]
    if not _is_own(request, person.login, given):
        return page(
            request,
            "desk/message.html",
            title="Eingaben einer anderen Person",
            status=status,
            person=person,
            text=_FOREIGN,
        )
    return page(
        request,
        "desk/kept.html",
        title="Ihre Eingaben sind noch da",
        status=status,
        person=person,
        words=words,
        path=path or request.path_info,
        kept=shown,
        not_yet_name=NOT_YET,
    )


_FOREIGN: Final = (
    "In diesem Fenster stand ein Formular, das jemand unter einem anderen Namen ausgefüllt hatte. Sie sehen es darum nicht, und gespeichert "
    "ist nichts davon. Wer es ausgefüllt hat, meldet sich selbst an und findet, was schon aufgehoben war, im selben Formular."
)


def safe_path(path: str) -> str:
    """`path` if it leads into the desk, else its first page."""
    return (
        path
        if _SAFE_PATH.fullmatch(path) and not _DOTS & set(unquote(re.split(r"[?#]", path)[0]).split("/"))
        else "/redaktion"
    )


_DOTS: Final = frozenset({".", ".."})
"""Segments by which a browser would leave the desk."""
_SAFE_PATH: Final = re.compile(r"/redaktion(?:[/?][!-\[\]-~]*)?")
"""Our own addresses in printable ASCII without backslash: nothing that a browser could read as another host."""


def page(
    request: Request,
    template: str,
    *,
    title: str,
    person: SignedIn | None = None,
    taken_forms: str = "",
    **values: Any,
) -> Response:
    """A page of the desk. It is never kept and never indexed.

    `taken_forms`: what the browser calls its copies of the form that was just taken, where no redirect stands between.
    """
    found = person or getattr(request, "person", None)
    shown = menu(found, request.path_info) if found else ()
    told = done.told(request, found)
    defaults: Mapping[str, Any] = {
        "just_done": told.words,
        "taken_forms": taken_forms or told.taken,
        "person": found,
        "token_name": TOKEN,
        "may": Permission,
        "menu": shown,
        "not_yet": getattr(request, "not_yet", ""),
    }
    response = render(request, template, title=title, is_cacheable=False, is_indexed=False, **{**defaults, **values})
    response.cache_control = "no-store"
    if told != done.Told():
        done.forget(request, response)
    return response


def writing(request: Request, *, item_permits: frozenset[Permission] | None = None, is_searched: bool = True) -> Any:
    """One transaction in the name of the person, with the rights given, else all of the person's.

    `is_searched`: the files that came with the request may be found by their text, which is read before the transaction begins.
    """
    person: SignedIn = request.person
    permits = person.permits if item_permits is None else item_permits
    prepare_pictures(request)
    if is_searched:
        read_uploads_ahead(request)
    return request.registry.house.writing(
        person.login, name=person.name, permits=permits, address=address_of(request), grants=person.grants
    )


def viewing(request: Request) -> Any:
    """What `writing` gives, for pages that only show: it waits for no writer and hinders none, and a write fails."""
    person: SignedIn = request.person
    return request.registry.house.viewing(person.login, name=person.name, permits=person.permits, grants=person.grants)


@contextlib.contextmanager
def looking(request: Request) -> Iterator[Session]:
    """A session that only reads: it waits for no writer and hinders none."""
    with request.registry.house.reading() as connection, Session(connection, autoflush=False) as session:
        yield session


def kept_inputs(request: Request) -> list[tuple[str, str]]:
    """What was typed before a session was lost, as sign-in pages carry it on."""
    return [
        (name[5:], value) for name, value in request.POST.items() if name.startswith("kept.") and isinstance(value, str)
    ]


def audit(request: Request, work: Work, action: str, subject: str = "", detail: str = "") -> None:
    """Note what the person did."""
    person: SignedIn = request.person
    audit_log.note(
        work.session,
        work.desk.now,
        actor=person.login,
        name=person.name,
        action=action,
        subject=subject,
        detail=detail,
    )
