"""What addresses and numbers say in words needs the names of the bodies; they are data of the bodies, gathered here.

Pure: whoever asks hands in the bodies that it may know (the public side those that are published, the editors' side all).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from content.council.addresses import MAIN_BODY
from content.council.numbers import NumberPattern


@dataclass(frozen=True, slots=True)
class BodyName:
    """A body: slug in addresses, name, its genitive („des IT-Planungsrats“, may be empty), suffix of its numbers."""

    slug: str
    name: str
    genitive: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, slug: str, name: str, genitive: str, number_pattern: str) -> BodyName:
        """From the columns of a body. Raises ValueError (German) for a pattern that is none."""
        return cls(slug, name, genitive, NumberPattern(number_pattern).suffix)


class Bodies:
    """The bodies known, in the order of their making: of two that number alike the first owns the number."""

    def __init__(self, names: Iterable[BodyName] = ()) -> None:
        rows = tuple(names)
        self._by_slug: Mapping[str, BodyName] = MappingProxyType({row.slug: row for row in rows})
        self.by_suffix: Mapping[str, str] = MappingProxyType({row.suffix: row.slug for row in reversed(rows)})

    def slug_of(self, words: str) -> str | None:
        """The slug of the body that is called so: by name, genitive, the suffix of its numbers, or slug."""
        for row in self._by_slug.values():
            if (
                words
                in {row.slug, row.name, row.genitive, row.suffix, row.name.removeprefix("die ").removeprefix("der ")}
                and words
            ):
                return row.slug
            if row.genitive and words == row.genitive.split(" ", 1)[-1]:
                return row.slug
        return None

    def name(self, slug: str) -> str:
        """„AL-Runde“; a body that is not known reads as its slug."""
        row = self._by_slug.get(slug)
        return row.name if row else slug

    def of(self, slug: str) -> str:
        """„der AL-Runde“, else the name."""
        row = self._by_slug.get(slug)
        return (row.genitive or row.name) if row else slug

    def suffix(self, slug: str) -> str:
        """`-AL` as it stands behind the numbers of that body, or nothing."""
        row = self._by_slug.get(slug)
        return f"-{row.suffix}" if row and row.suffix else ""

    def in_words(self, slug: str) -> str:
        """` (AL-Runde)` to put behind what belongs to another body than the main one."""
        return "" if slug == MAIN_BODY else f" ({self.name(slug)})"


NOBODY = Bodies()
