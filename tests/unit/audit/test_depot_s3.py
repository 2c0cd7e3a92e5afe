"""Requests to an object store: the published example of a signature, and how failures are told and tried again.

A whole archive in a store that is not ours is in tests/interop/test_s3.py.
"""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from esb.audit import depot_s3
from esb.audit.depot import DepotUnavailable
from esb.audit.depot_s3 import S3Access, S3Depot, canonical_query, signed_headers, split_place

_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_example_of_a_signature() -> None:
    """ "Examples: Signature Calculations in AWS Signature Version 4", GET Bucket (List Objects)."""
    access = S3Access("", "us-east-1", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    headers = signed_headers(
        access, "GET", "examplebucket.s3.amazonaws.com", "/", {"prefix": "J", "max-keys": "2"}, _EMPTY, 1369353600
    )
    assert headers["x-amz-date"] == "20130524T000000Z"
    assert headers["authorization"].endswith(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )
    assert canonical_query({"b": "a/b c", "a": "~"}) == "a=~&b=a%2Fb%20c"
    assert split_place("s3://bucket/a/b/") == ("bucket", "a/b")


class _Store(http.server.BaseHTTPRequestHandler):
    answers: tuple[tuple[int, bytes], ...] = ()

    def do_GET(self) -> None:
        (status, body), type(self).answers = self.answers[0], self.answers[1:]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def depot(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Depot]:
    monkeypatch.setattr(depot_s3, "_PAUSES", (0.0, 0.0))
    with http.server.HTTPServer(("127.0.0.1", 0), _Store) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield S3Depot(S3Access(f"http://127.0.0.1:{server.server_port}", "x", "y", "z"), "bucket", "")
        server.shutdown()
        thread.join()


def test_what_passes_is_tried_again_and_what_does_not_is_told(depot: S3Depot, tmp_path: Path) -> None:
    page = (
        b"<L><NextContinuationToken>more</NextContinuationToken><Contents><Key>p/a</Key><Size>3</Size></Contents></L>"
    )
    last = b"<L><Contents><Key>p/b</Key><Size>4</Size></Contents></L>"
    _Store.answers = ((503, b""), (500, b""), (200, page), (200, last))
    assert depot.members("p") == {"a": 3, "b": 4}
    _Store.answers = ((503, b""),) * 3
    with pytest.raises(DepotUnavailable, match="HTTP status 503"):
        depot.packages()
    for answer, told in (((403, b""), "does not let us"), ((200, b"no xml"), "something else"), ((418, b""), "418")):
        _Store.answers = (answer,)
        with pytest.raises(DepotUnavailable, match=told):
            depot.packages()
    _Store.answers = ((404, b""), (200, b"octets"))
    assert depot.fetch("p", "a", tmp_path) is None
    assert (tmp_path / "a") == depot.fetch("p", "a", tmp_path)


def test_a_store_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depot_s3, "_PAUSES", ())
    with pytest.raises(DepotUnavailable, match="cannot be reached"):
        S3Depot(S3Access("http://127.0.0.1:1", "x", "y", "z"), "bucket", "").packages()
