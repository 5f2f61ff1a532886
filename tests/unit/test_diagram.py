"""Pictures of workflows: complete, apart, readable without eyes, and fresh in the documents."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.catalogue import WORKFLOWS
from workflows.diagram import svg
from workflows.layout import Box, Line, lay_out

FOLDER = Path(__file__).parents[2] / "docs/workflows"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_the_picture_in_the_documents_is_the_one_that_is_drawn(workflow):
    words = "beschlussportal workflows diagram"
    assert (FOLDER / f"{workflow.name}.svg").read_text() == svg(workflow), f"stale: run {words}"


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_every_state_and_step_is_shown_and_told_in_words(workflow):
    root = ET.fromstring(svg(workflow))
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")] and workflow.title in title.text
    drawn = " ".join(" ".join(row.text for row in text) for text in root.iter(f"{SVG}text"))
    for step in workflow.transitions.values():
        assert f"„{step.title}“" in desc.text and step.title in drawn
    for state in workflow.states.values():
        assert state.title in desc.text and state.title in drawn


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_it_has_the_colours_of_the_page_and_needs_no_inline_style(workflow):
    text = svg(workflow)
    assert "style" not in text and "<script" not in text and "href" not in text
    assert set(re.findall(r'(?:fill|stroke)="([^"]+)"', text)) == {"none", "currentColor"}


@st.composite
def graphs(draw):
    """States in a row of which each is reached, with any lines between them."""
    count = draw(st.integers(2, 8))
    pairs = {(draw(st.integers(0, target - 1)), target) for target in range(1, count)}
    pairs |= draw(
        st.sets(
            st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1]),
            max_size=12,
        )
    )
    boxes = [Box(str(index), draw(st.floats(40, 160)), 30) for index in range(count)]
    lines = [
        Line(str(source), str(target), Box(f"{source}>{target}", draw(st.floats(20, 140)), 20))
        for source, target in sorted(pairs)
    ]
    return boxes, lines


@given(graphs())
def test_no_box_lies_on_another_and_every_line_leads_where_it_should(graph):
    boxes, lines = graph
    picture = lay_out(boxes, lines)
    shown = [*boxes, *(line.label for line in lines)]
    for one, other in combinations(shown, 2):
        assert (
            abs(one.x - other.x) >= (one.width + other.width) / 2
            or abs(one.y - other.y) >= (one.height + other.height) / 2
        )
    for line, chain in picture.chains:
        assert (chain[0].key, chain[-1].key) == (line.source, line.target) and line.label in chain
        steps = [later.layer - earlier.layer for earlier, later in pairwise(chain)]
        assert set(steps) in ({1}, {-1})
    for box in shown:
        assert box.x - box.width / 2 >= -0.01 and box.x + box.width / 2 <= picture.width + 0.01
        assert box.y - box.height / 2 >= -0.01 and box.y + box.height / 2 <= picture.height + 0.01
