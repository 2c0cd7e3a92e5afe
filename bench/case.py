"""What is measured: one point of the matrix, and the kind of place that it needs."""

from dataclasses import dataclass
from enum import Enum

from esb.bench.signing import Style

DATABASES = ("sqlite", "postgresql")


class Keys(Enum):
    """Who signs with what: ``(agencies, bus)`` as kinds of :func:`esb.certs.keys.generate_key`."""

    RSA = ("rsa2048", "rsa2048")
    P256 = ("p256", "p256")
    MIXED = ("rsa2048", "p256")

    @property
    def agencies(self) -> str:
        """The kind of the consumer's and the provider's keys."""
        return self.value[0]

    @property
    def bus(self) -> str:
        """The kind of the bus's key."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Setting:
    """What one running bus is; cases that share it are measured on the same process."""

    keys: Keys = Keys.P256
    database: str = "sqlite"
    tls: bool = False
    workers: int = 1

    def __str__(self) -> str:
        words = [self.keys.name.lower(), self.database]
        if self.tls:
            words.append("TLS")
        if self.workers > 1:
            words.append(f"{self.workers} workers")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Case:
    """One point of the matrix.

    Attributes:
        request, answer: bytes of the two Bodies; an envelope is some 3 KB larger.
        connections: how many ask at the same time.
        style: how consumer and provider write.
        provider_signed: the provider signs its answers, and the bus demands it.
    """

    setting: Setting = Setting()
    request: int = 1_500
    answer: int = 3_000
    connections: int = 16
    style: Style = Style.CANONICAL
    provider_signed: bool = True

    def __str__(self) -> str:
        words = [f"{size_text(self.request)} → {size_text(self.answer)}", str(self.setting), f"×{self.connections}"]
        if self.style is Style.FOREIGN:
            words.append("foreign")
        if not self.provider_signed:
            words.append("provider unsigned")
        return " ".join(words)

    @property
    def exchanges(self) -> int:
        """How many make a round: about two seconds of a bus that needs a millisecond and a bit for each."""
        most = 20_000_000 // (self.request + self.answer)
        return max(20, self.connections, min(1_600, most))


def size_text(size: int) -> str:
    """Bytes for a person: ``1.5 KB``."""
    value, unit = (size / 1_000_000, "MB") if size >= 1_000_000 else (size / 1_000, "KB")
    return f"{value:g} {unit}"
