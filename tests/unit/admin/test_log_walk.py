"""The envelopes that a bus has sent: each octet of them is under its signature, and each belongs to its own record."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.rig import Rig, done, party

from esb.admin.log_walk import sent_judge
from esb.audit.headers import without_body
from esb.audit.record import Record
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import canonicalize, parse_document
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
