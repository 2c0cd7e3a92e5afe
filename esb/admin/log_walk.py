"""Judging the envelopes that the log says were sent: under the bus's own signature, and of the record they stand by.

Each process of a walk imports this, and nothing of the registry with it: that would take longer than many records.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Final

from esb.audit.entry import Entry
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.certs.index import CertificateLoader
from esb.certs.profile import SignatureLimits
from esb.certs.verify import Verifier
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex, CertificateUse
from esb.kernel.faults import Refusal
from esb.kernel.retention import Form, read_kept
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import XmlLimits, parse_message
from esb.stages.compose import body_element

# What the bus itself has sent was within its limits at the time; these only bound what a forger could have put there.
_XML: Final = XmlLimits(
    max_bytes=1 << 30, max_elements=10_000_000, max_attributes=1_000, max_namespaces=10_000, max_depth=1_000
)
_SIGNATURE: Final = SignatureLimits()
_LEAF: Final = f"{{{ns.EXCHANGE}}}leaf"


def sent_judge(certificates: Iterable[bytes]) -> Callable[[bytes, Entry], str]:
    """What says whether an envelope is the one that was sent; can be handed to another process.

    Args:
        certificates: DER of every certificate that the bus has signed with.
    """
    return partial(_wrong_with, tuple(certificates))


def _wrong_with(certificates: tuple[bytes, ...], sent: bytes, entry: Entry) -> str:
    if not sent:
        bodies = (body_element(version, f"body-{entry.exchange}", b"")[1].sha256.hex() for version in SoapVersion)
        return "" if entry.body_sha256 in bodies else "the envelope that was sent is gone"
    verifier, index = _tools(certificates)
    try:
        envelope = open_envelope(parse_message(sent, _XML))
        is_cut = read_kept(entry.kept).form is Form.HEADERS
        signature = verifier.verify(envelope, index, bytes.fromhex(entry.body_sha256) if is_cut else None)
    except Refusal:
        return "the envelope that was sent is not under the bus's signature"
    if signature.signature.get("Id") != f"SIG-{entry.exchange}":
        return "the envelope that was sent is not under the bus's signature of this exchange"
    if signature.body.sha256.hex() != entry.body_sha256:
        return "the envelope that was sent has another Body than was recorded"
    own = b64encode(leaf_hash(leaf_bytes(entry))).decode()
    receipts = [block.element for block in signature.blocks if block.element.tag == f"{{{ns.EXCHANGE}}}Receipt"]
    if receipts and own not in [leaf.text for receipt in receipts for leaf in receipt.iter(_LEAF)]:
        return "the envelope that was sent has another record's receipt"
    return ""


@lru_cache(4)
def _tools(certificates: tuple[bytes, ...]) -> tuple[Verifier, CertificateIndex]:
    loader = CertificateLoader()
    known = [loader.known(der, "", CertificateUse.SIGNING, None, None) for der in certificates]
    return Verifier(_SIGNATURE), loader.index(known)
