"""Keep-alive load: requests that were signed ahead, over a fixed number of connections; a wrong answer ends it."""

import asyncio
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


_EVERY = 40  # exchanges between two calibrations
_RSA = rsa.generate_private_key(65537, 2048)


def calibrate(count: int) -> float:
    """Microseconds of CPU for one RSA-2048 signature on this core, now."""
    began = time.process_time()
    for _ in range(count):
        _RSA.sign(b"calibration", padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - began) / count * 1e6


class WrongAnswer(Exception):
    """The bus answered something else than a good answer."""


@dataclass(frozen=True)
class Load:
    """What one run of load saw.

    Attributes:
        seconds: how long it took.
        latencies: each exchange's seconds, sorted.
        calibration: microseconds of CPU that one RSA-2048 signature took here, while both cores were at work (median).
    """

    seconds: float
    latencies: tuple[float, ...]
    calibration: float

    def quantile(self, part: float) -> float:
        """Seconds below which this part of the exchanges stayed."""
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]


async def _one(
    port: int, head: bytes, messages: "asyncio.Queue[bytes]", latencies: list[float], calibrations: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        while True:
            try:
                message = messages.get_nowait()
            except asyncio.QueueEmpty:
                return
            began = time.perf_counter()
            writer.write(head + b"Content-Length: %d\r\n\r\n" % len(message) + message)
            top = await reader.readuntil(b"\r\n\r\n")
            found = _LENGTH.search(top)
            body = await reader.readexactly(int(found.group(1)) if found else 0)
            latencies.append(time.perf_counter() - began)
            if len(latencies) % _EVERY == 0:
                calibrations.append(calibrate(1))
            if not top.startswith(b"HTTP/1.1 200 ") or b":Answer " not in body or b"exch:Receipt" not in body:
                raise WrongAnswer(f"{top[:40]!r} {body[-600:]!r}")
    finally:
        writer.close()


async def _all(port: int, path: str, messages: Sequence[bytes], connections: int) -> Load:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: text/xml; charset=utf-8\r\n"
        'SOAPAction: "urn:bench:Ask"\r\n'
    ).encode()
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    for message in messages:
        queue.put_nowait(message)
    latencies: list[float] = []
    calibrations: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_one(port, head, queue, latencies, calibrations) for _ in range(connections)))
    seconds = time.perf_counter() - began
    return Load(seconds, tuple(sorted(latencies)), statistics.median(calibrations or [calibrate(50)]))


def drive(port: int, path: str, messages: Sequence[bytes], connections: int) -> Load:
    """Send every message once over ``connections`` kept-alive connections.

    Raises:
        WrongAnswer: one answer was not 200 with the expected Body and a receipt.
    """
    return asyncio.run(_all(port, path, messages, connections))
