"""Cheap escaping escapes all the same, and fields of mappings are their keys."""

from __future__ import annotations

import jinja2
import markupsafe
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from portal.web.templating import make_environment

ENVIRONMENT = make_environment()


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.text().map(Markup), st.lists(st.text())))
def test_every_value_reads_in_a_page_as_the_library_escapes_it(value):
    assert ENVIRONMENT.from_string("<p>{{ value }}</p>").render(value=value) == f"<p>{markupsafe.escape(value)}</p>"


@pytest.mark.parametrize(
    "source",
    [
        "{% macro row(value) %}<i>{{ value }}</i>{% endmacro %}{{ row(value) }}",
        "{% set kept %}<i>{{ value }}</i>{% endset %}{{ kept }}",
        "{% filter trim %}<i>{{ value }}</i>{% endfilter %}",
        "<i>{% for one in [value] %}{{ one }}{% endfor %}</i>",
        "<i>{{ value if value else '' }}</i>",
    ],
)
def test_value_is_escaped_once_wherever_it_stands(source):
    assert ENVIRONMENT.from_string(source).render(value="<b>&") == "<i>&lt;b&gt;&amp;</i>"


def test_key_of_a_mapping_comes_before_its_method():
    assert ENVIRONMENT.from_string("{{ row.items }}").render(row={"items": "drei"}) == "drei"
    assert ENVIRONMENT.from_string("{{ row.items()|length }}").render(row={"other": 1}) == "1"


def test_missing_field_is_an_error_not_an_empty_place():
    with pytest.raises(jinja2.UndefinedError):
        ENVIRONMENT.from_string("{{ row.absent }}").render(row={})


def test_mail_is_not_escaped():
    assert not ENVIRONMENT.autoescape("mail/step.txt")
    assert ENVIRONMENT.autoescape("public/decision.html")
