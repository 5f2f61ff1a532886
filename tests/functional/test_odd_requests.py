"""What nobody of good will sends: never an error of ours, and never dear."""

from __future__ import annotations

import io
import re
import tempfile

import pytest
from pyramid.request import Request

from portal import admission
from portal.views import errors
from portal.web import shares
from tests.functional.browsing import registry_of
from tests.functional.test_busy import _addresses

ODD = [
    "²",
    "⁰⁴",
    "₁₂",
    "٣",
    "①",
    "Ⅳ",
    "-1",
    "+1",
    " 1 ",
    "1.5",
    "1e3",
    "9" * 400,
    "2147483648",
    "9" * 19,
    "\x00",
    "0",
    "'",
    "<b>",
]
"""Texts where a number or a name is expected."""
_PARAMETER = re.compile(r"""(?:parameter|_whole)\(request, "([a-z_]+)\"""")


def _parameters():
    """Every name that a page reads from its address, as the code reads it."""
    from pathlib import Path

    import portal
    from content import facets
    from content.kinds import KINDS
    from content.services.search import saved

    code = "".join(path.read_text() for path in Path(portal.__file__).parent.rglob("*.py"))
    return sorted(
        {*_PARAMETER.findall(code), *saved.NAMES, *(rule.parameter for kind in KINDS for rule in facets.of_kind(kind))}
    )


@pytest.mark.on_both_databases
def test_no_parameter_of_any_public_address_can_be_anything_that_breaks_it(portal):
    """Each public page gets all its parameters odd at once, and those that count (`seite`, `fassung`, `sitzung` …) one by one."""
    app, house = portal
    names = _parameters()
    assert {"seite", "sitzung", "fassung", "stand", "je_seite", "jahr"} <= set(names)
    paths = [
        path
        for name, path in _addresses(house, app)
        if not path.startswith("/redaktion") and name.partition(".")[0] not in {"pdf", "kit", "embargo", "review"}
    ]
    broken = []
    for path in paths:
        for odd in ODD:
            answer = app.get(path, params=dict.fromkeys(names, odd), expect_errors=True)
            if answer.status_int >= 500:
                broken.append((path, odd))
    for path in (
        "/beschluesse",
        "/presse",
        "/suche",
        "/suche.atom",
        "/api/v1/suche",
        "/beschluss/2021/39",
        "/ledger",
        "/umsetzung",
    ):
        for name in names:
            for odd in ("²", "9" * 400, "-1"):
                answer = app.get(path, params={name: odd}, expect_errors=True)
                if answer.status_int >= 500:
                    broken.append((path, name, odd))
    assert broken == []


@pytest.mark.parametrize(
    "path",
    [
        "/static/%00",
        "/static/" + "a" * 300,
        "/static/../settings.py",
        "/sitemap-" + "1" * 1500 + ".xml",
        "/sitemap-%C2%B2.xml",
        "/beschluss/%D9%A2%D9%A0%D9%A2%D9%A1/%D9%A3%D9%A9",
        "/" + "a" * 3000,
    ],
)
def test_an_address_that_cannot_be_is_refused(portal, path):
    app, _ = portal
    assert 400 <= app.get(path, expect_errors=True).status_int < 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_methods_that_no_page_knows_are_named_as_such(portal, method):
    app, _ = portal
    answer = app.request("/", method=method, expect_errors=True)
    assert (
        answer.status_int == 405
        and answer.headers["Allow"] == "GET, HEAD"
        and "nosniff" in answer.headers["X-Content-Type-Options"]
    )


def test_a_public_page_is_not_posted_to(portal):
    app, _ = portal
    answer = app.post("/beschluesse", {"x": "1"}, expect_errors=True)
    assert answer.status_int == 405 and answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("application/x-www-form-urlencoded; charset=utf-16", b"a=1"),
        ("application/x-www-form-urlencoded; charset=unbekannt", b"a=1"),
        ("multipart/form-data; boundary=x; charset=quatsch", b"--x--"),
        ("application/x-www-form-urlencoded", b"%ff=%fe&\xff=\x00"),
        ("text/plain", b"login=x"),
        ("", b"\x00"),
    ],
)
@pytest.mark.parametrize("path", ["/anmelden", "/abo", "/suche/abo", "/redaktion/konto", "/anmelden/vergessen"])
def test_a_body_that_is_no_form_is_the_senders_fault(portal, path, kind, body):
    app, _ = portal
    assert app.post(path, body, content_type=kind, expect_errors=True).status_int < 500


def test_a_form_larger_than_any_of_ours_is_not_read(portal):
    app, _ = portal
    many = "&".join("a=1" for _ in range(admission.MAX_OPEN_FIELDS + 2))
    for path in ("/abo", "/anmelden", "/redaktion/neu/decision"):
        assert app.post(path, many, expect_errors=True).status_int == 413
        assert app.post(path, b"a=" + b"x" * admission.MAX_OPEN_BYTES, expect_errors=True).status_int == 413


TABLE = "Land | Stand\n--- | ---\n" + ("Bayern | " + "x" * 280 + "\n") * 16
"""More than a head may have, behind lines that begin as a boundary does."""
ROWS = b"1;2;3;4;5;6;7;8\r\n" * 600_000
"""10 MB, as a list is that one of ours takes."""


