"""A member's certificate is an outside authority's: the serving bus asks that one's responder, and obeys by itself."""

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.place import make_place
from support.provider import Provider
from support.responder import OpensslResponder, Outside
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.registry.certificates import add_certificate
from esb.registry.database import reading
from esb.registry.revocation import revocation_evidence


def test_what_a_responder_revokes_is_refused_while_the_consumer_is_calling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esb.watching._TRUST_EVERY", 0.5)
    outside = Outside()
    responder = OpensslResponder(tmp_path / "responder", outside)
    responder.start()
    provider = Provider()
    try:
        place = make_place(
            tmp_path / "home",
            provider,
            SHLUZ_CERTS_OCSP="require",
            SHLUZ_CERTS_OCSP_URLS=responder.url,
            SHLUZ_CERTS_OCSP_MINUTES="0.005",
        )
        (place.home.anchors / "national.pem").write_bytes(outside.root.public_bytes(Encoding.PEM))
        consumer = place.consumers["EESMN"]
        consumer.certificate = member = outside.member(key=consumer.key)
        with place.acting() as act:
            add_certificate(act, member.public_bytes(Encoding.DER), "EESMN", CertificateUse.SIGNING)
        with place.serve():
            asker = Asker(place)
            exchange = asker.ask()
            expect_refusal(exchange, rules.CRT_REVOCATION_UNKNOWN, consumer="EESMN")
            responder.say(member, "good")
            ends = time.monotonic() + 20
            while (exchange := asker.ask()).reply.status != 200:
                assert time.monotonic() < ends
                time.sleep(0.3)
            expect_person(exchange)
            responder.say(member, "revoked")
            ends = time.monotonic() + 20
            while (exchange := asker.ask()).reply.status == 200:
                assert time.monotonic() < ends
                time.sleep(0.3)
            expect_refusal(exchange, rules.CRT_REVOKED, consumer="EESMN")
        with reading(place.engine) as session:
            (kept,) = revocation_evidence(session, member.fingerprint(SHA256()).hex(), "", time.time())
        assert (kept.status, kept.reason) == ("revoked", "keyCompromise")
    finally:
        provider.close()
        responder.stop()
