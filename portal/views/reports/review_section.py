"""A section under review, as members at the desk and guests see it: its paragraphs with what was said about them.

`shown` makes the page value; `do` carries out what both may do. What only members or the lead may do stands in `report_review`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from content import models
from content.services.accounts import audit
from content.services.reports import reports, review_suggestions, review_threads
from content.services.reports.reports import Author
from content.text import markup, outline, report_markup
from content.text.merge import split
from content.text.suggesting import place_of
from portal.web.common import number_in

_REFERENCE: Final = re.compile(r'href="#(a\d{1,5})"')


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with the numbers of the threads and suggestions at it."""

    number: int
    html: str
    threads: tuple[int, ...]
    suggestions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SectionReview:
    """A section under review."""

    part: models.ReportSection
    number: str
    paragraphs: tuple[Paragraph, ...]
    threads: tuple[review_threads.Shown, ...]
    suggestions: tuple[review_suggestions.Shown, ...]
    decided: tuple[models.Suggestion, ...]

    @property
    def fitting(self) -> int:
        """How many suggestions can be accepted now."""
        return sum(one.fit is review_suggestions.Fit.FITS for one in self.suggestions)


def shown(
    session: Session, report: models.Report, section: models.ReportSection, link: Callable[[models.ReportSection], str]
) -> SectionReview:
    """The section with everything that was said about it; `link` gives the address of a section."""
    numbers = numbers_of(report)
    threads = review_threads.of_section(session, report, section)
    suggestions, decided = review_suggestions.of_section(session, report, section.uid)
    places = {one.row.id: _place(section.text, one.row) for one in suggestions}
    html_of = renderer(report, link)
    starts = _starts(section.text)
    paragraphs = tuple(
        Paragraph(
            count,
            marked(html_of(text, f"{section.anchor}-p{count}"), text, starts[count - 1], threads),
            tuple(one.thread.id for one in threads if one.paragraph == count),
            tuple(one.row.id for one in suggestions if places[one.row.id] == count),
        )
        for count, text in enumerate(split(section.text), start=1)
    )
    return SectionReview(section, numbers[section.uid], paragraphs, tuple(threads), tuple(suggestions), tuple(decided))


def marked(html: str, text: str, start: int, threads: Sequence[review_threads.Shown], page: str = "") -> str:
    """The HTML of `text`, which begins at `start` in its section, with the words that open threads are about marked.

    Links behind them lead to the threads, on `page` where they stand on another.
    """
    end = start + len(text)
    spots = {
        one.thread.id: one.spot
        for one in threads
        if one.thread.quote and one.thread.resolved_at is None and one.spot is not None
    }
    here = {number: spot for number, spot in spots.items() if spot.start < end and spot.end > start}
    if not here:
        return html
    from content.text import highlight  # noqa: PLC0415 - the library for HTML takes memory that few processes need

    return highlight.highlighted(
        html,
        [
            highlight.place_in(
                text, max(0, spot.start - start), spot.end - start, number=number, href=f"{page}#anmerkung-{number}"
            )
            for number, spot in here.items()
        ],
    )


def _starts(text: str) -> list[int]:
    """Where each paragraph begins, in characters."""
    found, position = [], 0
    for one in split(text):
        position = text.find(one, position)
        found.append(position)
        position += len(one)
    return found


def renderer(report: models.Report, link: Callable[[models.ReportSection], str]) -> Callable[[str, str], str]:
    """A function from text and anchor to safe HTML, with cross-references that lead to the page of their section."""
    numbers = numbers_of(report)
    labels = {row.anchor: f"Abschnitt {numbers[row.uid]}" for row in report.sections}
    targets = {row.anchor: link(row) for row in report.sections}

    def html_of(text: str, anchor: str) -> str:
        try:
            html = report_markup.section_html(text, anchor, 1, labels)
        except (markup.TooLarge, markup.TooDeep) as error:
            return f"<p>{error}</p>"
        return _REFERENCE.sub(lambda match: f'href="{targets.get(match[1], "")}"', html)

    return html_of


def numbers_of(report: models.Report) -> dict[str, str]:
    """Identity of each section → its number."""
    return dict(zip([row.uid for row in report.sections], outline.numbers(reports.nodes(report)), strict=True))


def _place(text: str, row: models.Suggestion) -> int:
    """The paragraph (from 1) that a suggestion is shown at; 0 where it has none. An addition stands at the one before it."""
    if row.place is None:
        return 0
    if not row.old:
        return max(1, row.place)
    found = place_of(text, row.old, near=row.place)
    return found + 1 if found is not None else 0


Act = Callable[[Session, models.Report, models.ReportSection, int, Mapping[str, str], Author], str]
"""Does something with the number named and the fields of the form; gives the fragment of the page that shows it."""


def _remark(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    _number: int,
    given: Mapping[str, str],
    author: Author,
) -> str:
    thread = review_threads.begin(
        session,
        report,
        section.uid,
        words=given.get("worte", ""),
        text=given.get("anmerkung", ""),
        author=author,
        paragraph=number_in(given.get("absatz", "")),
    )
    return f"anmerkung-{thread.id}"


def _reply(
    session: Session,
    report: models.Report,
    _section: models.ReportSection,
    number: int,
    given: Mapping[str, str],
    author: Author,
) -> str:
    return f"anmerkung-{review_threads.reply(session, report, number, text=given.get(f'antwort.{number}', ''), author=author).id}"


def _suggest(
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    _number: int,
    given: Mapping[str, str],
    author: Author,
) -> str:
    rows = review_suggestions.suggest(
        session,
        report,
        section.uid,
        text=given.get("text", ""),
        base_rev=number_in(given.get("rev", "")),
        author=author,
        reason=given.get("grund", ""),
    )
    return f"vorschlag-{rows[0].id}"


ACTS: Final[Mapping[str, Act]] = {"anmerken": _remark, "antworten": _reply, "vorschlagen": _suggest}
"""What everybody may do who may read."""


NOTED: Final[Mapping[str, str]] = {
    "anmerken": "review.remarked",
    "antworten": "review.answered",
    "erledigt": "review.resolved",
    "offen": "review.reopened",
    "vorschlagen": "suggestion.made",
    "zuruecknehmen": "suggestion.withdrawn",
}
"""Act → what the audit log calls it; decisions on suggestions are noted where they are made."""


def do(
    acts: Mapping[str, Act],
    session: Session,
    report: models.Report,
    section: models.ReportSection,
    given: Mapping[str, str],
    author: Author,
) -> str:
    """Carry out what `tun` names, as in `antworten:12`. Raises `InvalidInput`; `LookupError` for what there is not."""
    name, _, number = given.get("tun", "").partition(":")
    place = acts[name](session, report, section, number_in(number), given, author)
    if name in NOTED:
        detail = f"Abschnitt {section.anchor}, Nr. {number}" if number else f"Abschnitt {section.anchor}"
        audit.note(
            session,
            author.now,
            actor=author.login,
            name=author.name,
            action=NOTED[name],
            subject=report.url,
            detail=detail,
        )
    return place


def typed_fields(given: Mapping[str, str]) -> dict[str, Any]:
    """What a page of the review shows again of what was typed."""
    answers = {name.removeprefix("antwort."): value for name, value in given.items() if name.startswith("antwort.")}
    return {name: given.get(name, "") for name in ("worte", "anmerkung", "absatz", "text", "rev", "grund", "tun")} | {
        "antworten": answers
    }
