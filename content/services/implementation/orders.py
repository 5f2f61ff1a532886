"""What the typesetter makes of a document: the orders of PDF and press kit, and those of all that was published lately."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from content import reading
from content.database.storage import clean_file_name
from content.export import typesetting
from content.export.typesetting import KitPart, LedgerProof, Order
from content.proof.ledger import instant

if TYPE_CHECKING:
    from content.house import House


def pdf(house: House, document: str, proof: LedgerProof, *, base_url: str) -> Order:
    """The PDF of an edition document (JSON)."""
    figures = json.loads(document)["data"].get("figures", ())
    pictures = {figure["sha256"]: house.files.path(figure["sha256"]) for figure in figures}
    return typesetting.pdf_order(document, proof, base_url=base_url, pictures=pictures)


def kit(
    house: House, pdf: Order, linked: Mapping[str, reading.Link], made_at: dt.datetime, *, embargo: str = ""
) -> Order:
    """The press kit of the document that `pdf` shows, with the files that it shows."""
    data = json.loads(pdf.data["document"])["data"]
    image = data.get("image")
    shown = [("anlagen", row) for row in data.get("attachments", ())] + ([("bilder", image)] if image else [])
    parts = [
        KitPart(f"{folder}/{clean_file_name(row['file_name'])}", row["sha256"], house.files.path(row["sha256"]))
        for folder, row in shown
        if row.get("sha256")
    ]
    return typesetting.kit_order(pdf, parts, linked, made_at=instant(made_at), embargo=embargo)
