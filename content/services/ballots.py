"""Votes in the database: record the ballots on a decision, and say what came out by its body's rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import koenigstein, models, voting
from content.schemas import FieldError, InvalidInput
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission

if TYPE_CHECKING:
    from content.services.publish import Desk


OPEN: Final = frozenset({None, "draft", "prepared", "on_agenda"})
ADOPTED: Final = frozenset({"adopted", "recorded", "gazetted"})
MAX_NOTE: Final = 300


def with_others(body: models.Body, given: Mapping[str, str], others: str) -> dict[str, str]:
    """`given` with the vote `others` for each member that votes and is not named in it; empty: they stay unnamed."""
    named = {code: choice for code, choice in given.items() if choice}
    return {row.code: others for row in body.members if row.kind != "advisory" and others and row.code not in named} | named


def shares_of(body: models.Body) -> dict[str, dict[str, str]]:
    """Code of each member → year → share: as the body names them, else by the keys that ship with the product."""
    own = {row.code: {str(share.year): share.percent for share in row.shares} for row in body.members}
    return own if any(own.values()) else {code: koenigstein.shares_by_year(code) for code in own}


def members_of(body: models.Body, year: int) -> tuple[list[voting.Member], int | None]:
    """The members of `body` that vote, with their shares by the key that counts in `year`; and the year of that key."""
    shares = shares_of(body)
    key_year = voting.key_year(sorted({int(known) for row in shares.values() for known in row}), year)
    members = [
        voting.Member(row.code, row.name, row.kind == "federal", shares[row.code].get(str(key_year), "0"))
        for row in body.members
        if row.kind != "advisory"
    ]
    return members, key_year


def record(
    desk: Desk,
    decision: models.Decision,
    given: Mapping[str, str],
    *,
    is_circulation: bool = False,
    is_en_bloc: bool = False,
    rule: str | None = None,
    note: str = "",
) -> voting.Result:
    """Keep the ballots on `decision` (member code → choice), in place of earlier ones. Raises `InvalidInput`, `Blocked`.

    A vote on what was adopted before it came here is entered once, and must have adopted it.
    """
    if Permission.VOTE_RECORD not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für das Eintragen von Stimmen fehlt das Recht."),))
    is_late = decision.procedure_state in ADOPTED and vote_of(desk.session, decision) is None
    if decision.procedure_state not in OPEN and not is_late:
        raise Blocked((Blocker("wrong_state", "Über diesen Beschluss ist schon entschieden; die Stimmen bleiben, wie sie sind."),))
    name = rule or decision.body.voting_rule
    if name not in voting.RULES:
        raise InvalidInput([FieldError("rule", "unknown_rule", f"Die Regel „{name}“ ist nicht bekannt. Möglich: {', '.join(voting.RULES)}.")])
    members, key_year = members_of(decision.body, _year(desk, decision))
    errors = [
        FieldError(f"ballots.{code}", "unknown_choice", f"„{choice}“ ist keine Stimme.")
        for code, choice in given.items()
        if choice and choice not in set(voting.Choice)
    ]
    if errors:
        raise InvalidInput(errors)
    cast = {code: choice for code, choice in given.items() if choice}
    try:
        result = voting.count(voting.RULES[name], members, cast, is_circulation=is_circulation)
    except voting.UnknownMember as error:
        raise InvalidInput([FieldError("ballots", "unknown_member", str(error))]) from error
    if is_late and not result.passed:
        message = "Mit diesen Stimmen wäre der Beschluss nicht zustande gekommen; er ist aber beschlossen. Bitte Stimmen und Regel prüfen."
        raise InvalidInput([FieldError("ballots", "not_passed", message)])
    if len(note) > MAX_NOTE:
        raise InvalidInput([FieldError("note", "too_long", f"Die Anmerkung ist zu lang. Bitte höchstens {MAX_NOTE} Zeichen.")])
    vote = vote_of(desk.session, decision)
    if vote is not None:
        desk.session.delete(vote)
        desk.session.flush()
    desk.session.add(
        models.Vote(
            item_id=decision.id, rule=name, key_year=key_year, is_circulation=is_circulation, is_en_bloc=is_en_bloc, note=note.strip(),
            recorded_by=desk.actor_name or desk.actor, recorded_at=desk.now,
            ballots=[models.Ballot(member_code=code, choice=choice) for code, choice in cast.items()],
        )
    )
    desk.session.flush()
    return result


def vote_of(session: Session, decision: models.Decision) -> models.Vote | None:
    """The vote on `decision`, if one was recorded."""
    return session.scalars(sa.select(models.Vote).where(models.Vote.item_id == decision.id)).one_or_none()


def result_of(session: Session, decision: models.Decision) -> voting.Result | None:
    """What came out, by the rule and the key that were kept with the vote."""
    vote = vote_of(session, decision)
    return None if vote is None else _counted(vote, decision)


def _counted(vote: models.Vote, decision: models.Decision) -> voting.Result:
    members, _ = members_of(decision.body, vote.key_year or 0)
    cast = {ballot.member_code: ballot.choice for ballot in vote.ballots}
    return voting.count(voting.RULES[vote.rule], members, cast, is_circulation=vote.is_circulation)


def as_data(session: Session, decision: models.Decision) -> dict[str, object] | None:
    """The vote as an edition freezes it: rule, key, ballots, checks in words. None where nothing was recorded."""
    vote = vote_of(session, decision)
    if vote is None:
        return None
    result = _counted(vote, decision)
    members, _ = members_of(decision.body, vote.key_year or 0)
    cast = {ballot.member_code: ballot.choice for ballot in vote.ballots}
    silent = voting.Choice.ABSTAIN if vote.is_circulation else voting.Choice.ABSENT
    rule = voting.RULES[vote.rule]
    return {
        "rule": vote.rule,
        "rule_title": rule.title,
        "rule_words": rule.words,
        "key_year": vote.key_year,
        "key_source": _source(vote, members) if rule.min_share else None,
        "circulation": vote.is_circulation,
        "en_bloc": vote.is_en_bloc,
        "note": vote.note,
        "passed": result.passed,
        "counts": dict(result.counts),
        "checks": [{"name": check.name, "passed": check.passed, "words": check.words} for check in result.checks],
        "ballots": [
            {"code": member.code, "name": member.name, "choice": cast.get(member.code, str(silent)), "share": member.share}
            for member in members
        ],
    }


def _source(vote: models.Vote, members: Sequence[voting.Member]) -> str | None:
    if vote.key_year is None:
        return None
    return koenigstein.source_of(vote.key_year, {member.code: member.share for member in members if not member.is_federal})


def set_statements(desk: Desk, decision: models.Decision, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep the statements (Protokollerklärungen) on `decision`. Raises `InvalidInput`."""
    known = {member.code for member in decision.body.members}
    errors: list[FieldError] = []
    kept: list[models.Statement] = []
    for index, row in enumerate(rows, start=1):
        codes = [str(code) for code in (row.get("members") or ())]  # type: ignore[attr-defined]
        text = str(row.get("text") or "").strip()
        if not codes and not text:
            continue
        if not codes or set(codes) - known:
            errors.append(FieldError(f"statements.{index}.members", "unknown_member", "Bitte mindestens ein Mitglied des Gremiums wählen."))
        if not text:
            errors.append(FieldError(f"statements.{index}.text", "missing", "Der Text der Erklärung fehlt. Bitte angeben."))
        kept.append(models.Statement(item_id=decision.id, position=len(kept) + 1, member_codes=codes, text=text))
    if errors:
        raise InvalidInput(errors)
    desk.session.execute(sa.delete(models.Statement).where(models.Statement.item_id == decision.id))
    desk.session.add_all(kept)
    desk.session.flush()


def statements_of(session: Session, decision: models.Decision) -> list[models.Statement]:
    """The statements on `decision`, in order."""
    query = sa.select(models.Statement).where(models.Statement.item_id == decision.id).order_by(models.Statement.position)
    return list(session.scalars(query))


def _year(desk: Desk, decision: models.Decision) -> int:
    day = decision.date or (decision.meeting.date if decision.meeting else None)
    return day.year if day else desk.now.year
