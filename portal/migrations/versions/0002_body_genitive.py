"""The genitive of a body's name; the index of numbers without the form of the text.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_CURRENT = sa.text("valid_until IS NULL")


def upgrade() -> None:
    op.add_column("body", sa.Column("genitive", sa.Text(), nullable=False, server_default=""))
    op.drop_index("ix_edition_current_number", "edition")
    _number_index(["kind", "body_slug", "year", "serial"])


def downgrade() -> None:
    op.drop_index("ix_edition_current_number", "edition")
    _number_index(["kind", "body_slug", "subkind", "year", "serial"])
    op.drop_column("body", "genitive")


def _number_index(columns: list[str]) -> None:
    op.create_index("ix_edition_current_number", "edition", columns, sqlite_where=_CURRENT, postgresql_where=_CURRENT)
