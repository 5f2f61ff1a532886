"""The application: settings → Pyramid → page cache."""

from __future__ import annotations

import hashlib
import logging
import threading
from importlib import resources
from typing import Any

from pyramid.config import Configurator
from sqlalchemy.engine import Engine

from content.house import House
from content.services.memo import Memo
from content.signing import Sealer
from portal import __version__, ahead, clock, site
from portal.cache import Application, PageCache
from portal.mail import Postman
from portal.oidc import Provider
from portal.settings import Settings
from portal.templating import make_environment

log = logging.getLogger(__name__)


def make_app(settings: Settings, *, house: House | None = None) -> Application:
    """The WSGI application over the house in `settings.data`. Raises `content.house.NotSetUp`."""
    opened = house or House.open(settings.data, database_url=settings.database_url)
    assets = site.asset_versions()
    config = Configurator(settings={"portal.settings": settings})
    config.registry.house = opened
    config.registry.asset = lambda name: assets.get(name, f"/static/{name}")
    config.registry.templates = templates = make_environment()
    config.registry.frame = site.Frame(templates, config.registry.asset)
    config.registry.position = position = PositionReader(opened.engine)
    opened.closing.callback(position.close)
    config.registry.memo = Memo()
    config.registry.sealer = Sealer.open(settings.data)
    config.registry.provider = Provider(settings) if settings.oidc_issuer else None
    config.include("portal.routes")
    config.include("portal.security")
    config.include("portal.views.common")
    config.scan("portal.views")
    config.scan("portal.api")
    if settings.clock and house is None:
        # Only an application that opened its own house runs the clock: tests drive theirs by hand.
        config.registry.clock = clock.start(opened, Postman(settings, templates))
        config.registry.ahead = ahead.start(opened, settings.base_url)
    return PageCache(
        config.make_wsgi_app(),
        position=position,
        version=_version(assets),
        limit_bytes=settings.cache_mb * 1_000_000,
    )


class PositionReader:
    """Reads the ledger position as fast as the database can say it: one plain statement on a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = threading.local()
        self._open: list[Any] = []
        self._statement = "SELECT position FROM ledger_head"

    def __call__(self) -> int:
        """The position; 0 where nothing was published yet."""
        connection = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._connect()
            row = connection.execute(self._statement).fetchone()
        except Exception:
            # A broken connection must not break every request that follows.
            log.warning("position connection lost; opening a new one", exc_info=True)
            connection = self._connect()
            row = connection.execute(self._statement).fetchone()
        return int(row[0]) if row else 0

    def _connect(self) -> Any:
        raw = self._engine.raw_connection()
        connection: Any = raw.driver_connection
        raw.detach()
        self._local.keeper = raw  # the pool would close what nobody holds
        if self._engine.dialect.name == "postgresql":
            connection.autocommit = True
        self._local.connection = connection
        self._open.append(connection)
        return connection

    def close(self) -> None:
        """Close the connection of every thread: the pool knows them no more."""
        while self._open:
            self._open.pop().close()


def _version(assets: dict[str, str]) -> str:
    """Changes whenever program, templates or assets do: an ETag of an older release must not match."""
    mark = hashlib.blake2b(__version__.encode(), digest_size=5)
    for path in sorted(resources.files("templates").iterdir(), key=lambda entry: entry.name):
        if path.is_dir():
            for template in sorted(path.iterdir(), key=lambda entry: entry.name):
                if template.is_file():
                    mark.update(template.read_bytes())
    mark.update("".join(assets.values()).encode())
    return mark.hexdigest()


