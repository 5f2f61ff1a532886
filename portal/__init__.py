"""The web side: routes, views, feeds, commands. Everything that knows HTTP lives here."""

from importlib import metadata

__version__ = metadata.version("beschlussportal")
