"""Where a command may write what it was asked for: never over what the portal itself lives on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url

from content import founding
from portal.settings import Settings

_BESIDE = ("", "-wal", "-shm", "-journal")
"""SQLite's own files beside a database, which belong to it."""


class Refused(Exception):  # noqa: N818 - named for the situation
    """The target is the portal's own; the message (German) says why and what to do."""


def demand_outside(target: Path, settings: Settings) -> None:
    """Raise `Refused` where `target` lies in DATA, by whatever name or link, or is the portal's database elsewhere."""
    places = {target.parent.resolve() / target.name, target.resolve()}
    for root in _roots(settings.data):
        if any(place.is_relative_to(root) for place in places):
            raise Refused(
                f"{target} liegt in DATA ({settings.data}), wo nur das Portal schreibt: Es könnte Datenbank oder Schlüssel ersetzen. "
                "Bitte ein Ziel außerhalb nennen; nichts wurde geschrieben."
            )
    for own in database_files(settings):
        if own.resolve() in places or _is_same(own, target):
            raise Refused(
                f"{target} ist die Datenbank dieses Portals. Bitte ein anderes Ziel nennen; nichts wurde geschrieben."
            )


def _roots(data: Path) -> list[Path]:
    """DATA, and where its parts lie that are linked in from other disks."""
    linked = [path for path in data.iterdir() if path.is_symlink()] if data.is_dir() else []
    return [path.resolve() for path in (data, *linked)]


def database_files(settings: Settings) -> list[Path]:
    """The files of a database of SQLite's; none for another."""
    url = make_url(settings.database_url) if settings.database_url else founding.default_database_url(settings.data)
    if url.get_backend_name() != "sqlite" or not url.database:
        return []
    return [Path(url.database + ending) for ending in _BESIDE]


def _is_same(one: Path, other: Path) -> bool:
    """Whether both names lead to one file, hard links included."""
    try:
        return one.samefile(other)
    except OSError:
        return False
