"""The one shape of an error of the JSON interfaces (RFC 9457): what is wrong, where, and what would work."""

from __future__ import annotations

from typing import Any

import orjson
from pyramid.response import Response


class BadParameter(Exception):  # noqa: N818 - named for the situation
    """A parameter that cannot be used; `message` (German) names reason and remedy."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.message = message


def problem(status: int, title: str, detail: str, *, parameter: str = "") -> Response:
    """An error as `application/problem+json`."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if parameter:
        body["parameter"] = parameter
    return answer(body, status=status, content_type="application/problem+json")


def answer(body: dict[str, Any], *, status: int = 200, content_type: str = "application/json") -> Response:
    """JSON that any site may read: everything in it is public."""
    response = Response(orjson.dumps(body), status=status, content_type=content_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.cache_control = "no-cache"
    return response
