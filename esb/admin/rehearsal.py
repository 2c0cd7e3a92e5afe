"""How a serving bus follows its own keys: it takes a new pair up, and rehearses the next one on answers it has given.

All of it happens in a thread and reads files and the evidence log: the way of a message knows nothing of it, and a
cut-over changes one attribute between two turns of the reactor.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.renewal import OwnPair, digest, read_pair
from esb.audit.entry import Kind
from esb.audit.log import EvidenceReader
from esb.certs.der import MALFORMED
from esb.certs.index import CertificateLoader
from esb.certs.rehearse import rehearse
from esb.certs.sign import Signer
from esb.certs.standing import check_standing
from esb.certs.verify import Verifier
from esb.kernel.clock import Clock
from esb.kernel.directory import CertificateUse, KnownCertificate
from esb.kernel.faults import EsbError
from esb.registry.database import reading
from esb.registry.renewals import count_rehearsals, open_renewal

MOST_AT_A_LOOK: Final = 3
"""Answers that one process rehearses with each time it looks, which is about every second."""

_Stamp = tuple[tuple[int, int, int], ...]


class Known(Protocol):
    """Makes a certificate ready as the registry's are: path, revocation and all."""

    def __call__(self, der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate | None:
        """See :class:`esb.wiring.TrustInForce`."""


class OwnKey:
    """A pair of files, and whether it is another than the one in use.

    Args:
        told: is told what an operator should see: an event and facts by name.

    Attributes:
        problem: why the files cannot be taken up, "" while they can.
    """

    def __init__(self, pair: OwnPair, passphrase: Callable[[], bytes], told: Callable[..., None]) -> None:
        self._pair = pair
        self._passphrase = passphrase
        self._told = told
        self._stamp = self._look()
        self.problem = ""

    def changed(self) -> Signer | None:
        """The signer to sign with from now on, when the files changed and go together; None to go on as before."""
        stamp = self._look()
        if stamp == self._stamp:
            return None
        try:
            signer, certificate = read_pair(self._pair.key, self._pair.certificate, self._passphrase())
        except (OSError, EsbError, *MALFORMED) as error:
            self.problem = f"{self._pair.key} and {self._pair.certificate} cannot be taken up: {error}"
            return None
        self._stamp, self.problem = stamp, ""
        self._told("another key signs", of=self._pair.subject.name, certificate=digest(certificate))
        return signer

    def _look(self) -> _Stamp:
        return tuple(stamp_of(path) for path in (self._pair.key, self._pair.certificate))


class Rehearsals:
    """Tries the next key of one pair on answers from the evidence log, and counts.

    Args:
        known: judges the next certificate as any registered one.
        verifier: of its own, for it remembers forms.
        node: this node's name.
        worker: the number of this process among its node's, 0 for one alone.
    """

    def __init__(
        self,
        pair: OwnPair,
        passphrase: Callable[[], bytes],
        engine: Engine,
        reader: EvidenceReader,
        known: Known,
        verifier: Verifier,
        clock: Clock,
        node: str,
        worker: Callable[[], int],
    ) -> None:
        self._pair = pair
        self._passphrase = passphrase
        self._engine = engine
        self._reader = reader
        self._known = known
        self._verifier = verifier
        self._clock = clock
        self._node = node
        self._worker = worker
        self._stamp: _Stamp = ()
        self._next: tuple[Signer, x509.Certificate] | None = None
        self._renewal: int | None = None
        self._seen = 0
        self._rehearsed = self._failed = 0
        self._problem = ""

    def warning(self) -> str:
        """What an operator must see before the cut-over; "" when nothing."""
        if self._next is None and not self._problem:
            return ""
        return self._problem and f"the next key of {self._pair.subject.name} fails in rehearsal: {self._problem}"

    def look(self) -> None:
        """Rehearse on what was answered since the last time, a few answers at most.  Blocking.

        Raises:
            RegistryUnavailable, StoreUnavailable: they cannot be asked now.
        """
        if not self._open() or self._next is None or self._renewal is None:
            return
        before = self._rehearsed, self._failed
        newest = self._reader.recent(MOST_AT_A_LOOK, kind=Kind.ANSWER)
        for record in reversed([each for each in newest if each.id > self._seen]):
            self._seen = record.id
            bodies = self._reader.bodies(record.entry.record)
            if bodies is not None and bodies[1]:
                self._try(bodies[1], *self._next)
        if (self._rehearsed, self._failed) != before:
            self._count()

    def _open(self) -> bool:
        """Whether there is a next key to rehearse; a changed one is opened."""
        paths = (self._pair.next_key, self._pair.next_certificate)
        stamp = tuple(stamp_of(path) for path in paths)
        if stamp == self._stamp:
            return self._next is not None
        self._next, self._renewal, self._problem = None, None, ""
        self._rehearsed = self._failed = 0
        if not all(any(each) for each in stamp):
            self._stamp = stamp
            return False
        try:
            signer, certificate = read_pair(paths[0], paths[1], self._passphrase())
        except (OSError, EsbError, *MALFORMED) as error:
            self._problem = str(error)
            return False
        with reading(self._engine) as session:
            row = open_renewal(session, self._pair.subject)
        if row is None or row.next_sha256 != digest(certificate):
            return False  # the act that made the files is not committed yet
        newest = self._reader.recent(1, kind=Kind.ANSWER)
        self._seen = newest[0].id if newest else 0
        self._stamp, self._next, self._renewal = stamp, (signer, certificate), row.id
        return True

    def _try(self, answer: bytes, signer: Signer, certificate: x509.Certificate) -> None:
        now = self._clock.now()
        known = self._known(certificate.public_bytes(Encoding.DER), "", CertificateUse.SIGNING, None)
        try:
            if known is not None:
                check_standing(known, now)
                rehearse(answer, signer, now, self._verifier, CertificateLoader().index([known]))
        except EsbError as error:
            self._failed += 1
            self._problem = str(error)
        else:
            self._rehearsed += 1

    def _count(self) -> None:
        assert self._renewal is not None
        count_rehearsals(
            self._engine,
            self._renewal,
            self._node,
            self._worker(),
            self._rehearsed,
            self._failed,
            self._problem,
            self._clock.now(),
        )


def stamp_of(path: Path) -> tuple[int, int, int]:
    """What tells whether a file changed: size, time (nanoseconds) and number; zeros where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return (0, 0, 0)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino
