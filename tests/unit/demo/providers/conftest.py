"""Calling a WSGI application without a network."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from esb.demo.providers.frame import Desk, Journal, Wsgi

Called = tuple[int, dict[str, str], bytes]


def _call(application: Wsgi, method: str, path: str, body: bytes = b"", query: str = "") -> Called:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ.update(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "text/xml; charset=utf-8",
            "wsgi.input": io.BytesIO(body),
        }
    )
    said: list[Any] = []
    content = b"".join(application(environ, lambda status, headers, *_: said.extend((status, headers))))
    return int(said[0].split()[0]), dict(said[1]), content


@pytest.fixture
def call() -> Callable[..., Called]:
    """Calls an application: method, path, body, query → status, headers, body."""
    return _call


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """What a system is given, in a folder of its own; there is no bus."""
    return Desk(tmp_path, tmp_path, tmp_path / "bus.pem", "http://127.0.0.1:1", Journal(tmp_path / "journal"))
