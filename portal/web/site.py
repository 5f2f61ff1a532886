"""What every page gets beside its own value: navigation, addresses of assets, metadata."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from content import legal_pages, reading
from content.kinds import KINDS
from content.typed.berlin import BERLIN

NAME: Final = "Beschlussportal"
COUNCIL: Final = "IT-Planungsrat"
STATIC: Final = Path(__file__).parents[1] / "static"
NAV: Final = (
    *((KINDS[name].plural, KINDS[name].list_url or "/") for name in ("decision", "meeting", "recommendation")),
    ("Umsetzung", "/umsetzung"),
    *((KINDS[name].plural, KINDS[name].list_url or "/") for name in ("report", "press_release", "market_item", "term")),
)
MONTHS: Final = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the main navigation."""

    label: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class StandBanner:
    """The day as of which the portal is shown, and how to come back to today."""

    day: dt.date
    leave_url: str


@dataclass(frozen=True, slots=True)
class SiteChrome:
    """The frame of a page."""

    title: str
    description: str
    path: str
    canonical: str
    base_url: str
    menu: Markup
    styles: Markup
    asset: Callable[[str], str]
    query: str = ""
    name: str = NAME
    council: str = COUNCIL
    meta: tuple[tuple[str, str], ...] = ()
    json_ld: str = ""
    feeds: tuple[reading.Link, ...] = ()
    is_indexed: bool = True
    legal: tuple[reading.Link, ...] = ()
    """The pages of `LEGAL` that there are."""


LEGAL: Final = tuple(reading.Link(title, url) for url, title in legal_pages.PAGES.items())


def asset_versions() -> dict[str, str]:
    """Static file → address with a mark of its content; read once at start."""
    found: dict[str, str] = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            name = path.relative_to(STATIC).as_posix()
            found[name] = f"/static/{name}?v={mark_of(path)}"
    return found


def mark_of(path: Path) -> str:
    """What names the content of a static file in its address."""
    return hashlib.blake2b(path.read_bytes(), digest_size=5).hexdigest()


_NAV_PATHS: Final = {kind.list_url: f"/{kind.path}/" for kind in KINDS.values()}


def navigation(path: str) -> tuple[NavItem, ...]:
    """The main navigation as seen from `path`."""
    return tuple(
        NavItem(label, url, path == url or path.startswith(_NAV_PATHS.get(url, url + "/"))) for label, url in NAV
    )


class Frame:
    """The parts of the frame that are the same on many pages, each made once: style sheets, and the menu per section."""

    def __init__(self, templates: jinja2.Environment, asset: Callable[[str], str]) -> None:
        self._templates = templates
        self._menus: dict[tuple[NavItem, ...], Markup] = {}
        self.styles = self._render("layout/styles.html", asset=asset)

    def menu(self, path: str) -> Markup:
        """The entries of the main navigation as seen from `path`."""
        nav = navigation(path)
        if nav not in self._menus:
            self._menus[nav] = self._render("layout/menu.html", nav=nav)
        return self._menus[nav]

    def _render(self, template: str, **values: Any) -> Markup:
        return Markup(self._templates.get_template(template).render(**values))  # noqa: S704 - our own templates escape


def day(value: dt.date | str | None) -> str:
    """„29. Oktober 2021“."""
    date = _date(value)
    return f"{date.day}. {MONTHS[date.month - 1]} {date.year}" if date else ""


def shortday(value: dt.date | str | None) -> str:
    """„29.10.2021“."""
    date = _date(value)
    return f"{date.day:02d}.{date.month:02d}.{date.year}" if date else ""


def instant(value: dt.datetime) -> str:
    """„24.11.2026, 05:06 Uhr“ in Berlin."""
    local = value.astimezone(BERLIN)
    return f"{local:%d.%m.%Y, %H:%M} Uhr"


def moment(value: dt.datetime | str) -> str:
    """„24.11.2026, 05:06:00 Uhr“ in Berlin: to the second, where it counts."""
    read = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{read.astimezone(BERLIN):%d.%m.%Y, %H:%M:%S} Uhr"


def iso(value: dt.date | dt.datetime | str | None) -> str:
    """ISO 8601, instants in UTC."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, dt.date) else value or ""


def number(value: int) -> str:
    """„1.234“."""
    return re.sub(r"(?<=\d)(?=(\d{3})+$)", ".", str(value))


def valid_on(rows: Iterable[Mapping[str, Any]], asked: dt.date | None = None) -> list[Mapping[str, Any]]:
    """Those of `rows` that are valid on the day asked for, else today; bounds belong to the time, missing ones are open."""
    on = (asked or dt.datetime.now(BERLIN).date()).isoformat()
    return [row for row in rows if (row.get("valid_from") or on) <= on <= (row.get("valid_until") or on)]


FILTERS: Final = {
    "valid_on": valid_on,
    "day": day,
    "shortday": shortday,
    "instant": instant,
    "moment": moment,
    "iso": iso,
    "number": number,
}


def _date(value: dt.date | str | None) -> dt.date | None:
    if isinstance(value, str):
        return dt.date.fromisoformat(value) if value else None
    return value
