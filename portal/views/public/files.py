"""Files: attachments, pictures, PDF, edition documents, citations, and the small files that sites have."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config

from content import reading
from content.database.db import is_away, is_busy
from content.database.storage import IMAGE_TYPES, clean_file_name
from content.export import citation, typesetting
from content.kinds import KINDS
from content.search.interface import IndexDamaged
from content.services.browsing import following, rows
from content.services.implementation import orders
from content.typed.berlin import BERLIN
from portal.views.public.public import _edition, _missing
from portal.web.cache import ASK_EACH_TIME, ASKED, CACHEABLE, FOR_EVER
from portal.web.common import item_address, parameter, render
from portal.web.position import Away
from portal.web.shares import RETRY_AFTER_S

INLINE: Final = frozenset({"application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain"})
ONE_YEAR_S: Final = 31_536_000
FIXED: Final = f"public, max-age={ONE_YEAR_S}, immutable, s-maxage=0, proxy-revalidate"
"""A picture on its way to one reader stays with that reader; a cache that serves many asks each time."""
ONE_DAY_S: Final = 86_400
A_DAY: Final = f"public, max-age={ONE_DAY_S}"
SCARCE_BYTES: Final = 50_000_000
"""With less free than this, the next large upload fails."""
STATIC: Final = Path(__file__).parents[2] / "static"


@view_config(route_name="file")
def file(request: Request) -> Response:
    """A public file by its hash; the name is for people and may be any."""
    sha256 = request.matchdict["sha256"]
    row = request.reader.file(sha256)
    path = request.registry.house.files.path(sha256)
    if row is None or not path.exists():
        raise HTTPNotFound
    response = FileResponse(str(path), request=request, content_type=row.media_type)
    how = "inline" if row.media_type in INLINE else "attachment"
    response.headers["Content-Disposition"] = disposition(how, row.file_name)
    # The address names the content, but what was withdrawn must be gone at once: shared caches have to ask.
    response.cache_control = FIXED if row.media_type in IMAGE_TYPES else "public, max-age=0, must-revalidate"
    response.etag = sha256
    response.conditional_response = True
    return response


def disposition(how: str, file_name: str) -> str:
    """Content-Disposition with a name that survives every browser (RFC 6266)."""
    name = clean_file_name(file_name)
    plain = name.encode("ascii", "ignore").decode() or "datei"
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def edition_json(request: Request) -> Response:
    """The edition document, byte for byte what the ledger's hash is over."""
    document, proof = _document(request)
    response = Response(document.encode(), content_type="application/json", charset="utf-8")
    response.headers["X-Edition-Sha256"] = proof.sha256
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response


def edition_pdf(request: Request) -> Response:
    """The edition as PDF; made at its publication, and kept."""
    document, proof = _document(request)
    path = request.registry.house.made.get(pdf_of(request, document, typesetting.proof_of(proof)))
    response = FileResponse(str(path), request=request, content_type="application/pdf")
    name = item_address(request).strip("/").replace("/", "-") + ".pdf"
    response.headers["Content-Disposition"] = disposition("inline", name)
    response.cache_control = "public, max-age=0, must-revalidate"
    response.etag = f"{proof.entry_hash[:32]}-{typesetting.LAYOUT_VERSION}"
    response.conditional_response = True
    return response


def pdf_of(request: Request, document: str, proof: typesetting.LedgerProof) -> typesetting.Order:
    """The order of the PDF of a document (JSON)."""
    return orders.pdf(request.registry.house, document, proof, base_url=_base_url(request))


@view_config(route_name="kit.press_release")
def press_kit(request: Request) -> Response:
    """The press kit of a release: the same bytes as long as nothing is published that it names."""
    text, proof = _document(request)
    pdf = pdf_of(request, text, typesetting.proof_of(proof))
    linked = request.reader.links(rows.named_addresses(json.loads(text)["data"]))
    response = kit_response(
        request,
        orders.kit(request.registry.house, pdf, linked, proof.valid_from),
        item_address(request).rsplit("/", 1)[-1],
    )
    response.cache_control = "public, max-age=0, must-revalidate"
    response.conditional_response = True
    return response


def kit_response(request: Request, order: typesetting.Order, stem: str) -> Response:
    """A kit as a download."""
    path = request.registry.house.made.get(order)
    response = FileResponse(str(path), request=request, content_type="application/zip")
    response.last_modified = None
    response.etag = order.name[:32]
    response.headers["Content-Disposition"] = disposition("attachment", f"pressemappe-{stem}.zip")
    return response


def _base_url(request: Request) -> str:
    return str(request.registry.settings["portal.settings"].base_url)


def _document(request: Request) -> tuple[str, reading.Proof]:
    url = item_address(request)
    found: tuple[str, reading.Proof] | None = request.reader.document(url, edition=_edition(request))
    if found is None:
        raise _missing(request, url)
    return found


