"""Embargoes: an item that must not be published before a moment, shown to named people by personal links.

What they see is the text that was submitted: it is frozen while others approve it, and it is what will be published. Draft
texts are shown to nobody. A link that is wrong, expired or taken back opens nothing and tells nothing; what is tried with
a link that was ours is written down for the press office. Publishing earlier is refused by the workflow (`EMBARGO_OVER`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models, reading
from content.kinds import KINDS
from content.schemas import FieldError, InvalidInput
from content.services.accounts import audit
from content.services.base import outbox
from content.services.browsing import rows
from content.services.browsing.browse import Reader
from content.services.notifications import notify, recipients
from content.services.publishing import frozen_text
from content.services.publishing.publish import Desk
from content.text import markup
from content.typed.berlin import day_of
from content.typed.mail_address import clean as clean_email

TOKEN_PATTERN: Final = "[A-Za-z0-9_-]{43}"  # noqa: S105 - a pattern, no secret
BEFORE_PUBLICATION: Final = frozenset({"draft", "submitted", "scheduled"})
READABLE_STATES: Final = frozenset({"submitted", "scheduled"})
"""The states in which a text is frozen: what is edited meanwhile is not shown."""
AFTER_RELEASE: Final = dt.timedelta(days=1)
"""A link ends so long after the embargo, unless somebody says otherwise."""
LONGEST: Final = dt.timedelta(days=60)
KEPT: Final = dt.timedelta(days=180)
"""How long names and accesses are kept after a link has ended."""
MAX_LINKS: Final = 300
MOVED: Final = "mail.embargo_moved"

L: Final = models.EmbargoLink


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link that was ours leads to: its text, or the public address, or nothing (then it was refused)."""

    link_id: int
    page: reading.EmbargoPage | None = None
    public_url: str | None = None


def of_item(session: Session, item: models.Item) -> models.Embargo | None:
    """The embargo of `item`."""
    return session.scalars(sa.select(models.Embargo).where(models.Embargo.item_id == item.id)).one_or_none()


# --- the press office ------------------------------------------------------------------------------------------------


def check_until(desk: Desk, item: models.Item, until: dt.datetime | None) -> dt.datetime:
    """The moment, if the embargo of `item` may end then. Raises `InvalidInput`."""
    if item.publication_state not in BEFORE_PUBLICATION:
        raise InvalidInput(
            [FieldError("until", "is_public", "Der Eintrag ist schon öffentlich; eine Sperrfrist käme zu spät.")]
        )
    if until is None or not desk.now < until <= desk.now + LONGEST:
        message = f"Das Ende der Sperrfrist muss in der Zukunft liegen, höchstens {LONGEST.days} Tage. Bitte Tag und Uhrzeit angeben."
        raise InvalidInput([FieldError("until", "not_in_future", message)])
    if item.publish_at is not None and item.publish_at < until:
        message = "Der Eintrag ist auf einen früheren Zeitpunkt terminiert. Bitte zuerst den Termin aufheben."
        raise InvalidInput([FieldError("until", "scheduled_earlier", message)])
    return until


def set_until(desk: Desk, item: models.Item, until: dt.datetime | None) -> models.Embargo:
    """Put `item` under embargo, or move its end and tell who holds a link; ends an emergency stop. Raises `InvalidInput`."""
    until = check_until(desk, item, until)
    found = of_item(desk.session, item)
    if found is None:
        found = models.Embargo(item_id=item.id, until=until, links=[])
        desk.session.add(found)
    _move(desk, item, found, until)
    found.until, found.set_by, found.set_at = until, desk.actor, desk.now
    found.stopped_by, found.stopped_at = "", None
    desk.session.flush()
    _note(desk, item, "embargo.set", until.isoformat())
    return found


def holders(session: Session, found: models.Embargo) -> list[models.EmbargoLink]:
    """The links whose mail went out and that nobody took back, one for each person: who holds them counts on the end that it names.

    A link that ended by itself is among them: its reader knows the text. Who was told of the end of a link was asked to wait for
    the publication, whenever that is.
    """
    newest = {link.email: link for link in found.links if link.revoked_at is None}
    return [
        link for link in newest.values() if all(job.kind == MOVED for job in _waiting(session, link, only_free=True))
    ]


def is_automatic(found: models.Embargo, link: models.EmbargoLink) -> bool:
    """Whether the link ends when links end unless somebody says otherwise; such an end moves with the embargo."""
    return link.expires_at == found.until + AFTER_RELEASE


def lift(desk: Desk, item: models.Item) -> None:
    """End the embargo now: the item may be published, and no link opens any more. Raises `InvalidInput`."""
    found = _required(desk.session, item)
    found.until = min(found.until, desk.now)
    _end(desk, item, found, found.links, "lifted")
    _note(desk, item, "embargo.lifted")


