"""Markdown → safe HTML and plain text; decisions → nested clauses; placeholders → links.

The only place that makes HTML out of what people typed. The result passes nh3 with an allow-list: no scripts, handlers,
styles, foreign pictures or own ids. Links to other items are *placeholders* (`<a class="ref" data-ref="/…">` without
`href`): frozen text never says whether its target is public; `link_placeholders` does, when a page is shown.
"""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import markdown as markdown_library
import nh3

from content.typed.whole import whole

if TYPE_CHECKING:
    from content.text.citations import Reference
    from content.text.clauses import Clause, DecisionText

MAX_MARKDOWN_CHARS: Final = 400_000
MAX_NESTING: Final = 12
MAX_OPEN: Final = 400
"""Brackets and marks of one paragraph that are opened and never closed; of several paragraphs, the root of the sum of squares."""
MAX_LINES: Final = 10_000
MAX_RULES: Final = 1_000
MAX_WORK: Final = 1_000_000
"""What a text may cost, in about microseconds of a slow processor: counted, never measured."""
MAX_ITEM_WORK: Final = 2 * MAX_WORK
"""What all texts of one item may cost together."""

_EXTENSIONS: Final = ("tables", "fenced_code", "def_list", "sane_lists")
_SETTINGS: Final = {"tables": {"use_align_attribute": True}}
_ALIGN: Final = re.compile(r'(<t[dh](?: scope="col")?) align="(left|right|center)"')
"""Columns keep their side as a class: the policy of our pages knows no styles, today's HTML no such attribute."""
_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "code",
        "dd",
        "del",
        "dl",
        "dt",
        "em",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align", "scope"},
}
_OWN_FILE: Final = re.compile(r"/datei/[0-9a-f]{64}/[^\s\"'<>]{1,255}\Z")
_PLAIN: Final = re.compile(r"[^*_`<>\[\]#|&\\~^!\n\ue000-\ue0ff]*\Z")
_BLOCK_START: Final = re.compile(r"\s|[-+>=:]|\d{1,9}[.)]")
_HEADING: Final = re.compile(r"<(/?)h([1-5])>")
_MARKS: Final = re.compile("[\ue000-\ue0ff]")
_MARKED: Final = re.compile("\ue000(.)(.*?)\ue001", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r'<a class="ref" data-ref="([^"]*)">(.*?)</a>', re.DOTALL)
_DATA_REF: Final = re.compile(r'data-ref="([^"#]*)')
_local: Final = threading.local()

escape = html.escape


class Refused(ValueError):  # noqa: N818 - named for the situation
    """A text that the portal does not take; says why and what to do, in German."""

    code = "not_readable"


class TooLarge(Refused):
    """The text is longer, or more work, than the portal takes."""

    code = "too_large"


class TooDeep(Refused):
    """The text is nested deeper than anyone could read."""

    code = "too_deep"


def to_html(text: str) -> str:
    """Safe HTML of Markdown; headings start at h2. Raises `TooLarge`, `TooDeep` (messages in German)."""
    return _html(text) if len(text) < _LONG else _html_of_long(text)


def _html(text: str) -> str:
    check_size(text)
    if not text.strip():
        return ""
    if _is_plain(text):
        return f"<p>{escape(text.strip(), quote=False)}</p>"
    converter = _converter()
    try:
        raw = converter.convert(_definitions_apart(text))
    except RecursionError as error:
        raise TooDeep(_TOO_DEEP) from error
    finally:
        if converter.parser.state:  # it stopped half-way, and would read the next text as if it went on inside this one
            del _local.converter
    return sanitise(_HEADING.sub(lambda match: f"<{match[1]}h{int(match[2]) + 1}>", raw))


_LONG: Final = 5_000
_html_of_long = lru_cache(maxsize=4)(_html)
"""Freezing asks for HTML and words of the same text, and a page for both again."""
_TOO_DEEP: Final = "Der Text ist zu tief verschachtelt. Bitte Listen, Zitate und Erklärungen flacher gliedern."


