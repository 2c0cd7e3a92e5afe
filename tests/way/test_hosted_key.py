"""A member that signs nothing itself has its answers signed with a key that the bus keeps for it: beside the bus's own
signature, which every stack verifies as before, and refused where that key does not count."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from support.client import NS, WSU_ID
from support.hosted import host
from support.place import PERSONS, Place, make_place
from support.provider import Provider
from support.way import Asker, expect_refusal
from zeep.wsse.signature import verify_envelope

from esb.kernel import rules
from esb.kernel.directory import AnswerSignature
from esb.kernel.namespaces import OWNER_ACTOR, WSU
from esb.kernel.soap import SoapVersion
from esb.registry.certificates import revoke_certificate
from esb.registry.hosted_keys import hosted_key_of
from esb.registry.models import RevocationReason
from esb.registry.services import update_service


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    provider = Provider()
    try:
        yield make_place(tmp_path / "home", provider, SHLUZ_REGISTRY_POLL_SECONDS="60")
    finally:
        provider.close()


def covered(root: Any, signature: Any, certificate: x509.Certificate) -> set[str]:
    """What a signature covers, verified by libxmlsec with a certificate that is known already."""
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.public_bytes(Encoding.PEM), xmlsec.constants.KeyDataFormatCertPem)
    by_id = {}
    for element in root.iter(etree.Element):
        if element.get(WSU_ID) is not None:
            context.register_id(element, "Id", NS["wsu"])
            by_id[element.get(WSU_ID)] = element
    context.verify(signature)
    return {
        etree.QName(by_id[reference.get("URI")[1:]]).localname
        for reference in signature.iter(f"{{{NS['ds']}}}Reference")
    }


@pytest.mark.parametrize("version", list(SoapVersion), ids=["soap11", "soap12"])
def test_an_answer_carries_its_owners_word_and_the_buss(place: Place, version: SoapVersion, tmp_path: Path) -> None:
    owner = host(place)
    with place.acting() as act:
        update_service(act, PERSONS, answer_signature=AnswerSignature.HOSTED)
    with place.serve():
        exchange = Asker(place).ask(version=version)
    root = exchange.reply.root
    assert exchange.reply.status == 200
    bus, owners = root.findall(".//ds:Signature", NS)
    assert covered(root, bus, place.bus_certificate) >= {"Body", "Timestamp", "Receipt"}
    assert covered(root, owners, owner) == {"Body", "Timestamp"}
    security = owners.getparent()
    assert security.get(f"{{{version.value}}}{'actor' if version is SoapVersion.V11 else 'role'}") == OWNER_ACTOR
    # What left is what is on record, so the owner's word is in evidence.
    assert Asker(place).bodies(exchange.records[-1])[1] == exchange.reply.body
    # The command and zeep, as anybody has them: the first signature is the bus's.
    (tmp_path / "answer.xml").write_bytes(exchange.reply.body)
    names = [f"{WSU}:Timestamp", "urn:shluz:exchange:1:Receipt", f"{version.value}:Body"]
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(place.settings.keys.certificate)]
    done = subprocess.run(
        [*command, *(word for name in names for word in ("--id-attr:Id", name)), "answer.xml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if version is SoapVersion.V11:
        verify_envelope(etree.fromstring(exchange.reply.body), str(place.settings.keys.certificate))


def test_a_changed_body_breaks_both(place: Place) -> None:
    owner = host(place)
    with place.acting() as act:
        update_service(act, PERSONS, answer_signature=AnswerSignature.HOSTED)
    with place.serve():
        reply = Asker(place).ask().reply
    root = etree.fromstring(reply.body.replace("Əliyeva".encode(), "Əliyevə".encode()))
    for signature, certificate in zip(root.findall(".//ds:Signature", NS), (place.bus_certificate, owner), strict=True):
        with pytest.raises(xmlsec.Error):
            covered(root, signature, certificate)


def test_a_key_that_does_not_count_refuses_before_the_provider_is_asked(place: Place) -> None:
    host(place)
    with place.acting() as act:
        update_service(act, PERSONS, answer_signature=AnswerSignature.HOSTED)
    with place.serve():
        asker = Asker(place)
        assert asker.ask().reply.status == 200
        with place.acting() as act:
            revoke_certificate(act, hosted_key_of(act.session, "DIN").certificate, RevocationReason.SUPERSEDED)
        place.settle()
        exchange = asker.ask()
        expect_refusal(exchange, rules.PRV_SIGNATURE, consumer="EESMN", after_record=True)
        assert exchange.delivered == ()
        # A new key, made while the bus runs, is taken up by it.
        host(place)
        place.settle()
        assert asker.ask().reply.status == 200


def test_a_bus_of_processes_signs_for_it_too(place: Place) -> None:
    host(place)
    with place.acting() as act:
        update_service(act, PERSONS, answer_signature=AnswerSignature.HOSTED)
    with place.serve(workers=1):
        root = Asker(place).ask().reply.root
    assert len(root.findall(".//ds:Signature", NS)) == 2


def test_a_service_without_it_has_one_signature(place: Place) -> None:
    host(place)
    with place.serve():
        assert len(Asker(place).ask().reply.root.findall(".//ds:Signature", NS)) == 1
