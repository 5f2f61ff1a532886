"""Votes in the database: record the ballots on a decision, and say what came out by its body's rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import koenigstein, voting
from content.council.koenigstein import Chosen
from content.schemas import FieldError, InvalidInput
from content.services.accounts import audit
from content.services.base import body_law
from content.services.base.body_law import Seat
from content.services.council import keys, voted_text
from workflows.decision import DECISION, UNDECIDED
from workflows.engine import Blocked, Blocker
from workflows.vocabulary import Permission

if TYPE_CHECKING:
    from content.services.publishing.publish import Desk


OPEN: Final = frozenset({None, "draft", "prepared", "on_agenda"})
ADOPTED: Final = frozenset({"adopted", "recorded", "gazetted"})
MAX_NOTE: Final = 300
NOT_PUBLIC: Final = "Das Gremium ist nicht öffentlich. Bitte zuerst das Gremium veröffentlichen: Es zählt, was eine zweite Person freigegeben hat."
MAX_REASON: Final = 500


def with_others(body: models.Body, given: Mapping[str, str], others: str) -> dict[str, str]:
    """`given` with the vote `others` for each member that votes and is not named in it; empty: they stay unnamed."""
    named = {code: choice for code, choice in given.items() if choice}
    return {seat.code: others for seat in body_law.of(body).voters if others and seat.code not in named} | named


def members_of(session: Session, body: models.Body, year: int) -> tuple[list[voting.Member], Chosen]:
    """The members of `body` that vote, as it is public, with their shares by the key that counts in `year`; and that key."""
    chosen = koenigstein.choose(keys.counting(session), year)
    return _voters(body_law.of(body).seats, chosen.key.shares if chosen.key else {}), chosen


def _voters(seats: Iterable[Seat], shares: Mapping[str, str]) -> list[voting.Member]:
    return [
        voting.Member(seat.code, seat.name, seat.kind == "federal", str(shares.get(seat.code, "0")))
        for seat in seats
        if seat.kind != body_law.ADVISORY
    ]


def _kept_seats(vote: models.Vote, decision: models.Decision) -> tuple[Seat, ...]:
    return body_law.seats_of(vote.members) or body_law.of(decision.body).seats


def rule_title(name: str) -> str:
    """„Einstimmig“; a name that is no rule reads as itself."""
    return voting.RULES[name].title if name in voting.RULES else name or "keine"


def record(
    desk: Desk,
    decision: models.Decision,
    given: Mapping[str, str],
    *,
    is_circulation: bool = False,
    is_en_bloc: bool = False,
    rule: str | None = None,
    note: str = "",
    rule_reason: str = "",
) -> voting.Result:
    """Keep the ballots on `decision` (member code → choice), in place of earlier ones. Raises `InvalidInput`, `Blocked`.

    `rule` is another than the body's only with `rule_reason`. A vote on what was adopted before it came here is entered
    once, and must have adopted it. Rule and members are those of the body's public edition.
    """
    if Permission.VOTE_RECORD not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für das Eintragen von Stimmen fehlt das Recht."),))
    is_late = decision.procedure_state in ADOPTED and vote_of(desk.session, decision) is None
    if is_closed(desk.session, decision):
        raise Blocked(
            (Blocker("wrong_state", "Über diesen Beschluss ist schon entschieden; die Stimmen bleiben, wie sie sind."),)
        )
    law = body_law.of(decision.body)
    if is_late and not law.is_public and Permission.ITEM_IMPORT not in desk.permits:
        raise Blocked((Blocker("body_not_public", NOT_PUBLIC),))
    name, own = rule or law.rule, law.rule
    if name not in voting.RULES:
        raise InvalidInput(
            [
                FieldError(
                    "rule", "unknown_rule", f"Die Regel „{name}“ ist nicht bekannt. Möglich: {', '.join(voting.RULES)}."
                )
            ]
        )
    chosen = koenigstein.choose(keys.counting(desk.session), year_of(decision, desk.now.year))
    members = _voters(law.seats, chosen.key.shares if chosen.key else {})
    reason = rule_reason.strip() if name != own else ""
    if errors := [*_unknown_choices(given), *_missing_reason(name, own, reason), *_long_note(note)]:
        raise InvalidInput(errors)
    cast = {code: choice for code, choice in given.items() if choice}
    try:
        result = voting.count(voting.RULES[name], members, cast, is_circulation=is_circulation)
    except voting.UnknownMember as error:
        raise InvalidInput([FieldError("ballots", "unknown_member", str(error))]) from error
    if is_late and not result.passed:
        message = "Mit diesen Stimmen wäre der Beschluss nicht zustande gekommen; er ist aber beschlossen. Bitte Stimmen und Regel prüfen."
        raise InvalidInput([FieldError("ballots", "not_passed", message)])
    vote = vote_of(desk.session, decision)
    if vote is not None:
        desk.session.delete(vote)
        desk.session.flush()
    desk.session.add(
        models.Vote(
            item_id=decision.id,
            rule=name,
            is_circulation=is_circulation,
            is_en_bloc=is_en_bloc,
            note=note.strip(),
            recorded_by=desk.actor_name or desk.actor,
            recorded_login=desk.actor,
            recorded_at=desk.now,
            body_rule=own,
            rule_reason=reason,
            wording_sha256=voted_text.mark(decision.input),
            item_rev=decision.rev,
            members=body_law.as_data(law.seats),
            **_key_columns(law.seats, chosen),
            ballots=[models.Ballot(member_code=code, choice=choice) for code, choice in cast.items()],
        )
    )
    desk.session.flush()
    _tell(
        desk,
        decision,
        RECORDED,
        _entered_in_words(
            result, name, own, reason, is_circulation=is_circulation, is_en_bloc=is_en_bloc, is_again=vote is not None
        ),
    )
    return result


RECORDED, CONFIRMED, DECLINED = "vote:recorded", "vote:rule_confirmed", "vote:rule_declined"
"""What a line of the history says of a vote: it was entered, its other rule was confirmed, or was not. No step of the workflow."""


def _entered_in_words(
    result: voting.Result, rule: str, own: str, reason: str, *, is_circulation: bool, is_en_bloc: bool, is_again: bool
) -> str:
    """What the history says of an entering, so that one that takes the place of another hides nothing."""
    how = ("; im Umlaufverfahren" if is_circulation else "") + ("; en bloc" if is_en_bloc else "")
    other = f"; nicht nach der Regel des Gremiums („{rule_title(own)}“), Grund: {reason}" if reason else ""
    again = "; an Stelle der vorigen Eintragung" if is_again else ""
    return f"{'angenommen' if result.passed else 'nicht angenommen'} nach „{rule_title(rule)}“: {voting.in_words(result.counts)}{how}{other}{again}"


def _tell(desk: Desk, decision: models.Decision, name: str, words: str) -> None:
    """Write a line of the history and one of the log: who did what with the vote."""
    state = decision.procedure_state or DECISION.initial
    line = models.StepEntry(
        item_id=decision.id,
        workflow=DECISION.name,
        version=DECISION.version,
        transition=name,
        source=state,
        target=state,
        actor=desk.actor,
        actor_name=desk.actor_name or desk.actor,
        at=desk.now,
        comment=words,
        rev=decision.rev,
        sha256=decision.input_digest or "",
    )
    desk.session.add(line)
    desk.session.flush()
    subject = f"{decision.number} {decision.url}" if decision.number else decision.url
    audit.note(
        desk.session,
        desk.now,
        actor=desk.actor,
        name=desk.actor_name,
        action=name.replace(":", "."),
        subject=subject,
        detail=words,
    )


def is_closed(session: Session, decision: models.Decision) -> bool:
    """Whether the ballots stay as they are: it is decided, and they are there or can come no more."""
    is_late = decision.procedure_state in ADOPTED and vote_of(session, decision) is None
    return decision.procedure_state not in OPEN and not is_late


def _unknown_choices(given: Mapping[str, str]) -> list[FieldError]:
    return [
        FieldError(f"ballots.{code}", "unknown_choice", f"„{choice}“ ist keine Stimme.")
        for code, choice in given.items()
        if choice and choice not in set(voting.Choice)
    ]


def _missing_reason(name: str, own: str, reason: str) -> list[FieldError]:
    if name != own and not reason:
        words = f"Die Regel des Gremiums ist „{rule_title(own)}“. Wer nach „{rule_title(name)}“ zählt, nennt den Grund; er ist öffentlich."
        return [FieldError("rule_reason", "missing", words)]
    if len(reason) > MAX_REASON:
        return [FieldError("rule_reason", "too_long", f"Der Grund ist zu lang. Bitte höchstens {MAX_REASON} Zeichen.")]
    return []


def _long_note(note: str) -> list[FieldError]:
    return (
        [FieldError("note", "too_long", f"Die Anmerkung ist zu lang. Bitte höchstens {MAX_NOTE} Zeichen.")]
        if len(note) > MAX_NOTE
        else []
    )


def _key_columns(seats: Iterable[Seat], chosen: Chosen) -> dict[str, Any]:
    """What the vote keeps of the key that it is counted by: only the shares of members."""
    laender = [seat for seat in seats if seat.kind == "land"]
    if chosen.key is None or not laender:
        return {"key_year": None}
    shares = {seat.code: chosen.key.shares[seat.code] for seat in laender if seat.code in chosen.key.shares}
    return {"key_year": chosen.year, "shares": shares, "key_source": chosen.key.source, "key_reason": chosen.reason}


@dataclass(frozen=True, slots=True)
class RuleUsed:
    """By which rule a vote was counted, beside the body's: titles, why, whether a second person confirmed it."""

    used: str
    own: str
    is_own: bool
    reason: str
    is_confirmed: bool
    entered_by: str
    problem: str = ""
    """Why nobody decides by this vote as it is, in German: the members have changed since."""
    is_body_public: bool = True
    declined: str = ""
    """Who did not confirm the other rule, and why."""


