"""Forms from schemas: the widgets of a kind with what was typed and what is wrong; and what a browser sends → input.

Names of inputs are dotted paths, as in field errors: `agenda.2.title`. Without a script a list grows by empty rows at its
end; a row is taken out by its own check box. What was typed is shown again whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from content.schemas import SCHEMAS, Field, FieldError, Reader
from content.typed.whole import whole

EMPTY_ROWS: Final = 1
MORE_ROWS: Final = 3
MAX_ROWS: Final = 500
REMOVE: Final = "_entfernen"
UPLOAD: Final = "_hochladen"
UP: Final = "hoch"
DOWN: Final = "tiefer"
"""Names of the buttons that move a row, as in `hoch=agenda.3`."""
HIDDEN: Final[Mapping[str, frozenset[str]]] = {
    "recommendation": frozenset({"state"}),
    "decision": frozenset({"number"}),
    "report": frozenset({"sections"}),
}
"""Fields that no form sets, because a workflow does."""
ASIDE: Final = frozenset(
    {"published_on", "source_url", "source_note", "text_kind", "topics", "references", "gazette_notice"}
)
"""Fields that stand below, under „Weitere Angaben“."""


@dataclass(frozen=True, slots=True)
class Search:
    """How a field that names another item is filled by searching: under which `rule`, what was asked, what was found."""

    rule: str
    asked: str = ""
    found: tuple[tuple[str, str], ...] = ()
    """(value for the field, words)"""


ONE: Final[Mapping[str, str]] = {
    "Abschnitte": "Abschnitt",
    "Angebote": "Angebot",
    "Anlagen": "Anlage",
    "Bezüge": "Bezug",
    "Kontakte": "Kontakt",
    "Mitglieder": "Mitglied",
    "Neue Pressekontakte": "Pressekontakt",
    "Tagesordnung": "Punkt",
    "Verweise": "Verweis",
    "Zitate": "Zitat",
}
"""Label of a list → what one of its rows is called."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One input, or a group of them (`rows` of a list, `parts` of a record)."""

    name: str
    label: str
    shape: str
    value: str = ""
    hint: str = ""
    limit: int = 0
    is_required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()
    rows: tuple[tuple[Widget, ...], ...] = ()
    parts: tuple[Widget, ...] = ()
    is_file: bool = False
    is_aside: bool = False
    filled: int = 0
    """How many of `rows` or `entries` hold something; the rest are empty ones to fill."""
    entries: tuple[str, ...] = ()
    """The values of a list that has an input for each."""
    suggestions: str = ""
    """Name of the list that proposes what to type."""

    search: Search | None = None

    @property
    def one(self) -> str:
        """What a single row is called."""
        return ONE.get(self.label, self.label)

    @property
    def anchor(self) -> str:
        """Where a link from the summary of errors leads: the input that can be filled."""
        return f"{self.id}-neu" if self.is_file else self.id

    @property
    def id(self) -> str:
        """The id of the input, or of the group."""
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Form:
    """The widgets of a kind, and the errors in the order of the form for the summary."""

    kind: str
    widgets: tuple[Widget, ...]
    errors: tuple[tuple[str, str, str], ...] = field(default=())
    """(anchor of the input, its label, what is wrong); an error of the whole form has no anchor."""


def form_of(kind: str, given: Mapping[str, Any], errors: Iterable[FieldError] = (), *, more: str = "") -> Form:
    """The form of `kind` showing `given` (typed or stored). `more`: name of a list that gets further empty rows."""
    return form_from(fields_of(kind), given, errors, kind=kind, more=more)


def form_from(
    fields: Mapping[str, Field],
    given: Mapping[str, Any],
    errors: Iterable[FieldError] = (),
    *,
    kind: str = "",
    more: str = "",
) -> Form:
    """The form of a table of fields."""
    found = list(errors)
    widgets = tuple(_widget(name, spec, given.get(name), found, more, name in ASIDE) for name, spec in fields.items())
    known = {widget.name: (widget.anchor, label) for widget, label in _labelled(widgets)}
    summary = tuple((*known.get(_nearest(error.field, known), ("", "")), error.message) for error in found)
    return Form(kind, widgets, summary)


def read_form(kind: str, posted: Mapping[str, str]) -> dict[str, Any]:
    """The input that a posted form describes; nothing is judged here. Hidden fields are not read."""
    return read_fields(fields_of(kind), posted)


