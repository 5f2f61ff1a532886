"""Working row → what an edition freezes: title, text, HTML, structured data, and the columns lists need.

Pure but for reading the row's own relations. The shapes of `data` per kind are described in `docs/editionen.md`; they
are a public contract: add fields, never change or remove one.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import object_session

from content import clauses, markup, models
from content.addresses import MAIN_BODY, meeting_label
from content.kinds import KINDS
from content.services import ballots
from content.services.edit import known_bodies

SUMMARY_CHARS: Final = 240


@dataclass(frozen=True, slots=True)
class FrozenReference:
    """A reference as the edition keeps it, for look-ups from both ends."""

    from_anchor: str | None
    from_label: str
    relation: str
    target_url: str
    target_anchor: str | None
    quoted: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Everything of an edition that comes from the working row."""

    title: str
    text: str
    html: str
    data: Mapping[str, Any]
    header: tuple[str, ...]
    subkind: str
    body_slug: str
    year: int
    serial: int
    date: dt.date | None
    sort_date: dt.date
    sort_title: str
    meeting_url: str
    summary: str
    references: tuple[FrozenReference, ...]


def freeze(item: models.Item, *, today: dt.date) -> Frozen:
    """What publishing `item` now would freeze; `today` (Berlin) dates what has no date of its own."""
    return _FREEZERS[item.kind](item, today)


