"""Refusals as signed faults: complete, honest, without anything of a stranger's that could do harm."""

import base64
import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from support.client import NS, Reply, verify_with_xmlsec
from support.own_schema import breaks_own_schema
from support.provider import envelope11
from support.rig import Rig, done

from esb.audit.leaf import leaf_hash, read_leaf
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.faults import Code, Refusal, Rule
from esb.kernel.message import Violation
from esb.kernel.soap import SoapVersion
from esb.stages.authenticate import authenticate
from esb.stages.authorize import authorize
from esb.stages.parse import parse
from esb.stages.progress import Progress
from esb.stages.reply import refuse, reply
from esb.stages.sign import Signed, sign
from esb.stages.status import fault_class, status_of
from esb.stages.validate import SchemaRefusal, validate

RULES = {rule.code: rule for rule in rules.CATALOGUE.values()}


def progress(rig: Rig, version: SoapVersion = SoapVersion.V11, raw: bytes = b"raw") -> Progress:
    return Progress("x-1", rig.clock.now(), "/services/A/B/C/v1", version, raw, "192.0.2.7", "authorize")


def told(rig: Rig, signed: Signed) -> etree._Element:
    """The fault, after an independent tool has verified the signature."""
    covered = verify_with_xmlsec(Reply(signed.status, {}, signed.envelope), rig.bus_party.certificate)
    assert covered == {"Body", "Receipt", "Timestamp"}
    return etree.fromstring(signed.envelope)[1][0]


def resolved(element: etree._Element | None) -> tuple[str, str]:
    """A value that is a qualified name, as a reader of the canonical form resolves it."""
    assert element is not None
    prefix, _, local = (element.text or "").partition(":")
    return element.nsmap[prefix] or "", local


def seen_by_a_reader(signed: Signed) -> etree._Element:
    """The Body from its canonical octets alone, which is all that the signature vouches for."""
    root = etree.fromstring(signed.envelope)
    lists = [each.get("PrefixList", "") for each in root.iter(f"{{{ns.EXC_C14N}}}InclusiveNamespaces")]
    octets = etree.tostring(
        root[1], method="c14n", exclusive=True, inclusive_ns_prefixes=" ".join(lists).split() or None
    )
    return etree.fromstring(octets)


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_every_code_in_both_versions(rig: Rig, version: SoapVersion, code: Code) -> None:
    rule = RULES[code]
    signed = refuse(Refusal(rule, "A reason.", {"limit": "7"}), progress(rig, version), rig.way)
    assert signed.status == status_of(code, version, rule.blame)
    fault = told(rig, signed)
    assert fault.tag == f"{{{version.value}}}Fault"
    canonical = seen_by_a_reader(signed)[0]
    if version is SoapVersion.V11:
        names = [resolved(canonical.find("faultcode"))]
        reason, detail = fault.findtext("faultstring"), fault.find("detail")
        if names[0][0] == version.value:
            assert names[0][1] == fault_class(code, version, rule.blame)
    else:
        value = canonical.find("s12:Code/s12:Value", NS)
        names = [resolved(value), resolved(canonical.find("s12:Code/s12:Subcode/s12:Value", NS))]
        assert names[0] == (version.value, fault_class(code, version, rule.blame))
        assert names[1][0] in (ns.EXCHANGE, ns.WSSE, ns.WSU)
        if names[1][0] == ns.EXCHANGE:
            assert names[1][1] == code.value
        reason, detail = fault.findtext("s12:Reason/s12:Text", namespaces=NS), fault.find("s12:Detail", NS)
    assert reason == "A reason."
    assert detail is not None
    assert [child.tag for child in detail] == [f"{{{ns.EXCHANGE}}}Fault"]
    assert breaks_own_schema(detail[0]) == ""
    said = {etree.QName(child).localname: child.text for child in detail[0]}
    assert said["code"] == code.value
    assert said["rule"] == rule.id
    assert (said["exchange"], said["stage"]) == ("x-1", "authorize")
    assert said["retryable"] == (rule.retry or code.facts.retry).value
    assert (detail[0][-1].get("name"), said["particular"]) == ("limit", "7")


def test_a_time_to_wait_is_told_twice(rig: Rig, version: SoapVersion) -> None:
    refusal = Refusal(rules.BUS_LOAD, "Full.", {}, 9)
    signed = refuse(refusal, progress(rig, version), rig.way)
    assert signed.retry_after == 9
    fault = told(rig, signed)
    assert fault.findtext(".//exch:retryAfter", namespaces=NS) == "9"
    assert fault.findtext(".//exch:retryable", namespaces=NS) == "after"
    assert done(reply(signed, rig.way)).retry_after == 9


