"""Writing a report at the desk: its outline, one section with autosave and preview, and conflicts paragraph by paragraph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from content import models
from content.house import Work
from content.schemas import FieldError, InvalidInput, clean_text
from content.schemas.reports import MAX_LEVEL, SECTION
from content.services.editing import picks, section_drafts
from content.services.editing.form_drafts import Kept
from content.services.reports import report_files, report_recommendations, reports, review_threads
from content.services.reports.reports import Author, NoSection, Outcome, SectionSaved
from content.text import markup, outline, report_markup
from content.text.diff import compare_html
from content.text.merge import Choice, Conflict, Merged, merge, split
from content.typed.whole import whole
from portal.auth.desk import desk_view, page, viewing, writing
from portal.desk import confirming
from portal.desk.asked import editable_item
from portal.desk.forms import UPLOAD
from portal.desk.typed import NUMBER, kept_answer, typed_number, typed_rev, typed_uploads
from portal.views.reports.report_review import review_state
from portal.web.common import parameter
from portal.web.incoming import store_file
from workflows.vocabulary import Permission

KINDS: Final[Mapping[str, str]] = SECTION["kind"].read.choices


def _report(request: Request, work: Work) -> models.Report:
    row = editable_item(request, work.session)
    if not isinstance(row, models.Report):
        raise HTTPNotFound
    return row


def _section(request: Request, report: models.Report) -> models.ReportSection:
    try:
        return reports.section_of(report, request.matchdict["uid"])
    except NoSection as error:
        raise HTTPNotFound from error


def _author(request: Request, work: Work) -> Author:
    return Author(request.person.login, request.person.name, work.desk.now)


# --- the outline ---


@desk_view("desk.report", permission=Permission.REPORT_WRITE)
def overview(request: Request) -> Response:
    """The outline with numbers, who is where, and what was taken out."""
    with viewing(request) as work:
        return _overview(request, work, _report(request, work))


def _overview(request: Request, work: Work, report: models.Report, error: str = "", *, status: int = 200) -> Response:
    here: dict[str, list[str]] = {}
    for row in section_drafts.present(work.session, report, work.desk.now):
        here.setdefault(row.section_uid, []).append(row.name)
    return page(
        request,
        "desk/report.html",
        title=report.title or report.url,
        status=status,
        report=report,
        error=error,
        here=here,
        kinds=KINDS,
        numbers=dict(zip([row.uid for row in report.sections], outline.numbers(reports.nodes(report)), strict=True)),
        removed=reports.removed(work.session, report),
        stale=reports.stale_plain(report),
        **review_state(request, work, report),
        states=report_recommendations.states(work.session, report),
        typed=request.POST.get("ueberschrift", ""),
        max_level=MAX_LEVEL,
        saved=parameter(request, "gespeichert"),
    )


Act = Callable[[Request, Work, models.Report, str], str | None]


def _add(request: Request, work: Work, report: models.Report, uid: str) -> str:
    after = next((row for row in report.sections if row.uid == uid), None)
    made = reports.add_section(
        work.session,
        report,
        heading=str(request.POST.get("ueberschrift", "")),
        kind=str(request.POST.get("art", "text")),
        level=after.level if after else 1,
        after=uid,
        author=_author(request, work),
    )
    return f"/redaktion/bericht/{report.id}/abschnitt/{made.uid}"


def _place(request: Request, work: Work, report: models.Report, uid: str) -> None:
    level = str(request.POST.get("ebene", "1"))
    reports.place(
        work.session,
        report,
        uid,
        after=str(request.POST.get("hinter", "")),
        level=1 if (given := whole(level, most=99)) is None else given,
        author=_author(request, work),
    )


def _remove(request: Request, work: Work, report: models.Report, uid: str) -> None:
    reports.remove_section(work.session, report, uid, author=_author(request, work))


def _bring_back(request: Request, work: Work, report: models.Report, uid: str) -> None:
    reports.bring_back(work.session, report, uid, author=_author(request, work))


def _mover(way: str) -> Act:
    def move(request: Request, work: Work, report: models.Report, uid: str) -> None:
        reports.move(work.session, report, uid, way, author=_author(request, work))

    return move


_ACTS: Final[Mapping[str, Act]] = {
    "neu": _add,
    "ziehen": _place,
    "entfernen": _remove,
    "zurueckholen": _bring_back,
    "hoch": _mover("up"),
    "runter": _mover("down"),
    "einruecken": _mover("in"),
    "ausruecken": _mover("out"),
}


@desk_view("desk.report", permission=Permission.REPORT_WRITE, method="POST")
def arrange(request: Request) -> Response:
    """One change of the outline: `tun` names it and the section, as in `hoch:<uid>`."""
    name, _, uid = str(request.POST.get("tun", "")).partition(":")
    act = _ACTS.get(name)
    if act is None:
        raise HTTPNotFound
    try:
        with writing(request) as work:
            report = _report(request, work)
            target = act(request, work, report, uid) or f"/redaktion/bericht/{report.id}#s-{uid}"
    except InvalidInput as invalid:
        with writing(request) as work:
            return _overview(request, work, _report(request, work), _words(invalid), status=400)
    except NoSection:
        with writing(request) as work:
            return _overview(
                request,
                work,
                _report(request, work),
                "Den Abschnitt gibt es nicht mehr: Jemand hat ihn entfernt.",
                status=409,
            )
    return HTTPSeeOther(target)


def _words(invalid: InvalidInput) -> str:
    return " ".join(error.message for error in invalid.errors)


# --- one section ---


@desk_view("desk.report_section", permission=Permission.REPORT_WRITE)
def section_form(request: Request) -> Response:
    """A section to write in; `?entwurf=1` opens what was typed and not saved."""
    with viewing(request) as work:
        report = _report(request, work)
        section = _section(request, report)
        draft = section_drafts.of_person(work.session, section.uid, request.person.login)
        if draft is not None and parameter(request, "entwurf"):
            return _section_page(
                request, work, report, section, heading=draft.heading, text=draft.text, rev=draft.base_rev
            )
        return _section_page(
            request, work, report, section, heading=section.heading, text=section.text, rev=section.rev, draft=draft
        )


def _section_page(
    request: Request,
    work: Work,
    report: models.Report,
    section: models.ReportSection,
    *,
    heading: str,
    text: str,
    rev: int,
    error: str = "",
    status: int = 200,
    draft: models.SectionDraft | None = None,
) -> Response:
    now = work.desk.now
    others = [
        row.name
        for row in section_drafts.present(work.session, report, now)
        if row.section_uid == section.uid and row.login != request.person.login
    ]
    numbers = dict(zip([row.uid for row in report.sections], outline.numbers(reports.nodes(report)), strict=True))
    place = report.sections.index(section)
    is_new = draft is not None and (draft.heading, draft.text) != (section.heading, section.text)
    return page(
        request,
        "desk/report_section.html",
        title=f"{numbers[section.uid]} {section.heading}",
        status=status,
        report=report,
        part=section,
        number=numbers[section.uid],
        heading=heading,
        text=text,
        rev=rev,
        error=error,
        others=others,
        kinds=KINDS,
        draft=draft if is_new else None,
        difference=compare_html(section.text, draft.text) if draft and is_new else "",
        before=report.sections[place - 1] if place else None,
        after=report.sections[place + 1] if place + 1 < len(report.sections) else None,
        paragraphs=split(section.text),
        anchors=[(row.anchor, numbers[row.uid], row.heading) for row in report.sections],
        past=reports.revisions(work.session, report, section.uid, limit=10),
        saved=parameter(request, "gespeichert"),
        state=report_recommendations.states(work.session, report).get(section.recommendation_url or ""),
        upload=UPLOAD,
        inserted=parameter(request, "eingefuegt"),
        addressees=picks.SOURCES["adressaten"](work.session, request.person.grants),
        remarks=review_threads.in_editor(work.session, report, section),
        count_name=NUMBER,
        count=section_drafts.last(work.session, section.uid, request.person.login).number,
        insertion={
            name: str(request.POST.get(name, "")) for name in ("datei_titel", "datei_unterschrift", "datei_nachweis")
        },
    )


@desk_view("desk.report_section", permission=Permission.REPORT_WRITE, method="POST")
def save(request: Request) -> Response:
    """Save the section, or do what else the button says."""
    act = str(request.POST.get("tun", "speichern"))
    if act not in _SECTION_ACTS:
        raise HTTPNotFound
    try:
        with writing(request) as work:
            report = _report(request, work)
            section = _section(request, report)
            return _SECTION_ACTS[act](request, work, report, section)
    except InvalidInput as invalid:
        with writing(request) as work:
            report = _report(request, work)
            section = _section(request, report)
            heading, text, rev = _typed(request, section)
            if "text" in request.POST:
                _keep(request, work, report, section, heading=heading, text=text, rev=rev)
            return _section_page(
                request, work, report, section, heading=heading, text=text, rev=rev, error=_words(invalid), status=400
            )


def _typed(request: Request, section: models.ReportSection) -> tuple[str, str, int]:
    """What the form holds; buttons that stand outside it send nothing of the text."""
    if "text" not in request.POST:
        return section.heading, section.text, section.rev
    return str(request.POST.get("ueberschrift", "")), str(request.POST["text"]), typed_rev(request)


def _keep(
    request: Request,
    work: Work,
    report: models.Report,
    section: models.ReportSection,
    *,
    heading: str,
    text: str,
    rev: int,
) -> None:
    """Keep what the person sent, as a draft."""
    section_drafts.keep(
        work.session,
        report,
        section.uid,
        login=request.person.login,
        heading=heading,
        text=text,
        base_rev=rev,
        now=work.desk.now,
        number=typed_number(request),
    )


def _save(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    heading, text, rev = _typed(request, section)
    answered = request.POST.get("gegen")
    if answered is not None:
        heading, text, rev = _answered(request, work, report, section, str(answered))
    author = _author(request, work)
    done = reports.save_section(
        work.session,
        report,
        section.uid,
        heading=heading,
        text=text,
        base_rev=rev,
        author=author,
        number=typed_number(request),
    )
    if done.outcome is Outcome.CONFLICT:
        return _conflict_page(request, report, done, heading=heading, text=text, rev=rev)
    report_recommendations.follow(work.session, done.section, author)
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}?gespeichert={done.outcome}")


def _conflict_page(
    request: Request, report: models.Report, done: SectionSaved, *, heading: str, text: str, rev: int
) -> Response:
    assert done.merged is not None  # noqa: S101 - a conflict has both
    assert done.theirs is not None  # noqa: S101
    return page(
        request,
        "desk/report_conflict.html",
        title="Zwei Fassungen",
        status=409,
        report=report,
        part=done.section,
        heading=heading,
        text=text,
        rev=rev,
        theirs=done.theirs,
        pieces=_numbered(done.merged),
        is_heading_contested=done.is_heading_contested,
        differences=[
            compare_html("\n\n".join(piece.theirs), "\n\n".join(piece.ours)) for piece in done.merged.conflicts
        ],
    )


def _numbered(merged: Merged) -> list[tuple[int, Any]]:
    """(number of the conflict from 1 or 0, piece)."""
    found: list[tuple[int, Any]] = []
    count = 0
    for piece in merged.pieces:
        count += isinstance(piece, Conflict)
        found.append((count if isinstance(piece, Conflict) else 0, piece))
    return found


_CHOICES: Final[Mapping[str, Choice]] = {"ours": "ours", "theirs": "theirs", "both": "both", "base": "base"}


def _answered(
    request: Request, work: Work, report: models.Report, section: models.ReportSection, against: str
) -> tuple[str, str, int]:
    """The text after the answers to a conflict with revision `against`, which it is based on from now on."""
    rev = whole(against) or 0
    base = reports.revision(work.session, report, section, typed_rev(request))
    theirs = reports.revision(work.session, report, section, rev)
    if base is None or theirs is None:
        raise HTTPNotFound
    merged = merge(base.text, clean_text(str(request.POST.get("text", ""))), theirs.text)
    answers = []
    for number, conflict in enumerate(merged.conflicts, start=1):
        choice = str(request.POST.get(f"wahl.{number}", "both"))
        own = split(clean_text(str(request.POST.get(f"eigen.{number}", ""))))
        answers.append(own if choice == "eigen" else conflict.chosen(_CHOICES.get(choice, "both")))
    return str(request.POST.get("ueberschrift", "")), merged.resolved(answers), rev


def _discard(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    back = f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}"
    if asked := confirming.question(request, "section_draft.discard", section.heading, back):
        return asked
    # What this person's windows sent before this moment is late.
    number = int(work.desk.now.timestamp() * 1000)
    section_drafts.finish(work.session, report, section.uid, request.person.login, number=number, now=work.desk.now)
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}")


def _kind(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    reports.set_kind(work.session, report, section.uid, str(request.POST.get("art", "")), author=_author(request, work))
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}")


def _split(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    place = str(request.POST.get("absatz", ""))
    made = reports.split_section(
        work.session,
        report,
        section.uid,
        paragraph=whole(place, most=99_999) or 0,
        heading=str(request.POST.get("neue_ueberschrift", "")),
        author=_author(request, work),
    )
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{made.uid}")


def _recommend(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    report_recommendations.make(
        work.session,
        report,
        section.uid,
        addressees=[str(name) for name in request.POST.getall("adressat")],
        author=_author(request, work),
    )
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}")


def _insert(request: Request, work: Work, report: models.Report, section: models.ReportSection) -> Response:
    """Put a picture or paper into what is typed; the text is not saved by that, it waits as a draft."""
    heading, text, rev = _typed(request, section)
    name, body = typed_uploads(request).get("datei", ("", b""))
    if not body:
        raise InvalidInput([FieldError("datei", "missing", "Es wurde keine Datei gewählt. Bitte eine Datei wählen.")])
    about = {
        "title": request.POST.get("datei_titel"),
        "caption": request.POST.get("datei_unterschrift"),
        "credit": request.POST.get("datei_nachweis"),
    }
    author = _author(request, work)
    _, piece = report_files.add(
        work.session, report, name=name, body=body, about=about, author=author, store=store_file(work)
    )
    place = str(request.POST.get("stelle", ""))
    at = whole(place, most=9_999_999)
    text = report_files.inserted(text.replace("\r\n", "\n"), len(text) if at is None else at, piece)
    _keep(request, work, report, section, heading=heading, text=text, rev=rev)
    return HTTPSeeOther(f"/redaktion/bericht/{report.id}/abschnitt/{section.uid}?entwurf=1&eingefuegt=1")


SectionAct = Callable[[Request, Work, models.Report, models.ReportSection], Response]
_SECTION_ACTS: Final[Mapping[str, SectionAct]] = {
    "speichern": _save,
    "verwerfen": _discard,
    "art": _kind,
    "teilen": _split,
    "empfehlung": _recommend,
    "einfuegen": _insert,
}


@desk_view("desk.report_draft", permission=Permission.REPORT_WRITE, method="POST")
def draft(request: Request) -> Response:
    """Keep what is being typed, and say who else is here and which revision is the newest. Without a text: only the second."""
    with writing(request) as work:
        report = _report(request, work)
        section = _section(request, report)
        now, login = work.desk.now, request.person.login
        section_drafts.beat(work.session, report, section.uid, login=login, name=request.person.name, now=now)
        done = Kept.KEPT
        if "text" in request.POST and not section_drafts.keep(
            work.session,
            report,
            section.uid,
            login=login,
            base_rev=typed_rev(request),
            now=now,
            number=typed_number(request),
            is_auto=True,
            heading=str(request.POST.get("ueberschrift", "")),
            text=str(request.POST["text"]).replace("\r\n", "\n"),
        ):
            done = Kept.LATE
        here = [
            row.name
            for row in section_drafts.present(work.session, report, now)
            if row.section_uid == section.uid and row.login != login
        ]
        newest = reports.revision(work.session, report, section, section.rev)
        told = {"rev": section.rev, "by": newest.actor_name if newest else "", "here": here}
        last = section_drafts.last(work.session, section.uid, login)
    return kept_answer(done, told, last)


@desk_view("desk.report_preview", permission=Permission.REPORT_WRITE, method="POST")
def preview(request: Request) -> Response:
    """The section as readers would see it."""
    with viewing(request) as work:
        report = _report(request, work)
        section = _section(request, report)
        numbers = outline.numbers(reports.nodes(report))
        labels = {row.anchor: f"Abschnitt {number}" for row, number in zip(report.sections, numbers, strict=True)}
        number = numbers[report.sections.index(section)]
        heading, text, _ = _typed(request, section)
        try:
            html = report_files.at_the_desk(
                report, report_markup.section_html(text.replace("\r\n", "\n"), section.anchor, 1, labels)
            )
        except (markup.TooLarge, markup.TooDeep) as error:
            return _section_page(
                request,
                work,
                report,
                section,
                heading=heading,
                text=text,
                rev=typed_rev(request),
                error=str(error),
                status=400,
            )
        return page(
            request,
            "desk/report_preview.html",
            title=f"Vorschau: {heading}",
            report=report,
            part=section,
            heading=heading,
            number=number,
            html=html,
        )
