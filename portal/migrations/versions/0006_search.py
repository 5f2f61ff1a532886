"""What the search keeps: the desk's words and picks, the text inside files.

Revision: 0006, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from content.database.db import UtcDateTime

revision = "0006"
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(12), nullable=False),
        sa.Column("word", sa.String(120), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("use", "word", name=op.f("uq_search_word_use_word")),
    )
    op.create_table(
        "search_pick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(200), nullable=False),
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("urls", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_pick")),
        sa.UniqueConstraint("key", name=op.f("uq_search_pick_key")),
    )
    op.create_table(
        "file_text",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("fault", sa.String(200), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file_text")),
    )


def downgrade() -> None:
    for table in ("file_text", "search_pick", "search_word"):
        op.drop_table(table)