def fields_of(kind: str) -> dict[str, Field]:
    """The fields that the form of `kind` sets."""
    hidden = HIDDEN.get(kind, frozenset())
    return {name: spec for name, spec in SCHEMAS[kind].items() if name not in hidden}


def read_fields(fields: Mapping[str, Field], posted: Mapping[str, str]) -> dict[str, Any]:
    """The input that a posted form of a table of fields describes."""
    return {name: _read(name, spec.read, posted) for name, spec in fields.items()}


def with_choices(form: Form, name: str, choices: Iterable[tuple[str, str]]) -> Form:
    """`form` whose field `name` offers `choices` (value, words), which only the database knows."""
    offered = tuple(choices)
    return replace(
        form, widgets=tuple(replace(one, choices=offered) if one.name == name else one for one in form.widgets)
    )


def names(focus: str = "") -> dict[str, str]:
    """The names of inputs that a template needs, and the id of the element that has the keyboard first."""
    return {"upload": UPLOAD, "remove": REMOVE, "up": UP, "down": DOWN, "focus": focus}


def each(form: Form, change: Callable[[Widget], Widget | None]) -> Form:
    """`form` with every input, in rows and records as well, as `change` makes it; None takes it out."""
    return replace(form, widgets=_each(form.widgets, change))


def _each(widgets: Iterable[Widget], change: Callable[[Widget], Widget | None]) -> tuple[Widget, ...]:
    made = (
        change(replace(one, rows=tuple(_each(row, change) for row in one.rows), parts=_each(one.parts, change)))
        for one in widgets
    )
    return tuple(one for one in made if one is not None)


def plain_label(label: str) -> str:
    """„Titel“ from „Der Titel“: messages need the article, labels do not."""
    for article in ("Der ", "Die ", "Das "):
        if label.startswith(article):
            bare = label.removeprefix(article)
            return bare[:1].upper() + bare[1:]
    return label


def _widget(name: str, spec: Field, value: Any, errors: list[FieldError], more: str, is_aside: bool) -> Widget:
    own = tuple(error.message for error in errors if error.field == name)
    reader = spec.read
    common: dict[str, Any] = {
        "name": name,
        "label": plain_label(spec.label),
        "is_required": spec.is_required,
        "errors": own,
        "is_aside": is_aside,
    }
    if reader.shape == "record":
        inner = value if isinstance(value, Mapping) else {}
        return Widget(**common, shape="record", parts=_parts(name, reader, inner, errors, more))
    one = reader.one
    if reader.shape == "list" and one is not None and one.shape == "record":
        filled = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        blank = EMPTY_ROWS + (MORE_ROWS if more == name else 0)
        rows = [
            _parts(f"{name}.{index}", one, row, errors, more)
            for index, row in enumerate([*filled, *[{}] * blank], start=1)
        ]
        return Widget(**common, shape="rows", rows=tuple(rows), filled=len(filled))
    shape = f"list_{one.shape}" if reader.shape == "list" and one is not None else reader.shape
    hint = reader.hint
    if reader.shape == "list" and one is not None:
        hint = "" if one.shape in {"pick", "choice"} else "Eine Angabe je Zeile." + (f" {one.hint}" if one.hint else "")
        nested = tuple(error.message for error in errors if error.field.startswith(f"{name}."))
        common["errors"] = own + nested
    choices = tuple(reader.choices.items())
    if shape == "list_choice" and one is not None:
        choices = _picked_first(one.choices, value)
    if reader.choices and spec.default() is None:
        choices = (("", "–"), *choices)
    if shape == "choice" and isinstance(value, str) and value and value not in reader.choices:
        choices = (*choices, (value, f"{value} (nicht mehr vorgesehen)"))
    return Widget(
        **common,
        shape=shape,
        value=_shown(reader, value, spec),
        hint=hint,
        limit=reader.limit,
        choices=choices,
        is_file=name.rsplit(".", 1)[-1] == "file",
    )


def _picked_first(choices: Mapping[str, str], value: Any) -> tuple[tuple[str, str], ...]:
    """What was picked in the order it has, also what is no choice; then the rest."""
    picked = [str(one) for one in value] if isinstance(value, list) else []
    return tuple((code, choices.get(code, code)) for code in dict.fromkeys([*picked, *choices]))


def _parts(
    prefix: str, reader: Reader, value: Mapping[str, Any], errors: list[FieldError], more: str
) -> tuple[Widget, ...]:
    return tuple(
        _widget(f"{prefix}.{name}", spec, value.get(name), errors, more, is_aside=False)
        for name, spec in reader.fields.items()
    )


