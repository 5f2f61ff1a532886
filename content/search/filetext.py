"""The text inside PDF and Word files, page by page, read in a process of its own: a damaged file may hang or crash a
reader, never the portal.

`python -m content.search.filetext PATH MEDIA_TYPE` writes the pages as JSON. Limits: time, memory, pages and characters.
"""

from __future__ import annotations

import contextlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

PDF: Final = "application/pdf"
WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
READABLE: Final = frozenset({PDF, WORD})
TIMEOUT_S: Final = 20
MAX_PAGES: Final = 1_000
MAX_CHARS: Final = 3_000_000
_MAX_MEMORY: Final = 1_000_000_000


def pages_of(path: Path, media_type: str) -> tuple[list[str], str]:
    """The text of each page, and a fault in German (empty: none). A Word file is one page. Never raises."""
    command = [sys.executable, "-m", "content.search.filetext", str(path), media_type]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        return [], f"Die Datei ließ sich nicht in {TIMEOUT_S} Sekunden lesen."
    if done.returncode:
        return [], "Der Text der Datei ließ sich nicht lesen."
    pages, is_cut = json.loads(done.stdout)
    if not any(pages):
        return pages, "Die Datei enthält keinen Text (vielleicht ein Scan)."
    return pages, f"Gelesen sind nur die ersten {len(pages)} Seiten." if is_cut else ""


def _pdf(path: Path) -> Iterator[str]:
    import pypdfium2  # noqa: PLC0415 - only this process needs it

    document = pypdfium2.PdfDocument(path)
    with contextlib.closing(document):
        for page in document:
            text = page.get_textpage()
            yield _plain(text.get_text_range())
            text.close()
            page.close()


def _word(path: Path) -> Iterator[str]:
    import mammoth  # noqa: PLC0415 - only this process needs it

    with path.open("rb") as file:
        yield _plain(mammoth.extract_raw_text(file).value)


def _plain(text: str) -> str:
    # Words that a line ends in are joined again; control characters are none of the text.
    joined = re.sub(r"(\w)(?:\u00ad|\ufffe|-)\r?\n(?=[a-zäöüß])", r"\1", text)
    return re.sub(r"[\s\x00-\x1f\ufffe]+", " ", joined).strip()


def within_limits(pages: Iterable[str]) -> tuple[list[str], bool]:
    """The pages that fit the limits, and whether there are more."""
    kept: list[str] = []
    left = MAX_CHARS
    for page in pages:
        if left <= 0 or len(kept) == MAX_PAGES:
            return kept, True
        kept.append(page[:left])
        left -= len(page)
    return kept, left < 0


def main(path: str, media_type: str) -> None:
    """Write the pages of a file as JSON, and whether there are more."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))
    pages = {PDF: _pdf, WORD: _word}[media_type](Path(path))
    json.dump(within_limits(pages), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
