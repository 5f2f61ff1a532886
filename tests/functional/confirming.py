"""What tests share of questions that are asked before something is done."""

from __future__ import annotations

REASON = "So vereinbart, Aktenzeichen 7"


def is_question(answer):
    return answer.status_int == 200 and "frage" in answer.forms


def sure(answer, *, reason=REASON, **more):
    """Say yes to the question that `answer` asks; a reason that was typed before stays."""
    assert is_question(answer), answer.text
    form = answer.forms["frage"]
    asked = answer.html.select_one("#grund")
    if asked and not asked["value"]:
        form[asked["name"]] = reason
    return form.submit(expect_errors=True, **more)
