"""What organisations, terms and pages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from content.schemas.parts import COMMON, LABEL
from content.schemas.reading import Field, line, list_of, markdown, required, slug, text, web_address

ORGANISATION: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Name"),
    "short": Field(line(80), "Kurzname", default=str),
    "organisation_kind": Field(LABEL, "Art", default=str),
    "website": Field(web_address, "Webseite"),
    "text": text("Text"),
    **COMMON,
}
TERM: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Begriff"),
    "abbreviation": Field(line(40), "Abkürzung"),
    "synonyms": list_of(LABEL, "Andere Wörter"),
    "text": required(markdown(), "Die Erklärung"),
    "source": Field(line(), "Quelle"),
    **COMMON,
}
PAGE: Final[Mapping[str, Field]] = {
    "slug": required(slug, "Der Adressteil"),
    "title": required(line(), "Der Titel"),
    "text": required(markdown(), "Der Text"),
    **COMMON,
}
