"""What sections of reports may have beyond Markdown: footnotes, cross-references, figures; all of it safe HTML.

- A footnote is `[^wort]` in the text and a paragraph `[^wort]: …` anywhere in the same section.
- A cross-reference is a link to an anchor of the report, `[](#a3)` or `[siehe dort](#a3)`: without words it says „Abschnitt 2.1“.
- A paragraph of nothing but a picture is a figure: `![Alternativtext](/datei/… "Bildunterschrift | Nachweis")`.

`content.text.markup` makes the HTML; here its result is completed. Ids carry the anchor of the section, so that sections can
stand on one page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType
from typing import Final

from content.text import markup
from content.text.merge import join, split

_DEFINITION: Final = re.compile(r"\[\^([\w-]{1,40})\]:[ \t]+(.+)", re.DOTALL)
_LEFT_OVER: Final = re.compile(r"^([\s>*-]*)\[\^(?=[\w-]{1,40}\]:)", re.MULTILINE)
"""A definition that nobody cites or that comes twice: Markdown would take it for the target of a link and hide it."""
_MARK: Final = re.compile(r"(?<!\\)\[\^([\w-]{1,40})\]")
_CODE: Final = re.compile(r"`[^`\n]+`")
_EMPTY_LINK: Final = re.compile(r"\[\]\(#(a\d{1,5})\)")
_OWN_LINK: Final = re.compile(r'<a href="#(a\d{1,5})"[^>]*>(.*?)</a>', re.DOTALL)
_FIGURE: Final = re.compile(r"<p>(<img [^>]*>)</p>")
_PICTURE: Final = re.compile(r'<img [^>]*?src="/datei/([0-9a-f]{64})/[^"]*"[^>]*>')
_ALT: Final = re.compile(r' alt="([^"]*)"')
_TITLE: Final = re.compile(r' title="([^"]*)"')
_HEADING: Final = re.compile(r"<(/?)h([2-6])>")
_NOTE: Final = re.compile("\ue0f0(\\d{1,4})\ue0f1")


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored picture; width and height in pixels, `sizes`: (width, address) of smaller ones of the same kind, `webp`: as WebP."""

    is_public: bool
    width: int | None = None
    height: int | None = None
    sizes: tuple[tuple[int, str], ...] = ()
    webp: tuple[tuple[int, str], ...] = ()


def section_html(
    text: str, anchor: str, level: int, labels: Mapping[str, str], pictures: Mapping[str, Shown] = MappingProxyType({})
) -> str:
    """Safe HTML of a section that stands at `level`.

    `labels` names the anchors that may be linked to, `pictures` tells of pictures by their hash.
    """
    body, notes = footnotes(markup.without_marks(text))
    html = markup.to_html(_named(body, labels))
    html = _HEADING.sub(lambda match: f"<{match[1]}h{min(6, int(match[2]) + level)}>", html)
    html = _OWN_LINK.sub(
        lambda match: f'<a href="#{match[1]}">{match[2]}</a>' if match[1] in labels else match[2], html
    )
    html = _FIGURE.sub(_figure, html)
    html = _PICTURE.sub(lambda match: _picture(match, pictures.get(match[1])), html)
    return _with_notes(html, notes, anchor)


def shown_pictures(html: str) -> list[tuple[str, str]]:
    """(hash, alternative text) of the stored pictures in a section's HTML, in their order."""
    return [
        (match[1], unescape(found[1]) if (found := _ALT.search(match[0])) else "") for match in _PICTURE.finditer(html)
    ]


def _picture(match: re.Match[str], shown: Shown | None) -> str:
    if shown is None:
        return match[0]
    if not shown.is_public:
        alt = _ALT.search(match[0])
        return f"<em>Abbildung nicht öffentlich{f': {alt[1]}' if alt and alt[1] else ''}</em>"
    size = f' width="{shown.width}" height="{shown.height}"' if shown.width and shown.height else ""
    image = f'{match[0].removesuffix(">").removesuffix("/").rstrip()}{size}{_srcset(shown.sizes)} loading="lazy" decoding="async">'
    return f'<picture><source type="image/webp"{_srcset(shown.webp)}>{image}</picture>' if shown.webp else image


def _srcset(sizes: tuple[tuple[int, str], ...]) -> str:
    rows = ", ".join(f"{address} {width}w" for width, address in sizes)
    return f' srcset="{rows}" sizes="(max-width: 60rem) 100vw, 60rem"' if rows else ""


def footnotes(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with its footnote marks made numbered private marks, and the notes in that order.

    A mark without a note, and a note without a mark, stay in the text: nothing typed disappears.
    """
    if "[^" not in text:
        return text, ()
    defined: dict[str, str] = {}
    rest: list[str] = []
    for paragraph in split(text):
        match = _DEFINITION.match(paragraph)
        parts = re.split(r"\n(?=\[\^[\w-]{1,40}\]:)", paragraph) if match else [paragraph]
        for part in parts:
            found = _DEFINITION.match(part)
            if found and found[1] not in defined:
                defined[found[1]] = found[2]
            else:
                rest.append(part)
    order: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name not in defined:
            return match[0]
        if name not in order:
            order.append(name)
        return f"\ue0f0{order.index(name) + 1}\ue0f1"

    numbered = [_outside_code(paragraph, number) for paragraph in rest]
    unused = [f"\\[^{name}]: {note}" for name, note in defined.items() if name not in order]
    return join([*numbered, *unused]), tuple(defined[name] for name in order)


def _outside_code(text: str, number: Callable[[re.Match[str]], str]) -> str:
    if text.lstrip().startswith(("```", "~~~")):
        return text
    text = _LEFT_OVER.sub(r"\1\\[^", text)
    position, found = 0, []
    for code in _CODE.finditer(text):
        found += [_MARK.sub(number, text[position : code.start()]), code[0]]
        position = code.end()
    return "".join([*found, _MARK.sub(number, text[position:])])


def _named(text: str, labels: Mapping[str, str]) -> str:
    return _EMPTY_LINK.sub(lambda match: f"[{labels.get(match[1], 'fehlender Abschnitt')}](#{match[1]})", text)


def _figure(match: re.Match[str]) -> str:
    title = _TITLE.search(match[1])
    caption, _, credit = (part.strip() for part in (title[1] if title else "").partition("|"))
    said = f"<span>{caption}</span>" if caption else ""
    source = f"<span>Bildnachweis: {credit}</span>" if credit else ""
    under = f"<figcaption>{' '.join(filter(None, (said, source)))}</figcaption>" if said or source else ""
    return f"<figure>{_TITLE.sub('', match[1])}{under}</figure>"


def _with_notes(html: str, notes: tuple[str, ...], anchor: str) -> str:
    if not notes:
        return html
    seen: set[str] = set()

    def mark(match: re.Match[str]) -> str:
        number = match[1]
        own = "" if number in seen else f' id="{anchor}-fr{number}"'
        seen.add(number)
        return f'<sup><a href="#{anchor}-fn{number}"{own} class="note" aria-label="Fußnote {number}">{number}</a></sup>'

    html = _NOTE.sub(mark, html)
    rows = "".join(
        f'<li id="{anchor}-fn{number}">{_note_html(note)} <a href="#{anchor}-fr{number}" class="note-back" '
        f'aria-label="Zurück zur Fußnote {number} im Text">↩</a></li>'
        for number, note in enumerate(notes, start=1)
    )
    return f'{html}<ol class="notes" aria-label="Fußnoten">{rows}</ol>'


def _note_html(note: str) -> str:
    html = markup.to_html(" ".join(note.split("\n")))
    return html.removeprefix("<p>").removesuffix("</p>")
