"""Who somebody is, is asked by login: names are for showing, two people may bear the same one and anybody may get another."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa

from content import models
from content.database.db import Base

ROOT = Path(__file__).parents[2]
PEOPLE = {"person", "account", "author", "actor", "desk", "user"}
"""What people are called in the code: their `.name` is what they are called."""
SHOWN = {
    column.name
    for table in Base.metadata.tables.values()
    for column in table.columns
    if isinstance(column.type, sa.String)
    and column.type.length == 200
    and (column.name.endswith("_by") or column.name in {"actor_name", "asked_by_name"})
}
"""Columns that hold the name of somebody; logins have 120 characters."""
SOURCES = sorted(
    path
    for folder in ("content", "portal", "workflows")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)
ASKING = {"in_", "not_in", "notin_", "is_distinct_from", "contains"}


def test_there_are_columns_with_names_at_all():
    assert (
        models.Task.__table__.c.reporter.type.length == 120 and {"actor_name", "reported_by", "confirmed_by"} <= SHOWN
    )


def _is_name(node):
    if isinstance(node, ast.BoolOp):
        return any(_is_name(part) for part in node.values)
    if not isinstance(node, ast.Attribute):
        return False
    base = node.value
    word = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
    return node.attr in SHOWN or (node.attr == "name" and word in PEOPLE)


def compared_names(text):
    """The lines in which somebody's name is compared with anything."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and not all(isinstance(sign, ast.Is | ast.IsNot) for sign in node.ops):
            parts = [node.left, *node.comparators]
            parts += [one for part in parts if isinstance(part, ast.Tuple | ast.List | ast.Set) for one in part.elts]
            if any(_is_name(part) for part in parts):
                yield node.lineno
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ASKING - {"contains"}
            and _is_name(node.func.value)
        ):
            yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        "task.reported_by == (desk.actor_name or desk.actor)",
        "person.name != row.login",
        "task.reported_by.not_in((1, 2))",
        "row.login in (person.name, person.login)",
    ],
)
def test_a_comparison_of_names_would_be_found(line):
    assert list(compared_names(line)) == [1]


def test_nowhere_in_the_house_is_a_name_compared():
    found = [f"{path.relative_to(ROOT)}:{line}" for path in SOURCES for line in compared_names(path.read_text())]
    assert found == []
