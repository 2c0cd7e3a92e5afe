"""Where a publication is taken from: bounded, whole or nothing, and the next place when one is gone."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from esb.registry.errors import Invalid, RegistryUnavailable
from esb.registry.replica_source import Door, FirstOf, Folder

DATA = b"x" * 100_000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[int] = set()  # noqa: RUF012 - counted over all of them

    def do_GET(self) -> None:
        self.connections.add(id(self))
        name = self.path.removeprefix("/registry/")
        body, headers, status = DATA, {}, 200
        if name == "packed":
            assert self.headers["Accept-Encoding"] == "gzip"
            body, headers = gzip.compress(DATA), {"Content-Encoding": "gzip"}
        elif name == "cut-packed":
            body, headers = gzip.compress(DATA)[:-9], {"Content-Encoding": "gzip"}
        elif name == "spoilt":
            body, headers = b"no gzip at all", {"Content-Encoding": "gzip"}
        elif name == "odd":
            headers = {"Content-Encoding": "br"}
        elif name in ("404", "403"):
            status = int(name)
        elif name == "cut":
            headers = {"Content-Length": str(len(DATA) + 5)}
        elif name == "closing":
            headers = {"Connection": "close"}
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        if name == "cut":
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/registry/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def door(url: str) -> Door:
    return Door(url, None, 5.0)


@pytest.mark.parametrize("name", ["plain", "packed", "closing"])
def test_a_document_comes_whole(door: Door, name: str) -> None:
    assert door.get(name, len(DATA)) == DATA
    assert door.get(name, len(DATA)) == DATA


def test_a_connection_is_kept(door: Door) -> None:
    _Handler.connections.clear()
    for _ in range(5):
        door.get("plain", len(DATA))
    assert len(_Handler.connections) == 1


@pytest.mark.parametrize("name", ["plain", "packed"])
def test_what_is_larger_than_it_may_be_is_not_taken(door: Door, name: str) -> None:
    with pytest.raises(RegistryUnavailable, match="larger"):
        door.get(name, 999)
    assert door.get("plain", len(DATA)) == DATA


@pytest.mark.parametrize("name", ["cut", "cut-packed", "spoilt", "odd", "403"])
def test_what_is_not_whole_is_not_taken(door: Door, name: str) -> None:
    with pytest.raises(RegistryUnavailable):
        door.get(name, 1 << 20)
    assert door.get("plain", len(DATA)) == DATA


def test_what_is_not_there(door: Door) -> None:
    assert door.get("404", 9) is None


def test_nobody_is_there() -> None:
    with pytest.raises(RegistryUnavailable, match="cannot be reached"):
        Door("http://127.0.0.1:9/registry", None, 1.0).get("x", 9)


@pytest.mark.parametrize("url", ["", "ftp://x/", "http://user:secret@x/", "http://"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Invalid) as error:
        Door(url, None, 1.0)
    assert "secret" not in str(error.value)


def test_a_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "new")
    assert folder.get("documents/x", 9) is None
    folder.put("documents/x", b"123")
    folder.put("documents/y", b"456")
    assert folder.get("documents/x", 3) == b"123"
    with pytest.raises(RegistryUnavailable, match="larger"):
        folder.get("documents/x", 2)
    with pytest.raises(RegistryUnavailable, match="cannot be read"):
        folder.get("documents", 9)
    folder.keep_only("documents", frozenset({"y"}))
    assert [file.name for file in (tmp_path / "new" / "documents").iterdir()] == ["y"]
    (tmp_path / "file").touch()
    with pytest.raises(RegistryUnavailable, match="cannot be written"):
        Folder(tmp_path / "file").put("x", b"")


def test_the_next_place_is_asked_when_one_is_gone(url: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("plain", b"here")
    both = FirstOf([Door("http://127.0.0.1:9/registry", None, 1.0), folder])
    assert both.get("plain", 9) == b"here"
    assert FirstOf([]).get("plain", 9) is None
    with pytest.raises(RegistryUnavailable):
        FirstOf([Door("http://127.0.0.1:9/registry", None, 1.0)]).get("x", 9)
