"""An answer's envelope: signed over Body, Timestamp and receipt, and bound to its request and both records."""

import base64
import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from support.client import NS, Reply, verify_with_xmlsec
from support.own_schema import breaks_own_schema
from support.provider import PERSON, envelope11, envelope12
from support.rig import Rig

from esb.audit.leaf import leaf_hash, read_leaf
from esb.kernel import namespaces as ns
from esb.kernel.directory import Judgement
from esb.kernel.message import ProviderAnswer
from esb.kernel.soap import SoapVersion
from esb.stages.sign import Signed, sign

NOTE = b'<p:NotePerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:NotePerson>'
WRAP = {SoapVersion.V11: envelope11, SoapVersion.V12: envelope12}
OTHER = {SoapVersion.V11: SoapVersion.V12, SoapVersion.V12: SoapVersion.V11}


def reply_of(signed: Signed) -> Reply:
    return Reply(signed.status, {}, signed.envelope)


def signed_answer(rig: Rig, version: SoapVersion, message: bytes | None = None) -> Signed:
    return sign(rig.judged(message, version), rig.way)


def test_an_independent_tool_accepts_it(rig: Rig, version: SoapVersion) -> None:
    signed = signed_answer(rig, version)
    assert signed.status == 200
    assert verify_with_xmlsec(reply_of(signed), rig.bus_party.certificate) == {"Body", "Receipt", "Timestamp"}
    root = etree.fromstring(signed.envelope)
    assert not any("mustUnderstand" in str(name) for block in root[0] for name in block.attrib)
    assert etree.tostring(root[1][0], method="c14n", exclusive=True) == PERSON


def test_the_receipt_binds_request_answer_and_records(rig: Rig, version: SoapVersion) -> None:
    message = rig.signed(version=version)
    judged = rig.judged(message, version)
    rig.clock.advance(1.5)
    signed = sign(judged, rig.way)
    receipt = etree.fromstring(signed.envelope).find(".//exch:Receipt", NS)
    assert breaks_own_schema(receipt) == ""
    assert receipt is not None

    def told(path: str) -> str:
        return receipt.findtext(path, namespaces=NS) or ""

    assert base64.b64decode(told("exch:requestDigest")) == hashlib.sha256(message).digest()
    assert told("exch:requestRecord/exch:id") == rig.evidence.records[0].entry.record
    assert base64.b64decode(told("exch:requestRecord/exch:leaf")) == rig.evidence.leaf_of(0)
    assert told("exch:answerRecord/exch:id") == signed.entry.record
    assert base64.b64decode(told("exch:answerRecord/exch:leaf")) == leaf_hash(signed.leaf)
    assert (told("exch:receivedAt"), told("exch:answeredAt")) == (
        "2026-09-21T14:13:20.000Z",
        "2026-09-21T14:13:21.500Z",
    )


def test_the_record_says_what_was_answered(rig: Rig, version: SoapVersion) -> None:
    signed = signed_answer(rig, version)
    entry = signed.entry
    assert read_leaf(signed.leaf) == entry
    body = etree.tostring(etree.fromstring(signed.envelope)[1], method="c14n", exclusive=True)
    assert entry.body_sha256 == hashlib.sha256(body).hexdigest()
    assert entry.request_leaf == rig.evidence.leaf_of(0).hex()
    assert (entry.outcome, entry.operation, entry.consumer, entry.grant) == ("answered", "GetPerson", "EESMN", 1)
    assert entry.message_sha256 == hashlib.sha256(WRAP[version](PERSON)).hexdigest()


def test_what_was_let_through_is_noted(rig: Rig) -> None:
    rig.serve(judge_answer=Judgement.WARN)
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, envelope11(b"<odd/>"))
    assert "GetPersonResponse" in signed_answer(rig, SoapVersion.V11).entry.reason


def test_an_answer_in_the_other_version_is_put_into_the_requests(rig: Rig, version: SoapVersion) -> None:
    rig.answer = lambda outgoing: ProviderAnswer(OTHER[version], WRAP[OTHER[version]](PERSON))
    signed = signed_answer(rig, version)
    root = etree.fromstring(signed.envelope)
    assert root.tag == f"{{{version.value}}}Envelope"
    verify_with_xmlsec(reply_of(signed), rig.bus_party.certificate)