def shorten(text: str, limit: int = SUMMARY_CHARS) -> str:
    """The beginning of `text` as one line of at most `limit` characters, cut between words."""
    folded = " ".join(text.split())
    if len(folded) <= limit:
        return folded
    return folded[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-") + " …"


def sort_key(title: str) -> str:
    """A key that sorts German titles as a dictionary does (ä like a, ß like ss, case and quotes ignored)."""
    folded = unicodedata.normalize("NFKD", title.casefold())
    return re.sub(r"[^0-9a-z ]", "", folded)[:200].strip()


def german_day(day: dt.date) -> str:
    """`29.10.2021`."""
    return f"{day.day:02d}.{day.month:02d}.{day.year}"


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _frozen(
    item: models.Item,
    today: dt.date,
    *,
    title: str | None = None,
    text: str,
    html: str,
    data: Mapping[str, Any],
    header: Iterable[str | None] = (),
    date: dt.date | None = None,
    summary: str | None = None,
    **columns: Any,
) -> Frozen:
    shown = title or item.title or ""
    sort_date = columns.pop("sort_date", None) or date or item.published_on or today
    return Frozen(
        title=shown,
        text=text,
        html=html,
        data={**data, "topics": list(item.topics)},
        header=tuple(part for part in header if part),
        subkind=columns.get("subkind", ""),
        body_slug=columns.get("body_slug", ""),
        year=columns.get("year") or sort_date.year,
        serial=columns.get("serial", 0),
        date=date,
        sort_date=sort_date,
        sort_title=sort_key(shown),
        meeting_url=columns.get("meeting_url", ""),
        summary=shorten(summary if summary is not None else text),
        references=columns.get("references") or _plain_references(item),
    )


def _plain_references(item: models.Item) -> tuple[FrozenReference, ...]:
    return tuple(
        FrozenReference(row.from_anchor, "", row.relation, row.target_url, row.target_anchor, row.quoted)
        for row in item.references
    )


def _meeting_link(meeting: models.Meeting | None, body: models.Body | None = None) -> dict[str, Any] | None:
    if meeting is None:
        return None
    other = meeting.body.title if meeting.body.slug != MAIN_BODY and body is None else None
    label = meeting_label(meeting.meeting_kind, meeting.ordinal, body_name=other)
    return {"url": meeting.url, "label": label, "date": _iso(meeting.date)}


def _attachments(item: models.Item) -> list[dict[str, Any]]:
    return [
        {
            "title": row.title,
            "file_name": row.file_name,
            "media_type": row.file.media_type if row.file else None,
            "size_bytes": row.file.size_bytes if row.file else None,
            "sha256": row.sha256 if row.visibility == "public" else None,
            "visibility": row.visibility,
            "reason": row.reason,
        }
        for row in item.attachments
    ]


def decision_title(number: str | None, title: str | None) -> str:
    """The title, or „Beschluss 2021/37 (ohne Titel)“."""
    return title or f"Beschluss {number} (ohne Titel)"


def _freeze_decision(item: models.Item, today: dt.date) -> Frozen:
    bodies = _bodies(item)
    assert isinstance(item, models.Decision)  # noqa: S101 - the table below pairs kinds and functions
    parsed = clauses.parse(item.text, own_meeting=_ordinal(item.meeting), bodies=bodies)
    labels = {clause.anchor: clause.label for clause in item.clauses}
    html = markup.decision_html(parsed)
    date = item.date or (item.meeting.date if item.meeting else None)
    meeting = _meeting_link(item.meeting, item.body)
    data: dict[str, Any] = {
        "body": {"slug": item.body.slug, "name": item.body.title},
        "number": item.number,
        "year": item.year,
        "serial": item.serial,
        "date": _iso(date),
        "meeting": meeting,
        "clauses": [
            {
                "anchor": row.anchor,
                "path": row.path,
                "label": row.label,
                "depth": row.depth,
                "kind": row.kind,
                "addressees": row.addressees,
                "due_meeting": row.due_meeting,
                "text": row.text,
            }
            for row in item.clauses
        ],
        "references": [
            {
                "from": row.from_anchor,
                "relation": row.relation,
                "url": row.target_url,
                "anchor": row.target_anchor,
                "text": row.quoted,
            }
            for row in item.references
        ],
        "text_kind": item.text_kind,
        "source_url": item.source_url,
        "source_note": item.source_note,
        "scope": item.scope,
        "gazette_notice": {"date": _iso(item.gazette_date), "url": item.gazette_url} if item.gazette_date else None,
        "attachments": _attachments(item),
        **_decided(item),
    }
    return _frozen(
        item,
        today,
        title=decision_title(item.number, item.title),
        text=markup.to_text(item.text),
        html=html,
        data=data,
        header=(
            item.body.title,
            german_day(date) if date else None,
            meeting["label"] if meeting else None,
            f"Beschluss {item.number}",
        ),
        date=date,
        sort_date=date or dt.date(item.year or today.year, 1, 1),
        year=item.year,
        serial=item.serial or 0,
        subkind=item.text_kind,
        body_slug=item.body.slug,
        meeting_url=item.meeting.url if item.meeting else "",
        references=tuple(
            FrozenReference(
                row.from_anchor,
                labels.get(row.from_anchor or "", ""),
                row.relation,
                row.target_url,
                row.target_anchor,
                row.quoted,
            )
            for row in item.references
        ),
    )


def _decided(item: models.Decision) -> dict[str, Any]:
    """How it was decided, as far as the house knows: vote, statements, recommendations. What is not known is left out."""
    session = object_session(item)
    found: dict[str, Any] = {}
    if item.recommendation_urls:
        found["recommendations"] = item.recommendation_urls
    if session is None:
        return found
    vote = ballots.as_data(session, item)
    if vote is not None:
        found["vote"] = vote
    statements = ballots.statements_of(session, item)
    if statements:
        names = {member.code: member.name for member in item.body.members}
        found["statements"] = [
            {"members": [names.get(code, code) for code in row.member_codes], "text": row.text, "html": markup.to_html(row.text)}
            for row in statements
        ]
    return found


def _bodies(item: models.Item) -> Mapping[str, str]:
    session = object_session(item)
    return clauses.DEFAULT_BODIES if session is None else known_bodies(session).by_suffix


def _ordinal(meeting: models.Meeting | None) -> int | None:
    return meeting.ordinal if meeting else None


_GOALS: Final = {
    "decision": "Beschluss", "information": "Information", "discussion": "Diskussion", "follow_up": "Follow-up",
}


def _freeze_meeting(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Meeting)  # noqa: S101 - see above
    label = meeting_label(item.meeting_kind, item.ordinal)
    agenda = [
        {
            "position": row.position,
            "top": row.top,
            "title": row.title,
            "goal": row.goal,
            "list": row.list_kind,
            "rapporteurs": row.rapporteurs,
            "decision": row.decision_url,
            "note": row.note,
        }
        for row in item.agenda
    ]
    lines = [markup.to_text(item.text), *(f"{row.top or ''} {row.title}".strip() for row in item.agenda)]
    data: dict[str, Any] = {
        "body": {"slug": item.body.slug, "name": item.body.title},
        "kind": item.meeting_kind,
        "ordinal": item.ordinal,
        "label": label,
        "date": _iso(item.date),
        "end_date": _iso(item.end_date),
        "place": item.place,
        "chair": item.chair,
        "agenda": agenda,
        "attachments": _attachments(item),
    }
    return _frozen(
        item,
        today,
        text="\n".join(line for line in lines if line),
        html=markup.to_html(item.text),
        data=data,
        header=(item.body.title, german_day(item.date) if item.date else None, item.place),
        date=item.date,
        subkind=item.meeting_kind,
        body_slug=item.body.slug,
        serial=item.ordinal or 0,
        meeting_url=item.url,
        references=tuple(
            FrozenReference(None, f"TOP {row.top}" if row.top else "", "cites", row.decision_url, None, row.title)
            for row in item.agenda
            if row.decision_url
        ),
        summary=markup.to_text(item.text)
        or (f"{len(agenda)} Tagesordnungspunkte" if len(agenda) > 1 else "Beschlüsse und Unterlagen dieser Sitzung"),
    )


def _freeze_press(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.PressRelease)  # noqa: S101 - see above
    sections = [
        {
            "anchor": f"a{row.position}",
            "heading": row.heading,
            "text": markup.to_text(row.text),
            "html": markup.to_html(row.text),
        }
        for row in item.sections
    ]
    image = item.image
    meeting = _meeting_link(item.meeting)
    data: dict[str, Any] = {
        "release_kind": item.release_kind,
        "publisher": item.publisher,
        "date": _iso(item.date),
        "meeting": meeting,
        "lead": item.lead,
        "sections": sections,
        "quotes": [{"text": row.text, "speaker": row.speaker, "function": row.function} for row in item.quotes],
        "image": {
            "file_name": image.file_name,
            "sha256": image.sha256,
            "media_type": image.file.media_type if image.file else None,
            "width": image.file.width if image.file else None,
            "height": image.file.height if image.file else None,
            "alt": image.alt,
            "caption": image.caption,
            "credit": image.credit,
        }
        if image
        else None,
        "contacts": [_contact(row.contact) for row in item.contacts],
        "decisions": [row.target_url for row in item.references],
        "source_url": item.source_url,
        "text_kind": item.text_kind,
        "attachments": _attachments(item),
    }
    quotes = [f"{row.speaker}: {row.text}" for row in item.quotes if row.text]
    parts = [
        item.lead or "",
        markup.to_text(item.text),
        *(f"{section['heading'] or ''}\n{section['text']}".strip() for section in sections),
        *quotes,
    ]
    html = "".join(
        [
            markup.to_html(item.text),
            *(
                f'<section id="{section["anchor"]}">{_heading(section["heading"])}{section["html"]}</section>'
                for section in sections
            ),
        ]
    )
    return _frozen(
        item,
        today,
        text="\n\n".join(part for part in parts if part),
        html=html,
        data=data,
        header=(
            KINDS["press_release"].subkinds[item.release_kind],
            german_day(item.date) if item.date else None,
            item.publisher,
            meeting["label"] if meeting else None,
        ),
        date=item.date,
        sort_date=item.date or (item.meeting.date if item.meeting else None),
        subkind=item.release_kind,
        meeting_url=item.meeting.url if item.meeting else "",
    )


def _heading(heading: str | None) -> str:
    return f"<h2>{markup.escape(heading)}</h2>" if heading else ""


def _contact(row: models.Contact) -> dict[str, Any]:
    return {
        "organisation": row.organisation,
        "unit": row.unit,
        "person": row.person,
        "role": row.role,
        "phone": row.phone,
        "mobile": row.mobile,
        "email": row.email,
        "valid_from": _iso(row.valid_from),
        "valid_until": _iso(row.valid_until),
    }


def _freeze_report(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Report)  # noqa: S101 - see above
    sections = [
        {
            "anchor": f"a{row.position}",
            "heading": row.heading,
            "kind": row.section_kind,
            "text": markup.to_text(row.text),
            "html": markup.to_html(row.text),
        }
        for row in item.sections
    ]
    data: dict[str, Any] = {
        "group": item.group,
        "lead": item.lead,
        "subgroups": item.subgroups,
        "commissioned_by": item.commissioned_by,
        "noted_by": item.noted_by,
        "date": _iso(item.date),
        "sections": sections,
        "recommendations": item.recommendation_urls,
        "attachments": _attachments(item),
    }
    summary = markup.to_text(item.text)
    html = markup.to_html(item.text) + "".join(
        f'<section id="{section["anchor"]}" data-kind="{section["kind"]}">'
        f"{_heading(section['heading'])}{section['html']}</section>"
        for section in sections
    )
    return _frozen(
        item,
        today,
        text="\n\n".join([summary, *(f"{section['heading']}\n{section['text']}" for section in sections)]),
        html=html,
        data=data,
        header=("Bericht", item.group, german_day(item.date) if item.date else None),
        date=item.date,
        summary=summary,
    )


def _freeze_recommendation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Recommendation)  # noqa: S101 - see above
    state = item.procedure_state or "draft"
    data: dict[str, Any] = {
        "number": item.number,
        "addressees": item.addressees,
        "report": item.report_url,
        "decisions": item.decision_urls,
        "state": state,
        "due": item.due,
        "market_items": item.market_item_urls,
    }
    return _frozen(
        item,
        today,
        text=markup.to_text(item.text),
        html=markup.to_html(item.text),
        data=data,
        header=(
            f"Empfehlung {item.number}" if item.number else "Empfehlung",
            KINDS["recommendation"].subkinds[state],
            ", ".join(item.addressees) or None,
        ),
        subkind=state,
    )


