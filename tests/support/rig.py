"""The way without a network: the real stages on real departments, a provider in memory, an evidence log in memory, and
time that stands still.  What needs no reactor is run by :func:`done`."""

import secrets
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from esb.adapters.loopback import LoopbackAdapter
from esb.audit.leaf import leaf_hash
from esb.audit.record import WRITTEN, Duplicate, NotWritten, Outcome, Record
from esb.bus import Bus
from esb.certs.ca import Subject, create_authority, issue, serial_number
from esb.certs.client import signed_request
from esb.certs.index import build_index, build_known
from esb.certs.keys import FileKey, PrivateKey, generate_key
from esb.certs.profile import SignatureLimits
from esb.certs.requests import make_request, read_request
from esb.certs.sign import Signer
from esb.certs.verify import Verifier
from esb.kernel.clock import ManualClock
from esb.kernel.directory import (
    AnswerSignature,
    CertificateUse,
    Directory,
    Grant,
    Judgement,
    KnownCertificate,
    Member,
    MemberStatus,
    Service,
    ServiceStatus,
    SignatureMode,
)
from esb.kernel.http import HttpRequest, Peer
from esb.kernel.ids import uuid7
from esb.kernel.message import (
    Accepted,
    Answered,
    Authenticated,
    Authorized,
    JudgedAnswer,
    Outgoing,
    Parsed,
    ProviderAnswer,
    Received,
    Routed,
    Validated,
    VerifiedAnswer,
)
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.routing.breaker import Breaker
from esb.routing.limits import Load, Quotas
from esb.schemas.compile import compile_judge
from esb.schemas.judge import Judge
from esb.stages.adapt import adapt
from esb.stages.authenticate import authenticate
from esb.stages.authorize import authorize
from esb.stages.parse import parse
from esb.stages.receive import receive
from esb.stages.record import record_request
from esb.stages.route import route
from esb.stages.validate import validate, validate_answer
from esb.stages.verify import verify
from esb.stages.way import Way
from esb.wsdl.read import read_contract
from support.client import GET_PERSON
from support.provider import PERSON, envelope11, envelope12

T = TypeVar("T")
NOW = 1_790_000_000.0
PERSONS = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
CONTRACT = Path(__file__).parent / "contracts" / "person.wsdl"
MEDIA = {SoapVersion.V11: b"text/xml; charset=utf-8", SoapVersion.V12: b"application/soap+xml; charset=utf-8"}


def done(result: T | Awaitable[T]) -> T:
    """What a stage gives, awaited if need be; nothing here may really have to wait."""
    if not hasattr(result, "__await__"):
        return result  # type: ignore[return-value]
    steps: Generator[Any, Any, T] = result.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise AssertionError("the stage waits for something that is not there")


@dataclass(frozen=True)
class Party:
    """A key and its certificate, as the registry knows it."""

    key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    known: KnownCertificate

    @property
    def signer(self) -> Signer:
        """Signs with it."""
        return Signer(FileKey(self.key), self.certificate)

    @property
    def key_pem(self) -> bytes:
        """The private key, for tools of other hands."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def _authority() -> tuple[PrivateKey, x509.Certificate]:
    return create_authority("Test CA", "p256", NOW - 1000, 3650)


def party(owner: str, use: CertificateUse = CertificateUse.SIGNING, kind: str = "p256") -> Party:
    """A member's key and certificate ("" for the bus's own), made once."""
    return _party(owner, use, kind)


@cache
def _party(owner: str, use: CertificateUse, kind: str) -> Party:
    key = generate_key(kind)
    authority_key, authority = _authority()
    csr = read_request(make_request(key, owner or "bus").public_bytes(Encoding.DER))
    certificate = issue(
        authority_key,
        authority,
        csr,
        Subject(owner or "bus", owner or "bus"),
        use,
        NOW - 500,
        365,
        serial_number(secrets.token_bytes(16)),
    )
    return Party(key, certificate, build_known(certificate.public_bytes(Encoding.DER), owner, use, None, None))


@cache
def judge() -> Judge:
    """The person register's contract, compiled."""
    return compile_judge(read_contract(CONTRACT))


