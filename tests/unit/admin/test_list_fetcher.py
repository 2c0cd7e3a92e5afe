"""Lists of outside authorities over plain HTTP: what changes is taken, what cannot be believed never is."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.kept_lists import list_subject
from esb.admin.list_fetcher import ListFetcher
from esb.certs.ca import create_authority, sign_crl
from esb.registry.database import open_database, reading
from esb.registry.migrations import upgrade
from esb.registry.revocation import revocation_evidence

NOW = 1_800_000_000.0
KEY, ROOT = create_authority("National CA", "p256", NOW - 1000, 400)
DER = Encoding.DER


class Authority:
    """Publishes ``octets``, with an ETag."""

    def __init__(self) -> None:
        self.octets = b""
        self.status = 200
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.headers.get("If-None-Match", ""))
                tag = f'"{hash(outer.octets)}"'
                same = self.headers.get("If-None-Match") == tag
                self.send_response(304 if same else outer.status)
                self.send_header("ETag", tag)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", "0" if same else str(len(outer.octets)))
                self.end_headers()
                if not same:
                    self.wfile.write(outer.octets)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/national.crl"


@pytest.fixture
def authority() -> Iterator[Authority]:
    made = Authority()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def place(tmp_path: Path, authority: Authority) -> Iterator[Any]:
    for name in ("anchors", "crl"):
        (tmp_path / name).mkdir()
    (tmp_path / "anchors" / "national.pem").write_bytes(ROOT.public_bytes(Encoding.PEM))
    engine = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    upgrade(engine)
    told: list[str] = []
    log = SimpleNamespace(
        info=lambda text, **facts: told.append(text), warning=lambda text, **facts: told.append(facts["problem"])
    )
    fetcher = ListFetcher([authority.url], tmp_path / "crl", tmp_path / "anchors", log, "node")
    yield SimpleNamespace(fetcher=fetcher, engine=engine, crl=tmp_path / "crl", told=told)
    engine.dispose()


def crl(number: int, now: float = NOW, key: Any = KEY, root: Any = ROOT) -> bytes:
    return sign_crl(key, root, [(number, now, "keyCompromise")], number, now, 7).public_bytes(DER)


def test_a_list_is_taken_asked_for_again_by_condition_and_kept_as_evidence(place: Any, authority: Authority) -> None:
    authority.octets = first = crl(1)
    assert place.fetcher.run(place.engine, NOW) == 1
    (path,) = place.crl.iterdir()
    assert path.read_bytes() == first
    assert place.fetcher.run(place.engine, NOW + 10) == 0
    assert authority.asked[-1] != ""
    authority.octets = second = crl(2, NOW + 100)
    assert place.fetcher.run(place.engine, NOW + 110) == 1
    assert path.read_bytes() == second
    subject = list_subject(ROOT.subject)
    with reading(place.engine) as session:
        for at, data in ((NOW - 1, []), (NOW + 50, [first]), (NOW + 200, [second])):
            assert [kept.data for kept in revocation_evidence(session, "0" * 64, subject, at)] == data


def test_what_cannot_be_believed_never_takes_the_place_of_what_is_there(place: Any, authority: Authority) -> None:
    authority.octets = good = crl(2, NOW)
    place.fetcher.run(place.engine, NOW)
    stranger_key, stranger = create_authority("National CA", "p256", NOW - 1000, 400)
    other_key, other = create_authority("Other", "p256", NOW - 1000, 400)
    for octets, status, words in (
        (crl(3, NOW, stranger_key, stranger), 200, "not signed by the authority"),
        (crl(3, NOW, other_key, other), 200, "none of the configured authorities"),
        (b"garbage", 200, "not a revocation list"),
        (b"", 200, "not a revocation list"),
        (crl(1, NOW - 500), 200, "older than the one that is there"),
        (crl(4, NOW + 90_000), 200, "future"),
        (crl(5), 404, "HTTP 404"),
        (crl(5), 302, "HTTP 302"),
    ):
        authority.octets, authority.status = octets, status
        assert place.fetcher.run(place.engine, NOW + 10) == 0
        assert words in place.told[-1]
        (path,) = place.crl.iterdir()
        assert path.read_bytes() == good


def test_an_authority_that_is_gone_is_told(place: Any, authority: Authority) -> None:
    authority.server.shutdown()
    authority.server.server_close()
    assert place.fetcher.run(None, NOW) == 0
    assert "cannot be asked" in place.told[-1]


def test_one_process_fetches_at_a_time(place: Any, authority: Authority, tmp_path: Path) -> None:
    authority.octets = crl(1)
    other = ListFetcher([authority.url], place.crl, tmp_path / "anchors", None, "another")
    assert place.fetcher.run(place.engine, NOW) == 1
    assert other.run(place.engine, NOW + 1) == 0
    assert len(authority.asked) == 1
