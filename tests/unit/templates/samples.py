"""One rich value per public template, in our own words: what tests render and what the preview shows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import jinja2
from markupsafe import Markup

from content import reading
from content.kinds import KINDS
from content.services.browsing.number_gaps import Missing
from content.text import markup
from portal.web import site
from portal.web.templating import make_environment

SHA = "3f2a9d01" + "ab" * 24 + "9c1bfe07"
WHEN = dt.datetime(2021, 11, 5, 9, 30, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class NotFound:
    """As `portal.views.errors.NotFound`; repeated since templates can be tested without the web framework."""

    path: str
    suggestions: tuple[reading.ListEntry, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """As `portal.views.errors.Problem`."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class StandPage:
    """As `portal.views.public.public.StandPage`."""

    path: str
    today: dt.date
    earliest: dt.date


FRAME = site.Frame(make_environment(), lambda name: f"/static/{name}")

BARE = {
    "asset": lambda name: f"/static/{name}",
    "kept": (),
    "is_busy": False,
    "is_away": False,
    "is_sent": False,
    "words": "",
    "path": "/",
}
"""What the page that needs nothing else is always given."""


def chrome(path: str = "/", *, title: str = "Beispiel") -> site.SiteChrome:
    return site.SiteChrome(
        title=title,
        description="Eine Beschreibung.",
        path=path,
        canonical=f"https://beschluesse.example{path}",
        base_url="https://beschluesse.example",
        menu=FRAME.menu(path),
        styles=FRAME.styles,
        asset=lambda name: f"/static/{name}",
        meta=(("og:title", title), ("citation_title", title)),
        json_ld='{"@type":"Legislation"}',
        feeds=(reading.Link("Alles Neue", "/feeds/alle.atom"),),
    )


def entry(
    kind: str = "decision",
    title: str = "Nachnutzung gemeinsam entwickelter Onlinedienste",
    number: str = "2021/39",
    **more: Any,
) -> reading.ListEntry:
    header = {
        "decision": ("IT-Planungsrat", "29.10.2021", "36. Sitzung", f"Beschluss {number}"),
        "meeting": ("IT-Planungsrat", "29.10.2021", "Hamburg"),
        "press_release": ("Pressemitteilung", "29.10.2021", "IT-Planungsrat", "36. Sitzung"),
        "term": ("Begriff", "EfA"),
    }.get(kind, ("Angabe", "Weitere Angabe"))
    values = {
        "kind": kind,
        "kind_label": KINDS[kind].label,
        "url": f"/{KINDS[kind].path}/{number}",
        "title": title,
        "header": header,
        "date": dt.date(2021, 10, 29),
        "summary": "Bund und Länder richten einen gemeinsamen Marktplatz ein. Die FITKO legt bis zur nächsten Sitzung ein "
        "Betriebs- und Finanzierungskonzept vor und berichtet über die Erfahrungen der ersten Leistungen …",
    }
    return reading.ListEntry(**{**values, **more})


def versions(amount: int, url: str) -> tuple[reading.Version, ...]:
    return tuple(
        reading.Version(
            edition=number,
            act="publish" if number == 1 else "correct",
            note=None if number == 1 else "Tippfehler in Ziffer 2 berichtigt",
            valid_from=WHEN + dt.timedelta(days=number),
            valid_until=None,
            sha256=SHA,
            position=number + 10,
            url=f"{url}?fassung={number}",
        )
        for number in range(amount, 0, -1)
    )


