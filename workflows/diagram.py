"""A workflow as a picture: SVG that reads in light and dark (`currentColor`), with title and description, without styles.

The picture shows states and steps; who may take them and what is checked stands in the table beside it. Steps of the
clock are dashed, the first state has a thick border, final ones a double border.
"""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape

from workflows.definition import Workflow
from workflows.layout import Box, Line, lay_out
from workflows.vocabulary import Permission

FONT: Final = 13
LINE_HEIGHT: Final = 16
CHAR_WIDTH: Final = 7.4
"""Pixels of an average letter at `FONT`; on the generous side, as the font is the reader's."""
LABEL_CHARS: Final = 18
LOOP_CHARS: Final = 24
"""Steps that stay in a state stand below one another at its right: better wide than tall."""
MARGIN: Final = 8
ARROW: Final = 6
LOOP: Final = 26


def svg(workflow: Workflow) -> str:
    """The diagram of `workflow`."""
    loops = _loops(workflow)
    boxes = [
        _state_box(workflow, name, loops) for name in sorted(workflow.states, key=lambda name: name != workflow.initial)
    ]
    picture = lay_out(boxes, _lines(workflow))
    dashed = {
        (source, step.target)
        for step in workflow.transitions.values()
        if step.permission is Permission.CLOCK_ACT
        for source in step.sources
    }
    dashed -= {
        (source, step.target)
        for step in workflow.transitions.values()
        if step.permission is not Permission.CLOCK_ACT
        for source in step.sources
    }
    parts = [_line(line, chain, is_dashed=(line.source, line.target) in dashed) for line, chain in picture.chains]
    parts += [_state(workflow, name, picture.boxes[name]) for name in workflow.states]
    parts += [_loop(picture.boxes[name], workflow, name, rows) for name, rows in loops.items()]
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    mark = f"ablauf-{workflow.name}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{mark}-titel {mark}-text" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:.0f} {height:.0f}" fill="none" stroke="currentColor" stroke-width="1.3" font-family="Fira Sans, sans-serif" font-size="{FONT}">'
    )
    return "\n".join(
        (
            head,
            f'<title id="{mark}-titel">Ablauf: {escape(workflow.title)}</title>',
            f'<desc id="{mark}-text">{escape(in_words(workflow))}</desc>',
            *parts,
            "</svg>",
            "",
        )
    )


def in_words(workflow: Workflow) -> str:
    """What the picture shows, as a text."""
    steps = [
        f"„{step.title}“ führt von {_listed(workflow, step.sources)} nach {workflow.states[step.target].title}"
        for step in workflow.transitions.values()
    ]
    return f"Am Anfang steht {workflow.states[workflow.initial].title}. {'; '.join(steps)}."


def _listed(workflow: Workflow, names: frozenset[str]) -> str:
    titles = [state.title for name, state in workflow.states.items() if name in names]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} oder {titles[-1]}"


def _rows(title: str, limit: int = LABEL_CHARS) -> tuple[str, ...]:
    """The words of `title` in rows of about `limit` letters."""
    rows = [""]
    for word in title.split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > limit:
            rows.append(word)
        else:
            rows[-1] = f"{rows[-1]} {word}".strip()
    return tuple(rows)


def _width(rows: tuple[str, ...]) -> float:
    return max(len(row) for row in rows) * CHAR_WIDTH


def _loops(workflow: Workflow) -> dict[str, tuple[str, ...]]:
    """State → the words of the steps that stay in it."""
    found: dict[str, tuple[str, ...]] = {}
    for step in workflow.transitions.values():
        if step.target in step.sources:
            found[step.target] = (*found.get(step.target, ()), *_rows(step.title, LOOP_CHARS))
    return found


def _state_size(workflow: Workflow, name: str) -> tuple[float, float]:
    rows = _rows(workflow.states[name].title)
    return _width(rows) + 28, len(rows) * LINE_HEIGHT + 18


def _state_box(workflow: Workflow, name: str, loops: dict[str, tuple[str, ...]]) -> Box:
    width, height = _state_size(workflow, name)
    # A loop hangs at the right; room on both sides keeps the state in the middle of its box.
    words = loops.get(name, ())
    return Box(name, width + (2 * (LOOP + _width(words)) if words else 0), max(height, len(words) * LINE_HEIGHT + 4))


