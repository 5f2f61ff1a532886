"""The templates' environment. What a page does a hundred times over is made cheap here; nothing else differs from Jinja2.

Two things take most of a page's time: escaping each value, and reading a field of a mapping. Jinja2 wraps every escaped
value in an object that says „already safe“, though it is joined to the page at once; and it tries the attributes of a
mapping before its keys. Here an escaped value stays a plain text, and keys of a mapping come first.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import _escape_inner  # type: ignore[attr-defined] # the escaping itself, in C; `escape` wraps its answer

from content.council.voting import RULES
from content.kinds import KINDS
from portal.web import site


class _Generator(CodeGenerator):
    """Writes `to_html(…)` of the environment where Jinja2 writes `escape(…)`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.to_html(")


class Environment(jinja2.Environment):
    """Jinja2 with cheap escaping and mappings read by their keys first."""

    code_generator_class = _Generator

    @staticmethod
    def to_html(value: Any) -> str:
        """`value` as it stands in a page: what says of itself that it is HTML as it is, all else escaped."""
        if type(value) is str:
            return _escape_inner(value)
        if hasattr(value, "__html__"):
            return str(value.__html__())
        return _escape_inner(str(value))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The key of a mapping, else the attribute, else undefined."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


_PLAIN: Final = ("txt",)


@functools.cache
def make_environment() -> Environment:
    """The environment of all templates, one for the process: strict about what is missing, everything but mails escaped."""
    environment = Environment(
        loader=jinja2.FileSystemLoader(str(resources.files("templates"))),
        autoescape=jinja2.select_autoescape(default=True, default_for_string=True, disabled_extensions=_PLAIN),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    environment.filters.update(site.FILTERS)
    environment.globals["kinds"] = KINDS
    environment.globals["voting_rules"] = RULES
    return environment
