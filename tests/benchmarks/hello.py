"""The baseline: a bare Pyramid application on the same server."""

from pyramid.config import Configurator
from pyramid.response import Response


def _hello(_request):
    return Response("hello")


with Configurator() as _config:
    _config.add_route("hello", "/")
    _config.add_view(_hello, route_name="hello")
    application = _config.make_wsgi_app()
