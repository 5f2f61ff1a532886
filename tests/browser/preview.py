"""Shows every public template with rich sample values: HTML, pictures at two widths in light and dark, findings of axe.

`python -m tests.browser.preview TARGET CHROMIUM [NAME…]` writes into TARGET and ends with 1 where axe finds something.
It needs the built assets (`portal/static/vendor`) and a Chromium; nothing of it is part of the portal.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from portal.web.templating import make_environment
from tests.unit.templates import samples

WIDTHS = (320, 1280)


def main(target: Path, chromium: str, names: list[str]) -> int:
    """Write pages and pictures; 1 where axe finds something or a page is wider than its window."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree("portal/static", target / "static")
    environment, cases = make_environment(), samples.pages()
    for name in names or cases:
        html = samples.render(environment, *cases[name]).replace('"/static/', '"static/')
        (target / f"{name}.html").write_text(html)
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--allow-file-access-from-files"]
        )
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                tab = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
                for name in names or cases:
                    tab.goto(f"file://{target}/{name}.html")
                    tab.screenshot(path=target / f"{name}-{width}-{scheme}.png", full_page=True)
                    wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    found = Axe().run(tab).response["violations"]
                    faults += len(found) + (wide > 0)
                    for one in found:
                        print(
                            name,
                            width,
                            scheme,
                            one["id"],
                            [node["target"] for node in one["nodes"]][:4],
                            one["nodes"][0]["failureSummary"][:300],
                        )
                    if wide > 0:
                        print(name, width, f"{wide} px too wide")
        browser.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:]))
