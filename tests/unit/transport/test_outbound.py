"""One provider connection driven without sockets, and the words for what keeps one from being made."""

import pytest
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import error
from twisted.internet.defer import CancelledError
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from esb.kernel.faults import Refusal
from esb.transport.limits import ClientLimits
from esb.transport.outbound import Exchange, ProviderConnection, no_connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Keeper:
    def __init__(self) -> None:
        self.limits = ClientLimits()
        self.told: list[str] = []

    def free(self, _: ProviderConnection) -> None:
        self.told.append("free")

    def left(self, _: ProviderConnection) -> None:
        self.told.append("left")

    def gone(self, _: ProviderConnection) -> None:
        self.told.append("gone")


def begun() -> tuple[Keeper, ProviderConnection, StringTransport, Exchange, list[object]]:
    keeper, wire, ends = Keeper(), StringTransport(), []
    connection = ProviderConnection(keeper)
    connection.makeConnection(wire)
    assert connection.ready.called
    exchange = Exchange(b"POST", 100, 1.0, lambda _: None)
    exchange.done.addBoth(ends.append)
    connection.start(exchange)
    return keeper, connection, wire, exchange, ends


def test_an_exchange_is_written_once_and_its_connection_is_free_after_the_answer() -> None:
    keeper, connection, wire, exchange, ends = begun()
    assert wire.value() == b"POST"
    connection.dataReceived(OK[:20])
    assert ends == []
    connection.dataReceived(OK[20:])
    assert [end.body for end in ends] == [b"hi"]  # type: ignore[attr-defined]
    assert keeper.told == ["free"]
    assert exchange.over


def test_bytes_on_an_idle_connection_end_it() -> None:
    keeper, connection, wire, _, _ = begun()
    connection.dataReceived(OK)
    connection.dataReceived(b"H")
    assert keeper.told == ["free", "left"]
    assert wire.disconnected or wire.disconnecting


def test_a_connection_leaves_and_goes_once_each() -> None:
    keeper, connection, _, _, _ = begun()
    connection.discard()
    connection.discard()
    connection.connectionLost(Failure(error.ConnectionDone()))
    assert keeper.told == ["left", "gone"]


@pytest.mark.parametrize(
    ("data", "reason", "rule"),
    [
        (b"", error.ConnectionDone(), "PRV-06"),
        (b"", error.ConnectionLost(), "PRV-06"),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", error.ConnectionLost(), "PRV-06"),
        (b"", SSL.Error([]), "PRV-01"),
        (b"HTTP/1.1 ", SSL.Error([]), "PRV-06"),
    ],
)
def test_a_connection_that_breaks_ends_its_exchange(data: bytes, reason: Exception, rule: str) -> None:
    """An answer without a length is whole only if the end was a clean one: else somebody may have cut it."""
    _, connection, _, _, ends = begun()
    if data:
        connection.dataReceived(data)
    connection.connectionLost(Failure(reason))
    (end,) = ends
    assert isinstance(end, Failure)
    assert isinstance(end.value, Refusal)
    assert end.value.rule.id == rule


def test_an_answer_without_a_length_ends_cleanly_with_the_connection() -> None:
    _, connection, _, _, ends = begun()
    connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nhi")
    connection.connectionLost(Failure(error.ConnectionDone()))
    assert [end.body for end in ends] == [b"hi"]  # type: ignore[attr-defined]


def test_giving_up_cuts_the_connection() -> None:
    keeper, _, wire, exchange, ends = begun()
    exchange.done.cancel()
    assert keeper.told == ["left"]
    assert wire.disconnected or wire.disconnecting
    assert exchange.over
    assert isinstance(ends[0], Failure)
    assert ends[0].check(CancelledError)  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        (error.DNSLookupError("10.0.0.1"), "dns"),
        (error.ConnectionRefusedError("10.0.0.1"), "refused"),
        (error.TimeoutError("10.0.0.1"), "timeout"),
        (error.ConnectingCancelledError(None), "timeout"),
        (CancelledError(), "timeout"),
        (error.ConnectionLost("10.0.0.1"), "closed"),
        (SSL.Error([("10.0.0.1", "", "")]), "tls"),
        (VerificationError(errors=["10.0.0.1"]), "tls"),
        (error.NoRouteError("10.0.0.1"), "unreachable"),
        (OSError("10.0.0.1"), "unreachable"),
    ],
)
def test_why_there_is_no_connection_is_told_without_addresses(why: Exception, cause: str) -> None:
    refusal = no_connection(why)
    assert (refusal.rule.id, refusal.particulars) == ("PRV-01", {"cause": cause})
    assert "10.0.0.1" not in refusal.reason
