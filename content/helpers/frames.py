"""Messages between a process and its helper: a head (JSON) with any number of bytes objects behind it."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Final

_LENGTH: Final = struct.Struct(">Q")
MAX_HEAD_BYTES: Final = 200_000_000

Frame = tuple[dict[str, Any], list[bytes]]


def packed(head: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """The bytes of a message."""
    text = json.dumps([head, [len(blob) for blob in blobs]]).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *blobs])


def unpacked(read: Callable[[int], bytes]) -> Frame:
    """The message that `read` (exactly so many bytes) gives. Raises EOFError, ValueError."""
    (length,) = _LENGTH.unpack(read(_LENGTH.size))
    if length > MAX_HEAD_BYTES:
        raise ValueError(f"a head of {length} bytes")
    head, lengths = json.loads(read(length))
    return head, [read(size) for size in lengths]


def exactly(stream: IO[bytes]) -> Callable[[int], bytes]:
    """Reads exactly so many bytes of `stream`; raises EOFError where there are fewer."""

    def read(size: int) -> bytes:
        body = stream.read(size)
        if len(body) < size:
            raise EOFError
        return body

    return read
