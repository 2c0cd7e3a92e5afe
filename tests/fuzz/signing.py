"""Signers for fuzzing: an honest consumer, another member, and a stranger, who sign whatever a changed message says.

They sign as a careless tool does: a reference means whatever element has that identifier.  What each key thus signed is
kept, because it is the measure: nothing else may ever be taken for signed by that key's owner.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.rig import NOW, Party, party
from support.styles import STYLES

from esb.certs.index import build_index, build_known
from esb.certs.keys import PrivateKey, generate_key
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateIndex, CertificateUse
from esb.kernel.soap import SoapVersion

HONEST: Final = "EESMN"
MEMBER: Final = "DSMF"
STRANGER: Final = ""
OTHER_KEYS: Final = {"ASAN": "rsa2048", "MAKA": "ed25519", "DVX": "p384"}
WSU_ID: Final = f"{{{ns.WSU}}}Id"
_DS: Final = f"{{{ns.DS}}}"
_DIGESTS: Final = {ns.SHA256: hashlib.sha256, ns.SHA384: hashlib.sha384, ns.SHA512: hashlib.sha512}


@dataclass
class Signed:
    """What each key has signed: canonical octets by the owner's code ("" for a key that no one registered)."""

    parts: dict[str, set[bytes]] = field(
        default_factory=lambda: {code: set() for code in (HONEST, MEMBER, STRANGER, *OTHER_KEYS)}
    )

    def by(self, owner: str) -> set[bytes]:
        """The octets that this owner's key covers."""
        return self.parts[owner]


@cache
def signer(code: str) -> Party:
    """A member's key and certificate; one of :data:`OTHER_KEYS` has another kind of key, and vouches for itself."""
    if code not in OTHER_KEYS:
        return party(code)
    key = generate_key(OTHER_KEYS[code])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, code)])
    begin = datetime.fromtimestamp(NOW - 500, UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, begin, begin + timedelta(days=300))
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = builder.sign(key, digest)
    der = certificate.public_bytes(Encoding.DER)
    return Party(key, certificate, build_known(der, code, CertificateUse.SIGNING, None, None))


@cache
def index() -> CertificateIndex:
    """The registered certificates: the consumer's, the other member's, and those of other kinds of key."""
    return build_index([signer(code).known for code in (HONEST, MEMBER, *OTHER_KEYS)])


@cache
def _stranger() -> PrivateKey:
    return generate_key("p256")


@cache
def base_messages() -> tuple[bytes, ...]:
    """Good messages of the honest consumer in every style and both versions, and one of the bus's own making."""
    from esb.certs.client import signed_request

    made = [style.message(party(HONEST), version) for style in STYLES.values() for version in SoapVersion]
    body = b'<q:Ask xmlns:q="urn:q" q:kind="fin"><q:fin>5ABCDE1</q:fin><q:x xmlns="urn:d"><y/></q:x></q:Ask>'
    to = f'<a:To xmlns:a="{ns.WSA}">urn:good</a:To>'.encode()
    for code in (HONEST, *OTHER_KEYS):
        made += [signed_request(signer(code).signer, version, body, [to], NOW, "m") for version in SoapVersion]
    return tuple(made)


@cache
def signed_in(message: bytes) -> frozenset[bytes]:
    """The octets that the signature of a good message covers."""
    root = etree.fromstring(message)
    return frozenset(
        _octets(_named(root, reference, 0), _prefixes(reference)) for reference in root.iter(f"{_DS}Reference")
    )


@cache
def owner_of(message: bytes) -> str:
    """Whose key signed a good message: the member whose token stands in it, or else the consumer."""
    for code in OTHER_KEYS:
        if base64.b64encode(signer(code).known.der) in message:
            return code
    return HONEST


def sign_again(root: Any, who: str, take: int, signed: Signed) -> None:
    """Sign every ds:Signature of a changed message with a key of ``who``, as far as it can be signed.

    Args:
        take: which element a reference means where several have the identifier: the first (0) or the last (-1).
        signed: gets what was signed.
    """
    key = _stranger() if who == STRANGER else party(who).key
    for signature in list(root.iter(f"{_DS}Signature"))[:3]:
        info, value = signature.find(f"{_DS}SignedInfo"), signature.find(f"{_DS}SignatureValue")
        if info is None or value is None:
            continue
        for reference in list(info.iter(f"{_DS}Reference"))[:40]:
            _fill(root, reference, take, signed.by(who))
        method = info.find(f"{_DS}CanonicalizationMethod")
        octets = _octets(info, () if method is None else _prefixes(method))
        if octets is not None and isinstance(key, ec.EllipticCurvePrivateKey):
            r, s = decode_dss_signature(key.sign(octets, ec.ECDSA(hashes.SHA256())))
            value.text = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


def _fill(root: Any, reference: Any, take: int, signed: set[bytes]) -> None:
    value, method = reference.find(f"{_DS}DigestValue"), reference.find(f"{_DS}DigestMethod")
    target = _named(root, reference, take)
    digest = _DIGESTS.get("" if method is None else method.get("Algorithm", ""))
    if value is None or target is None or digest is None:
        return
    octets = _octets(target, _prefixes(reference))
    if octets is not None:
        value.text = base64.b64encode(digest(octets).digest()).decode()
        signed.add(octets)


def _named(root: Any, reference: Any, take: int) -> Any:
    wanted = reference.get("URI", "")[1:]
    found = [element for element in root.iter(etree.Element) if wanted in (element.get(WSU_ID), element.get("Id"))]
    return found[take] if found and wanted else None


def _prefixes(inside: Any) -> Sequence[str]:
    for listed in inside.iter(f"{{{ns.EXC_C14N}}}InclusiveNamespaces"):
        return str(listed.get("PrefixList", "")).split()
    return ()


def _octets(element: Any, prefixes: Sequence[str]) -> Any:
    """Exclusive canonical octets, with ``#default`` as the bus reads it; None where there are none."""
    from esb.certs.canonical import exclusive
    from esb.kernel.faults import Refusal

    try:
        return exclusive(element, prefixes)
    except (Refusal, ValueError, StopIteration):
        return None  # StopIteration: the tree holds a processing instruction, which the bus's own parser refuses
