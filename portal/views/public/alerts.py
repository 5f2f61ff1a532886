"""Following a search by mail: the form, the link that confirms, the personal page, leaving with one click.

No cookie and no session: a form carries a sealed token that ends after some hours, a link is its own proof. Opening a
link changes nothing (mail programs open links by themselves); the button on its page does. Only leaving also works by
the POST that RFC 8058 asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, view_config

from content import models
from content.schemas import InvalidInput
from content.services.publishing import ledger
from content.services.search import alerts, saved
from content.services.search.alerts import RHYTHMS, TooMany
from content.typed import mail_address
from portal.auth.desk import looking
from portal.web.common import parameter, render
from portal.web.door import OldForm, Sender, sealed_token, sender_of
from portal.web.visitor import place_of

NAME: Final = "alerts"
ASKED: Final = "Wenn die Adresse stimmt, ist in wenigen Minuten eine E-Mail mit einem Link da. Bitte sehen Sie auch im Spam-Ordner nach."
TOO_MANY: Final = "Von Ihrem Anschluss kamen heute schon viele solche Anfragen. Bitte morgen noch einmal versuchen."
OLD_FORM: Final = "Das Formular war zu lange offen. Ihre Eingaben sind noch da; bitte noch einmal absenden."
DEAD_LINK: Final = "Dieser Link gilt nicht mehr. Vielleicht ist er abgelaufen, oder das Abo ist schon gelöscht."


@view_config(route_name="alert.new", request_method="GET")
def new_form(request: Request) -> Response:
    """The form to follow a search; the search stands in the address, as on the search page."""
    parameters = saved.clean_parameters({name: parameter(request, name) for name in saved.NAMES})
    if not parameters:
        return HTTPSeeOther("/suche")
    return _form(request, parameters, {}, {})


@view_config(route_name="alert.new", request_method="POST")
def new(request: Request) -> Response:
    """Take the wish; the answer is the same for every address."""
    given = _typed(request)
    parameters = saved.clean_parameters({name: given.get(name, "") for name in saved.NAMES})
    try:
        wish = alerts.clean(given, parameters)
        with request.registry.house.writing(NAME) as work:
            alerts.ask(work.session, request.registry.sealer, wish, visitor=place_of(request), now=work.desk.now)
    except InvalidInput as invalid:
        return _form(request, parameters, given, {error.field: error.message for error in invalid.errors})
    except TooMany:
        return _message(request, "Zu viele Anfragen", TOO_MANY, status=429)
    return _message(
        request, "Bitte bestätigen Sie", f"{ASKED} Erst wenn Sie ihn öffnen und bestätigen, beginnt das Abo."
    )


@exception_view_config(OldForm, route_name="alert.new")
def old_form(_old: OldForm, request: Request) -> Response:
    """The form again, with what was typed where our page sent it."""
    given = _typed(request) if sender_of(request) is Sender.OURS else {}
    parameters = saved.clean_parameters({name: given.get(name, "") for name in saved.NAMES})
    return _form(request, parameters, given, {"": OLD_FORM})


@view_config(route_name="alert.confirm", request_method="GET")
def confirm_form(request: Request) -> Response:
    """Show what would be confirmed."""
    with looking(request) as session:
        alert = alerts.find_alert(session, request.registry.sealer, "confirm", request.matchdict["token"])
        if alert is None:
            return _message(request, "Link ungültig", DEAD_LINK, status=404)
        page = _alert_row(request, alert)
    return _render(request, "alert_confirm", title="Abo bestätigen", alert=page, token=sealed_token(request))


@view_config(route_name="alert.confirm", request_method="POST")
def confirm(request: Request) -> Response:
    """Put it in force, and show the personal page."""
    sealer = request.registry.sealer
    if not _is_known(request, "confirm"):
        return _message(request, "Link ungültig", DEAD_LINK, status=404)
    with request.registry.house.writing(NAME) as work:
        position = ledger.position(work.session.connection())
        alert = alerts.confirm(work.session, sealer, request.matchdict["token"], position=position, now=work.desk.now)
        if alert is None:
            return _message(request, "Link ungültig", DEAD_LINK, status=404)
        path = f"/abo/{alerts.subscriber_token(sealer, alert.subscriber)}"
    return HTTPSeeOther(path)


@view_config(route_name="alert.leave", request_method="GET")
def leave_form(request: Request) -> Response:
    """A page with a button: opening the link alone ends nothing."""
    with looking(request) as session:
        alert = alerts.find_alert(session, request.registry.sealer, "leave", request.matchdict["token"])
        if alert is None:
            return _message(
                request, "Schon abgemeldet", "Zu diesem Link gibt es kein Abo mehr. Es ist nichts weiter zu tun."
            )
        page = _alert_row(request, alert)
    return _render(request, "alert_leave", title="Abo beenden", alert=page)


@view_config(route_name="alert.leave", request_method="POST")
def leave(request: Request) -> Response:
    """End it at once, by button or by a mail program (RFC 8058); doing it twice is no error."""
    if _is_known(request, "leave"):
        with request.registry.house.writing(NAME) as work:
            alert = alerts.find_alert(work.session, request.registry.sealer, "leave", request.matchdict["token"])
            if alert is not None:
                alerts.leave(work.session, alert)
    return _message(
        request,
        "Abgemeldet",
        "Zu dieser Suche kommen keine Nachrichten mehr. War es Ihr letztes Abo, ist auch Ihre Adresse gelöscht.",
    )


@view_config(route_name="alert.lost", request_method="GET")
def lost_form(request: Request) -> Response:
    """Ask for the personal link."""
    return _render(request, "alert_lost", title="Abos verwalten", email="", errors={}, token=sealed_token(request))


@view_config(route_name="alert.lost", request_method="POST")
def lost(request: Request) -> Response:
    """Send the personal link, if the address follows anything; the answer does not tell."""
    given = _typed(request)
    try:
        email = mail_address.clean(given.get("email", ""))
        with request.registry.house.writing(NAME) as work:
            alerts.ask_link(work.session, request.registry.sealer, email, visitor=place_of(request), now=work.desk.now)
        return _message(request, "Link angefordert", ASKED)
    except InvalidInput as invalid:
        return _lost(request, given, {error.field: error.message for error in invalid.errors})
    except TooMany:
        return _message(request, "Zu viele Anfragen", TOO_MANY, status=429)


@exception_view_config(OldForm, route_name="alert.lost")
def old_lost(_old: OldForm, request: Request) -> Response:
    """The form again, with what was typed where our page sent it."""
    given = _typed(request) if sender_of(request) is Sender.OURS else {}
    return _lost(request, given, {"": OLD_FORM})


def _lost(request: Request, given: Mapping[str, str], errors: Mapping[str, str]) -> Response:
    return _render(
        request,
        "alert_lost",
        title="Abos verwalten",
        status=400,
        email=given.get("email", "")[:300],
        errors=errors,
        token=sealed_token(request),
    )


@view_config(route_name="alert.manage", request_method="GET")
def manage(request: Request) -> Response:
    """The personal page."""
    with looking(request) as session:
        subscriber = alerts.find_subscriber(session, request.registry.sealer, request.matchdict["token"])
        if subscriber is None:
            return _message(
                request, "Link ungültig", f"{DEAD_LINK} Einen neuen bekommen Sie unter „Abos verwalten“.", status=404
            )
        rows = [_alert_row(request, alert) for alert in subscriber.alerts if alert.confirmed_at]
        email = subscriber.email
    return _render(
        request,
        "alert_manage",
        title="Meine Abos",
        alerts=rows,
        email=email,
        path=request.path_info,
        rhythms=RHYTHMS,
        token=sealed_token(request),
    )


@view_config(route_name="alert.manage", request_method="POST")
def change(request: Request) -> Response:
    """Change or delete one, delete all, or have a new link sent. The address of the page is the proof."""
    given, sealer = _typed(request), request.registry.sealer
    action = given.get("schritt", "")
    if not _is_known(request, "manage"):
        return _message(request, "Link ungültig", DEAD_LINK, status=404)
    with request.registry.house.writing(NAME) as work:
        subscriber = alerts.find_subscriber(work.session, sealer, request.matchdict["token"])
        if subscriber is None:
            return _message(request, "Link ungültig", DEAD_LINK, status=404)
        wanted = next((alert for alert in subscriber.alerts if str(alert.id) == given.get("abo")), None)
        if action == "all":
            alerts.leave_all(work.session, subscriber)
        elif action == "renew":
            alerts.renew(work.session, subscriber, work.desk.now)
        elif action == "delete" and wanted is not None:
            alerts.leave(work.session, wanted)
        elif action == "change" and wanted is not None:
            alerts.change(
                work.session,
                wanted,
                rhythm=given.get("rhythm", ""),
                with_corrections=bool(given.get("corrections")),
                now=work.desk.now,
            )
        is_left = alerts.find_subscriber(work.session, sealer, request.matchdict["token"]) is None
    if action == "renew":
        return _message(
            request,
            "Neuer Link unterwegs",
            "Die bisherigen Links zu dieser Seite gelten nicht mehr. Der neue kommt in wenigen Minuten per E-Mail.",
        )
    if is_left:
        return _message(request, "Abgemeldet", "Alle Ihre Abos und Ihre Adresse sind gelöscht.")
    return HTTPSeeOther(request.path_info)


def _form(
    request: Request, parameters: Mapping[str, str], given: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    return _render(
        request,
        "alert_new",
        title="Suche abonnieren",
        status=400 if errors else 200,
        parameters=parameters,
        search=saved.describe(parameters, request.reader.bodies),
        back="/suche?" + urlencode(parameters),
        errors=errors,
        email=given.get("email", "")[:300],
        rhythm=given.get("rhythm") or "daily",
        corrections=bool(given.get("corrections")),
        rhythms=RHYTHMS,
        token=sealed_token(request),
    )


def _alert_row(request: Request, alert: models.Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "search": saved.describe(alert.parameters, request.reader.bodies),
        "url": "/suche?" + urlencode(alert.parameters),
        "rhythm": alert.rhythm,
        "rhythm_words": RHYTHMS[alert.rhythm],
        "corrections": alert.with_corrections,
        "path": request.path_info,
        "since": alert.confirmed_at,
        "is_confirmed": alert.confirmed_at is not None,
    }


def _typed(request: Request) -> dict[str, str]:
    """The fields of a form as text; what is no text is left out."""
    try:
        return {name: value for name, value in request.POST.items() if isinstance(value, str)}
    except UnicodeDecodeError:
        return {}


def _is_known(request: Request, purpose: str) -> bool:
    """Whether the link opens anything; found out by reading, so that a made-up one keeps no writer waiting."""
    token, sealer = request.matchdict["token"], request.registry.sealer
    with looking(request) as session:
        if purpose == "manage":
            return alerts.find_subscriber(session, sealer, token) is not None
        return alerts.find_alert(session, sealer, purpose, token) is not None


@exception_view_config(OldForm, route_name="alert.confirm")
@exception_view_config(OldForm, route_name="alert.manage")
def old_page(_old: OldForm, request: Request) -> Response:
    """The page again: it has buttons only, nothing that was typed."""
    return HTTPSeeOther(request.path_info)


def _message(request: Request, title: str, text: str, *, status: int = 200) -> Response:
    return _render(request, "alert_message", title=title, status=status, text=text)


def _render(request: Request, template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    response = render(
        request,
        f"public/{template}.html",
        title=title,
        status=status,
        is_cacheable=False,
        is_indexed=False,
        heading=title,
        **values,
    )
    response.cache_control = "no-store"
    return response
