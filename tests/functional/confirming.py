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


def saying_yes(form):
    """`form`, whose `submit` says yes where the answer is a question; a `status` that is expected is that of what comes then."""
    send = form.submit

    def submit(*args, status=None, expect_errors=False, **more):
        answer = send(*args, expect_errors=True, **more)
        answer = sure(answer) if is_question(answer) else answer
        assert answer.status_int == status if isinstance(status, int) else expect_errors or answer.status_int < 400, (
            answer.status,
            answer.html.get_text(" ", strip=True)[:2000] if "html" in answer.content_type else "",
        )
        return answer

    form.submit = submit
    return form
