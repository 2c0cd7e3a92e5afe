"""What a socket takes at once leaves at once, in order, and nothing is lost or doubled when it does not."""

import socket
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.tcp import Connection
from twisted.internet.testing import StringTransport

from esb.transport.writing import write


class Wire(Connection):
    """A connection on one end of a real socket pair, which no reactor looks after."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end, None, reactor)  # type: ignore[arg-type]
        self.connected = 1
        self.waiting = False

    def startWriting(self) -> None:
        self.waiting = True

    def stopWriting(self) -> None:
        self.waiting = False


@pytest.fixture
def ends() -> Any:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(5)
    yield Wire(ours), theirs
    ours.close()
    theirs.close()


def received(theirs: socket.socket, wire: Wire, count: int) -> bytes:
    got = b""
    while len(got) < count:
        if wire.waiting:
            assert wire.doWrite() is None
        got += theirs.recv(1 << 16)
    return got


def test_a_small_answer_is_out_before_the_reactor_comes_round(ends: Any) -> None:
    wire, theirs = ends
    write(wire, b"answer")
    assert not wire.waiting
    assert theirs.recv(100) == b"answer"


def test_what_the_socket_does_not_take_follows_in_order(ends: Any) -> None:
    wire, theirs = ends
    data = b"".join(b"%08d" % number for number in range(250_000))
    write(wire, data)
    assert wire.waiting
    write(wire, b"the end!")
    assert received(theirs, wire, len(data) + 8) == data + b"the end!"
    write(wire, b"again")
    assert not wire.waiting
    assert theirs.recv(100) == b"again"


def test_a_closed_socket_is_left_to_the_reactor(ends: Any) -> None:
    wire, theirs = ends
    theirs.close()
    write(wire, b"answer")
    write(wire, b"another")
    assert wire.waiting
    assert wire.doWrite() is not None


def test_other_transports_write_as_ever() -> None:
    transport = StringTransport()
    write(transport, b"answer")
    assert transport.value() == b"answer"
