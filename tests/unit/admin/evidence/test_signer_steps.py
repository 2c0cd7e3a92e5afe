"""Who signed: by the registry's changes on record, or by the verifier's own knowledge."""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from support.packages import Packages, lend, with_facts

from esb.admin.evidence import signer_steps
from esb.admin.evidence.case import Broken, Case, Held
from esb.admin.evidence.container import read_container
from esb.admin.evidence.facts import ChangeFacts
from esb.admin.evidence.layout import read_facts, write_facts
from esb.admin.evidence.verify import PackageBroken
from esb.audit.entry import Kind
from esb.kernel.faults import EsbError


def altered(packages: Packages, acts: str, package: bytes = b"", **detail: object) -> Case:
    """A proven case whose registry says something else of certificates."""
    case = packages.verify(package or packages.answered).case
    case.changes = [
        replace(each, detail={**each.detail, **detail}) if each.thing[0] == "certificate" and each.act in acts else each
        for each in case.changes
    ]
    return case


def test_a_certificate_of_another_member_is_told(packages: Packages) -> None:
    case = altered(packages, "add issue", owner="OTHER")
    for step in (signer_steps.consumer_owner, signer_steps.provider_owner):
        with pytest.raises(Broken, match="it is of OTHER"):
            step(case)
    with pytest.raises(Broken, match="for signing"):
        signer_steps.consumer_owner(altered(packages, "add", use="tls"))