_FORMATS: Final = {
    "bibtex": ("application/x-bibtex", "bib"),
    "ris": ("application/x-research-info-systems", "ris"),
    "plain": ("text/plain", "txt"),
}


def citation_file(request: Request) -> Response:
    """The citation in the format that the route names."""
    name = request.matched_route.name.split(".", 1)[0]
    document, _ = _document(request)
    media_type, ending = _FORMATS[name]
    text = _citations(request, json.loads(document))[name]
    response = Response(text.encode(), content_type=media_type, charset="utf-8")
    stem = item_address(request).strip("/").replace("/", "-")
    response.headers["Content-Disposition"] = disposition("attachment", f"{stem}.{ending}")
    response.headers[CACHEABLE] = ASK_EACH_TIME
    return response


def _citations(request: Request, document: dict[str, Any]) -> dict[str, str]:
    base_url = request.registry.settings["portal.settings"].base_url
    today = dt.datetime.now(BERLIN).date()
    return {
        "plain": citation.plain(document, base_url=base_url, accessed=today),
        "bibtex": citation.bibtex(document, base_url=base_url, accessed=today),
        "ris": citation.ris(document, base_url=base_url, accessed=today),
    }


def cite(request: Request) -> Response:
    """A page with every form of citation, ready to copy."""
    url = item_address(request)
    page = request.reader.page(url, edition=_edition(request))
    if page is None:
        raise _missing(request, url)
    document, _ = _document(request)
    texts = _citations(request, json.loads(document))
    forms = (
        ("Text", texts["plain"], f"{url}/zitat.txt"),
        ("BibTeX", texts["bibtex"], f"{url}/zitat.bib"),
        ("RIS", texts["ris"], f"{url}/zitat.ris"),
    )
    return render(
        request, "public/cite.html", title=f"Zitieren: {page.title}", page=page, citations=forms, is_indexed=False
    )


for _kind in KINDS:
    edition_json = view_config(route_name=f"json.{_kind}")(edition_json)
    edition_pdf = view_config(route_name=f"pdf.{_kind}")(edition_pdf)
    cite = view_config(route_name=f"cite.{_kind}")(cite)
    for _format in _FORMATS:
        citation_file = view_config(route_name=f"{_format}.{_kind}")(citation_file)


TEXT_ASSETS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".py": "text/plain",
    ".md": "text/plain",
    ".txt": "text/plain",
}


@view_config(route_name="asset")
def asset(request: Request) -> Response:
    """A file of the design; texts go through the page cache and are sent compressed."""
    name = "/".join(request.matchdict["path"])
    address = request.registry.assets.get(name)
    if (
        address is None or request.path_info != f"/static/{name}"
    ):  # each other spelling would be kept as a page of its own
        raise HTTPNotFound
    # The address carries a mark of the content (`?v=`): only under the right one may it be kept, and for ever.
    is_marked = address == f"/static/{name}?v={parameter(request, 'v')}"
    path = STATIC / name
    media_type = TEXT_ASSETS.get(path.suffix)
    if media_type is None:
        response = FileResponse(str(path), request=request)
        response.headers["Cache-Control"] = FOR_EVER if is_marked else A_DAY
        return response
    response = Response(path.read_bytes(), content_type=media_type, charset="utf-8")
    if not is_marked:
        request.environ[ASKED].discard("v")
    response.headers[CACHEABLE] = FOR_EVER if is_marked else ASK_EACH_TIME
    return response


@view_config(route_name="favicon")
def favicon(request: Request) -> Response:
    """The icon, where browsers ask for it."""
    return FileResponse(
        str(STATIC / "favicon.svg"), request=request, content_type="image/svg+xml", cache_max_age=ONE_DAY_S
    )


@view_config(route_name="health")
def health(request: Request) -> Response:
    """Whether database and search answer, and whether anything new can be kept; for machines.

    `limited`: pages are served, so the answer is 200, but nobody can save; `problems` says why.
    """
    house, outage = request.registry.house, request.registry.position.outage
    try:
        if outage.is_closed:
            raise Away
        total, position = following.total(request.connection), house.search.position()
    except Exception as error:
        if not (isinstance(error, (Away, IndexDamaged)) or is_away(error) or is_busy(error)):
            raise
        if is_away(error):
            outage.met(error)
        words = "search index damaged" if isinstance(error, IndexDamaged) else "database away"
        response = Response(json_body={"status": words}, status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response
    outage.over()
    problems = storage_problems(house.data)
    status = "limited" if problems else "ok"
    return Response(json_body={"status": status, "problems": problems, "published": total, "index_position": position})


def storage_problems(data: Path) -> list[str]:
    """Why nothing can be kept in `data`, in German; empty where it can."""
    found = os.statvfs(data)
    if found.f_flag & os.ST_RDONLY or not os.access(data, os.W_OK):
        return ["Der Datenträger lässt sich nur lesen."]
    return ["Der Datenträger ist voll."] if found.f_bavail * found.f_frsize < SCARCE_BYTES else []