CLAUSES = (
    '<div class="clause lead" id="z0"><a class="anchor" href="#z0" aria-label="Link zu Text" title="Link zu Text">#</a>'
    '<div class="clause-text"><p>Der IT-Planungsrat fasst folgenden Beschluss:</p></div></div><ol class="clauses">'
    '<li class="clause" id="z1" data-kind="notes"><span class="clause-number">1.</span><a class="anchor" href="#z1" aria-label="Link zu Ziffer 1" title="Link zu Ziffer 1">#</a>'
    '<div class="clause-text"><p>Der Bericht zur Nachnutzung wird zur Kenntnis genommen. Er zeigt, wie Länder Onlinedienste nach dem Prinzip '
    "„Einer für Alle“ gemeinsam betreiben und welche Verwaltungsvereinbarungen dafür nötig sind.</p></div></li>"
    '<li class="clause" id="z2" data-kind="requests"><span class="clause-number">2.</span><a class="anchor" href="#z2" aria-label="Link zu Ziffer 2" title="Link zu Ziffer 2">#</a>'
    '<div class="clause-text"><p>Die FITKO wird gebeten, bis zur 38. Sitzung</p></div><ol class="clauses">'
    '<li class="clause" id="z2a"><span class="clause-number">a)</span><a class="anchor" href="#z2a" aria-label="Link zu Ziffer 2 Buchstabe a" title="Link zu Ziffer 2 Buchstabe a">#</a>'
    '<div class="clause-text"><p>ein Betriebskonzept für den Marktplatz vorzulegen, das auch Datenschutzfolgenabschätzungen behandelt,</p></div></li>'
    '<li class="clause" id="z2b"><span class="clause-number">b)</span><a class="anchor" href="#z2b" aria-label="Link zu Ziffer 2 Buchstabe b" title="Link zu Ziffer 2 Buchstabe b">#</a>'
    '<div class="clause-text"><p>die Kosten für jedes Land nach dem Königsteiner Schlüssel darzustellen.</p></div></li></ol></li>'
    '<li class="clause" id="z3" data-kind="repeals"><span class="clause-number">3.</span><a class="anchor" href="#z3" aria-label="Link zu Ziffer 3" title="Link zu Ziffer 3">#</a>'
    '<div class="clause-text"><p><a class="ref" href="/beschluss/2021/14#z2">Ziffer 2 des Beschlusses 2021/14</a> wird aufgehoben; '
    "Beschluss 2022/99 bleibt unberührt.</p></div></li></ol>"
)
MEETING = {"url": "/sitzung/36", "label": "36. Sitzung", "date": "2021-10-29"}
CONTACT = {
    "organisation": "Senatskanzlei der Freien und Hansestadt Beispielstadt",
    "unit": "Pressestelle",
    "person": "Kim Muster",
    "role": "Leitung",
    "phone": "+49 40 000-0000",
    "mobile": None,
    "email": "presse@stadt.example",
    "valid_from": None,
    "valid_until": "2021-12-31",
}
SECTIONS = [
    {"anchor": f"a{number}", "heading": heading, "kind": kind, "text": "Text.", "html": f"<p>{words}</p>"}
    for number, (heading, kind, words) in enumerate(
        (
            (
                "Warum es die Arbeitsgruppe gibt",
                "text",
                "Verwaltung und junge Unternehmen finden zu selten zueinander.",
            ),
            ("Vergaberecht gilt als Hürde", "obstacle", "Marktübersichten übersehen junge Unternehmen."),
            (
                "Ein Land fragt zuerst nach dem Problem",
                "example",
                "Eine Kontaktstelle beschreibt den Bedarf, nicht die Lösung.",
            ),
            ("Innovationsfonds", "funding", "Mehrere Länder fördern erste Aufträge."),
        ),
        1,
    )
]
DATA: dict[str, dict[str, Any]] = {
    "decision": {
        "body": {"slug": "it-planungsrat", "name": "IT-Planungsrat"},
        "number": "2021/39",
        "year": 2021,
        "serial": 39,
        "date": "2021-10-29",
        "meeting": MEETING,
        "clauses": [
            {
                "anchor": "z2",
                "path": ["2"],
                "label": "Ziffer 2",
                "depth": 0,
                "kind": "requests",
                "addressees": ["FITKO"],
                "due_meeting": 38,
                "text": "…",
            },
            {
                "anchor": "z3",
                "path": ["3"],
                "label": "Ziffer 3",
                "depth": 0,
                "kind": "repeals",
                "addressees": [],
                "due_meeting": None,
                "text": "…",
            },
        ],
        "references": [],
        "topics": ["OZG", "Nachnutzung"],
        "text_kind": "condensed",
        "source_url": "https://www.beispiel.example/beschluss",
        "source_note": None,
        "scope": "consenting",
        "gazette_notice": {"date": "2021-11-02", "url": None},
        "attachments": [],
    },
    "meeting": {
        "body": {"slug": "it-planungsrat", "name": "IT-Planungsrat"},
        "kind": "numbered",
        "ordinal": 36,
        "label": "36. Sitzung",
        "date": "2021-10-29",
        "end_date": None,
        "place": "Hamburg",
        "chair": "Hamburg",
        "agenda": [
            {
                "position": 1,
                "top": "1",
                "title": "Begrüßung und Tagesordnung",
                "goal": "information",
                "list": None,
                "rapporteurs": [],
                "decision": None,
                "note": None,
            },
            {
                "position": 2,
                "top": "2",
                "title": "Marktplatz für Onlinedienste",
                "goal": "decision",
                "list": "debate",
                "rapporteurs": ["HH", "FITKO"],
                "decision": "/beschluss/2021/39",
                "note": None,
            },
            {
                "position": 3,
                "top": "3",
                "title": "Datennutzung",
                "goal": "decision",
                "list": "green",
                "rapporteurs": ["BY"],
                "decision": "/beschluss/2021/50",
                "note": "auf die Grüne Liste gesetzt",
            },
        ],
        "attachments": [],
    },
    "press_release": {
        "release_kind": "press_release",
        "publisher": "IT-Planungsrat",
        "date": "2021-10-29",
        "meeting": MEETING,
        "lead": "Bund und Länder haben in Hamburg beraten, wie Onlinedienste schneller in die Fläche kommen.",
        "sections": SECTIONS,
        "quotes": [{"text": "Wir teilen, was wir gebaut haben.", "speaker": "Kim Muster", "function": "Vorsitz"}],
        "image": {
            "file_name": "gruppe.jpg",
            "sha256": None,
            "media_type": None,
            "width": None,
            "height": None,
            "alt": "Gruppenfoto auf einer Treppe",
            "caption": "Die Teilnehmenden der 36. Sitzung",
            "credit": "Kim Bild / Senatskanzlei",
        },
        "contacts": [CONTACT, {**CONTACT, "organisation": "FITKO", "mobile": "+49 170 0000000", "valid_until": None}],
        "decisions": ["/beschluss/2021/39", "/beschluss/2021/50"],
        "source_url": None,
        "text_kind": "official",
        "attachments": [],
    },
    "report": {
        "group": "Verwaltung und Startups",
        "lead": "Hamburg",
        "subgroups": ["Vernetzung", "Vergabe"],
        "commissioned_by": None,
        "noted_by": "/beschluss/2021/39",
        "date": "2021-09-30",
        "sections": SECTIONS,
        "recommendations": ["/empfehlung/eins"],
        "attachments": [],
    },
    "recommendation": {
        "number": "1",
        "addressees": ["Länder"],
        "report": "/bericht/startups",
        "decisions": ["/beschluss/2021/39"],
        "state": "adopted",
        "due": "Ende 2022",
        "market_items": [],
    },
    "market_item": {
        "ozg_id": "10000",
        "leika_keys": ["99000000000000"],
        "theme": "Familie und Kind",
        "supplier_land": "Bremen",
        "it_provider": "Dataport",
        "maturity": 3,
        "state": "live",
        "offers": [
            {"provider": "FIT-Store", "model": "Nachnutzung als Dienst", "url": None, "note": "Preise auf Anfrage"},
            {"provider": "govdigital", "model": "", "url": "https://markt.example/1", "note": None},
        ],
        "decisions": [],
        "recommendations": [],
    },
    "offer": {
        "market_item": "/marktplatz/beispiel",
        "provider": {"slug": "fitko", "name": "FITKO"},
        "supplier_land": "HB",
        "it_provider": "Dataport",
        "state": "live",
        "maturity": 3,
        "model": "fit_store",
        "contract_form": "saas",
        "terms": [{"title": "AGB", "version": "2.1", "valid_from": "2023-01-01", "url": None}],
        "fee_year": "12500.00",
        "fee_next": None,
        "fee_once": "500.00",
        "fee_once_efa": None,
        "fee_note": "Betrieb",
        "cost_key": "koenigstein",
        "efa_financed": False,
        "efa_from": None,
        "interfaces": ["fit_connect"],
        "requirements": [
            {
                "number": "001",
                "level": "must",
                "group": "Oberfläche und Design",
                "text": "Ohne festes Wappen.",
                "fulfilment": "yes",
                "evidence": "Prüfbericht",
            }
        ],
        "contacts": [CONTACT],
        "decisions": [],
        "recommendations": [],
        "attachments": [],
        "reuse": [
            {
                "buyer_kind": "commune",
                "land": "NW",
                "buyer": "Aachen",
                "through": "regio iT",
                "covers_communes": False,
                "state": "live",
                "steps": [{"state": "interest", "date": "2023-01-02"}, {"state": "live", "date": "2023-09-02"}],
            }
        ],
    },
    "organisation": {
        "short": "FITKO",
        "organisation_kind": "Anstalt des öffentlichen Rechts",
        "summary": "…",
        "website": "https://www.fitko.example",
        "contacts": [CONTACT],
    },
    "term": {"abbreviation": "EfA", "synonyms": ["Einer für alle"], "definition": "…", "source": "Leitfaden"},
    "body": {
        "short": "IT-PLR",
        "number_pattern": "YYYY/NN",
        "voting_rule": "it-staatsvertrag",
        "members": [
            {"code": "BUND", "name": "Bund", "kind": "federal", "shares": {}},
            *(
                {"code": name[:2], "name": name, "kind": "land", "shares": {"2019": "2.60343"}}
                for name in ("Bayern", "Bremen", "Hamburg", "Mecklenburg-Vorpommern")
            ),
            {"code": "BfDI", "name": "Bundesbeauftragte für den Datenschutz", "kind": "advisory", "shares": {}},
        ],
        "chairs": [{"year": 2021, "name": "Kim Muster", "land": "Hamburg"}],
    },
    "page": {},
}
HTML = {
    "decision": CLAUSES,
    "press_release": "".join(
        f'<section id="{row["anchor"]}"><h2>{row["heading"]}</h2>{row["html"]}</section>' for row in SECTIONS
    ),
    "report": "<p>Vorwort.</p>"
    + "".join(
        f'<section id="{row["anchor"]}" data-kind="{row["kind"]}"><h2>{row["heading"]}</h2>{row["html"]}</section>'
        for row in SECTIONS
    ),
}