def test_a_certificate_that_was_revoked_before_is_told(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    assert case.asked is not None
    entry = case.asked[1]
    thing = ("certificate", entry.certificate)
    case.changes.append(ChangeFacts("x", 999, entry.at - 1, "o", "revoke", thing, {"revoked": [None, "superseded"]}))
    with pytest.raises(Broken, match="revoked by then"):
        signer_steps.consumer_owner(case)


def test_a_members_certificate_is_not_the_buss(packages: Packages) -> None:
    case = altered(packages, "issue", owner="EESMN")
    with pytest.raises(Broken, match="it is of EESMN"):
        signer_steps.bus_owner(case)
    with pytest.raises(Broken, match="it is of EESMN"):
        signer_steps.seal_signer(case)
    case.believed = replace(case.believed, bus=(*packages.sources.anchors, packages.signer.chain[0]))
    found = signer_steps.bus_owner(case)
    assert found is not None
    assert found.proven


def test_without_a_change_whose_it_is_is_not_shown(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    case.changes = []
    for step in (signer_steps.consumer_owner, signer_steps.bus_owner, signer_steps.provider_owner):
        found = step(case)
        assert found is not None
        assert not found.proven


def test_a_refusal_for_the_certificate_is_not_held_against_it(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    held = case.records.pop("request")
    entry = packages.exchanges["refused"].records[0].entry
    case.records["refusal"] = Held(with_facts(entry, rule="CRT-05"), held.leaf, held.proof)
    assert signer_steps.consumer_path(case) is signer_steps.consumer_revocation(case) is None


def owners_part(answer: bytes) -> re.Match[bytes]:
    """The owner's Security header in an answer."""
    found = re.search(rb'<wsse:Security [^>]*"urn:shluz:owner".*?</wsse:Security>', answer)
    assert found is not None
    return found


def test_the_owners_word_is_verified_by_the_buss_own_verifier(packages: Packages) -> None:
    found = {step.name: step.found for step in packages.verify(packages.hosted).steps}
    assert found["hosted-owner"].startswith("DIN, SHA-256")
    assert found["hosted-signature"].startswith("by CN=DIN,")
    owner = read_container(packages.hosted).files["certificates/hosted.cer"]
    assert sha256(owner).hexdigest() in found["hosted-owner"]


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        (lambda part: part.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"), "SIG-0"),
        (lambda part: re.sub(rb"(<wsu:Created>\d{3})\d", rb"\g<1>1", part), "SIG-07"),
        (lambda part: part + part, "SIG-01"),
        (lambda part: part.replace(b"SIG-owner-", b"SIG-other-"), "another exchange"),
        (lambda part: part.replace(b'URI="#body-', b'URI="#other-'), "SIG-06"),
    ],
)
def test_an_altered_word_of_the_owner_is_found(packages: Packages, alter: Callable[[bytes], bytes], why: str) -> None:
    def forge(files: dict[str, bytes]) -> None:
        answer = files["messages/answer.xml"]
        part = owners_part(answer)[0]
        assert alter(part) != part
        files["messages/answer.xml"] = answer.replace(part, alter(part))

    with pytest.raises(PackageBroken, match=why) as told:
        packages.verify(packages.forged(packages.hosted, forge))
    assert told.value.step.name == "hosted-signature"


def test_a_word_of_another_member_is_found(packages: Packages) -> None:
    def forge(files: dict[str, bytes]) -> None:
        lend(files, "hosted", files["certificates/consumer.cer"])

    assert packages.broken_at(packages.forged(packages.hosted, forge)) == "hosted-signature"
    case = altered(packages, "add issue", owner="OTHER", package=packages.hosted)
    with pytest.raises(Broken, match="it is of OTHER, not of DIN"):
        signer_steps.hosted_owner(case)


def test_a_word_of_the_owner_that_was_taken_away_is_missed(packages: Packages) -> None:
    def forge(files: dict[str, bytes]) -> None:
        answer = files["messages/answer.xml"]
        files["messages/answer.xml"] = answer.replace(owners_part(answer)[0], b"")
        gone = sha256(files.pop("certificates/hosted.cer")).hexdigest()
        facts = read_facts(files["facts.json"])
        left = tuple(each for each in facts.revocation if each.certificate != gone)
        files["facts.json"] = write_facts(replace(facts, revocation=left))

    case = packages.verify(packages.forged(packages.hosted, forge)).case
    assert signer_steps.hosted_signature(case) is None  # the service has been answered like this for a moment only
    case.changes = [replace(each, at=each.at - 61_000_000) for each in case.changes]
    with pytest.raises(Broken, match="has no such word"):
        signer_steps.hosted_signature(case)


def test_a_key_of_the_bus_that_was_revoked_before_is_told(packages: Packages) -> None:
    case = packages.verify(packages.answered).case
    assert case.sealed is not None
    thing = ("certificate", case.sealed.certificate.fingerprint(SHA256()).hex())
    at = case.given[0][1].at - 61_000_000
    told = ChangeFacts("x", 999, at, "o", "revoke", thing, {"revoked": [None, "keyCompromise"]})
    case.changes = [*(replace(each, at=min(each.at, at)) for each in case.changes), told]
    for step in (signer_steps.bus_owner, signer_steps.seal_signer):
        with pytest.raises(Broken, match="revoked by then"):
            step(case)


def test_an_answer_and_a_refusal_of_one_exchange_are_both_looked_at(packages: Packages) -> None:
    """The bus refuses an answer whose record it could not make for sure; then both may be on record."""
    case = packages.verify(packages.answered).case
    answer = case.records["answer"]
    entry = with_facts(answer.entry, kind=Kind.REFUSAL, record=f"{answer.entry.exchange}-r", outcome="Refused")
    case.records["refusal"] = Held(entry, answer.leaf, answer.proof)
    case.files = {**case.files, "messages/refusal.xml": case.files["messages/answer.xml"]}
    found = signer_steps.sent_signature(case)
    assert found is not None
    assert found.text.endswith("; Refused")
    with pytest.raises(EsbError, match="answerRecord"):  # the answer's receipt is not the refusal's
        signer_steps.receipt(case)
    case.files["messages/refusal.xml"] = case.files["messages/request.xml"]
    with pytest.raises(EsbError):
        signer_steps.sent_signature(case)