def sanitise(raw: str) -> str:
    """`raw` HTML reduced to the allow-list; foreign links get `rel`, table heads their scope."""
    clean = nh3.clean(
        raw,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )
    scoped = (
        clean.replace("<th>", '<th scope="col">').replace("<th align", '<th scope="col" align').replace("<img>", "")
    )
    return _ALIGN.sub(r'\1 class="cell-\2"', scoped) if " align=" in scoped else scoped


def to_text(text: str) -> str:
    """The words of Markdown without its marks; paragraphs are separated by a blank line."""
    check_size(text)
    if _is_plain(text):
        return text.strip()
    return html_to_text(to_html(text))


def html_to_text(source: str) -> str:
    """The words of HTML; blocks become lines of their own."""
    reader = _TextReader()
    reader.feed(source)
    reader.close()
    return reader.text()


def check_size(text: str) -> None:
    """Refuse what would cost unbounded time, or cannot be shown. Raises `TooLarge`, `TooDeep`."""
    if len(text) > MAX_MARKDOWN_CHARS:
        raise TooLarge(
            f"Der Text hat {len(text)} Zeichen; höchstens {MAX_MARKDOWN_CHARS} sind möglich. Bitte aufteilen."
        )
    if _is_plain(text):
        return
    lines = _definitions_apart(text.expandtabs(4)).split("\n")
    if len(lines) > MAX_LINES:
        raise TooLarge(f"Der Text hat {len(lines)} Zeilen; höchstens {MAX_LINES} sind möglich. Bitte aufteilen.")
    _refuse_deep(lines)
    blocks = _blocks(lines)
    if len(_RULES.findall(text)) > MAX_RULES:
        raise TooLarge(f"Der Text hat mehr als {MAX_RULES} Trennlinien. Bitte aufteilen.")
    if _work(text, blocks) > MAX_WORK:
        raise TooLarge(
            "Der Text hat zu viele Auszeichnungen (\\, *, _, `, &, <, Links, Überschriften, Tabellenzellen) für einen Text oder für einen Absatz. "
            "Bitte aufteilen, Absätze und Überschriften durch Leerzeilen trennen oder Auszeichnungen weglassen."
        )
    _refuse_open(blocks)


def work(text: str) -> float:
    """What converting `text` costs, in the measure of `MAX_WORK`; nothing where it is refused anyway."""
    if _is_plain(text):
        return len(text) * 0.7
    try:
        return _work(text, _blocks(_definitions_apart(text.expandtabs(4)).split("\n")))
    except TooDeep:
        return 0


def _definitions_apart(text: str) -> str:
    """`text` with a blank line before each term but the first of a block: without one the library puts every term into the explanation before."""
    if not _DEFINED_TWICE.search(text):
        return text
    lines, is_code, is_defined = text.split("\n"), False, False
    found: list[str] = []
    for number, line in enumerate(lines):
        is_code ^= line.startswith(("```", "~~~"))
        is_definition = _DEFINITION.match(line) is not None
        after = _DEFINITION.match(lines[number + 1]) if number + 1 < len(lines) else None
        is_term = after is not None and not is_definition and len(line) - len(line.lstrip(" ")) <= after.start(1)
        if is_defined and not is_code and is_term:
            found.append("")
        is_defined = bool(line.strip()) and (is_defined or is_definition) and not is_code
        found.append(line)
    return "\n".join(found)


_DEFINITION: Final = re.compile(r" {0,3}(:)[ \t]")
_DEFINED_TWICE: Final = re.compile(r"\n {0,3}:[ \t].*\n(?:.+\n)*? {0,3}:[ \t]")


def _refuse_deep(lines: Iterable[str]) -> None:
    """Raise `TooDeep` for lists, quotations and explanations that stand inside each other: by marks in one line, or line by line further to the right."""
    above: list[tuple[int, int]] = []
    quotes = 0
    for line in lines:
        quoted = _QUOTED.match(line)
        rest = line[quoted.end() :] if quoted else line
        if (count := quoted[0].count(">") if quoted else 0) != quotes:
            above, quotes = [], count
        lead = _LEAD.match(rest)
        marks = len(_LEVEL.findall(lead[0])) if lead and not _RULE.match(rest) else 0
        if marks and lead:
            column = (len(rest) - len(rest.lstrip(" "))) // 4
            while above and above[-1][0] >= column:
                above.pop()
            above.append((column, marks))
        if quotes + marks > MAX_NESTING or (marks and quotes + sum(number for _, number in above) > MAX_NESTING):
            raise TooDeep(_TOO_DEEP)


