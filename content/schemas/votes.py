"""What a line may say beside a decision: how it was voted on, and what members stated for the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.council.voting import CHOICE_WORDS, RULES
from content.schemas.reading import Fault, Field, Reader, line, list_of, markdown, one_of, record, required


def _ballots(value: Any) -> dict[str, str]:
    """Votes by the code of the member: `{"BUND": "yes", "BY": "abstain"}`."""
    if not isinstance(value, Mapping):
        raise Fault("not_an_object", "Hier wird eine Zuordnung von Kürzel zu Stimme erwartet.")
    for code, choice in value.items():
        if choice not in CHOICE_WORDS:
            raise Fault(
                "unknown_choice", f"{str(code)[:8]}: Das ist keine Stimme. Möglich sind: {', '.join(CHOICE_WORDS)}."
            )
    return {str(code): str(choice) for code, choice in value.items()}


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Fault("unknown_choice", "Hier wird true oder false erwartet.")
    return value


flag: Final = Reader(_flag, "choice", hint="true oder false")
VOTE: Final[Mapping[str, Field]] = {
    "ballots": Field(Reader(_ballots, "shares", hint="Stimme nach Kürzel"), "Stimmen", default=dict),
    "others": Field(one_of(CHOICE_WORDS), "Alle übrigen", default=str),
    "rule": Field(one_of({name: rule.title for name, rule in RULES.items()}), "Regel"),
    "circulation": Field(flag, "Umlaufverfahren", default=bool),
    "en_bloc": Field(flag, "En bloc", default=bool),
    "rule_reason": Field(line(500), "Grund einer anderen Regel", default=str),
    "note": Field(line(300), "Anmerkung", default=str),
}
STATEMENT: Final[Mapping[str, Field]] = {
    "members": list_of(line(8), "Mitglieder"),
    "text": required(markdown(20_000), "Der Text der Erklärung"),
}
DECIDED: Final[Mapping[str, Field]] = {
    "vote": Field(record(VOTE), "Abstimmung"),
    "statements": list_of(record(STATEMENT), "Protokollerklärungen"),
}
"""Fields of a decision's line that are no part of its text."""
