"""Evidence before the act: what a request's record says, and what becomes of a message that was seen before."""

import hashlib

import pytest
from support.client import GET_PERSON
from support.provider import envelope11, envelope12
from support.rig import NOW, Rig, done, party

from esb.audit.leaf import read_leaf
from esb.audit.record import replay_key
from esb.certs.client import signed_request
from esb.kernel import namespaces as ns
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import Refusal
from esb.kernel.http import Peer
from esb.kernel.message import Accepted, ProviderAnswer, Replied
from esb.kernel.soap import SoapVersion
from esb.stages.record import record_request

NOTE = b'<p:NotePerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:NotePerson>'
OWN = Peer("192.0.2.7", True, party("EESMN", CertificateUse.TLS).known.sha256)


def record(
    rig: Rig, message: bytes, version: SoapVersion = SoapVersion.V11, peer: Peer | None = None
) -> Accepted | Replied:
    return done(record_request(rig.validated(message, version, peer=peer), rig.way))


def refused(rig: Rig, message: bytes, peer: Peer | None = None) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        record(rig, message, peer=peer)
    return refusal.value


def exchange_header(**fields: str) -> bytes:
    inside = "".join(f"<e:{name}>{value}</e:{name}>" for name, value in fields.items())
    return f'<e:Exchange xmlns:e="{ns.EXCHANGE}">{inside}</e:Exchange>'.encode()


def test_the_record_says_who_asked_what_and_on_which_ground(rig: Rig) -> None:
    header = exchange_header(id="m-1", caseNumber="7", officer="A", onBehalfOf="B")
    message = rig.signed(headers=(header,))
    received = rig.received(message)
    rig.clock.advance(0.002)
    accepted = rig.accepted(message)
    written = rig.evidence.records[0]
    entry = written.entry
    assert read_leaf(written.leaf) == entry
    assert (written.message, written.sent) == (message, b"")
    assert written.replay_key == replay_key("EESMN", "m-1")
    assert (accepted.record, accepted.leaf) == (entry.record, rig.evidence.leaf_of(0))
    assert accepted.digest == hashlib.sha256(message).digest()
    signature = accepted.validated.authorized.authenticated.signature
    assert {
        "kind": entry.kind.value,
        "consumer": entry.consumer,
        "client": entry.client,
        "service": entry.service,
        "operation": entry.operation,
        "message_id": entry.message_id,
        "grant": entry.grant,
        "purpose": entry.purpose,
        "legal_basis": entry.legal_basis,
        "case_number": entry.case_number,
        "officer": entry.officer,
        "on_behalf_of": entry.on_behalf_of,
        "outcome": entry.outcome,
        "certificate": entry.certificate,
        "signature": entry.signature,
        "message_sha256": entry.message_sha256,
        "body_sha256": entry.body_sha256,
        "peer": entry.peer,
    } == {
        "kind": "request",
        "consumer": "EESMN",
        "client": "EESMN",
        "service": "DIN/IAMAS/PersonQuery/v1",
        "operation": "GetPerson",
        "message_id": "m-1",
        "grant": 1,
        "purpose": "test",
        "legal_basis": "Law 1",
        "case_number": "7",
        "officer": "A",
        "on_behalf_of": "B",
        "outcome": "accepted",
        "certificate": party("EESMN").known.sha256.hex(),
        "signature": signature.identity.hex(),
        "message_sha256": hashlib.sha256(message).hexdigest(),
        "body_sha256": hashlib.sha256(signature.body.canonical).hexdigest(),
        "peer": "192.0.2.7",
    }
    assert (entry.rule, entry.request_leaf, entry.provider_us) == ("", "", None)
    assert received.path not in ("", None)


def test_the_time_on_the_way_is_told_in_microseconds(rig: Rig) -> None:
    validated = rig.validated()
    rig.clock.advance(0.002)
    done(record_request(validated, rig.way))
    entry = rig.evidence.records[0].entry
    assert (entry.at, entry.duration_us) == (int(NOW * 1_000_000), 2000)


def test_a_log_that_cannot_be_written_ends_it(rig: Rig) -> None:
    rig.evidence.refusing["request"] = "disk full"
    refusal = refused(rig, rig.signed())
    assert (refusal.rule.id, refusal.retry_after) == ("BUS-01", 5)
    assert "disk" not in refusal.reason
    assert rig.provider.journal == []


def test_the_same_message_again_is_a_replay(rig: Rig) -> None:
    message = rig.signed()
    first = rig.accepted(message)
    refusal = refused(rig, message)
    assert refusal.rule.id == "TIM-04"
    assert refusal.particulars["firstExchange"] == first.record[:-2]
    assert len(rig.evidence.records) == 1