def _lines(workflow: Workflow) -> list[Line]:
    """One line for each pair of states, labelled with every step between them."""
    titles: dict[tuple[str, str], list[str]] = {}
    for step in workflow.transitions.values():
        for source in (name for name in workflow.states if name in step.sources and name != step.target):
            titles.setdefault((source, step.target), []).append(step.title)
    lines = []
    for (source, target), found in titles.items():
        rows = tuple(row for title in [*(f"{title}," for title in found[:-1]), found[-1]] for row in _rows(title))
        lines.append(Line(source, target, Box("\n".join(rows), _width(rows), len(rows) * LINE_HEIGHT + 4)))
    return lines


def _line(line: Line, chain: tuple[Box, ...], *, is_dashed: bool) -> str:
    """The road through the boxes of `chain`, open where the label stands, with its head at the end."""
    is_down = chain[0].y < chain[-1].y
    sign = 1 if is_down else -1
    points: list[tuple[float, float]] = [
        (_port(chain[0], chain[1], is_down=is_down), chain[0].y + sign * chain[0].height / 2)
    ]
    path = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for box, before in zip(chain[1:], chain, strict=False):
        is_end = box is chain[-1]
        x = _port(box, before, is_down=not is_down) if is_end else box.x
        y = box.y - sign * (box.height / 2 + (ARROW if is_end else 0))
        path.append(_curve(points[-1], (x, y)))
        points.append((x, y))
        if box.height and not is_end:
            points.append((x, box.y + sign * box.height / 2))
            path.append(f"M{points[-1][0]:.1f} {points[-1][1]:.1f}")
    x, y = points[-1]
    dashes = ' stroke-dasharray="5 4"' if is_dashed else ""
    head = f'<path d="M{x - 4:.1f} {y:.1f}h8l-4 {sign * ARROW}z" fill="currentColor" stroke="none"/>'
    return f'<path d="{"".join(path)}"{dashes}/>{head}{_text(line.label.x, line.label.y, line.label.key.splitlines())}'


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (start[1] + end[1]) / 2
    return f"C{start[0]:.1f} {middle:.1f} {end[0]:.1f} {middle:.1f} {end[0]:.1f} {end[1]:.1f}"


def _port(box: Box, other: Box, *, is_down: bool) -> float:
    """Where on the edge of a state the line to `other` is tied: side by side, in the order of the neighbours."""
    near = sorted(box.below if is_down else box.above, key=lambda one: one.x)
    place = next(index for index, one in enumerate(near) if one is other)
    room = min(60.0, box.width - 20)
    return box.x + room * ((place + 1) / (len(near) + 1) - 0.5)


def _state(workflow: Workflow, name: str, box: Box) -> str:
    width, height = _state_size(workflow, name)[0], box.height
    state = workflow.states[name]
    thick = ' stroke-width="2.6"' if name == workflow.initial else ""
    x, y = box.x - width / 2, box.y - height / 2
    inner = (
        f'<rect x="{x + 3:.1f}" y="{y + 3:.1f}" width="{width - 6:.1f}" height="{height - 6:.1f}" rx="4"/>'
        if state.is_final
        else ""
    )
    outer = f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="6"{thick}/>'
    return f"{outer}{inner}{_text(box.x, box.y, list(_rows(state.title)), is_bold=True)}"


def _loop(box: Box, workflow: Workflow, name: str, rows: tuple[str, ...]) -> str:
    width, _ = _state_size(workflow, name)
    x, y = box.x + width / 2, box.y
    head = f'<path d="M{x + ARROW:.1f} {y + 3:.1f}v8l-{ARROW} -4z" fill="currentColor" stroke="none"/>'
    words = _text(x + LOOP + _width(rows) / 2, y, list(rows))
    return f'<path d="M{x:.1f} {y - 7:.1f}h8c18 0 18 14 0 14h-{8 - ARROW}"/>{head}{words}'


def _text(x: float, y: float, rows: list[str], *, is_bold: bool = False) -> str:
    first = y - (len(rows) - 1) * LINE_HEIGHT / 2 + FONT * 0.36
    weight = ' font-weight="600"' if is_bold else ""
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{first + index * LINE_HEIGHT:.1f}">{escape(row)}</tspan>'
        for index, row in enumerate(rows)
    )
    return f'<text fill="currentColor" stroke="none" text-anchor="middle"{weight}>{spans}</text>'