def invite(
    desk: Desk, item: models.Item, given: Mapping[str, str], expires_at: dt.datetime | None = None
) -> models.EmbargoLink:
    """Give one person a link, by mail. Raises `InvalidInput` with all faults."""
    found = _required(desk.session, item)
    errors: list[FieldError] = []
    name, organisation = _one_line(given.get("name", "")), _one_line(given.get("organisation", ""))
    email = ""
    if not name:
        errors.append(
            FieldError("name", "missing", "Der Name fehlt. Ein Link ist für eine einzelne Person; bitte angeben.")
        )
    try:
        email = clean_email(given.get("email", ""))
    except InvalidInput as invalid:
        errors += invalid.errors
    end = expires_at or found.until + AFTER_RELEASE
    if not desk.now < end <= found.until + LONGEST:
        errors.append(
            FieldError("expires", "not_in_future", "Der Link muss in der Zukunft enden. Bitte Tag und Uhrzeit prüfen.")
        )
    if found.stopped_at is not None:
        errors.append(
            FieldError("", "stopped", "Alle Links sind abgeschaltet. Bitte zuerst die Sperrfrist neu setzen.")
        )
    if item.publication_state not in BEFORE_PUBLICATION:
        errors.append(FieldError("", "is_public", "Der Eintrag ist schon öffentlich; ein Link ist nicht mehr nötig."))
    if any(link.email == email and _is_open(link, desk.now) for link in found.links):
        errors.append(
            FieldError(
                "email", "doubled", "Diese Adresse hat schon einen gültigen Link. Bitte ihn zuerst zurückziehen."
            )
        )
    if len(found.links) >= MAX_LINKS:
        errors.append(
            FieldError("", "too_many", f"Mehr als {MAX_LINKS} Links sind für einen Eintrag nicht vorgesehen.")
        )
    if errors:
        raise InvalidInput(errors)
    secret = secrets.token_urlsafe(32)
    link = models.EmbargoLink(
        digest=_digest(secret),
        name=name,
        organisation=organisation,
        email=email,
        created_by=desk.actor,
        created_at=desk.now,
        expires_at=end,
        accesses=[],
        secrets=[],
    )
    found.links.append(link)
    desk.session.flush()
    outbox.put(
        desk.session,
        "mail.embargo",
        f"embargo:{link.id}",
        {
            "to": email,
            "name": name,
            "title": item.title or KINDS[item.kind].label,
            "path": f"/sperrfrist/{secret}",
            "until": found.until.isoformat(),
            "expires": end.isoformat(),
        },
        due_at=desk.now,
    )
    _note(desk, item, "embargo.invited", f"{name}, {organisation}" if organisation else name)
    return link


def revoke(desk: Desk, item: models.Item, link_id: int) -> None:
    """Take one link back. Raises `InvalidInput` for one that is none of this item."""
    found = _required(desk.session, item)
    link = next((row for row in found.links if row.id == link_id), None)
    if link is None:
        raise InvalidInput([FieldError("", "unknown_link", "Diesen Link gibt es hier nicht.")])
    if link.revoked_at is None:
        _end(desk, item, found, [link], "revoked")
        _note(desk, item, "embargo.revoked", link.name)


def stop(desk: Desk, item: models.Item) -> None:
    """The emergency stop: every link of the item ends at once, and mails not yet sent stay here. Raises `InvalidInput`."""
    found = _required(desk.session, item)
    _end(desk, item, found, found.links, "stopped")
    found.stopped_at, found.stopped_by = desk.now, desk.actor
    _note(desk, item, "embargo.stopped")


def forget_old(session: Session, now: dt.datetime) -> None:
    """Forget names and accesses of links that ended long ago."""
    session.execute(
        sa.delete(models.EmbargoAccess).where(
            models.EmbargoAccess.link_id.in_(sa.select(L.id).where(L.expires_at < now - KEPT))
        )
    )
    session.execute(
        sa.delete(models.EmbargoSecret).where(
            models.EmbargoSecret.link_id.in_(sa.select(L.id).where(L.expires_at < now - KEPT))
        )
    )
    session.execute(sa.delete(L).where(L.expires_at < now - KEPT))


# --- the reader with a link ------------------------------------------------------------------------------------------


def open_link(session: Session, token: str, now: dt.datetime) -> Opened | None:
    """What `token` leads to; None for one that was never ours."""
    digest, further = _digest(token), models.EmbargoSecret
    link = session.scalars(
        sa.select(L).where(
            sa.or_(L.digest == digest, L.id.in_(sa.select(further.link_id).where(further.digest == digest)))
        )
    ).one_or_none()
    if link is None:
        return None
    found = session.get_one(models.Embargo, link.embargo_id)
    if not _is_open(link, now) or found.stopped_at is not None:
        return Opened(link.id)
    item = found.item
    if item.publication_state == "published":
        return Opened(link.id, public_url=item.url)
    if item.publication_state not in READABLE_STATES:
        return Opened(link.id)
    try:
        return Opened(link.id, page=_page(session, item, found, link, now))
    except InvalidInput:  # a text of old that no page can be made of
        return Opened(link.id)


