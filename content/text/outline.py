"""An outline: the order and levels of sections, their numbers and parents, and how they are moved.

An outline is a list of nodes in reading order; a node belongs to the nearest one before it with a smaller level. Every
move keeps all nodes, moves a node together with what is below it, and leaves no gap between levels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from content.schemas.reports import MAX_LEVEL


@dataclass(frozen=True, slots=True)
class Node:
    """A section by its identity; levels count from 1."""

    uid: str
    level: int


Outline = tuple[Node, ...]


def tidy(nodes: Sequence[Node]) -> Outline:
    """The nodes with levels that can be numbered: the first is 1, none more than one deeper than the one before."""
    found: list[Node] = []
    deepest = 1
    for node in nodes:
        level = max(1, min(node.level, deepest, MAX_LEVEL))
        found.append(replace(node, level=level))
        deepest = level + 1
    return tuple(found)


def numbers(nodes: Sequence[Node]) -> tuple[str, ...]:
    """„1“, „1.1“, „1.2“, „2“ …"""
    counts: list[int] = []
    found: list[str] = []
    for node in tidy(nodes):
        counts = [*counts[: node.level], *([0] * (node.level - len(counts)))]
        counts[-1] += 1
        found.append(".".join(map(str, counts)))
    return tuple(found)


def parents(nodes: Sequence[Node]) -> tuple[str | None, ...]:
    """The identity of the node above each one; None at the top."""
    above: list[str] = []
    found: list[str | None] = []
    for node in tidy(nodes):
        above = above[: node.level - 1]
        found.append(above[-1] if above else None)
        above.append(node.uid)
    return tuple(found)


def mark_of(heading: str, text: str) -> str:
    """What tells whether a section still says what it said (SHA-256)."""
    return hashlib.sha256(f"{heading}\n{text}".encode()).hexdigest()


def block(nodes: Sequence[Node], index: int) -> int:
    """Where the node at `index` with all that is below it ends (without)."""
    end = index + 1
    while end < len(nodes) and nodes[end].level > nodes[index].level:
        end += 1
    return end


def _up(nodes: Outline, index: int) -> Outline:
    before = _sibling_before(nodes, index)
    if before is None:
        return nodes
    end = block(nodes, index)
    return (*nodes[:before], *nodes[index:end], *nodes[before:index], *nodes[end:])


def _down(nodes: Outline, index: int) -> Outline:
    after = block(nodes, index)
    return _up(nodes, after) if after < len(nodes) and nodes[after].level == nodes[index].level else nodes


def _into(nodes: Outline, index: int) -> Outline:
    end = block(nodes, index)
    deepest = max(node.level for node in nodes[index:end])
    return nodes if _sibling_before(nodes, index) is None or deepest >= MAX_LEVEL else _shifted(nodes, index, end, 1)


def _out(nodes: Outline, index: int) -> Outline:
    return nodes if nodes[index].level == 1 else _shifted(nodes, index, block(nodes, index), -1)


def _shifted(nodes: Outline, start: int, end: int, by: int) -> Outline:
    return tuple(
        replace(node, level=node.level + by) if start <= place < end else node for place, node in enumerate(nodes)
    )


def _sibling_before(nodes: Outline, index: int) -> int | None:
    for place in range(index - 1, -1, -1):
        if nodes[place].level <= nodes[index].level:
            return place if nodes[place].level == nodes[index].level else None
    return None


MOVES: Final[Mapping[str, Callable[[Outline, int], Outline]]] = {"up": _up, "down": _down, "in": _into, "out": _out}
"""What the four buttons do. What cannot be done leaves the outline as it is."""


def moved(nodes: Sequence[Node], uid: str, move: str) -> Outline:
    """The outline after one of `MOVES`. Raises KeyError for an unknown node or move."""
    tidied = tidy(nodes)
    return tidy(MOVES[move](tidied, _index(tidied, uid)))


def placed(nodes: Sequence[Node], uid: str, after: str, level: int) -> Outline:
    """The outline with the block of `uid` right behind the node `after` (empty: at the beginning), at `level` where possible.

    Raises KeyError for unknown nodes. A node dropped onto its own block stays.
    """
    tidied = tidy(nodes)
    start = _index(tidied, uid)
    end = block(tidied, start)
    moving = tidied[start:end]
    if after in {node.uid for node in moving}:
        return tidied
    rest = (*tidied[:start], *tidied[end:])
    target = _index(rest, after) + 1 if after else 0
    wanted = max(1, min(level, rest[target - 1].level + 1 if target else 1, MAX_LEVEL))
    by = wanted - moving[0].level
    shifted = tuple(replace(node, level=node.level + by) for node in moving)
    return tidy((*rest[:target], *shifted, *rest[target:]))


def _index(nodes: Sequence[Node], uid: str) -> int:
    for index, node in enumerate(nodes):
        if node.uid == uid:
            return index
    raise KeyError(uid)
