"""Word files as nobody's word processor makes them: small, and hard to read."""

from __future__ import annotations

import io
import zipfile

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def word_file(body, *, encoding="utf-8", before="", more=None):
    """A `.docx` whose main part has this body (XML)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_MAIN}" Target="word/document.xml"/></Relationships>',
        )
        text = f'<?xml version="1.0" encoding="{encoding}"?>{before}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
        archive.writestr("word/document.xml", text.encode(encoding))
        for name, part in (more or {}).items():
            archive.writestr(name, part)
    return out.getvalue()


ENDLESS = {
    "empty paragraphs": word_file("<w:p/>" * 60_000),
    "elements": word_file("<w:p><w:r>" + "<w:t/>" * 1_300_000 + "</w:r></w:p>"),
    "nested tables": word_file("<w:tbl><w:tr><w:tc>" * 60 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 60),
    "nested too deep for any parser": word_file("<w:p>" * 5_000 + "</w:p>" * 5_000),
    "packed": word_file("<w:p/>", more={"word/media/null.png": b"\0" * 60_000_000}),
    "document type": word_file("<w:p/>", before='<!DOCTYPE w:document [<!ENTITY a "b">]>'),
    "document type in UTF-16": word_file(
        "<w:p><w:r><w:t>&a;</w:t></w:r></w:p>", encoding="utf-16", before='<!DOCTYPE w:document [<!ENTITY a "b">]>'
    ),
    "broken part": word_file("<w:p/>", more={"word/comments.xml": b"<w:comments"}),
    "an entity nobody declared": word_file("<w:p>&a;</w:p>"),
}
