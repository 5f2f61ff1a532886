"""How addresses, anchors and programs read in German: „Beschluss 2023/44, Ziffer 2 Buchstabe a“ from `/beschluss/2023/44`, `z2a`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from content.council.bodies import NOBODY, Bodies
from content.typed.whole import whole

_ANCHOR: Final = re.compile(r"z(\d+)([a-z]*)(\d*)(?:-\d+)?\Z")
_MEETING_WORDS: Final = {"sonder": "Sondersitzung", "umlauf": "Umlaufverfahren"}

PROGRAMS: Final = MappingProxyType(
    {
        "clock": "Uhr",
        "examples": "Beispielinhalt",
        "export": "Export",
        "import": "Import",
        "operator": "Betrieb",
        "system": "System",
    }
)
"""Who acts where no person does: the name that people read."""


def anchor_words(anchor: str) -> str:
    """„Ziffer 2 Buchstabe a“ from `z2a`; an anchor of another form reads as nothing."""
    match = _ANCHOR.match(anchor)
    if match is None:
        return ""
    number, letters, inner = match.groups()
    if number == "0":
        return "Text"
    words = f"Ziffer {number}"
    if letters:
        words += f" Buchstabe {letters}"
    return f"{words} Nummer {inner}" if inner else words


def address_words(url: str, anchor: str | None = None, *, bodies: Bodies = NOBODY) -> str:
    """„Beschluss 2023/44 Ziffer 2“ from the address of a decision; other addresses read as their last part."""
    parts = url.strip("/").split("/")
    if parts[0] == "beschluss" and len(parts) >= 3:
        suffix = bodies.suffix(parts[1]) if len(parts) == 4 else ""
        words = f"Beschluss {parts[-2]}/{parts[-1]}{suffix}"
    elif parts[0] == "sitzung":
        words = meeting_words(url, bodies=bodies)
    else:
        words = parts[-1].replace("-", " ").capitalize()
    return f"{words}, {anchor_words(anchor)}" if anchor and anchor_words(anchor) else words


ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"annulment": "für nichtig erklärt", "replacement": "ersetzt", "lapse": "erledigt"}
)
"""Where the data of an edition tell that something counts no more → what they say."""


def ending_words(data: Mapping[str, Any]) -> str:
    """„für nichtig erklärt“, „ersetzt durch Beschluss 2026/07“, „erledigt“; empty where the data of an edition tell no end."""
    name = next((name for name in ENDINGS if name in data), "")
    label = data[name].get("label") if name else ""
    return f"{ENDINGS[name]} durch {label}" if label else ENDINGS.get(name, "")


def with_ending(header: Sequence[str], data: Mapping[str, Any]) -> tuple[str, ...]:
    """The line above the title, with the end that the data tell, once."""
    known, words = tuple(ENDINGS.values()), ending_words(data)
    return (*(part for part in header if not part.startswith(known)), *([words] if words else []))


def ending_sentence(subject: str, data: Mapping[str, Any]) -> str:
    """„Dieser Beschluss ist ersetzt durch Beschluss 2026/07, seit 01.12.2026. Grund: …“; empty where the data tell no end."""
    words = ending_words(data)
    if not words:
        return ""
    told = next(data[name] for name in ENDINGS if name in data)
    reason = f" Grund: {told['reason']}" if told.get("reason") else ""
    return f"{subject} ist {words}, seit {'.'.join(reversed(told['date'].split('-')))}.{reason}"


def meeting_words(url: str, *, bodies: Bodies = NOBODY) -> str:
    """„36. Sitzung“ from `/sitzung/36`; „Umlaufverfahren vom 24.08.2018“ from `/sitzung/umlauf-2018-08-24`."""
    *_, body, last = url.strip("/").split("/")
    behind = "" if body == "sitzung" else bodies.in_words(body)
    if whole(last) is not None:
        return f"{last}. Sitzung{behind}"
    word, _, date = last.partition("-")
    if word not in _MEETING_WORDS:
        return last + behind
    return f"{_MEETING_WORDS[word]} vom {'.'.join(reversed(date.split('-')))}{behind}"
