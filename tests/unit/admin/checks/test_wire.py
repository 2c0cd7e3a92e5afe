"""The checks' own way out: one judged address, one whole answer, within the time."""

import threading
import time

import pytest
from support.applicant import LOOPBACK
from support.provider import Given, Provider, envelope11

from esb.admin.checks.wire import Line, WireFailed


@pytest.fixture
def line() -> Line:
    return Line(LOOPBACK, 0.5, 1000)


def test_a_name_is_resolved_once_and_the_address_is_used(provider: Provider) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    line = Line(LOOPBACK, 2.0, 1000, resolve=resolve)
    answer = line.post(provider.url.replace("127.0.0.1", "provider.example"), b"<a/>", {"Content-Type": "text/xml"})
    assert answer.status == 200
    assert asked == ["provider.example"]
    assert provider.journal[0].headers["host"].startswith("provider.example:")


@pytest.mark.parametrize("host", ["10.1.2.3", "169.254.169.254", "[::1]"])
def test_addresses_outside_the_rules(host: str, line: Line) -> None:
    with pytest.raises(WireFailed) as failed:
        line.post(f"http://{host}:9/", b"", {})
    assert failed.value.cause == "address"


def test_one_rotten_address_spoils_the_name() -> None:
    line = Line(LOOPBACK, 1.0, 1000, resolve=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    with pytest.raises(WireFailed, match="not a public address"):
        line.locate("http://provider.example/")


def test_a_server_that_drips_is_cut_off(line: Line) -> None:
    import socket

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while True:
                    connection.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(WireFailed) as failed:
            line.post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"", {})
    assert failed.value.cause == "timeout"
    assert time.monotonic() - began < 5


def test_an_answer_may_be_so_large_and_no_larger(line: Line, provider: Provider) -> None:
    provider.answer = lambda _: Given(envelope11(b"x" * 2000))
    with pytest.raises(WireFailed) as failed:
        line.post(provider.url, b"", {})
    assert failed.value.cause == "size"
