"""A person at the desk who has no mouse: reaches everything with Tab, and axe looks at every page on the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import shutil

import pyotp
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as NotThere

from content.house import House
from content.services.accounts import accounts, sessions
from tests.browser.conftest import serving
from tests.functional.people import forget_reports
from workflows.vocabulary import ROLES

PASSWORD = "ein recht langer Satz"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MOST_STOPS = 250
"""So many presses of Tab are tried: what comes later, nobody finds."""
_PLACE = "e => e === document.activeElement"


@contextlib.contextmanager
def office(tmp_path_factory, example_data, people, prepare=None):
    """A portal in which these people work: (address, its folder, login → secret of an open session).

    `people`: login → role and organisation. `prepare(house)` may put something on their desks.
    """
    data = tmp_path_factory.mktemp("day") / "data"
    shutil.copytree(example_data, data)
    house = House.open(data)
    now = dt.datetime.now(dt.UTC)
    kept, opened = accounts.hash_password(PASSWORD), {}
    with house.writing("test") as work:
        for login, (role, organisation) in people.items():
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=now
            )
            account.password_hash = kept
            if ROLES[role].needs_second_factor:
                account.totp_secret, account.totp_is_confirmed = SECRET, True
            accounts.grant(work.session, account, role, organisation, by="test", now=now)
            opened[login] = sessions.begin(work.session, account, address="", agent="", now=now, is_strong=True)
        forget_reports(work)
    if prepare is not None:
        prepare(house)
    house.close()
    with serving(data, "granian") as url:
        yield url, data, opened


class Person:
    """Somebody with a keyboard. `problems` holds what axe found and which pages were too wide."""

    def __init__(self, browser, desk, login, width=1280):
        self.address, self.data, self._opened = desk
        self.login, self.problems, self._browser = login, [], browser
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce", accept_downloads=True
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)

    def colleague(self, login):
        """Somebody who is at the desk already."""
        other = Person(self._browser, (self.address, self.data, self._opened), login)
        other.context.add_cookies(
            [{"name": "redaktion", "value": self._opened[login], "url": f"{self.address}/redaktion"}]
        )
        return other

    # --- keys ---------------------------------------------------------------------------------------------------------

    def go(self, target):
        """Press Tab until `target` has the focus."""
        assert self._is_there(target), (
            f"{target} is not on {self.page.url}:\n{self.page.locator('main').aria_snapshot()}"
        )
        place = target.element_handle()
        for _ in range(MOST_STOPS):
            if place.evaluate(_PLACE):
                return target
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {target} on {self.page.url}")

    def _is_there(self, target):
        with contextlib.suppress(NotThere):
            target.wait_for(timeout=5_000)
            return True
        return False

    def field(self, label, nth=0, within=None):
        """A field by its label, whether it must be filled in or may be left."""
        return (
            (within or self.page)
            .get_by_label(re.compile(rf"^\s*{re.escape(label)}( \((freiwillig|nötig)\))?\s*$"))
            .nth(nth)
        )

    def write(self, label, text, nth=0, within=None):
        """Go to a field and type over what stands in it."""
        field = self.go(self.field(label, nth, within))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)
        return field

    def choose(self, label, words, nth=0, within=None):
        """Go to a list and press the arrow until it shows `words`."""
        field = self.go(self.field(label, nth, within))
        count = field.evaluate("e => e.options.length")
        self.page.keyboard.press("Home")
        for _ in range(count):
            if words in field.evaluate("e => e.selectedOptions[0].textContent"):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{label} does not offer {words}")

    def pick(self, group, number):
        """Choose the option `number` (from 0) of a group of radios with the arrows."""
        radios = self.page.locator(f'input[type=radio][name="{group}"]')
        self.go(radios.first)
        self.page.keyboard.press("Space")
        for _ in range(number):
            self.page.keyboard.press("ArrowRight")
        assert radios.nth(number).is_checked()

    def tick(self, label):
        """Go to a box and press the space bar."""
        self.go(self.field(label))
        self.page.keyboard.press("Space")

    def day(self, label, value, nth=0):
        """Type a day (or day and time, local) into a field of the browser's own kind, in the order it asks for."""
        field = self.go(self.field(label, nth))
        self.page.keyboard.type(f"{value:%m%d%Y}")
        if isinstance(value, dt.datetime):
            self.page.keyboard.press("Tab")
            self.page.keyboard.type(f"{value:%I%M%S%p}" if field.get_attribute("step") == "1" else f"{value:%I%M%p}")
        assert field.input_value()[:10] == f"{value:%Y-%m-%d}", field.input_value()
        return field

    def upload(self, label, file, nth=0):
        """Open the browser's window for files with the space bar and choose one."""
        field = self.go(self.field(label, nth))
        try:
            window = self._window_for_files(timeout=5_000)
        except (
            NotThere
        ):  # a busy browser lets a key press pass that comes while it lays out the page; people press again
            window = self._window_for_files(timeout=20_000)
        window.set_files(file)
        assert field.input_value()

    def _window_for_files(self, timeout):
        with self.page.expect_file_chooser(timeout=timeout) as window:
            self.page.keyboard.press("Enter")
        return window.value

    def press(self, name, *, role="button", nth=0, within=None):
        """Go to a button or link, press Enter, and look at the page that comes."""
        target = self.go((within or self.page).get_by_role(role, name=name, exact=True).nth(nth))
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.look()
        return target

    def follow(self, name, nth=0, within=None):
        """Go to a link and follow it."""
        return self.press(name, role="link", nth=nth, within=within)

    def unfold(self, words, nth=0):
        """Open what is folded."""
        self.go(self.page.locator("summary", has_text=words).nth(nth))
        self.page.keyboard.press("Enter")

    def form(self, name):
        """The form of a step."""
        return self.page.locator("form.step", has=self.page.get_by_role("heading", name=name, exact=True))

    def step(self, name):
        """Take a step of an item: the button in its form, and the one of the question that may come first."""
        taken = self.press(name, within=self.form(name))
        if self.page.locator("form#frage").count():
            self.press(
                self.page.locator("form#frage button").inner_text().strip(), within=self.page.locator("form#frage")
            )
        return taken

    # --- eyes ---------------------------------------------------------------------------------------------------------

    def look(self):
        """Let axe look at the page."""
        self.problems += [
            (self.page.url, row["id"], row["nodes"][0]["html"][:120])
            for row in Axe().run(self.page).response["violations"]
        ]
        self._measure()

    def narrow(self):
        """Look again as on a telephone."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 360, "height": 800})
        self.look()
        self.page.set_viewport_size(before)

    def _measure(self):
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.problems += [(self.page.url, "too wide", wide)] if wide > 0 else []

    def sees(self, words):
        """Whether the page says so; where not, the report of the test shows what it says."""
        text = self.page.locator("main").inner_text()
        if words not in text:
            print(self.login, self.page.url, text)
        return words in text

    def opens(self, path):
        """Open an address, as from a bookmark."""
        answer = self.page.goto(self.address + path)
        self.look()
        return answer.status

    # --- coming and going ---------------------------------------------------------------------------------------------

    def comes(self, *, code=False, name=""):
        """Sign in, with a code of the app where the role asks for one."""
        self.opens("/redaktion")
        self.write("Anmeldename", self.login)
        self.write("Kennwort", PASSWORD)
        self.press("Anmelden")
        if code:
            self.write("Code", pyotp.TOTP(SECRET).now())
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")
            self.look()
        assert self.sees(f"Guten Tag, {name or self.login.title()}"), self.page.url

    def leaves(self):
        """Sign out; the desk is closed and nothing was found on the way."""
        self.press("Abmelden")
        self.page.goto(f"{self.address}/redaktion")
        assert "/anmelden" in self.page.url
        self.context.close()
        assert self.problems == [], repr(self.problems)
