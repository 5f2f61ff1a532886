"""Which addresses of this portal an item names anywhere in what was typed: in links of its texts and in its fields."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from content.database.db import Base


class Mention(Base):
    """An item names an address. Kept with every save; beside `Reference`, which knows relation and place of a typed reference."""

    __tablename__ = "mention"

    item_id: Mapped[int] = mapped_column(
        sa.ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    target_url: Mapped[str] = mapped_column(sa.String(300), primary_key=True, index=True)
    is_link: Mapped[bool]
    """Whether a link of a text names it, and not (only) a field."""
