"""SOAP 1.1 and 1.2 envelopes: taking one apart by a fixed walk, and the constant text around one."""

from enum import Enum
from typing import Final

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.frozen import frozen
from esb.kernel.namespaces import BUS_ACTOR, SOAP11, SOAP11_NEXT, SOAP12, SOAP12_NEXT, SOAP12_NONE, SOAP12_ULTIMATE
from esb.kernel.xml import Element

_BLANK: Final = " \t\r\n"


class SoapVersion(Enum):
    """The two SOAP versions; the value is the envelope's namespace."""

    V11 = SOAP11
    V12 = SOAP12

    media_type: str
    """The media type that the SOAP HTTP binding gives this version."""

    # Dictionaries by members are looked up through a hash in Python, twenty times a message.
    def __init__(self, uri: str) -> None:
        self.media_type = "text/xml" if uri == SOAP11 else "application/soap+xml"
        self.header_tag = f"{{{uri}}}Header"
        self.body_tag = f"{{{uri}}}Body"
        self.fault_tag = f"{{{uri}}}Fault"
        self.must_understand = f"{{{uri}}}mustUnderstand"
        self.role = f"{{{uri}}}{'actor' if uri == SOAP11 else 'role'}"
        self.encoding_style = f"{{{uri}}}encodingStyle"


@frozen
class Envelope:
    """An envelope taken apart.

    Attributes:
        blocks: the header's child elements in document order.
        payload: the Body's only child element, None for an empty Body.
        data: the octets that it was parsed from, where they are at hand.
    """

    version: SoapVersion
    root: Element
    header: Element | None
    blocks: tuple[Element, ...]
    body: Element
    payload: Element | None
    data: bytes = b""


_VERSIONS: Final = {f"{{{version.value}}}Envelope": version for version in SoapVersion}
_TO_US: Final = frozenset({None, "", SOAP11_NEXT, SOAP12_NEXT, SOAP12_ULTIMATE, BUS_ACTOR})
_TRUE: Final = frozenset({"1", "true"})


def open_envelope(root: Element, data: bytes = b"") -> Envelope:
    """Take a parsed document apart as a SOAP envelope.

    Args:
        data: the octets that it was parsed from, where they are at hand: some questions are cheaper asked of them.

    Raises:
        Refusal: MSG-09 (not an envelope, a second Body, elements or text where none may stand), MSG-10 (another
            SOAP version), MSG-11 (several elements or text in the Body), MSG-13 (encoded).
    """
    version = _VERSIONS.get(str(root.tag))
    if version is None:
        if str(root.tag).endswith("}Envelope"):
            raise Refusal(rules.SOAP_VERSION, "The Envelope's namespace is neither SOAP 1.1 nor SOAP 1.2.")
        raise Refusal(rules.SOAP_ENVELOPE, "The document's root is not a SOAP Envelope.")
    if not _blank(root.text):
        raise Refusal(rules.SOAP_ENVELOPE, "There is text between the parts of the Envelope.")
    header: Element | None = None
    body: Element | None = None
    for child in root:
        if not _blank(child.tail):
            raise Refusal(rules.SOAP_ENVELOPE, "There is text between the parts of the Envelope.")
        tag = child.tag
        if tag == version.body_tag and body is None:
            body = child
        elif tag == version.header_tag and header is None and body is None:
            header = child
        else:
            raise Refusal(rules.SOAP_ENVELOPE, "The Envelope holds more than one Header and one Body, in this order.")
    if body is None:
        raise Refusal(rules.SOAP_ENVELOPE, "The Envelope has no Body.")
    # On its Envelope SOAP 1.1 (section 4.1.1) allows the attribute whatever the Body is, and Perl's SOAP::Lite always
    # writes it there; it encodes nothing by itself.  SOAP 1.2 (part 1, section 5.1.1) forbids it there.
    for part in (header, body) if version is SoapVersion.V11 else (root, header, body):
        if part is not None and part.get(version.encoding_style) is not None:
            raise Refusal(rules.SOAP_ENCODING, "The envelope has an encodingStyle: send document/literal.")
    blocks = () if header is None else tuple(header)
    if header is not None and not (_blank(header.text) and all(_blank(block.tail) for block in blocks)):
        raise Refusal(rules.SOAP_ENVELOPE, "There is text between the header blocks.")
    return Envelope(version, root, header, blocks, body, _payload(body, version), data)


def _payload(body: Element, version: SoapVersion) -> Element | None:
    children = len(body)
    if children == 0:
        if not _blank(body.text):
            raise Refusal(rules.SOAP_ONE_CHILD, "The Body holds text.")
        return None
    if children > 1:
        raise Refusal(rules.SOAP_ONE_CHILD, "The Body holds more than one element.")
    child = body[0]
    if not (_blank(body.text) and _blank(child.tail)):
        raise Refusal(rules.SOAP_ONE_CHILD, "The Body holds text beside its element.")
    if child.get(version.encoding_style) is not None:
        raise Refusal(rules.SOAP_ENCODING, "The Body's element has an encodingStyle: send document/literal.")
    return child


def _blank(text: str | None) -> bool:
    return not text or not text.strip(_BLANK)


def role_of(block: Element, version: SoapVersion) -> str | None:
    """The actor (SOAP 1.1) or role (SOAP 1.2) that a header block is addressed to, None when it names none."""
    return block.get(version.role)


def is_for_bus(block: Element, version: SoapVersion) -> bool:
    """Whether a header block is addressed to the bus: as next, as ultimate receiver, or by the bus's own actor."""
    return block.get(version.role) in _TO_US


def must_understand(block: Element, version: SoapVersion) -> bool:
    """Whether a header block is mandatory for whom it is addressed to (SOAP 1.1 section 4.2.3, SOAP 1.2 5.2.3)."""
    value = block.get(version.must_understand)
    return value is not None and value.strip(_BLANK) in _TRUE and block.get(version.role) != SOAP12_NONE
