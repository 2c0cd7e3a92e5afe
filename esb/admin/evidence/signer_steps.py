"""Steps of a proof about messages and who signed them: consumer, bus and provider."""

from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.evidence import layout
from esb.admin.evidence.case import Broken, Case, Found
from esb.admin.evidence.facts import POLLED, service_of, state_of
from esb.admin.evidence.messages import (
    check_digest,
    check_owners_word,
    check_receipt,
    check_request,
    check_same_content,
    check_sent,
    has_owners_word,
    is_silent,
    receipt_leaves,
    verify_message,
)
from esb.admin.evidence.paths import check_path, check_revocation, fingerprint, read_certificate
from esb.audit.entry import Entry
from esb.audit.leaf import leaf_hash
from esb.certs.chain import explain_chain
from esb.certs.profiles import BUS_SIGNING
from esb.kernel.directory import AnswerSignature
from esb.kernel.namespaces import OWNER_ACTOR

_HOSTED: Final = AnswerSignature.HOSTED.value
_MICRO: Final = 1_000_000


def request_message(case: Case) -> Found | None:
    """The message is the one that was recorded as received."""
    asked = case.asked
    if asked is None:
        return None
    file = layout.received_file(asked[0])
    octets = case.files.get(file)
    if octets is None:
        return Found(case.why_missing(file), proven=False)
    check_digest(octets, asked[1])
    return Found(f"{len(octets)} octets, SHA-256 {asked[1].message_sha256}")


def request_signature(case: Case) -> Found | None:
    """The consumer signed it, as the record says."""
    asked, certificate = case.asked, case.certificate("consumer")
    if asked is None or not asked[1].certificate:
        return _nobody(case, "consumer")  # refused before anybody was known
    if certificate is not None and sha256(certificate).hexdigest() != asked[1].certificate:
        raise Broken("the certificate in the package is not the one that the record states")
    file = layout.received_file(asked[0])
    octets = case.files.get(file)
    if octets is None or certificate is None:
        return Found(case.why_missing(file, "certificates/consumer.cer"), proven=False)
    found = case.messages["request"] = verify_message(octets, [certificate])
    parts = check_request(found[1], asked[1])
    return Found(f"{', '.join(parts)}; by {found[1].signer.subject}")


def consumer_owner(case: Case) -> Found | None:
    """The certificate was the consumer's, by the registry."""
    asked = case.asked
    if asked is None or not asked[1].certificate:
        return None
    return _owned(case, asked[1].certificate, asked[1].consumer, asked[1].at)


def consumer_path(case: Case) -> Found | None:
    """The certificate leads to an anchor."""
    asked = case.asked
    return None if asked is None or _is_about_certificate(asked[1]) else _path(case, "consumer", asked[1])


def consumer_revocation(case: Case) -> Found | None:
    """The certificate was not revoked."""
    asked = case.asked
    return None if asked is None or _is_about_certificate(asked[1]) else _revocation(case, "consumer", asked[1])


def _is_about_certificate(entry: Entry) -> bool:
    """Whether a refusal says that the certificate did not count, or that nobody was known."""
    return entry.rule.startswith("CRT-") or not entry.certificate


def sent_signature(case: Case) -> Found | None:
    """The bus signed what was sent."""
    if not case.given:
        return _nobody(case, "bus")
    found = [_sent(case, name, entry) for name, entry in case.given]
    if not any(name in case.messages for name, _ in case.given):
        _nobody(case, "bus")
    return Found("; ".join(each.text for each in found), all(each.proven for each in found))


def _sent(case: Case, name: str, entry: Entry) -> Found:
    file = layout.sent_file(name)
    octets, certificate = case.files.get(file), case.certificate("bus")
    if octets is None and file in (case.facts.missing if case.facts else {}):
        return Found(case.why_missing(file), proven=False)
    if octets is None:
        check_sent(b"", None, entry)
        return Found("nothing was sent: the operation answers nothing")
    found = case.messages[name] = verify_message(octets, [] if certificate is None else [certificate])
    check_sent(octets, found[1], entry)
    return Found(f"by {found[1].signer.subject}; {entry.outcome}")


def receipt(case: Case) -> Found | None:
    """The receipt in it binds it to the request."""
    request = case.records.get("request")
    sent = [(name, entry) for name, entry in case.given if name in case.messages]
    for name, entry in sent:
        check_receipt(case.messages[name][1], entry, None if request is None else request.entry)
    return Found(f"exchange {sent[0][1].exchange}") if sent else None