def rule_of(session: Session, decision: models.Decision) -> RuleUsed | None:
    """By which rule the vote on `decision` was counted. None where nothing was recorded.

    The body's rule is the one that is public now; of what is decided already, the one it had then.
    """
    vote = vote_of(session, decision)
    if vote is None:
        return None
    own = _own_rule(vote, decision)
    found = RuleUsed(
        rule_title(vote.rule),
        rule_title(own),
        vote.rule == own,
        vote.rule_reason,
        vote.confirmed_at is not None,
        vote.recorded_login,
        declined=_declined(vote),
    )
    if not _is_undecided(decision):
        return found
    law = body_law.of(decision.body)
    problem = "" if body_law.are_same_voters(_kept_seats(vote, decision), law) else OTHER_MEMBERS
    return replace(found, problem=problem, is_body_public=law.is_public)


def _declined(vote: models.Vote) -> str:
    return f"{vote.declined_by}: {vote.declined_note}" if vote.declined_at is not None else ""


def other_wording(session: Session, decision: models.Decision) -> str:
    """Why nobody decides by the vote on `decision`, in German: it was given on another wording. Empty where it was given on this one."""
    vote = vote_of(session, decision)
    if vote is None or not _is_undecided(decision) or vote.wording_sha256 == voted_text.mark(decision.input):
        return ""
    return (
        f"Der Text ist nicht mehr der, über den abgestimmt wurde (abgestimmt: Revision {vote.item_rev}, jetzt: Revision {decision.rev}). "
        "Bitte unter „Abstimmung“ ansehen, was sich geändert hat, und die Stimmen zu diesem Text neu eintragen; die bisherigen stehen schon im Formular."
    )


