"""Which Königsteiner Schlüssel count: what the secretariat keeps, else what ships with the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.council import koenigstein
from content.council.koenigstein import Key

K: Final = models.KoenigsteinKey


def counting(session: Session | None) -> Mapping[int, Key]:
    """The keys that count, by year: those entered and confirmed, else what ships and was verified."""
    found = dict(koenigstein.shipped())
    if session is not None:
        kept = session.scalars(sa.select(K).where(K.confirmed_at.is_not(None), K.ended_at.is_(None)).order_by(K.id))
        found |= {row.year: Key(row.year, row.source, True, row.shares) for row in kept}
    return dict(sorted(found.items()))


def sources(keys: Mapping[int, Key]) -> dict[str, str]:
    """Year → where the key comes from, as pages of bodies say."""
    return {str(year): key.source for year, key in keys.items()}