def item(kind: str = "decision", **more: Any) -> reading.ItemPage:
    """A public page of `kind` with everything that can stand on it."""
    url = {"decision": "/beschluss/2021/39", "meeting": "/sitzung/36"}.get(kind, f"/{KINDS[kind].path}/beispiel")
    link = reading.Link("Beschluss 2021/39", "/beschluss/2021/39", "Nachnutzung")
    row = reading.ReferenceRow(
        "repeals",
        "hebt auf",
        "z3",
        "Ziffer 3",
        reading.Link("Beschluss 2021/14, Ziffer 2", "/beschluss/2021/14#z2"),
        "Geschäftsordnung",
        "…",
    )
    values: dict[str, Any] = {
        "kind": kind,
        "kind_label": KINDS[kind].label,
        "url": url,
        "title": "Nachnutzung gemeinsam entwickelter Onlinedienste",
        "header": entry(kind).header,
        "html": HTML.get(kind, markup.to_html("Ein **Absatz**.\n\n# Überschrift\n\n- Punkt")),
        "data": DATA[kind],
        "proof": reading.Proof(2, SHA, 12, SHA[::-1], "9a8b7c6d", WHEN, WHEN),
        "versions": versions(2, url),
        "is_latest": True,
        "linked": {
            "/beschluss/2021/39": link,
            "/sitzung/36": reading.Link("36. Sitzung", "/sitzung/36"),
            "/bericht/startups": reading.Link("Bericht der AG", "/bericht/startups"),
        },
        "neighbours": reading.Neighbours(
            reading.Link("Beschluss 2021/38", "/beschluss/2021/38", "Digitalcheck"),
            reading.Link(
                "Beschluss 2021/40", "/beschluss/2021/40", "Verbindliche Anwendung von Standards im Meldewesen"
            ),
        ),
        "related": {"Presse": (entry("press_release", "Enge Zusammenarbeit, mehr Onlinedienste"),)},
        "topics": ("OZG", "Nachnutzung") if kind == "decision" else (),
    }
    if kind == "decision":
        values["outgoing"] = (
            row,
            reading.ReferenceRow("cites", "nennt", "z3", "Ziffer 3", reading.Link("Beschluss 2022/99", None), ""),
        )
        values["incoming"] = (
            reading.ReferenceRow(
                "repeals",
                "wird aufgehoben durch",
                "z2",
                "Ziffer 2",
                reading.Link("Beschluss 2025/03, Ziffer 6", "/beschluss/2025/03#z6"),
                "Finanzierung",
            ),
        )
        values["attachments"] = (
            reading.AttachmentRow("Betriebskonzept", "konzept.pdf", f"/datei/{SHA}/konzept.pdf", "PDF", "380 kB"),
            reading.AttachmentRow("Kostenplan", "plan.xlsx", None, "", "", "Enthält Geschäftsgeheimnisse."),
        )
    return reading.ItemPage(**{**values, **more})


