"""The application as a server process loads it: settings come from the environment."""

from __future__ import annotations

import os

from content.database.processes import end_with
from portal.app import make_app
from portal.background.memory import give_large_blocks_back, leave_what_stays
from portal.settings import SERVER_PROCESS, load

if server := os.environ.get(SERVER_PROCESS):
    end_with(int(server))
give_large_blocks_back()
application = make_app(load())
leave_what_stays()