def _parts(head, value):
    return f"--x\r\n{head}\r\n\r\n".encode() + value + b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("head", "value", "kind", "status"),
    [
        ('Content-Disposition: form-data; name="text"', TABLE.encode(), "boundary=x", 0),
        ('Content-Disposition: form-data; name="d"; filename="l.csv"', ROWS, 'boundary="x"', 0),
        (
            'Content-Disposition: form-data; name="d"; filename="l.bin"',
            b"\n--\n" + b"y" * 90_000 + b"\n--\r\n",
            "boundary=x",
            0,
        ),
        ('Content-Disposition: form-data; name="d"\r\nX: ' + "y" * admission.MAX_PART_HEAD, b"a", "boundary=x", 400),
        ("X: y\r\n" * 1_000 + "X: z", b"a", "boundary=x", 400),
        (
            'Content-Disposition: form-data; name="d"\r\nContent-Type:\r\n Multipart/mixed; boundary=y',
            b"--y\r\n" + b"X: y\r\n" * 1_000,
            "boundary=x",
            400,
        ),
        ('Content-Disposition: form-data; name="d"', b"a", "charset=utf-8", 400),
        ('Content-Disposition: form-data; name="d"', b"a", 'boundary="x y"', 400),
        (
            'Content-Disposition: form-data; name="d"\r\nX: ' + "y" * admission.MAX_PART_HEAD,
            b"a",
            "boundary=z; boundary=x",
            400,
        ),
    ],
)
def test_only_what_stands_before_a_value_must_be_short(monkeypatch, head, value, kind, status):
    """Tables, underlined headings and files may have lines that begin with `--`, and as many as their size allows."""
    monkeypatch.setattr(admission, "_is_signed_in", lambda _request: True)
    made = Request.blank("/", method="POST", body=_parts(head, value), content_type=f"multipart/form-data; {kind}")
    try:
        admission._take_form(made)
    except admission.Refused as refused:
        assert refused.status == status
        return
    (given,) = made.POST.values()
    assert status == 0 and (given.encode() if isinstance(given, str) else given.file.read()) == value
    getattr(given, "file", io.BytesIO()).close()


def test_a_form_of_more_lines_than_the_parser_can_look_at_is_refused(monkeypatch):
    made = Request.blank(
        "/",
        method="POST",
        body=_parts('Content-Disposition: form-data; name="d"', b"\n" * (admission.MAX_OPEN_LINES + 1)),
        content_type="multipart/form-data; boundary=x",
    )
    for is_signed_in, limit in ((False, admission.MAX_LINES), (True, admission.MAX_OPEN_LINES)):
        monkeypatch.setattr(admission, "_is_signed_in", lambda _request, it=is_signed_in: it)
        monkeypatch.setattr(admission, "MAX_LINES", limit)
        with pytest.raises(admission.Refused, match="zu viel"):
            admission._take_form(made)


def test_a_body_without_a_length_is_measured_on_its_way(portal):
    """In pieces (`chunked`) nobody says beforehand how much comes."""
    app, _ = portal

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size=-1):
            Endless.taken += size
            return b"x" * size

    environ = {
        "wsgi.input": Endless(),
        "wsgi.input_terminated": True,
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    made = app.RequestClass.blank("/abo", environ)
    made.environ.pop("CONTENT_LENGTH", None)
    made.environ["wsgi.input"] = environ["wsgi.input"]
    assert made.get_response(app.app).status_int == 413
    assert Endless.taken < 2 * admission.MAX_OPEN_BYTES


def test_a_long_query_is_not_looked_at(portal):
    app, _ = portal
    assert app.get("/suche?q=" + "a" * admission.MAX_QUERY, expect_errors=True).status_int == 414
    assert (
        app.get("/suche?" + "&".join("q=a" for _ in range(admission.MAX_PARAMETERS + 1)), expect_errors=True).status_int
        == 414
    )


def test_long_answers_leave_their_room_when_they_have_ended_or_nobody_wants_them(portal, monkeypatch):
    """More of them than there is room for, one after the other; half of them given up in the middle."""
    monkeypatch.setattr(admission, "AT_ONCE_BYTES", 1_000)
    app, _ = portal
    for number in range(3 * shares.MOST_STREAMS):
        made = app.RequestClass.blank("/ledger.jsonl")
        _, _, chunks = made.call_application(app.app)
        if number % 2:
            next(iter(chunks))
        else:
            b"".join(chunks)
        chunks.close()
    assert app.get("/ledger.jsonl").status_int == 200
    held = [app.RequestClass.blank("/ledger.jsonl").call_application(app.app) for _ in range(shares.MOST_STREAMS)]
    refused = app.get("/ledger.jsonl", status=503)
    assert int(refused.headers["Retry-After"]) > 0 and app.get("/").status_int == 200
    for _, _, chunks in held:
        chunks.close()
    assert app.get("/ledger.jsonl").status_int == 200


def test_nothing_of_a_large_body_is_left_on_the_disk(portal, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app, _ = portal
    app.post("/abo", b"a=" + b"x" * (admission.MAX_OPEN_BYTES - 10), expect_errors=True)
    assert not list(tmp_path.glob("tmp*"))


def test_a_fault_of_ours_does_not_promise_that_what_was_sent_is_kept(portal, monkeypatch):
    for method, is_sent in (("GET", False), ("POST", True)):
        made = Request.blank("/redaktion", method=method)
        made.registry = registry_of(portal[0])
        text = errors.broken(RuntimeError("probe"), made).text
        assert ("Es ist nichts verloren" in text, "steht vielleicht noch im Formular" in text) == (not is_sent, is_sent)
