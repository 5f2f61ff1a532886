"""What a hit is worth: the one rule that every engine ranks by, so that all give the same order.

    score(document) = kind · coordination · Σ over the wants it satisfies of  rarity(want) · best(want, document)
    best            = max over the options it satisfies of  option.weight · worth(option)
    worth           = for one term: max over its fields of  FIELD_WEIGHT[field] · saturation(how often, length; of titles a usual one)
                      for several terms in a row: the same, counted as the rarest of them in that field
                      for several terms anywhere: the smallest worth of them

The maximum, not the sum: that a word is found by its stem, its exact form and a part as well makes it no better hit, and
the reason shown is the one that counted. Nothing depends on averages of the corpus, so that a score never changes because
of other documents, except by the rarity of a word. Engines may round; orders are compared where scores differ by 1 %.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from content.search.interface import Field

FIELD_WEIGHT: Final[Mapping[Field, float]] = {Field.TITLE: 3.0, Field.TEXT: 1.0, Field.PARTS: 0.9, Field.FILES: 0.5}
KIND_STEPS: Final = 16
KIND_WEIGHT: Final[Mapping[str, int]] = {
    "report": 15,
    "recommendation": 14,
    "market_item": 13,
    "press_release": 12,
    "term": 11,
    "body": 11,
    "page": 7,
    "organisation": 8,
    "meeting": 6,
}
"""In sixteenths. People look for decisions; a session's agenda repeats their titles, a page or an organisation names them."""
NUMBER_WEIGHT: Final = 1000.0
"""The document that bears the number comes first, whatever else was typed."""

_K: Final = 0.6
_B: Final = 0.3
USUAL_LENGTH: Final = 120
"""Words of a usual text; a constant, so that scores do not move with the corpus."""


def coordination(satisfied: int, wanted: int) -> float:
    """The factor of a document that satisfies only some of the wants: all of the words is much better than some."""
    return (satisfied / wanted) ** 2 if wanted else 1.0


def worth(field: Field, often: float, length: int) -> float:
    """What `often` occurrences in a field are worth; a title is a title, however long the text below it is."""
    return FIELD_WEIGHT[field] * saturation(often, USUAL_LENGTH if field is Field.TITLE else length)


def saturation(often: float, length: int) -> float:
    """How much `often` occurrences (≥ 1) are worth in a text of `length` words: 0…1, rising ever slower."""
    return often / (often + _K * (1 - _B + _B * min(length, 5_000) / USUAL_LENGTH))


def rarity(matching: int, total: int) -> float:
    """What a want is worth that `matching` of `total` documents satisfy; counted over all documents, past ones too."""
    return math.log(1 + (total - matching + 0.5) / (matching + 0.5))