_QUOTED: Final = re.compile(r"(?: {0,3}> ?)+")
_LEAD: Final = re.compile(r"(?: *(?:>|[-*+:](?= )|\d{1,9}[.)](?= )))* *")
_LEVEL: Final = re.compile(r"[>*+:-]|\d+")
_RULE: Final = re.compile(r" *([-*_]) {0,2}(?:\1 {0,2}){2,} *$")


def _blocks(lines: Iterable[str]) -> list[list[str]]:
    """The lines between blank lines: nothing inside a line of text goes on beyond one."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return found


def _work(text: str, blocks: Iterable[Sequence[str]]) -> float:
    """Count what the Markdown library will do.

    Every mark costs it the same, and then the length of the paragraph again: it copies, and often searches, the whole
    of it. A line that begins something new costs the rest of its block.
    """
    found = len(text) * 0.7 + text.count("\n") * 50 + text.count("|") * 45 + _marks(text) * 30 + text.count("](") * 70
    for lines in blocks:
        found += sum(map(_levels, lines)) * 25
        found += _breaks(lines) * (len(lines) * 0.15 + sum(map(len, lines)) * 0.03)
        for piece in _pieces(lines):
            hard = len(_HARD_LINK.findall(piece)) * 0.4 + len(_OPEN_BRACKET.findall(piece)) * 0.6
            found += len(piece) * (
                (_marks(piece) - len(_INNER.findall(piece))) * 0.025 + piece.count("`") * 0.04 + hard
            )
    return found + len(text) * len(_OPEN_TAG.findall(text)) * 0.03


def _levels(line: str) -> int:
    """In how many lists and quotations a line may stand: the library reads it once for each."""
    lead = _LEAD.match(line)
    return min(len(_LEVEL.findall(lead[0])) + (len(line) - len(line.lstrip(" "))) // 4, MAX_NESTING) if lead else 0


def _marks(text: str) -> int:
    return sum(map(text.count, _MARK_SIGNS)) + text.count("&")


_MARK_SIGNS: Final = ("\\", "*", "_", "`", "[", "<", "&", "  \n")
_HARD_LINK: Final = re.compile(
    r"""\]\((?!(?:<[^<>\n]{0,2000}+>|(?:[^()\s"'<>]|\([^()\s"'<>]{0,500}+\)){0,2000}+)(?: (?:"(?:[^"\n()]|\([^"\n()]{0,200}+\)){0,500}+"|'[^'\n()]{0,500}+'))?\))"""
)
_OPEN_BRACKET: Final = re.compile(r"\[(?!(?:[^\[\]]|\[[^\[\]]{0,200}+\]){0,500}+\])")
"""A link, or the words of one, whose end is not plain to see: the library looks for it letter by letter, several times."""
_INNER: Final = re.compile(r"\w_(?=\w)")
"""An underline within a word marks nothing."""
_OPEN_TAG: Final = re.compile(r"<(?![^<>]{0,2000}>)")
_BREAK: Final = re.compile(r"[ >]*(?:[#:=]|\[[^\]]*\]:|(?:[-*_] *){3,}$)")


def _breaks(lines: Sequence[str]) -> int:
    """Lines that begin something new in the middle of a block. Raises `TooDeep`."""
    definitions = sum(
        line.lstrip(" >").startswith(":") and not before.lstrip(" >").startswith(":")
        for before, line in pairwise(lines)
    )
    if definitions > 2 * MAX_NESTING:  # each stands inside the one before
        raise TooDeep(
            "Viele Erklärungen mit „:“ folgen ohne Leerzeile aufeinander. Bitte Leerzeilen dazwischen setzen."
        )
    quotes = sum(
        line.lstrip().startswith(">") and not before.lstrip().startswith(">") for before, line in pairwise(lines)
    )
    return quotes + sum(_BREAK.match(line) is not None for line in lines)


def _pieces(lines: Sequence[str]) -> Iterator[str]:
    """What the library reads as one run of text: rows of a table and entries of a list are read each by itself."""
    if len(lines) > 1 and _SEPARATOR.match(lines[1]) and _cells(lines[0]) == _cells(lines[1]) > 1:
        yield from lines
        return
    entry = next((one for one in _ENTRIES if lines and one.match(lines[0])), None)
    piece: list[str] = []
    for line in lines:
        if entry is not None and piece and entry.match(line):
            yield "\n".join(piece)
            piece = []
        piece.append(line)
    yield "\n".join(piece)


_SEPARATOR: Final = re.compile(r" {0,3}\|?(?: *:?-+:? *\|)* *:?-+:? *\|? *\Z")
_ENTRIES: Final = (re.compile(r" {0,3}[-*+] "), re.compile(r" {0,3}\d+\. "))


def _cells(row: str) -> int:
    """Cells of a simple row; 0 where marks could hide a border."""
    return (
        0
        if "`" in row or "\\" in row or row.startswith("    ")
        else row.strip().removeprefix("|").removesuffix("|").count("|") + 1
    )


def _refuse_open(blocks: Iterable[Sequence[str]]) -> None:
    """Refuse what is opened and never closed: the library looks for its end again and again."""
    work = 0
    for lines in blocks:
        paragraph = "\n".join(lines)
        if (
            max(
                paragraph.count("["),
                paragraph.count("<"),
                paragraph.count("*"),
                paragraph.count("_"),
                paragraph.count("`"),
            )
            < 30
        ):
            continue
        rest = _PAIRS.sub("", _LINKS.sub("", paragraph))
        open_brackets = rest.count("[") + rest.count("](") + rest.count("<")
        work += open_brackets**2 + (rest.count("*") + rest.count("_") + rest.count("`")) ** 2 // 8
        if work > MAX_OPEN**2:
            raise TooDeep(
                f"Mehr als {MAX_OPEN} Klammern oder Auszeichnungszeichen ([, <, *, _, `) sind geöffnet und nie geschlossen. Bitte schließen oder mit \\ davor schreiben."
            )


_LINKS: Final = re.compile(
    r"!?\[(?:[^\[\]\n]|\[[^\[\]\n]{0,200}+\]){0,500}+\]\((?:[^()\n]|\([^()\n]{0,500}+\)){0,2000}+\)"
)
"""Brackets may stand in brackets, once: „[Anlage [3]](/datei/3_(neu).pdf)“."""
_PAIRS: Final = re.compile(
    r"\[(?:[^\[\]\n]|\[[^\[\]\n]{0,200}+\]){0,500}+\](?!\()|<[^<>\n]{1,2000}>|(\*{1,3}|_{1,3}|`{1,3})[^*_`\n]{1,2000}\1|\\.|\w_(?=\w)"
)
_RULES: Final = re.compile(r"^[ \t]{0,3}(?:[-*_=][ \t]*){3,}$", re.MULTILINE)


def link_placeholders(frozen: str, is_public: Callable[[str], bool]) -> str:
    """Frozen HTML with each placeholder made a link where `is_public(path)`, else plain text."""

    def replace(match: re.Match[str]) -> str:
        target = match[1]
        path = target.split("#", 1)[0]
        return f'<a class="ref" href="{target}">{match[2]}</a>' if not path or is_public(path) else match[2]

    return _PLACEHOLDER.sub(replace, frozen) if "data-ref" in frozen else frozen


def referenced(frozen: str) -> list[str]:
    """The paths that the placeholders of frozen HTML name."""
    return [path for path in _DATA_REF.findall(frozen) if path]


def decision_html(text: DecisionText) -> str:
    """A decision's clauses as a nested list; each has its lasting id, its number and a link to itself."""
    top = [clause for clause in text.clauses if clause.depth == 0]
    lead = "".join(_lead_html(clause) for clause in top if clause.anchor.startswith("z0"))
    rest = [clause for clause in top if not clause.anchor.startswith("z0")]
    if not rest:
        return lead
    items = "".join(_clause_html(clause, text.clauses) for clause in rest)
    return f'{lead}<ol class="clauses">{items}</ol>'


def _lead_html(clause: Clause) -> str:
    kind = f' data-kind="{clause.kind}"' if clause.kind else ""
    body = _clause_body(clause)
    return f'<div class="clause lead" id="{clause.anchor}"{kind}>{_anchor_link(clause)}<div class="clause-text">{body}</div></div>'


def _clause_html(clause: Clause, every: Sequence[Clause]) -> str:
    children = [
        child
        for child in every
        if child.depth == clause.depth + 1
        and child.path[: len(clause.path)] == clause.path
        and child.parent == clause.anchor
    ]
    nested = "".join(_clause_html(child, every) for child in children)
    kind = f' data-kind="{clause.kind}"' if clause.kind else ""
    aliases = "".join(f'<span id="{alias}"></span>' for alias in clause.aliases)
    return (
        f'<li class="clause" id="{clause.anchor}"{kind}>{aliases}<span class="clause-number">{escape(clause.marker)}</span>'
        f'{_anchor_link(clause)}<div class="clause-text">{_clause_body(clause)}</div>'
        + (f'<ol class="clauses">{nested}</ol>' if nested else "")
        + "</li>"
    )


def _anchor_link(clause: Clause) -> str:
    label = escape(clause.label)
    return f'<a class="anchor" href="#{clause.anchor}" aria-label="Link zu {label}" title="Link zu {label}">#</a>'


def _clause_body(clause: Clause) -> str:
    marked = mark_references(clause.markdown, clause.references)
    return put_placeholders(to_html(marked), clause.references)


def mark_references(text: str, references: Iterable[Reference]) -> str:
    """`text` with private-use marks around its references, so that they survive Markdown and sanitising."""
    pieces: list[str] = []
    position = 0
    for index, reference in enumerate(references):
        if reference.start < position or index >= _MAX_MARKS:
            continue
        pieces += [
            text[position : reference.start],
            "\ue000",
            chr(0xE010 + index),
            text[reference.start : reference.end],
            "\ue001",
        ]
        position = reference.end
    return "".join([*pieces, text[position:]])


_MAX_MARKS: Final = 0xE0FF - 0xE010


def put_placeholders(rendered: str, references: Sequence[Reference]) -> str:
    """Rendered HTML with the marks of `mark_references` made placeholders."""
    if "\ue000" not in rendered:
        return rendered

    def replace(match: re.Match[str]) -> str:
        reference = references[ord(match[1]) - 0xE010]
        return f'<a class="ref" data-ref="{escape(reference.target)}">{match[2]}</a>'

    return _MARKS.sub("", _MARKED.sub(replace, rendered))


def without_marks(text: str) -> str:
    """`text` without the private-use characters that are ours."""
    return _MARKS.sub("", text)


def _is_plain(text: str) -> bool:
    """Whether Markdown would do nothing with `text`: the commonest case, and ten times faster."""
    return _PLAIN.match(text) is not None and not _BLOCK_START.match(text)


def _converter() -> markdown_library.Markdown:
    # One per thread: making one costs more than converting a clause.
    converter: markdown_library.Markdown | None = getattr(_local, "converter", None)
    if converter is None:
        converter = markdown_library.Markdown(
            extensions=list(_EXTENSIONS), extension_configs=_SETTINGS, output_format="html", tab_length=4
        )
        _local.converter = converter
    converter.reset()
    return converter


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        return value if _OWN_FILE.match(value) else None
    if tag == "ol" and name == "start":
        return value if whole(value, most=9_999) is not None else None
    if name == "align":
        return value if value in {"left", "right", "center"} else None
    if name == "scope":
        return "col"
    return value


_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "li",
        "ol",
        "ul",
        "dl",
        "dt",
        "dd",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "tr",
        "blockquote",
        "pre",
        "hr",
        "section",
        "br",
    ]
)


class _TextReader(HTMLParser):
    """Collects the words of our own HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._pieces.append("\n")
        elif tag in {"td", "th"}:
            self._pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self._pieces.append(data.replace("\n", " "))

    def text(self) -> str:
        """The collected words."""
        lines = [" ".join(line.split(" ")).strip() for line in "".join(self._pieces).split("\n")]
        return "\n".join(line for line in lines if line)