def paging(pages: int = 31) -> reading.Paging:
    return reading.Paging(
        2, pages, 25 * pages, "/beschluesse", "/beschluesse", "/beschluesse?seite=3", f"/beschluesse?seite={pages}"
    )


def facet(*, active: bool = False) -> reading.Facet:
    return reading.Facet(
        "jahr",
        "Jahr",
        tuple(
            reading.FacetValue(str(year), str(year), 40, active and year == 2021, f"/beschluesse?jahr={year}")
            for year in (2022, 2021)
        ),
    )


def listing(kind: str = "decision", *, active: bool = True, entries: int = 25) -> reading.ListPage:
    facets = (
        facet(active=active),
        reading.Facet("thema", "Thema", (reading.FacetValue("OZG", "OZG", 12, False, "/x"),)),
    )
    return reading.ListPage(
        kind,
        KINDS[kind].plural,
        KINDS[kind].intro,
        tuple(entry(kind, number=f"2021/{number:02d}") for number in range(entries, 0, -1)),
        facets,
        tuple(value for one in facets for value in one.values if value.is_active),
        (
            reading.SortChoice("neu", "Neueste zuerst", True, "/x"),
            reading.SortChoice("titel", "Titel A–Z", False, "/y"),
        ),
        paging(),
        "/feeds/beschluss.atom",
    )


