"""What a line may say beside a recommendation: the steps by which it came to where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from content.schemas.parts import NUMBER
from content.schemas.reading import Field, day, line, list_of, one_of, record, required
from content.schemas.votes import flag
from workflows.recommendation import RECOMMENDATION

MAX_NOTE: Final = 2000
STEP: Final[Mapping[str, Field]] = {
    "date": required(day, "Der Tag"),
    "state": required(one_of({name: state.title for name, state in RECOMMENDATION.states.items()}), "Der Stand"),
    "decision": Field(NUMBER, "Beschluss"),
    "note": Field(line(MAX_NOTE), "Hinweis", default=str),
    "taken_over": Field(flag, "So übernommen", default=bool),
}
ROAD: Final[Mapping[str, Field]] = {"road": list_of(record(STEP), "Weg")}
"""Fields of a recommendation's line that are no part of its text."""

Told = Mapping[str, Any]
"""A clean step of a road."""