@pytest.mark.parametrize(
    "rule", [rules.PRV_CONNECT, rules.PRV_BROKEN, rules.PRV_TIMEOUT, rules.TIM_REPLAY], ids=lambda rule: rule.id
)
def test_nobody_is_told_to_repeat_what_may_have_been_done(rig: Rig, rule: Rule) -> None:
    fault = told(rig, refuse(Refusal(rule, "x"), progress(rig), rig.way))
    assert fault.findtext(".//exch:retryable", namespaces=NS) == ("yes" if rule is rules.PRV_CONNECT else "no")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=30)), st.text(max_size=30), st.text(max_size=600))
def test_nothing_that_a_stranger_wrote_does_harm(
    rig: Rig, particulars: dict[str, str], reason: str, expected: str
) -> None:
    violations = (Violation(1, 2, "/a" + reason, "x" + expected),)
    for refusal in (Refusal(rules.ACC_FIELDS, reason, particulars), SchemaRefusal(rules.SCH_REQUEST, violations)):
        for version in SoapVersion:
            signed = refuse(refusal, progress(rig, version), rig.way)
            fault = told(rig, signed)
            assert breaks_own_schema(fault.find(".//exch:Fault", NS)) == ""
            for element in fault.iter():
                text = element.text or ""
                assert text.isprintable()
                assert len(text) <= 512
            assert read_leaf(signed.leaf) == signed.entry


def test_markup_in_a_particular_stays_text(rig: Rig) -> None:
    evil = '</exch:particular><exch:code>x</exch:code>" ]]> & xmlns:exch="urn:shluz:exchange:1"'
    fault = told(rig, refuse(Refusal(rules.ACC_FIELDS, evil, {"a": evil}), progress(rig, SoapVersion.V12), rig.way))
    assert fault.findtext(".//exch:particular", namespaces=NS) == evil
    assert fault.findtext(".//s12:Text", namespaces=NS) == evil
    assert len(fault.findall(".//exch:code", NS)) == 1


def test_violations_are_told_one_by_one(rig: Rig) -> None:
    places = tuple(Violation(number, 0, f"/a[{number}]", "a date") for number in range(1, 9))
    fault = told(rig, refuse(SchemaRefusal(rules.SCH_REQUEST, places), progress(rig), rig.way))
    found = [[field.text for field in each] for each in fault.findall(".//exch:violation", NS)]
    assert found == [[str(number), "0", f"/a[{number}]", "a date"] for number in range(1, 6)]


def test_the_receipt_binds_a_refusal_to_what_was_sent(rig: Rig) -> None:
    signed = refuse(Refusal(rules.XML_WELL_FORMED, "x"), progress(rig, raw=b"not xml"), rig.way)
    receipt = etree.fromstring(signed.envelope).find(".//exch:Receipt", NS)
    assert receipt is not None
    assert breaks_own_schema(receipt) == ""
    assert receipt.find("exch:requestRecord", NS) is None
    digest = receipt.findtext("exch:requestDigest", namespaces=NS) or ""
    assert base64.b64decode(digest) == hashlib.sha256(b"not xml").digest()
    leaf = receipt.findtext("exch:answerRecord/exch:leaf", namespaces=NS) or ""
    assert base64.b64decode(leaf) == leaf_hash(signed.leaf)


def test_one_that_was_on_record_cites_it(rig: Rig) -> None:
    at = progress(rig)
    at.came_to(rig.accepted())
    signed = refuse(Refusal(rules.PRV_TIMEOUT, "x"), at, rig.way)
    receipt = etree.fromstring(signed.envelope).find(".//exch:Receipt", NS)
    assert receipt is not None
    leaf = receipt.findtext("exch:requestRecord/exch:leaf", namespaces=NS) or ""
    assert base64.b64decode(leaf) == rig.evidence.leaf_of(0)
    assert signed.entry.request_leaf == rig.evidence.leaf_of(0).hex()
    assert signed.received == b""  # the request's own record keeps it


