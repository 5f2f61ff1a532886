"""The visual editor reads and writes the portal's Markdown without loss: what it cannot show it does not touch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from content.text import markup
from portal.commands.assets import node_command

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "content" / "examples"


@pytest.fixture(scope="module")
def ask():
    with subprocess.Popen(
        [*node_command(), str(HERE / "editor_bridge.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:

        def answer(**question):
            node.stdin.write(json.dumps(question) + "\n")
            node.stdin.flush()
            return json.loads(node.stdout.readline())

        yield answer
        node.stdin.close()
        node.wait(timeout=20)


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

PIECES = st.sampled_from(
    [
        "Wort",
        "ä ß",
        " ",
        " ",
        "\n",
        "\n\n",
        "\n\n",
        "- ",
        "* ",
        "1. ",
        "    ",
        "**",
        "*",
        "_",
        "`",
        "# ",
        "> ",
        "[x](https://a.example)",
        "[^1]",
        "[^1]: Note",
        "[](#a3)",
        "![Bild](/datei/x)",
        f'![Ein \\[Feld\\]](/datei/{"a" * 64}/x.png "Unten | Nachweis")',
        f"![B](/datei/{'b' * 64}/y.jpg)",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "<b>",
        "&amp;",
        "&",
        "<",
        "\\",
        "---",
        "```",
        "  \n",
        "[r]: /x",
        "~",
        "https://a.example",
        "!",
        "^",
        "\t",
    ]
)


@quick
@given(text=st.lists(PIECES, max_size=14).map("".join))
def test_a_text_comes_back_letter_by_letter_or_stays_in_the_text_area(ask, text):
    found = ask(text=text)
    assert found["written"] == text if found["isShown"] else found["written"] is None


@quick
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_so_does_any_text_at_all(ask, text):
    found = ask(text=text)
    assert not found["isShown"] or found["written"] == text


WORDS = st.lists(
    st.sampled_from(
        [
            "Haus",
            "Maß",
            "2021/39",
            "a_b",
            "*",
            "_",
            "[x]",
            "1.",
            "-",
            "#",
            ">",
            "<b>",
            "&amp;",
            "\\",
            "`",
            "!",
            "~",
            "(",
            ")",
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)
MARKS = st.sampled_from(
    [
        [],
        [],
        [{"type": "strong"}],
        [{"type": "em"}],
        [{"type": "link", "attrs": {"href": "https://a.example/b", "title": None}}],
    ]
)


def _inline():
    word = st.builds(
        lambda text, marks: {"type": "text", "text": text, **({"marks": marks} if marks else {})}, WORDS, MARKS
    )
    atom = st.sampled_from([{"type": "note", "attrs": {"name": "1"}}, {"type": "reference", "attrs": {"anchor": "a3"}}])
    # Pieces are set apart by plain words, as people write: marks that touch are another story, told by the test before.
    return st.lists(st.one_of(word, atom), min_size=1, max_size=4).map(
        lambda rows: (
            [part for row in rows for part in (row, {"type": "text", "text": " und "})]
            + [{"type": "text", "text": "Schluss"}]
        )
    )


PARAGRAPH = st.builds(lambda content: {"type": "paragraph", "content": content}, _inline())
HEADING = st.builds(
    lambda level, content: {"type": "heading", "attrs": {"level": level}, "content": content},
    st.integers(1, 4),
    _inline(),
)
ITEM = st.builds(lambda content: {"type": "list_item", "content": [content]}, PARAGRAPH)
LISTS = st.one_of(
    st.builds(
        lambda items: {"type": "bullet_list", "attrs": {"tight": True, "bullet": "-"}, "content": items},
        st.lists(ITEM, min_size=1, max_size=3),
    ),
    st.builds(
        lambda items, order: {"type": "ordered_list", "attrs": {"tight": True, "order": order}, "content": items},
        st.lists(ITEM, min_size=1, max_size=3),
        st.integers(1, 20),
    ),
)
QUOTE = st.builds(lambda content: {"type": "blockquote", "content": [content]}, PARAGRAPH)
CELLS = st.one_of(st.just([]), _inline())


def _table(size, draw_cells):
    def row(kind, number):
        cells = [draw_cells[number * size + column] for column in range(size)]
        return {
            "type": "table_row",
            "content": [
                {"type": kind, "attrs": PLAIN, **({"content": content} if content else {})} for content in cells
            ],
        }

    return {
        "type": "table",
        "content": [
            row("table_header" if number == 0 else "table_cell", number) for number in range(len(draw_cells) // size)
        ],
    }


PLAIN = {"colspan": 1, "rowspan": 1, "colwidth": None, "align": None}
TABLE = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda sizes: st.lists(CELLS, min_size=sizes[0] * sizes[1], max_size=sizes[0] * sizes[1]).map(
        lambda cells: _table(sizes[0], cells)
    )
)
DOCUMENTS = st.lists(st.one_of(PARAGRAPH, HEADING, LISTS, QUOTE, TABLE), min_size=1, max_size=4).map(
    lambda blocks: {"type": "doc", "content": blocks}
)


def _words(node):
    return node.get("text", "") + "".join(_words(part) for part in node.get("content", []))


@quick
@given(doc=DOCUMENTS)
def test_what_was_written_visually_reads_the_same_again(ask, doc):
    found = ask(doc=doc)
    assert found["again"] == found["doc"]


@quick
@given(doc=DOCUMENTS)
def test_readers_see_every_word_that_was_written_visually(ask, doc):
    shown = "".join(markup.to_text(ask(doc=doc)["written"]).split())
    for word in ("Haus", "Maß", "2021/39", "a_b", "Schluss", "<b>"):
        assert shown.count(word) >= "".join(_words(doc).split()).count(word)


CELL = st.lists(
    st.sampled_from(
        ["Haus", "ä", "**fett**", "*", "\\|", "`a`", "`a\\|b`", "[x](/y)", "[^1]", "&amp;", "1", ":", "-", "_", " "]
    ),
    max_size=4,
).map("".join)
ROWS = st.tuples(
    st.booleans(),
    st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=3),
    st.sampled_from(["|---|:-:|", "---|---", "| -- | -: |", "|-|-|-|"]),
)


def _source(rows):
    has_bars, cells, rule = rows
    lines = ["| " + " | ".join(row) + " |" if has_bars else "|".join(row) for row in cells]
    return "\n".join([lines[0], rule, *lines[1:]])


@quick
@given(rows=ROWS)
@example(
    rows=(False, [["Haus", "Haus"], ["", "Haus"]], "---|---")
)  # the empty first cell was lost, and the word moved into it
@example(rows=(False, [["Haus", ""], ["", "Haus"]], "---|---"))
def test_words_typed_in_a_table_of_any_look_stand_in_its_cells_and_nothing_else_changes(ask, rows):
    text = _source(rows)
    found = ask(text=text)
    assert found["isShown"] and found["written"] == text
    if not found["raw"] and markup.to_html(text).startswith("<table"):
        before, after = markup.to_html(text), markup.to_html(ask(text=text, typed="Neu")["written"])
        assert after.replace("Neu", "") == before


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("Ein **fetter** Text[^1], siehe [](#a3).\n\n[^1]: Quelle", 0),
        ("- a\n- b\n    - c\n\n1. x\n2. y", 0),
        ("> Zitat\n> mehr", 0),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 0),
        ("a|b\n:-|-:\n**1**|[^1]", 0),
        ("|a|\n|-|\n|1|2|", 1),
        ("|a|b|\n|-|-|\n|`x|y`|", 1),
        ("| a\n|---\n| <b>1</b>", 1),
        ("<b>x</b>", 1),
        ("![Bild](/datei/x)", 1),
        ("```\ncode\n\nmehr\n```", 2),
        ("[x]: /y", 1),
    ],
)
def test_known_forms_are_shown_as_what_they_mean_and_others_as_their_source(ask, text, raw):
    assert ask(text=text) == {"isShown": True, "written": text, "raw": raw}


@pytest.mark.parametrize("text", ["\n\na", "a\n\n", " \n\na"])
def test_blank_beginnings_and_ends_stay_in_the_text_area(ask, text):
    assert not ask(text=text)["isShown"]


def test_every_section_of_the_example_report_is_shown_without_source(ask):
    for line in (EXAMPLES / "60-reports.jsonl").read_text().splitlines():
        for section in json.loads(line)["sections"]:
            assert ask(text=section["text"])["isShown"]
