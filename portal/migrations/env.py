"""How Alembic reaches the database: always over the connection it is handed."""

from __future__ import annotations

from alembic import context

import content.models  # noqa: F401 - makes the tables known
from content.database.db import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
    compare_type=True,
)
context.run_migrations()
