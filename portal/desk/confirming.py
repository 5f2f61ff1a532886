"""What is asked before it is done: one table, one page. The same request with `bestaetigt=ja` does it.

The page works without a script and carries on what was typed. Whoever confirms has read what follows; where others are concerned
there is a reason as well, which stays.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from markupsafe import Markup
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.freezing import freeze
from content.schemas import InvalidInput
from content.typed.berlin import day_of
from portal.auth.desk import page, typed

CONFIRMED: Final = "bestaetigt"
YES: Final = "ja"
MAX_REASON: Final = 1000
"""Characters of a reason: it goes into the log and into a mail."""


@dataclass(frozen=True, slots=True)
class Act:
    """A question, what follows from a yes, the words of the button, and the field of the reason where one is needed."""

    question: str
    consequences: str
    button: str
    reason: str = ""
    reason_hint: str = ""


_NO_WAY_BACK: Final = (
    "Kein Schritt führt zurück; Text und Verlauf bleiben am Arbeitsplatz. Wer es doch will, legt es neu an."
)
_MINUTES: Final = "Protokollerklärungen lassen sich danach nicht mehr eintragen, ändern oder entfernen. Das lässt sich nicht zurücknehmen."
ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "publication.remove": Act(
            "Endgültig entfernen?",
            "Text, Verlauf, Entwürfe und Dateien verschwinden für immer; es bleibt nur, wer wann warum entfernt hat. Das lässt sich nicht zurücknehmen.",
            "Endgültig entfernen",
            "comment",
            "Er bleibt im Protokoll.",
        ),
        "decision.adopt": Act(
            "Beschließen?",
            "Der Beschluss bekommt die nächste Nummer seines Gremiums. Sie bleibt vergeben, auch wenn er später ersetzt oder für nichtig erklärt wird; die Stimmen bleiben, "
            "wie sie sind, und der Beschluss kommt nicht mehr weg. Das lässt sich nicht zurücknehmen.",
            "Beschließen",
        ),
        "decision.reject": Act(
            "Ablehnen?",
            f"Der Entwurf gilt als abgelehnt. {_NO_WAY_BACK}",
            "Ablehnen",
        ),
        "decision.withdraw": Act(
            "Beschlussentwurf zurückziehen?",
            f"Über diesen Entwurf wird nicht mehr beschlossen. {_NO_WAY_BACK}",
            "Zurückziehen",
        ),
        "decision.record": Act(
            "Niederschrift abschließen?",
            _MINUTES,
            "Niederschrift abschließen",
        ),
        "decision.record_announced": Act(
            "Niederschrift abschließen?",
            f"{_MINUTES} Der Beschluss gilt danach als bekannt gegeben.",
            "Niederschrift abschließen",
        ),
        "decision.lapse": Act(
            "Erledigen?",
            "Der Beschluss gilt als erledigt; die öffentliche Seite sagt das, mit dem Tag. Der Hinweis bleibt am Arbeitsplatz. Zurücknehmen lässt es sich nicht.",
            "Erledigen",
        ),
        "recommendation.adopt": Act(
            "Empfehlung beschließen?",
            "Die Empfehlung gilt als beschlossen durch den genannten Beschluss; ihre Adressaten werden um Meldungen zur Umsetzung gebeten. Das lässt sich nicht zurücknehmen.",
            "Beschließen",
        ),
        "recommendation.reject": Act(
            "Empfehlung ablehnen?",
            f"Die Empfehlung gilt als abgelehnt; ist sie öffentlich, steht es auf ihrer Seite. {_NO_WAY_BACK}",
            "Ablehnen",
        ),
        "recommendation.withdraw": Act(
            "Empfehlung zurückziehen?",
            f"Über diese Empfehlung wird nicht mehr beschlossen; ist sie öffentlich, steht es auf ihrer Seite. {_NO_WAY_BACK}",
            "Zurückziehen",
        ),
        "report.note": Act(
            "Kenntnisnahme eintragen?",
            "Der Bericht gilt als zur Kenntnis genommen durch den genannten Beschluss. Das lässt sich nicht zurücknehmen.",
            "Kenntnisnahme eintragen",
        ),
        "report.abandon": Act(
            "Bericht einstellen?",
            f"Am Bericht wird nicht weitergearbeitet. {_NO_WAY_BACK}",
            "Einstellen",
        ),
        "vote.en_bloc": Act(
            "Alle Punkte der Grünen Liste beschließen?",
            "Jeder Beschluss bekommt seine Nummer. Nummern bleiben vergeben, die Stimmen bleiben, wie sie sind, und kein Beschluss kommt mehr weg. "
            "Das lässt sich nicht zurücknehmen.",
            "Alle beschließen",
        ),
        "account.lock": Act(
            "Konto sperren?",
            "Die Person ist sofort abgemeldet und kommt nicht mehr herein, bis jemand entsperrt. Ihre Rollen und Entwürfe bleiben. Sie erfährt den Grund.",
            "Konto sperren",
            "grund",
            "Er bleibt im Protokoll und steht in der Nachricht an die Person.",
        ),
        "account.factors": Act(
            "Zweite Faktoren entfernen?",
            "App, Passkeys und Wiederherstellungscodes gelten nicht mehr, offene Sitzungen enden. Bis zur neuen Einrichtung schützt allein das Kennwort. "
            "Bitte vorher auf einem anderen Weg prüfen, dass wirklich diese Person bittet. Sie erfährt den Grund.",
            "Zweite Faktoren entfernen",
            "grund",
            "Er bleibt im Protokoll und steht in der Nachricht an die Person.",
        ),
        "account.revoke": Act(
            "Rolle entziehen?",
            "Die Person verliert die Rechte dieser Rolle sofort; was sie schrieb, bleibt. Sie erfährt den Grund. Die Rolle lässt sich wieder erteilen.",
            "Rolle entziehen",
            "grund",
            "Er bleibt im Protokoll und steht in der Nachricht an die Person.",
        ),
        "account.confirm": Act(
            "Antrag bestätigen?",
            "Es gilt sofort. Bitte vorher auf einem anderen Weg prüfen, dass es diese Person gibt, dass sie allein das Konto benutzt und dass sie das braucht: "
            "Mit zwei solchen Konten in einer Hand gäbe es keine zweite Person mehr.",
            "Bestätigen",
        ),
        "account.decline": Act(
            "Antrag ablehnen?",
            "Es geschieht nichts; wer es beantragt hat, erfährt den Grund.",
            "Ablehnen",
            "grund",
            "Er bleibt im Protokoll und steht in der Nachricht.",
        ),
        "account.disconnect": Act(
            "Verbindung mit dem Anmeldedienst trennen?",
            "Die Person kommt über den Anmeldedienst nicht mehr in dieses Konto. Ohne eigenes Kennwort oder Passkey kommt sie gar nicht mehr herein. Sie erfährt es.",
            "Verbindung trennen",
        ),
        "message.drop": Act(
            "Nachricht verwerfen?",
            "Die Nachricht geht nicht mehr hinaus und verschwindet aus dieser Liste. Dass sie verworfen wurde, steht im Protokoll.",
            "Nachricht verwerfen",
        ),
        "embargo.lift": Act(
            "Sperrfrist aufheben?",
            "Alle persönlichen Links enden sofort; wer eingeladen war, erfährt es. Der Eintrag darf dann vor dem Ende der Frist veröffentlicht werden.",
            "Sperrfrist aufheben",
        ),
        "embargo.move": Act(
            "Sperrfrist ändern?",
            "Wer eingeladen ist, erfährt das alte und das neue Ende sofort per E-Mail. Links, die mit der Sperrfrist enden, enden mit der neuen; wem Sie ein eigenes Ende gaben, behält es.",
            "Sperrfrist ändern",
        ),
        "suggestions.reject_all": Act(
            "Alle Vorschläge ablehnen?",
            "Alle offenen Vorschläge gelten als abgelehnt; der Text bleibt, wie er ist. Wer einen davon doch will, muss ihn neu vorschlagen.",
            "Alle Vorschläge ablehnen",
        ),
        "reuse.order": Act(
            "Verbindlich bestellen?",
            "Der Anbieter erfährt von der Bestellung und schließt danach den Vertrag zu den bestätigten Bedingungen. Hier zurücknehmen lässt sie sich nicht; "
            "„Beenden“ bleibt möglich.",
            "Verbindlich bestellen",
        ),
        "reuse.end": Act(
            "Nachnutzung beenden?",
            "Die Nachnutzung gilt danach als beendet und lässt sich nicht wieder aufnehmen, nur neu anmelden. Der Hinweis bleibt im Verlauf, den beide Seiten lesen.",
            "Nachnutzung beenden",
            "comment",
            "Beide Seiten lesen ihn im Verlauf.",
        ),
        "draft.discard": Act(
            "Entwurf verwerfen?",
            "Was Sie getippt und nicht gespeichert haben, ist danach weg. Gespeichertes bleibt, wie es ist.",
            "Entwurf verwerfen",
        ),
        "section_draft.discard": Act(
            "Entwurf des Abschnitts verwerfen?",
            "Was Sie in diesem Abschnitt getippt und nicht gespeichert haben, ist danach weg. Der gespeicherte Abschnitt bleibt, wie er ist.",
            "Entwurf verwerfen",
        ),
    }
)
"""Name of an act → what is asked before it is done. A step of an item is called „workflow.step“."""
HINTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "publication.withdraw": "Die öffentliche Seite antwortet dann nur noch mit Ihrem Grund, auch in der Suche und unter früheren Tagen steht nichts mehr. "
        "Rücknahme und Grund stehen für immer im Register. Zurückgezogen wird zu zweit.",
        "publication.republish": "Die Arbeitsfassung wird öffentlich, mit Ihrem Grund als Hinweis; Rücknahme und Rückkehr stehen für immer im Register. Es geht nur zu zweit.",
        "decision.annul": "Nummer und Text bleiben öffentlich, mit dem Vermerk „für nichtig erklärt“ und dem Grund. Das lässt sich nicht zurücknehmen und geht nur zu zweit.",
        "decision.supersede": "Nummer und Text bleiben öffentlich, mit dem Vermerk „ersetzt durch“, dem Beschluss, der an seine Stelle tritt, und dem Grund. "
        "Das lässt sich nicht zurücknehmen und geht nur zu zweit.",
        "recommendation.supersede": "Die öffentliche Seite nennt den Beschluss, der an ihre Stelle tritt, und den Grund; gemeldet wird dazu nichts mehr. "
        "Das lässt sich nicht zurücknehmen und geht nur zu zweit.",
        "publication.remove": ACTS["publication.remove"].consequences,
    }
)
"""„workflow.step“ → what the step says of itself where its button stands."""


def consequences(step: str) -> str:
    """What follows from „workflow.step“, where it is asked or said before; else empty."""
    return ACTS[step].consequences if step in ACTS else HINTS.get(step, "")


def question(
    request: Request,
    name: str,
    subject: str,
    back: str,
    *,
    facts: Sequence[tuple[str, str]] = (),
    also: Sequence[tuple[str, str]] = (),
    texts: Sequence[tuple[str, Markup]] = (),
) -> Response | None:
    """The page that asks, or None where the request is confirmed and has the reason that it needs.

    `subject`: what it is about; `back`: where „Abbrechen“ leads; `facts`: (name, value) to know before; `texts`: (name, HTML) to read before;
    `also`: (name, value) that is sent with the yes in place of what was typed.
    Without a reason a confirmed request is refused with 400; what was typed stays.
    """
    act = ACTS[name]
    is_confirmed = request.POST.get(CONFIRMED) == YES
    fault = _fault(request, act) if is_confirmed else ""
    if is_confirmed and not fault:
        return None
    kept = [
        (field, value)
        for field, value in typed(request)
        if field not in {CONFIRMED, act.reason, *(name for name, _ in also)}
    ] + list(also)
    return page(
        request,
        "desk/confirm.html",
        title=act.question,
        status=400 if fault else 200,
        act=act,
        subject=subject,
        facts=facts,
        texts=texts,
        kept=kept,
        path=request.path_info,
        back=back,
        fault=fault,
        reason=reason_of(request, name),
        confirmed=CONFIRMED,
        yes=YES,
    )


def wording_of(item: models.Item, now: dt.datetime) -> Markup:
    """The text of `item` as the public would read it, for who decides on it; empty where it cannot be shown."""
    try:
        return Markup(freeze(item, today=day_of(now)).html)  # noqa: S704 - made by our own markup
    except InvalidInput:  # what cannot be shown says so where its text stands
        return Markup("")


def reason_of(request: Request, name: str) -> str:
    """The reason that came with the request; empty where none is asked."""
    field = ACTS[name].reason
    return str(request.POST.get(field, "")).strip() if field else ""


def _fault(request: Request, act: Act) -> str:
    if not act.reason:
        return ""
    given = str(request.POST.get(act.reason, "")).strip()
    if not given:
        return "Grund: Der Grund fehlt. Bitte in einem Satz sagen, warum."
    return f"Grund: Er ist zu lang. Bitte auf {MAX_REASON} Zeichen kürzen." if len(given) > MAX_REASON else ""
