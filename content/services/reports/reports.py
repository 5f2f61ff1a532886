"""Writing a report together: sections are saved one by one, merged by paragraph, moved, split, removed and brought back.

Nobody locks anything. Who saves onto a newer revision has both texts merged; where both changed the same paragraph,
nothing is saved and the conflict is handed back, with what was typed kept as a draft. The input of the report follows its
sections, so that forms, exports and editions need not know that sections exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.schemas import FieldError, InvalidInput, clean
from content.schemas.reports import SECTION
from content.services.accounts import audit
from content.services.editing import edit, mentions, section_drafts, unreviewed
from content.services.editing.writers.reports import keep_revision, next_anchor, place_sections
from content.services.notifications import recipients
from content.services.reports import review_places
from content.text import markup, outline
from content.text.merge import Merged, join, merge, split
from workflows.vocabulary import Permission

_OPEN_STATES: Final = frozenset({"draft", "published", "withdrawn"})
"""While a report is approved, its sections rest: what several people write at once stays easy to compare."""
_CLOSED: Final[Mapping[str, str]] = {
    "final": "Die Endfassung ist festgestellt. Bitte den Bericht zuerst wieder öffnen.",
    "abandoned": "Der Bericht ist eingestellt.",
}
R: Final = models.SectionRevision


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and when. `accepted_by` (login, name): who accepted what this person suggested, and answers for the act."""

    login: str
    name: str
    now: dt.datetime
    accepted_by: tuple[str, str] | None = None


class Outcome(StrEnum):
    """What became of a section that was sent to be saved."""

    SAVED = "saved"
    MERGED = "merged"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class SectionSaved:
    """A section after `save_section`. `merged` is set where somebody else had saved since; `theirs` is the newest revision."""

    section: models.ReportSection
    outcome: Outcome
    merged: Merged | None = None
    is_heading_contested: bool = False
    theirs: models.SectionRevision | None = None


class NoSection(LookupError):  # noqa: N818 - named for the situation
    """There is no such section (any more)."""


def hold(session: Session, report: models.Report) -> None:
    """Take the report for this transaction: the rows of its sections are then as they stay. Raises `InvalidInput` when closed."""
    session.flush()
    session.execute(sa.select(models.Item.rev).where(models.Item.id == report.id).with_for_update(of=models.Item))
    session.refresh(report)
    check_open(report)


def check_open(report: models.Report) -> None:
    """Raises `InvalidInput` where the text is being approved or is settled."""
    if report.publication_state not in _OPEN_STATES:
        words = "Der Bericht ist eingereicht oder terminiert und wird gerade geprüft. Bitte zuerst zurückholen oder zurückgeben."
    else:
        words = _CLOSED.get(report.procedure_state or "", "")
    if words:
        raise InvalidInput([FieldError("", "not_editable", words)])


def section_of(report: models.Report, uid: str) -> models.ReportSection:
    """The section with that identity. Raises `NoSection`."""
    for row in report.sections:
        if row.uid == uid:
            return row
    raise NoSection(uid)


def save_section(
    session: Session,
    report: models.Report,
    uid: str,
    *,
    heading: str,
    text: str,
    base_rev: int,
    author: Author,
    number: int = 0,
) -> SectionSaved:
    """Save what was made of revision `base_rev`. Raises `InvalidInput`, `NoSection`.

    `number`: as the browser counts what it sends (`draft_order`).
    """
    hold(session, report)
    section = section_of(report, uid)
    typed = clean({"heading": SECTION["heading"], "text": SECTION["text"]}, {"heading": heading, "text": text})
    base = revision(session, report, section, base_rev)
    if base is None:
        raise InvalidInput(
            [
                FieldError(
                    "rev", "unknown_revision", "Die Ausgangsfassung ist unbekannt. Bitte den Abschnitt neu öffnen."
                )
            ]
        )
    if section.rev == base_rev:
        return _write(session, report, section, typed["heading"], typed["text"], author, number)
    merged = merge(base.text, typed["text"], section.text)
    new_heading = _one_of(base.heading, typed["heading"], section.heading)
    if new_heading is None or not merged.is_clean:
        section_drafts.keep(
            session, report, uid, login=author.login, base_rev=base_rev, now=author.now, number=number, **typed
        )
        newest = revision(session, report, section, section.rev)
        return SectionSaved(section, Outcome.CONFLICT, merged, new_heading is None, newest)
    saved = _write(session, report, section, new_heading, merged.text, author, number)
    return SectionSaved(section, Outcome.MERGED, merged, theirs=saved.theirs)


def _one_of(base: str, ours: str, theirs: str) -> str | None:
    """A line after both sides; None where both changed it differently."""
    if ours in {base, theirs}:
        return theirs
    return ours if theirs == base else None


