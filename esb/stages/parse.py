"""Parse: the message becomes a SOAP envelope, once; nothing about its sender is believed yet."""

from typing import Final

from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Parsed, Received
from esb.kernel.soap import Envelope, is_for_bus, must_understand, open_envelope
from esb.kernel.xml import parse_message
from esb.stages.way import Way

# What the bus understands of header blocks: security, addressing and its own.
_UNDERSTOOD: Final = frozenset({f"{{{ns.WSSE}}}Security", f"{{{ns.EXCHANGE}}}Exchange"})
_ADDRESSING: Final = (f"{{{ns.WSA}}}", f"{{{ns.WSA_2004}}}")


def parse(message: Received, way: Way) -> Parsed:
    """Parse and take apart.

    Raises:
        Refusal: MSG-04 to MSG-13.
    """
    envelope = open_envelope(parse_message(message.data, way.xml), message.data)
    if envelope.version is not message.version:
        raise Refusal(
            rules.SOAP_VERSION,
            "The envelope is of one SOAP version and the media type of the other.",
            {"mediaType": message.version.media_type},
        )
    _check_understood(envelope)
    return Parsed(message, envelope)


def _check_understood(envelope: Envelope) -> None:
    for block in envelope.blocks:
        tag = str(block.tag)
        known = tag in _UNDERSTOOD or tag.startswith(_ADDRESSING)
        if not known and must_understand(block, envelope.version) and is_for_bus(block, envelope.version):
            raise Refusal(
                rules.SOAP_UNDERSTAND,
                "A header block with mustUnderstand is one that the bus does not know.",
                {"block": tag[:200]},
            )
