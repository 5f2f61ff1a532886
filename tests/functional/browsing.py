"""A browser as tests have it: it speaks TLS with our proxy and says, as browsers do, which page sent a form."""

from __future__ import annotations

from webtest import TestApp

SAYS_WHO_SENDS = ("Origin", "Referer", "Sec-Fetch-Site")
SILENT = {"Sec-Fetch-Site": "none"}
"""Headers of a request that says nothing about the page it comes from."""


class Browser(TestApp):
    """A browser at `https://beschluesse.example`, whose proxy hands plain HTTP on to the portal."""

    def __init__(self, app, *, host="beschluesse.example", address="10.0.0.1", **more):
        environ = {"HTTP_HOST": host, "REMOTE_ADDR": address, "wsgi.url_scheme": "https"}
        super().__init__(app if isinstance(app, Proxied) else Proxied(app), extra_environ=environ, **more)

    def request(self, url_or_req, status=None, expect_errors=False, **more):
        """As `TestApp.request`, which forgets the host."""
        made = (
            self.RequestClass.blank(url_or_req, environ=dict(self.extra_environ), **more)
            if isinstance(url_or_req, str)
            else url_or_req
        )
        return super().request(made, status, expect_errors)

    def do_request(self, req, status=None, expect_errors=None):
        if req.method not in {"GET", "HEAD"} and not any(name in req.headers for name in SAYS_WHO_SENDS):
            req.headers["Origin"] = req.host_url
        return super().do_request(req, status, expect_errors)


class Proxied:
    """What the portal gets from a proxy: HTTP, whatever the browser spoke."""

    def __init__(self, app):
        self.inner = app

    def __call__(self, environ, start_response):
        return self.inner({**environ, "wsgi.url_scheme": "http"}, start_response)


def registry_of(app):
    """Pyramid's registry behind every layer that a browser's requests go through."""
    layer = app.app
    while not hasattr(layer, "registry"):
        layer = layer.inner if hasattr(layer, "inner") else layer._application
    return layer.registry
