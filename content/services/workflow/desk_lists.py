"""Queries of the editors' side: the rows a person may see, in lists that each are a line of `VIEWS`, searched, filtered, sorted.

Only working rows, always by right. Counting stops at `COUNT_LIMIT`, so that no list takes longer because the archive grew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from content import models
from content.kinds import KINDS
from content.search.lemmas import fold
from content.services.accounts.accounts import SignedIn
from content.services.base import rights
from content.services.publishing import changes
from content.services.workflow import second_look
from content.services.workflow.second_look import Waiting
from content.text.wording import PROGRAMS
from content.typed.whole import whole
from workflows.publication import GONE
from workflows.rights import READING
from workflows.vocabulary import ROLES, Permission

PER_PAGE: Final = 30
ON_OVERVIEW: Final = 10
COUNT_LIMIT: Final = 1000
LATE: Final = dt.timedelta(minutes=5)
"""What the clock has not published so long after its time is overdue."""
_OPEN: Final = ("draft", "published", "withdrawn")
_APPROVING: Final = ("submitted", "scheduled")
"""States in which a text lies with others; who wrote on since has a new draft beside it."""
_REVIEWING: Final = frozenset({Permission.ITEM_REVIEW})
_CORRECTING: Final = frozenset({Permission.ITEM_CORRECT})

I: Final = models.Item  # noqa: E741 - the one table of this module
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class DeskRow:
    """A working row in a list of the desk."""

    id: int
    rev: int
    kind: str
    kind_label: str
    """The kind, with the number of a decision or the day of a session."""
    title: str
    url: str
    owner: str
    publication_state: str
    procedure_state: str | None
    changed_at: dt.datetime
    changed_by: str
    """Name of whoever saved it last; empty: an import."""
    publish_at: dt.datetime | None
    public_at: dt.datetime | None
    is_ahead: bool
    """Whether the working copy has a revision that was never public."""
    remark: str = ""
    """Where the list asks for it: who gave it back with which words, what is asked of a second person."""
    path: str = ""
    """Where it leads; empty: to its own page."""


@dataclass(frozen=True, slots=True)
class DeskList:
    """A page of a list. `total` is exact up to `COUNT_LIMIT`; beyond it, `is_cut`."""

    rows: tuple[DeskRow, ...]
    total: int
    is_cut: bool
    page: int
    pages: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class View:
    """A list by name: its heading, which rows belong to it, its order (a key of `ORDERS`).

    On the overview it shows `first` rows, each with the moment that counts there: words and a field of the row.
    """

    title: str
    conditions: Callable[[SignedIn, dt.datetime], tuple[Condition, ...]]
    order: str = "neu"
    moment: tuple[str, str] = ("geändert", "changed_at")
    first: int = ON_OVERVIEW
    remarks: Callable[[Session, SignedIn, Sequence[int]], Mapping[int, Waiting]] | None = None
    """What each row says beside, and where it then leads: with which words it came back, what is asked of a second person."""


@dataclass(frozen=True, slots=True)
class Section:
    """A list as the overview shows it: its first rows, and whether there are more."""

    name: str
    title: str
    moment: tuple[str, str]
    rows: tuple[DeskRow, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shall show. `by`: logins; `since`: changed at or after this instant; `owner` None: every organisation."""

    view: str = ""
    kind: str = ""
    state: str = ""
    words: str = ""
    owner: str | None = None
    by: Collection[str] | None = None
    since: dt.datetime | None = None
    order: str = ""
    page: int = 1


def held(person: SignedIn, wanted: Collection[Permission]) -> Condition:
    """The rows on which the person has one of these rights, as a condition: by the kinds and organisations of the roles held."""
    return rights.held(person.grants, wanted)


def readable(person: SignedIn) -> Condition:
    """Which working rows a person may see."""
    return rights.sees(person.grants)


def kinds_of(person: SignedIn, permission: Permission = Permission.ITEM_EDIT) -> tuple[str, ...]:
    """The kinds that a person may edit somewhere, in the order of the catalogue."""
    found: set[str] = set()
    for name, _ in person.grants:
        role = ROLES.get(name)
        if role is not None and permission in role.permits:
            found |= role.kinds or set(KINDS)
    return tuple(kind for kind in KINDS if kind in found)


def item(session: Session, person: SignedIn, item_id: int) -> models.Item | None:
    """A working row, if the person may see it."""
    return session.scalars(
        sa.select(I).where(I.id == item_id, I.publication_state != "removed", readable(person))
    ).one_or_none()


