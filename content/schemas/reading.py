"""Input → clean value, or all field errors at once; the same for forms, JSON and file import.

A *schema* is a table of fields; a *clean value* is a plain dict that holds exactly the schema's fields, stripped, of the
right type, with defaults filled in. Every error names the field, the reason and the remedy, in German. Texts are
normalised to NFC and freed of control characters other than tab and line feed. Nothing here asks the database.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from content.text import markup
from content.typed import typed_days

MAX_LINE: Final = 500


MAX_TEXT: Final = 400_000
"""Characters of a one-line field and of a Markdown text."""


_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


_SLUG_FORM: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault: `field` is a dotted path (`agenda.2.title`), `code` is stable, `message` is German."""

    field: str
    code: str
    message: str


class InvalidInput(ValueError):  # noqa: N818 - named for the situation, like all our refusals
    """Input that cannot be taken; carries every fault found."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class Fault(Exception):  # noqa: N818 - internal signal
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns a non-empty value into a clean one, and says what it reads, so that a form can be made of it.

    `shape`: line, markdown, day, whole, slug, web_address, own_address, choice, pick (a key of the directory), shares, list (of `one`) or record (of
    `fields`). `choices`: code → German words. `limit`: characters, entries or the highest number.
    """

    read: Callable[[Any], Any]
    shape: str
    limit: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)
    one: Reader | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    hint: str = ""

    def __call__(self, value: Any) -> Any:
        """The clean value. Raises a fault that `clean` turns into a `FieldError`."""
        return self.read(value)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `read` turns a non-empty value into a clean one; `default` stands where nothing was given."""

    read: Reader
    label: str
    is_required: bool = False
    default: Callable[[], Any] = field(default=lambda: None)


def clean_text(value: str) -> str:
    """`value` in NFC without control characters, line feeds unified, stripped."""
    unified = value.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", unified)).strip()


def line(limit: int = MAX_LINE) -> Reader:
    """One line of at most `limit` characters; inner white space is folded."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Fault("not_text", "Hier wird Text erwartet. Bitte in Anführungszeichen angeben.")
        folded = " ".join(clean_text(value).split(" "))
        folded = re.sub(r"[\n\t ]+", " ", folded)
        if len(folded) > limit:
            raise Fault(
                "too_long", f"Der Text hat {len(folded)} Zeichen; höchstens {limit} sind möglich. Bitte kürzen."
            )
        return folded

    return Reader(read, "line", limit)


def markdown(limit: int = MAX_TEXT) -> Reader:
    """Markdown of at most `limit` characters that a page can be made of."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Fault("not_text", "Hier wird Text erwartet. Bitte in Anführungszeichen angeben.")
        cleaned = clean_text(value)
        if len(cleaned) > limit:
            raise Fault(
                "too_long", f"Der Text hat {len(cleaned)} Zeichen; höchstens {limit} sind möglich. Bitte aufteilen."
            )
        try:
            markup.check_size(cleaned)
        except markup.Refused as refused:
            raise Fault(refused.code, str(refused)) from refused
        return cleaned

    return Reader(read, "markdown", limit)


def _day(value: Any) -> dt.date:
    """A day as `2021-10-29`."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    found = typed_days.day(value) if isinstance(value, str) else None
    if found is None:
        raise Fault("not_a_day", f"{_shown(value)} ist kein Tag. Bitte als JJJJ-MM-TT angeben, etwa 2021-10-29.")
    return found


def _slug(value: Any) -> str:
    """A part of an address: lower-case letters, digits, single hyphens."""
    if not isinstance(value, str) or not _SLUG_FORM.match(value) or len(value) > 120:
        raise Fault(
            "not_a_slug", f"{_shown(value)} taugt nicht als Adressteil. Bitte nur a–z, 0–9 und einzelne Bindestriche."
        )
    return value


