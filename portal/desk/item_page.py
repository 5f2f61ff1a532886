"""The page of an item as HTML, for the public and for the preview at the desk: one road, so that both are the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup
from pyramid.request import Request

from content import models, reading
from content.council.laender import LAENDER
from content.council.requirements import FULFILMENT, LEVELS
from content.export import citation
from content.house import Work
from content.kinds import KINDS
from content.schemas import InvalidInput
from content.schemas.market import MODELS
from content.services.browsing import compared, market, number_gaps
from content.services.browsing.browse import Reader
from content.services.reports import report_reading
from content.services.workflow import unpublished

Extras = Callable[[Reader, reading.ItemPage], Mapping[str, Any]]


def _report(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Where its recommendations stand."""
    return {"rows": report_reading.recommendations(reader, page)}


def _market_item(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Its offers."""
    return {"offers": market.offers_of(reader, page.url), "money": compared.money, "models": MODELS}


def _offer(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Its facts, its requirements, and the other offers of the same item."""
    return {
        "facts": compared.facts(page.data),
        "levels": LEVELS,
        "fulfilment": FULFILMENT,
        "laender": LAENDER,
        "others": [row for row in market.offers_of(reader, page.data["market_item"]) if row.url != page.url],
    }


def _meeting(reader: Reader, page: reading.ItemPage) -> Mapping[str, Any]:
    """Numbers between those of its decisions that nothing public bears."""
    return {"missing_numbers": number_gaps.of_meeting(reader, page.url)}


EXTRAS: Final[Mapping[str, Extras]] = {
    "meeting": _meeting,
    "market_item": _market_item,
    "offer": _offer,
    "report": _report,
}
"""Kind → what its template shows beside the item."""


def template_values(reader: Reader, page: reading.ItemPage, base_url: str) -> dict[str, Any]:
    """Everything that the template of `page` is rendered with, as `render` and `body_of` take it."""
    meta = citation.html_meta(
        kind=page.kind,
        title=page.title,
        url=page.url,
        data=page.data,
        base_url=base_url,
        valid_from=page.proof.valid_from,
    )
    extras = EXTRAS.get(page.kind)
    return {
        "template": f"public/{KINDS[page.kind].template}",
        "title": title_of(page),
        "page": page,
        "description": meta.description,
        # What is not public tells search engines and citation managers nothing.
        "meta": () if page.is_preview else meta.tags,
        "json_ld": "" if page.is_preview else meta.json_ld,
        **(extras(reader, page) if extras else {}),
    }


def article(request: Request, reader: Reader, page: reading.ItemPage, *, files: str) -> Markup:
    """The page without its frame, for the desk; what the public has no address for yet is fetched below the address `files`."""
    values = template_values(reader, page, request.registry.settings["portal.settings"].base_url)
    template = request.registry.templates.get_template(values["template"])
    html: str = template.render(**values | {"stand": None, "frame": "layout/article.html"})
    if page.is_preview:
        html = _FILES.sub(rf"\g<before>{files}\g<address>", html)
    return Markup(html)  # noqa: S704 - our own templates escape


def sheet(request: Request, work: Work, item: models.Item) -> Markup:
    """The article that is public, or that the next step would make public: who decides reads what is decided on."""
    if not unpublished.can_be_shown(item):
        return Markup("")
    reader = Reader(work.session.connection())
    try:
        shown = (
            reader.page(item.url)
            if unpublished.is_public_text(work.desk, item)
            else unpublished.page_of(work.desk, item)
        )
    except InvalidInput as invalid:
        return Markup(
            '<p class="notice">Der Text lässt sich nicht zeigen: {} Ändern lässt er sich unter „Bearbeiten“.</p>'
        ).format(" ".join(error.message for error in invalid.errors))
    return article(request, reader, shown, files=f"/redaktion/eintrag/{item.id}") if shown is not None else Markup("")


_FILES: Final = re.compile(r"""(?P<before>["\s,])(?P<address>/datei/[0-9a-f]{64}/)""")


def title_of(page: reading.ItemPage) -> str:
    """What a browser names the page; a decision is named with its number."""
    if page.kind == "decision":
        label = page.header[-1]
        return page.title if page.title.startswith(label) else f"{label}: {page.title}"
    return page.title