class MemoryEvidence:
    """An evidence log in memory, with the replay check of a real one (EvidenceStore in esb/audit/record.py).

    ``refusing`` says, by kind of record, why it cannot be written now.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.refusing: dict[str, str] = {}
        self.kept_less = False  # whether of messages only headers or digests are kept

    async def write(self, record: Record) -> Outcome:
        reason = self.refusing.get(record.entry.kind.value)
        if reason is not None:
            return NotWritten(reason)
        if record.replay_key is not None:
            for other in self.records:
                if other.replay_key == record.replay_key:
                    return Duplicate(other.entry.exchange, other.entry.message_sha256)
        self.records.append(record)
        return WRITTEN

    async def answer_of(self, exchange: str) -> bytes | None:
        for record in reversed(self.records):
            if record.entry.exchange == exchange and record.replay_key is None:
                return b"" if self.kept_less else record.sent
        return None

    def leaf_of(self, number: int) -> bytes:
        """The leaf hash of a record by its place."""
        return leaf_hash(self.records[number].leaf)


class MemoryJudges:
    """Judges that are in memory, or are loaded at the first question when ``cold``."""

    def __init__(self) -> None:
        self.cold = False

    def get(self, digest: str) -> Judge | None:
        return None if self.cold else judge()

    async def load(self, digest: str) -> Judge:
        self.cold = False
        return judge()


def answer(outgoing: Outgoing) -> ProviderAnswer:
    """What the person register answers to GetPerson, in the version that it was asked in."""
    wrap = envelope11 if outgoing.version is SoapVersion.V11 else envelope12
    return ProviderAnswer(outgoing.version, wrap(PERSON))


class Rig:
    """A way with member DIN, its person register, and consumer EESMN that has a grant for it."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.evidence = MemoryEvidence()
        self.judges = MemoryJudges()
        self.provider = LoopbackAdapter(self._answer)
        self.answer: Callable[[Outgoing], ProviderAnswer] = answer
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[tuple[str, BaseException]] = []
        contract = read_operations()
        self.service = Service(
            id=PERSONS,
            status=ServiceStatus.ACTIVE,
            endpoint="http://provider.test/persons",
            provider_version=None,
            adapter="soap",
            signature=SignatureMode.BUS,
            answer_signature=AnswerSignature.IGNORED,
            judge_request=Judgement.ENFORCE,
            judge_answer=Judgement.ENFORCE,
            timeout=5.0,
            contract="0" * 64,
            operations=contract,
        )
        self.grant = Grant(1, "EESMN", PERSONS.text, None, "test", "Law 1", NOW - 60, None, None, None, frozenset())
        self.bus_party = party("")
        self.way = Way(
            clock=self.clock,
            directory=self.directory(),
            verifier=Verifier(SignatureLimits()),
            signer=self.bus_party.signer,
            judges=self.judges,
            evidence=self.evidence,
            adapters={"soap": self.provider},
            quotas=Quotas(),
            load=Load(10, 100_000),
            breaker=Breaker(3, 30.0),
            log=lambda event, **facts: self.logged.append((event, facts)),
            trace=lambda event, **facts: self.logged.append((event, facts)),
            addresses=frozenset({"http://bus.test"}),
        )
        self.bus = Bus(self.way, lambda exchange, error: self.failures.append((exchange, error)))

    def _answer(self, outgoing: Outgoing) -> ProviderAnswer:
        return self.answer(outgoing)  # which a test may have replaced meanwhile

    def directory(self) -> Directory:
        """The registry's facts as this rig has them now."""
        members = {code: Member(code, code, code, MemberStatus.ACTIVE) for code in ("DIN", "EESMN", "DSMF")}
        certificates = [
            *(party(code).known for code in members),
            party("EESMN", CertificateUse.TLS).known,
            party("DSMF", CertificateUse.TLS).known,
        ]
        return Directory(
            version=1,
            built_at=NOW,
            members=MappingProxyType(members),
            services=MappingProxyType({self.service.id.path: self.service}),
            grants=MappingProxyType({(self.grant.consumer, self.grant.service): (self.grant,)}),
            certificates=build_index(certificates),
        )

    def give_second_key(self) -> Party:
        """Give the bus a second key, of RSA, and EESMN one too; returns the bus's."""
        second = party("", kind="rsa2048")
        self.way.second_signer = second.signer
        known = [party(code).known for code in ("DIN", "EESMN", "DSMF")]
        certificates = build_index([*known, party("EESMN", kind="rsa2048").known])
        self.way.directory = replace(self.way.directory, certificates=certificates)
        return second

    def serve(self, **changes: Any) -> None:
        """Change the service's terms."""
        self.service = replace(self.service, **changes)
        self.way.directory = self.directory()

    def allow(self, **changes: Any) -> None:
        """Change the grant."""
        self.grant = replace(self.grant, **changes)
        self.way.directory = self.directory()

    # Messages, stage by stage.

    def signed(
        self,
        body: bytes = GET_PERSON,
        headers: tuple[bytes, ...] = (),
        version: SoapVersion = SoapVersion.V11,
        who: str = "EESMN",
        kind: str = "p256",
    ) -> bytes:
        """A signed request, another each time."""
        return signed_request(
            party(who, kind=kind).signer, version, body, headers, self.clock.now(), secrets.token_hex(6)
        )

    def request(
        self,
        message: bytes,
        version: SoapVersion = SoapVersion.V11,
        headers: dict[bytes, bytes] | None = None,
        peer: Peer | None = None,
    ) -> HttpRequest:
        """A POST of a message to the person register."""
        return HttpRequest(
            "POST",
            PERSONS.path,
            "",
            {b"content-type": MEDIA[version], **(headers or {})},
            message,
            peer or Peer("192.0.2.7"),
        )

    def received(
        self,
        message: bytes | None = None,
        version: SoapVersion = SoapVersion.V11,
        headers: dict[bytes, bytes] | None = None,
        peer: Peer | None = None,
    ) -> Received:
        message = self.signed(version=version) if message is None else message
        now = self.clock.now()
        return receive(self.request(message, version, headers, peer), uuid7(now, secrets.token_bytes(10)), now)

    def parsed(self, message: bytes | None = None, version: SoapVersion = SoapVersion.V11, **more: Any) -> Parsed:
        return parse(self.received(message, version, **more), self.way)

    def authenticated(self, *message: Any, **more: Any) -> Authenticated:
        return authenticate(self.parsed(*message, **more), self.way)

    def authorized(self, *message: Any, **more: Any) -> Authorized:
        return authorize(self.authenticated(*message, **more), self.way)

    def validated(self, *message: Any, **more: Any) -> Validated:
        return done(validate(self.authorized(*message, **more), self.way))

    def accepted(self, *message: Any, **more: Any) -> Accepted:
        accepted = done(record_request(self.validated(*message, **more), self.way))
        assert isinstance(accepted, Accepted)
        return accepted

    def routed(self, *message: Any, **more: Any) -> Routed:
        return route(self.accepted(*message, **more), self.way)

    def answered(self, *message: Any, **more: Any) -> Answered:
        return done(adapt(self.routed(*message, **more), self.way))

    def verified(self, *message: Any, **more: Any) -> VerifiedAnswer:
        return verify(self.answered(*message, **more), self.way)

    def judged(self, *message: Any, **more: Any) -> JudgedAnswer:
        return done(validate_answer(self.verified(*message, **more), self.way))


@cache
def read_operations() -> Any:
    """The person register's operations by the Clark name of their input."""
    return MappingProxyType({each.input: each for each in read_contract(CONTRACT).operations})