def _write(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    heading: str,
    text: str,
    author: Author,
    number: int,
) -> SectionSaved:
    if author.accepted_by is None:
        section_drafts.finish(session, report, section.uid, author.login, number=number, now=author.now)
    if (heading, text) == (section.heading, section.text):
        return SectionSaved(section, Outcome.UNCHANGED)
    _check_work([text, *(row.text for row in report.sections if row is not section)])
    section.heading, section.text = heading, text
    section.rev += 1
    keep(session, report, author, f"Abschnitt {section.anchor}, Revision {section.rev}", section)
    return SectionSaved(section, Outcome.SAVED)


def _check_work(texts: Sequence[str]) -> None:
    """What two people wrote, joined, can be more than either; and all sections stand on one page. Raises `InvalidInput`."""
    try:
        markup.check_size(texts[0])
        if sum(map(markup.work, texts)) > markup.MAX_ITEM_WORK:
            raise markup.TooLarge(
                "Der Bericht hat mit diesem Abschnitt zu viele Auszeichnungen. Bitte Auszeichnungen weglassen oder den Bericht teilen."
            )
    except markup.Refused as refused:
        raise InvalidInput([FieldError("text", refused.code, str(refused))]) from refused


def revision(
    session: Session, report: models.Report, section: models.ReportSection, rev: int
) -> models.SectionRevision | None:
    """A revision of a section; the text a new section starts from is an empty one."""
    if rev == 0:
        return R(
            section_uid=section.uid,
            rev=0,
            heading=section.heading if section.rev == 0 else "",
            text="",
            at=report.created_at,
        )
    return session.scalars(
        sa.select(R).where(R.section_uid == section.uid, R.rev == rev, R.report_id == report.id)
    ).one_or_none()


def revisions(session: Session, report: models.Report, uid: str, limit: int = 200) -> Sequence[models.SectionRevision]:
    """The revisions of a section, newest first."""
    return session.scalars(
        sa.select(R).where(R.report_id == report.id, R.section_uid == uid).order_by(R.rev.desc()).limit(limit)
    ).all()


def writers_of(session: Session, report: models.Report, uid: str) -> set[str]:
    """The logins of those who wrote a revision of the section."""
    return set(
        session.scalars(
            sa.select(R.actor).distinct().where(R.report_id == report.id, R.section_uid == uid, R.actor != "")
        )
    )


def leads_of(session: Session, report: models.Report) -> list[models.Account]:
    """Those who lead the group that writes the report."""
    return recipients.holders(session, Permission.REPORT_LEAD, report)


def add_section(
    session: Session,
    report: models.Report,
    *,
    heading: str,
    kind: str = "text",
    level: int = 1,
    after: str = "",
    text: str = "",
    author: Author,
) -> models.ReportSection:
    """A new section behind `after` and what is below it, at the end where that is empty. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    typed = clean(SECTION, {"heading": heading, "kind": kind, "level": level, "text": text})
    _check_work([typed["text"], *(row.text for row in report.sections)])
    place = _end_of(report, after) if after else len(report.sections)
    section = models.ReportSection(
        uid=models.item.new_uid(),
        anchor=next_anchor(report),
        section_kind=typed["kind"],
        heading=typed["heading"],
        text=typed["text"],
        level=typed["level"],
        rev=1,
        position=place + 1,
    )
    report.sections.insert(place, section)
    keep(session, report, author, f"Abschnitt {section.anchor} angelegt", section)
    return section


def _end_of(report: models.Report, uid: str) -> int:
    index = report.sections.index(section_of(report, uid))
    return outline.block(nodes(report), index)


def nodes(report: models.Report) -> outline.Outline:
    """The outline of the report as it stands."""
    return outline.tidy([outline.Node(row.uid, row.level) for row in report.sections])


def move(session: Session, report: models.Report, uid: str, way: str, *, author: Author) -> None:
    """Move a section with what is below it: one of `outline.MOVES`. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    section_of(report, uid)
    _arrange(session, report, outline.moved(nodes(report), uid, way), author)


def place(session: Session, report: models.Report, uid: str, *, after: str, level: int, author: Author) -> None:
    """Put a section with what is below it behind `after` (empty: first). Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    for known in filter(None, (uid, after)):
        section_of(report, known)
    _arrange(session, report, outline.placed(nodes(report), uid, after, level), author)


def _arrange(session: Session, report: models.Report, wanted: outline.Outline, author: Author) -> None:
    if wanted == nodes(report):
        return
    rows = {row.uid: row for row in report.sections}
    for node in wanted:
        rows[node.uid].level = node.level
    report.sections = [rows[node.uid] for node in wanted]
    keep(session, report, author, "Gliederung geändert")


def set_kind(session: Session, report: models.Report, uid: str, kind: str, *, author: Author) -> None:
    """Say what a section is. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    section = section_of(report, uid)
    wanted = clean({"kind": SECTION["kind"]}, {"kind": kind})["kind"]
    if section.recommendation_url and wanted != "recommendation":
        raise InvalidInput(
            [
                FieldError(
                    "kind", "is_recommendation", "Der Abschnitt ist eine Empfehlung mit eigener Seite und bleibt es."
                )
            ]
        )
    if section.section_kind != wanted:
        section.section_kind = wanted
        keep(session, report, author, f"Art von Abschnitt {section.anchor} geändert")