def searching(*, hits: int = 3) -> reading.SearchPage:
    pieces = (
        reading.SnippetPiece("… Kosten der ", False),
        reading.SnippetPiece("Nachnutzung", True),
        reading.SnippetPiece(" für jedes Land …", False),
    )
    rows = tuple(
        reading.SearchHit(
            entry(),
            (reading.SnippetPiece("Nachnutzung", True), reading.SnippetPiece(" von Diensten", False)),
            (("Ziffer 2", "/beschluss/2021/39#z2", pieces),) if number else (),
        )
        for number in range(hits)
    )
    return reading.SearchPage(
        "Nachnutzung",
        rows,
        (
            reading.Facet(
                "art",
                "Art",
                (
                    reading.FacetValue("decision", "Beschlüsse", 3, True, "/suche"),
                    reading.FacetValue("report", "Berichte", 1, False, "/suche"),
                ),
            ),
            facet(),
        ),
        (reading.FacetValue("decision", "Beschlüsse", 3, True, "/suche?q=x"),),
        (
            reading.SortChoice("relevanz", "Relevanz", True, "/s"),
            reading.SortChoice("neu", "Neueste zuerst", False, "/s2"),
        ),
        ("Gesucht wurde auch nach „Nachnutzungen“.",),
        paging(2 if hits else 1),
    )


