"""The application as a server process loads it: settings come from the environment."""

from __future__ import annotations

from portal.app import make_app
from portal.settings import load

application = make_app(load())
