"""Where the boxes of a diagram go: layers from top to bottom, few crossings, straight lines (after Sugiyama).

Nothing here knows workflows: boxes have a size, lines a beginning, an end and a label that is a box of its own, so that
no label ever lies on another. The same graph always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

SPACE_X: Final = 18.0
SPACE_Y: Final = 26.0
SWEEPS: Final = 24


@dataclass(slots=True)
class Box:
    """A state, a label, or a bend of a line (width 0). Sizes and places in pixels; `x`, `y` are its middle."""

    key: str
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    layer: int = 0
    above: list[Box] = field(default_factory=list)
    below: list[Box] = field(default_factory=list)

    @property
    def is_bend(self) -> bool:
        return not self.width


@dataclass(frozen=True, slots=True)
class Line:
    """From `source` to `target`, by way of `label`."""

    source: str
    target: str
    label: Box


@dataclass(frozen=True, slots=True)
class Picture:
    """Every box with its place; for each line the boxes it passes, from source to target; the size of it all."""

    boxes: Mapping[str, Box]
    chains: tuple[tuple[Line, tuple[Box, ...]], ...]
    width: float
    height: float


def lay_out(boxes: Sequence[Box], lines: Sequence[Line]) -> Picture:
    """Give every box its place. The first box is the beginning; every box is reached from it; no line is a loop."""
    by_key = {box.key: box for box in boxes}
    back = _back_lines(boxes[0].key, lines)
    ranks = _ranks(
        [box.key for box in boxes],
        [
            (line.target, line.source) if index in back else (line.source, line.target)
            for index, line in enumerate(lines)
        ],
    )
    layers: list[list[Box]] = [[] for _ in range(2 * max(ranks.values()) + 1)]
    for box in boxes:
        box.layer = 2 * ranks[box.key]
        layers[box.layer].append(box)
    chains = []
    for index, line in enumerate(lines):
        top, bottom = (line.target, line.source) if index in back else (line.source, line.target)
        chain = _chain(by_key[top], by_key[bottom], line.label, layers)
        chains.append((line, tuple(chain[::-1] if index in back else chain)))
    _order(layers)
    _place(layers)
    width = max(box.x + box.width / 2 for layer in layers for box in layer)
    return Picture(by_key, tuple(chains), width, _stack(layers))


def _back_lines(first: str, lines: Sequence[Line]) -> set[int]:
    """The lines that lead back to where a road came from: turned round, no circle is left."""
    found: set[int] = set()
    done: set[str] = set()

    def walk(key: str, road: frozenset[str]) -> None:
        for index, line in enumerate(lines):
            if line.source == key:
                if line.target in road:
                    found.add(index)
                elif line.target not in done:
                    walk(line.target, road | {line.target})
        done.add(key)

    walk(first, frozenset({first}))
    return found


def _ranks(keys: Iterable[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The longest way down to each key."""
    ranks = dict.fromkeys(keys, 0)
    for _ in ranks:
        for upper, lower in pairs:
            ranks[lower] = max(ranks[lower], ranks[upper] + 1)
    return ranks


def _chain(top: Box, bottom: Box, label: Box, layers: list[list[Box]]) -> list[Box]:
    """The boxes that a line passes downwards; its label goes where most room is left."""
    between = range(top.layer + 1, bottom.layer)
    chosen = min(
        (layer for layer in between if layer % 2), key=lambda layer: sum(box.width + SPACE_X for box in layers[layer])
    )
    chain = [top]
    for layer in between:
        box = label if layer == chosen else Box(f"{label.key}@{layer}", 0.0, 0.0)
        box.layer = layer
        layers[layer].append(box)
        chain.append(box)
    chain.append(bottom)
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _order(layers: list[list[Box]]) -> None:
    """Sort each layer by the middle of its neighbours, down and up, and keep the order with the fewest crossings."""
    best, kept = _crossings(layers), [list(layer) for layer in layers]
    for sweep in range(SWEEPS):
        is_down = sweep % 2 == 0
        for layer in layers[1:] if is_down else layers[-2::-1]:
            _sort_by_neighbours(layer, layers[layer[0].layer + (-1 if is_down else 1)], is_down=is_down)
        if (found := _crossings(layers)) < best:
            best, kept = found, [list(layer) for layer in layers]
    for layer, order in zip(layers, kept, strict=True):
        layer[:] = order


def _sort_by_neighbours(layer: list[Box], beside: list[Box], *, is_down: bool) -> None:
    place = {id(box): index for index, box in enumerate(beside)}
    own = {id(box): float(index) for index, box in enumerate(layer)}

    def middle(box: Box) -> float:
        near = [place[id(other)] for other in (box.above if is_down else box.below)]
        return sum(near) / len(near) if near else own[id(box)]

    layer.sort(key=middle)


def _crossings(layers: list[list[Box]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        place = {id(box): index for index, box in enumerate(lower)}
        ends = [(index, place[id(other)]) for index, box in enumerate(upper) for other in box.below]
        count += sum(
            1
            for index, one in enumerate(ends)
            for other in ends[:index]
            if (one[0] - other[0]) * (one[1] - other[1]) < 0
        )
    return count


def _place(layers: list[list[Box]]) -> None:
    """Draw every box towards its neighbours as far as the order and the distances allow."""
    for layer in layers:
        _draw_near(layer, [0.0] * len(layer))
    for sweep in range(2 * SWEEPS):
        is_down = sweep % 2 == 0
        for layer in layers if is_down else layers[::-1]:
            wanted = []
            for box in layer:
                near = (box.above if is_down else box.below) or [*box.above, *box.below]
                wanted.append(sum(other.x for other in near) / len(near) if near else box.x)
            _draw_near(layer, wanted)
    left = min(box.x - box.width / 2 for layer in layers for box in layer)
    for layer in layers:
        for box in layer:
            box.x -= left


def _draw_near(layer: list[Box], wanted: Sequence[float]) -> None:
    """The places nearest to those wanted (least squares) that keep order and distances: pooled averages."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + SPACE_X)
    pools: list[list[float]] = []
    for place, offset, box in zip(wanted, offsets, layer, strict=True):
        weight = 4.0 if box.is_bend else 1.0
        pools.append([place - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, more, size = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * more) / (last[1] + more)
            last[1] += more
            last[2] += size
    fitted = [pool[0] for pool in pools for _ in range(int(pool[2]))]
    for box, place, offset in zip(layer, fitted, offsets, strict=True):
        box.x = place + offset


def _stack(layers: list[list[Box]]) -> float:
    """Give every layer its height; the height of all."""
    y = 0.0
    for layer in layers:
        tall = max(box.height for box in layer) if layer else 0.0
        for box in layer:
            box.y = y + tall / 2
        y += tall + SPACE_Y
    return y - SPACE_Y
