"""An answer signed once more with a next key: verified by our verifier and by libxmlsec, and only what is an answer."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.client import Reply, verify_with_xmlsec
from support.offices import NOW, office

from esb.certs.client import signed_request
from esb.certs.index import build_index, build_known
from esb.certs.profile import SignatureLimits
from esb.certs.profiles import BUS_SIGNING
from esb.certs.rehearse import NotAnAnswer, rehearse, resign
from esb.certs.sign import Signer
from esb.certs.verify import Verifier
from esb.kernel.directory import CertificateIndex, CertificateUse
from esb.kernel.faults import Refusal
from esb.kernel.soap import SoapVersion

CURRENT, FOLLOWING = office(BUS_SIGNING), office(BUS_SIGNING)
HEADERS = (b'<e:Receipt xmlns:e="urn:x"><e:a>1</e:a></e:Receipt>', b'<w:Action xmlns:w="urn:w">go</w:Action>')


def answer(version: SoapVersion = SoapVersion.V11) -> bytes:
    return signed_request(Signer(*CURRENT), version, b'<a:A xmlns:a="urn:a">x</a:A>', HEADERS, NOW, "one")


def index(certificate: object = FOLLOWING[1]) -> CertificateIndex:
    der = certificate.public_bytes(Encoding.DER)  # type: ignore[attr-defined]
    return build_index([build_known(der, "", CertificateUse.SIGNING, None, None)])


@pytest.mark.parametrize("version", list(SoapVersion))
def test_the_same_parts_are_signed_by_the_next_key(version: SoapVersion) -> None:
    verified = rehearse(answer(version), Signer(*FOLLOWING), NOW + 1, Verifier(SignatureLimits()), index())
    assert verified.signer.sha256 == FOLLOWING[1].fingerprint(SHA256())
    assert len(verified.blocks) == 2
    assert verified.created == NOW + 1
    again = resign(answer(version), Signer(*FOLLOWING), NOW + 1)
    assert verify_with_xmlsec(Reply(200, {}, again), FOLLOWING[1]) == {"Body", "Timestamp", "Receipt", "Action"}
    assert again.replace(b" ", b"").count(b"SignatureValue>") == 2


def test_a_key_that_is_not_the_certificates_fails() -> None:
    with pytest.raises(Refusal):
        rehearse(answer(), Signer(*CURRENT), NOW, Verifier(SignatureLimits()), index())


@pytest.mark.parametrize(
    "octets", [b"", b"<a/>", answer().replace(b"wsse:Security", b"wsse:Other"), answer().replace(b"URI=", b"Url=")]
)
def test_what_carries_no_signature_is_not_rehearsed_with(octets: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        resign(octets, Signer(*FOLLOWING), NOW)
