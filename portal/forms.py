"""Forms from schemas: the widgets of a kind with what was typed and what is wrong; and what a browser sends → input.

Names of inputs are dotted paths, as in field errors: `agenda.2.title`. Without a script a list grows by empty rows at its
end; a row is taken out by its own check box. What was typed is shown again whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from content.schemas import SCHEMAS, Field, FieldError, Reader

EMPTY_ROWS: Final = 1
MAX_ROWS: Final = 500
REMOVE: Final = "_entfernen"
UPLOAD: Final = "_hochladen"
HIDDEN: Final[Mapping[str, frozenset[str]]] = {
    "recommendation": frozenset({"state"}),
    "decision": frozenset({"number"}),
    "report": frozenset({"sections"}),
}
"""Fields that no form sets, because a workflow does."""
ASIDE: Final = frozenset({"published_on", "source_url", "source_note", "text_kind", "topics", "references", "gazette_notice"})
"""Fields that stand below, under „Weitere Angaben“."""


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

    @property
    def id(self) -> str:
        """The id of the input, and the anchor that the summary of errors links to."""
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True, slots=True)
class Form:
    """The widgets of a kind, and the errors in the order of the form for the summary."""

    kind: str
    widgets: tuple[Widget, ...]
    errors: tuple[tuple[str, str, str], ...] = field(default=())
    """(id of the input, its label, what is wrong); an error of the whole form has no id."""


def form_of(kind: str, given: Mapping[str, Any], errors: Iterable[FieldError] = (), *, more: str = "") -> Form:
    """The form of `kind` showing `given` (typed or stored). `more`: name of a list that gets further empty rows."""
    hidden = HIDDEN.get(kind, frozenset())
    return form_from({name: spec for name, spec in SCHEMAS[kind].items() if name not in hidden}, given, errors, kind=kind, more=more)


def form_from(
    fields: Mapping[str, Field], given: Mapping[str, Any], errors: Iterable[FieldError] = (), *, kind: str = "", more: str = ""
) -> Form:
    """The form of a table of fields."""
    found = list(errors)
    widgets = tuple(_widget(name, spec, given.get(name), found, more, name in ASIDE) for name, spec in fields.items())
    labels = dict(_labels(widgets))
    summary = tuple(
        (_nearest(error.field, labels), labels.get(_nearest(error.field, labels), ""), error.message) for error in found
    )
    return Form(kind, widgets, tuple((f"f-{name.replace('.', '-')}" if name else "", label, words) for name, label, words in summary))


def read_form(kind: str, posted: Mapping[str, str]) -> dict[str, Any]:
    """The input that a posted form describes; nothing is judged here. Hidden fields are not read."""
    hidden = HIDDEN.get(kind, frozenset())
    return read_fields({name: spec for name, spec in SCHEMAS[kind].items() if name not in hidden}, posted)


def read_fields(fields: Mapping[str, Field], posted: Mapping[str, str]) -> dict[str, Any]:
    """The input that a posted form of a table of fields describes."""
    return {name: _read(name, spec.read, posted) for name, spec in fields.items()}


def with_choices(form: Form, name: str, choices: Iterable[tuple[str, str]]) -> Form:
    """`form` whose field `name` offers `choices` (value, words), which only the database knows."""
    offered = tuple(choices)
    return replace(form, widgets=tuple(replace(one, choices=offered) if one.name == name else one for one in form.widgets))


def plain_label(label: str) -> str:
    """„Titel“ from „Der Titel“: messages need the article, labels do not."""
    for article in ("Der ", "Die ", "Das "):
        if label.startswith(article):
            return label.removeprefix(article)
    return label


def _widget(name: str, spec: Field, value: Any, errors: list[FieldError], more: str, is_aside: bool) -> Widget:
    own = tuple(error.message for error in errors if error.field == name)
    reader = spec.read
    common: dict[str, Any] = {
        "name": name, "label": plain_label(spec.label), "is_required": spec.is_required, "errors": own, "is_aside": is_aside,
    }
    if reader.shape == "record":
        inner = value if isinstance(value, Mapping) else {}
        return Widget(**common, shape="record", parts=_parts(name, reader, inner, errors, more))
    one = reader.one
    if reader.shape == "list" and one is not None and one.shape == "record":
        filled = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        blank = EMPTY_ROWS + (3 if more == name else 0)
        rows = [_parts(f"{name}.{index}", one, row, errors, more) for index, row in enumerate([*filled, *[{}] * blank], start=1)]
        return Widget(**common, shape="rows", rows=tuple(rows))
    shape = f"list_{one.shape}" if reader.shape == "list" and one is not None else reader.shape
    hint = reader.hint
    if reader.shape == "list" and one is not None:
        hint = "" if one.shape == "pick" else "Eine Angabe je Zeile." + (f" {one.hint}" if one.hint else "")
        nested = tuple(error.message for error in errors if error.field.startswith(f"{name}."))
        common["errors"] = own + nested
    choices = tuple(reader.choices.items())
    if choices and spec.default() is None:
        choices = (("", "–"), *choices)
    return Widget(
        **common, shape=shape, value=_shown(reader, value, spec), hint=hint, limit=reader.limit, choices=choices,
        is_file=name.rsplit(".", 1)[-1] == "file",
    )


def _parts(prefix: str, reader: Reader, value: Mapping[str, Any], errors: list[FieldError], more: str) -> tuple[Widget, ...]:
    return tuple(
        _widget(f"{prefix}.{name}", spec, value.get(name), errors, more, is_aside=False) for name, spec in reader.fields.items()
    )


def _shown(reader: Reader, value: Any, spec: Field) -> str:
    if value is None:
        default = spec.default()
        return str(default) if reader.shape == "choice" and default else ""
    if reader.shape == "list":
        return "\n".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
    if reader.shape == "shares":
        return "\n".join(f"{year}: {percent}" for year, percent in value.items()) if isinstance(value, Mapping) else str(value)
    return str(value)


def _read(name: str, reader: Reader, posted: Mapping[str, str]) -> Any:
    if reader.shape == "record":
        value = {part: _read(f"{name}.{part}", spec.read, posted) for part, spec in reader.fields.items()}
        return value if _is_filled(reader, value) else None
    if reader.shape == "list" and reader.one is not None and reader.one.shape == "record":
        rows = []
        for index in range(1, _last_row(name, posted) + 1):
            if posted.get(f"{name}.{index}.{REMOVE}"):
                continue
            row = {part: _read(f"{name}.{index}.{part}", spec.read, posted) for part, spec in reader.one.fields.items()}
            if _is_filled(reader.one, row):
                rows.append(row)
        return rows
    text = posted.get(name, "")
    if reader.shape == "list" and reader.one is not None and reader.one.shape == "pick":
        return [value for key, value in posted.items() if key.startswith(f"{name}.") and value]
    if reader.shape == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if reader.shape == "shares":
        pairs = [line.partition(":") for line in text.splitlines() if line.strip()]
        return {year.strip(): percent.strip() for year, _, percent in pairs}
    return text if text.strip() else None


def _is_filled(reader: Reader, value: Mapping[str, Any]) -> bool:
    """Whether a row says anything beside choices that are always set."""
    return any(value[name] for name, spec in reader.fields.items() if spec.read.shape != "choice" or spec.default() is None)


def _last_row(name: str, posted: Mapping[str, str]) -> int:
    prefix = f"{name}."
    numbers = [key[len(prefix) :].split(".", 1)[0] for key in posted if key.startswith(prefix)]
    return min(max((int(number) for number in numbers if number.isdecimal() and len(number) < 5), default=0), MAX_ROWS)


def _labels(widgets: Iterable[Widget]) -> Iterable[tuple[str, str]]:
    for widget in widgets:
        yield widget.name, widget.label
        yield from _labels(widget.parts)
        for index, row in enumerate(widget.rows, start=1):
            yield from ((name, f"{widget.label} {index}, {label}") for name, label in _labels(row))


def _nearest(name: str, labels: Mapping[str, str]) -> str:
    """The input that an error belongs to: itself, else the field that holds it."""
    parts = name.split(".")
    while parts:
        joined = ".".join(parts)
        if joined in labels:
            return joined
        parts.pop()
    return ""
