"""The library's door: ``GET /schemas/`` lists, and gives, the shared types and the classifiers."""

from typing import Final

from esb.kernel.http import HttpRequest, HttpResponse
from esb.wsdl.library import TYPES, published

SCHEMAS: Final = "/schemas/"
_PLAIN: Final = "text/plain; charset=utf-8"
_KEPT: Final = (("Cache-Control", "public, max-age=3600"),)


async def library(request: HttpRequest) -> HttpResponse:
    """Answer a GET below /schemas/.  What is asked for is a key of what is published, never a path of a file system."""
    name = request.path.removeprefix(SCHEMAS)
    if not name:
        return HttpResponse(200, _PLAIN, _index().encode(), _KEPT)
    found = published().get(name)
    if found is None:
        return HttpResponse(404, _PLAIN, b"The library holds nothing of this name: see /schemas/.\n")
    return HttpResponse(200, *found, _KEPT)


def _index() -> str:
    listed = "\n".join(f"  {SCHEMAS}{name}" for name in published())
    return f"Shared types (namespace {TYPES}) and classifiers that contracts can use:\n\n{listed}\n"