def fault(version: SoapVersion, code: str, prefix: str = "S") -> bytes:
    detail = '<p:PersonFault xmlns:p="urn:example:person" xmlns:q="urn:q"><p:why>q:x</p:why></p:PersonFault>'
    if version is SoapVersion.V11:
        inside = f"<faultcode>{prefix}:{code}</faultcode><faultstring>no</faultstring><detail>{detail}</detail>"
    else:
        inside = (
            f"<{prefix}:Code><{prefix}:Value>{prefix}:{code}</{prefix}:Value></{prefix}:Code><{prefix}:Reason>"
            f'<{prefix}:Text xml:lang="az">no</{prefix}:Text></{prefix}:Reason>'
            f"<{prefix}:Detail>{detail}</{prefix}:Detail>"
        )
    return f'<{prefix}:Fault xmlns:{prefix}="{version.value}">{inside}</{prefix}:Fault>'.encode()


@pytest.mark.parametrize("asked", list(SoapVersion))
@pytest.mark.parametrize("given_in", list(SoapVersion))
@pytest.mark.parametrize("prefix", ["S", "soap"])
@pytest.mark.parametrize("senders", [True, False])
def test_a_providers_fault_is_passed_on_in_the_requests_version(
    rig: Rig, asked: SoapVersion, given_in: SoapVersion, prefix: str, senders: bool
) -> None:
    names = {SoapVersion.V11: ("Server", "Client"), SoapVersion.V12: ("Receiver", "Sender")}
    octets = fault(given_in, names[given_in][senders], prefix)
    rig.answer = lambda outgoing: ProviderAnswer(given_in, WRAP[given_in](octets))
    signed = signed_answer(rig, asked)
    assert verify_with_xmlsec(reply_of(signed), rig.bus_party.certificate) == {"Body", "Receipt", "Timestamp"}
    assert signed.entry.outcome == "provider-fault"
    assert signed.status == (400 if senders and asked is SoapVersion.V12 else 500)
    payload = etree.fromstring(signed.envelope)[1][0]
    assert payload.tag == f"{{{asked.value}}}Fault"
    code = payload.find("faultcode") if asked is SoapVersion.V11 else payload.find("s12:Code/s12:Value", NS)
    assert code is not None
    spoken, _, local = (code.text or "").partition(":")
    assert (code.nsmap[spoken], local) == (asked.value, names[asked][senders])
    why = payload.find(".//{urn:example:person}why")
    assert why is not None
    assert (why.text, why.nsmap["q"]) == ("q:x", "urn:q")


def test_a_one_way_request_is_answered_by_its_record_alone(rig: Rig) -> None:
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, b"")
    signed = signed_answer(rig, SoapVersion.V11, rig.signed(NOTE))
    assert (signed.status, signed.envelope) == (202, b"")
    assert signed.entry.outcome == "answered"


def test_a_fault_to_a_one_way_request_is_told(rig: Rig) -> None:
    octets = fault(SoapVersion.V11, "Server")
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, envelope11(octets))
    signed = signed_answer(rig, SoapVersion.V11, rig.signed(NOTE))
    assert signed.status == 500
    assert b"Fault" in signed.envelope


@pytest.mark.parametrize(("uri", "on_fault"), [(ns.WSA, ns.WSA + "/soap/fault"), (ns.WSA_2004, ns.WSA_2004 + "/fault")])
def test_an_addressed_request_gets_an_addressed_answer(rig: Rig, uri: str, on_fault: str) -> None:
    header = f'<w:MessageID xmlns:w="{uri}">urn:uuid:1&amp;2</w:MessageID>'.encode()
    for failing, action in ((False, "urn:example:person:service:Persons:GetPersonResponse"), (True, on_fault)):
        octets = fault(SoapVersion.V11, "Server") if failing else PERSON
        rig.answer = lambda outgoing, octets=octets: ProviderAnswer(SoapVersion.V11, envelope11(octets))  # type: ignore[misc]
        ident = header.replace(b"uuid:1", b"uuid:%d" % failing)
        signed = signed_answer(rig, SoapVersion.V11, rig.signed(headers=(ident,)))
        root = etree.fromstring(signed.envelope)
        assert root.findtext(f".//{{{uri}}}Action") == action
        assert root.findtext(f".//{{{uri}}}RelatesTo") == f"urn:uuid:{int(failing)}&2"
        covered = verify_with_xmlsec(reply_of(signed), rig.bus_party.certificate)
        assert covered == {"Body", "Receipt", "Timestamp", "Action", "RelatesTo"}


