"""Every address of the portal, in one place. Addresses are promises for decades."""

from __future__ import annotations

from typing import Final

from pyramid.config import Configurator

from content.council.numbers import SERIAL
from content.kinds import KINDS
from content.services.search.alerts import TOKEN_PATTERN
from content.services.workflow import embargo

_UID: Final = "[0-9a-f-]{36}"
_SLUG: Final = "[a-z0-9-]{1,120}"
_DECISION: Final = r"(?:[a-z0-9-]{1,80}/)?\d{4}/(?=\d\d)" + SERIAL
_MEETING: Final = r"(?:[a-z0-9-]{1,80}/)?(?:\d{1,4}|(?:sonder|umlauf)-\d{4}-\d\d-\d\d)"

ITEM_PATTERNS: Final = {
    "beschluss": _DECISION,
    "sitzung": _MEETING,
}


def includeme(config: Configurator) -> None:
    """Register the routes, those most asked for first: each request tries them in order. Patterns do not overlap."""
    patterns = {kind.name: f"/{kind.path}/{{tail:{ITEM_PATTERNS.get(kind.path, _SLUG)}}}" for kind in KINDS.values()}
    config.add_route("home", "/")
    for kind in KINDS.values():
        config.add_route(f"item.{kind.name}", patterns[kind.name])
        if kind.list_url:
            config.add_route(f"list.{kind.name}", kind.list_url)
    fixed = {
        "report.section": rf"/bericht/{{slug:{_SLUG}}}/abschnitt/{{anchor:a\d{{1,5}}}}",
        "report.recommendations": f"/bericht/{{slug:{_SLUG}}}/empfehlungen",
        "report.recommendations_csv": f"/bericht/{{slug:{_SLUG}}}/empfehlungen.csv",
        "search": "/suche",
        "search_feed": "/suche.atom",
        "search_json": "/api/v1/suche",
        "search_suggest": "/api/v1/suche/vorschlaege",
        "alert.new": "/suche/abo",
        "alert.lost": "/abo",
        "alert.confirm": f"/abo/bestaetigen/{{token:{TOKEN_PATTERN}}}",
        "alert.leave": f"/abo/abmelden/{{token:{TOKEN_PATTERN}}}",
        "alert.manage": f"/abo/{{token:{TOKEN_PATTERN}}}",
        "ledger": "/ledger",
        "ledger_lines": "/ledger.jsonl",
        "ledger_key": "/ledger/schluessel.pem",
        "register.checkpoint": "/register/checkpoint",
        "register.checkpoint_at": "/register/checkpoint/{position:[1-9][0-9]{0,8}}",
        "register.checkpoints": "/register/checkpoints",
        "register.document": "/register/dokument/{sha256:[0-9a-f]{64}}",
        "stand": "/stand",
        "help": "/hilfe",
        "feed": "/feeds/{name}.atom",
        "sitemap": "/sitemap.xml",
        "sitemap_part": "/sitemap-{part}.xml",
        "robots": "/robots.txt",
        "opensearch": "/opensearch.xml",
        "security": "/.well-known/security.txt",
        "health": "/health",
        "file": "/datei/{sha256:[0-9a-f]{64}}/{name}",
        "favicon": "/favicon.ico",
        "asset": "/static/*path",
        "embargo.page": f"/sperrfrist/{{token:{embargo.TOKEN_PATTERN}}}",
        "embargo.pdf": f"/sperrfrist/{{token:{embargo.TOKEN_PATTERN}}}/text.pdf",
        "embargo.kit": f"/sperrfrist/{{token:{embargo.TOKEN_PATTERN}}}/pressemappe.zip",
        "embargo.file": f"/sperrfrist/{{token:{embargo.TOKEN_PATTERN}}}/datei/{{sha256:[0-9a-f]{{64}}}}/{{name}}",
        "sign_in": "/anmelden",
        "forgotten": "/anmelden/vergessen",
        "passkey_question": "/anmelden/passkey/frage",
        "passkey_sign_in": "/anmelden/passkey",
        "oidc_start": "/anmelden/dienst",
        "oidc_back": "/anmelden/dienst/zurueck",
        "oidc_link": "/anmelden/dienst/verbinden",
        "ticket": "/anmelden/{secret:[A-Za-z0-9_-]{30,60}}",
        "desk.home": "/redaktion",
        "desk.second_factor": "/redaktion/code",
        "desk.second_factor_question": "/redaktion/code/frage",
        "desk.set_up": "/redaktion/zweiter-faktor",
        "desk.sign_out": "/redaktion/abmelden",
        "desk.account": "/redaktion/konto",
        "desk.passkeys": "/redaktion/konto/passkeys",
        "desk.passkey_question": "/redaktion/konto/passkeys/frage",
        "desk.notices": "/redaktion/hinweise",
        "desk.notice_choices": "/redaktion/hinweise/einstellungen",
        "desk.list": "/redaktion/eintraege",
        "desk.bulk": "/redaktion/eintraege/schritt",
        "desk.new": "/redaktion/neu/{kind:[a-z_]+}",
        "desk.draft": "/redaktion/entwurf/{kind:[a-z_]+}",
        "desk.item": r"/redaktion/eintrag/{id:\d{1,9}}",
        "desk.edit": r"/redaktion/eintrag/{id:\d{1,9}}/bearbeiten",
        "desk.preview": r"/redaktion/vorschau/{kind:[a-z_]+}",
        "desk.step": r"/redaktion/eintrag/{id:\d{1,9}}/schritt",
        "desk.vote": r"/redaktion/eintrag/{id:\d{1,9}}/abstimmung",
        "desk.vote_draft": r"/redaktion/eintrag/{id:\d{1,9}}/abstimmung/entwurf",
        "desk.statements": r"/redaktion/eintrag/{id:\d{1,9}}/erklaerungen",
        "desk.embargo": r"/redaktion/eintrag/{id:\d{1,9}}/sperrfrist",
        "desk.revisions": r"/redaktion/eintrag/{id:\d{1,9}}/verlauf",
        "desk.file": r"/redaktion/eintrag/{id:\d{1,9}}/datei/{sha256:[0-9a-f]{64}}/{name}",
        "desk.workflows": "/redaktion/workflows",
        "desk.en_bloc": r"/redaktion/eintrag/{id:\d{1,9}}/gruene-liste",
        "desk.en_bloc_draft": r"/redaktion/eintrag/{id:\d{1,9}}/gruene-liste/entwurf",
        "desk.implementation": "/redaktion/umsetzung",
        "desk.numbers": "/redaktion/nummern",
        "desk.keys": "/redaktion/koenigstein",
        "desk.search": "/redaktion/suche",
        "desk.contacts": "/redaktion/kontakte",
        "desk.contact_new": "/redaktion/kontakte/neu",
        "desk.contact": r"/redaktion/kontakte/{id:\d{1,9}}",
        "desk.chair": "/redaktion/vorsitz",
        "desk.report": r"/redaktion/bericht/{id:\d{1,9}}",
        "desk.report_word": r"/redaktion/bericht/{id:\d{1,9}}/word",
        "desk.report_word_file": r"/redaktion/bericht/{id:\d{1,9}}/word.docx",
        "desk.report_file": r"/redaktion/bericht/{id:\d{1,9}}/datei/{sha256:[0-9a-f]{64}}/{name}",
        "desk.report_section": rf"/redaktion/bericht/{{id:\d{{1,9}}}}/abschnitt/{{uid:{_UID}}}",
        "desk.report_draft": rf"/redaktion/bericht/{{id:\d{{1,9}}}}/abschnitt/{{uid:{_UID}}}/entwurf",
        "desk.report_preview": rf"/redaktion/bericht/{{id:\d{{1,9}}}}/abschnitt/{{uid:{_UID}}}/vorschau",
        "desk.report_review": r"/redaktion/bericht/{id:\d{1,9}}/durchsicht",
        "desk.report_compare": r"/redaktion/bericht/{id:\d{1,9}}/vergleich",
        "desk.section_review": rf"/redaktion/bericht/{{id:\d{{1,9}}}}/abschnitt/{{uid:{_UID}}}/durchsicht",
        "desk.section_compare": rf"/redaktion/bericht/{{id:\d{{1,9}}}}/abschnitt/{{uid:{_UID}}}/vergleich",
        "review.page": f"/durchsicht/{{token:{embargo.TOKEN_PATTERN}}}",
        "review.section": f"/durchsicht/{{token:{embargo.TOKEN_PATTERN}}}/{{uid:{_UID}}}",
        "review.file": f"/durchsicht/{{token:{embargo.TOKEN_PATTERN}}}/datei/{{sha256:[0-9a-f]{{64}}}}/{{name}}",
        "desk.people": "/redaktion/konten",
        "desk.person": r"/redaktion/konten/{id:\d{1,9}}",
        "desk.audit": "/redaktion/protokoll",
        "desk.audit_csv": "/redaktion/protokoll.csv",
        "desk.audit_jsonl": "/redaktion/protokoll.jsonl",
        "desk.outbox": "/redaktion/versand",
    }
    fixed |= MARKET
    for name, pattern in fixed.items():
        config.add_route(name, pattern)
    for kind in KINDS.values():
        for suffix, ending in SUFFIXES.items():
            config.add_route(f"{suffix}.{kind.name}", patterns[kind.name] + ending)
    config.add_route("kit.press_release", patterns["press_release"] + "/pressemappe.zip")