def bus_owner(case: Case) -> Found | None:
    """The certificate is the bus's own, by the log or by the verifier's word."""
    certificate = case.certificate("bus")
    if certificate is None:
        return None
    return owned_by_bus(case, read_certificate(certificate), case.given[0][1].at)


def owned_by_bus(case: Case, own: x509.Certificate, at: int) -> Found:
    """Whether a certificate is the bus's own, and was not revoked by the registry at a moment (microseconds)."""
    if own in case.believed.bus:
        return Found("it is one that you gave as the bus's")
    state = state_of(case.changes, ("certificate", fingerprint(own)), 1 << 62)
    if state is None:
        return Found(
            "no change on record says whose it is: give the bus's certificate as you know it (--bus)", proven=False
        )
    if state.get("owner") != "" or state.get("profile", BUS_SIGNING.name) != BUS_SIGNING.name:
        raise Broken(
            f"by the registry it is of {state.get('owner') or 'the bus'}, {state.get('profile', 'registered')}"
        )
    # It may have been entered after it signed: who it belongs to does not change by that.
    revoked = (state_of(case.changes, ("certificate", fingerprint(own)), at - POLLED) or {}).get("revoked")
    if revoked:
        raise Broken(f"by the registry it was revoked by then ({revoked})")
    return Found(f"issued to the bus, SHA-256 {fingerprint(own)}")


def bus_path(case: Case) -> Found | None:
    """The bus's certificate leads to an anchor."""
    return _path(case, "bus", case.given[0][1]) if case.given else None


def bus_revocation(case: Case) -> Found | None:
    """The bus's certificate was not revoked."""
    return _revocation(case, "bus", case.given[0][1]) if case.given else None


def hosted_signature(case: Case) -> Found | None:
    """The answer carries the owner's word where by the registry the bus gives it, and it holds (ANS-07)."""
    answer = case.records.get("answer")
    if answer is None or "answer" not in case.messages:
        return _nobody(case, "hosted")
    if not has_owners_word(case.messages["answer"][0]):
        service = service_of(answer.entry)
        thing = ("service", "" if service is None else service.text)
        stood = [state_of(case.changes, thing, at) for at in (answer.entry.at - POLLED, answer.entry.at)]
        if all(each is not None and each.get("answer_signature") == _HOSTED for each in stood):
            raise Broken("by the registry the bus signed for the service's owner too, and the answer has no such word")
        return _nobody(case, "hosted")
    octets, certificate = case.files[layout.sent_file("answer")], case.certificate("hosted")
    if certificate is None:
        return Found(case.why_missing("certificates/hosted.cer"), proven=False)
    found = case.messages["hosted"] = verify_message(octets, [certificate], OWNER_ACTOR)
    check_owners_word(found[1], answer.entry)
    return Found(f"by {found[1].signer.subject}")


def hosted_owner(case: Case) -> Found | None:
    """That certificate was of the member that owns the service."""
    return _of_service(case, "hosted")


def hosted_path(case: Case) -> Found | None:
    """That certificate leads to an anchor."""
    return _path(case, "hosted", case.records["answer"].entry) if "hosted" in case.messages else None


def hosted_revocation(case: Case) -> Found | None:
    """That certificate was not revoked."""
    return _revocation(case, "hosted", case.records["answer"].entry) if "hosted" in case.messages else None


def provider_message(case: Case) -> Found | None:
    """The provider's answer is the one that was recorded, and the consumer was given its content."""
    answer = case.records.get("answer")
    if answer is None:
        return None
    file = layout.received_file("answer")
    octets = case.files.get(file)
    if octets is None:
        return Found(case.why_missing(file), proven=False)
    check_digest(octets, answer.entry)
    return Found(f"{len(octets)} octets, SHA-256 {answer.entry.message_sha256}")


def provider_signature(case: Case) -> Found | None:
    """The provider signed it, and what it signed is what the consumer was given."""
    octets, certificate = case.files.get(layout.received_file("answer")), case.certificate("provider")
    if octets is None or "answer" not in case.records:
        return _nobody(case, "provider")
    if certificate is None:
        return Found(case.why_missing("certificates/provider.cer"), proven=False)
    envelope, signature = case.messages["provider"] = verify_message(octets, [certificate])
    by = f"by {signature.signer.subject}"
    if "answer" not in case.messages:
        if is_silent(case.records["answer"].entry):
            return Found(f"{by}; the consumer was given nothing")
        return Found(f"{by}; what the consumer was given of it is not in the package", proven=False)
    bridged = check_same_content(envelope, case.messages["answer"][0])
    return Found(f"{by}; a fault that was put into the request's SOAP version" if bridged else by)


