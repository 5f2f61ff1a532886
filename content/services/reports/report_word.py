"""A report as a Word file, and what comes back: each section finds the revision it was sent at and is merged in three ways.

Nothing is taken silently: what was merged, what conflicts (it waits as the person's draft), what is suggested with change
tracking, what was remarked, what is missing and what could not be taken is told, section by section.
"""

from __future__ import annotations

import hashlib
import logging
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy.orm import Session

from content import models
from content.export.typesetting import Order, word_order
from content.helpers.frames import Frame
from content.helpers.helper import Failed, helper
from content.helpers.jobs import Refused
from content.helpers.plain import as_json, from_json
from content.schemas import InvalidInput
from content.schemas.reading import MAX_LINE
from content.schemas.reports import MAX_LEVEL
from content.services.editing.pictures import Store
from content.services.reports import report_files, report_recommendations, reports, review_word
from content.services.reports.reports import Author, NoSection, Outcome
from content.text.diff import compare_html
from content.word import shapes
from content.word.shapes import NotWord

log = logging.getLogger(__name__)
SECONDS: Final = 30
"""How long reading a file may take, as time of the processor and of the clock."""
_NEW_PICTURE: Final = re.compile(r"!\[([^\]]*)\]\((bild-[0-9a-f]{16}\.\w{3,4})\)")
PathOf = Callable[[str], Path]
"""SHA-256 of a stored file → where it lies, if it is there."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A tracked change that was not made: whose, and its differences as HTML."""

    author: str
    difference: str


@dataclass(frozen=True, slots=True)
class TakenSection:
    """What became of a section: `outcome` as in `reports.Outcome`, or added, or refused (then `reason`, German)."""

    heading: str
    uid: str | None
    outcome: str
    reason: str = ""
    suggested: tuple[Suggested, ...] = ()
    remarks: tuple[shapes.Comment, ...] = ()
    settled: int = 0
    """How many threads were ticked off in the file and are settled now."""
    is_kept: bool = False
    """Whether suggestions and remarks now stand in the review of the section."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a returned file. `missing`: headings of sections that are not in it; they stay in the report."""

    sections: tuple[TakenSection, ...]
    missing: tuple[str, ...]
    left_out: tuple[str, ...]


def order(session: Session, report: models.Report, *, base_url: str, path_of: PathOf) -> Order:
    """The report as it stands, as a Word file to be made; each section carries its identity and revision, and its open remarks."""
    said = review_word.sent(session, report)
    sections = tuple(
        shapes.Section(uuid.UUID(row.uid).hex, row.rev, row.level, row.heading, row.text, said.get(row.uid, ()))
        for row in report.sections
    )
    return word_order(_report(report, sections, base_url), _images(sections, path_of), report_uid=report.uid)


def marks(body: bytes) -> list[tuple[str, int]]:
    """(uid, revision) of each section of ours in a Word file. Raises `NotWord`, `content.helpers.helper.Full`.

    It may take seconds, in a process of its own: call it, and `read_back`, with no transaction open.
    """
    said, _ = _asked("word.marks", {}, body)
    return [(uid, rev) for uid, rev in said["marks"]]


def sent(session: Session, report: models.Report, found: Iterable[tuple[str, int]], *, base_url: str) -> shapes.Report:
    """The report as it was when a file with these marks was made: each section at the revision that its bookmark names."""
    sections: list[shapes.Section] = []
    for uid, rev in found:
        try:
            section = reports.section_of(report, str(uuid.UUID(uid)))
        except NoSection:
            continue
        base = reports.revision(session, report, section, rev)
        if base is not None:
            sections.append(shapes.Section(uid, rev, section.level, base.heading, base.text))
    return _report(report, tuple(sections), base_url)


def read_back(before: shapes.Report, body: bytes, *, path_of: PathOf) -> shapes.Returned:
    """What a returned (or any) Word file says against what was sent. Raises `NotWord`, `content.helpers.helper.Full`."""
    images = {sha256: str(path.resolve()) for sha256, path in _images(before.sections, path_of).items()}
    said, bodies = _asked("word.returned", {"sent": as_json(before), "images": images}, body)
    found = from_json(shapes.Returned, said["returned"])
    return replace(found, images=dict(zip(said["names"], bodies, strict=True)))


def _asked(job: str, data: Mapping[str, Any], body: bytes) -> Frame:
    try:
        return helper("reader").run(job, data, [body], seconds=SECONDS)
    except Refused as refused:
        raise NotWord(str(refused)) from refused
    except Failed as failed:
        log.warning("a Word file could not be read: %s", failed)
        raise NotWord(_TOO_MUCH if failed.is_too_much else _UNREADABLE) from failed


_TOO_MUCH: Final = f"Die Word-Datei ließ sich nicht in {SECONDS} Sekunden lesen oder braucht zu viel Speicher. Bitte den Bericht teilen oder Bilder verkleinern."
_UNREADABLE: Final = "Die Word-Datei ließ sich nicht lesen. Bitte in Word öffnen, neu speichern und noch einmal wählen."


