"""The application as a server process loads it: settings come from the environment."""

from __future__ import annotations

import gc

from portal.app import make_app
from portal.memory import give_large_blocks_back
from portal.settings import load

give_large_blocks_back()
application = make_app(load())

# What was made at start stays: collecting garbage need not look at it again, nor look for more several times a page.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
