"""Every public template with its page value: whole, safe, and styled only by what exists."""

from __future__ import annotations

import dataclasses
import gzip
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from portal.web.templating import make_environment
from tests.unit.templates import samples

ENVIRONMENT = make_environment()
PAGES = samples.pages()
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
VOID = {"meta", "link", "br", "img", "input", "hr"}
HOOKS = {
    "diff-same",
    "ref",
    "crumbs",
    "active-all",
    "list",
    "list-main",
    "home-main",
    "home-side",
    "kern-table",
    "contents",
    "decision",
    "search",
}


class Reader(HTMLParser):
    """Collects tags and complains about what is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(tag)


def parsed(name: str) -> Reader:
    reader = Reader()
    reader.feed(samples.render(ENVIRONMENT, *PAGES[name]))
    reader.close()
    return reader


@pytest.mark.parametrize("name", PAGES)
def test_page_is_balanced_html_with_one_heading_of_each_id(name):
    reader = parsed(name)
    assert reader.faults == []
    assert reader.stack == []
    ids = [attrs["id"] for _, attrs in reader.tags if attrs.get("id")]
    assert len(ids) == len(set(ids)), sorted(ids)


@pytest.mark.parametrize("name", PAGES)
def test_page_headings_start_with_one_h1_and_skip_no_level(name):
    levels = [int(tag[1]) for tag, _ in parsed(name).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels)), levels


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_inline_code_and_loads_nothing_from_elsewhere(name):
    for tag, attrs in parsed(name).tags:
        assert tag != "style"
        assert "style" not in attrs
        assert not any(key.startswith("on") for key in attrs)
        assert not (attrs.get("href") or "").startswith("javascript:")
        if tag == "script":
            assert attrs.get("src") or attrs.get("type") == "application/ld+json"
        if attrs.get("src"):
            assert attrs["src"].startswith("/")
        if tag == "link" and attrs.get("rel") != "canonical":
            assert attrs["href"].startswith("/")


@pytest.mark.parametrize("name", PAGES)
def test_page_offers_the_search(name):
    assert any(tag == "form" and attrs.get("action") == "/suche" for tag, attrs in parsed(name).tags)


@pytest.mark.parametrize("name", PAGES)
def test_page_links_to_own_anchors_only_where_they_exist(name):
    tags = parsed(name).tags
    ids = {attrs.get("id") for _, attrs in tags}
    missing = {
        attrs["href"]
        for tag, attrs in tags
        if tag == "a" and (attrs.get("href") or "").startswith("#") and attrs["href"][1:] not in ids
    }
    assert missing == set()


@pytest.mark.parametrize(
    "name", [name for name, (_, _, values) in PAGES.items() if hasattr(values.get("page"), "title")]
)
def test_page_escapes_a_hostile_title(name):
    template, path, values = PAGES[name]
    page = dataclasses.replace(values["page"], title=HOSTILE)
    html = samples.render(ENVIRONMENT, template, path, {**values, "page": page})
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html or template == "public/search.html"


def test_search_page_escapes_a_hostile_query():
    template, path, values = PAGES["search-empty"]
    html = samples.render(
        ENVIRONMENT, template, path, {**values, "page": dataclasses.replace(values["page"], query=HOSTILE)}
    )
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_decision_tells_the_way_to_the_current_edition_when_an_older_one_is_shown():
    html = samples.render(ENVIRONMENT, *PAGES["decision-older"])
    assert "Ältere Fassung" in html
    assert 'href="/beschluss/2021/39">Zur geltenden Fassung' in html
    assert "Ältere Fassung" not in samples.render(ENVIRONMENT, *PAGES["decision"])


def test_decision_names_its_header_line_its_hash_and_its_ledger_entry():
    html = samples.render(ENVIRONMENT, *PAGES["decision"])
    assert "IT-Planungsrat | 29.10.2021 | 36. Sitzung | Beschluss 2021/39" in html
    assert html.count(samples.SHA) >= 2  # on the screen and on paper
    assert 'href="/ledger#e12"' in html


def test_decision_leaves_a_target_that_is_not_public_as_plain_text():
    html = samples.render(ENVIRONMENT, *PAGES["decision"])
    assert "Beschluss 2022/99" in html
    assert 'href="/beschluss/2022/99' not in html


def test_meeting_links_only_decisions_that_are_public():
    html = samples.render(ENVIRONMENT, *PAGES["meeting"])
    assert 'href="/beschluss/2021/39"' in html
    assert "/beschluss/2021/50" not in html
    assert "noch nicht veröffentlicht" in html


def test_every_class_in_a_page_has_a_rule_or_is_a_known_hook():
    used = {word for name in PAGES for _, attrs in parsed(name).tags for word in (attrs.get("class") or "").split()}
    css = (Path("portal/static/portal.css")).read_text() + Path("portal/static/print.css").read_text()
    defined = set(re.findall(r"\.([a-z][\w-]*)", css))
    own = {word for word in used if not word.startswith("kern-")}
    assert own - defined - HOOKS == set()


def test_assets_stay_within_their_budget():
    sizes = {
        name: len(gzip.compress(Path("portal/static", name).read_bytes(), 9))
        for name in ("portal.css", "print.css", "portal.js")
    }
    assert sizes["portal.css"] + sizes["print.css"] <= 8_000
    assert sizes["portal.js"] <= 2_000


def test_every_form_of_the_desk_with_a_text_is_kept_while_it_is_typed():
    """By a draft on the server, or by the script of every desk page; who adds a form that has neither says so here."""
    desk = {path.name: path.read_text() for path in Path("templates/desk").glob("*.html")}
    assert "kept-forms.js" in desk["layout.html"]
    found = set()
    for name, text in desk.items():
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            if "<textarea" not in form and "inputs(" not in form and "text(" not in form:
                continue
            found.add(name)
            has_draft = re.match(r"<form[^>]*data-(?:draft|section)=", form)
            is_secret = re.search(r"password|one-time-code|name=\"login\"", form)
            assert (
                has_draft or is_secret or 'extends "desk/layout.html"' in text or name in {"item.html", "widget.html"}
            ), name
    assert found >= {"statements.html", "keys.html", "numbers.html", "confirm.html", "item.html"}
