"""Statements for the record (Protokollerklärungen): a list of its own beside the vote, open until the minutes are closed.

Nothing is overwritten: what is changed or removed ends, with who did it and when, and stays in the history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput
from content.schemas.reading import clean_text
from content.services.accounts import audit
from content.services.base import body_law
from content.services.council.ballots import statements_of
from content.services.editing import unreviewed
from content.services.publishing.publish import Desk
from content.text import markup
from workflows.decision import DECISION, MINUTES_OPEN
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission

S: Final = models.Statement
MAX_TEXT: Final = 20_000
MAX_REASON: Final = 500


def history(session: Session, decision: models.Decision) -> list[models.Statement]:
    """All that was ever entered, newest first."""
    return list(session.scalars(sa.select(S).where(S.item_id == decision.id).order_by(S.id.desc())))


def closed(decision: models.Decision) -> str:
    """Why nothing can be entered or changed any more (German); empty while the minutes are open."""
    state = decision.procedure_state or DECISION.initial
    if state in MINUTES_OPEN:
        return ""
    title = DECISION.states[state].title if state in DECISION.states else state
    return f"Die Niederschrift ist abgeschlossen (Stand: {title}); Protokollerklärungen bleiben, wie sie sind."


def add(desk: Desk, decision: models.Decision, members: Sequence[str], text: str) -> models.Statement:
    """Enter a statement; the same again, of a form sent twice, is the one that stands. Raises `InvalidInput`, `Blocked`."""
    _require(desk, decision)
    codes, words = _checked(decision, members, text)
    standing = desk.session.scalars(sa.select(S).where(S.item_id == decision.id, S.ended_at.is_(None), S.text == words))
    if same := next((row for row in standing if row.member_codes == codes), None):
        return same
    last = desk.session.scalar(sa.select(sa.func.max(S.position)).where(S.item_id == decision.id))
    row = _row(desk, decision, codes, words, position=(last or 0) + 1)
    _done(desk, decision, "statement.added", codes)
    return row


def change(
    desk: Desk, decision: models.Decision, statement_id: int, members: Sequence[str], text: str
) -> models.Statement:
    """Put another wording in the place of a statement; the same again changes nothing. Raises `InvalidInput`, `Blocked`."""
    _require(desk, decision)
    before = _open(desk, decision, statement_id)
    codes, words = _checked(decision, members, text)
    if (codes, words) == (list(before.member_codes), before.text):
        return before
    _end(desk, before, "geändert")
    row = _row(desk, decision, codes, words, position=before.position, replaces_id=before.id)
    _done(desk, decision, "statement.changed", codes)
    return row


def remove(desk: Desk, decision: models.Decision, statement_id: int, reason: str) -> None:
    """Take a statement out, with a reason. Raises `InvalidInput`, `Blocked`."""
    _require(desk, decision)
    row = _open(desk, decision, statement_id)
    words = clean_text(reason)
    if not words or len(words) > MAX_REASON:
        message = f"Der Grund fehlt oder ist zu lang. Bitte angeben, warum die Erklärung entfällt (höchstens {MAX_REASON} Zeichen)."
        raise InvalidInput([FieldError("reason", "missing", message)])
    _end(desk, row, words)
    _done(desk, decision, "statement.removed", list(row.member_codes))


def replace_all(desk: Desk, decision: models.Decision, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep these statements and no others, as an import tells them. Raises `InvalidInput`."""
    errors: list[FieldError] = []
    wanted: list[tuple[list[str], str]] = []
    for index, row in enumerate(rows, start=1):
        try:
            wanted.append(_checked(decision, row.get("members") or (), str(row.get("text") or "")))
        except InvalidInput as invalid:
            errors += [
                FieldError(f"statements.{index}.{error.field}", error.code, error.message) for error in invalid.errors
            ]
    if errors:
        raise InvalidInput(errors)
    known = {(tuple(row.member_codes), row.text): row for row in statements_of(desk.session, decision)}
    for position, (codes, text) in enumerate(wanted, start=1):
        kept = known.pop((tuple(codes), text), None) or _row(desk, decision, codes, text, position=position)
        kept.position = position
    for gone in known.values():
        _end(desk, gone, "aus der Liste genommen")
    _done(desk, decision, "statement.changed", [])


def _row(desk: Desk, decision: models.Decision, codes: list[str], text: str, **more: Any) -> models.Statement:
    row = S(
        item_id=decision.id,
        member_codes=codes,
        text=text,
        added_by=desk.actor_name or desk.actor,
        added_login=desk.actor,
        added_at=desk.now,
        **more,
    )
    desk.session.add(row)
    return row


def _end(desk: Desk, row: models.Statement, reason: str) -> None:
    row.ended_by, row.ended_login, row.ended_at, row.ended_reason = (
        desk.actor_name or desk.actor,
        desk.actor,
        desk.now,
        reason,
    )


def _done(desk: Desk, decision: models.Decision, action: str, codes: Sequence[str]) -> None:
    desk.session.flush()
    unreviewed.changed(desk, decision)
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=action,
        subject=decision.url,
        detail=", ".join(codes),
    )


def _require(desk: Desk, decision: models.Decision) -> None:
    if Permission.VOTE_RECORD not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für Protokollerklärungen fehlt das Recht."),))
    # The row is the lock: who closes the minutes and who enters a statement come one after the other.
    desk.session.execute(sa.select(models.Item.id).where(models.Item.id == decision.id).with_for_update(of=models.Item))
    desk.session.refresh(decision, ["procedure_state"])
    problem = closed(decision)
    if problem:
        raise Blocked((Blocker("minutes_closed", problem),))


def _open(desk: Desk, decision: models.Decision, statement_id: int) -> models.Statement:
    row = desk.session.get(S, statement_id)
    if row is None or row.item_id != decision.id or row.ended_at is not None:
        raise Blocked(
            (
                Blocker(
                    "changed", "Diese Erklärung wurde inzwischen geändert oder entfernt. Bitte die Liste neu ansehen."
                ),
            )
        )
    return row


def _checked(decision: models.Decision, members: Sequence[Any], text: str) -> tuple[list[str], str]:
    known = set(body_law.of(decision.body).names)
    codes, words = list(dict.fromkeys(str(code) for code in members)), clean_text(text)
    errors: list[FieldError] = []
    if not codes or set(codes) - known:
        errors.append(FieldError("members", "unknown_member", "Bitte mindestens ein Mitglied des Gremiums wählen."))
    if not words:
        errors.append(FieldError("text", "missing", "Der Text der Erklärung fehlt. Bitte angeben."))
    if len(words) > MAX_TEXT:
        errors.append(FieldError("text", "too_long", f"Die Erklärung ist zu lang. Bitte höchstens {MAX_TEXT} Zeichen."))
    try:
        markup.check_size(words)
    except markup.Refused as refused:
        errors.append(FieldError("text", refused.code, str(refused)))
    if errors:
        raise InvalidInput(errors)
    return codes, words
