"""The one error tree, and the catalogue of codes by which a refusal is known.

Departments raise these and know no wire: how a code becomes a SOAP fault and an HTTP status is written in
``esb/stages/reply.py`` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class EsbError(Exception):
    """The root of every error that the bus raises on purpose.  Its text is fit for a person to read."""


class Blame(Enum):
    """Who has to do something about a refusal (SOAP 1.1 Client/Server, SOAP 1.2 Sender/Receiver)."""

    CONSUMER = "consumer"
    PROVIDER = "provider"
    BUS = "bus"


class Retry(Enum):
    """Whether the same request may be sent again with any hope."""

    NO = "no"
    YES = "yes"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What is true of a fault code whatever its cause."""

    blame: Blame
    retry: Retry


class Code(Enum):
    """The fault codes of the exchange protocol, version 1 (docs/protocol.md, section Faults)."""

    MALFORMED_MESSAGE = "MalformedMessage"
    UNSUPPORTED_MEDIA = "UnsupportedMedia"
    TOO_LARGE = "TooLarge"
    VERSION_MISMATCH = "VersionMismatch"
    NOT_UNDERSTOOD = "NotUnderstood"
    NO_SUCH_RESOURCE = "NoSuchResource"
    NO_SUCH_OPERATION = "NoSuchOperation"
    RESOURCE_SUSPENDED = "ResourceSuspended"
    SIGNATURE_MISSING = "SignatureMissing"
    SIGNATURE_INVALID = "SignatureInvalid"
    PART_NOT_SIGNED = "PartNotSigned"
    ALGORITHM_FORBIDDEN = "AlgorithmForbidden"
    CERTIFICATE_UNKNOWN = "CertificateUnknown"
    CERTIFICATE_EXPIRED = "CertificateExpired"
    CERTIFICATE_REVOKED = "CertificateRevoked"
    CERTIFICATE_NOT_YET_VALID = "CertificateNotYetValid"
    KEY_USAGE_FORBIDDEN = "KeyUsageForbidden"
    REVOCATION_UNKNOWN = "RevocationUnknown"
    MESSAGE_EXPIRED = "MessageExpired"
    REPLAY = "Replay"
    ACCESS_DENIED = "AccessDenied"
    PURPOSE_MISSING = "PurposeMissing"
    QUOTA_EXCEEDED = "QuotaExceeded"
    SCHEMA_VIOLATION = "SchemaViolation"
    PROVIDER_UNAVAILABLE = "ProviderUnavailable"
    PROVIDER_TIMEOUT = "ProviderTimeout"
    PROVIDER_FAULT = "ProviderFault"
    PROVIDER_SIGNATURE_INVALID = "ProviderSignatureInvalid"
    OVERLOADED = "Overloaded"
    INTERNAL_ERROR = "InternalError"

    @property
    def facts(self) -> CodeFacts:
        """Blame and retry for this code."""
        return _FACTS[self]


_C = CodeFacts(Blame.CONSUMER, Retry.NO)
_FACTS: Mapping[Code, CodeFacts] = {
    **dict.fromkeys(Code, _C),
    Code.RESOURCE_SUSPENDED: CodeFacts(Blame.CONSUMER, Retry.AFTER),
    Code.REVOCATION_UNKNOWN: CodeFacts(Blame.BUS, Retry.AFTER),
    Code.QUOTA_EXCEEDED: CodeFacts(Blame.CONSUMER, Retry.AFTER),
    Code.PROVIDER_UNAVAILABLE: CodeFacts(Blame.PROVIDER, Retry.YES),
    # The provider may have acted on what it did not answer: to ask again blindly could do the thing twice.
    Code.PROVIDER_TIMEOUT: CodeFacts(Blame.PROVIDER, Retry.NO),
    Code.PROVIDER_FAULT: CodeFacts(Blame.PROVIDER, Retry.NO),
    Code.PROVIDER_SIGNATURE_INVALID: CodeFacts(Blame.PROVIDER, Retry.NO),
    Code.OVERLOADED: CodeFacts(Blame.BUS, Retry.AFTER),
    Code.INTERNAL_ERROR: CodeFacts(Blame.BUS, Retry.NO),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of docs/protocol.md: its stable id, the code it refuses with, and its sentence.

    ``retry`` and ``blame`` override what is true of the code's other causes.
    """

    id: str
    code: Code
    text: str
    retry: Retry | None = None
    blame: Blame | None = None


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Refusal(EsbError):
    """A message does not go on.  Carries the rule it broke and what may safely be told of it.

    Args:
        rule: the rule that was broken; gives the code.
        reason: one sentence for a person, saying what is wrong and what to do next.  Never holds key material,
            message content beyond names and positions, or an internal error's text.
        particulars: short safe facts by name, e.g. ``{"reference": "#body"}``; they reach the fault's detail.
        retry_after: whole seconds until asking again makes sense, where that is known.
    """

    def __init__(
        self, rule: Rule, reason: str, particulars: Mapping[str, str] = _NOTHING, retry_after: int | None = None
    ) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
        self.particulars = particulars
        self.retry_after = retry_after

    @property
    def code(self) -> Code:
        """The fault code that the broken rule refuses with."""
        return self.rule.code

    @property
    def blame(self) -> Blame:
        """Who has to do something about it."""
        return self.rule.blame or self.code.facts.blame

    @property
    def retry(self) -> Retry:
        """Whether the same request may be sent again; AFTER whenever a time to wait is told."""
        retry = self.rule.retry or self.code.facts.retry
        return Retry.AFTER if self.retry_after is not None else retry
