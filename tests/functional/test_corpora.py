"""What people and attackers type into every field: no script comes back as one, and nothing answers 500.

`tests/data/naughty.txt` is a list of our own making in the spirit of the Big List of Naughty Strings; the other is that of the
unit tests. The forms and their fields are read from the pages.
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from content.kinds import KINDS
from tests.functional.browsing import Browser
from tests.functional.test_door import application

HERE = Path(__file__).parent.parent
CORPUS = [
    *(HERE / "data" / "naughty.txt").read_text().splitlines(),
    *(HERE / "unit" / "xss_payloads.txt").read_text().splitlines(),
]
TYPED = {"", "text", "search", "email", "url", "date", "number", "hidden", "password", "datetime-local", "tel", "month"}
PUBLIC = [
    "/suche?q=x",
    "/suche/abo?q=x",
    "/abo",
    "/beschluesse",
    "/presse",
    "/empfehlungen",
    "/marktplatz",
    "/umsetzung",
    "/umsetzung/verlauf",
    "/abdeckung",
    "/glossar",
    "/stand",
    "/anmelden",
    "/anmelden/vergessen",
    "/angebot/govdigital-wohngeld/preis",
]


class Dangers(HTMLParser):
    """What in a page could run, and is not ours."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "base", "applet", "frame", "marquee", "math"}:
            self.found.append(tag)
        if (
            tag == "script"
            and not given.get("src", "").startswith("/static/")
            and given.get("type") != "application/ld+json"
        ):
            self.found.append(f"script {given}")
        for name, value in given.items():
            target = "".join(value.split()).lower()
            if name.startswith("on") or name in {"srcdoc", "style"}:
                self.found.append(f"{tag} {name}")
            if name in {"href", "src", "action", "formaction", "xlink:href"} and target.startswith(
                ("javascript:", "vbscript:", "data:text")
            ):
                self.found.append(f"{tag} {value}")


def check(answer, what):
    assert answer.status_int < 500, (what, answer.status)
    if answer.content_type == "text/html":
        reader = Dangers()
        reader.feed(answer.text)
        assert reader.found == [], (what, reader.found[:3])


def fields(form):
    """Names of the fields of a form into which something can be written, selects and boxes included."""
    return [
        name
        for name, all_of_it in form.fields.items()
        if name and name != "formular"
        for one in all_of_it[:1]
        if one.attrs.get("type", "text") not in {"file", "submit"}
    ]


def sent(app, page, form, values):
    """Send `form` of `page` with `values`, whatever its fields would allow."""
    path = form.action or page.request.path
    kept = [(name, value) for name, value in form.submit_fields() if name == "formular"]
    pairs = [*kept, *values]
    if form.method.upper() == "GET":
        return app.get(f"{path.partition('?')[0]}?{urlencode(pairs)}", status="*")
    return app.post(path, urlencode(pairs), content_type="application/x-www-form-urlencoded", status="*")


def test_every_field_of_every_public_form_takes_anything(portal):
    app = Browser(application(portal[1]))
    tried = set()
    for path in PUBLIC:
        page = app.get(path)
        for form in page.forms.values():
            names = fields(form)
            target = (form.action or path, *names)
            if not names or target in tried:
                continue
            tried.add(target)
            for place in range(0, len(CORPUS), 3):
                rows = CORPUS[place : place + 3]
                values = [(name, rows[number % len(rows)]) for number, name in enumerate(names)]
                check(sent(app, page, form, values), (path, form.action, rows))
    assert len(tried) > 10


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_of_every_form_of_the_desk_takes_anything(desk, kind):
    _, browser = desk
    role = {"press_release": "press", "offer": "provider", "market_item": "secretariat"}.get(kind, "secretariat")
    app = browser("rita", role, organisation="govdigital" if role == "provider" else "")
    page = app.get(f"/redaktion/neu/{kind}", status="*")
    if page.status_int != 200:
        pytest.skip(f"{role} writes no {kind}: {page.status}")
    form = next(
        form for form in page.forms.values() if "formular" in form.fields and form.action.startswith("/redaktion/neu/")
    )
    names = fields(form)
    assert names
    for place in range(0, len(CORPUS), 8):
        rows = CORPUS[place : place + 8]
        values = [
            (name, "\n\n".join(rows) if form.fields[name][0].tag == "textarea" else rows[number % len(rows)])
            for number, name in enumerate(names)
        ]
        answer = sent(app, page, form, values)
        check(answer, (kind, rows))
        title = [
            (name, value if name not in {"slug", "number", "date", "title"} else value[:100])
            for name, value in form.submit_fields()
            if name != "formular"
        ]
        typed = [
            (name, dict(values).get(name, value) if form.fields[name][0].tag == "textarea" else value)
            for name, value in title
            if name in form.fields
        ]
        check(sent(app, page, form, typed), (kind, "only texts", rows))
    for path in ("/redaktion", "/redaktion/eintraege", "/redaktion/eintraege?q=%3Cscript%3E"):
        check(app.get(path), path)