@pytest.mark.parametrize(
    "peer",
    [
        Peer("192.0.2.7", True, None),
        Peer("192.0.2.7", True, b"\0" * 32),
        Peer("192.0.2.7", True, party("DSMF", CertificateUse.TLS).known.sha256),
    ],
    ids=["no certificate", "an unknown one", "another member's"],
)
def test_a_stranger_who_repeats_a_message_learns_no_answer(rig: Rig, peer: Peer) -> None:
    message = rig.signed()
    done(rig.bus.carry(rig.received(message)))
    assert refused(rig, message, peer).rule.id == "TIM-04"


def test_a_revoked_tls_certificate_is_a_strangers(rig: Rig) -> None:
    from dataclasses import replace

    from esb.certs.index import build_index

    message = rig.signed()
    done(rig.bus.carry(rig.received(message)))
    tls = replace(party("EESMN", CertificateUse.TLS).known, revoked="keyCompromise")
    rig.way.directory = replace(rig.way.directory, certificates=build_index([party("EESMN").known, tls]))
    assert refused(rig, message, OWN).rule.id == "TIM-04"


def carried_twice(rig: Rig, message: bytes, version: SoapVersion) -> tuple[Replied, Replied]:
    first = done(rig.bus.carry(rig.received(message, version)))
    delivered = len(rig.provider.journal)
    again = record(rig, message, version, OWN)
    assert isinstance(again, Replied)
    assert len(rig.provider.journal) == delivered
    return first, again


def test_a_lawful_retry_gets_the_recorded_answer(rig: Rig, version: SoapVersion) -> None:
    first, again = carried_twice(rig, rig.signed(version=version), version)
    assert again == first
    assert ("answered again") in [event for event, _ in rig.logged]


@pytest.mark.parametrize("code", ["s:Client", "s:Server"])
def test_a_providers_fault_keeps_its_status(rig: Rig, version: SoapVersion, code: str) -> None:
    def fault(prefix: str) -> bytes:
        return (
            f'<{prefix}:Fault xmlns:{prefix}="{ns.SOAP11}"><faultcode>{code}</faultcode>'
            f"<faultstring>no</faultstring></{prefix}:Fault>"
        ).encode()

    for prefix in ("soap", "S"):
        rig.answer = lambda outgoing, prefix=prefix: ProviderAnswer(SoapVersion.V11, envelope11(fault(prefix)))  # type: ignore[misc]
        first, again = carried_twice(rig, rig.signed(version=version), version)
        assert first.status == (400 if code == "s:Client" and version is SoapVersion.V12 else 500)
        assert again == first


def test_an_answer_that_quotes_a_fault_is_an_answer(rig: Rig) -> None:
    from esb.kernel.directory import Judgement

    rig.serve(judge_answer=Judgement.OFF)
    quoted = f'<log><soap:Fault xmlns:soap="{ns.SOAP11}"/></log>'.encode()
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, envelope11(quoted))
    first, again = carried_twice(rig, rig.signed(), SoapVersion.V11)
    assert again == first
    assert first.status == 200


def test_a_refusal_after_the_record_is_what_the_retry_gets(rig: Rig, version: SoapVersion) -> None:
    wrap = envelope11 if version is SoapVersion.V11 else envelope12
    rig.answer = lambda outgoing: ProviderAnswer(version, wrap(b"<other/>"))
    first, again = carried_twice(rig, rig.signed(version=version), version)
    assert b"SCH-02" in first.envelope
    assert again == first


def test_an_answer_of_which_less_was_kept_is_not_given_again(rig: Rig) -> None:
    message = rig.signed()
    done(rig.bus.carry(rig.received(message)))
    rig.evidence.kept_less = True
    refusal = refused(rig, message, OWN)
    assert (refusal.rule.id, refusal.retry_after) == ("TIM-04", None)
    assert "the answer is not kept" in refusal.reason


def test_a_one_way_request_is_told_again_that_it_is_on_record(rig: Rig) -> None:
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, b"")
    first, again = carried_twice(rig, rig.signed(NOTE), SoapVersion.V11)
    assert first == again == Replied(202, SoapVersion.V11, b"")


def test_a_request_without_its_answer_yet_is_not_delivered_again(rig: Rig) -> None:
    message = rig.signed()
    rig.accepted(message)
    refusal = refused(rig, message, OWN)
    assert (refusal.rule.id, refusal.retry_after) == ("TIM-04", 2)
    assert rig.provider.journal == []


def test_an_id_is_used_for_one_message_only(rig: Rig) -> None:
    header = exchange_header(id="m-1")
    rig.accepted(rig.signed(headers=(header,)))
    refusal = refused(rig, rig.signed(headers=(header,)), OWN)
    assert refusal.rule.id == "TIM-04"
    assert "another message" in refusal.reason
    assert "m-1" not in repr(refusal.particulars)


def test_two_consumers_may_use_the_same_id(rig: Rig) -> None:
    header = exchange_header(id="m-1")
    rig.accepted(rig.signed(headers=(header,)))
    rig.allow(consumer="DSMF")
    rig.accepted(signed_request(party("DSMF").signer, SoapVersion.V11, GET_PERSON, (header,), NOW, "x"))
    assert len(rig.evidence.records) == 2