MISSING = (
    Missing("2021/03", "Nicht vergeben."),
    Missing("2021/12", "Zurückgezogen: doppelt veröffentlicht.", "/beschluss/2021/12"),
)


def pages() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Name of a case → (template, address, values)."""
    found: dict[str, tuple[str, str, dict[str, Any]]] = {
        kind: (f"public/{KINDS[kind].template}", item(kind).url, {"page": item(kind)}) for kind in KINDS
    }
    rows = tuple(
        reading.LedgerRow(
            number,
            WHEN,
            "publish",
            "Veröffentlicht",
            "/beschluss/2021/39",
            "Nachnutzung gemeinsam entwickelter Onlinedienste",
            1,
            SHA,
            SHA,
            None if number % 2 else "Tippfehler",
        )
        for number in range(12, 0, -1)
    )
    both = versions(2, "/beschluss/2021/39")
    return found | {
        "home": (
            "public/home.html",
            "/",
            {
                "page": reading.HomePage(
                    entry("meeting", "36. Sitzung"),
                    tuple(entry(number=f"2021/{n}") for n in (34, 37, 39)),
                    tuple(entry(number=f"2021/{n}") for n in range(30, 36)),
                    (entry("press_release", "Enge Zusammenarbeit, mehr Onlinedienste"),) * 3,
                    (("Beschlüsse", "/beschluesse", 1234), ("Sitzungen", "/sitzungen", 48)),
                )
            },
        ),
        "home-empty": ("public/home.html", "/", {"page": reading.HomePage(None, (), (), (), ())}),
        "list": ("public/list.html", "/beschluesse", {"page": listing()}),
        "list-press": ("public/list.html", "/presse", {"page": listing("press_release", active=False, entries=3)}),
        "list-empty": ("public/list.html", "/beschluesse", {"page": listing(entries=0)}),
        "terms": (
            "public/terms.html",
            "/glossar",
            {
                "page": reading.ListPage(
                    "term",
                    "Glossar",
                    "Begriffe und Abkürzungen.",
                    tuple(
                        entry("term", title)
                        for title in (
                            "115",
                            "Ämterportal",
                            "Architekturboard",
                            "Einer für Alle",
                            "FIT-Store",
                            "Übergang",
                        )
                    ),
                    (),
                    (),
                    (),
                    paging(1),
                    "/f",
                )
            },
        ),
        "decision-older": ("public/decision.html", "/beschluss/2021/39", {"page": item(is_latest=False)}),
        "decision-stand": (
            "public/decision.html",
            "/beschluss/2021/39",
            {"page": item(), "stand": site.StandBanner(dt.date(2022, 3, 1), "/beschluss/2021/39")},
        ),
        "decision-bare": (
            "public/decision.html",
            "/beschluss/2021/39",
            {
                "page": item(
                    outgoing=(),
                    incoming=(),
                    attachments=(),
                    related={},
                    neighbours=reading.Neighbours(),
                    versions=versions(1, "/x"),
                    title="Beschluss 2021/39 (ohne Titel)",
                    data={
                        **DATA["decision"],
                        "meeting": None,
                        "date": None,
                        "clauses": [],
                        "text_kind": "stub",
                        "gazette_notice": None,
                        "scope": "all",
                    },
                )
            },
        ),
        "compare": (
            "public/compare.html",
            "/beschluss/2021/39/fassungen",
            {
                "page": reading.ComparePage(
                    "/beschluss/2021/39",
                    "Nachnutzung",
                    "Beschluss",
                    both[1],
                    both[0],
                    both,
                    '<p class="diff-same">Die FITKO <del><span class="visually-hidden">Gestrichen: </span>soll</del><ins><span class="visually-hidden">Hinzugefügt: </span>wird</ins> berichten.</p><p class="diff-moved">Verschobener Absatz.</p>',
                    is_equal=False,
                )
            },
        ),
        "search": ("public/search.html", "/suche", {"page": searching(), "has_asked": True}),
        "search-empty": ("public/search.html", "/suche", {"page": searching(hits=0), "has_asked": True}),
        "search-start": (
            "public/search.html",
            "/suche",
            {"page": reading.SearchPage("", (), (), (), (), (), paging(1)), "has_asked": False},
        ),
        "ledger": ("public/ledger.html", "/ledger", {"page": reading.LedgerPage(rows, 12, SHA, "9a8b7c6d", paging(1))}),
        "stand": ("public/stand.html", "/stand", {"page": StandPage("/", dt.date(2026, 11, 24), dt.date(2010, 1, 1))}),
        "help": ("public/help.html", "/hilfe", {}),
        "cite": (
            "public/cite.html",
            "/beschluss/2021/39/zitieren",
            {
                "page": item(),
                "citations": (
                    ("Text", "IT-Planungsrat, Beschluss 2021/39.", "/beschluss/2021/39/zitat.txt"),
                    ("BibTeX", "@misc{beschluss-2021-39}", "/beschluss/2021/39/zitat.bib"),
                ),
            },
        ),
        "404": ("errors/404.html", "/beschluss/2021/399", {"page": NotFound("/beschluss/2021/399", (entry(),))}),
        "410": (
            "errors/410.html",
            "/presse/weg",
            {
                "page": reading.Withdrawn(
                    "/presse/weg",
                    "Pressemitteilung",
                    "Pressemitteilung",
                    "Enthielt personenbezogene Angaben.",
                    WHEN,
                    15,
                )
            },
        ),
        "problem": (
            "errors/problem.html",
            "/x",
            {"page": Problem("Diese Anfrage war nicht zu verstehen", "„morgen“ ist kein Tag.")},
        ),
        "500": ("errors/500.html", "/", {**BARE, "text": "Bei uns ist ein Fehler aufgetreten"}),
        "500-sent": ("errors/500.html", "/", {**BARE, "text": "Bei uns ist ein Fehler aufgetreten", "is_sent": True}),
        "503": ("errors/500.html", "/", {**BARE, "text": "Gerade wird viel geschrieben", "is_busy": True}),
        "503-kept": (
            "errors/500.html",
            "/",
            {
                **BARE,
                "text": "Gerade wird viel geschrieben",
                "is_busy": True,
                "path": "/abo",
                "kept": [("email", "a@b.example")],
            },
        ),
        "503-away": (
            "errors/500.html",
            "/",
            {**BARE, "text": "Das Portal ist gerade nicht erreichbar", "is_away": True},
        ),
        "414": (
            "errors/500.html",
            "/",
            {**BARE, "text": "Diese Adresse ist zu lang", "words": "Möglich sind 8000 Zeichen."},
        ),
    }


def render(made: jinja2.Environment, template: str, path: str, values: dict[str, Any]) -> str:
    """The page as the views render it."""
    if template == "errors/500.html":
        return made.get_template(template).render(**values)
    facets = getattr(values.get("page"), "facets", ())
    selects = Markup(made.get_template("layout/selects.html").render(facets=facets))
    return made.get_template(template).render(
        **{"site": chrome(path), "stand": None, "selects": selects, "missing_numbers": MISSING, **values}
    )