OTHER_MEMBERS: Final = (
    "Die Mitglieder des Gremiums sind nicht mehr die, mit denen gezählt wurde. Bitte die Stimmen neu eintragen."
)


def _is_undecided(decision: models.Decision) -> bool:
    return (decision.procedure_state or DECISION.initial) in UNDECIDED


def _own_rule(vote: models.Vote, decision: models.Decision) -> str:
    return (
        body_law.of(decision.body).rule
        if _is_undecided(decision)
        else vote.body_rule
        if vote.body_rule is not None
        else vote.rule
    )


def confirm_rule(desk: Desk, decision: models.Decision, seen: str | None = None) -> None:
    """Confirm, as a second person, that another rule than the body's counts, for the vote that was read (`mark_of`). Raises `Blocked`."""
    vote = _to_decide_on(desk, decision, seen)
    vote.confirmed_by, vote.confirmed_login, vote.confirmed_at = desk.actor_name or desk.actor, desk.actor, desk.now
    desk.session.flush()
    _tell(desk, decision, CONFIRMED, _rule_in_words(vote))


def decline_rule(desk: Desk, decision: models.Decision, note: str, seen: str | None = None) -> None:
    """Say, as a second person, that the other rule does not count, and why; the votes are entered anew then. Raises `Blocked`."""
    vote, note = _to_decide_on(desk, decision, seen), note.strip()
    if not note or len(note) > MAX_REASON:
        raise Blocked(
            (
                Blocker(
                    "no_note",
                    f"Bitte in höchstens {MAX_REASON} Zeichen sagen, warum die andere Regel nicht gilt. Wer sie eingetragen hat, liest es.",
                ),
            )
        )
    vote.declined_by, vote.declined_login, vote.declined_at, vote.declined_note = (
        desk.actor_name or desk.actor,
        desk.actor,
        desk.now,
        note,
    )
    desk.session.flush()
    _tell(desk, decision, DECLINED, f"{_rule_in_words(vote)}. Hinweis: {note}")


def _rule_in_words(vote: models.Vote) -> str:
    return f"„{rule_title(vote.rule)}“, eingetragen von {vote.recorded_by}. Grund: {vote.rule_reason}"