MARKET: Final = {
    "desk.reuses": "/redaktion/nachnutzung",
    "desk.reuse_new": "/redaktion/nachnutzung/neu",
    "desk.reuse": r"/redaktion/nachnutzung/{id:\d{1,9}}",
    "desk.tasks": "/redaktion/auftraege",
    "desk.links": "/redaktion/verweise",
    "desk.link_targets": r"/redaktion/verweise/suche/{rule:[a-z_.]{1,40}}",
    "market.csv": "/marktplatz.csv",
    "market.json": "/marktplatz.json",
    "matrix": "/umsetzung",
    "matrix.csv": "/umsetzung.csv",
    "matrix.json": "/umsetzung.json",
    "matrix.history": "/umsetzung/verlauf",
    "matrix.feed": "/umsetzung/{code:[a-z]{2,4}}.atom",
    "matrix.land": "/umsetzung/{code:[a-z]{2,4}}",
    "coverage": "/abdeckung",
    "coverage.csv": "/abdeckung.csv",
    "market.compare": f"/marktplatz/{{tail:{_SLUG}}}/vergleich",
    "market.price": f"/angebot/{{tail:{_SLUG}}}/preis",
}
"""The market beside its items: exports, comparison, calculation."""

SUFFIXES: Final = {
    "pdf": ".pdf",
    "json": ".json",
    "cite": "/zitieren",
    "bibtex": "/zitat.bib",
    "ris": "/zitat.ris",
    "plain": "/zitat.txt",
    "versions": "/fassungen",
    "compare": "/fassungen/{old:[1-9][0-9]{0,5}}..{new:[1-9][0-9]{0,5}}",
}
"""What every item offers beside its page: name of the route → what is put behind its address."""
