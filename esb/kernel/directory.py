"""The directory: who exists, what they offer and who may ask, as frozen facts in memory.

The registry builds one (``esb/registry/snapshot.py``) whenever something changed; routing, certs and the stages only
read it.  Every lookup on the way of a message is one dictionary access: nothing here grows with the number of
services or grants.  An instance is never changed after it was built; a change makes a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from esb.kernel.faults import Rule
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.kernel.subjects import SubjectPaths


class MemberStatus(Enum):
    """Where a member stands in its connection to the bus."""

    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class ServiceStatus(Enum):
    """Whether a resource is served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class SignatureMode(Enum):
    """What of signatures goes to the provider (protocol: To the provider, and back)."""

    BUS = "bus"  # the bus's signature alone
    CARRY = "carry"  # the consumer's signed parts byte for byte, and the bus's own beside them
    NONE = "none"  # plain SOAP, for a system behind an adapter


class AnswerSignature(Enum):
    """What is demanded of the provider's own signature on its answers, or done where it makes none."""

    REQUIRED = "required"
    IGNORED = "ignored"
    HOSTED = "hosted"  # the bus signs the answer with its owner's key too, which it keeps for that owner


class Judgement(Enum):
    """How a Body that breaks the published schema is treated."""

    ENFORCE = "enforce"
    WARN = "warn"
    OFF = "off"


class CertificateUse(Enum):
    """What a registered certificate is for."""

    SIGNING = "signing"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Member:
    """A participant: a state, municipal or other body, or a bank."""

    code: str
    name_az: str
    name_en: str
    status: MemberStatus


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract, document/literal.

    Attributes:
        name: the WSDL operation's name.
        input: ``{namespace}local`` of the Body's element, "" when the Body is empty.
        output: the same for the answer; None for a one-way operation.
        soap_action: as the binding declares it, "" when it declares none.
        actions: every value that SOAPAction or wsa:Action may lawfully have for this operation.
        output_action: what wsa:Action of the answer is, "" when one-way.
        subjects: where its messages name persons; None where nobody has said so.  A service's own, not its contract's.
    """

    name: str
    input: str
    output: str | None
    soap_action: str
    actions: frozenset[str] = frozenset()
    output_action: str = ""
    subjects: SubjectPaths | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A registered resource, ready to be routed to.

    Attributes:
        endpoint: the provider's absolute URL (http or https); for ``adapter="hosted"`` the hosted service's name.
        provider_version: the SOAP version that the provider speaks; None when it speaks both (the request's goes on).
        adapter: ``soap`` or ``hosted``.
        timeout: seconds that the provider has for an answer.
        contract: SHA-256 (hex) of the stored contract; the judge and the published WSDL hang on it.
        operations: by the Clark name of the input element.
        sunset: Unix seconds from which on it is not served any more; None while no end is set.
        successor: the name of the service that takes its place, "" when none does.
        deprecated: Unix seconds at which its end was decided, None while it was not.
        retention: what is kept of its messages (:func:`~esb.kernel.retention.parse_retention`); "" as the settings say.
    """

    id: ServiceId
    status: ServiceStatus
    endpoint: str
    provider_version: SoapVersion | None
    adapter: str
    signature: SignatureMode
    answer_signature: AnswerSignature
    judge_request: Judgement
    judge_answer: Judgement
    timeout: float
    contract: str
    operations: Mapping[str, Operation]
    sunset: float | None = None
    successor: str = ""
    deprecated: float | None = None
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A consumer's leave to ask: who, what, why, on which ground, for how long and how often.

    Attributes:
        consumer: ``MEMBER`` or ``MEMBER/SYSTEM``.
        service: the service's name as text.
        operations: names of the operations granted; None for all of them.
        valid_from, valid_until: Unix seconds; ``valid_until`` is None where there is no end.
        per_second, per_day: quota, None where there is none.
        required_fields: names among client, id, purpose, legalBasis, caseNumber, officer, onBehalfOf.
    """

    id: int
    consumer: str
    service: str
    operations: frozenset[str] | None
    purpose: str
    legal_basis: str
    valid_from: float
    valid_until: float | None
    per_second: int | None
    per_day: int | None
    required_fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate that the registry knows as a member's, with everything about it that is decided ahead.

    Attributes:
        sha256: SHA-256 of the DER.
        owner: the member's code; "" for the bus's own.
        key: the public key, loaded once.
        problem: why this certificate cannot sign whatever the time (path, key usage, weak key), as the rule it
            breaks, or None.
        revoked: why it is revoked (RFC 5280 reason name), or None.
        known_until: Unix seconds until which it is known that it is not revoked, grace included: by the lists of its
            own authority, or by what a responder said of it; None where its authority gives no list.
        not_before, not_after: Unix seconds.
    """

    sha256: bytes
    der: bytes
    owner: str
    use: CertificateUse
    key: CertificatePublicKeyTypes
    subject: str
    issuer: str
    serial: int
    not_before: float
    not_after: float
    problem: Rule | None = None
    revoked: str | None = None
    known_until: float | None = None


@dataclass(frozen=True, slots=True)
class CertificateIndex:
    """Registered certificates by each of the ways in which WS-Security can refer to one.

    Keys: SHA-256 of the DER; (issuer name as canonical DER bytes, serial number); subject key identifier;
    SHA-1 of the DER (the thumbprint reference of WSS 1.1, a name and no more).
    A key under which two certificates would stand is left out: an ambiguous name names nobody.
    """

    by_sha256: Mapping[bytes, KnownCertificate] = field(default_factory=lambda: MappingProxyType({}))
    by_issuer_serial: Mapping[tuple[bytes, int], KnownCertificate] = field(default_factory=lambda: MappingProxyType({}))
    by_key_id: Mapping[bytes, KnownCertificate] = field(default_factory=lambda: MappingProxyType({}))
    by_sha1: Mapping[bytes, KnownCertificate] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Announced maintenance of a member's services.

    Attributes:
        services: names as text; None for all that the member offers.
        starts, ends: Unix seconds.
    """

    member: str
    services: frozenset[str] | None
    starts: float
    ends: float


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that a decision needs, at one moment of the registry.

    Attributes:
        version: the registry's change number that this was built at; grows with every change.
        built_at: Unix seconds.
        services: by URL path, ``/services/DIN/IAMAS/PersonQuery/v1``.
        grants: by (consumer, service text); a consumer is ``MEMBER`` or ``MEMBER/SYSTEM``.
        maintenance: what is announced and not over; nothing on a node that follows a publication.
    """

    version: int
    built_at: float
    members: Mapping[str, Member]
    services: Mapping[str, Service]
    grants: Mapping[tuple[str, str], tuple[Grant, ...]]
    certificates: CertificateIndex
    maintenance: tuple[Maintenance, ...] = ()
