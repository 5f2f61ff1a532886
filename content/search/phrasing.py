"""What people say of sessions, days, kinds and places in plain words, read as the filters they mean. Pure.

„Beschlüsse der 36. Sitzung“, „Sitzung 36“, „Was wurde in der 36. Sitzung beschlossen?“, „Sitzung vom 29.10.2021“, „Beschlüsse
2021“, „Oktober 2021“, „Beschlüsse zum Marktplatz“, „Beschluss 2021/39 Ziffer 2“. Whatever is understood so leaves a hint: in
quotes it is words again.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from content.council.addresses import MAIN_BODY, meeting_url
from content.council.numbers import SERIAL, SUFFIX, DecisionNumber, normalise, parse
from content.search.fields import KIND_WORDS, Meaning, read_day
from content.search.lemmas import fold

_ASKING: Final = r"(?:\b(?:alle )?(?:beschl(?:ü|ue|u)sse?|entscheidungen?|ergebnisse|tagesordnung)\s+(?:der|aus der|von der|in der|zur)\s+)?"
_WHOSE: Final = r"(?:\s+(?:der\s+)?(al-?runde|des\s+it-planungsrat(?:e?s)?))?\b"
_SESSION: Final = re.compile(rf"(?i){_ASKING}\b(?:der\s+)?(\d{{1,3}})(?:\.|te[nr]?)?\s*sitzung{_WHOSE}")
_SESSION_FIRST: Final = re.compile(rf"(?i){_ASKING}\bsitzung\s+(?:nr\.?\s*|nummer\s+)?(\d{{1,3}})(?![\d./:-]){_WHOSE}")
_DECIDED: Final = re.compile(
    r"(?i)(?:was|alles)?\s*(?:wurden?|hat|haben|ist)?\s*(?:der it-planungsrat|man)?\s*(?:in|auf|bei|zu)?\s*(?:der)?\s*"
    r"(?:alles)?\s*(?:beschlossen|entschieden)\W*\Z"
)
_MONTHS: Final = (
    "januar",
    "februar",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
)
_MONTH: Final = (
    r"(?:j(?:ä|ae)nner|januar|februar|m(?:ä|ae)rz|april|mai|juni|juli|august|september|oktober|november|dezember)"
)
_DATE: Final = rf"(?:(?:\d{{1,2}}\.\s*)?{_MONTH}\s+(?:19|20)\d\d|(?:\d{{1,2}}\.\s?)?\d{{1,2}}\.\s?(?:19|20)\d\d|(?:19|20)\d\d-\d\d(?:-\d\d)?|(?:19|20)\d\d)"
_KIND: Final = r"(?:beschluss|beschl(?:ü|ue)sse|entscheidung(?:en)?|sitzung(?:en)?|presse|pressemitteilung(?:en)?|meldung(?:en)?|berichte?|empfehlung(?:en)?)"
_WHEN: Final = re.compile(
    rf"(?i)(?:(?:alle\s+)?(?P<kind>{_KIND})\s+)?(?:(?P<how>vom|am|aus|im|in|von|seit|ab|nach|bis|vor)\s+(?:dem\s+)?(?:jahre?\s+)?)?(?P<date>{_DATE})[?.]?\Z"
)
_OF_BODY: Final = re.compile(rf"(?i)(?:alle\s+)?(?P<kind>{_KIND})\s+(?=de[rs]\s)")
_ABOUT: Final = re.compile(
    r"(?i)(?:alle\s+)?(?P<kind>beschl(?:ü|ue)sse|entscheidungen|pressemitteilungen|meldungen|berichte|empfehlungen)\s+(?:zu|zum|zur|über|ueber)\s+(?=\S)"
)
_PLACE: Final = re.compile(
    r"(?i)(?P<number>.*\d(?:-[a-z]{1,6})?)\s*,?\s+(?:ziff(?:er|\.)|z\.|nr\.|nummer)\s*(?P<clause>\d{1,3})(?:\s*(?:buchst(?:abe|\.)|lit\.?)?\s*(?P<letter>[a-z])\)?)?\Z"
)
_DATED_NUMBER: Final = re.compile(rf"(?i)(?P<number>.*\d(?:-{SUFFIX})?)\s*,?\s+(?:vom|v\.)\s+{_DATE}\Z")
_TURNED: Final = re.compile(rf"(?:beschluss |nr\.? ?)?({SERIAL})/((?:19|20)\d\d)(-{SUFFIX})?\Z", re.IGNORECASE)
_SPACED: Final = re.compile(rf"((?:19|20)\d\d) ({SERIAL})(-{SUFFIX})?\Z", re.IGNORECASE)
_OPEN: Final = '"„“”»«'


def number(text: str, hints: list[str]) -> tuple[str, str] | None:
    """The number that the whole of `text` is, and the clause it names behind it (`2a`, else empty)."""
    plain, clause = normalise(text), ""
    place = _PLACE.fullmatch(plain)
    if place is not None:
        plain, clause = place["number"], place["clause"] + (place["letter"] or "").lower()
    dated = _DATED_NUMBER.fullmatch(plain)
    plain = dated["number"] if dated else plain
    other = _TURNED.match(plain)
    turned = f"{other[2]}/{other[1]}{other[3] or ''}" if other else ""
    if other is None and (other := _SPACED.match(plain)) is not None:
        turned = f"{other[1]}/{other[2]}{other[3] or ''}"
    found = parse(turned or plain)
    if found is None:
        return None
    if turned:
        hints.append(
            f"Gelesen als Nummer {written(found)}: "
            + ("zuerst steht das Jahr." if "/" in plain else "zwischen Jahr und Zahl steht ein Schrägstrich.")
        )
    return written(found), clause


def written(found: DecisionNumber) -> str:
    """`2021/39`, `2025/02-AL`."""
    return f"{found.year}/{found.serial:02d}" + (f"-{found.suffix}" if found.suffix else "")


def said(text: str, meaning: Meaning) -> str:
    """`text` without what it says of session, day and kind; that goes into `meaning`, with hints."""
    return _about(_when(_of_body(_session(text, meaning), meaning), meaning), meaning)


def _session(text: str, meaning: Meaning) -> str:
    found = _SESSION.search(text) or _SESSION_FIRST.search(text)
    if found is None or "meeting" in meaning.filters or _is_quoted(text, found.start()):
        return text
    is_other = (found[2] or "").lower().startswith("al")
    slug = meaning.bodies.by_suffix.get("AL", MAIN_BODY) if is_other else MAIN_BODY
    rest = (text[: found.start()] + " " + text[found.end() :]).strip()
    is_decided = bool(rest) and _DECIDED.fullmatch(rest) is not None
    literal = text if is_decided else found[0]
    meaning.choose("meeting", meeting_url(slug, "numbered", ordinal=int(found[1]), date=None), literal)
    meaning.hints.append(f"Eingegrenzt auf die {int(found[1])}. Sitzung.")
    if (is_decided or re.match(r"(?i)(?:alle )?(?:beschl|entscheidung)", found[0])) and "kind" not in meaning.filters:
        meaning.choose("kind", "decision", literal)
    return "" if is_decided else rest


def _of_body(text: str, meaning: Meaning) -> str:
    """„Beschlüsse der AL-Runde“, „Pressemitteilungen des IT-Planungsrats 2021“: the body as a filter, kind and time stay."""
    found = _OF_BODY.match(text)
    if found is None or "body" in meaning.filters:
        return text
    for slug in meaning.bodies.by_suffix.values():
        names = {meaning.bodies.of(slug), f"der {meaning.bodies.name(slug)}", f"des {meaning.bodies.name(slug)}"}
        whose = next(
            (
                name
                for name in sorted(names, key=len, reverse=True)
                if re.match(rf"(?i){re.escape(name)}(?!\w)", text[found.end() :])
            ),
            "",
        )
        if whose:
            end = found.end() + len(whose)
            meaning.choose("body", slug, text[found.end() : end])
            meaning.hints.append(f"Eingegrenzt auf: {meaning.bodies.name(slug)}.")
            rest = text[end:].strip()
            if rest or "kind" in meaning.filters:
                return f"{found['kind']} {rest}".strip()
            meaning.choose("kind", KIND_WORDS[fold(found["kind"])], found[0])
            return ""
    return text


def _when(text: str, meaning: Meaning) -> str:
    """A question that is a day, month or (with a kind before it) a year, and nothing else."""
    found = _WHEN.fullmatch(text)
    if found is None or meaning.first_day or meaning.last_day:
        return text
    kind = KIND_WORDS[fold(found["kind"])] if found["kind"] else ""
    if not kind and found["date"].isdigit():
        return text  # a bare year may be meant as a word
    day = _plain_date(found["date"])
    first, last = read_day(day, is_last=False), read_day(day, is_last=True)
    if first is None or last is None:
        return text
    _bound(found["how"] or "", first, last, text, meaning)
    if kind and "kind" not in meaning.filters:
        meaning.choose("kind", kind, text)
    meaning.hints.append(
        f"Gelesen als Zeitraum: {' '.join(one for one in (found['how'], found['date']) if one)}. In Anführungszeichen wird nach den Wörtern gesucht."
    )
    return ""


def _bound(how: str, first: dt.date, last: dt.date, literal: str, meaning: Meaning) -> None:
    how = how.lower()
    if how in {"seit", "ab"}:
        meaning.bound(literal, first=first)
    elif how == "nach":
        meaning.bound(literal, first=last + dt.timedelta(days=1))
    elif how == "bis":
        meaning.bound(literal, last=last)
    elif how == "vor":
        meaning.bound(literal, last=first - dt.timedelta(days=1))
    else:
        meaning.bound(literal, first=first, last=last)


def _plain_date(text: str) -> str:
    """„29. Oktober 2021“ as `29.10.2021`."""
    words = re.fullmatch(rf"(?i)(?:(\d{{1,2}})\.\s*)?({_MONTH})\s+(\d{{4}})", text)
    if words is None:
        return text.replace(" ", "")
    name = fold(words[2]).replace("jaenner", "januar")
    month = _MONTHS.index(name) + 1
    return f"{words[1]}.{month}.{words[3]}" if words[1] else f"{month}.{words[3]}"


def _about(text: str, meaning: Meaning) -> str:
    found = _ABOUT.match(text)
    if found is None or "kind" in meaning.filters:
        return text
    meaning.choose("kind", KIND_WORDS[fold(found["kind"])], found[0])
    meaning.hints.append(f"Eingegrenzt auf: {found['kind'].capitalize()}.")
    return text[found.end() :]


def _is_quoted(text: str, position: int) -> bool:
    return sum(text.count(char, 0, position) for char in _OPEN) % 2 == 1