def _web_address(value: Any) -> str:
    """An absolute http(s) address."""
    text = clean_text(value) if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or len(text) > 2000 or " " in text:
        raise Fault("not_an_address", f"{_shown(value)} ist keine Webadresse. Bitte mit https:// angeben.")
    return text


def _own_address(value: Any) -> str:
    """A path of this portal, e.g. `/sitzung/36`."""
    if not isinstance(value, str) or not re.match(r"/[a-z0-9/\-]{1,280}\Z", value):
        raise Fault("not_a_path", f"{_shown(value)} ist keine Adresse dieses Portals. Erwartet wird etwa /sitzung/36.")
    return value


def _link_target(value: Any) -> str:
    """A path of this portal, with a place inside where one is meant: `/beschluss/2021/39#z2`. The host may stand before it."""
    text = re.sub(r"\Ahttps?://[^/\s]+", "", value.strip()) if isinstance(value, str) else ""
    if not re.match(r"/[a-z0-9/\-]{1,280}(#[a-z][a-z0-9\-]{0,58})?\Z", text):
        raise Fault(
            "not_a_path",
            f"{_shown(value)} ist kein Ziel in diesem Portal. Bitte über „Suchen“ wählen; erwartet wird etwa /beschluss/2021/39#z2.",
        )
    return text


def whole(minimum: int, maximum: int) -> Reader:
    """A whole number in `minimum`…`maximum`."""

    def read(value: Any) -> int:
        number = value
        if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value.strip()):
            number = int(value)
        if not isinstance(number, int) or isinstance(number, bool) or not minimum <= number <= maximum:
            raise Fault("not_in_range", f"{_shown(value)} ist keine ganze Zahl von {minimum} bis {maximum}.")
        return number

    return Reader(read, "whole", maximum, hint=f"Ganze Zahl von {minimum} bis {maximum}")


def one_of(choices: Mapping[str, str]) -> Reader:
    """One of the given codes; `choices` tells their German words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise Fault("unknown_choice", f"{_shown(value)} ist nicht vorgesehen. Möglich sind: {', '.join(choices)}.")
        return str(value)

    return Reader(read, "choice", choices=choices)


def matching(pattern: str, hint: str, limit: int = 200) -> Reader:
    """A line that matches the whole of `pattern`; `hint` tells in German what is expected."""
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        text: str = line(limit)(value)
        if not compiled.fullmatch(text):
            raise Fault("malformed", f"{_shown(value)} passt nicht. {hint}")
        return text

    return Reader(read, "line", limit, hint=hint)


def many(read_one: Reader, limit: int = 2000) -> Reader:
    """A list; faults of its entries carry their index."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise Fault("not_a_list", "Hier wird eine Liste erwartet.")
        if len(value) > limit:
            raise Fault("too_many", f"Die Liste hat {len(value)} Einträge; höchstens {limit} sind möglich.")
        clean: list[Any] = []
        errors: list[FieldError] = []
        for index, entry in enumerate(value):
            try:
                clean.append(read_one(entry))
            except Fault as fault:
                errors.append(FieldError(str(index + 1), fault.code, str(fault)))
            except InvalidInput as invalid:
                errors += [
                    FieldError(f"{index + 1}.{error.field}", error.code, error.message) for error in invalid.errors
                ]
        if errors:
            raise InvalidInput(errors)
        return clean

    return Reader(read, "list", limit, one=read_one)


def record(fields: Mapping[str, Field]) -> Reader:
    """An object with the given fields; unknown ones are refused, since they are mostly typing errors."""

    def read(value: Any) -> dict[str, Any]:
        return clean(fields, value)

    return Reader(read, "record", fields=fields)


def _shares(value: Any) -> dict[str, str]:
    """Shares by year: `{"2016": "12.96662"}`, percent with at most five decimals, kept as text (exact)."""
    if not isinstance(value, Mapping):
        raise Fault("not_an_object", "Hier wird eine Zuordnung von Jahr zu Anteil erwartet.")
    for year, percent in value.items():
        if not re.fullmatch(r"(19|20|21)\d\d", str(year)) or not re.fullmatch(r"\d{1,3}(\.\d{1,5})?", str(percent)):
            raise Fault("malformed", f"{year}: {_shown(percent)} ist kein Anteil in Prozent, etwa 12.96662.")
    return {str(year): str(percent) for year, percent in value.items()}


