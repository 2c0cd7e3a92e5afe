"""How fast is this core just now?  One RSA-2048 signature is the yardstick of the day.

Clocks of shared machines drift by two, and two busy cores that are threads of one are slower than one alone: so the
signature is timed now and then *during* the load, and every figure is given raw and scaled to a core on which it takes
669 µs.
"""

import statistics
import time
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

QUIET_CORE_US: Final = 669.0
"""Microseconds of CPU that the signature takes on the core to which figures are scaled."""

_EVERY: Final = 40  # exchanges between two signatures: some 2 % of the load generator's time
_RSA: Final = rsa.generate_private_key(65537, 2048)
_PADDING: Final = padding.PKCS1v15()
_SHA256: Final = hashes.SHA256()


def signature_us() -> float:
    """Microseconds of CPU for one RSA-2048 signature on this core, now."""
    began = time.process_time()
    _RSA.sign(b"calibration", _PADDING, _SHA256)
    return (time.process_time() - began) * 1e6


class Calibration:
    """A row of such signatures; their median is what a round is scaled by."""

    def __init__(self, every: int = _EVERY) -> None:
        self._every = every
        self._calls = 0
        self._times: list[float] = []

    def tick(self) -> None:
        """Called for each exchange; times a signature at every fortieth."""
        self._calls += 1
        if self._calls % self._every == 0:
            self._times.append(signature_us())

    def take(self, count: int) -> "Calibration":
        """Time this many at once, before or after a round; returns itself."""
        self._times.extend(signature_us() for _ in range(count))
        return self

    @property
    def us(self) -> float:
        """The median; where the round was too short for one, a few are taken now."""
        if not self._times:
            self.take(5)
        return statistics.median(self._times)


def scaled(us: float, calibration_us: float) -> float:
    """What ``us`` measured beside a signature of ``calibration_us`` would be on the quiet core."""
    return us * QUIET_CORE_US / calibration_us
