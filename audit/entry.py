"""What one evidence record says: the facts that its leaf covers, small and without message content."""

from enum import Enum

from esb.kernel.frozen import frozen

MANY = "f" * 32
"""Stands last among the pseudonyms of a record that names more persons than it holds pseudonyms of."""

TEXT_LIMIT = 256  # characters kept of a text that a stranger chose


class Kind(Enum):
    """What a record is evidence of."""

    REQUEST = "request"
    ANSWER = "answer"
    REFUSAL = "refusal"
    CHANGE = "change"

    suffix: str
    """What ends the name of a record of this kind."""

    def __init__(self, name: str) -> None:
        self.suffix = "-q" if name == "request" else f"-{name[0]}"
        self.text = f'"{name}"'


@frozen
class Entry:
    """The facts of one request, answer, refusal or change.  A text that does not apply is "", a number None.

    Of a change (:mod:`esb.audit.change`) ``officer`` is who acted, ``operation`` what was done, ``service`` to what.

    Attributes:
        record: the record's stable name, :func:`record_id` of the next two.
        exchange: the exchange's id (UUIDv7 text); request and answer share it.  A change's own name.
        kind: what the record is evidence of.
        at: microseconds since the Unix epoch, UTC.
        consumer: code of the member whose signature was verified; "" when nobody was authenticated.
        client: ``MEMBER/SYSTEM`` that the consumer says asks, else its own code.
        service: the resource's name; on an early refusal the path that was asked, through :func:`clip`.
        operation: the WSDL operation's name.
        message_id: by which the consumer knows the request (TIM-04).
        grant: id of the grant that allowed it.
        purpose, legal_basis: of the grant or the Exchange header, as decided by the bus.
        case_number, officer, on_behalf_of: of the consumer's Exchange header.
        outcome: ``accepted`` for a request; ``answered`` or ``provider-fault`` for an answer; the fault code's
            value for a refusal; ``changed`` for a change.
        rule: id of the rule that a refusal cites.
        reason: the refusal's sentence, as the consumer reads it.
        stage: where on the way a refusal happened.
        certificate: SHA-256 of the signer's certificate, hex.
        signature: identity of the signature (``VerifiedSignature.identity``), hex.
        message_sha256: SHA-256 of the message as received, hex: the consumer's bytes, or the provider's on an answer.
        body_sha256: SHA-256 of the canonical Body, hex; of an answer as sent.
        request_leaf: leaf hash of the request's record, hex; binds an answer to its request.
        duration_us: microseconds from the request's last byte until this record was made.
        provider_us: microseconds that the provider took.
        peer: network address that the request came from.
        subject: pseudonyms of the persons whom the message names where its resource says so, 32 lower-case hex digits
            each, sorted, without doubles, one space between two.
        unnamed: how many more persons it names, beyond the most whose pseudonyms a record holds; None where none.  Then
            :data:`MANY` is the last of ``subject``.
        kept: what is kept of the messages and until which day, as :func:`~esb.kernel.retention.read_kept` reads it; ""
            in full, without end.
    """

    record: str
    exchange: str
    kind: Kind
    at: int
    consumer: str
    client: str
    service: str
    operation: str
    message_id: str
    grant: int | None
    purpose: str
    legal_basis: str
    case_number: str
    officer: str
    on_behalf_of: str
    outcome: str
    rule: str
    reason: str
    stage: str
    certificate: str
    signature: str
    message_sha256: str
    body_sha256: str
    request_leaf: str
    duration_us: int | None
    provider_us: int | None
    peer: str
    subject: str = ""
    unnamed: int | None = None
    kept: str = ""


def record_id(exchange: str, kind: Kind) -> str:
    """Name the record of this kind in an exchange: ``<exchange>-q``, ``-a``, ``-r`` or ``-c``."""
    return exchange + kind.suffix


def clip(text: str, limit: int = TEXT_LIMIT) -> str:
    """Make a stranger's text fit for a record: at most ``limit`` characters, no NUL, no lone surrogate.

    PostgreSQL stores no NUL and UTF-8 has no lone surrogates; each becomes U+FFFD.
    """
    short = text[:limit]
    if short.isprintable():
        return short
    return short.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
