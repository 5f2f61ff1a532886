"""Sets and small numbers of many documents at once, as the bits of Python's whole numbers.

A *set* of documents is one whole number: bit `n` tells whether document `n` is in it. Numbers of many documents are
*slices*: one set per binary digit, the lowest first; document `n`'s number is written down its column. Joining two sets,
counting one, adding two numbers in every document are then a few operations on long whole numbers, which CPython carries
out thirty documents at a time: a million documents cost about as much as a loop over a few thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

Slices = tuple[int, ...]

_DIGITS: Final = tuple(bytes(48 + (byte >> digit & 1) for byte in range(256)) for digit in range(8))
"""Per binary digit: byte → „0“ or „1“."""


def set_of(numbers: Iterable[int], count: int) -> int:
    """The set of `numbers`, all below `count`."""
    marks = bytearray(count // 8 + 1)
    for number in numbers:
        marks[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(marks, "little")


def members(chosen: int) -> Iterator[int]:
    """The documents of a set, ascending; for sets of which few bits are read."""
    for start, byte in enumerate(chosen.to_bytes((chosen.bit_length() + 7) // 8, "little")):
        if byte:
            base = start * 8
            yield from (base + digit for digit in range(8) if byte >> digit & 1)


def slices_of(numbers: Sequence[int], values: Sequence[int], count: int) -> Slices:
    """The slices in which document `numbers[i]` has `values[i]` (≥ 0), all others 0; numbers are below `count`."""
    highest = max(values, default=0)
    size = max(numbers, default=-1) + 1
    if len(numbers) * 40 < count:
        return tuple(
            set_of((number for number, value in zip(numbers, values, strict=True) if value >> digit & 1), size)
            for digit in range(highest.bit_length())
        )
    slices: list[int] = []
    for shift in range(0, highest.bit_length(), 8):
        column = bytearray(size)
        for number, value in zip(numbers, values, strict=True):
            column[number] = value >> shift & 255
        column.reverse()  # the last document is the highest digit
        digits = min(8, highest.bit_length() - shift)
        slices += [int(column.translate(_DIGITS[digit]), 2) for digit in range(digits)]
    return tuple(slices)


def only(slices: Slices, chosen: int) -> Slices:
    """The same numbers for the documents of a set, 0 for all others."""
    return tuple(one & chosen for one in slices)


def plus(one: Slices, other: Slices) -> Slices:
    """The sum in every document."""
    if len(one) < len(other):
        one, other = other, one
    made: list[int] = []
    carry = 0
    for digit, left in enumerate(one):
        if digit >= len(other) and not carry:
            made += one[digit:]
            return tuple(made)
        right = other[digit] if digit < len(other) else 0
        half = left ^ right
        made.append(half ^ carry)
        carry = (left & right) | (half & carry)
    if carry:
        made.append(carry)
    return tuple(made)


def times(slices: Slices, factor: int) -> Slices:
    """Every document's number times `factor` (≥ 0)."""
    made: Slices = ()
    for digit in range(factor.bit_length()):
        if factor >> digit & 1:
            made = plus(made, (0,) * digit + slices)
    return made


def _above(one: Slices, other: Slices) -> int:
    """Where the first number is higher; both have as many digits."""
    above, decided = 0, 0
    for left, right in zip(reversed(one), reversed(other), strict=True):
        fresh = (left ^ right) & ~decided if decided else left ^ right
        above |= fresh & left
        decided |= fresh
    return above


def _alike(one: Slices, other: Slices) -> tuple[Slices, Slices]:
    """Both with as many digits."""
    return one + (0,) * (len(other) - len(one)), other + (0,) * (len(one) - len(other))


def larger(one: Slices, other: Slices) -> Slices:
    """The larger number in every document."""
    one, other = _alike(one, other)
    above = _above(one, other)
    return tuple(right ^ ((left ^ right) & above) for left, right in zip(one, other, strict=True))


def smaller(one: Slices, other: Slices) -> Slices:
    """The smaller number in every document."""
    one, other = _alike(one, other)
    above = _above(one, other)
    return tuple(left ^ ((left ^ right) & above) for left, right in zip(one, other, strict=True))


def count_of(sets: Iterable[int]) -> Slices:
    """In how many of the sets each document is."""
    made: Slices = ()
    for one in sets:
        made = plus(made, (one,))
    return made


def equal(slices: Slices, value: int, among: int) -> int:
    """Those of a set whose number is `value`."""
    if value >> len(slices):
        return 0
    for digit, one in enumerate(slices):
        among = among & one if value >> digit & 1 else among & ~one
    return among


def at_least(slices: Slices, value: int, among: int) -> int:
    """Those of a set whose number is `value` or more."""
    if value <= 0:
        return among
    if value >> len(slices):
        return 0
    greater, open_ = 0, among
    for digit in range(len(slices) - 1, -1, -1):
        ones = open_ & slices[digit]
        if value >> digit & 1:
            open_ = ones
        else:
            greater |= ones
            open_ ^= ones
    return greater | open_


def highest(among: int, keys: Iterable[int], wanted: int) -> int:
    """The `wanted` documents of a set that come first by a number whose slices are given highest first; all, if fewer.

    Documents alike in every slice are cut off anywhere.
    """
    if among.bit_count() <= wanted:
        return among
    sure, open_, missing = 0, among, wanted
    for one in keys:
        ones = open_ & one
        amount = ones.bit_count()
        if amount >= missing:
            open_ = ones
            if amount == missing:
                return sure | ones
        else:
            sure |= ones
            missing -= amount
            open_ ^= ones
    for _ in range(missing):
        lowest = open_ & -open_
        sure |= lowest
        open_ ^= lowest
    return sure


def numbers_of(slices: Slices, documents: Sequence[int]) -> list[int]:
    """The number of each of the documents."""
    found = [0] * len(documents)
    for digit, one in enumerate(slices):
        marks = one.to_bytes((one.bit_length() + 7) // 8, "little")
        size = len(marks)
        for index, document in enumerate(documents):
            place = document >> 3
            if place < size and marks[place] >> (document & 7) & 1:
                found[index] += 1 << digit
    return found