def _shown(reader: Reader, value: Any, spec: Field) -> str:
    if value is None:
        default = spec.default()
        return str(default) if reader.shape == "choice" and default else ""
    if reader.shape == "list":
        return "\n".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
    if reader.shape == "shares":
        return (
            "\n".join(f"{year}: {percent}" for year, percent in value.items())
            if isinstance(value, Mapping)
            else str(value)
        )
    return str(value)


def _read(name: str, reader: Reader, posted: Mapping[str, str]) -> Any:
    if reader.shape == "record":
        value = {part: _read(f"{name}.{part}", spec.read, posted) for part, spec in reader.fields.items()}
        return value if _is_filled(reader, value) else None
    if reader.shape == "list" and reader.one is not None and reader.one.shape == "record":
        return [row for _, row in _kept_rows(name, reader.one, posted)]
    text = posted.get(name, "")
    if reader.shape == "list":
        numbered = sorted((int(key[len(name) + 1 :]), value) for key, value in posted.items() if _is_entry(key, name))
        return [value.strip() for _, value in numbered if value.strip()] + [
            line.strip() for line in text.splitlines() if line.strip()
        ]
    if reader.shape == "shares":
        pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
        return {year.strip(): percent.strip() for year, _, percent in pairs}
    return text if text.strip() else None


def _is_entry(key: str, name: str) -> bool:
    """Whether `key` names one input of a list, as `decisions.2` does."""
    number = key[len(name) + 1 :]
    return key.startswith(f"{name}.") and whole(number, most=9_999) is not None


def _kept_rows(name: str, reader: Reader, posted: Mapping[str, str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number in the form, what it holds) of the rows that say anything and are not to be taken out."""
    for index in range(1, _last_row(name, posted) + 1):
        if posted.get(f"{name}.{index}.{REMOVE}"):
            continue
        row = {part: _read(f"{name}.{index}.{part}", spec.read, posted) for part, spec in reader.fields.items()}
        if _is_filled(reader, row):
            yield index, row


def moved(fields: Mapping[str, Field], posted: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """What was posted, with the row moved that a button asks for; and the id of the button to go on with, empty where none was pressed."""
    step = DOWN if posted.get(DOWN) else UP
    name, _, number = posted.get(step, "").rpartition(".")
    reader = fields[name].read.one if name in fields else None
    if reader is None or reader.shape != "record":
        return dict(posted), ""
    kept = [str(index) for index, _ in _kept_rows(name, reader, posted)]
    place = kept.index(number) + (1 if step == DOWN else -1) if number in kept else -1
    if not 0 <= place < len(kept):
        return dict(posted), ""
    swapped = {number: kept[place], kept[place]: number}
    is_last = place == (len(kept) - 1 if step == DOWN else 0)
    onward = {UP: DOWN, DOWN: UP}[step] if is_last else step
    return {_renumbered(key, name, swapped): value for key, value in posted.items()}, f"f-{name}-{place + 1}-{onward}"


def _renumbered(key: str, name: str, swapped: Mapping[str, str]) -> str:
    head, number, rest = key[: len(name) + 1], *key[len(name) + 1 :].partition(".")[::2]
    return f"{head}{swapped[number]}.{rest}" if head == f"{name}." and number in swapped else key


def _is_filled(reader: Reader, value: Mapping[str, Any]) -> bool:
    """Whether a row says anything beside choices that are always set."""
    return any(
        value[name] for name, spec in reader.fields.items() if spec.read.shape != "choice" or spec.default() is None
    )


def _last_row(name: str, posted: Mapping[str, str]) -> int:
    prefix = f"{name}."
    numbers = [key[len(prefix) :].split(".", 1)[0] for key in posted if key.startswith(prefix)]
    return min(max((whole(number, most=9_999) or 0 for number in numbers), default=0), MAX_ROWS)


def _labelled(widgets: Iterable[Widget]) -> Iterator[tuple[Widget, str]]:
    """Every input and group with the label that the summary of errors gives it."""
    for widget in widgets:
        yield widget, widget.label
        yield from _labelled(widget.parts)
        for index, row in enumerate(widget.rows, start=1):
            yield from ((part, f"{widget.label} {index}, {label}") for part, label in _labelled(row))


def _nearest(name: str, labels: Mapping[str, object]) -> str:
    """The input that an error belongs to: itself, else the field that holds it."""
    parts = name.split(".")
    while parts:
        joined = ".".join(parts)
        if joined in labels:
            return joined
        parts.pop()
    return ""
