"""What the documents promise is what the program does."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from content import schemas
from content.house import House
from content.kinds import KINDS
from content.schemas import SCHEMAS, Field, Reader
from portal import settings
from portal.commands import cli
from workflows.rights_table import as_markdown

DOCS = Path(__file__).parents[2] / "docs"
EXCHANGE = DOCS / "austausch.md"
MARK = "<!-- ab hier erzeugt: UPDATE_DOCS=1 python -m pytest tests/unit/test_docs.py -->"
SHAPES = {
    "line": "Text, höchstens {limit} Zeichen",
    "markdown": "Markdown, höchstens {limit} Zeichen",
    "day": "Tag (JJJJ-MM-TT)",
    "whole": "ganze Zahl",
    "slug": "Adressteil",
    "web_address": "Webadresse",
    "own_address": "Adresse im Portal",
    "link": "Adresse im Portal, auch mit Stelle (`/beschluss/2021/39#z2`)",
    "shares": "Jahr → Prozent",
    "pick": "Schlüssel eines Kontakts im Verzeichnis",
    "list": "Liste",
    "record": "Objekt",
}


def _shape(reader: Reader) -> str:
    if reader.shape == "choice":
        return "eines von " + ", ".join(f"`{code}`" for code in reader.choices)
    if reader.shape == "list":
        assert reader.one is not None
        return f"Liste: {_shape(reader.one)}"
    words = SHAPES[reader.shape].format(limit=reader.limit)
    return f"{words}. {reader.hint}" if reader.hint and reader.shape in {"line", "whole"} else words


def _rows(fields: Mapping[str, Field], prefix: str = "") -> Iterator[str]:
    for name, spec in fields.items():
        needed = "ja" if spec.is_required else ""
        yield f"| `{prefix}{name}` | {spec.label.removeprefix('Der ').removeprefix('Die ').removeprefix('Das ')} | {needed} | {_shape(spec.read)} |"
        inner = spec.read.one or spec.read
        if inner.shape == "record":
            yield from _rows(inner.fields, f"{prefix}{name}{'[]' if spec.read.one else ''}.")


def _tables() -> str:
    parts = []
    for kind, rule in KINDS.items():
        parts += [
            f"## `{kind}` – {rule.label}",
            "| Feld | Bedeutung | nötig | Form |",
            "|---|---|---|---|",
            *_rows(SCHEMAS[kind]),
            "",
        ]
    return "\n".join(parts)


def test_exchange_format_is_documented_field_by_field():
    head = EXCHANGE.read_text().split(MARK)[0]
    fresh = f"{head}{MARK}\n\n{_tables()}"
    if os.environ.get("UPDATE_DOCS"):
        EXCHANGE.write_text(fresh)
    assert EXCHANGE.read_text() == fresh


def test_the_example_in_the_exchange_document_can_be_imported():
    lines = re.findall(r"```json\n(.*?)```", EXCHANGE.read_text(), re.DOTALL)[0].strip().splitlines()
    assert len(lines) >= 3
    for text in lines:
        given = json.loads(text)
        schemas.clean_item(given.pop("type"), given)


def test_the_rights_are_documented_as_they_are_decided():
    if os.environ.get("UPDATE_DOCS"):
        (DOCS / "rechte.md").write_text(as_markdown())
    assert (DOCS / "rechte.md").read_text() == as_markdown(), (
        "write it anew: beschlussportal workflows rights > docs/rechte.md"
    )


def test_settings_table_names_every_setting_with_its_default():
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (DOCS / "betrieb.md").read_text(), re.MULTILINE))
    assert set(table) == {rule.variable for rule in settings.RULES}
    assert all(not rule.default or table[rule.variable] == f"`{rule.default}`" for rule in settings.RULES)


def test_every_command_is_explained_to_operators():
    text = (DOCS / "betrieb.md").read_text()
    names = next(action.choices for action in cli.make_parser()._actions if action.dest == "command")
    assert [name for name in names if f"`{name}" not in text and f"beschlussportal {name}" not in text] == []


@pytest.fixture
def published(example_data: Path) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    house = House.open(example_data)
    with house.reading() as connection:
        rows = connection.execute(sa.text("SELECT kind, document FROM edition")).all()
    yield [(row.kind, json.loads(row.document)) for row in rows]
    house.close()


def test_every_field_of_every_edition_is_documented(published):
    text = (DOCS / "editionen.md").read_text()
    known = set(re.findall(r"`([a-z_0-9]+)`", text))

    def names(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if not name.isdigit():
                    yield name
                yield from names(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)

    used = {name for _, document in published for name in names(document)}
    assert len(used) > 80
    assert used - known == set()
    assert {kind for kind, _ in published} <= known
