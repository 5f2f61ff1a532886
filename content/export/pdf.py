"""Edition document → PDF, accessible (PDF/UA-1) and archivable (PDF/A-3a), byte for byte the same each time.

Typst sets the page; all text goes in as data, never as markup. Fonts lie beside this file, the machine's are ignored;
the only date is the ledger's. The compiler takes a lot of memory: only the typesetter's process loads this (`content.helpers`).
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import typst

from content.council.laender import name_of
from content.council.voting import SHOWN_WORDS, in_words
from content.database.storage import UploadRefused, sniff
from content.export import glyphs
from content.export.blocks import heading_block, html_blocks, levelled, table_block, text_block, with_pictures
from content.export.report_pdf import front_of, report_blocks
from content.export.typesetting import LedgerProof, PdfError
from content.kinds import KINDS
from content.proof.canonical import canonical_json
from content.text.wording import ending_sentence

MAX_TEXT_CHARS: Final = 1_500_000
MAX_ROUNDS: Final = 5
_HERE: Final = Path(__file__).parent
_ENDINGS: Final[Mapping[str, str]] = {"image/jpeg": "jpg", "image/png": "png"}
_FONTS: Final = _HERE / "fonts"


def build(
    document: Mapping[str, Any],
    proof: LedgerProof,
    *,
    base_url: str,
    pictures: Mapping[str, Path] = MappingProxyType({}),
) -> bytes:
    """The PDF of an edition; `pictures`: hash → file of each that it shows. Raises `PdfError`."""
    if len(document["text"]) + len(document["html"]) > MAX_TEXT_CHARS:
        raise PdfError("Das Dokument ist zu lang für eine PDF-Datei.")
    with tempfile.TemporaryDirectory() as folder:
        return _set(document, proof, base_url, Path(folder), _laid_out(pictures, Path(folder)))


def _laid_out(pictures: Mapping[str, Path], folder: Path) -> dict[str, str]:
    """Put the pictures where the compiler may read; hash → name there. What is missing or of another kind is left out."""
    names = {}
    for sha256, path in pictures.items():
        try:
            body = path.read_bytes()
            ending = _ENDINGS.get(sniff(body) or "")
        except (OSError, UploadRefused):
            continue
        if ending:
            names[sha256] = f"{sha256}.{ending}"
            (folder / names[sha256]).write_bytes(body)
    return names


def _set(
    document: Mapping[str, Any], proof: LedgerProof, base_url: str, folder: Path, names: Mapping[str, str]
) -> bytes:
    request = _Request(_request(document, proof, base_url, names))
    shutil.copy(_HERE / "edition.typ", folder)
    source = canonical_json(document).decode()
    for _ in range(MAX_ROUNDS):
        try:
            return _compiled(folder, request.text(), source, _epoch(proof.recorded_at))
        except typst.TypstError as error:
            if not request.leave_out(error.diagnostic or ""):
                raise PdfError(f"Die PDF-Datei ließ sich nicht setzen: {error}") from error
        except (RuntimeError, ValueError) as error:
            raise PdfError(f"Die PDF-Datei ließ sich nicht setzen: {error}") from error
    raise PdfError("Die PDF-Datei ließ sich nicht setzen: Zu viele Zeichen fehlen in den Schriften.")


def _compiled(folder: Path, request: str, source: str, timestamp: int) -> bytes:
    return bytes(
        typst.compile(
            str(folder / "edition.typ"),
            root=str(folder),
            font_paths=[str(_FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"doc": request, "source": source},
            pdf_standards=["ua-1", "a-3a"],
            timestamp=timestamp,
        )
    )


class _Request:
    """What the layout gets. Characters without a picture are replaced, and named on the last page."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._missing = dict.fromkeys(glyphs.missing("".join(_texts(given))))
        self._left_out: dict[int, str] = {}

    def text(self) -> str:
        """The request as JSON; what only programs read (title and keywords of the file) stays as it was written."""
        shown = _mapped(self._given, lambda text: glyphs.shown(text).translate(self._left_out))
        shown["meta"] = {name: self._given[name] for name in ("title", "author", "keywords")}
        if self._missing:
            shown["proof"].append(
                ["Ersatzzeichen", f"{glyphs.BOX} steht für {', '.join(map(glyphs.named, self._missing))}"]
            )
        return json.dumps(shown, ensure_ascii=False, sort_keys=True)

    def leave_out(self, diagnostic: str) -> bool:
        """Replace what the compiler could not show where it stands (it judges whole clusters); whether there was anything new."""
        chars = {
            char
            for text in _UNSHOWN.findall(diagnostic)
            for char in _plain(text)
            if not char.isascii() and char != glyphs.BOX
        }
        chars -= set(map(chr, self._left_out))
        self._left_out.update({ord(char): glyphs.replaced(char) for char in chars})
        self._missing.update(dict.fromkeys(char for char in sorted(chars) if glyphs.replaced(char) == glyphs.BOX))
        return bool(chars)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """`value` with every text in it changed, but for addresses."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: one if name in _ADDRESSES else _mapped(one, change) for name, one in value.items()}
    return [_mapped(one, change) for one in value] if isinstance(value, list | tuple) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


_ADDRESSES: Final = frozenset({"url", "file", "id", "to", "t"})
_UNSHOWN: Final = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]{1,6})\}")


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _epoch(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp())


def _request(
    document: Mapping[str, Any], proof: LedgerProof, base_url: str, names: Mapping[str, str]
) -> dict[str, Any]:
    data = document["data"]
    is_report = document["kind"] == "report"
    body = (
        report_blocks(document, base_url)
        if is_report
        else [*_facts(document), *html_blocks(document["html"], base_url)]
    )
    found = [*body, *_extras(document, base_url)]
    levelled(found)
    with_pictures(found, names)
    recorded = proof.recorded_at[:10].split("-")
    author = (data.get("body") or {}).get("name") or data.get("publisher") or data.get("group") or "IT-Planungsrat"
    return {
        "title": document["title"],
        "author": author,
        "keywords": list(data.get("topics", ())),
        "date": [int(part) for part in recorded],
        "header": " | ".join(_header(document)),
        "notice": " ".join(part for part in (proof.embargo, _ending(document), _notice(document)) if part) or None,
        "blocks": found,
        "front": front_of(document) if is_report else None,
        "footer": proof.embargo or f"{base_url}{document['url']} · Fassung {document['edition']}",
        "url": base_url + document["url"],
        "proof": _unpublished_rows(proof) if proof.embargo else _proof_rows(document, proof),
    }


def _proof_rows(document: Mapping[str, Any], proof: LedgerProof) -> list[list[str]]:
    return [
        ["Fassung", str(document["edition"]) + (f" ({document['note']})" if document["note"] else "")],
        ["SHA-256 der Fassung", _grouped(proof.sha256)],
        ["Registereintrag", f"Nr. {proof.position}, aufgenommen {proof.recorded_at[:19].replace('T', ' ')} UTC"],
        ["Prüfsumme des Eintrags", _grouped(proof.entry_hash)],
        ["Schlüssel", proof.key_id],
    ]


def _unpublished_rows(proof: LedgerProof) -> list[list[str]]:
    return [
        ["Stand", "nicht veröffentlicht, deshalb ohne Eintrag im Register"],
        ["SHA-256 des Textes", _grouped(proof.sha256)],
    ]


def _grouped(digest: str) -> str:
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))


def _header(document: Mapping[str, Any]) -> list[str]:
    data = document["data"]
    parts = [(data.get("body") or {}).get("name") or data.get("publisher") or ""]
    parts.append(_german_day(data.get("date")))
    parts.append(data["meeting"]["label"] if data.get("meeting") else "")
    if document["kind"] == "decision":
        parts.append(f"Beschluss {data['number']}")
    else:
        kind = KINDS[document["kind"]]
        parts.append(kind.subkinds.get(data.get("release_kind", ""), kind.label))
    return [part for part in parts if part]


def _german_day(text: str | None) -> str:
    return ".".join(reversed(text.split("-"))) if text else ""


def _ending(document: Mapping[str, Any]) -> str:
    return ending_sentence(
        "Diese Empfehlung" if document["kind"] == "recommendation" else "Dieser Beschluss", document["data"]
    )


def _notice(document: Mapping[str, Any]) -> str | None:
    data = document["data"]
    if data.get("text_kind") in {"condensed", "stub"}:
        note = data.get("source_note") or "Der Wortlaut ist redaktionell verdichtet und nicht amtlich."
        source = f" Quelle: {data['source_url']}" if data.get("source_url") else ""
        return f"{note}{source}"
    return None


def _facts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = document["data"]
    return [text_block(data["lead"])] if data.get("lead") else []


def _extras(document: Mapping[str, Any], base_url: str) -> list[dict[str, Any]]:
    """What stands in the structured data only: agenda, quotes, contacts, members, offers, vote, statements."""
    data = document["data"]
    blocks: list[dict[str, Any]] = []
    if data.get("agenda"):
        rows = [[row["top"] or "–", row["title"], _address_label(row["decision"])] for row in data["agenda"]]
        blocks += [heading_block("Tagesordnung"), table_block(["TOP", "Thema", "Beschluss"], rows)]
    quotes = [row for row in data.get("quotes", ()) if row.get("text")]
    for row in quotes:
        blocks.append(
            {"t": "quote", "c": [text_block(row["text"]), text_block(f"— {row['speaker']}, {row['function']}")]}
        )
    if data.get("image"):
        image = data["image"]
        blocks.append(text_block(f"Bild: {image['caption'] or image['alt']} (Bildnachweis: {image['credit']})"))
    if data.get("contacts"):
        blocks.append(heading_block("Kontakt"))
        blocks += [text_block(_contact(row)) for row in data["contacts"]]
    if data.get("offers"):
        rows = [[row["provider"], row["model"] or "–", row["note"] or "–"] for row in data["offers"]]
        blocks += [heading_block("Angebote"), table_block(["Anbieter", "Modell", "Hinweis"], rows)]
    if data.get("members"):
        blocks += [heading_block("Mitglieder"), _MEMBERS[document["kind"]](data["members"])]
    blocks += _vote_blocks(data.get("vote")) + _statement_blocks(data.get("statements") or (), base_url)
    if data.get("attachments"):
        rows = [
            [row["title"], row["reason"] or ("öffentlich" if row["visibility"] == "public" else "nur für Mitglieder")]
            for row in data["attachments"]
        ]
        blocks += [heading_block("Anlagen"), table_block(["Anlage", "Zugang"], rows)]
    return blocks


def _vote_blocks(vote: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """How it was decided: what came out, by which rule and key, and how each member voted."""
    if vote is None:
        return []
    counts = vote["counts"]
    how = " im Umlaufverfahren" if vote["circulation"] else ""
    how += ", en bloc mit der Grünen Liste" if vote["en_bloc"] else ""
    words = f"{'Angenommen' if vote['passed'] else 'Nicht angenommen'}{how}. {in_words(counts)}."
    found = [heading_block("Abstimmung"), text_block(" ".join([words, *(check["words"] for check in vote["checks"])]))]
    if vote.get("note"):
        found.append(text_block(vote["note"]))
    found.append(text_block(" ".join(_rule_words(vote))))
    rows = [
        [row["name"], SHOWN_WORDS[row["choice"]], row["share"].replace(".", ",") if row["share"] != "0" else "–"]
        for row in vote["ballots"]
    ]
    return [*found, table_block(["Mitglied", "Stimme", "Anteil in Prozent"], rows)]


def _rule_words(vote: Mapping[str, Any]) -> list[str]:
    words = []
    if vote.get("body_rule"):
        words.append(
            f"Gezählt ist nach „{vote['rule_title']}“ statt nach der Regel des Gremiums („{vote['body_rule_title']}“)."
        )
        words.append(
            f"Grund: {vote['rule_reason']}"
            + (" Eine zweite Person hat das bestätigt." if vote.get("rule_confirmed") else "")
        )
    words.append(vote["rule_words"])
    if vote.get("key_year"):
        words.append(f"Gezählt nach dem Königsteiner Schlüssel {vote['key_year']}.")
    words += [vote["key_reason"]] if vote.get("key_reason") else []
    words += [f"Quelle: {vote['key_source']}."] if vote.get("key_source") else []
    return words


def _statement_blocks(statements: Sequence[Mapping[str, Any]], base_url: str) -> list[dict[str, Any]]:
    """What members stated for the record."""
    if not statements:
        return []
    found = [heading_block("Protokollerklärungen")]
    for row in statements:
        found += [text_block(f"{', '.join(row['members'])}:"), *html_blocks(row["html"], base_url)]
    return found


def _body_members(members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return table_block(["Kürzel", "Name"], [[row["code"], row["name"]] for row in members])


def _organisation_members(members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = [
        [row["name"], ", ".join(map(name_of, row.get("laender") or ())) or "–", _amount(row.get("communes"))]
        for row in members
    ]
    return table_block(["Name", "Länder", "Erreichte Kommunen"], rows)


_MEMBERS: Final[Mapping[str, Callable[[Sequence[Mapping[str, Any]]], dict[str, Any]]]] = {
    "body": _body_members,
    "organisation": _organisation_members,
}
"""Kind → its members as a table: bodies have members with a vote, organisations have those who carry them."""


def _amount(number: int | None) -> str:
    return "–" if number is None else str(number)


def _address_label(url: str | None) -> str:
    return url.removeprefix("/beschluss/") if url else "–"


def _contact(row: Mapping[str, Any]) -> str:
    names = ("organisation", "unit", "person", "role", "phone", "mobile", "email")
    return ", ".join(row[name] for name in names if row.get(name))
