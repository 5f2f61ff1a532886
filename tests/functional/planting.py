"""What tests of rights share: items of every kind in every state that nobody outside may see, each with words of its own."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from webtest import TestApp

from content import models
from content.kinds import KINDS
from content.schemas import SCHEMAS, clean_item
from content.services.accounts import accounts, sessions
from content.services.editing import edit
from content.services.reports import reports, review_guests
from content.services.workflow import embargo, transition
from portal import settings
from portal.app import make_app
from portal.auth.desk import COOKIE
from portal.views.reports import review_section
from tests.functional.browsing import Browser
from workflows import rights
from workflows.engine import Blocked
from workflows.publication import PUBLICATION
from workflows.rights import Part
from workflows.vocabulary import Permission

OWNER, OTHER = "bayern", "sachsen"
STATES = [state for state in PUBLICATION.states if state not in {"published", "removed"}]
AHEAD, EMBARGOED = "ahead", "embargoed"
"""Public, and written on since; submitted, and under embargo."""
WORD = re.compile(r"q(titel|text|kopf|slug)(\d+)x", re.IGNORECASE)
SHOWN = {"titel": Part.TITLE, "text": Part.WORKING, "kopf": Part.WORKING, "slug": Part.ADDRESS}
ALL = frozenset(Permission)
PNG_SHA = "0" * 64


@dataclass(frozen=True)
class Planted:
    """An item with its words, as it stands in the database."""

    number: int
    id: int
    kind: str
    owner: str
    state: str
    url: str
    row_state: str
    procedure: str | None
    sections: tuple[str, ...]

    def allows(self, grants: Any, word: str) -> bool:
        """Whether the table lets somebody with these grants see this kind of word."""
        part = SHOWN[word]
        if part is Part.ADDRESS and (self.row_state in {"published", "withdrawn"}):
            return True
        return any(
            where.holds(self.kind, self.owner, self.row_state, self.procedure) for where in rights.seen(grants, part)
        )


def example_input(work: Any, kind: str, number: int, link: str) -> dict[str, Any]:
    """The input of an item of the example content with words put into it, under an address of its own."""
    model = KINDS[kind].model
    row = work.session.scalars(
        sa.select(model).where(model.publication_state == "published").order_by(model.id)
    ).first()
    value = {name: one for name, one in row.input.items() if name not in {"attachments", "image", "links", "directory"}}
    value |= {
        "slug": f"qslug{number}x",
        "title": f"Qtitel{number}x Probe",
        "name": f"Qtitel{number}x Probe",
        "text": f"Qtext{number}x [Ziel]({link}).",
    }
    value["links"] = (
        [{"target": link}] if kind in {"decision", "recommendation", "report", "market_item", "offer"} else []
    )
    if kind == "decision":
        value |= {"number": None, "text": f"1. Der Rat beschließt Qtext{number}x.", "references": [], "agenda": []}
    if kind == "meeting":
        value |= {"kind": "numbered", "ordinal": 900 + number, "agenda": [{"title": f"Qkopf{number}x"}]}
    if kind == "report":
        value["sections"] = [
            {"heading": f"Qkopf{number}x Kapitel", "text": f"Qtext{number}x", "level": 1, "kind": "text"}
        ]
    if kind == "press_release":
        value["sections"] = [{"heading": f"Qkopf{number}x", "text": f"Qtext{number}x"}]
    return value


def _save(work: Any, kind: str, number: int, link: str, item: Any = None, **more: Any) -> models.Item:
    given = {**example_input(work, kind, number, link), **more}
    value = clean_item(kind, {name: one for name, one in given.items() if name in SCHEMAS[kind]})
    return edit.save(
        work.session, kind, value, now=work.desk.now, actor="pflanzer", actor_name="Pflanzer", item=item
    ).item


def _step(work: Any, item: models.Item, name: str, actor: str, **fields: Any) -> None:
    transition.take(
        replace(work.desk, actor=actor, actor_name=actor.title(), permits=ALL), item, PUBLICATION, name, fields
    )


def _move(work: Any, item: models.Item, state: str) -> None:
    """Lead an item to a state by its steps; where its kind needs more for that than a test has, put it there."""
    try:
        _by_steps(work, item, state)
    except Blocked:
        work.session.flush()
        put = "submitted" if state == EMBARGOED else state
        work.session.execute(sa.update(models.Item).where(models.Item.id == item.id).values(publication_state=put))


def _by_steps(work: Any, item: models.Item, state: str) -> None:
    if state in {"submitted", "scheduled", EMBARGOED}:
        _step(work, item, "submit", "pflanzer")
    if state == EMBARGOED:
        embargo.set_until(work.desk, item, work.desk.now + dt.timedelta(days=3))
    if state == "scheduled":
        _step(work, item, "schedule", "zweite", publish_at=work.desk.now + dt.timedelta(days=3))
    if state == "withdrawn":
        _step(work, item, "import", "zweite")
        _step(work, item, "withdraw", "zweite", note="Zurückgezogen")
    if state == "trashed":
        _step(work, item, "trash", "zweite")


class Garden:
    """One portal with the planted items, and a browser for everybody who may ask."""

    def __init__(self, house: Any, *, is_planted: bool = True) -> None:
        self.house = house
        self.application = make_app(
            settings.load({"DATA": str(house.data), "BASE_URL": "https://beschluesse.example"}), house=house
        )
        self.registry = self._registry()
        self.items: list[Planted] = []
        with house.writing("pflanzer", permits=ALL) as work:
            self.targets = self._plant_targets(work)
            for owner, kind in itertools.product((OWNER, "") if is_planted else (), KINDS):
                for state in (*STATES, AHEAD, EMBARGOED):
                    self._plant(work, kind, state, owner)
            if is_planted:
                self._talk(work)
        self.by_number = {one.number: one for one in self.items}

    def _registry(self) -> Any:
        found: Any = self.application
        while not hasattr(found, "registry"):
            found = found._application
        return found.registry

    def _plant_targets(self, work: Any) -> dict[str, int]:
        """Drafts of the other organisation, without words: the planted items name them, so their pages tell of users."""
        made = {}
        for kind in ("recommendation", "press_release", "report", "offer", "market_item"):
            row = _save(
                work,
                kind,
                0,
                "/beschluss/2021/39",
                slug=f"ziel-{kind.replace('_', '-')}",
                title=f"Ziel {kind}",
                text="Ziel.",
                sections=[],
            )
            row.owner, made[kind] = OTHER, row.id
        return made

    def _plant(self, work: Any, kind: str, state: str, owner: str) -> None:
        number = len(self.items) + 1
        link = "/empfehlung/ziel-recommendation" if number % 2 else "/presse/ziel-press-release"
        if state == AHEAD:
            plain = {
                "title": f"Öffentlich {number}",
                "name": f"Öffentlich {number}",
                "text": "1. Der Rat beschließt." if kind == "decision" else "Öffentlich.",
            }
            sections = (
                [{"heading": "Öffentlich", "text": "Öffentlich", "level": 1, "kind": "text"}]
                if kind == "report"
                else []
            )
            row = _save(work, kind, number, "/beschluss/2021/39", **plain, sections=sections, agenda=[], links=[])
            try:
                _step(work, row, "import", "zweite")
            except Blocked:  # a decision is public only with a number, which it gets when it is adopted
                return
            row = _save(work, kind, number, link, item=row)
        else:
            row = _save(work, kind, number, link)
            _move(work, row, state)
        row.owner = owner
        work.session.flush()
        work.session.refresh(row)
        uids = tuple(one.uid for one in row.sections) if isinstance(row, models.Report) else ()
        self.items.append(
            Planted(number, row.id, kind, owner, state, row.url, row.publication_state, row.procedure_state, uids)
        )

    def _talk(self, work: Any) -> None:
        """What people say and do about texts, so that it stands wherever that is written down."""
        report = next(one for one in self.items if (one.kind, one.state, one.owner) == ("report", "draft", OWNER))
        row = work.session.get_one(models.Report, report.id)
        author = reports.Author("pflanzer", "Pflanzer", work.desk.now)
        said = {"tun": "anmerken", "anmerkung": f"Qtext{report.number}x", "worte": f"Qtext{report.number}x"}
        review_section.do(review_section.ACTS, work.session, row, row.sections[0], said, author)
        more = reports.add_section(work.session, row, heading=f"Qkopf{report.number}x weg", author=author)
        reports.remove_section(work.session, row, more.uid, author=author)
        reports.bring_back(work.session, row, more.uid, author=author)
        release = next(
            one for one in self.items if (one.kind, one.state, one.owner) == ("press_release", "submitted", OWNER)
        )
        item = work.session.get_one(models.Item, release.id)
        _step(work, item, "reject", "zweite", comment=f"Qtext{release.number}x bitte kürzen")
        _step(work, item, "submit", "pflanzer")

    def browser(
        self,
        login: str,
        *grants: tuple[str, str],
        is_active: bool = True,
        is_complete: bool = True,
        has_factor: bool = True,
    ) -> TestApp:
        """The browser of somebody who is signed in with these roles."""
        now = dt.datetime.now(dt.UTC)
        with self.house.writing("test") as work:
            account = accounts.create(
                work.session, login=login, name=login.title(), email=f"{login}@amt.example", now=now
            )
            for role, organisation in grants:
                accounts.grant(work.session, account, role, organisation, by="test", now=now)
            account.totp_secret, account.totp_is_confirmed = "A" * 32 if has_factor else None, has_factor
            secret = sessions.begin(work.session, account, address="10.0.0.1", agent="", now=now, is_strong=is_complete)
            account.is_active = is_active
        return self._app({f"__Secure-{COOKIE}": secret})

    def visitor(self) -> TestApp:
        """A browser without a session."""
        return self._app({})

    def _app(self, cookies: dict[str, str]) -> TestApp:
        app = Browser(self.application)
        for name, value in cookies.items():
            app.set_cookie(name, value)
        return app

    def review_token(self) -> tuple[str, Planted]:
        """The link of a guest of a review, and the report it opens."""
        report = next(one for one in self.items if one.kind == "report" and one.state == "draft" and one.owner == OWNER)
        with self.house.writing("pflanzer", permits=ALL) as work:
            given = {"name": "Gast", "email": "gast@amt.example"}
            review_guests.invite(
                work.desk,
                work.session.get_one(models.Report, report.id),
                given,
                (work.desk.now + dt.timedelta(days=9)).date(),
            )
            path = work.session.scalars(
                sa.select(models.Job.payload).where(models.Job.kind == "mail.review").order_by(models.Job.id.desc())
            ).first()["path"]
        return path.rsplit("/", 1)[1], report

    def embargo_token(self) -> tuple[str, Planted]:
        """A link under embargo, and the item it opens."""
        item = next(
            one for one in self.items if one.kind == "press_release" and one.state == EMBARGOED and one.owner == OWNER
        )
        with self.house.writing("pflanzer", permits=ALL) as work:
            given = {"name": "Jo", "email": "jo@zeitung.example"}
            embargo.invite(work.desk, work.session.get_one(models.Item, item.id), given)
            path = work.session.scalars(
                sa.select(models.Job.payload).where(models.Job.kind == "mail.embargo").order_by(models.Job.id.desc())
            ).first()["path"]
        return path.rsplit("/", 1)[1], item

    def leaks(self, text: str, grants: Any, asked: str = "") -> list[tuple[str, str, str, str]]:
        """(kind, state, owner, word) of the planted words in `text` that the table keeps from somebody with these grants.

        What stands in the address that was `asked` for is no news to who asked.
        """
        found = {(word.lower(), int(number)) for word, number in set(WORD.findall(text)) - set(WORD.findall(asked))}
        return sorted(
            (one.kind, one.state, one.owner, word)
            for word, number in found
            if (one := self.by_number.get(number)) is not None and not one.allows(grants, word)
        )
