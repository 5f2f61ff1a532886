"""Bodies, meetings and decisions as editions freeze them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy.orm import object_session

from content import models
from content.council import koenigstein
from content.council.addresses import meeting_label
from content.freezing.common import (
    Frozen,
    FrozenReference,
    attachments_of,
    bodies_of,
    frozen,
    german_day,
    iso,
    meeting_link,
    ordinal_of,
)
from content.freezing.endings import ending_of
from content.freezing.linked import member_names, shown_meeting, shown_title
from content.freezing.tracked import public_tasks
from content.models.item import LINK
from content.services.base import body_law
from content.services.council import ballots, keys
from content.text import clauses, markup
from content.text.wording import ending_words


def decision_label(number: str | None) -> str:
    """„Beschluss 2021/37“, or what a decision is called before it is adopted."""
    return f"Beschluss {number}" if number else "Beschluss ohne Nummer"


def decision_title(number: str | None, title: str | None) -> str:
    """The title, or „Beschluss 2021/37 (ohne Titel)“."""
    return title or f"{decision_label(number)} (ohne Titel)"


def _tracked(item: models.Decision) -> dict[str, Any]:
    session = object_session(item)
    tasks = public_tasks(session, item) if session is not None and item.id is not None else []
    return {"tasks": tasks} if tasks else {}


def freeze_decision(item: models.Item, today: dt.date) -> Frozen:
    bodies = bodies_of(item)
    assert isinstance(item, models.Decision)  # noqa: S101 - the table below pairs kinds and functions
    parsed = clauses.parse(item.text, own_meeting=ordinal_of(item.meeting), bodies=bodies)
    html = markup.decision_html(parsed)
    date = item.date or (shown_meeting(item.meeting).date if item.meeting else None)
    meeting = meeting_link(item.meeting, item.body)
    data: dict[str, Any] = {
        "body": {"slug": item.body.slug, "name": shown_title(item.body)},
        "number": item.number,
        "year": item.year,
        "serial": item.serial,
        "date": iso(date),
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
            if row.relation != LINK
        ],
        "text_kind": item.text_kind,
        "source_url": item.source_url,
        "source_note": item.source_note,
        "scope": item.scope,
        "gazette_notice": {"date": iso(item.gazette_date), "url": item.gazette_url} if item.gazette_date else None,
        "attachments": attachments_of(item),
        **_decided(item),
        **_tracked(item),
        **ending_of(item),
    }
    return frozen(
        item,
        today,
        title=decision_title(item.number, item.title),
        text=markup.to_text(item.text),
        html=html,
        data=data,
        header=(
            shown_title(item.body),
            german_day(date) if date else None,
            meeting["label"] if meeting else None,
            decision_label(item.number),
            ending_words(data) or None,
        ),
        date=date,
        sort_date=date or dt.date(item.year or today.year, 1, 1),
        year=item.year,
        serial=item.serial or 0,
        subkind=item.text_kind,
        body_slug=item.body.slug,
        meeting_url=item.meeting.url if item.meeting else "",
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
        public = body_law.of(item.body).names
        found["vote"] = {
            **vote,
            "ballots": [{**row, "name": public.get(row["code"], row["name"])} for row in vote["ballots"]],
        }
    statements = ballots.statements_of(session, item)
    if statements:
        names = member_names(item.body)
        found["statements"] = [
            {
                "members": [names.get(code, code) for code in row.member_codes],
                "text": row.text,
                "html": markup.to_html(row.text),
            }
            for row in statements
        ]
    return found


_GOALS: Final = {
    "decision": "Beschluss",
    "information": "Information",
    "discussion": "Diskussion",
    "follow_up": "Follow-up",
}


def freeze_meeting(item: models.Item, today: dt.date) -> Frozen:
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
        "body": {"slug": item.body.slug, "name": shown_title(item.body)},
        "kind": item.meeting_kind,
        "ordinal": item.ordinal,
        "label": label,
        "date": iso(item.date),
        "end_date": iso(item.end_date),
        "place": item.place,
        "chair": item.chair,
        "agenda": agenda,
        "attachments": attachments_of(item),
    }
    return frozen(
        item,
        today,
        text="\n".join(line for line in lines if line),
        html=markup.to_html(item.text),
        data=data,
        header=(shown_title(item.body), german_day(item.date) if item.date else None, item.place),
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


def freeze_body(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.Body)  # noqa: S101 - see above
    communes = {row["code"]: row.get("communes") for row in item.input.get("members", ())}
    counting = keys.counting(object_session(item))
    shares = {row.code: koenigstein.shares_by_year(row.code, counting) for row in item.members}
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
                "shares": shares[row.code],
                **({"communes": communes[row.code]} if communes.get(row.code) is not None else {}),
            }
            for row in item.members
        ],
        "key_sources": keys.sources(counting) if any(shares.values()) else {},
        "chairs": [{"year": row.year, "name": row.name, "land": row.land} for row in item.chairs],
    }
    return frozen(
        item,
        today,
        text=markup.to_text(item.text),
        html=markup.to_html(item.text),
        data=data,
        header=("Gremium", item.short or None),
        body_slug=item.slug,
    )
