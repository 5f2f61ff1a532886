"""Files: attachments, pictures, PDF, edition documents, citations, and the small files that sites have."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pyramid.httpexceptions import HTTPNotFound, HTTPServiceUnavailable
from pyramid.request import Request
from pyramid.response import FileResponse, Response
from pyramid.view import view_config

from content import reading
from content.berlin import BERLIN
from content.canonical import sha256_hex
from content.export import citation, presskit, typesetting
from content.kinds import KINDS
from content.services import following, rows
from content.storage import IMAGE_TYPES, clean_file_name
from portal.cache import ASK_EACH_TIME, CACHEABLE, FOR_EVER
from portal.views.common import item_address, render
from portal.views.public import _edition, _missing

INLINE: Final = frozenset({"application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain"})
ONE_YEAR_S: Final = 31_536_000
FIXED: Final = f"public, max-age={ONE_YEAR_S}, immutable, s-maxage=0, proxy-revalidate"
"""A picture on its way to one reader stays with that reader; a cache that serves many asks each time."""
SCARCE_BYTES: Final = 50_000_000
"""With less free than this, the next large upload fails."""
STATIC: Final = Path(__file__).parent.parent / "static"


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
    """The edition as PDF, built once and kept beside the index."""
    document, proof = _document(request)
    response = FileResponse(str(_pdf_file(request, document, proof)), request=request, content_type="application/pdf")
    name = item_address(request).strip("/").replace("/", "-") + ".pdf"
    response.headers["Content-Disposition"] = disposition("inline", name)
    response.cache_control = "public, max-age=0, must-revalidate"
    response.etag = f"{proof.entry_hash[:32]}-{typesetting.LAYOUT_VERSION}"
    response.conditional_response = True
    return response


def _pdf_file(request: Request, document: str, proof: reading.Proof) -> Path:
    folder = request.registry.house.data / "pdf"
    base_url = request.registry.settings["portal.settings"].base_url
    key = sha256_hex(f"{typesetting.LAYOUT_VERSION}|{base_url}|{proof.entry_hash}".encode())
    path: Path = folder / f"{key}.pdf"
    if not path.exists():
        body = built_pdf(request, json.loads(document), typesetting.proof_of(proof))
        folder.mkdir(exist_ok=True, mode=0o700)
        temporary = path.with_suffix(f".{id(request)}.part")
        temporary.write_bytes(body)
        temporary.replace(path)
    return path


def built_pdf(request: Request, document: Mapping[str, Any], proof: typesetting.LedgerProof) -> bytes:
    """The PDF, set now; an answer with 503 where that fails."""
    base_url, store = request.registry.settings["portal.settings"].base_url, request.registry.house.files
    pictures = {figure["sha256"]: store.path(figure["sha256"]) for figure in document["data"].get("figures", ())}
    try:
        return typesetting.build_in_subprocess(document, proof, base_url=base_url, pictures=pictures)
    except typesetting.PdfError as error:
        raise HTTPServiceUnavailable(str(error)) from error


@view_config(route_name="kit.press_release")
def press_kit(request: Request) -> Response:
    """The press kit of a release: the same bytes as long as nothing is published that it names."""
    text, proof = _document(request)
    document = json.loads(text)
    pdf = _pdf_file(request, text, proof).read_bytes()
    body = kit_of(request, document, pdf, request.reader.links(rows.named_addresses(document["data"])), proof.valid_from)
    response = zip_response(body, item_address(request).rsplit("/", 1)[-1])
    response.cache_control = "public, max-age=0, must-revalidate"
    response.etag = sha256_hex(body)[:32]
    response.conditional_response = True
    return response


def kit_of(
    request: Request, document: Mapping[str, Any], pdf: bytes, linked: Mapping[str, reading.Link], made_at: dt.datetime, *, embargo: str = "",
) -> bytes:
    """The kit of a document, with the files that it shows."""
    store, image = request.registry.house.files, document["data"].get("image")
    shown = [("anlagen", row) for row in document["data"].get("attachments", ())] + ([("bilder", image)] if image else [])
    files = {
        f"{folder}/{clean_file_name(row['file_name'])}": store.path(row["sha256"]).read_bytes()
        for folder, row in shown
        if row.get("sha256") and store.path(row["sha256"]).exists()
    }
    base_url = request.registry.settings["portal.settings"].base_url
    return presskit.build(presskit.Kit(document, pdf, files, linked, base_url, made_at, embargo))


def zip_response(body: bytes, stem: str) -> Response:
    """The kit as a download."""
    response = Response(body, content_type="application/zip")
    response.headers["Content-Disposition"] = disposition("attachment", f"pressemappe-{stem}.zip")
    return response


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
    return render(request, "public/cite.html", title=f"Zitieren: {page.title}", page=page, citations=forms, is_indexed=False)


for _kind in KINDS:
    edition_json = view_config(route_name=f"json.{_kind}")(edition_json)
    edition_pdf = view_config(route_name=f"pdf.{_kind}")(edition_pdf)
    cite = view_config(route_name=f"cite.{_kind}")(cite)
    for _format in _FORMATS:
        citation_file = view_config(route_name=f"{_format}.{_kind}")(citation_file)


TEXT_ASSETS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".py": "text/plain", ".md": "text/plain", ".txt": "text/plain"}


@view_config(route_name="asset")
def asset(request: Request) -> Response:
    """A file of the design; texts go through the page cache and are sent compressed."""
    path = (STATIC / "/".join(request.matchdict["path"])).resolve()
    if not path.is_relative_to(STATIC.resolve()) or not path.is_file():
        raise HTTPNotFound
    # The address carries a mark of the content (`?v=`): only then may it be kept for ever.
    lifetime = FOR_EVER if request.query_string.startswith("v=") else ASK_EACH_TIME
    media_type = TEXT_ASSETS.get(path.suffix)
    if media_type is None:
        response = FileResponse(str(path), request=request)
        response.headers["Cache-Control"] = FOR_EVER
        return response
    response = Response(path.read_bytes(), content_type=media_type, charset="utf-8")
    response.headers[CACHEABLE] = lifetime
    return response


@view_config(route_name="favicon")
def favicon(request: Request) -> Response:
    """The icon, where browsers ask for it."""
    return FileResponse(str(STATIC / "favicon.svg"), request=request, content_type="image/svg+xml", cache_max_age=ONE_YEAR_S)


@view_config(route_name="health")
def health(request: Request) -> Response:
    """Whether database and search answer, and whether anything new can be kept; for machines.

    `limited`: pages are served, so the answer is 200, but nobody can save; `problems` says why.
    """
    house = request.registry.house
    total, problems = following.total(request.connection), storage_problems(house.data)
    status = "limited" if problems else "ok"
    return Response(json_body={"status": status, "problems": problems, "published": total, "index_position": house.search.position()})


def storage_problems(data: Path) -> list[str]:
    """Why nothing can be kept in `data`, in German; empty where it can."""
    found = os.statvfs(data)
    if found.f_flag & os.ST_RDONLY or not os.access(data, os.W_OK):
        return ["Der Datenträger lässt sich nur lesen."]
    return ["Der Datenträger ist voll."] if found.f_bavail * found.f_frsize < SCARCE_BYTES else []
