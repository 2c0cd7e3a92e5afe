"""Authenticate: who signed this, and what exactly.  The only place where an ``Authenticated`` is made."""

from typing import Final

from esb.certs.standing import check_standing
from esb.certs.window import check_window
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Authenticated, ExchangeHeader, Parsed, SignedPart, VerifiedSignature
from esb.kernel.xml import Element
from esb.routing.table import check_reply_address
from esb.stages.way import Way

_WSA: Final = {f"{{{ns.WSA}}}": ns.WSA, f"{{{ns.WSA_2004}}}": ns.WSA_2004}
_WSA_READ: Final = frozenset({"MessageID", "Action", "To", "ReplyTo", "FaultTo"})
_OURS: Final = f"{{{ns.EXCHANGE}}}"
_EXCHANGE: Final = f"{_OURS}Exchange"
_EXCHANGE_FIELDS: Final = {
    f"{{{ns.EXCHANGE}}}{name}": field
    for name, field in (
        ("client", "client"),
        ("id", "id"),
        ("purpose", "purpose"),
        ("legalBasis", "legal_basis"),
        ("caseNumber", "case_number"),
        ("officer", "officer"),
        ("onBehalfOf", "on_behalf_of"),
    )
}
_BLANK: Final = " \t\r\n"  # XML's white space; Python's own is more, and part of an id
_FIELD_MAX: Final = 256
_URI_MAX: Final = 2048
_NO_HEADER: Final = ExchangeHeader()


class SignedRefusal(Refusal):
    """A refusal of a message whose signature verified: the evidence can say whose it was."""

    def __init__(self, refusal: Refusal, signature: VerifiedSignature) -> None:
        super().__init__(refusal.rule, refusal.reason, refusal.particulars, refusal.retry_after)
        self.signature = signature


def authenticate(message: Parsed, way: Way) -> Authenticated:
    """Verify the signature, the standing of its certificate and its time; read the signed headers.

    Raises:
        Refusal: SIG-*, CRT-01, TIM-01, MSG-14.
        SignedRefusal: CRT-02 to CRT-07, TIM-02, TIM-03, TIM-05, ADR-03, ADR-04, ACC-09.
    """
    directory = way.directory
    signature = way.verifier.verify(message.envelope, directory.certificates)
    try:
        now = way.clock.now()
        check_standing(signature.signer, now)
        check_window(signature.created, signature.expires, now, way.window, way.skew)
        return _read_headers(message, signature)
    except Refusal as refusal:
        raise SignedRefusal(refusal, signature) from refusal


def _read_headers(message: Parsed, signature: VerifiedSignature) -> Authenticated:
    addressing: dict[str, str] = {}
    exchange = _NO_HEADER
    if signature.blocks:
        addressing = _addressing(signature.blocks)
        exchange = _exchange_header(signature.blocks)
    message_id = addressing.get("MessageID", exchange.id)
    if message_id is None:
        message_id = signature.identity.hex()
    if not 0 < len(message_id) <= _FIELD_MAX or not message_id.isprintable() or " " in message_id:
        raise Refusal(rules.TIM_ID, "The message id is not 1 to 256 visible characters without spaces.")
    return Authenticated(
        parsed=message,
        signature=signature,
        consumer=signature.signer.owner,
        message_id=message_id,
        exchange=exchange,
        action=addressing.get("Action"),
        to=addressing.get("To"),
        addressing=addressing.get(""),
        addressed_id=addressing.get("MessageID"),
    )


def _addressing(blocks: tuple[SignedPart, ...]) -> dict[str, str]:
    """The WS-Addressing properties that the bus reads, by local name; "" holds their namespace."""
    found: dict[str, str] = {}
    spoken: str | None = None
    for block in blocks:
        tag = str(block.element.tag)
        namespace, _, local = tag.rpartition("}")
        uri = _WSA.get(namespace + "}")
        if uri is None:
            continue
        if spoken not in (None, uri) or local in found:
            raise Refusal(
                rules.WSA_ONCE, "A WS-Addressing header stands twice or in two versions.", {"header": local[:64]}
            )
        spoken = found[""] = uri
        if local not in _WSA_READ:
            continue
        if local in ("ReplyTo", "FaultTo"):
            # Every one, for a provider that is given this header may read the last where another reads the first.
            addresses = [_text(address) for address in block.element.iter(f"{{{uri}}}Address")]
            for address in addresses or [""]:
                check_reply_address(address)
            _check_nothing_to_carry(block.element, uri)
            found[local] = ""
        else:
            found[local] = _text(block.element)
    return found


def _check_nothing_to_carry(endpoint: Element, uri: str) -> None:
    """Whoever answers an endpoint copies its reference parameters into the answer's header (WS-Addressing 1.0 Core,
    section 3.4; 2004/08 has properties too).  There the bus would sign a consumer's words as its own.

    Raises:
        Refusal: ADR-03.
    """
    for element in endpoint.iter(f"{{{uri}}}ReferenceParameters", f"{{{uri}}}ReferenceProperties"):
        if len(element) or (element.text or "").strip(_BLANK):
            raise Refusal(
                rules.WSA_REPLY,
                "Answers go back on this connection, with wsa:RelatesTo: leave reference parameters out of ReplyTo and "
                "FaultTo.",
            )


def _text(element: Element) -> str:
    """What a header says; "" when it says nothing or what no such header can, which its own rule then refuses."""
    text = (element.text or "").strip(_BLANK)
    return "" if len(element) or len(text) > _URI_MAX else text


def _exchange_header(blocks: tuple[SignedPart, ...]) -> ExchangeHeader:
    """The exch:Exchange header as a value (ACC-09); its form is that of schemas/xsd/exchange.xsd."""
    found = [block.element for block in blocks if block.element.tag == _EXCHANGE]
    if any(block.element.tag != _EXCHANGE and str(block.element.tag).startswith(_OURS) for block in blocks):
        # Carried on, it would stand beside the bus's own exch:Forwarded and say otherwise.
        raise Refusal(
            rules.ACC_HEADER, "Only the bus writes exch:Forwarded and exch:Receipt: send exch:Exchange alone."
        )
    if not found:
        return _NO_HEADER
    if len(found) > 1:
        raise Refusal(rules.ACC_HEADER, "exch:Exchange stands twice.")
    header = found[0]
    if any((text or "").strip(_BLANK) for text in (header.text, *(child.tail for child in header))):
        raise Refusal(rules.ACC_HEADER, "exch:Exchange holds text between its fields.")
    values: dict[str, str] = {}
    for child in header:
        field = _EXCHANGE_FIELDS.get(str(child.tag))
        value = (child.text or "").strip(_BLANK)
        if field is None or field in values or len(child) or not 0 < len(value) <= _FIELD_MAX:
            raise Refusal(
                rules.ACC_HEADER,
                "exch:Exchange does not have the form of its schema: each field once, 1 to 256 characters.",
                {"field": str(child.tag).rpartition("}")[2][:64]},
            )
        if not value.isprintable():
            raise Refusal(rules.ACC_HEADER, "A field of exch:Exchange holds control characters.", {"field": field})
        values[field] = value
    return ExchangeHeader(**values)
