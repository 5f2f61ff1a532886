"""Working rows: create and change them from clean values.

`save` is the one road from a clean value (see `content.schemas`) to a working row. It checks everything before it
writes anything, so a refusal leaves nothing behind. It says what happened: created, changed or unchanged. Publishing is
another matter (`publish.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import clauses, models, numbers
from content.addresses import decision_url, meeting_url
from content.bodies import Bodies, BodyName
from content.kinds import KINDS, item_url
from content.numbers import NumberPattern
from content.schemas import FieldError, InvalidInput


class Outcome(StrEnum):
    """What `save` did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Saved:
    """A working row after `save`."""

    item: models.Item
    outcome: Outcome


class FileSource(Protocol):
    """Where files named in a clean value come from; raises `InvalidInput` for what cannot be taken."""

    def attachment(self, name: str, field: str) -> models.File:
        """The stored file of that name."""

    def image(self, name: str, field: str) -> models.File:
        """The stored picture of that name, with width and height."""


class NoFiles:
    """A source for input that may name no files."""

    def attachment(self, name: str, field: str) -> models.File:
        raise InvalidInput([FieldError(field, "no_files", f"Die Datei „{name}“ wurde nicht mitgegeben.")])

    image = attachment


def digest(value: Mapping[str, Any]) -> str:
    """SHA-256 of a clean value: the same input again can be recognised."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """A clean value with its dates as text."""
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain


_BY_URL: Final = sa.select(models.Item).where(models.Item.url == sa.bindparam("url"))


def find(session: Session, url: str) -> models.Item | None:
    """The working row with this address."""
    return session.scalars(_BY_URL, {"url": url}).one_or_none()


def address(session: Session, kind: str, value: Mapping[str, Any]) -> str:
    """The lasting address of a clean value. Raises `InvalidInput` where its body or number is unknown."""
    if kind == "decision":
        body = body_by_slug(session, value["body"])
        if value["number"] is None:
            return f"/entwurf/{models.item.new_uid()}"
        number = NumberPattern(body.number_pattern).parse(value["number"])
        if number is None:
            message = f"„{value['number']}“ passt nicht zum Nummernmuster {body.number_pattern} von {body.title}."
            raise InvalidInput([FieldError("number", "malformed", message)])
        return decision_url(body.slug, number.year, number.serial)
    if kind == "meeting":
        body_by_slug(session, value["body"])
        date = value["date"].isoformat() if value["date"] else None
        return meeting_url(value["body"], value["kind"], ordinal=value["ordinal"], date=date)
    return item_url(kind, value["slug"])


def body_by_slug(session: Session, slug: str, field: str = "body") -> models.Body:
    """The body with this slug, or `InvalidInput`."""
    body = find(session, item_url("body", slug))
    if not isinstance(body, models.Body):
        message = f"Das Gremium „{slug}“ ist nicht bekannt. Bitte zuerst das Gremium anlegen."
        raise InvalidInput([FieldError(field, "unknown_body", message)])
    return body


def known_bodies(session: Session) -> Bodies:
    """Every body, published or not; remembered for the transaction until a body is written."""
    known: Bodies | None = session.info.get(_BODIES_KEY)
    if known is not None:
        return known
    columns = (models.Body.slug, models.Body.title, models.Body.genitive, models.Body.number_pattern)
    found = session.execute(sa.select(*columns).order_by(models.Body.id))
    known = Bodies(BodyName.of(slug, title or slug, genitive, pattern) for slug, title, genitive, pattern in found)
    session.info[_BODIES_KEY] = known
    return known


_BODIES_KEY: Final = "known_bodies"


class StaleText(Exception):  # noqa: N818 - named for the situation
    """The row has a newer revision than the one the text was made from; nothing was saved."""

    def __init__(self, item: models.Item) -> None:
        super().__init__("Der Eintrag wurde inzwischen von jemand anderem gespeichert.")
        self.item = item


EDITABLE_STATES: Final = frozenset({"draft", "published", "withdrawn"})
"""What was submitted stays as it is until it is published or comes back: that text is what others approve."""


def save(
    session: Session,
    kind: str,
    value: Mapping[str, Any],
    *,
    now: dt.datetime,
    files: FileSource | None = None,
    actor: str = "",
    actor_name: str = "",
    item: models.Item | None = None,
    rev: int | None = None,
) -> Saved:
    """Create or change the working row that `value` (a clean value) describes, and keep the revision.

    The same value as last time leaves the row untouched. With `item` that row is changed, if it still has the revision
    `rev`; its address may change only while it was never public. Raises `InvalidInput`, `StaleText`.
    """
    url = address(session, kind, value)
    if item is None:
        item = find(session, url)
    else:
        _hold(session, item, rev)
        if kind == "decision" and value["number"] is None:
            url = item.url
        _check_address(session, item, url)
    mark = digest(value)
    if item is not None and item.input_digest == mark:
        return Saved(item, Outcome.UNCHANGED)
    if item is not None and item.publication_state not in EDITABLE_STATES:
        message = "Der Eintrag ist eingereicht oder terminiert und wird gerade geprüft. Bitte zuerst zurückholen oder zurückgeben."
        raise InvalidInput([FieldError("", "not_editable", message)])
    writer = _WRITERS[kind]
    prepared = writer.prepare(session, value)
    stored = _stored_files(value, files or NoFiles())
    outcome = Outcome.CREATED if item is None else Outcome.CHANGED
    if item is None:
        item = KINDS[kind].model(kind=kind, url=url, created_at=now, rev=0)
    item.url = url
    item.slug = value.get("slug") or url.rsplit("/", 1)[-1]
    item.title = value.get("title") or value.get("name")
    item.text = value.get("text") or ""
    item.topics = value["topics"]
    item.published_on = value["published_on"]
    item.changed_at = now
    item.rev += 1
    item.input_digest, item.input = mark, as_json(value)
    writer.write(item, value, prepared)
    item.attachments = _attachments(value["attachments"], stored)
    if isinstance(item, models.PressRelease):
        item.image = _image(value["image"], stored)
    session.add(item)
    session.flush()
    session.execute(
        sa.insert(_REVISION),
        {"item_id": item.id, "rev": item.rev, "input": item.input, "actor": actor, "actor_name": actor_name or actor, "at": now},
    )
    if kind == "body":
        session.info.pop(_BODIES_KEY, None)
    return Saved(item, outcome)


_REVISION: Final = cast("sa.Table", models.Revision.__table__)


def _hold(session: Session, item: models.Item, rev: int | None) -> None:
    """Take the row for this transaction, if nobody saved it since `rev`."""
    session.flush()
    found = session.execute(
        sa.select(models.Item.rev).where(models.Item.id == item.id).with_for_update(of=models.Item)
    ).scalar_one()
    if rev is not None and found != rev:
        session.refresh(item)
        raise StaleText(item)


def _check_address(session: Session, item: models.Item, url: str) -> None:
    if url == item.url:
        return
    if session.scalar(sa.select(models.Edition.id).where(models.Edition.item_id == item.id).limit(1)) is not None:
        message = f"Die Adresse {item.url} ist veröffentlicht und bleibt. Bitte Adressteil oder Nummer nicht ändern."
        raise InvalidInput([FieldError("slug", "address_is_public", message)])
    other = find(session, url)
    if other is not None:
        raise InvalidInput([FieldError("slug", "doubled", f"{url} ist schon vergeben. Bitte einen anderen Adressteil wählen.")])


def find_decision(session: Session, given: str) -> models.Item | None:
    """The decision named by number or address: `2021/39`, `/beschluss/2021/39`."""
    if given.startswith("/"):
        return find(session, given)
    number = numbers.parse(given)
    slug = known_bodies(session).by_suffix.get(number.suffix) if number else None
    return find(session, decision_url(slug, number.year, number.serial)) if number and slug else None


Stored = dict[str, models.File]


def _stored_files(value: Mapping[str, Any], files: FileSource) -> Stored:
    stored: Stored = {}
    errors: list[FieldError] = []
    wanted: list[tuple[str, str, Callable[[str, str], models.File]]] = [
        (attachment["file"], f"attachments.{index + 1}.file", files.attachment)
        for index, attachment in enumerate(value["attachments"])
        if attachment["file"]
    ]
    image = value.get("image")
    if image and image["file"]:
        wanted.append((image["file"], "image.file", files.image))
    for name, field, take in wanted:
        try:
            stored[name] = take(name, field)
        except InvalidInput as invalid:
            errors += invalid.errors
    if errors:
        raise InvalidInput(errors)
    return stored


def _attachments(rows: Iterable[Mapping[str, Any]], stored: Stored) -> list[models.Attachment]:
    return [
        models.Attachment(
            position=position,
            title=row["title"],
            file_name=(row["file"] or "").rsplit("/", 1)[-1],
            sha256=stored[row["file"]].sha256 if row["file"] else None,
            visibility=row["visibility"],
            reason=row["reason"],
        )
        for position, row in enumerate(rows, start=1)
    ]


def _image(row: Mapping[str, Any] | None, stored: Stored) -> models.Image | None:
    if row is None:
        return None
    return models.Image(
        sha256=stored[row["file"]].sha256 if row["file"] else None,
        file_name=(row["file"] or "").rsplit("/", 1)[-1] or None,
        alt=row["alt"],
        caption=row["caption"],
        credit=row["credit"],
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """How one kind is written: `prepare` looks up and refuses, `write` only sets."""

    prepare: Callable[[Session, Mapping[str, Any]], Any]
    write: Callable[[Any, Mapping[str, Any], Any], None]


def _nothing(_session: Session, _value: Mapping[str, Any]) -> None:
    return None


def _write_body(item: models.Body, value: Mapping[str, Any], _prepared: object) -> None:
    item.short = value["short"]
    item.genitive = value["genitive"]
    item.number_pattern = value["number_pattern"]
    item.voting_rule = value["voting_rule"]
    known = {member.code: member for member in item.members}
    item.members = [
        _member(known.get(row["code"]) or models.Member(code=row["code"]), row, position)
        for position, row in enumerate(value["members"], start=1)
    ]
    item.chairs = [models.ChairTerm(**row) for row in value["chairs"]]


def _member(member: models.Member, row: Mapping[str, Any], position: int) -> models.Member:
    member.name, member.kind, member.position = row["name"], row["kind"], position
    known = {share.year: share for share in member.shares}
    member.shares = [
        _share(known.get(int(year)) or models.Share(year=int(year)), percent) for year, percent in row["shares"].items()
    ]
    return member


def _share(share: models.Share, percent: str) -> models.Share:
    share.percent = percent
    return share


def _prepare_body(_session: Session, value: Mapping[str, Any]) -> None:
    try:
        NumberPattern(value["number_pattern"])
    except ValueError as error:
        raise InvalidInput([FieldError("number_pattern", "malformed", str(error))]) from error


def _decision_address(session: Session, body: models.Body, number: str, field: str) -> str:
    """The address of a decision named by number: of this body, else of any body whose pattern fits."""
    bodies = [body, *session.scalars(sa.select(models.Body).where(models.Body.id != body.id))]
    for candidate in bodies:
        parsed = NumberPattern(candidate.number_pattern).parse(number)
        if parsed is not None:
            return decision_url(candidate.slug, parsed.year, parsed.serial)
    message = f"„{number}“ passt zu keinem Nummernmuster. Erwartet wird etwa 2021/39."
    raise InvalidInput([FieldError(field, "malformed", message)])


def _prepare_meeting(session: Session, value: Mapping[str, Any]) -> tuple[models.Body, list[str | None]]:
    body = body_by_slug(session, value["body"])
    decisions = [
        _decision_address(session, body, row["decision"], f"agenda.{index}.decision") if row["decision"] else None
        for index, row in enumerate(value["agenda"], start=1)
    ]
    return body, decisions


def _write_meeting(item: models.Meeting, value: Mapping[str, Any], prepared: tuple[models.Body, list[str | None]]) -> None:
    body, decisions = prepared
    item.body = body
    item.meeting_kind = value["kind"]
    item.ordinal = value["ordinal"] if value["kind"] == "numbered" else None
    item.title = meeting_title(item.meeting_kind, item.ordinal, body)
    item.date, item.end_date = value["date"], value["end_date"]
    item.place, item.chair = value["place"], value["chair"]
    item.agenda = [
        models.AgendaItem(
            position=position,
            top=row["top"],
            title=row["title"],
            goal=row["goal"],
            list_kind=row["list"],
            rapporteurs=row["rapporteurs"],
            decision_url=decisions[position - 1],
            note=row["note"],
        )
        for position, row in enumerate(value["agenda"], start=1)
    ]


def meeting_title(meeting_kind: str, ordinal: int | None, body: models.Body) -> str:
    """„36. Sitzung des IT-Planungsrats“ and the like: what a list shows."""
    word = {"special": "Sondersitzung", "circulation": "Umlaufverfahren"}.get(meeting_kind, f"{ordinal}. Sitzung")
    return f"{word} {body.genitive or body.title}"


@dataclass(frozen=True, slots=True)
class _DecisionParts:
    body: models.Body
    meeting: models.Meeting | None
    year: int | None
    serial: int | None
    text: clauses.DecisionText
    explicit: list[models.Reference]


def _prepare_decision(session: Session, value: Mapping[str, Any]) -> _DecisionParts:
    body = body_by_slug(session, value["body"])
    meeting = _meeting_at(session, value["meeting"])
    number = NumberPattern(body.number_pattern).parse(value["number"]) if value["number"] else None
    try:
        text = clauses.parse(
            value["text"], own_meeting=meeting.ordinal if meeting else None, bodies=known_bodies(session).by_suffix
        )
    except ValueError as error:
        raise InvalidInput([FieldError("text", "unreadable", str(error))]) from error
    explicit = [_explicit_reference(session, body, row, index) for index, row in enumerate(value["references"], start=1)]
    return _DecisionParts(body, meeting, number.year if number else None, number.serial if number else None, text, explicit)


def _meeting_at(session: Session, url: str | None) -> models.Meeting | None:
    if url is None:
        return None
    meeting = find(session, url)
    if not isinstance(meeting, models.Meeting):
        message = f"Unter {url} gibt es keine Sitzung. Bitte zuerst die Sitzung anlegen."
        raise InvalidInput([FieldError("meeting", "unknown_meeting", message)])
    return meeting


def _explicit_reference(session: Session, body: models.Body, row: Mapping[str, Any], index: int) -> models.Reference:
    source = body_by_slug(session, row["body"], f"references.{index}.body") if row["body"] else body
    return models.Reference(
        from_anchor=row["from"],
        relation=row["relation"],
        target_url=_decision_address(session, source, row["number"], f"references.{index}.number"),
        target_anchor=row["clause"],
        quoted="",
        is_explicit=True,
    )


def _write_decision(item: models.Decision, value: Mapping[str, Any], parts: _DecisionParts) -> None:
    item.body, item.meeting = parts.body, parts.meeting
    item.year, item.serial, item.number = parts.year, parts.serial, value["number"]
    item.date = value["date"]
    item.text_kind, item.scope = value["text_kind"], value["scope"]
    item.source_url, item.source_note = value["source_url"], value["source_note"]
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    notice = value["gazette_notice"]
    item.gazette_date = notice["date"] if notice else None
    item.gazette_url = notice["url"] if notice else None
    write_clauses(item, parts.text)
    item.references = _numbered([*_read_references(parts.text), *parts.explicit])


def write_clauses(item: models.Decision, text: clauses.DecisionText) -> None:
    """Make the clause rows of `item` those of `text`; rows whose anchor stays keep their identity."""
    known = {clause.anchor: clause for clause in item.clauses}
    item.clauses = [
        _clause(known.get(clause.anchor) or models.Clause(anchor=clause.anchor), clause, position)
        for position, clause in enumerate(text.clauses, start=1)
    ]


def _clause(row: models.Clause, clause: clauses.Clause, position: int) -> models.Clause:
    row.position, row.path, row.label, row.depth = position, list(clause.path), clause.label, clause.depth
    row.kind = str(clause.kind) if clause.kind else None
    row.addressees, row.due_meeting = list(clause.addressees), clause.due_meeting
    row.markdown, row.text = clause.markdown, clause.text
    return row


def _read_references(text: clauses.DecisionText) -> list[models.Reference]:
    rows: list[models.Reference] = []
    for clause in text.clauses:
        for reference in clause.references:
            if not reference.url:
                continue  # a clause of the same decision: a link in the text, not a relation between items
            rows += [
                models.Reference(
                    from_anchor=clause.anchor,
                    relation=str(reference.relation),
                    target_url=reference.url,
                    target_anchor=anchor,
                    quoted=reference.text,
                )
                for anchor in (reference.clauses or (None,))
            ]
    return rows


def _numbered(references: Sequence[models.Reference]) -> list[models.Reference]:
    """Distinct references in order; one that an editor named gives way to the one the text already says."""
    seen: set[tuple[str | None, str, str | None]] = set()
    targets = {row.target_url for row in references if not row.is_explicit}
    kept: list[models.Reference] = []
    for row in references:
        key = (row.from_anchor, row.target_url, row.target_anchor)
        is_said = row.is_explicit and row.relation == "cites" and row.target_url in targets
        if key in seen or is_said:
            continue
        seen.add(key)
        row.position = len(kept) + 1
        kept.append(row)
    return kept


def _prepare_press(session: Session, value: Mapping[str, Any]) -> tuple[models.Meeting | None, list[str]]:
    meeting = _meeting_at(session, value["meeting"])
    return meeting, _decision_addresses(session, value["decisions"])


def _decision_addresses(session: Session, numbers: Sequence[str]) -> list[str]:
    if not numbers:
        return []
    main = session.scalars(sa.select(models.Body).order_by(models.Body.id)).first()
    if main is None:
        raise InvalidInput([FieldError("decisions", "unknown_body", "Es gibt noch kein Gremium. Bitte zuerst anlegen.")])
    return [
        _decision_address(session, main, number, f"decisions.{index}") for index, number in enumerate(numbers, start=1)
    ]


def _write_press(
    item: models.PressRelease, value: Mapping[str, Any], prepared: tuple[models.Meeting | None, list[str]]
) -> None:
    item.meeting, decisions = prepared
    item.release_kind, item.publisher, item.date = value["release_kind"], value["publisher"], value["date"]
    item.lead, item.source_url, item.text_kind = value["lead"], value["source_url"], value["text_kind"]
    item.sections = [
        models.PressSection(position=position, heading=row["heading"], text=row["text"])
        for position, row in enumerate(value["sections"], start=1)
    ]
    item.quotes = [models.Quote(position=position, **row) for position, row in enumerate(value["quotes"], start=1)]
    item.contacts = [
        models.PressContact(position=position, contact=models.Contact(**row))
        for position, row in enumerate(value["contacts"], start=1)
    ]
    item.references = _numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in decisions])


def _write_report(item: models.Report, value: Mapping[str, Any], _prepared: object) -> None:
    item.group, item.lead, item.subgroups, item.date = value["group"], value["lead"], value["subgroups"], value["date"]
    item.commissioned_by, item.noted_by = value["commissioned_by"], value["noted_by"]
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    item.sections = [
        models.ReportSection(position=position, section_kind=row["kind"], heading=row["heading"], text=row["text"])
        for position, row in enumerate(value["sections"], start=1)
    ]
    decisions = [url for url in (item.commissioned_by, item.noted_by) if url]
    item.references = _numbered([models.Reference(relation="cites", target_url=url, quoted="") for url in decisions])


def _prepare_decisions(session: Session, value: Mapping[str, Any]) -> list[str]:
    return _decision_addresses(session, value["decisions"])


def _write_recommendation(item: models.Recommendation, value: Mapping[str, Any], decisions: list[str]) -> None:
    item.number, item.addressees, item.due = value["number"], value["addressees"], value["due"]
    item.procedure_state = value["state"]
    item.report_url, item.decision_urls = value["report"], decisions
    item.market_item_urls = [item_url("market_item", slug) for slug in value["market_items"]]
    item.references = _numbered([models.Reference(relation="implements", target_url=url, quoted="") for url in decisions])


def _write_market_item(item: models.MarketItem, value: Mapping[str, Any], decisions: list[str]) -> None:
    for name in ("ozg_id", "leika_keys", "theme", "supplier_land", "it_provider", "maturity", "state"):
        setattr(item, name, value[name])
    item.decision_urls = decisions
    item.recommendation_urls = [item_url("recommendation", slug) for slug in value["recommendations"]]
    item.offers = [
        models.Offer(
            position=position, provider=row["provider"], model=row["model"], offer_url=row["url"], note=row["note"]
        )
        for position, row in enumerate(value["offers"], start=1)
    ]
    item.references = _numbered([models.Reference(relation="implements", target_url=url, quoted="") for url in decisions])


def _write_organisation(item: models.Organisation, value: Mapping[str, Any], _prepared: object) -> None:
    item.short, item.organisation_kind, item.website = value["short"], value["organisation_kind"], value["website"]


def _write_term(item: models.Term, value: Mapping[str, Any], _prepared: object) -> None:
    item.abbreviation, item.synonyms, item.source = value["abbreviation"], value["synonyms"], value["source"]


def _write_page(_item: models.Page, _value: Mapping[str, Any], _prepared: object) -> None:
    """A page has nothing but what all items have."""


_WRITERS: Final[Mapping[str, _Writer]] = {
    "body": _Writer(_prepare_body, _write_body),
    "meeting": _Writer(_prepare_meeting, _write_meeting),
    "decision": _Writer(_prepare_decision, _write_decision),
    "press_release": _Writer(_prepare_press, _write_press),
    "report": _Writer(_nothing, _write_report),
    "recommendation": _Writer(_prepare_decisions, _write_recommendation),
    "market_item": _Writer(_prepare_decisions, _write_market_item),
    "organisation": _Writer(_nothing, _write_organisation),
    "term": _Writer(_nothing, _write_term),
    "page": _Writer(_nothing, _write_page),
}
