"""The lists that the council's decisions and press notes come in, line by line made into input of our own kinds. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from content.council.addresses import meeting_url
from content.schemas import FieldError, InvalidInput
from content.search.lemmas import fold


@dataclass(frozen=True, slots=True)
class SourceBody:
    """A body that source lists name: its slug, number pattern and voting rule."""

    name: str
    genitive: str
    slug: str
    pattern: str
    voting_rule: str


MAIN: Final = SourceBody("IT-Planungsrat", "des IT-Planungsrats", "it-planungsrat", "YYYY/NN", "it-staatsvertrag")
SOURCE_BODIES: Final[Mapping[str, SourceBody]] = {
    body.name: body
    for body in (MAIN, SourceBody("AL-Runde", "der AL-Runde", "al-runde", "YYYY/NN-AL", "it-staatsvertrag"))
}
_SOURCE_FIELDS: Final = frozenset(
    [
        "number",
        "session",
        "date",
        "title",
        "text",
        "url",
        "body",
        "text_kind",
        "source_points",
        "source_complete",
        "refs",
        "mentions_attachment",
        "note",
    ]
)
_PRESS_FIELDS: Final = frozenset(
    [
        "id",
        "date",
        "session",
        "kind",
        "publisher",
        "title",
        "lead",
        "text",
        "text_kind",
        "sections",
        "quotes",
        "image",
        "contacts",
        "decisions",
        "url",
    ]
)
_MONTHS: Final = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
_DATE: Final = re.compile(r"(\d{1,2})\. (" + "|".join(_MONTHS) + r") (\d{4})")


def _unknown(line: Mapping[str, Any], known: frozenset[str]) -> list[FieldError]:
    return [
        FieldError(
            str(name)[:80], "unknown_field", f"Das Feld ist unbekannt. Bekannt sind: {', '.join(sorted(known))}."
        )
        for name in line
        if name not in known
    ]


def decision_source(line: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """(kind, input, whether it only fills a gap) of a line of the list of decisions. Raises `InvalidInput`."""
    errors = _unknown(line, _SOURCE_FIELDS)
    body = SOURCE_BODIES.get(str(line.get("body")))
    if body is None:
        message = f"Das Gremium „{line.get('body')}“ ist nicht bekannt. Bekannt sind: {', '.join(SOURCE_BODIES)}."
        errors.append(FieldError("body", "unknown_body", message))
    refs = line.get("refs") or []
    if not isinstance(refs, list):
        errors.append(FieldError("refs", "not_a_list", "Hier wird eine Liste von Nummern erwartet."))
    if errors or body is None:
        raise InvalidInput(errors)
    yield (
        "body",
        {
            "slug": body.slug,
            "name": body.name,
            "genitive": body.genitive,
            "number_pattern": body.pattern,
            "voting_rule": body.voting_rule,
        },
        True,
    )
    meeting = _source_meeting(line.get("session"), line.get("date"), body)
    if meeting is not None:
        yield "meeting", meeting, True
    yield "decision", _source_decision(line, body, meeting, refs), False


def _source_decision(
    line: Mapping[str, Any], body: SourceBody, meeting: Mapping[str, Any] | None, refs: list[Any]
) -> dict[str, Any]:
    number, date = line.get("number"), line.get("date")
    note = line.get("note")
    source_note = "Die Zusammenfassung ist redaktionell verdichtet; maßgeblich ist der amtliche Wortlaut."
    return {
        "body": body.slug,
        "number": number,
        "title": line.get("title"),
        "date": date,
        "meeting": _meeting_address(meeting) if meeting else None,
        "text": line.get("text"),
        "text_kind": line.get("text_kind"),
        "source_url": line.get("url"),
        "source_note": f"{source_note} {note}" if note else source_note,
        "references": [{"relation": "cites", "number": ref, "from": None} for ref in refs],
        # The source gives no day of publication: a decision counts as public from its day, else from its year's end.
        "published_on": date or (f"{str(number)[:4]}-12-31" if re.match(r"\d{4}/", str(number)) else None),
    }


def _source_meeting(session: Any, date: Any, body: SourceBody) -> dict[str, Any] | None:
    if session is None:
        return None
    text = str(session)
    match = re.fullmatch(r"(\d{1,3})\. Sitzung(?: AL-Runde)?", text)
    kind = {"Sondersitzung": "special", "Umlaufverfahren": "circulation"}.get(text, "numbered" if match else "")
    if not kind:
        message = f"„{text}“ ist keine Sitzung. Erwartet wird „36. Sitzung“, „Sondersitzung“ oder „Umlaufverfahren“."
        raise InvalidInput([FieldError("session", "malformed", message)])
    if kind != "numbered" and not date:
        raise InvalidInput([FieldError("date", "missing", f"{text} braucht ein Datum.")])
    return {
        "body": body.slug,
        "kind": kind,
        "ordinal": int(match[1]) if match else None,
        "date": date,
        "published_on": date,
    }


def _meeting_address(meeting: Mapping[str, Any]) -> str:
    return meeting_url(meeting["body"], meeting["kind"], ordinal=meeting["ordinal"], date=meeting["date"])


def press_source(
    line: Mapping[str, Any], meeting_of: Callable[[str | None, str, dt.date | None], str | None]
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The same of a line of the list of press notes; `meeting_of` finds the session that a note speaks of."""
    errors = _unknown(line, _PRESS_FIELDS)
    text, date = line.get("text"), line.get("date")
    if not isinstance(text, str):
        errors.append(FieldError("text", "missing", "Der Text fehlt. Bitte angeben."))
    if errors or not isinstance(text, str):
        raise InvalidInput(errors)
    day = dt.date.fromisoformat(date) if isinstance(date, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", date) else None
    meeting = meeting_of(line.get("session"), text, day)
    if meeting and re.fullmatch(r"/sitzung/\d+", meeting):
        ordinal = int(meeting.rsplit("/", 1)[1])
        yield (
            "body",
            {"slug": MAIN.slug, "name": MAIN.name, "number_pattern": MAIN.pattern, "voting_rule": MAIN.voting_rule},
            True,
        )
        yield "meeting", {"body": MAIN.slug, "kind": "numbered", "ordinal": ordinal, "published_on": date}, True
    yield "press_release", _source_press(line, text, meeting), False


def _source_press(line: Mapping[str, Any], text: str, meeting: str | None) -> dict[str, Any]:
    headings = [str(heading) for heading in line.get("sections") or ()]
    lead, sections, contacts = _split_release(text, headings, str(line.get("title") or ""))
    image = line.get("image")
    return {
        "slug": slugify(f"{line.get('date') or ''} {line.get('title') or line.get('id')}"),
        "release_kind": line.get("kind"),
        "title": line.get("title"),
        "publisher": line.get("publisher"),
        "date": line.get("date"),
        "published_on": line.get("date"),
        "meeting": meeting,
        "lead": line.get("lead"),
        "text": lead,
        "sections": sections,
        "quotes": [
            {"speaker": row.get("speaker"), "function": row.get("function")} for row in line.get("quotes") or ()
        ],
        "image": {
            "alt": image.get("caption") or "Bild zur Meldung",
            "caption": image.get("caption"),
            "credit": image.get("credit"),
        }
        if isinstance(image, dict)
        else None,
        "contacts": [{"organisation": row.get("org"), "role": row.get("role")} for row in line.get("contacts") or ()]
        or contacts,
        "decisions": line.get("decisions") or [],
        "source_url": line.get("url"),
        "text_kind": line.get("text_kind"),
    }


_FURNITURE: Final = re.compile(r"\s*•|Gruppenfoto|.*©")


def _split_release(text: str, headings: list[str], title: str) -> tuple[str, list[dict[str, Any]], list[Any]]:
    """The text of a release before its first heading, and its headed sections."""
    lead: list[str] = []
    sections: list[dict[str, Any]] = []
    for line in text.split("\n"):
        plain = line.strip()
        if plain in headings:
            sections.append({"heading": plain, "text": []})
        elif plain != title and not (not sections and _FURNITURE.match(line)):
            (sections[-1]["text"] if sections else lead).append(plain)
    kept = [{"heading": row["heading"], "text": _escaped("\n".join(row["text"]))} for row in sections]
    return _escaped("\n".join(lead)), [row for row in kept if row["text"]], []


def _escaped(text: str) -> str:
    """Plain paragraphs as Markdown."""
    paragraphs = [block.strip() for block in re.split(r"\n+", text) if block.strip()]
    return "\n\n".join(re.sub(r"([*_`\[\]<>#])", r"\\\1", block) for block in paragraphs)


def german_date(text: str) -> dt.date | None:
    """The first day that a text names, as in „29. Oktober 2021“."""
    match = _DATE.search(text)
    if match is None:
        return None
    try:
        return dt.date(int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]))
    except ValueError:
        return None


def slugify(text: str, limit: int = 80) -> str:
    """A part of an address from any text, cut between words."""
    folded = fold(text)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug if len(slug) <= limit else slug[:limit].rsplit("-", 1)[0]