def test_the_record_says_no_more_than_was_proved(rig: Rig) -> None:
    at = progress(rig)
    for message, consumer, operation in (
        (rig.parsed(), "", ""),
        (rig.authenticated(), "EESMN", ""),
        (rig.authorized(), "EESMN", "GetPerson"),
    ):
        at.came_to(message)
        entry = refuse(Refusal(rules.ACC_GRANT, "No."), at, rig.way).entry
        assert (entry.consumer, entry.operation) == (consumer, operation)
        assert (entry.outcome, entry.rule, entry.reason, entry.stage) == ("AccessDenied", "ACC-02", "No.", "authorize")
        assert entry.service == ("DIN/IAMAS/PersonQuery/v1" if operation else "/services/A/B/C/v1")


def test_a_strangers_path_is_made_fit_for_the_log(rig: Rig) -> None:
    at = progress(rig)
    at.path = "/services/\0" + "x" * 5000
    signed = refuse(Refusal(rules.RTE_RESOURCE, "x"), at, rig.way)
    assert "\0" not in signed.entry.service
    assert len(signed.entry.service) <= 256


def test_a_large_refused_message_leaves_only_its_digest(rig: Rig) -> None:
    for size, kept in ((rig.way.keep_refused, True), (rig.way.keep_refused + 1, False)):
        raw = b"x" * size
        signed = refuse(Refusal(rules.XML_WELL_FORMED, "x"), progress(rig, raw=raw), rig.way)
        assert signed.received == (raw if kept else b"")
        assert signed.entry.message_sha256 == hashlib.sha256(raw).hexdigest()


def test_an_answer_leaves_once_it_is_on_record(rig: Rig) -> None:
    signed = sign(rig.judged(), rig.way)
    replied = done(reply(signed, rig.way))
    assert (replied.status, replied.envelope) == (200, signed.envelope)
    written = rig.evidence.records[-1]
    assert (written.entry, written.leaf, written.sent) == (signed.entry, signed.leaf, signed.envelope)
    assert written.replay_key is None


def test_and_does_not_leave_when_it_is_not(rig: Rig) -> None:
    signed = sign(rig.judged(), rig.way)
    rig.evidence.refusing["answer"] = "disk full"
    with pytest.raises(Refusal) as refusal:
        done(reply(signed, rig.way))
    assert refusal.value.rule.id == "BUS-01"
    assert "disk" not in refusal.value.reason


def fault_to(rig: Rig, message: bytes) -> Signed:
    """The signed fault for a message that some stage refuses, as the bus makes it."""
    under_way = Progress.of(rig.received(message))
    try:
        for stage in (parse, authenticate, authorize, validate):
            under_way.came_to(done(stage(under_way.message, rig.way)))
    except Refusal as refusal:
        return refuse(refusal, under_way, rig.way)
    raise AssertionError("nothing was refused")


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_fault_is_signed_with_the_key_that_fits_the_requests(rig: Rig, kind: str) -> None:
    """Verified or only claimed: it decides which of the bus's own keys signs, and nothing else."""
    second = rig.give_second_key()
    bus = {"p256": rig.bus_party, "rsa2048": second}[kind]
    method = {"p256": ns.ECDSA_SHA256, "rsa2048": ns.RSA_SHA256}[kind].encode()
    messages = {
        "SIG-07": rig.signed(kind=kind).replace(b"5ABC123", b"5ABC124"),
        "SIG-09": rig.signed(kind=kind).replace(method, method.replace(b"sha256", b"sha1")),
        "TIM-05": rig.signed(kind=kind, headers=(f'<w:MessageID xmlns:w="{ns.WSA}"/>'.encode(),)),
        "RTE-02": rig.signed(b"<x/>", kind=kind),
        "SCH-01": rig.signed(b'<p:GetPerson xmlns:p="urn:example:person"/>', kind=kind),
    }
    for rule, message in messages.items():
        signed = fault_to(rig, message)
        assert signed.entry.rule == rule
        verify_with_xmlsec(Reply(signed.status, {}, signed.envelope), bus.certificate)


def test_a_fault_before_a_signature_could_be_read_is_the_first_keys(rig: Rig) -> None:
    """Load shed costs the bus as little as it can, and what is no envelope claims nothing."""
    rig.give_second_key()
    message = rig.signed(kind="rsa2048")
    shed = refuse(Refusal(rules.BUS_LOAD, "Full.", {}, 1), Progress.of(rig.received(message)), rig.way)
    broken = fault_to(rig, message[:-1])
    unsigned = fault_to(rig, envelope11(b"<x/>"))
    for signed in (shed, broken, unsigned):
        verify_with_xmlsec(Reply(signed.status, {}, signed.envelope), rig.bus_party.certificate)
