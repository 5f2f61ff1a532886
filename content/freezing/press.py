"""Press releases and notes as editions freeze them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from content import models
from content.freezing.common import (
    Frozen,
    attachments_of,
    contact_data,
    frozen,
    german_day,
    heading,
    iso,
    meeting_link,
    picked_contacts,
)
from content.freezing.linked import shown_meeting
from content.kinds import KINDS
from content.services.editing import pictures
from content.text import markup


def freeze_press(item: models.Item, today: dt.date) -> Frozen:
    assert isinstance(item, models.PressRelease)  # noqa: S101 - see above
    sections = [
        {
            "anchor": f"a{row.position}",
            "heading": row.heading,
            "text": markup.to_text(row.text),
            "html": markup.to_html(row.text),
        }
        for row in item.sections
    ]
    meeting = meeting_link(item.meeting)
    data: dict[str, Any] = {
        "release_kind": item.release_kind,
        "publisher": item.publisher,
        "date": iso(item.date),
        "meeting": meeting,
        "lead": item.lead,
        "sections": sections,
        "quotes": [{"text": row.text, "speaker": row.speaker, "function": row.function} for row in item.quotes],
        "image": _image_data(item.image),
        "contacts": [*picked_contacts(item), *(contact_data(row.contact) for row in item.contacts)],
        "decisions": [row.target_url for row in item.references],
        "source_url": item.source_url,
        "text_kind": item.text_kind,
        "attachments": attachments_of(item),
    }
    quotes = [f"{row.speaker}: {row.text}" for row in item.quotes if row.text]
    parts = [
        item.lead or "",
        markup.to_text(item.text),
        *(f"{section['heading'] or ''}\n{section['text']}".strip() for section in sections),
        *quotes,
    ]
    html = "".join(
        [
            markup.to_html(item.text),
            *(
                f'<section id="{section["anchor"]}">{heading(section["heading"])}{section["html"]}</section>'
                for section in sections
            ),
        ]
    )
    return frozen(
        item,
        today,
        text="\n\n".join(part for part in parts if part),
        html=html,
        data=data,
        header=(
            KINDS["press_release"].subkinds[item.release_kind],
            german_day(item.date) if item.date else None,
            item.publisher,
            meeting["label"] if meeting else None,
        ),
        date=item.date,
        sort_date=item.date or (shown_meeting(item.meeting).date if item.meeting else None),
        subkind=item.release_kind,
        meeting_url=item.meeting.url if item.meeting else "",
    )


def _image_data(image: models.Image | None) -> dict[str, Any] | None:
    if image is None:
        return None
    variants = [dict(row) for row in pictures.variants(image.file, image.file_name)]
    return {
        "file_name": image.file_name,
        "sha256": image.sha256,
        "media_type": image.file.media_type if image.file else None,
        "width": image.file.width if image.file else None,
        "height": image.file.height if image.file else None,
        "alt": image.alt,
        "caption": image.caption,
        "credit": image.credit,
        # Pictures taken before there were sizes have none: what was frozen of them stays as it is.
        **({"variants": variants} if variants else {}),
    }
