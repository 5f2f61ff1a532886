"""What the desk writes down for the search: other names, words for the splitter, and what is shown first for a question.

Everything counts for the very next question, in every process: `language` looks at what was committed last. Texts that are
indexed already get the parts of words that were added when they are indexed anew (`beschlussportal reindex`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from content import models
from content.council import numbers
from content.council.addresses import MAIN_BODY, decision_url
from content.council.bodies import Bodies
from content.schemas import FieldError, InvalidInput
from content.search.german import STOP_WORDS
from content.search.lemmas import fold
from content.search.planning import Planner, compound_sum
from content.services.publishing.publish import Desk
from content.services.search.searching import pick_key

MAX_WORD: Final = 120
MAX_OTHERS: Final = 20
MAX_SOURCE: Final = 200
MAX_QUESTION: Final = 200
MAX_PICKS: Final = 5
USES: Final[Mapping[str, str]] = {
    "synonym": "Andere Namen",
    "part": "Bausteine zusammengesetzter Wörter",
    "whole": "Nie zerlegen",
}
_OTHER_USE: Final[Mapping[str, str]] = {"part": "whole", "whole": "part"}
_LEAST: Final[Mapping[str, int]] = {"part": 3, "whole": 4}
_E: Final = models.Edition.__table__.c


@dataclass(frozen=True, slots=True)
class PickRow:
    """A question with what is shown first: address and title, the title empty for what is not public now."""

    id: int
    question: str
    shown: tuple[tuple[str, str], ...]


def words(session: Session, use: str) -> Sequence[models.SearchWord]:
    """The words of one use, in order."""
    return session.scalars(
        sa.select(models.SearchWord).where(models.SearchWord.use == use).order_by(sa.func.lower(models.SearchWord.word))
    ).all()


def picks(session: Session) -> list[PickRow]:
    """Every question that has picks."""
    rows = session.scalars(sa.select(models.SearchPick).order_by(sa.func.lower(models.SearchPick.question))).all()
    titles = _titles(session, [url for row in rows for url in row.urls])
    return [PickRow(row.id, row.question, tuple((url, titles.get(url, "")) for url in row.urls)) for row in rows]


def save_word(
    desk: Desk, use: str, given: Mapping[str, str], *, known_id: int | None = None, by: str
) -> models.SearchWord:
    """Add a word, or change the one with `known_id`. Raises `InvalidInput`."""
    word = _line(given.get("word", ""))
    others = (
        list(
            dict.fromkeys(one for text in given.get("others", "").replace(";", ",").split(",") if (one := _line(text)))
        )
        if use == "synonym"
        else []
    )
    source = _line(given.get("source", "")) if use == "synonym" else ""
    errors = _CHECKS[use](desk.session, use, word, others)
    errors += (
        [FieldError("source", "too_long", f"Die Quelle ist zu lang; höchstens {MAX_SOURCE} Zeichen.")]
        if len(source) > MAX_SOURCE
        else []
    )
    row = desk.session.get(models.SearchWord, known_id) if known_id is not None else None
    same = desk.session.scalar(
        sa.select(models.SearchWord).where(models.SearchWord.use == use, models.SearchWord.word == word)
    )
    if same is not None and same is not row:
        errors.append(FieldError("word", "known", f"„{word}“ steht hier schon. Bitte den vorhandenen Eintrag ändern."))
    if errors:
        raise InvalidInput(errors)
    if row is None or row.use != use:
        row = models.SearchWord(use=use)
        desk.session.add(row)
    row.word, row.others, row.source, row.changed_at, row.changed_by = word, others, source, desk.now, by
    _write(desk.session, "word")
    return row


def save_pick(
    desk: Desk, planner: Planner, bodies: Bodies, given: Mapping[str, str], *, known_id: int | None = None, by: str
) -> models.SearchPick:
    """Say what is shown first for a question; the same question in other forms is the same. Raises `InvalidInput`."""
    question = _line(given.get("question", ""))
    key = pick_key(question, planner)
    errors = []
    if not key or len(question) > MAX_QUESTION:
        errors.append(
            FieldError(
                "question",
                "no_words",
                f"Die Frage braucht Wörter, die etwas bedeuten, und höchstens {MAX_QUESTION} Zeichen.",
            )
        )
    typed = [line for text in given.get("urls", "").splitlines() if (line := _line(text))]
    urls = list(dict.fromkeys(_address(line, bodies) for line in typed))
    titles = _titles(desk.session, urls)
    errors += [
        FieldError(
            "urls",
            "not_public",
            f"„{line[:80]}“ ist keine öffentliche Seite des Portals. Erwartet wird eine Nummer wie 2021/39 oder eine Adresse wie /glossar/fit-store.",
        )
        for line in typed
        if _address(line, bodies) not in titles
    ]
    if not 1 <= len(urls) <= MAX_PICKS:
        errors.append(FieldError("urls", "count", f"Bitte 1 bis {MAX_PICKS} Seiten angeben, je Zeile eine."))
    row = desk.session.get(models.SearchPick, known_id) if known_id is not None else None
    same = desk.session.scalar(sa.select(models.SearchPick).where(models.SearchPick.key == key))
    if same is not None and same is not row:
        errors.append(
            FieldError(
                "question",
                "known",
                f"Für diese Frage gibt es schon Empfehlungen („{same.question}“). Bitte jene ändern.",
            )
        )
    if errors:
        raise InvalidInput(errors)
    if row is None:
        row = models.SearchPick()
        desk.session.add(row)
    row.question, row.key, row.urls, row.changed_at, row.changed_by = question, key, urls, desk.now, by
    _write(desk.session, "question")
    return row


def remove(session: Session, *, word_id: int | None = None, pick_id: int | None = None) -> str:
    """Strike out a word or a pick; what it was, or nothing where another was faster."""
    row: models.SearchWord | models.SearchPick | None
    row = session.get(models.SearchWord, word_id) if word_id is not None else session.get(models.SearchPick, pick_id)
    if row is None:
        return ""
    session.delete(row)
    return row.word if isinstance(row, models.SearchWord) else row.question


def explained(planner: Planner, word: str) -> str:
    """How the search reads one word at this moment, in German."""
    name = _line(word)[:MAX_WORD]
    if not name:
        return ""
    if fold(name) in STOP_WORDS:
        return f"„{name}“ ist ein Füllwort; danach wird nicht gesucht."
    told = [compound_sum(planner.analysis, name) or f"„{name}“ bleibt ganz."]
    stretch = planner.thesaurus.at(name.split())
    if stretch is not None and stretch.others:
        told.append("Andere Namen: " + ", ".join(f"{one.name} ({one.entry.source})" for one in stretch.others) + ".")
    return " ".join(told)


def _check_synonym(_session: Session, _use: str, word: str, others: list[str]) -> list[FieldError]:
    errors = []
    if not any(char.isalpha() for char in word) or len(word) > MAX_WORD:
        errors.append(
            FieldError("word", "no_word", f"Bitte ein Wort oder einen Namen angeben, höchstens {MAX_WORD} Zeichen.")
        )
    if not 1 <= len(others) <= MAX_OTHERS or any(len(one) > MAX_WORD for one in others):
        errors.append(
            FieldError(
                "others",
                "count",
                f"Bitte 1 bis {MAX_OTHERS} andere Namen angeben, mit Komma getrennt, je höchstens {MAX_WORD} Zeichen.",
            )
        )
    errors += [
        FieldError("others", "same", f"„{one}“ ist der Name selbst.") for one in others if fold(one) == fold(word)
    ]
    errors += [
        FieldError("word", "stop_word", f"„{one}“ ist ein Füllwort und kann kein Name sein.")
        for one in (word, *others)
        if fold(one) in STOP_WORDS
    ]
    return errors


def _check_single(session: Session, use: str, word: str, _others: list[str]) -> list[FieldError]:
    least = _LEAST[use]
    if not word.isalpha() or not least <= len(word) <= MAX_WORD:
        return [
            FieldError(
                "word",
                "no_word",
                f"Bitte ein einzelnes Wort aus Buchstaben angeben, {least} bis {MAX_WORD} Zeichen, ohne Bindestrich.",
            )
        ]
    folded = fold(word)
    if use == "part" and folded in STOP_WORDS:
        return [
            FieldError("word", "stop_word", f"„{word}“ ist ein Füllwort; als Baustein zerlegte es viele Wörter falsch.")
        ]
    if any(fold(row.word) == folded for row in words(session, _OTHER_USE[use])):
        return [
            FieldError(
                "word",
                "contradiction",
                f"„{word}“ steht schon unter „{USES[_OTHER_USE[use]]}“. Bitte dort zuerst entfernen.",
            )
        ]
    return []


_CHECKS: Final[Mapping[str, Callable[[Session, str, str, list[str]], list[FieldError]]]] = {
    "synonym": _check_synonym,
    "part": _check_single,
    "whole": _check_single,
}


def _write(session: Session, field: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise InvalidInput(
            [FieldError(field, "known", "Das hat gerade jemand anderes angelegt. Bitte die Seite neu laden.")]
        ) from error


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _address(typed: str, bodies: Bodies) -> str:
    """The address in the portal that is meant by a number, a path or a whole address."""
    number = numbers.parse(typed)
    if number is not None and number.suffix in {"", *bodies.by_suffix}:
        return decision_url(bodies.by_suffix.get(number.suffix, MAIN_BODY), number.year, number.serial)
    try:
        path = urlsplit(typed).path
    except ValueError:
        return typed
    return re.sub(r"/+$", "", path) if path.startswith("/") else typed


def _titles(session: Session, urls: Sequence[str]) -> dict[str, str]:
    """Address → title of those that are public now."""
    rows = (
        session.execute(sa.select(_E.url, _E.title).where(_E.url.in_(set(urls)), _E.valid_until.is_(None)))
        if urls
        else ()
    )
    return {row.url: row.title for row in rows}