def take_back(
    session: Session,
    report: models.Report,
    found: shapes.Returned,
    *,
    author: Author,
    store: Store,
    takes_tracked: bool,
) -> Taken:
    """Take what `read_back` found into the report. Raises `InvalidInput` when closed."""
    reports.hold(session, report)
    known = {uuid.UUID(row.uid).hex: row.heading for row in report.sections}
    taken_pictures = _Pictures(session, report, found.images, author, store)
    rows: list[TakenSection] = []
    after = ""
    for one in found.sections:
        taken = _take(
            session, report, one, author=author, after=after, takes_tracked=takes_tracked, pictures=taken_pictures
        )
        after = taken.uid or after
        rows.append(taken)
    back = {one.uid for one in found.sections}
    is_ours = any(one.uid for one in found.sections)
    left_out = [*found.left_out, *taken_pictures.told()]
    missing = tuple(heading for uid, heading in known.items() if uid not in back) if is_ours else ()
    return Taken(tuple(rows), missing, tuple(left_out))


def _report(report: models.Report, sections: tuple[shapes.Section, ...], base_url: str) -> shapes.Report:
    return shapes.Report(report.title or "", report.group, sections, base_url)


def _take(
    session: Session,
    report: models.Report,
    one: shapes.ReturnedSection,
    *,
    author: Author,
    after: str,
    takes_tracked: bool,
    pictures: _Pictures,
) -> TakenSection:
    text = pictures.placed(one.accepted if takes_tracked else one.text)
    suggestions = (
        ()
        if takes_tracked
        else tuple(replace(row, old=pictures.placed(row.old), new=pictures.placed(row.new)) for row in one.suggestions)
    )
    section = _known(report, one)
    reason = ""
    try:
        if section is None or one.rev is None:
            level = min(one.level, MAX_LEVEL)
            section = reports.add_section(
                session, report, heading=one.heading, level=level, after=after, text=text, author=author
            )
            outcome = "added"
        else:
            outcome = _save(session, report, section, one, text, author)
    except InvalidInput as invalid:
        outcome, reason = "refused", " ".join(error.message for error in invalid.errors)
    kept = review_word.Kept()
    if section is not None:
        kept = review_word.keep(
            session, report, section, sent_rev=one.rev, suggestions=suggestions, comments=one.comments, author=author
        )
    return TakenSection(
        section.heading if section is not None else one.heading,
        section.uid if section is not None else None,
        outcome,
        reason,
        tuple(Suggested(row.author, compare_html(row.old, row.new)) for row in suggestions),
        kept.remarks,
        kept.settled,
        is_kept=section is not None,
    )


def _known(report: models.Report, one: shapes.ReturnedSection) -> models.ReportSection | None:
    if one.uid is None:
        return None
    try:
        return reports.section_of(report, str(uuid.UUID(one.uid)))
    except NoSection:  # it was there when the file was read
        return None


def _save(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    one: shapes.ReturnedSection,
    text: str,
    author: Author,
) -> str:
    assert one.rev is not None  # noqa: S101 - a section that is known carries its revision
    base = reports.revision(session, report, section, one.rev)
    if base is None or (base.heading, base.text) != (one.heading, text):
        # Asked first: a refusal after saving would leave the text changed.
        report_recommendations.check_open(session, section)
    done = reports.save_section(
        session, report, section.uid, heading=one.heading, text=text, base_rev=one.rev, author=author
    )
    if done.outcome in {Outcome.SAVED, Outcome.MERGED}:
        report_recommendations.follow(session, done.section, author)
    return str(done.outcome)


class _Pictures:
    """The pictures of a returned file: the report's own find their address again, new ones are kept with it."""

    def __init__(
        self, session: Session, report: models.Report, found: Mapping[str, bytes], author: Author, store: Store
    ) -> None:
        self._session, self._report, self._found, self._author, self._store = session, report, found, author, store
        self._kept: dict[str, models.Attachment | None] = {}
        self._new: list[str] = []
        self._refused: list[str] = []

    def placed(self, text: str) -> str:
        """`text` with the addresses of its pictures; what cannot be taken leaves its description."""
        return _NEW_PICTURE.sub(self._place, text)

    def told(self) -> list[str]:
        """Sentences about what came in, and what did not."""
        new = (
            [f"Neu aufgenommen: {', '.join(self._new)}. Bitte Beschreibung prüfen und Bildnachweis ergänzen."]
            if self._new
            else []
        )
        return [
            *new,
            *(
                f"Ein Bild wurde nicht übernommen, an seiner Stelle steht seine Beschreibung: {reason}"
                for reason in self._refused
            ),
        ]

    def _place(self, match: re.Match[str]) -> str:
        alt, name = match[1], match[2]
        if name not in self._kept:
            self._kept[name] = self._take(name, alt)
        row = self._kept[name]
        return f"[Bild: {alt}]" if row is None else f"![{alt}]({report_files.address_of(row)})"

    def _take(self, name: str, alt: str) -> models.Attachment | None:
        body = self._found.get(name, b"")
        mine = report_files.known(self._report, hashlib.sha256(body).hexdigest())
        if mine is not None:
            return mine
        try:
            row = report_files.keep(
                self._session,
                self._report,
                name=name,
                body=body,
                title=(alt or name)[:MAX_LINE],
                author=self._author,
                store=self._store,
            )
        except InvalidInput as invalid:
            self._refused.append(" ".join(error.message for error in invalid.errors))
            return None
        self._new.append(row.file_name)
        return row


def _images(sections: Iterable[shapes.Section], path_of: PathOf) -> dict[str, Path]:
    return {sha256: path_of(sha256) for section in sections for sha256 in shapes.own_files(section.text)}