def note_access(session: Session, opened: Opened, what: str, network: str, now: dt.datetime) -> None:
    """Write down that a link was opened, or that it was refused."""
    is_refused = opened.page is None and opened.public_url is None
    session.add(
        models.EmbargoAccess(link_id=opened.link_id, at=now, what=what, network=network[:60], is_refused=is_refused)
    )
    session.flush()


def _page(
    session: Session, item: models.Item, found: models.Embargo, link: models.EmbargoLink, now: dt.datetime
) -> reading.EmbargoPage:
    frozen = frozen_text.text_of(session, item, day_of(max(found.until, now)))
    data = dict(frozen.data)
    reader = Reader(session.connection())
    live = reader.links([*rows.named_addresses(data), *markup.referenced(frozen.html)])
    document = {
        "schema": 1,
        "kind": item.kind,
        "item": item.uid,
        "edition": 0,
        "url": item.url,
        "title": frozen.title,
        "language": "de",
        "note": None,
        "text": frozen.text,
        "html": frozen.html,
        "data": data,
    }
    return reading.EmbargoPage(
        kind=item.kind,
        kind_label=KINDS[item.kind].label,
        title=frozen.title,
        header=frozen.header,
        html=markup.link_placeholders(frozen.html, live.__contains__),
        data=data,
        linked=live,
        document=document,
        until=found.until,
        is_over=found.until <= now,
        set_at=found.set_at,
        recipient=link.name,
        organisation=link.organisation,
        expires_at=link.expires_at,
        attachments=tuple(rows.attachment(entry) for entry in data.get("attachments", ())),
    )


def files_of(page: reading.EmbargoPage) -> dict[str, tuple[str, str]]:
    """The files that belong to the text: hash → (name, media type)."""
    image = page.data.get("image")
    shown = [*page.data.get("attachments", ()), *([image, *image.get("variants", ())] if image else [])]
    return {row["sha256"]: (row["file_name"], row["media_type"]) for row in shown if row.get("sha256")}


def open_links(found: models.Embargo, now: dt.datetime) -> int:
    """How many links open the text now."""
    return sum(_is_open(link, now) for link in found.links) if found.stopped_at is None else 0


def _is_open(link: models.EmbargoLink, now: dt.datetime) -> bool:
    return link.revoked_at is None and now < link.expires_at


def _required(session: Session, item: models.Item) -> models.Embargo:
    found = of_item(session, item)
    if found is None:
        raise InvalidInput(
            [FieldError("until", "no_embargo", "Für diesen Eintrag gibt es keine Sperrfrist. Bitte zuerst setzen.")]
        )
    return found


ENDINGS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "revoked": (
            "mail.embargo_ended",
            "Die Pressestelle hat Ihren persönlichen Link zurückgezogen.",
            "Zurückgezogen ist der Link von {names}.",
        ),
        "stopped": (
            "mail.embargo_ended",
            "Die Pressestelle hat alle persönlichen Links zu diesem Text abgeschaltet.",
            "Alle Links sind abgeschaltet, auch Ihre: {names}.",
        ),
        "lifted": (
            "mail.embargo_lifted",
            "",
            "Die Sperrfrist ist aufgehoben. Damit enden die Links, die Sie ausgestellt haben: {names}.",
        ),
    }
)
"""How links end before their time → the mail to whom each belongs, its first sentence, what is told to whoever gave them."""


def _end(desk: Desk, item: models.Item, found: models.Embargo, links: Iterable[models.EmbargoLink], how: str) -> None:
    """Links end now: each person who could read by one hears of it, and each colleague who gave one. Mails not sent yet stay here."""
    kind, sentence, told = ENDINGS[how]
    ended = [link for link in links if link.revoked_at is None]
    reading = [link for link in ended if _is_open(link, desk.now) and found.stopped_at is None]
    for link in reading:
        if not _is_waiting(desk, link):
            payload = {
                "to": link.email,
                "name": link.name,
                "title": item.title or KINDS[item.kind].label,
                "words": sentence,
                "follows": f"embargo:{link.id}",
            }
            outbox.put(desk.session, kind, f"embargo:{link.id}:{how}", payload, due_at=desk.now)
    for link in ended:
        link.revoked_at, link.revoked_by = desk.now, desk.actor
        _drop_message(desk, link)
    desk.session.flush()
    for giver in sorted({link.created_by for link in reading}):
        own = [link for link in reading if link.created_by == giver]
        notify.notify(
            desk.session,
            "embargo",
            item,
            recipients.named(desk.session, {giver}),
            now=desk.now,
            occasion=f"{how}:{item.id}:{min(link.id for link in own)}:{desk.now.isoformat()}",
            words=told.format(names=", ".join(link.name for link in own)),
            about="embargo",
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
        )


