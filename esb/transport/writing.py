"""Writing at once what a socket takes at once.

Twisted's ``write`` keeps what it is given until the reactor comes round to the socket again, which takes two changes of
what is polled and one more round: some 30 us for an answer that the kernel would have taken straight away, as it takes
nearly all.
"""

from typing import Any

from twisted.internet.tcp import Connection


def write(wire: Any, data: bytes) -> None:
    """Write ``data`` to a transport: now, as far as its socket takes it, and the rest as the transport sees fit.

    Args:
        wire: a TCP transport of Twisted, or any other, which is left to do it in its own way (TLS, a test's).  Its
            producer, if it has one, is a streaming one: a pull producer is asked for more by what is buffered.
    """
    # A TLS protocol hands out the attributes of the socket beneath it as its own: only the class tells them apart.
    # Nothing may wait to be written before; should that attribute go one day, everything is written as ever.
    if (
        isinstance(wire, Connection)
        and not wire.TLS
        and getattr(wire, "_tempDataLen", 1) == 0
        and not wire.dataBuffer
        and wire.connected
        and not wire.disconnecting
    ):
        written = wire.writeSomeData(data)
        if isinstance(written, int) and written > 0:
            if written == len(data):
                return
            data = data[written:]
    wire.write(data)
