"""What the stages are given: the departments, already wired, and the figures they decide by."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from esb.audit.record import Outcome, Record
from esb.certs.profile import is_rsa
from esb.certs.sign import Hosted, Signer
from esb.certs.verify import Verifier
from esb.kernel.clock import Clock
from esb.kernel.directory import Directory, Service
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.pseudonyms import Pseudonyms
from esb.kernel.retention import Keeping
from esb.kernel.xml import XmlLimits
from esb.routing.breaker import Breaker
from esb.routing.limits import Load, Quotas
from esb.schemas.judge import Judge


class Evidence(Protocol):
    """The evidence log as the way sees it: a thing to wait for."""

    def write(self, record: Record) -> Awaitable[Outcome]:
        """Wait until the record is durable, a duplicate, or certainly to be treated as not written."""

    def answer_of(self, exchange: str) -> Awaitable[bytes | None]:
        """The envelope that was recorded as the answer to an exchange, None while there is none."""


class Judges(Protocol):
    """Compiled contracts by digest."""

    def get(self, digest: str) -> Judge | None:
        """The judge when it is in memory."""

    def load(self, digest: str) -> Awaitable[Judge]:
        """Wait until it is: reads and compiles it off the reactor."""


class Adapter(Protocol):
    """How a provider of one kind is spoken to."""

    def ask(self, outgoing: Outgoing) -> Awaitable[ProviderAnswer]:
        """Deliver once and wait for the answer.  Raises Refusal with a PRV rule."""


@dataclass(slots=True)
class Way:
    """Everything a stage may use.  ``directory``, ``believed_until``, ``hosted``, ``pseudonyms`` and ``aside`` alone
    are ever replaced, between two reactor turns.

    Attributes:
        signer: the bus's own; what goes to providers is always signed by it.
        second_signer: the bus's RSA key beside it, for consumers whose software verifies no other; None without one.
        window, skew: seconds a message may be old, and may seem to come from the future.
        addresses: base URLs by which the bus is known (for wsa:To), without trailing slash.
        answer_lifetime: seconds between Created and Expires of the bus's own Timestamps.
        log: tells what an operator should see: refusals, retries.
        keeping: says what is kept of messages, and until when.
        trace: tells of every good exchange too; None where nobody asked for that.
        hosted: keys of members that sign nothing themselves, by the member's code.
        aside: runs a stage that signs off the reactor, where a signature takes long; None where it does not.
        believed_until: Unix seconds until which ``directory`` may be relied upon; None where it comes from the database
            itself.
        pseudonyms: makes those of persons whom messages name; None where no service says that its messages do.
        undated: says whether records have waited too long for a time-stamp; None where no limit is set.
        keep_refused: bytes of a refused message that are kept as evidence; of a larger one only the digest.
    """

    clock: Clock
    directory: Directory
    verifier: Verifier
    signer: Signer
    judges: Judges
    evidence: Evidence
    adapters: Mapping[str, Adapter]
    quotas: Quotas
    load: Load
    breaker: Breaker
    log: Callable[..., None]
    xml: XmlLimits = field(default_factory=XmlLimits)
    window: float = 300.0
    skew: float = 60.0
    keeping: Keeping = field(default_factory=Keeping)
    addresses: frozenset[str] = frozenset()
    answer_lifetime: float = 300.0
    keep_refused: int = 65_536
    trace: Callable[..., None] | None = None
    second_signer: Signer | None = None
    hosted: Mapping[str, Hosted] = field(default_factory=dict)
    aside: Callable[[Callable[[], Any]], Awaitable[Any]] | None = None
    believed_until: float | None = None
    pseudonyms: Pseudonyms | None = None
    undated: Callable[[], bool] | None = None

    def signer_for(self, algorithm: str) -> Signer:
        """Who signs what goes back to a consumer: the second key for one that signs with RSA, where there is one.

        Args:
            algorithm: URI of the request's signature algorithm, verified or only claimed; "" where none could be read.
        """
        second = self.second_signer
        return self.signer if second is None or not is_rsa(algorithm) else second

    def service_at(self, path: str) -> Service | None:
        """The service registered at a URL path now, whatever its status."""
        return self.directory.services.get(path)