def _move(desk: Desk, item: models.Item, found: models.Embargo, until: dt.datetime) -> None:
    """The embargo ends at another moment: links that end with it do so too, and everybody who holds one hears of both ends."""
    if until == found.until:
        return
    waiting = {link.id: _waiting(desk.session, link, is_held=True) for link in found.links if link.revoked_at is None}
    told, before = holders(desk.session, found), found.until
    for link in found.links:
        if link.revoked_at is None:
            if is_automatic(found, link):
                link.expires_at = until + AFTER_RELEASE
            for job in waiting[link.id]:  # what is sent later must not name the old end
                job.payload = {
                    **job.payload,
                    "until": until.isoformat(),
                    "expires": link.expires_at.isoformat(),
                    "is_open": _is_open(link, desk.now),
                }
    for link in told:
        if not _correct_waiting(desk, link):
            _tell_moved(desk, item, link, before, until)
    desk.session.flush()
    for giver in sorted({link.created_by for link in told}):
        own = [link for link in told if link.created_by == giver]
        notify.notify(
            desk.session,
            "embargo",
            item,
            recipients.named(desk.session, {giver}),
            now=desk.now,
            occasion=f"moved:{item.id}:{desk.now.isoformat()}",
            words=f"Die Sperrfrist hat ein anderes Ende. Es erfahren per E-Mail, wem Sie einen Link gaben: {', '.join(link.name for link in own)}.",
            about="embargo",
            actor=desk.actor,
            actor_name=desk.actor_name or desk.actor,
            subject="Sperrfrist geändert",
        )


def _tell_moved(
    desk: Desk, item: models.Item, link: models.EmbargoLink, before: dt.datetime, until: dt.datetime
) -> None:
    secret = secrets.token_urlsafe(32)
    link.secrets.append(models.EmbargoSecret(digest=_digest(secret)))
    outbox.put(
        desk.session,
        MOVED,
        f"embargo:{link.id}:moved:{desk.now.isoformat()}",
        {
            "to": link.email,
            "name": link.name,
            "title": item.title or KINDS[item.kind].label,
            "path": f"/sperrfrist/{secret}",
            "before": before.isoformat(),
            "until": until.isoformat(),
            "expires": link.expires_at.isoformat(),
            "is_open": _is_open(link, desk.now),
            "follows": f"embargo:{link.id}",
        },
        due_at=desk.now,
    )


def _correct_waiting(desk: Desk, link: models.EmbargoLink) -> bool:
    """Whether a mail of an earlier move waits that names the new end by now; it is not sent where the end is again the one that it calls the old."""
    waiting = [
        job for job in _waiting(desk.session, link, only_free=True) if job.kind == MOVED and job.given_up_at is None
    ]
    for job in waiting:
        if job.payload["before"] == job.payload["until"]:
            job.done_at, job.payload = desk.now, {}
    return bool(waiting)


def _waiting(
    session: Session, link: models.EmbargoLink, *, only_free: bool = False, is_held: bool = False
) -> list[models.Job]:
    """Mails of a link that were not sent yet. `only_free`: and that no process sends just now; `is_held`: nobody begins to send them meanwhile."""
    job = models.Job
    query = sa.select(job).where(_of_link(link), job.done_at.is_(None)).order_by(job.id)
    query = query.where(job.claimed_at.is_(None)) if only_free else query
    return list(session.scalars(query.with_for_update() if is_held else query))


def _of_link(link: models.EmbargoLink) -> sa.ColumnElement[bool]:
    """The mails that carry a secret of the link."""
    key = models.Job.key
    return sa.or_(key == f"embargo:{link.id}", key.startswith(f"embargo:{link.id}:moved:"))


def _is_waiting(desk: Desk, link: models.EmbargoLink) -> bool:
    """Whether the invitation was not sent yet: who never read of the link is not told of its end."""
    job = models.Job
    return (
        desk.session.scalar(sa.select(job.id).where(job.key == f"embargo:{link.id}", job.done_at.is_(None))) is not None
    )


def _drop_message(desk: Desk, link: models.EmbargoLink) -> None:
    """A mail that was not sent yet is not sent any more."""
    job = models.Job
    desk.session.execute(
        sa.update(job).where(_of_link(link), job.done_at.is_(None)).values(done_at=desk.now, payload={})
    )


def _note(desk: Desk, item: models.Item, action: str, detail: str = "") -> None:
    audit.note(
        desk.session, desk.now, actor=desk.actor, name=desk.actor_name, action=action, subject=item.url, detail=detail
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _one_line(text: Any) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in str(text)).split())[:120]