def _waiting(person: SignedIn, _now: dt.datetime) -> tuple[Condition, ...]:
    """Submitted by somebody else, where I may review, since nobody releases what they submitted; and what somebody else asked for and I may confirm."""
    step = models.StepEntry
    submitter = (
        sa.select(step.actor)
        .where(step.item_id == I.id, step.workflow == "publication", step.transition == "submit")
        .order_by(step.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    submitted = sa.select(I.id).where(
        I.publication_state == "submitted", held(person, _REVIEWING), sa.func.coalesce(submitter, "") != person.login
    )
    return (I.id.in_(sa.union(submitted, *second_look.items(person))),)


def _mine(person: SignedIn, _now: dt.datetime) -> tuple[Condition, ...]:
    """What I saved last, that is not public like that and waits for nobody else; and drafts of my organisations."""
    # Two index ranges put together: asked as one „or“, the database would read its way through everything.
    frozen = models.FrozenText
    went_on = sa.exists().where(frozen.item_id == I.id, frozen.rev < I.rev)
    is_open = sa.or_(I.publication_state.in_(_OPEN), sa.and_(I.publication_state.in_(_APPROVING), went_on))
    saved = sa.select(I.id).where(I.changed_by == person.login, I.rev > I.public_rev, is_open)
    own = sorted({organisation for _, organisation in person.grants if organisation})
    owned = sa.select(I.id).where(I.owner.in_(own), I.publication_state == "draft")
    return (I.id.in_(sa.union(saved, owned) if own else saved),)


# The sign keeps SQLite from going through everything that is public: what changed since has an index of its own.
_AHEAD: Final = sa.text(
    "item.rev > item.public_rev AND item.public_rev > 0 AND item.publication_state || '' = 'published'"
)


def _handed_in(person: SignedIn, _now: dt.datetime) -> tuple[Condition, ...]:
    """A change to something public that others handed in, where I may make it public and neither wrote nor submitted it."""
    frozen, revision, step, item = models.FrozenText, models.Revision, models.StepEntry, sa.orm.aliased(models.Item)
    public_rev = sa.select(item.public_rev).where(item.id == frozen.item_id).scalar_subquery()
    is_mine = sa.exists().where(
        revision.item_id == frozen.item_id,
        revision.rev > public_rev,
        revision.rev <= frozen.rev,
        revision.actor == person.login,
    )
    submitter = (
        sa.select(step.actor)
        .where(step.item_id == frozen.item_id, step.workflow == "publication", step.transition == "submit_change")
        .order_by(step.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    # Not joined with the items: databases then begin with what is public, which is nearly everything.
    waiting = sa.select(frozen.item_id).where(~is_mine, sa.func.coalesce(submitter, "") != person.login)
    return I.id.in_(waiting), I.publication_state.concat("") == "published", held(person, _CORRECTING)


def _changed(person: SignedIn, _now: dt.datetime) -> tuple[Condition, ...]:
    """Public, and changed since by somebody else who has not handed it in, where I may make the change public."""
    ahead = sa.select(I.id).where(
        _AHEAD, I.changed_by != person.login, ~sa.exists().where(models.FrozenText.item_id == I.id)
    )
    return I.id.in_(ahead), held(person, _CORRECTING)


def _given_back(person: SignedIn, _now: dt.datetime) -> tuple[Condition, ...]:
    """What came back with a comment and is not handed in again: what I saved last, and what my organisations keep."""
    own, step = sorted({organisation for _, organisation in person.grants if organisation}), models.StepEntry
    last = (
        sa.select(step.transition)
        .where(step.item_id == I.id, step.workflow == "publication")
        .order_by(step.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    parts = [
        sa.select(I.id).where(
            I.changed_by == person.login, I.rev > I.public_rev, I.publication_state.in_(("draft", "published"))
        )
    ]
    if own:
        parts += [
            sa.select(I.id).where(I.owner.in_(own), I.publication_state == "draft"),
            sa.select(I.id).where(_AHEAD, I.owner.in_(own)),
        ]
    return I.id.in_(sa.union(*parts)), last.in_(changes.RETURNING)


def _came_back(session: Session, _person: SignedIn, ids: Sequence[int]) -> Mapping[int, Waiting]:
    return {number: Waiting(words, "") for number, words in changes.remarks(session, ids).items()}


_PLANNED: Final = ("Termin", "publish_at")
VIEWS: Final[Mapping[str, View]] = {
    "ueberfaellig": View(
        "Überfällig",
        lambda _person, now: (I.publication_state == "scheduled", I.publish_at < now - LATE),
        "termin",
        _PLANNED,
    ),
    "wartet": View("Wartet auf Ihre Prüfung", _waiting, "alt", ("Stand vom", "changed_at"), remarks=second_look.of),
    "aenderungen": View("Eingereichte Änderungen an Öffentlichem", _handed_in, "alt", ("geändert", "changed_at")),
    "zurueck": View("Zurückgegeben mit Hinweis", _given_back, "alt", ("geändert", "changed_at"), remarks=_came_back),
    "entwuerfe": View("Meine Entwürfe", _mine),
    "angefangen": View("Geändert, noch nicht eingereicht", _changed, "alt", ("geändert", "changed_at")),
    "terminiert": View("Terminiert", lambda _person, _now: (I.publication_state == "scheduled",), "termin", _PLANNED),
    "veroeffentlicht": View(
        "Zuletzt veröffentlicht",
        lambda _person, _now: (I.publication_state == "published", I.public_at.is_not(None)),
        "public",
        ("veröffentlicht", "public_at"),
        5,
    ),
}
"""In the order of the overview."""
WAITING: Final = frozenset({"ueberfaellig", "wartet", "aenderungen", "zurueck"})
"""The lists that ask for something to be done now."""

ORDERS: Final[Mapping[str, tuple[str, tuple[Any, ...]]]] = {
    "neu": ("Zuletzt geändert zuerst", (I.changed_at.desc(), I.id.desc())),
    "alt": ("Am längsten unverändert zuerst", (I.changed_at.asc(), I.id.asc())),
    "titel": ("Titel A–Z", (I.finding.asc(), I.id.asc())),
    "public": ("Zuletzt veröffentlicht zuerst", (I.public_at.desc().nulls_last(), I.id.desc())),
    "termin": ("Nach Termin", (I.publish_at.asc().nulls_last(), I.id.asc())),
}
"""Name in addresses → words, columns."""


def overview(session: Session, person: SignedIn, now: dt.datetime) -> tuple[Section, ...]:
    """Every list that has rows for this person, each cut at its `first`."""
    sections = []
    for name, view in VIEWS.items():
        rows = _read(session, (readable(person), *view.conditions(person, now)), view.order, limit=view.first + 1)
        if rows:
            rows = _remarked(session, person, rows, view)
            sections.append(Section(name, view.title, view.moment, rows[: view.first], len(rows) > view.first))
    return tuple(sections)


def listing(session: Session, person: SignedIn, wanted: Wanted, now: dt.datetime) -> DeskList:
    """The page that is asked for; a page behind the last one is the last one."""
    conditions = (readable(person), *_conditions(person, wanted, now), *_few(session, wanted.words))
    order = wanted.order or (VIEWS[wanted.view].order if wanted.view else "neu")
    counted = sa.select(I.id).where(*conditions).limit(COUNT_LIMIT + 1).subquery()
    found = session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    is_cut, total = found > COUNT_LIMIT, min(found, COUNT_LIMIT)
    pages = max(1, -(-total // PER_PAGE))
    number = max(1, wanted.page) if is_cut else min(max(1, wanted.page), pages)
    rows = _read(session, conditions, order, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    rows = _remarked(session, person, rows, VIEWS[wanted.view]) if wanted.view else rows
    return DeskList(rows[:PER_PAGE], total, is_cut, number, max(pages, number), len(rows) > PER_PAGE)


def _remarked(session: Session, person: SignedIn, rows: tuple[DeskRow, ...], view: View) -> tuple[DeskRow, ...]:
    told = view.remarks(session, person, [row.id for row in rows]) if view.remarks is not None else {}
    return tuple(
        replace(row, remark=told[row.id].words, path=told[row.id].path) if row.id in told else row for row in rows
    )


def _few(session: Session, words: str) -> tuple[Condition, ...]:
    """The rows that contain rare words, by number: found in the narrow index, they spare going through the order of the list."""
    if not words.strip():
        return ()
    found = session.scalars(sa.select(I.id).where(*_containing(words)).limit(COUNT_LIMIT + 1)).all()
    return (I.id.in_(found),) if len(found) <= COUNT_LIMIT else ()


def _containing(words: str) -> Iterable[Condition]:
    # Numbers and long words first: they are the rarest, and a row that has not the first word is asked for no other.
    asked = sorted(words.split()[:6], key=lambda word: (not any(sign.isdigit() for sign in word), -len(word)))
    return [I.finding.contains(fold(word), autoescape=True) for word in asked]


def _conditions(person: SignedIn, wanted: Wanted, now: dt.datetime) -> Iterable[Condition]:
    if wanted.view:
        yield from VIEWS[wanted.view].conditions(person, now)
    if wanted.kind:
        yield I.kind == wanted.kind
    if wanted.state:
        yield I.publication_state == wanted.state
    elif not wanted.view:
        yield I.publication_state.not_in(GONE)
    if wanted.owner is not None:
        yield I.owner == wanted.owner
    if wanted.by is not None:
        yield I.changed_by.in_(sorted(wanted.by))
    if wanted.since is not None:
        yield I.changed_at >= wanted.since
    yield from _containing(wanted.words)


def logins_named(session: Session, words: str, person: SignedIn) -> frozenset[str]:
    """The people that `words` (a login, a part of a name, „ich“) may mean, of those who saved something that the person sees."""
    if words.lower() in {"ich", "mir"}:
        return frozenset({person.login})
    wanted, account = fold(words), models.Account
    saved = sa.exists().where(I.changed_by == account.login, readable(person))
    accounts = session.execute(
        sa.select(account.login, account.name).where(sa.or_(account.login == person.login, saved))
    )
    return frozenset(row.login for row in accounts if row.login == words.lower() or wanted in fold(row.name))


def organisations(session: Session, person: SignedIn) -> list[tuple[str, str]]:
    """(slug, name) of the organisations whose items the person may see, by name."""
    bound = {organisation for role, organisation in person.grants if role in ROLES and ROLES[role].permits & READING}
    # By kind and without the joined table: from there the database would go through every item to ask for its state.
    title = rights.title(person.grants).label("title")
    query = sa.select(I.slug, title).where(
        I.kind == "organisation", I.publication_state.not_in(GONE), rights.listed(person.grants)
    )
    if "" not in bound:
        query = query.where(I.slug.in_(sorted(bound)))
    return sorted(((row.slug, row.title or row.slug) for row in session.execute(query)), key=lambda pair: fold(pair[1]))


def revisions(session: Session, item_id: int) -> Sequence[models.Revision]:
    """Every revision that was kept, newest first."""
    query = sa.select(models.Revision).where(models.Revision.item_id == item_id).order_by(models.Revision.rev.desc())
    return session.scalars(query).all()


def revision(session: Session, item_id: int, rev: int) -> models.Revision | None:
    """One revision that was kept."""
    query = sa.select(models.Revision).where(models.Revision.item_id == item_id, models.Revision.rev == rev)
    return session.scalars(query).one_or_none()


def form_item(session: Session, person: SignedIn, kind: str, given: str) -> models.Item | None:
    """The item that a form of `kind` says it is of; None for a new one and for what the person may not see."""
    item_id = whole(given)
    row = item(session, person, item_id) if item_id is not None else None
    return row if row is not None and row.kind == kind else None


def _read(
    session: Session, conditions: Iterable[Condition], order: str, *, limit: int, offset: int = 0
) -> tuple[DeskRow, ...]:
    query = sa.select(
        I.id,
        I.rev,
        I.kind,
        I.title,
        I.url,
        I.owner,
        I.publication_state,
        I.procedure_state,
        I.changed_at,
        I.changed_by,
        I.publish_at,
        I.public_at,
        I.public_rev,
    )
    rows = session.execute(query.where(*conditions).order_by(*ORDERS[order][1]).limit(limit).offset(offset)).all()
    account = models.Account
    logins = {row.changed_by for row in rows if row.changed_by}
    names: dict[str, str] = {}
    if logins:
        names = {
            row.login: row.name
            for row in session.execute(sa.select(account.login, account.name).where(account.login.in_(logins)))
        }
    labels = _labels(session, {row.id: row.kind for row in rows})
    return tuple(
        DeskRow(
            row.id,
            row.rev,
            row.kind,
            labels.get(row.id, KINDS[row.kind].label),
            row.title or row.url,
            row.url,
            row.owner,
            row.publication_state,
            row.procedure_state,
            row.changed_at,
            names.get(row.changed_by) or PROGRAMS.get(row.changed_by, row.changed_by),
            row.publish_at,
            row.public_at,
            0 < row.public_rev < row.rev,
        )
        for row in rows
    )


def _labels(session: Session, kinds: Mapping[int, str]) -> dict[int, str]:
    """What rows are called by more than their kind: „Beschluss 2026/01“, „Sitzung am 18.03.2026“."""
    decision, meeting = models.Decision.__table__, models.Meeting.__table__
    of_kind = {kind: [item_id for item_id, found in kinds.items() if found == kind] for kind in ("decision", "meeting")}
    labels: dict[int, str] = {}
    if of_kind["decision"]:
        query = sa.select(decision.c.id, decision.c.number).where(
            decision.c.id.in_(of_kind["decision"]), decision.c.number.is_not(None)
        )
        labels |= {row.id: f"{KINDS['decision'].label} {row.number}" for row in session.execute(query)}
    if of_kind["meeting"]:
        days = sa.select(meeting.c.id, meeting.c.date).where(
            meeting.c.id.in_(of_kind["meeting"]), meeting.c.date.is_not(None)
        )
        labels |= {row.id: f"{KINDS['meeting'].label} am {row.date:%d.%m.%Y}" for row in session.execute(days)}
    return labels
