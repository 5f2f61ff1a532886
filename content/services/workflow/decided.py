"""What an import tells beside a decision's text: that it was adopted, how it was voted on, what was stated for the record.

A decision that comes in with a number was adopted elsewhere. Its vote is kept once; what is recorded is not changed by a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from content import models
from content.council import voting
from content.schemas import FieldError, InvalidInput, clean
from content.schemas.votes import DECIDED
from content.services.base import body_law
from content.services.council import ballots, declarations, other_rule
from content.services.publishing.publish import Desk
from content.services.workflow import transition
from workflows.decision import DECISION

NOTE: Final = "Abstimmung nachgetragen"


def split(kind: str, given: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """(the line without them, what it tells of vote and statements; empty: nothing). Raises `InvalidInput`."""
    told = {name: given[name] for name in DECIDED if name in given} if kind == "decision" else {}
    if not told:
        return given, {}
    return {name: value for name, value in given.items() if name not in DECIDED}, clean(DECIDED, told)


def told_of(session: Session, decision: models.Decision) -> dict[str, Any]:
    """Vote and statements as a line tells them; without those there are none of."""
    vote, statements = ballots.vote_of(session, decision), ballots.statements_of(session, decision)
    told: dict[str, Any] = {}
    if vote is not None:
        told["vote"] = {
            "ballots": {row.member_code: str(row.choice) for row in vote.ballots},
            "rule": vote.rule,
            "circulation": vote.is_circulation,
            "en_bloc": vote.is_en_bloc,
            "note": vote.note,
            "rule_reason": _reason(vote, decision),
        }
    if statements:
        told["statements"] = [{"members": list(row.member_codes), "text": row.text} for row in statements]
    return told


def public_of(session: Session, decision: models.Decision, data: Mapping[str, Any]) -> dict[str, Any]:
    """Vote and statements as a line tells them, of what `data` of a public edition says: nothing newer."""
    told: dict[str, Any] = {}
    if vote := data.get("vote"):
        told["vote"] = {
            "ballots": _public_ballots(session, decision, vote),
            "rule": vote["rule"],
            "circulation": vote["circulation"],
            "en_bloc": vote["en_bloc"],
            "note": vote["note"],
            "rule_reason": _public_reason(vote, decision),
        }
    if statements := data.get("statements"):
        codes = {name: code for code, name in body_law.of(decision.body).names.items()}
        told["statements"] = [
            {"members": [codes.get(name, name) for name in row["members"]], "text": row["text"]} for row in statements
        ]
    return told


def _public_ballots(session: Session, decision: models.Decision, vote: Mapping[str, Any]) -> dict[str, str]:
    """The public choices, without those that an edition fills in for members of whom nothing was recorded."""
    recorded = ballots.vote_of(session, decision)
    cast = {row.member_code for row in recorded.ballots} if recorded is not None else set[str]()
    # Older editions said „absent“ of whom nothing was recorded.
    filled = {voting.UNKNOWN, voting.Choice.ABSTAIN if vote["circulation"] else voting.Choice.ABSENT}
    return {row["code"]: row["choice"] for row in vote["ballots"] if row["choice"] not in filled or row["code"] in cast}


def _public_reason(vote: Mapping[str, Any], decision: models.Decision) -> str:
    if vote.get("rule_reason") or vote["rule"] == body_law.of(decision.body).rule:
        return str(vote.get("rule_reason", ""))
    return "Der Grund ist nicht festgehalten." if "body_rule" in vote else "Damals die Regel des Gremiums."


def _reason(vote: models.Vote, decision: models.Decision) -> str:
    """Why another rule than the body's counts; of a rule that was the body's then, or whose reason was not kept, that."""
    if vote.rule_reason or vote.rule == decision.body.voting_rule:
        return vote.rule_reason
    return "Damals die Regel des Gremiums." if vote.body_rule == vote.rule else "Der Grund ist nicht festgehalten."


def adopted(desk: Desk, decision: models.Decision) -> dict[str, Any]:
    """Put a decision that came in where it stands: adopted, or announced in the gazette as well; the line of its history for that."""
    decision.procedure_state = "gazetted" if decision.gazette_date else "adopted"
    day = decision.date or (decision.meeting.date if decision.meeting else None)
    words = f"beschlossen am {day:%d.%m.%Y}" if day else "beschlossen"
    if decision.gazette_date:
        words += f", bekannt gegeben am {decision.gazette_date:%d.%m.%Y}"
    return transition.taken_over(desk, decision, DECISION, DECISION.initial, words)


def keep(desk: Desk, decision: models.Decision, told: Mapping[str, Any]) -> bool:
    """Keep vote and statements; whether that changed anything. Raises `InvalidInput`, `Blocked`."""
    return any(
        [_keep_vote(desk, decision, told.get("vote")), _keep_statements(desk, decision, told.get("statements") or [])]
    )


def _keep_vote(desk: Desk, decision: models.Decision, given: Mapping[str, Any] | None) -> bool:
    if given is None:
        return False
    cast = ballots.with_others(decision.body, given["ballots"], given["others"])
    known = ballots.vote_of(desk.session, decision)
    if known is None:
        ballots.record(
            desk,
            decision,
            cast,
            is_circulation=given["circulation"],
            is_en_bloc=given["en_bloc"],
            rule=given["rule"],
            note=given["note"],
            rule_reason=given["rule_reason"],
        )
        other_rule.ask(desk, decision)
        return True
    if {row.member_code: row.choice for row in known.ballots} != cast:
        raise InvalidInput(
            [
                FieldError(
                    "vote.ballots",
                    "already_recorded",
                    "Die Stimmen sind schon eingetragen und lauten anders. Was eingetragen ist, bleibt.",
                )
            ]
        )
    return False


def _keep_statements(desk: Desk, decision: models.Decision, rows: list[Mapping[str, Any]]) -> bool:
    before = [{"members": row.member_codes, "text": row.text} for row in ballots.statements_of(desk.session, decision)]
    if not rows or before == rows:
        return False
    declarations.replace_all(desk, decision, rows)
    return True
