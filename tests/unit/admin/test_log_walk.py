"""The envelopes that a bus has sent: each octet of them is under its signature, and each belongs to its own record."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.rig import Rig, done, party

from esb.admin.log_walk import bus_certificates, sent_judge
from esb.admin.register import enter
from esb.audit.headers import without_body
from esb.audit.record import Record
from esb.certs.profiles import BUS_SIGNING
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import canonicalize, parse_document
from esb.registry.acts import acting
from esb.registry.database import open_database
from esb.stages.compose import body_element


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """An answered exchange, another, and a refusal."""
    rig = Rig()
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received()))
    done(rig.bus.carry(rig.received(b"no xml")))
    return [record for record in rig.evidence.records if record.sent]


def canonical_form(octets: bytes) -> bytes:
    return canonicalize(parse_document(octets, "an envelope"))


@pytest.fixture(scope="module")
def own() -> bytes:
    return Rig().bus_party.certificate.public_bytes(Encoding.DER)


def test_what_was_sent_is_what_was_sent(records: list[Record], own: bytes) -> None:
    assert len(records) == 3
    judge = sent_judge([own])
    assert [judge(record.sent, record.entry) for record in records] == ["", "", ""]


def test_no_octet_can_be_another(records: list[Record], own: bytes) -> None:
    """But for declarations of prefixes that are declared again where they are used: canonical XML has none of them."""
    judge = sent_judge([own])
    for record in records:
        for at in range(0, len(record.sent), 7):
            altered = record.sent[:at] + bytes([record.sent[at] ^ 1]) + record.sent[at + 1 :]
            if not judge(altered, record.entry):
                assert canonical_form(altered) == canonical_form(record.sent), record.sent[max(0, at - 40) : at + 40]


def test_an_answer_that_is_gone_is_told_and_none_to_a_one_way_request_is_not(records: list[Record], own: bytes) -> None:
    judge = sent_judge([own])
    assert "gone" in judge(b"", records[0].entry)
    _, part = body_element(SoapVersion.V12, f"body-{records[0].entry.exchange}", b"")
    assert judge(b"", replace(records[0].entry, body_sha256=part.sha256.hex())) == ""


def test_the_answer_of_another_exchange_is_not_this_ones(records: list[Record], own: bytes) -> None:
    judge = sent_judge([own])
    assert judge(records[0].sent, records[1].entry)
    same_body = replace(records[0].entry, outcome="provider-fault")
    assert "receipt" in judge(records[0].sent, same_body)


def test_of_an_envelope_without_its_bodys_content_the_signature_still_verifies(own: bytes) -> None:
    rig = Rig()
    rig.serve(retention="headers 30")
    done(rig.bus.carry(rig.received()))
    (record,) = [record for record in rig.evidence.records if record.sent]
    assert record.entry.kept.startswith("headers ")
    judge, cut = sent_judge([own]), without_body(record.sent)
    assert judge(cut, record.entry) == ""
    assert "signature" in judge(cut.replace(b"<wsu:Created>2", b"<wsu:Created>3", 1), record.entry)
    assert "signature" in judge(cut, replace(record.entry, body_sha256="00" * 32))
    assert "signature" in judge(cut, replace(record.entry, kept=""))


def test_another_certificate_believes_nothing(records: list[Record]) -> None:
    other = party("EESMN").certificate.public_bytes(Encoding.DER)
    assert "signature" in sent_judge([other])(records[0].sent, records[0].entry)


def test_the_certificates_are_those_of_the_folder_and_all_that_were_ever_issued(
    tmp_path: Path, own: bytes, sqlite_database: str
) -> None:
    engine = open_database(sqlite_database)
    earlier = party("EESMN").certificate
    with acting(engine, "operator", 1_700_000_000) as act:
        enter(act, earlier, earlier, BUS_SIGNING, "")
    (tmp_path / "bus.pem").write_bytes(Rig().bus_party.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "other.pem").write_bytes(b"no certificate")
    (tmp_path / "passphrase").write_bytes(b"secret")
    assert bus_certificates(tmp_path, engine) == [earlier.public_bytes(Encoding.DER), own]
    engine.dispose()