def _euro(value: Any) -> str:
    """An amount in euro as text with two decimals (exact): `1.234,56`, `1234.56` or `1234`."""
    text = clean_text(value).removesuffix("€").strip() if isinstance(value, str) else str(value)
    plain = (
        text.replace(".", "").replace(",", ".")
        if re.fullmatch(r"\d{1,3}(\.\d{3})*(,\d{1,2})?|\d+,\d{1,2}", text)
        else text
    )
    if isinstance(value, bool | float) or not re.fullmatch(r"\d{1,12}(\.\d{1,2})?", plain):
        raise Fault("not_an_amount", f"{_shown(value)} ist kein Betrag. Bitte in Euro angeben, etwa 12500,00.")
    whole_euro, _, cents = plain.partition(".")
    return f"{int(whole_euro)}.{cents:0<2}"


euro: Final = Reader(_euro, "line", 20, hint="Euro, etwa 12500,00")
day: Final = Reader(_day, "day", hint="Ein Tag, etwa 2021-10-29")


slug: Final = Reader(_slug, "slug", 120, hint="Kleinbuchstaben, Ziffern und einzelne Bindestriche")


web_address: Final = Reader(_web_address, "web_address", 2000, hint="Mit https://")


own_address: Final = Reader(_own_address, "own_address", 280, hint="Adresse in diesem Portal, etwa /sitzung/36")


link_target: Final = Reader(
    _link_target, "link", 340, hint="Adresse in diesem Portal, etwa /beschluss/2021/39#z2 oder /bericht/…#a3"
)
own_place: Final = Reader(
    _link_target,
    "own_address",
    340,
    hint="Adresse in diesem Portal, auf Wunsch mit Sprungmarke, etwa /bericht/probe#a3",
)


shares: Final = Reader(_shares, "shares", hint="Anteile nach Jahr")


def clean(fields: Mapping[str, Field], given: Any) -> dict[str, Any]:
    """The clean value of `given` by the table `fields`; raises `InvalidInput` with all faults."""
    if not isinstance(given, Mapping):
        raise InvalidInput([FieldError("", "not_an_object", "Hier wird ein Objekt mit Feldern erwartet.")])
    errors = [
        FieldError(str(name)[:80], "unknown_field", f"Das Feld ist unbekannt. Bekannt sind: {', '.join(fields)}.")
        for name in given
        if name not in fields
    ]
    value: dict[str, Any] = {}
    for name, spec in fields.items():
        try:
            value[name] = _clean_field(spec, given.get(name))
        except Fault as fault:
            errors.append(FieldError(name, fault.code, str(fault)))
        except InvalidInput as invalid:
            errors += [FieldError(f"{name}.{error.field}", error.code, error.message) for error in invalid.errors]
    if errors:
        raise InvalidInput(errors)
    return value


def _clean_field(spec: Field, given: Any) -> Any:
    is_blank = given is None or (isinstance(given, str) and not clean_text(given))
    if not is_blank:
        return spec.read(given)
    if spec.is_required:
        raise Fault("missing", f"{spec.label} fehlt. Bitte angeben.")
    return spec.default()


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f"„{value}“"
    return text if len(text) <= 60 else text[:57] + "…"


def required(read: Reader, label: str) -> Field:
    return Field(read, label, is_required=True)


def text(label: str) -> Field:
    return Field(markdown(), label, default=str)


def list_of(read_one: Reader, label: str) -> Field:
    return Field(many(read_one), label, default=list)


def choice(label: str, choices: Mapping[str, str]) -> Field:
    """The first choice stands where nothing was given."""
    default = next(iter(choices))
    return Field(one_of(choices), label, default=lambda: default)