def _freeze_market_item(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.MarketItem)  # noqa: S101 - see above
    data: dict[str, Any] = {
        "ozg_id": item.ozg_id,
        "leika_keys": item.leika_keys,
        "theme": item.theme,
        "supplier_land": item.supplier_land,
        "it_provider": item.it_provider,
        "maturity": item.maturity,
        "state": item.state,
        "offers": [
            {"provider": row.provider, "model": row.model, "url": row.offer_url, "note": row.note}
            for row in item.offers
        ],
        "decisions": item.decision_urls,
        "recommendations": item.recommendation_urls,
    }
    facts = [item.theme, item.supplier_land, item.it_provider, f"OZG-ID {item.ozg_id}" if item.ozg_id else None]
    return _frozen(
        item,
        today,
        text="\n".join([markup.to_text(item.text), *(fact for fact in facts if fact)]),
        html=markup.to_html(item.text),
        data=data,
        header=(item.theme, item.supplier_land, KINDS["market_item"].subkinds[item.state]),
        subkind=item.state,
        summary=markup.to_text(item.text),
    )


def _freeze_organisation(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Organisation)  # noqa: S101 - see above
    text = markup.to_text(item.text)
    data: dict[str, Any] = {
        "short": item.short,
        "organisation_kind": item.organisation_kind,
        "summary": shorten(text),
        "website": item.website,
        "contacts": [],
    }
    return _frozen(
        item,
        today,
        text=text,
        html=markup.to_html(item.text),
        data=data,
        header=(item.organisation_kind or None, item.short or None),
    )


