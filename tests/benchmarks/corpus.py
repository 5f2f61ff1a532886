"""Many editions out of the sentences of the example content, put straight into the database: for measuring only.

All belong to one item, so that no import has to be waited for; search and lists see them as they see any edition.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from content import models
from content.house import House
from content.services.exchange import exchange

EXAMPLES = Path(exchange.__file__).parents[1] / "examples"
TOPICS = [f"Thema {number}" for number in range(60)]
ADDRESSEES = [f"Land {number}" for number in range(17)]


def sentences() -> list[str]:
    found: list[str] = []
    for path in sorted(EXAMPLES.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            for text in (row.get("text") or "", row.get("lead") or ""):
                parts = (
                    re.sub(r"^\s*(\d+\.|[a-z]\))\s*", "", part).strip("* #")
                    for part in re.split(r"(?<=[.;:])\s+|\n+", text)
                )
                found += [part for part in parts if 30 < len(part) < 400]
    return list(dict.fromkeys(found))


def editions(size: int, item_id: int) -> Iterator[dict[str, Any]]:
    """Rows of the table `edition`, the same ones every time."""
    chance, known = random.Random(1), sentences()
    for number in range(1, size + 1):
        year = 1986 + number % 40
        name = f"{year}/{number // 40 + 1:02d}"
        title = " ".join(" ".join(chance.sample(known, 2)).split()[: chance.randrange(3, 9)])
        texts = [chance.choice(known) for _ in range(chance.randrange(3, 8))]
        texts[0] += f" Vorhaben{chance.randrange(size)}"
        clauses = [
            {
                "anchor": f"z{row}",
                "label": f"Ziffer {row}",
                "text": text,
                "path": [str(row)],
                "kind": "decides",
                "addressees": chance.sample(ADDRESSEES, 1),
                "due": None,
            }
            for row, text in enumerate(texts, start=1)
        ]
        data = {"number": name, "year": year, "clauses": clauses, "topics": chance.sample(TOPICS, 2)}
        day = dt.date(year, chance.randrange(1, 13), chance.randrange(1, 28))
        moment = dt.datetime.combine(day, dt.time(9), dt.UTC)
        document = json.dumps({"data": data, "text": "\n\n".join(texts), "html": "", "title": title})
        yield {
            "id": number,
            "item_id": item_id,
            "number": number,
            "kind": "decision",
            "subkind": "",
            "url": f"/beschluss/{name}",
            "title": title,
            "sort_title": title[:200],
            "header": [str(day), f"Beschluss {name}"],
            "body_slug": "it-planungsrat" if number % 3 else "al-runde",
            "year": year,
            "serial": number,
            "date": day,
            "sort_date": day,
            "meeting_url": f"/sitzung/{year - 1985}",
            "summary": texts[0][:200],
            "sha256": hashlib.sha256(document.encode()).hexdigest(),
            "act": "publish",
            "note": None,
            "recorded_at": moment,
            "valid_from": moment,
            "valid_until": None,
            "is_withdrawn": False,
            "position": number,
            "item_rev": 1,
            "document": document,
        }


def fill(house: House, size: int) -> None:
    """Put the editions in, and build the index."""
    (house.data / "body.jsonl").write_text(
        json.dumps({"type": "body", "slug": "it-planungsrat", "name": "IT-Planungsrat", "number_pattern": "YYYY/NN"})
    )
    with house.writing("benchmark") as work:
        exchange.Importer(work.desk, is_publishing=False).read([house.data / "body.jsonl"])
        item_id = work.session.scalar(sa.select(models.Item.id))
    assert item_id is not None
    rows = editions(size, item_id)
    with house.engine.begin() as connection:
        while chunk := list(itertools.islice(rows, 1000)):
            connection.execute(sa.insert(models.Edition.__table__), chunk)
    house.rebuild_search(lambda _: None)
