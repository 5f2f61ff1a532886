"""Frozen values as JSON, and back: what passes between processes is data, never code."""

from __future__ import annotations

import datetime as dt
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import orjson

T = TypeVar("T")


def as_json(value: Any) -> Any:
    """`value` (dataclasses, tuples, dates, texts, numbers) as plain JSON values."""
    return orjson.loads(orjson.dumps(value))


def from_json(kind: type[T], value: Any) -> T:
    """The value of a dataclass from what `as_json` made of it. Raises KeyError, TypeError, ValueError for anything else."""
    found: T = _made(kind, value)
    return found


def _made(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        return (
            None
            if value is None
            else _made(next(one for one in typing.get_args(kind) if one is not types.NoneType), value)
        )
    if origin is tuple:
        return tuple(_made(typing.get_args(kind)[0], one) for one in value)
    if origin is not None:
        return dict(value)
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{one.name: _made(hints[one.name], value[one.name]) for one in fields(kind)})  # type: ignore[operator]
    if kind in {dt.datetime, dt.date}:
        return kind.fromisoformat(value)
    if not isinstance(value, kind):
        raise TypeError(f"{kind} expected, got {type(value)}")
    return value
