"""A server process carries only what every request may need: what seldom runs is loaded where it runs."""

from __future__ import annotations

import json
import subprocess
import sys

SELDOM = {"PIL", "alembic", "docx", "mako", "mammoth", "pypdfium2", "typst", "waitress"}


def test_server_process_does_not_load_what_seldom_runs():
    script = "import json, sys, pkgutil, portal.app, portal.views\nfor one in pkgutil.walk_packages(portal.views.__path__, 'portal.views.'): __import__(one.name)\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, check=True)
    assert not SELDOM & set(json.loads(done.stdout))