def provider_owner(case: Case) -> Found | None:
    """The certificate was of the member that owns the service."""
    return _of_service(case, "provider")


def provider_path(case: Case) -> Found | None:
    """The provider's certificate leads to an anchor."""
    return _path(case, "provider", case.records["answer"].entry) if "provider" in case.messages else None


def provider_revocation(case: Case) -> Found | None:
    """The provider's certificate was not revoked."""
    return _revocation(case, "provider", case.records["answer"].entry) if "provider" in case.messages else None


def seal_signer(case: Case) -> Found | None:
    """Whoever sealed the package is the bus, with a certificate that leads to an anchor."""
    sealed = case.sealed
    if sealed is None:
        return None
    others = [*sealed.chain, *case.authorities]
    path = check_path(sealed.certificate, others, case.believed.anchors, sealed.signed_at)
    owner = owned_by_bus(case, sealed.certificate, int(sealed.signed_at * _MICRO))
    return Found(f"{path}; {owner.text}", owner.proven)


def held(case: Case) -> Found | None:
    """The receipt that the verifier holds cites the records in the package."""
    receipt = case.believed.receipt
    if receipt is None:
        return None
    own = {leaf_hash(each.leaf).hex() for each in case.records.values()}
    bus = case.certificate("bus")
    known = [each.public_bytes(Encoding.DER) for each in case.believed.bus] or ([] if bus is None else [bus])
    exchange, leaves = receipt_leaves(verify_message(receipt, known)[1])
    if not leaves <= own or (case.facts is not None and exchange != case.facts.exchange):
        others = ", ".join(sorted(leaves - own)) or "the same records"
        raise Broken(f"it is of exchange {exchange[:64]} and cites {others}")
    return Found(", ".join(sorted(leaves)))


def _nobody(case: Case, part: str) -> Found | None:
    """Check that no certificate is enclosed as that of somebody who has signed nothing here."""
    if case.certificate(part) is not None:
        raise Broken(f"certificates/{part}.cer is in the package, and signed nothing that is")
    return None


def _of_service(case: Case, part: str) -> Found | None:
    if part not in case.messages:
        return None
    entry = case.records["answer"].entry
    service = service_of(entry)
    member = "" if service is None else service.member
    return _owned(case, case.messages[part][1].signer.sha256.hex(), member, entry.at)


def _owned(case: Case, sha256: str, member: str, at: int) -> Found:
    state = state_of(case.changes, ("certificate", sha256), at)
    if state is None:
        return Found(case.why_missing(f"certificate:{sha256}"), proven=False)
    if state.get("owner") != member or state.get("use", "signing") != "signing":
        raise Broken(f"by the registry it is of {state.get('owner') or 'nobody'}, not of {member} for signing")
    if state.get("revoked"):
        raise Broken(f"by the registry it was revoked by then ({state['revoked']})")
    return Found(f"{member}, SHA-256 {sha256}")


def _path(case: Case, part: str, entry: Entry) -> Found | None:
    der = case.certificate(part)
    if der is None:
        return None
    return Found(check_path(read_certificate(der), case.authorities, case.believed.anchors, entry.at / _MICRO))


def _revocation(case: Case, part: str, entry: Entry) -> Found | None:
    der = case.certificate(part)
    if der is None:
        return None
    data = {name: octets for name, octets in case.files.items() if name.startswith("revocation/")}
    certificate, anchors, at = read_certificate(der), case.believed.anchors, entry.at / _MICRO
    # Whoever is on the path has just been shown to lead to an anchor; others in the package may have signed nothing.
    above = [link.certificate for link in explain_chain(certificate, case.authorities, anchors, at)[1:]]
    known = check_revocation(certificate, [*anchors, *above], data, at)
    sources = (
        set()
        if case.facts is None
        else {each.source for each in case.facts.revocation if each.certificate == fingerprint(certificate)}
    )
    kept = "" if "kept" in sources or not known.proven else "; the bus had not kept what it relied on then"
    return Found(known.text + kept, known.proven)
