"""PDF and press kits of what was just published, made before anybody asks. It runs beside the clock, in one process of all.

The typesetter does the work, at its own pace and behind whoever waits; here it is only told what. After a long import only the
newest are made ahead; the others are made when somebody asks for them.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from content import models
from content.export import typesetting
from content.export.typesetting import Order
from content.helpers.helper import helper
from content.house import House
from content.kinds import KINDS
from content.services.browsing import rows
from content.services.browsing.browse import Reader
from content.services.implementation import orders
from content.services.publishing import ledger
from portal.background.clock import leading

log = logging.getLogger(__name__)
EVERY_S: Final = 1.0
MOST: Final = 500
"""So many editions are made ahead at once, the newest."""
LOCK: Final = "ahead.lock"


class Ahead:
    """What is made ahead for one house. `base_url` stands in the files."""

    def __init__(self, house: House, base_url: str) -> None:
        self._house = house
        self._base_url = base_url
        with house.reading() as connection:
            self._position = ledger.position(connection)
        self._waiting: list[str] = []

    def look(self) -> int:
        """Order what was published since the last look, and what found no place in the queue then; how many files."""
        with self._house.reading() as connection:
            position = ledger.position(connection)
            if position != self._position:
                self._waiting = [*dict.fromkeys([*self._waiting, *_published(connection, self._position)])][-MOST:]
                self._position = position
            reader = Reader(connection)
            count = 0
            while self._waiting:
                found = list(_orders(self._house, reader, self._waiting[-1], self._base_url))
                if not all(map(self._house.made.make_ahead, found)):
                    break  # the queue is full
                self._waiting.pop()
                count += len(found)
        return count


def _published(connection: sa.Connection, position: int) -> list[str]:
    """Addresses of the editions that came after `position` and are public, oldest first."""
    edition = models.Edition.__table__.c
    statement = (
        sa.select(edition.url)
        .where(edition.position > position, edition.valid_until.is_(None), edition.is_withdrawn.is_(False))
        .order_by(edition.position.desc())
        .limit(MOST)
    )
    return [row.url for row in reversed(connection.execute(statement).all())]


def _orders(house: House, reader: Reader, url: str, base_url: str) -> Iterator[Order]:
    found = reader.document(url)
    if found is None:  # withdrawn meanwhile
        return
    text, proof = found
    document = json.loads(text)
    pdf = orders.pdf(house, text, typesetting.proof_of(proof), base_url=base_url)
    if KINDS[document["kind"]].has_kit:
        yield orders.kit(house, pdf, reader.links(rows.named_addresses(document["data"])), proof.valid_from)
    else:
        yield pdf


def start(house: House, base_url: str) -> threading.Event:
    """Make ahead in a thread of this process until the event is set."""
    stop = threading.Event()

    def run() -> None:
        helper("typesetter").warm()
        while not stop.wait(EVERY_S):
            try:
                with leading(house.data, LOCK) as is_leader:
                    ahead = Ahead(house, base_url) if is_leader else None
                    while ahead is not None and not stop.wait(EVERY_S):
                        ahead.look()
            except Exception:
                log.exception("making ahead stumbled; goes on")

    threading.Thread(target=run, name="ahead", daemon=True).start()
    return stop
