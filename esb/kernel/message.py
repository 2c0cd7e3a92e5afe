"""A message on its way: one frozen type per stage, each holding the one before.

The types keep the order of the way.  ``authorize`` takes an :class:`Authenticated`, and only
``esb/stages/authenticate.py`` makes one; what a verified signature did not cover is not reachable from it except
through ``parsed``, which later stages do not read (tests/house proves it).
"""

from esb.kernel.directory import Grant, KnownCertificate, Operation, Service
from esb.kernel.frozen import frozen
from esb.kernel.http import Peer
from esb.kernel.soap import Envelope, SoapVersion
from esb.kernel.xml import Element


@frozen
class Received:
    """A request's bytes and where they came in; nothing about it is believed yet.

    Attributes:
        exchange: the exchange id that the bus gave it (UUIDv7 text).
        at: Unix seconds when its last byte was in.
        path: URL path it was posted to.
        version: the SOAP version that the media type states.
        action: SOAPAction (1.1) or the action parameter (1.2) without quotes; None when absent.
        raw: as received after de-chunking and gunzip; what evidence keeps.
        data: the same in UTF-8; the same object as ``raw`` unless it came as UTF-16.
    """

    exchange: str
    at: float
    path: str
    version: SoapVersion
    action: str | None
    raw: bytes
    data: bytes
    peer: Peer


@frozen
class Parsed:
    """A well-formed SOAP envelope.  Its sender is still only *claimed*."""

    received: Received
    envelope: Envelope


@frozen
class SignedPart:
    """An element that a verified signature covers, with the very octets that were digested.

    Attributes:
        element: the element itself, in the one parsed tree.
        id: the identifier by which the signature referred to it.
        canonical: its exclusive canonical form under ``prefixes``; what may be forwarded.
        prefixes: the InclusiveNamespaces PrefixList it was canonicalized with.
        sha256: SHA-256 of ``canonical``.
    """

    element: Element
    id: str
    canonical: bytes
    prefixes: tuple[str, ...]
    sha256: bytes


@frozen
class VerifiedSignature:
    """What a signature proved: who signed, and exactly which elements.

    Attributes:
        signer: the registered certificate whose key verified the signature.
        body, timestamp: the two parts that every message signs.
        blocks: the signed header blocks, in document order, without the Timestamp and the token.
        security: the wsse:Security header it stood in; ``signature`` the ds:Signature, ``token`` the
            BinarySecurityToken that KeyInfo referred to, if any.  For carrying on byte for byte, not for deciding.
        algorithm: URI of the signature algorithm.
        identity: 32 bytes that name this signature however its value is re-encoded or malleated: SHA-256 over the
            canonical SignedInfo and the normalized value (ECDSA: r and the lower of s and n-s).
        created, expires: of the Timestamp, Unix seconds; ``expires`` is None when absent.
    """

    signer: KnownCertificate
    body: SignedPart
    timestamp: SignedPart
    blocks: tuple[SignedPart, ...]
    security: Element
    signature: Element
    token: Element | None
    algorithm: str
    identity: bytes
    created: float
    expires: float | None


@frozen
class ExchangeHeader:
    """The optional ``exch:Exchange`` header (ACC-05, ACC-09); an absent field is None."""

    client: str | None = None
    id: str | None = None
    purpose: str | None = None
    legal_basis: str | None = None
    case_number: str | None = None
    officer: str | None = None
    on_behalf_of: str | None = None


@frozen
class Authenticated:
    """A message whose signer is known, with what it signed.

    Attributes:
        consumer: code of the member that owns the signing certificate.
        message_id: wsa:MessageID, else the Exchange header's id, else ``signature.identity`` in hex (TIM-04).
        action, to: signed WS-Addressing headers, None when absent.
        addressing: the WS-Addressing namespace that the request speaks, None when none.
        addressed_id: wsa:MessageID, None when absent.
    """

    parsed: Parsed
    signature: VerifiedSignature
    consumer: str
    message_id: str
    exchange: ExchangeHeader
    action: str | None
    to: str | None
    addressing: str | None = None
    addressed_id: str | None = None


@frozen
class Authorized:
    """A message whose consumer may ask this operation; ``client`` is the subsystem it names, else the member itself."""

    authenticated: Authenticated
    service: Service
    operation: Operation
    grant: Grant
    client: str


@frozen
class Violation:
    """One place where a Body breaks its schema.  Names and positions only, never the value that stood there.

    Attributes:
        line, column: in the message, 1-based; column 0 where libxml2 does not tell.
        path: element path from the Body's element, by local names with positions.
        expected: what the schema wants there.
    """

    line: int
    column: int
    path: str
    expected: str


@frozen
class Validated:
    """A request judged against its schema.

    Attributes:
        warnings: violations let through because the resource only warns.
        scope: prefix bindings that the Body's content names but its canonical form lacks (SIG-14); they are declared
            on the outgoing Envelope.
    """

    authorized: Authorized
    warnings: tuple[Violation, ...]
    scope: tuple[tuple[str, str], ...] = ()


@frozen
class Accepted:
    """A request whose record is durable: from here on it may be forwarded.

    Attributes:
        record: the record's id; ``leaf`` the SHA-256 leaf hash of it (32 bytes).
        digest: SHA-256 of the message as received, to which the receipt binds the answer.
    """

    validated: Validated
    record: str
    leaf: bytes
    digest: bytes


@frozen
class Outgoing:
    """What goes to the provider: the whole envelope as bytes, and how.

    ``consumer`` is the member that asks and ``client`` the subsystem it names, else the member itself; ``officer`` is
    the person whom its signed exch:Exchange names, "" where it names none.
    """

    exchange: str
    consumer: str
    client: str
    service: Service
    operation: Operation
    version: SoapVersion
    envelope: bytes
    officer: str = ""


@frozen
class Routed:
    """An accepted request with the envelope that goes to the provider."""

    accepted: Accepted
    outgoing: Outgoing


@frozen
class ProviderAnswer:
    """What the provider gave back, whatever its adapter: an envelope's bytes, not yet looked into.

    ``charset`` is the HTTP charset parameter, if any.  ``data`` is empty for a one-way operation.
    """

    version: SoapVersion
    data: bytes
    charset: str | None = None


@frozen
class Answered:
    """A provider's answer with the time that it took (microseconds)."""

    routed: Routed
    answer: ProviderAnswer
    provider_us: int


@frozen
class VerifiedAnswer:
    """A provider's answer, parsed, verified where the resource demands it, and canonical.

    Attributes:
        version: the SOAP version it came in.
        payload: the Body's element, for the judge; None when empty or one-way.
        content: canonical octets of what stands in the Body (the payload, or nothing).
        prefixes: prefixes whose bindings the content's values need beyond its own names; their declarations stand in
            ``content`` and belong in the PrefixList of whoever signs it.
        is_fault: whether the payload is the provider's own SOAP fault.
        provider_signed: whether the provider's own signature was verified.
    """

    answered: Answered
    version: SoapVersion
    payload: Element | None
    content: bytes
    prefixes: tuple[str, ...]
    is_fault: bool
    provider_signed: bool


@frozen
class JudgedAnswer:
    """An answer judged against its schema; ``warnings`` are violations let through."""

    verified: VerifiedAnswer
    warnings: tuple[Violation, ...]


@frozen
class Replied:
    """What leaves for the consumer: signed, recorded, final.  ``status`` is the HTTP status."""

    status: int
    version: SoapVersion
    envelope: bytes
    retry_after: int | None = None
