"""Outlines: every move keeps every section and what is below it, and the numbers have no gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.schemas.reports import MAX_LEVEL
from content.text.outline import MOVES, Node, block, moved, numbers, parents, placed, tidy

OUTLINES = st.lists(st.integers(-1, 7), min_size=1, max_size=12).map(
    lambda levels: tidy([Node(str(place), level) for place, level in enumerate(levels)])
)


def _is_tidy(nodes):
    before = 0
    for node in nodes:
        assert 1 <= node.level <= min(before + 1, MAX_LEVEL)
        before = node.level


@given(OUTLINES, st.data())
def test_every_move_keeps_all_sections_and_what_is_below_the_one_moved(nodes, data):
    index = data.draw(st.integers(0, len(nodes) - 1))
    uid, way = nodes[index].uid, data.draw(st.sampled_from(sorted(MOVES)))
    after = moved(nodes, uid, way)
    _is_tidy(after)
    assert sorted(node.uid for node in after) == sorted(node.uid for node in nodes)
    below = [node.uid for node in nodes[index : block(nodes, index)]]
    place = [node.uid for node in after].index(uid)
    assert [node.uid for node in after[place : place + len(below)]] == below


@given(OUTLINES, st.data())
def test_down_undoes_up(nodes, data):
    uid = data.draw(st.sampled_from(nodes)).uid
    up = moved(nodes, uid, "up")
    assert up == nodes or moved(up, uid, "down") == nodes


@given(OUTLINES, st.data())
def test_a_section_can_be_dropped_behind_any_other(nodes, data):
    uid, after = data.draw(st.sampled_from(nodes)).uid, data.draw(st.sampled_from(["", *(node.uid for node in nodes)]))
    result = placed(nodes, uid, after, data.draw(st.integers(0, 9)))
    _is_tidy(result)
    assert sorted(node.uid for node in result) == sorted(node.uid for node in nodes)
    order = [node.uid for node in result]
    index = [node.uid for node in nodes].index(uid)
    if after not in [node.uid for node in nodes[index : block(nodes, index)]]:
        assert order[order.index(uid) - 1] == after if after else order[0] == uid


@given(OUTLINES)
def test_numbers_are_those_of_the_order(nodes):
    found = numbers(nodes)
    assert len(set(found)) == len(nodes)
    assert sorted(found, key=lambda number: [int(part) for part in number.split(".")]) == list(found)
    by_uid = dict(zip([node.uid for node in nodes], found, strict=True))
    for node, above in zip(nodes, parents(nodes), strict=True):
        assert by_uid[node.uid].rpartition(".")[0] == (by_uid[above] if above else "")


def test_an_example_reads_as_expected():
    nodes = [Node("a", 1), Node("b", 2), Node("c", 2), Node("d", 1)]
    assert numbers(nodes) == ("1", "1.1", "1.2", "2")
    assert moved(nodes, "d", "up") == (Node("d", 1), Node("a", 1), Node("b", 2), Node("c", 2))
    assert moved(nodes, "d", "in")[-1] == Node("d", 2)
    assert moved(nodes, "a", "in") == tuple(nodes)
    assert placed(nodes, "a", "d", 2) == (Node("d", 1), Node("a", 2), Node("b", 3), Node("c", 3))
    with pytest.raises(KeyError):
        moved(nodes, "x", "up")
