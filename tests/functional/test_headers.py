"""What every answer says to browsers, whatever it is: the policy stands here literally, not as the product has it."""

from __future__ import annotations

import re

from tests.functional.browsing import Browser
from tests.functional.test_door import application, raw, routes

POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}
STRICTER = {
    "Referrer-Policy": {"no-referrer"},
    "Content-Security-Policy": set(),
    "Cross-Origin-Resource-Policy": {"cross-origin"},
}
"""What an answer may say instead: links of one person tell nobody where they lead; data that any site may read."""
EXTRA = [
    "/nix",
    "/static/portal.css",
    "/static/nix.css",
    "/beschluss/2021/39.json",
    "/beschluss/2021/39/",
    "/api/v1/nix",
    "/?stand=9999-01-01",
    "/health",
    "/feeds/alle.atom",
]


def check(answer, what):
    for name, wanted in POLICY.items():
        given = answer.headers.getall(name)
        assert len(given) == 1, (what, name, given)
        assert given[0] == wanted or given[0] in STRICTER.get(name, ()), (what, name, given)
    assert answer.headers.get("Cache-Control"), what


def test_every_answer_of_every_route_carries_the_policy(portal):
    app = application(portal[1])
    browser = Browser(app)
    seen = set()
    for path in [*(path for _, path in routes(app)), *EXTRA]:
        for method in ("GET", "POST", "TRACE"):
            answer = browser.request(path, method=method, status="*")
            check(answer, (method, path))
            seen.add(answer.status_int)
    assert {200, 301, 303, 400, 401, 404, 405} <= seen
    check(raw(app, "/", host="boese.example"), "a name that is not ours")
    check(raw(app, "/%ff"), "an address that is no text")
    first = browser.get("/beschluesse")
    check(browser.get("/beschluesse", headers={"If-None-Match": first.headers["ETag"]}, status=304), "not modified")
    check(browser.head("/beschluesse"), "only the head")


def test_what_is_of_one_person_is_kept_by_nobody(desk):
    _, browser = desk
    anna = browser("anna", "member")
    front = anna.app.inner
    for name, path in routes(front):
        if name != "alert.new" and name.startswith(
            ("desk.", "ticket", "sign_in", "forgotten", "oidc_", "embargo.", "review.", "alert.")
        ):
            for app in (anna, Browser(front)):
                answer = app.get(path, status="*")
                assert "no-store" in answer.headers["Cache-Control"] or answer.status_int in {404, 400}, (
                    name,
                    answer.status,
                    answer.headers["Cache-Control"],
                )


def test_signing_out_leaves_nothing_in_the_browser(desk):
    _, browser = desk
    anna = browser("anna", "member")
    answer = anna.get("/redaktion").forms[0].submit()
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert re.search(r"__Secure-redaktion=;.*Path=/redaktion", str(answer.headers.getall("Set-Cookie")))


def test_cookies_say_that_they_came_by_tls_where_they_did(desk):
    house, browser = desk
    anna = browser("anna", "member")
    assert set(anna.cookies) == {"__Secure-redaktion", "__Secure-browser", "__Secure-bekannt"}
    assert house.data


def test_where_holes_are_reported_is_told_where_the_setting_says_so(portal):
    browser = Browser(application(portal[1], SECURITY_CONTACT="mailto:sicherheit@amt.example"))
    text = browser.get("/.well-known/security.txt").text
    assert "Contact: mailto:sicherheit@amt.example\n" in text and re.search(
        r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.MULTILINE
    )
    assert "Canonical: https://beschluesse.example/.well-known/security.txt" in text
    portal[0].get("/.well-known/security.txt", status=404)
