"""What HTTP alone costs: CPU microseconds for one request in and one call out, 1.5 KB and back 3 KB, kept alive.

Each round is bracketed by RSA-2048 signatures, because the clocks of shared machines drift: the scaled figure is what a
core would need on which one signature takes 669 µs.

    python bench/http_floor.py
"""

import statistics
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred, gatherResults

from esb.kernel.clock import SystemClock
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpCall, HttpRequest, HttpResponse
from esb.transport.client import ClientPool
from esb.transport.limits import ServerLimits
from esb.transport.server import DoorFactory

EXCHANGES, WORKERS, ROUNDS, QUIET_SIGNATURE = 6000, 20, 7, 669.0
KEY = rsa.generate_private_key(65537, 2048)


def signature() -> float:
    """CPU microseconds of one RSA-2048 signature now."""
    begun = time.process_time()
    for _ in range(200):
        KEY.sign(b"calibration", padding.PKCS1v15(), hashes.SHA256())
    return (time.process_time() - begun) / 200 * 1e6


async def measure(_: object) -> None:
    """Print each round and the median."""
    answer = HttpResponse(200, "text/xml; charset=utf-8", b"y" * 3000)

    async def handler(_: HttpRequest) -> HttpResponse:
        return answer

    async def refuse(_: Refusal, __: HttpRequest) -> HttpResponse:
        return answer

    door = DoorFactory(handler, refuse, ServerLimits(), reactor, SystemClock())
    port = reactor.listenTCP(0, door, interface="127.0.0.1")
    pool = ClientPool(reactor, SystemClock(), None)
    url = f"http://127.0.0.1:{port.getHost().port}/services/DIN/IAMAS/PersonQuery/v1"
    call = HttpCall(url, "text/xml; charset=utf-8", b"x" * 1500, (("SOAPAction", '"urn:x"'),), 30, 10**6)

    async def work() -> None:
        for _ in range(EXCHANGES // WORKERS):
            await pool.call(call)

    figures = []
    for number in range(ROUNDS):
        before = signature()
        begun = time.process_time()
        await gatherResults([Deferred.fromCoroutine(work()) for _ in range(WORKERS)])
        raw = (time.process_time() - begun) / EXCHANGES * 1e6
        calibration = (before + signature()) / 2
        figures.append(raw * QUIET_SIGNATURE / calibration)
        print(f"round {number}: {raw:6.1f} µs, signature {calibration:5.0f} µs, scaled {figures[-1]:6.1f} µs")
    print(f"median scaled: {statistics.median(figures):.1f} µs an exchange, in and out")
    await pool.close()
    await port.stopListening()
    await door.drain()


if __name__ == "__main__":
    task.react(lambda _: Deferred.fromCoroutine(measure(_)))
