"""What the database holds of workflows: rows in states and steps of versions, beside what the definitions know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from content import models
from workflows.catalogue import PROCEDURES, WORKFLOWS
from workflows.publication import PUBLICATION
from workflows.reuse import REUSE


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows there are of something; `fault`: the program does not know it."""

    words: str
    count: int
    fault: bool = False


def states(connection: Connection) -> list[Tally]:
    """Rows for each workflow and state; unknown states are faults."""
    item = models.Item.__table__.c
    counted: list[tuple[str, Any, Any]] = [(PUBLICATION.name, item.publication_state, sa.true())]
    counted += [(flow.name, item.procedure_state, item.kind == kind) for kind, flow in PROCEDURES.items()]
    counted += [(REUSE.name, models.Reuse.__table__.c.state, sa.true())]
    found = []
    for name, column, condition in counted:
        flow = WORKFLOWS[name]
        # A row that never took a step has no state: it stands at the beginning.
        state = sa.func.coalesce(column, flow.initial)
        for known, count in connection.execute(
            sa.select(state, sa.func.count()).where(condition).group_by(state).order_by(state)
        ):
            title = flow.title_of(known)
            found.append(Tally(f"{flow.title}: {title}", count, known not in flow.states))
    return found


def lost(connection: Connection) -> list[tuple[str, str, str]]:
    """(address, workflow, state) of the items that stand in a state which no workflow of their kind knows; workflow "": it has none."""
    item = models.Item.__table__.c
    unknown: list[sa.ColumnElement[bool]] = [item.publication_state.not_in(list(PUBLICATION.states))]
    unknown += [
        sa.and_(item.kind == kind, item.procedure_state.not_in(list(flow.states))) for kind, flow in PROCEDURES.items()
    ]
    unknown.append(sa.and_(item.kind.not_in(list(PROCEDURES)), item.procedure_state.is_not(None)))
    query = (
        sa.select(item.url, item.kind, item.publication_state, item.procedure_state)
        .where(sa.or_(*unknown))
        .order_by(item.url)
    )
    return [
        (row.url, PUBLICATION.name, row.publication_state)
        if row.publication_state not in PUBLICATION.states
        else (row.url, PROCEDURES[row.kind].name if row.kind in PROCEDURES else "", row.procedure_state)
        for row in connection.execute(query)
    ]


def versions(connection: Connection) -> list[Tally]:
    """Steps for each workflow and version; unknown workflows and versions newer than the program are faults."""
    return list(_versions(connection))


def _versions(connection: Connection) -> Iterator[Tally]:
    step = models.StepEntry.__table__.c
    rows = connection.execute(
        sa.select(step.workflow, step.version, sa.func.count())
        .group_by(step.workflow, step.version)
        .order_by(step.workflow, step.version)
    )
    for name, version, count in rows:
        flow = WORKFLOWS.get(name)
        now = f"heute Fassung {flow.version}" if flow else "der Ablauf ist unbekannt"
        yield Tally(
            f"{flow.title if flow else name}, Schritte nach Fassung {version} ({now})",
            count,
            flow is None or version > flow.version,
        )