def _to_decide_on(desk: Desk, decision: models.Decision, seen: str | None) -> models.Vote:
    """The vote whose other rule `desk` may confirm or decline. Raises `Blocked`."""
    vote = vote_of(desk.session, decision)
    if Permission.VOTE_RECORD not in desk.permits:
        raise Blocked((Blocker("no_permission", "Für das Bestätigen oder Ablehnen der Regel fehlt das Recht."),))
    if vote is None or vote.rule == _own_rule(vote, decision) or vote.confirmed_at is not None:
        raise Blocked(
            (
                Blocker(
                    "nothing_to_confirm", "Hier ist keine abweichende Regel zu bestätigen. Bitte die Seite neu ansehen."
                ),
            )
        )
    if not vote.recorded_login or not vote.rule_reason:
        raise Blocked(
            (
                Blocker(
                    "not_known",
                    "Wer diese Stimmen eintrug oder warum eine andere Regel gilt, ist nicht festgehalten. Bitte die Stimmen neu eintragen.",
                ),
            )
        )
    if vote.declined_at is not None:
        raise Blocked(
            (
                Blocker(
                    "declined",
                    f"Die andere Regel ist schon abgelehnt ({_declined(vote)}). Bitte die Stimmen neu eintragen.",
                ),
            )
        )
    if vote.recorded_login == desk.actor:
        raise Blocked(
            (
                Blocker(
                    "same_person",
                    "Wer die Stimmen eingetragen hat, entscheidet nicht selbst über die Regel. Bitte eine zweite Person darum bitten.",
                ),
            )
        )
    if seen is not None and mark_of(vote) != seen:
        raise Blocked(
            (
                Blocker(
                    "other_vote",
                    "Die Stimmen wurden inzwischen neu eingetragen. Bitte Regel, Grund und Stimmen neu ansehen, dann entscheiden.",
                ),
            )
        )
    return vote


def mark_of(vote: models.Vote | None) -> str:
    """Tells one recording of votes from the next one."""
    return vote.recorded_at.isoformat() if vote is not None else ""


def vote_of(session: Session, decision: models.Decision) -> models.Vote | None:
    """The vote on `decision`, if one was recorded."""
    return session.scalars(sa.select(models.Vote).where(models.Vote.item_id == decision.id)).one_or_none()


def result_of(session: Session, decision: models.Decision) -> voting.Result | None:
    """What came out, by the rule, the members and the key that were kept with the vote."""
    vote = vote_of(session, decision)
    return None if vote is None else _counted(vote, decision)


def _counted(vote: models.Vote, decision: models.Decision) -> voting.Result:
    members = _voters(_kept_seats(vote, decision), vote.shares)
    cast = {ballot.member_code: ballot.choice for ballot in vote.ballots}
    return voting.count(voting.RULES[vote.rule], members, cast, is_circulation=vote.is_circulation)


def as_data(session: Session, decision: models.Decision) -> dict[str, Any] | None:
    """The vote as an edition freezes it: rule, key, ballots, checks in words. None where nothing was recorded."""
    vote = vote_of(session, decision)
    if vote is None:
        return None
    result = _counted(vote, decision)
    members = _voters(_kept_seats(vote, decision), vote.shares)
    cast = {ballot.member_code: ballot.choice for ballot in vote.ballots}
    # Silence in a circulation is an abstention by its rule; of a session it says nothing.
    silent = str(voting.Choice.ABSTAIN) if vote.is_circulation else voting.UNKNOWN
    rule = voting.RULES[vote.rule]
    return {
        "rule": vote.rule,
        "rule_title": rule.title,
        "rule_words": rule.words,
        "key_year": vote.key_year,
        "key_source": vote.key_source or None if rule.min_share and vote.key_year is not None else None,
        **({"key_reason": vote.key_reason} if vote.key_reason and rule.min_share else {}),
        **_rule_told(vote),
        "circulation": vote.is_circulation,
        "en_bloc": vote.is_en_bloc,
        "note": vote.note,
        "passed": result.passed,
        "counts": dict(result.counts),
        "checks": [{"name": check.name, "passed": check.passed, "words": check.words} for check in result.checks],
        "ballots": [
            {"code": member.code, "name": member.name, "choice": cast.get(member.code, silent), "share": member.share}
            for member in members
        ],
    }


def _rule_told(vote: models.Vote) -> dict[str, object]:
    """What the public is told where another rule than the body's counted; nothing where it was the body's."""
    if vote.body_rule is None or vote.body_rule == vote.rule:
        return {}
    return {
        "body_rule": vote.body_rule,
        "body_rule_title": rule_title(vote.body_rule),
        "rule_reason": vote.rule_reason,
        "rule_confirmed": vote.confirmed_at is not None,
    }


def statements_of(session: Session, decision: models.Decision) -> list[models.Statement]:
    """The statements for the record that count, in order. `declarations` writes them."""
    row = models.Statement
    query = sa.select(row).where(row.item_id == decision.id, row.ended_at.is_(None)).order_by(row.position, row.id)
    return list(session.scalars(query))


def year_of(decision: models.Decision, otherwise: int) -> int:
    """The year of the vote: of the decision's day, else of its session, else the one given."""
    day = decision.date or (decision.meeting.date if decision.meeting else None)
    return day.year if day else otherwise
