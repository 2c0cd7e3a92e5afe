"""Messages are held against their records by what their signatures cover."""

from dataclasses import replace

import pytest
from support.packages import Packages, with_facts

from esb.admin.evidence.messages import (
    MessageUnproven,
    check_digest,
    check_receipt,
    check_request,
    check_same_content,
    check_sent,
    receipt_leaves,
    verify_message,
)
from esb.audit.entry import Entry
from esb.audit.leaf import leaf_bytes, leaf_hash
from esb.kernel.soap import Envelope, SoapVersion, open_envelope
from esb.kernel.xml import parse_message
from esb.stages.bridge import bridge_fault
from esb.stages.compose import UNBOUNDED, body_element
from esb.stages.compose import envelope as compose_envelope


@pytest.fixture
def request_entry(packages: Packages) -> Entry:
    return packages.exchanges["answered"].records[0].entry


@pytest.fixture
def answer_entry(packages: Packages) -> Entry:
    return packages.exchanges["answered"].records[1].entry


def test_a_request_says_what_its_record_says(packages: Packages, request_entry: Entry) -> None:
    case = packages.verify(packages.answered).case
    octets = case.files["messages/request.xml"]
    check_digest(octets, request_entry)
    _, signature = case.messages["request"]
    assert check_request(signature, request_entry) == ("Body", "Timestamp", "Exchange")
    for other in (
        {"signature": "00" * 32},
        {"certificate": "00" * 32},
        {"body_sha256": "00" * 32},
        {"case_number": "119"},
        {"officer": ""},
        {"on_behalf_of": "x"},
        {"message_id": "x"},
    ):
        with pytest.raises(MessageUnproven):
            check_request(signature, with_facts(request_entry, **other))
    with pytest.raises(MessageUnproven):
        check_digest(octets + b" ", request_entry)


def test_what_was_sent_is_bound_to_its_records(packages: Packages, request_entry: Entry, answer_entry: Entry) -> None:
    case = packages.verify(packages.answered).case
    envelope, signature = case.messages["answer"]
    check_sent(b"x", signature, answer_entry)
    check_receipt(signature, answer_entry, request_entry)
    for other in ({"body_sha256": "00" * 32}, {"exchange": "x", "record": "x-a"}):
        with pytest.raises(MessageUnproven):
            check_sent(b"x", signature, with_facts(answer_entry, **other))
    for own, request in (
        (answer_entry, None),
        (with_facts(answer_entry, at=1), request_entry),
        (answer_entry, with_facts(request_entry, at=1)),
    ):
        with pytest.raises(MessageUnproven):
            check_receipt(signature, own, request)
    leaves = {leaf_hash(leaf_bytes(each)).hex() for each in (request_entry, answer_entry)}
    assert receipt_leaves(signature) == (answer_entry.exchange, leaves)
    with pytest.raises(MessageUnproven, match="no receipt"):
        check_receipt(case.messages["request"][1], answer_entry, request_entry)
    with pytest.raises(MessageUnproven, match="no receipt"):
        receipt_leaves(case.messages["request"][1])
    provider = case.messages["provider"][0]
    assert not check_same_content(provider, envelope)
    assert not check_same_content(replace(provider, version=envelope.version), envelope)
    with pytest.raises(MessageUnproven):
        check_same_content(case.messages["request"][0], envelope)
    with pytest.raises(MessageUnproven):
        check_same_content(replace(provider, payload=None), envelope)


def test_nothing_was_sent_only_where_the_record_says_so(packages: Packages, answer_entry: Entry) -> None:
    check_sent(b"", None, packages.exchanges["one-way"].records[1].entry)
    with pytest.raises(MessageUnproven):
        check_sent(b"", None, answer_entry)


def test_a_message_under_nobodys_signature_is_told(packages: Packages) -> None:
    octets = packages.exchanges["answered"].sent
    for certificates in ([], [b"x"]):
        with pytest.raises(MessageUnproven):
            verify_message(octets, certificates)
    with pytest.raises(MessageUnproven):
        verify_message(b"<!DOCTYPE x><x/>", [])


def test_a_fault_in_the_other_soap_version_is_put_over_and_compared(packages: Packages) -> None:
    """Whoever has the bus's key could give the consumer another fault, or something that is none."""

    def envelope(version: SoapVersion, content: bytes) -> Envelope:
        body, _ = body_element(version, "body-x", content)
        octets = compose_envelope(version, (), body)
        return open_envelope(parse_message(octets, UNBOUNDED), octets)

    fault = b"<faultcode>soap:Server</faultcode><faultstring>%s</faultstring><detail><a xmlns='urn:a'/></detail>"
    said = b'<soap:Fault xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">%s</soap:Fault>'
    provider, another = (envelope(SoapVersion.V11, said % (fault % text)) for text in (b"no", b"never"))
    assert provider.payload is not None
    given = bridge_fault(provider.payload, SoapVersion.V12)
    assert check_same_content(provider, envelope(SoapVersion.V12, given))
    assert not check_same_content(provider, provider)
    for other in (b"<ok></ok>", b""):
        with pytest.raises(MessageUnproven):
            check_same_content(provider, envelope(SoapVersion.V12, other))
    with pytest.raises(MessageUnproven, match="not what the consumer was given"):
        check_same_content(another, envelope(SoapVersion.V12, given))