def _freeze_term(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Term)  # noqa: S101 - see above
    text = markup.to_text(item.text)
    data: dict[str, Any] = {
        "abbreviation": item.abbreviation,
        "synonyms": item.synonyms,
        "definition": text,
        "source": item.source,
    }
    words = [item.abbreviation or "", *item.synonyms]
    return _frozen(
        item,
        today,
        text="\n".join([text, ", ".join(word for word in words if word)]).strip(),
        html=markup.to_html(item.text),
        data=data,
        header=("Begriff", item.abbreviation),
        summary=text,
    )


def _freeze_page(item: models.Item, today: dt.date) -> Frozen:
    nothing: Mapping[str, Any] = {}
    return _frozen(item, today, text=markup.to_text(item.text), html=markup.to_html(item.text), data=nothing)


def _freeze_body(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Body)  # noqa: S101 - see above
    data: dict[str, Any] = {
        "short": item.short,
        "genitive": item.genitive,
        "number_pattern": item.number_pattern,
        "voting_rule": item.voting_rule,
        "members": [
            {
                "code": row.code,
                "name": row.name,
                "kind": row.kind,
                "shares": {str(share.year): share.percent for share in row.shares},
            }
            for row in item.members
        ],
        "chairs": [{"year": row.year, "name": row.name, "land": row.land} for row in item.chairs],
    }
    return _frozen(
        item,
        today,
        text=markup.to_text(item.text),
        html=markup.to_html(item.text),
        data=data,
        header=("Gremium", item.short or None),
        body_slug=item.slug,
    )


_FREEZERS: Final[Mapping[str, Callable[[models.Item, dt.date], Frozen]]] = {
    "body": _freeze_body,
    "meeting": _freeze_meeting,
    "decision": _freeze_decision,
    "press_release": _freeze_press,
    "report": _freeze_report,
    "recommendation": _freeze_recommendation,
    "market_item": _freeze_market_item,
    "organisation": _freeze_organisation,
    "term": _freeze_term,
    "page": _freeze_page,
}
