"""What a serving bus publishes for its authority: files read, keys opened and the register followed, in a thread.

The door (``esb/endpoints/authority.py``) reads what is here between two turns of the reactor, and
:meth:`Publication.refresh` replaces each part whole.  The authority's own key is never opened here.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.register import key_digest
from esb.certs.der import MALFORMED
from esb.certs.keys import SigningKey, load_key
from esb.certs.ocsp import Responder, State
from esb.certs.tsa import SteadyClock, TimeStamper
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.registry.database import reading
from esb.registry.issued import IssuedBook

_BEHIND: Final = 5.0  # seconds by which this clock may be behind that of whoever acted last

Office = TypeVar("Office", Responder, TimeStamper)
_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file as it is sent: ``until`` is when a newer one is due, Unix seconds, None where that is not known."""

    media_type: str
    content: bytes
    etag: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything lies.  An office without a key is not held.

    Attributes:
        own: certificates of the bus's keys, first, second and whatever else is to be had of it, by name.
    """

    authority: Path
    crl: Path
    delta: Path
    ocsp: tuple[Path, Path] | None
    tsa: tuple[Path, Path] | None
    own: Mapping[str, Path]


class Publication:
    """What is published now.

    Args:
        passphrase: reads the passphrase of the home's keys.
        ocsp_seconds: how long an OCSP answer may be kept.
        policy, accuracy_ms: of time-stamps.

    Attributes:
        files: by the name below /ca/.
        responder, stamper: None while the office is not held, or its key not opened yet.
        problems: what is wrong, by its part's name, for the log and for readiness warnings.
    """

    def __init__(
        self,
        places: Places,
        engine: Engine,
        clock: Clock,
        passphrase: Callable[[], bytes],
        *,
        ocsp_seconds: float,
        policy: str,
        accuracy_ms: int,
    ) -> None:
        self._places = places
        self._engine = engine
        self._clock = clock
        self._passphrase = passphrase
        self._ocsp_seconds = ocsp_seconds
        self._policy = policy
        self._accuracy = accuracy_ms
        self._stamps: dict[str, _Stamp] = {}
        self._book: IssuedBook | None = None
        self._authority: x509.Certificate | None = None
        self.files: Mapping[str, PublishedFile] = MappingProxyType({})
        self.responder: Responder | None = None
        self.stamper: TimeStamper | None = None
        self.problems: Mapping[str, str] = MappingProxyType({})
        self.clock = SteadyClock(clock.now, self._floor, accuracy_ms / 1000)

    def state(self, serial: int) -> State | None:
        """What the authority says of a serial number now; one dictionary access."""
        book = self._book
        standing = None if book is None else book.standings.get(serial)
        if standing is None:
            return None
        why = None if standing.revoked is None else standing.revoked.value
        return State(standing.not_after, why, standing.revoked_at or 0.0)

    def warning(self) -> str:
        """What keeps an office from being held; "" when nothing."""
        return "; ".join(self.problems.values())

    def refresh(self) -> None:
        """Bring everything into step.  Blocking; one thread at a time.

        Raises:
            RegistryUnavailable: the register cannot be read; what was read before stays.
        """
        problems: dict[str, str] = {}
        self._read_authority(problems)
        if self._authority is None:
            self.problems = MappingProxyType(problems)
            return
        self._read_files()
        places, authority = self._places, self._authority

        def respond(key: SigningKey, certificate: x509.Certificate) -> Responder:
            return Responder(key, certificate, authority, self._ocsp_seconds)

        def stamp(key: SigningKey, certificate: x509.Certificate) -> TimeStamper:
            return TimeStamper(key, certificate, authority, self._policy, self._accuracy)

        self.responder = self._hold("responder", places.ocsp, self.responder, respond, problems)
        self.stamper = self._hold("tsa", places.tsa, self.stamper, stamp, problems)
        self.problems = MappingProxyType(problems)
        if self._book is not None:
            with reading(self._engine) as session:
                self._book.refresh(session.connection())

    def _floor(self) -> float:
        return 0.0 if self._book is None else self._book.at - _BEHIND

    def _changed(self, name: str, paths: tuple[Path, ...]) -> bool:
        """Whether files differ from when they were last read."""
        stamp = tuple(_stamp(path) for path in paths)
        if self._stamps.get(name) == stamp:
            return False
        self._stamps[name] = stamp
        return True

    def _read_authority(self, problems: dict[str, str]) -> None:
        if not self._changed("authority", (self._places.authority,)):
            return
        try:
            read = x509.load_pem_x509_certificates(self._places.authority.read_bytes())[0]
        except (OSError, *MALFORMED):
            self._authority = None  # an outside authority's home has none
            return
        if self._authority is None or read.public_key() != self._authority.public_key():
            self._book = IssuedBook(key_digest(read.public_key()))
            self._stamps = {"authority": self._stamps["authority"]}
        self._authority = read

    def _read_files(self) -> None:
        places = self._places
        if not self._changed("files", (places.authority, places.crl, places.delta, *places.own.values())):
            return
        assert self._authority is not None
        found = {
            "ca.cer": _file("application/pkix-cert", self._authority.public_bytes(Encoding.DER)),
            "ca.pem": _file("application/x-pem-file", self._authority.public_bytes(Encoding.PEM)),
        }
        for name, path in (("ca.crl", places.crl), ("delta.crl", places.delta)):
            try:
                crl = x509.load_pem_x509_crl(path.read_bytes())
            except (OSError, *MALFORMED):
                continue
            until = crl.next_update_utc
            found[name] = _file(
                "application/pkix-crl", crl.public_bytes(Encoding.DER), None if until is None else until.timestamp()
            )
        for name, path in places.own.items():
            try:
                certificates = x509.load_pem_x509_certificates(path.read_bytes())
            except (OSError, *MALFORMED):
                continue
            found[name] = _file("application/x-pem-file", b"".join(_pem(each) for each in certificates))
        self.files = MappingProxyType(found)

    def _hold(
        self,
        name: str,
        paths: tuple[Path, Path] | None,
        held: Office | None,
        make: Callable[[SigningKey, x509.Certificate], Office],
        problems: dict[str, str],
    ) -> Office | None:
        """The office with its key of now; the one before where the files do not go together."""
        if paths is None or not paths[0].exists():
            return None
        if not self._changed(name, paths):
            if name in self.problems:
                problems[name] = self.problems[name]
            return held
        try:
            certificate = x509.load_pem_x509_certificate(paths[1].read_bytes())
            fresh = make(load_key(paths[0], self._passphrase()), certificate)
        except (OSError, EsbError, *MALFORMED) as error:
            problems[name] = f"the {name}'s key or certificate cannot be used ({error}): make both with esb ca {name}"
            self._stamps.pop(name)  # it may be half of a change: look again
            return held
        return fresh


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (0, 0, 0)
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def _file(media_type: str, content: bytes, until: float | None = None) -> PublishedFile:
    return PublishedFile(media_type, content, f'"{hashlib.sha256(content).hexdigest()[:32]}"', until)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
