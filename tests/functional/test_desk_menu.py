"""The menu of the desk: nobody sees a door that is locked for them, and everybody sees where they stand."""

from __future__ import annotations

import re

import pytest

ROLES = [
    ("secretariat", ""),
    ("press", ""),
    ("member", ""),
    ("land", "hamburg"),
    ("provider", "dataport"),
    ("commune", "stadt"),
    ("administrator", ""),
]


def _menu(page):
    return dict(
        re.findall(
            r'<li><a href="([^"]+)"(?: aria-current="(\w+)")?>',
            page.text.split('aria-label="Arbeitsplatz"')[1].split("</nav>")[0],
        )
    )


@pytest.mark.parametrize(("role", "organisation"), ROLES)
def test_every_entry_that_a_role_sees_opens_and_marks_itself(desk, role, organisation):
    _, browser = desk
    app = browser("anna", role, organisation=organisation)
    shown = _menu(app.get("/redaktion"))
    assert shown["/redaktion"] == "page"
    for path in shown.keys() - {"/"}:
        assert _menu(app.get(path, status=200)) == {**dict.fromkeys(shown, ""), path: "page"}


def test_what_a_person_may_not_open_is_not_in_the_menu(desk):
    _, browser = desk
    app = browser("anna", "member")
    shown = _menu(app.get("/redaktion"))
    for path in ("/redaktion/konten", "/redaktion/protokoll", "/redaktion/kontakte"):
        assert path not in shown
        app.get(path, status=403)


def test_a_page_below_an_entry_shows_where_it_belongs(desk):
    _, browser = desk
    app = browser("gerda", "secretariat")
    assert _menu(app.get("/redaktion/eintrag/1"))["/redaktion/eintraege"] == "true"
    assert _menu(app.get("/redaktion/hinweise/einstellungen"))["/redaktion/hinweise"] == "true"
