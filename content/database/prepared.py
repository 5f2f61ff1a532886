"""Statements that run on every page: compiled by SQLAlchemy once for a database, then handed straight to its driver.

SQLAlchemy spends several times longer on executing such a statement than the database does. What it knows of a
statement (text, order and conversion of parameters, conversion of columns) is asked of it once and kept. A list among
the values fills an `IN`; it is made up to a power of two with its last element, so that few texts are kept.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

Convert = Callable[[Any], Any]
Row = Any
"""A named tuple whose fields are the columns of the statement."""


def rows(
    connection: Connection, statement: sa.Select[Any] | sa.CompoundSelect[Any], values: Mapping[str, Any]
) -> list[Row]:
    """All rows of `statement` with `values`, in the transaction of `connection`."""
    if not connection.in_transaction():
        connection.begin()
    lists = {name: _made_up(value) for name, value in values.items() if isinstance(value, list)}
    given = {**values, **lists} if lists else values
    lengths = tuple((name, len(value)) for name, value in lists.items())
    key = (statement, connection.dialect.name, lengths)
    ready = _KEPT.get(key)
    if ready is None:
        ready = _KEPT[key] = _Ready(statement, connection.dialect, given)
    driver: Any = connection.connection.driver_connection
    return ready.read(driver.execute(ready.text, ready.parameters(given)).fetchall())


class _Ready:
    """A statement for one database and certain lengths of its lists."""

    def __init__(self, statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> None:
        state = statement.compile(dialect=dialect).construct_expanded_state(dict(values))
        places = {
            inner: (name, at) for name, every in state.parameter_expansion.items() for at, inner in enumerate(every)
        }
        self.text = state.statement
        self._positions = state.positiontup
        self._constants = {
            name: value for name, value in state.parameters.items() if name not in places and name not in values
        }
        self._sources: list[tuple[str, str, int | None, Convert | None]] = []
        for name in state.positiontup if state.positiontup is not None else state.parameters:
            if name not in self._constants:
                self._sources.append((name, *places.get(name, (name, None)), state.processors.get(name)))
        columns = list(statement.selected_columns)
        row: Any = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc] # noqa: PYI024 - known at run time only
        self._make = row._make
        found = [(place, _converter(column.type, dialect)) for place, column in enumerate(columns)]
        self._converters: list[tuple[int, Convert]] = [
            (place, convert) for place, convert in found if convert is not None
        ]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them: in order, or by name."""
        filled = dict(self._constants)
        for name, source, at, convert in self._sources:
            value = values[source] if at is None else values[source][at]
            filled[name] = value if convert is None else convert(value)
        return filled if self._positions is None else [filled[name] for name in self._positions]

    def read(self, found: Sequence[Sequence[Any]]) -> list[Row]:
        """The driver's rows with their values converted."""
        if not self._converters:
            return [self._make(row) for row in found]
        read = []
        for row in found:
            values = list(row)
            for place, convert in self._converters:
                values[place] = convert(values[place])
            read.append(self._make(values))
        return read


_KEPT: dict[tuple[Any, str, tuple[tuple[str, int], ...]], _Ready] = {}
"""Statements are constants of their modules and lists few lengths: what is kept here is bounded."""


def _made_up(values: list[Any]) -> list[Any]:
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return values + values[-1:] * missing if missing else values


def _converter(kind: Any, dialect: Dialect) -> Convert | None:
    found: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return found
