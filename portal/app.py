"""The application: settings → Pyramid → page cache."""

from __future__ import annotations

import hashlib
from importlib import resources

from pyramid.config import Configurator

from content.house import House
from content.proof.signing import Sealer
from content.services.base.memo import Memo
from portal import __version__
from portal.auth.oidc import Provider
from portal.background import ahead, clock
from portal.background.mail import Postman
from portal.settings import Settings
from portal.web import door, site
from portal.web.cache import PageCache
from portal.web.front import Front
from portal.web.position import PositionReader
from portal.web.templating import make_environment


def make_app(settings: Settings, *, house: House | None = None) -> Front:
    """The WSGI application over the house in `settings.data`. Raises `content.house.NotSetUp`."""
    opened = house or House.open(settings.data, database_url=settings.database_url)
    assets = site.asset_versions()
    config = Configurator(settings={"portal.settings": settings})
    config.registry.house = opened
    config.registry.assets = assets
    config.registry.asset = lambda name: assets.get(name, f"/static/{name}")
    config.registry.templates = templates = make_environment()
    config.registry.frame = site.Frame(templates, config.registry.asset)
    config.registry.position = position = PositionReader(opened.reading_engine)
    opened.closing.callback(position.close)
    config.registry.memo = Memo()
    config.registry.sealer = Sealer.open(settings.data)
    config.registry.provider = Provider(settings) if settings.oidc_issuer else None
    config.include("portal.routes")
    config.include("portal.admission")
    config.include("portal.web.security")
    config.include("portal.web.door")
    config.include("portal.web.common")
    config.scan("portal.views")
    config.scan("portal.api")
    config.commit()
    config.registry.methods = door.methods_of(config)
    if settings.clock and house is None:
        # Only an application that opened its own house runs the clock: tests drive theirs by hand.
        config.registry.clock = clock.start(opened, Postman(settings, templates))
        config.registry.ahead = ahead.start(opened, settings.base_url)
    cached = PageCache(
        config.make_wsgi_app(),
        position=position,
        version=_version(assets),
        limit_bytes=settings.cache_mb * 1_000_000,
    )
    refusal, asset = templates.get_template("errors/500.html"), config.registry.asset
    return Front(
        cached,
        settings,
        lambda words: refusal.render(
            text=words, asset=asset, kept=(), words="", path="", is_busy=False, is_away=False, is_sent=False
        ).encode(),
    )


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
