"""What writing several kinds needs: looking up bodies, sessions and decisions, and numbering references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council.addresses import decision_url
from content.models.item import LINK
from content.schemas import FieldError, InvalidInput
from content.services.base import body_law, catalogue
from content.services.base.lookup import find


@dataclass(frozen=True, slots=True)
class Writer:
    """How one kind is written: `prepare` looks up and refuses, `write` only sets.

    `settle` makes of a value and its files (by name, as they are stored) what is written.
    """

    prepare: Callable[[Session, Mapping[str, Any]], Any]
    write: Callable[[Any, Mapping[str, Any], Any], None]
    settle: Callable[[Mapping[str, Any], Mapping[str, models.File]], Mapping[str, Any]] = lambda value, _files: value


def nothing(_session: Session, _value: Mapping[str, Any]) -> None:
    return None


def decision_address(session: Session, body: models.Body, number: str, field: str) -> str:
    """The address of a decision named by number: of this body, else of any body whose pattern fits."""
    bodies = [
        body,
        *session.scalars(
            sa.select(models.Body).where(models.Body.id != body.id, models.Body.publication_state != "removed")
        ),
    ]
    for candidate in bodies:
        parsed = body_law.parsed(candidate, number)
        if parsed is not None:
            return decision_url(candidate.slug, parsed.year, parsed.serial)
    message = f"„{number}“ passt zu keinem Nummernmuster. Erwartet wird etwa 2021/39."
    raise InvalidInput([FieldError(field, "malformed", message)])


def meeting_at(session: Session, url: str | None) -> models.Meeting | None:
    if url is None:
        return None
    known: dict[str, models.Meeting] = session.info.setdefault(
        "meetings", {}
    )  # of this transaction: decisions come by the dozen
    meeting: models.Item | None = known.get(url)
    if meeting is None or meeting not in session or meeting.url != url:
        meeting = find(session, url)
    if isinstance(meeting, models.Meeting):
        known[url] = meeting
    else:
        message = f"Unter {url} gibt es keine Sitzung. Bitte zuerst die Sitzung anlegen."
        raise InvalidInput([FieldError("meeting", "unknown_meeting", message)])
    return meeting


def numbered(references: Sequence[models.Reference]) -> list[models.Reference]:
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


def name_links(item: models.Item, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add the links that an editor set to what `item` names by its nature; whether they lead somewhere is asked later (`links`)."""
    said = {(row["from"], row["target"]): None for row in rows}
    for position, (place, target) in enumerate(said, start=len(item.references) + 1):
        url, _, anchor = target.partition("#")
        item.references.append(
            models.Reference(
                position=position,
                from_anchor=place,
                relation=LINK,
                target_url=url,
                target_anchor=anchor or None,
                quoted="",
                is_explicit=True,
            )
        )


def decision_addresses(session: Session, numbers: Sequence[str]) -> list[str]:
    if not numbers:
        return []
    main = session.scalars(
        sa.select(models.Body).where(models.Body.publication_state != "removed").order_by(models.Body.id)
    ).first()
    if main is None:
        raise InvalidInput(
            [FieldError("decisions", "unknown_body", "Es gibt noch kein Gremium. Bitte zuerst anlegen.")]
        )
    return [
        decision_address(session, main, number, f"decisions.{index}") for index, number in enumerate(numbers, start=1)
    ]


def prepare_decisions(session: Session, value: Mapping[str, Any]) -> list[str]:
    return decision_addresses(session, value["decisions"])


def directory_contacts(session: Session, keys: Sequence[str]) -> list[models.Contact]:
    """The contacts of the directory with these keys, in this order. Raises `InvalidInput`."""
    wanted = list(dict.fromkeys(keys))
    found = (
        {row.key: row for row in session.scalars(sa.select(models.Contact).where(models.Contact.key.in_(wanted)))}
        if wanted
        else {}
    )
    errors = [
        FieldError(
            f"directory.{index}",
            "unknown_contact",
            f"Den Kontakt „{key}“ gibt es im Verzeichnis nicht. Bitte dort zuerst anlegen.",
        )
        for index, key in enumerate(wanted, start=1)
        if key not in found
    ]
    if errors:
        raise InvalidInput(errors)
    return [found[key] for key in wanted]


def pick(item: models.Item, contacts: Sequence[models.Contact]) -> None:
    """Let `item` name these contacts of the directory, in this order."""
    known = {row.contact_id: row for row in item.picks}
    item.picks = [known.get(contact.id) or models.ContactPick(contact=contact) for contact in contacts]
    for position, row in enumerate(item.picks, start=1):
        row.position = position


def prepare_directory(session: Session, value: Mapping[str, Any]) -> list[models.Contact]:
    return directory_contacts(session, value["directory"])


def known_services(session: Session, ozg_ids: Sequence[str], field: str = "ozg_ids") -> None:
    """Raise `InvalidInput` for ids that the OZG catalogue does not have; a catalogue never filled checks nothing."""
    if catalogue.is_empty(session, models.OzgService):
        return
    errors = [
        FieldError(
            f"{field}.{index}" if len(ozg_ids) > 1 else field,
            "unknown_service",
            f"Die OZG-ID „{ozg_id}“ steht nicht im Katalog. Bitte die ID prüfen oder den Katalog ergänzen (beschlussportal import …csv).",
        )
        for index, ozg_id in enumerate(ozg_ids, start=1)
        if catalogue.ozg_service(session, ozg_id) is None
    ]
    if errors:
        raise InvalidInput(errors)
