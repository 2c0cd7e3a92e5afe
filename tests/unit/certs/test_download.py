"""Fetching within bounds: no host that is not allowed, no more octets or time than said."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from esb.certs.download import FetchFailed, fetch

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that says what it is told, piece by piece; returns its URL."""
    listeners = []

    def start(*pieces: bytes, pause: float = 0.0) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
            except OSError:
                return

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/x"

    yield start
    for listener in listeners:
        listener.close()


HOSTS = {"127.0.0.1"}


def test_what_is_given_comes_back(serve: Serve) -> None:
    url = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\nhello")
    fetched = fetch(url, HOSTS, most=10, seconds=5)
    assert (fetched.octets, fetched.headers["etag"]) == (b"hello", "x")


@pytest.mark.parametrize("url", ["http://other/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", ""])
def test_who_is_not_allowed_is_not_asked(url: str) -> None:
    with pytest.raises(FetchFailed, match=r"not asked|not a URL"):
        fetch(url, HOSTS, most=10, seconds=1)


def test_too_much_too_slow_and_broken_off_are_refused(serve: Serve) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with pytest.raises(FetchFailed, match="more than 10"):
        fetch(serve(head, b"x" * 100), HOSTS, most=10, seconds=5)
    began = time.monotonic()
    with pytest.raises(FetchFailed):
        fetch(serve(head, *[b"x"] * 40, pause=0.1), HOSTS, most=1000, seconds=0.6)
    assert time.monotonic() - began < 3
    for slow in (
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        began = time.monotonic()
        with pytest.raises(FetchFailed):
            fetch(serve(slow, *[b"1"] * 40, pause=0.1), HOSTS, most=1000, seconds=0.6)
        assert time.monotonic() - began < 3
    with pytest.raises(FetchFailed):
        fetch(serve(head, b"x"), HOSTS, most=1000, seconds=5)
    with pytest.raises(FetchFailed):
        fetch(serve(b"garbage\r\n\r\n"), HOSTS, most=1000, seconds=5)