def test_an_action_alone_wants_no_addressed_answer(rig: Rig) -> None:
    header = f'<w:Action xmlns:w="{ns.WSA}">urn:example:GetPerson</w:Action>'.encode()
    signed = signed_answer(rig, SoapVersion.V11, rig.signed(headers=(header,)))
    assert ns.WSA.encode() not in signed.envelope


def test_a_signed_answer_of_the_provider_is_kept_as_evidence(rig: Rig) -> None:
    from support.rig import NOW, party

    from esb.certs.client import signed_request
    from esb.kernel.directory import AnswerSignature

    assert signed_answer(rig, SoapVersion.V11).received == b""
    octets = signed_request(party("DIN").signer, SoapVersion.V11, PERSON, (), NOW, "a")
    rig.serve(answer_signature=AnswerSignature.REQUIRED)
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, octets)
    assert signed_answer(rig, SoapVersion.V11).received == octets


def test_a_signed_answer_remembers_its_request(rig: Rig) -> None:
    judged = signed_answer(rig, SoapVersion.V11).judged
    assert judged is not None
    assert judged.verified.answered.routed.accepted.validated.authorized.client == "EESMN"


HOSTILE = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\ufffe\uffff").filter(
        lambda letter: letter >= " " or letter in "\t\n\r"
    ),
    max_size=30,
)
BINDINGS = st.dictionaries(
    st.sampled_from(["soap", "wsu", "exch", "wsse", "p"]),
    st.sampled_from([ns.SOAP11, ns.WSU, ns.EXCHANGE, "urn:x", "urn:y"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(BINDINGS, BINDINGS, HOSTILE, st.sampled_from(["", ' xmlns="urn:d"', ' xmlns=""']))
def test_whatever_a_provider_writes_the_signature_holds(
    rig: Rig, outer: dict[str, str], inner: dict[str, str], words: str, default: str
) -> None:
    rig.serve(judge_answer=Judgement.OFF)
    from esb.stages.compose import attribute, text

    def declared(bindings: dict[str, str]) -> str:
        return "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in bindings.items())

    values = "".join(f"<v a='{prefix}:x'>{prefix}:T</v>" for prefix in outer | inner)
    octets = (
        f'<S:Envelope xmlns:S="{ns.SOAP11}"{declared(outer)}{default}><S:Body><r{declared(inner)} '
        f'a="{attribute(words)}">{text(words)}{values}<n xmlns="">x</n></r></S:Body></S:Envelope>'
    )
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, octets.encode())
    for version in SoapVersion:
        signed = signed_answer(rig, version)
        verify_with_xmlsec(reply_of(signed), rig.bus_party.certificate)
        was, there = etree.fromstring(octets.encode())[0][0], etree.fromstring(signed.envelope)[1][0]
        assert [(each.tag, each.text, dict(each.attrib)) for each in was.iter()] == [
            (each.tag, each.text, dict(each.attrib)) for each in there.iter()
        ]
        for prefix in outer | inner:  # every one is needed by a value
            assert there.nsmap[prefix] == was.nsmap[prefix]


def test_who_asks_with_rsa_is_answered_with_rsa_where_the_bus_can(rig: Rig, version: SoapVersion) -> None:
    second = rig.give_second_key()
    for kind, bus in (("rsa2048", second), ("p256", rig.bus_party)):
        signed = signed_answer(rig, version, rig.signed(version=version, kind=kind))
        assert verify_with_xmlsec(reply_of(signed), bus.certificate) == {"Body", "Receipt", "Timestamp"}
