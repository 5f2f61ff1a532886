"""What a backup says about itself: its last member, by which every other one is checked before anything is written."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from content.services.base import lookup
from portal.commands.dump import Table

NAME: Final = "manifest.json"
FORMAT: Final = 2
"""Archives of format 1 had no manifest."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a database says about its portal: whose it is and where its register stands."""

    portal: str
    revision: str
    position: int
    head: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup: when, by which program, of which portal; every member with size (bytes) and SHA-256."""

    facts: Facts
    database: str
    program: str
    taken_at: str
    members: dict[str, tuple[int, str]]
    tables: dict[str, Table] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    is_complete: bool = True
    """False: read out of an archive that had no manifest; sums are not known."""

    @property
    def position(self) -> int:
        """The last entry of the register."""
        return self.facts.position

    def to_json(self) -> bytes:
        """As it lies in the archive."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_json(cls, body: bytes) -> Manifest:
        """Raises ValueError, KeyError or TypeError where it is none; `NewerFormat` where a newer program wrote it."""
        try:
            given: dict[str, Any] = json.loads(body)
        except RecursionError:
            raise ValueError("nested too deep") from None
        if int(given["format"]) > FORMAT:
            raise NewerFormat
        return cls(
            facts=Facts(**given["facts"]),
            database=given["database"],
            program=given["program"],
            taken_at=given["taken_at"],
            members={str(name): (int(size), str(sha256)) for name, (size, sha256) in given["members"].items()},
            tables={str(name): Table(tuple(one["columns"]), int(one["rows"])) for name, one in given["tables"].items()},
            sequences={str(name): int(value) for name, value in given["sequences"].items()},
        )


class NewerFormat(Exception):  # noqa: N818 - named for the situation
    """The archive was written by a newer program."""


def facts_of(connection: Connection) -> Facts:
    """What the database says; without an identity, `portal` is empty."""
    inspector = sa.inspect(connection)
    has_identity = inspector.has_table(models.PortalIdentity.__tablename__)
    head = connection.execute(
        sa.select(models.LedgerHead.position, models.LedgerHead.hash, models.LedgerHead.checkpoint)
    ).first()
    position, digest, key_id = (
        (head.position, head.hash, str(json.loads(head.checkpoint)["key_id"])) if head else (0, "", "")
    )
    return Facts(
        portal=str(connection.scalar(sa.select(models.PortalIdentity.uid)) or "") if has_identity else "",
        revision=str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or ""),
        position=int(position),
        head=str(digest),
        key_id=key_id,
    )


def files_of(connection: Connection) -> set[str]:
    """The hashes of every file that the database names."""
    return set(lookup.known_files(connection))


def now() -> str:
    """The moment as a manifest notes it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def path_of(sha256: str) -> str:
    """Where a file lies in the archive, as in DATA."""
    return f"files/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def missing_from(members: Mapping[str, object], needed: set[str]) -> list[str]:
    """Those files that the database names and the archive lacks."""
    return sorted(sha256 for sha256 in needed if path_of(sha256) not in members)
