"""Only `body_law` says by what a body decides."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READERS = {
    "content/services/base/body_law.py": "the law itself",
    "content/services/editing/writers/council.py": "writes the working copy",
    "content/freezing/council.py": "freezes the body",
    "content/freezing/linked.py": "names of members, where no edition says them",
    "content/services/workflow/decided.py": "lines of a full export tell the working copy, of bodies too",
    "content/services/base/source_lists.py": "bodies that a source line makes",
}
_WORKING = re.compile(
    r"\b(?:body|bodies\[\w+\]|item|candidate)\.(?:voting_rule|members|number_pattern)\b|models\.Body\.(?:voting_rule|members|number_pattern)\b"
)


def test_nobody_else_reads_rule_members_or_pattern_of_a_working_copy():
    found = {
        str(path.relative_to(ROOT))
        for name in ("content", "portal", "workflows")
        for path in (ROOT / name).rglob("*.py")
        if "migrations" not in path.parts and _WORKING.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(READERS)
