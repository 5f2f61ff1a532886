"""No public page leads anywhere that is not there: every address that a reader can reach by links answers."""

from __future__ import annotations

import html
import re

LINK = re.compile(r'(?:href|src)="(/[^"#]*)')
SLOW = re.compile(r"\.(pdf|zip)$")
"""Documents that are set or packed on demand have tests of their own."""
MAX_VARIANTS = 150
"""Addresses with a query beyond which only pages without one are followed: filters combine without end."""


def test_every_link_of_every_public_page_leads_somewhere(portal):
    app, _ = portal
    seen, broken, variants = {"/"}, [], 0
    waiting = [("/", "")]
    while waiting:
        address, source = waiting.pop()
        answer = app.get(address, expect_errors=True)
        while answer.status_int in {301, 302, 303, 308}:
            answer = answer.follow(expect_errors=True)
        if answer.status_int != 200:
            broken.append(f"{source} → {address}: {answer.status_int}")
        if answer.content_type != "text/html":
            continue
        for found in set(LINK.findall(answer.text)):
            target = html.unescape(found)
            variants += "?" in target and target not in seen
            if (
                target in seen
                or SLOW.search(target)
                or ("?" in target and variants > MAX_VARIANTS)
                or target.startswith("/anmelden")
            ):
                continue
            seen.add(target)
            waiting.append((target, address))
    assert broken == []
    assert len(seen) > 500