def split_section(
    session: Session, report: models.Report, uid: str, *, paragraph: int, heading: str, author: Author
) -> models.ReportSection:
    """Make what follows the first `paragraph` paragraphs a section of its own, right behind. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    section = section_of(report, uid)
    paragraphs = split(section.text)
    if not 0 < paragraph < len(paragraphs):
        words = (
            f"Teilen geht nach Absatz 1 bis {len(paragraphs) - 1}."
            if len(paragraphs) > 1
            else "Der Abschnitt hat nur einen Absatz."
        )
        raise InvalidInput([FieldError("paragraph", "no_such_place", words)])
    index = report.sections.index(section)
    rest = clean(
        SECTION,
        {
            "heading": heading,
            "kind": section.section_kind if section.section_kind != "recommendation" else "text",
            "level": section.level,
            "text": join(paragraphs[paragraph:]),
        },
    )
    second = models.ReportSection(
        uid=models.item.new_uid(),
        anchor=next_anchor(report),
        section_kind=rest["kind"],
        heading=rest["heading"],
        text=rest["text"],
        level=section.level,
        rev=1,
        position=index + 2,
    )
    section.text, section.rev = join(paragraphs[:paragraph]), section.rev + 1
    report.sections.insert(index + 1, second)
    keep(session, report, author, f"Abschnitt {section.anchor} geteilt", section, second)
    return second


def remove_section(session: Session, report: models.Report, uid: str, *, author: Author) -> None:
    """Take a section out; what is below it moves up a level. Its revisions stay. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    section = section_of(report, uid)
    report.sections.remove(section)
    keep(session, report, author, f"Abschnitt {section.anchor} entfernt")


def removed(session: Session, report: models.Report) -> list[models.SectionRevision]:
    """The last revision of every section that was taken out, newest first."""
    present = [row.uid for row in report.sections]
    last = (
        sa.select(sa.func.max(R.id))
        .where(R.report_id == report.id, R.section_uid.not_in(present))
        .group_by(R.section_uid)
    )
    return list(session.scalars(sa.select(R).where(R.id.in_(last)).order_by(R.id.desc()).limit(50)))


def bring_back(session: Session, report: models.Report, uid: str, *, author: Author) -> models.ReportSection:
    """Put a section that was taken out at the end again, with its identity. Raises `InvalidInput`, `NoSection`."""
    hold(session, report)
    last = next((row for row in removed(session, report) if row.section_uid == uid), None)
    if last is None:
        raise NoSection(uid)
    section = models.ReportSection(
        uid=uid,
        anchor=next_anchor(report),
        section_kind="text",
        heading=last.heading,
        text=last.text,
        level=1,
        rev=last.rev,
        position=len(report.sections) + 1,
    )
    report.sections.append(section)
    keep(session, report, author, f"Abschnitt {section.anchor} zurückgeholt")
    return section


def keep(session: Session, report: models.Report, author: Author, what: str, *changed: models.ReportSection) -> None:
    """Make the report follow what changed in its sections: places, input, revision, audit.

    Who changed a report that is or was public is an author of it: its revision is kept, and so is the public one before it.
    """
    is_seen = unreviewed.is_seen(session, report)
    if is_seen:
        unreviewed.keep_missing(session, report)
    place_sections(report)
    report.changed_at, report.changed_by = author.now, author.login
    report.rev += 1
    for section in changed:
        keep_revision(report, section, author.login, author.name, author.accepted_by[1] if author.accepted_by else "")
    edit.follow(report, sections=[as_input(row) for row in report.sections])
    session.flush()
    mentions.keep(session, report)
    review_places.follow(session, report, *changed)
    login, name = author.accepted_by or (author.login, author.name)
    if is_seen:
        unreviewed.keep_revision(session, report, login, name, author.now)
    audit.note(session, author.now, actor=login, name=name, action="item.changed", subject=report.url, detail=what)


def stale_plain(report: models.Report) -> list[str]:
    """Anchors of what the plain summary explains and what has changed, or gone, since it was written."""
    marks = {row.anchor: outline.mark_of(row.heading, row.text) for row in report.sections}
    return [
        anchor for anchor, mark in (report.plain_marks or {}).items() if report.plain_text and marks.get(anchor) != mark
    ]


def as_input(row: models.ReportSection) -> dict[str, Any]:
    """A section as the input of its report has it."""
    slug = row.recommendation_url.rsplit("/", 1)[-1] if row.recommendation_url else None
    return {
        "heading": row.heading,
        "kind": row.section_kind,
        "text": row.text,
        "level": row.level,
        "uid": row.uid,
        "anchor": row.anchor,
        "recommendation": slug,
    }
