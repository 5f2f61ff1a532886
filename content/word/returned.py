"""A Word file that comes back, against what was sent out: texts of others, suggestions, remarks, what is new or gone.

Word cannot keep our Markdown letter by letter (`*a*` and `_a_` look alike there). So what was sent is read back once,
and paragraphs that returned as they were read stay exactly as we had them: no change of ours is ever blamed on a guest.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from content.word.reading import read
from content.word.shapes import (
    Comment,
    ReadReport,
    ReadSection,
    Report,
    Returned,
    ReturnedSection,
    Section,
    Suggestion,
    TrackedChange,
)
from content.word.writing import Images, write


def compare(sent: Report, body: bytes, *, images: Images = lambda _: None) -> Returned:
    """What the returned file `body` changes of what was `sent`. Raises `NotWord`."""
    found = read(body, base_url=sent.base_url)
    canonical = {one.uid: one for one in read(write(sent, images=images), base_url=sent.base_url).sections}
    known = {section.uid: section for section in sent.sections}
    sections = tuple(_section(one, known, canonical, found) for one in found.sections)
    back = {one.uid for one in sections}
    return Returned(sections, tuple(uid for uid in known if uid not in back), found.images, found.left_out)


def _section(
    one: ReadSection, known: Mapping[str, Section], canonical: Mapping[str | None, ReadSection], found: ReadReport
) -> ReturnedSection:
    ours, plain = known.get(one.uid or ""), canonical.get(one.uid)
    if ours is None or plain is None:
        return ReturnedSection(
            None,
            None,
            one.level,
            one.heading,
            one.before,
            one.text,
            True,
            tuple(_suggestions(one, one.before, found.changes)),
            one.comments,
        )
    before = _carried(ours.text, plain.text, one.before)
    heading = ours.heading if one.heading == plain.heading else one.heading
    sent = frozenset(said for comment in ours.comments for said in _said(comment))
    return ReturnedSection(
        uid=ours.uid,
        rev=one.rev,
        level=one.level,
        heading=heading,
        text=before,
        accepted=_carried(ours.text, plain.text, one.text),
        is_changed=before != ours.text or heading != ours.heading,
        suggestions=tuple(_suggestions(one, before, found.changes)),
        comments=tuple(comment for comment in one.comments if not sent.issuperset(_said(comment))),
    )


def _said(comment: Comment) -> Iterator[tuple[str, str, bool]]:
    """Who says what; programs break the lines of comments each in its own way, and some forget what answers what."""
    for row in (comment, *comment.answers):
        yield row.author, "".join(row.text.split()), row.is_done


def _suggestions(one: ReadSection, before: str, changes: Sequence[TrackedChange]) -> Iterator[Suggestion]:
    """One suggestion for each stretch of paragraphs that tracked changes touch; `old` as it stands in `before`."""
    plain_old, old, new = paragraphs(one.before), paragraphs(before), paragraphs(one.text)
    same_size = len(plain_old) == len(old)
    matcher = difflib.SequenceMatcher(None, plain_old, new, autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        shown = old if same_size else plain_old
        was, becomes = "\n\n".join(shown[old_start:old_end]), "\n\n".join(new[new_start:new_end])
        author = _author("\n\n".join(plain_old[old_start:old_end]), becomes, changes)
        yield Suggestion(
            was,
            becomes,
            author.author if author else "",
            author.at if author else None,
            old_start,
            shown[old_start - 1] if old_start else "",
        )


def _author(was: str, becomes: str, changes: Sequence[TrackedChange]) -> TrackedChange | None:
    """Whose words they are: the first change whose words stand on its side."""
    old_words, new_words = _folded(was), _folded(becomes)
    return next((one for one in changes if _folded(one.text) in (new_words if one.is_addition else old_words)), None)


def _carried(ours: str, plain: str, theirs: str) -> str:
    """`theirs` with each paragraph that is as in `plain` written as in `ours`."""
    if theirs == plain:
        return ours
    known = _partners(paragraphs(ours), paragraphs(plain))
    written: list[str] = []
    matcher = difflib.SequenceMatcher(None, paragraphs(plain), paragraphs(theirs), autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        lines = paragraphs(theirs)[new_start:new_end]
        if tag == "equal":
            lines = [known.get(place, line) for place, line in zip(range(old_start, old_end), lines, strict=True)]
        written += lines
    return "\n\n".join(written)


def _partners(ours: Sequence[str], plain: Sequence[str]) -> dict[int, str]:
    """Place in `plain` → the paragraph of ours it was made from."""
    if len(ours) == len(plain):
        return dict(enumerate(ours))
    matcher = difflib.SequenceMatcher(
        None, [_folded(line) for line in plain], [_folded(line) for line in ours], autojunk=False
    )
    return {
        match.a + step: ours[match.b + step] for match in matcher.get_matching_blocks() for step in range(match.size)
    }


def paragraphs(text: str) -> list[str]:
    """The paragraphs of Markdown: what blank lines separate."""
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def _folded(text: str) -> str:
    return re.sub(r"\W+", "", text)
