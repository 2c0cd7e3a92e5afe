"""Authenticate: who signed this, and what exactly.  The only place where an ``Authenticated`` is made."""

from typing import Final

from esb.certs.standing import check_standing
from esb.certs.window import check_window
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Authenticated, ExchangeHeader, Parsed, SignedPart
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
_FIELD_MAX: Final = 256
_URI_MAX: Final = 2048
_NO_HEADER: Final = ExchangeHeader()


def authenticate(message: Parsed, way: Way) -> Authenticated:
    """Verify the signature, the standing of its certificate and its time; read the signed headers.

    Raises:
        Refusal: SIG-*, CRT-*, TIM-01 to -03, TIM-05, MSG-14, ADR-03, ADR-04, ACC-09.
    """
    directory = way.directory
    signature = way.verifier.verify(message.envelope, directory.certificates)
    now = way.clock.now()
    check_standing(signature.signer, now, directory.revocation_known_until)
    check_window(signature.created, signature.expires, now, way.window, way.skew)
    addressing: dict[str, str] = {}
    exchange = _NO_HEADER
    if signature.blocks:
        addressing = _addressing(signature.blocks)
        exchange = _exchange_header(signature.blocks)
    message_id = addressing.get("MessageID") or exchange.id or signature.identity.hex()
    if len(message_id) > _FIELD_MAX or not message_id.isprintable() or " " in message_id:
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
            found[local] = ""
        else:
            found[local] = _text(block.element)
    return found


def _text(element: Element) -> str:
    text = (element.text or "").strip()
    if len(element) or not text or len(text) > _URI_MAX:
        raise Refusal(
            rules.WSA_ONCE,
            "A WS-Addressing header is empty, too long or holds elements.",
            {"header": str(element.tag).rpartition("}")[2][:64]},
        )
    return text


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
    if any((text or "").strip() for text in (header.text, *(child.tail for child in header))):
        raise Refusal(rules.ACC_HEADER, "exch:Exchange holds text between its fields.")
    values: dict[str, str] = {}
    for child in header:
        field = _EXCHANGE_FIELDS.get(str(child.tag))
        value = (child.text or "").strip()
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
