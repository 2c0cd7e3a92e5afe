"""A certificate speaks for one owner in one use, until it is revoked."""

import hashlib

import pytest

from esb.kernel.directory import CertificateUse
from esb.kernel.names import ServiceId
from esb.registry.acts import Act, list_changes
from esb.registry.certificates import add_certificate, get_certificate, list_certificates, revoke_certificate
from esb.registry.errors import Conflict, Invalid, NotFound
from esb.registry.models import RevocationReason

SIGNING, TLS = CertificateUse.SIGNING, CertificateUse.TLS


def test_a_certificate_is_named_by_its_digest(act: Act, service: ServiceId) -> None:
    digest = add_certificate(act, b"der", "DIN", SIGNING)
    assert digest == hashlib.sha256(b"der").hexdigest()
    assert get_certificate(act.session, digest.upper()).owner == "DIN"


def test_the_bus_s_own_has_no_owner(act: Act, service: ServiceId) -> None:
    add_certificate(act, b"bus", "", SIGNING)
    add_certificate(act, b"din", "DIN", SIGNING)
    assert [row.der for row in list_certificates(act.session, "")] == [b"bus"]
    assert [row.der for row in list_certificates(act.session, "DIN")] == [b"din"]
    assert len(list_certificates(act.session)) == 2


def test_it_cannot_speak_for_two(act: Act, service: ServiceId) -> None:
    add_certificate(act, b"der", "DIN", SIGNING)
    add_certificate(act, b"der", "DIN", SIGNING)
    for owner, use in (("DSMF", SIGNING), ("", SIGNING), ("DIN", TLS)):
        with pytest.raises(Conflict, match="member DIN"):
            add_certificate(act, b"der", owner, use)


def test_what_cannot_be_registered(act: Act) -> None:
    with pytest.raises(Invalid, match="DER"):
        add_certificate(act, b"", "", SIGNING)
    with pytest.raises(NotFound, match="NOBODY"):
        add_certificate(act, b"der", "NOBODY", SIGNING)


def test_a_revocation_is_final_and_a_hold_is_not(act: Act) -> None:
    digest = add_certificate(act, b"der", "", SIGNING)
    revoke_certificate(act, digest, RevocationReason.CERTIFICATE_HOLD)
    revoke_certificate(act, digest, RevocationReason.KEY_COMPROMISE)
    before = len(list_changes(act.session))
    revoke_certificate(act, digest, RevocationReason.KEY_COMPROMISE)
    assert len(list_changes(act.session)) == before
    with pytest.raises(Conflict, match="final"):
        revoke_certificate(act, digest, RevocationReason.SUPERSEDED)
    with pytest.raises(Conflict, match="final"):
        revoke_certificate(act, digest, RevocationReason.CERTIFICATE_HOLD)
    row = get_certificate(act.session, digest)
    assert (row.revoked, row.revoked_at) == (RevocationReason.KEY_COMPROMISE, act.now)


def test_adding_it_again_does_not_bring_it_back(act: Act) -> None:
    digest = add_certificate(act, b"der", "", SIGNING)
    revoke_certificate(act, digest, RevocationReason.KEY_COMPROMISE)
    add_certificate(act, b"der", "", SIGNING)
    assert get_certificate(act.session, digest).revoked is RevocationReason.KEY_COMPROMISE


def test_an_unknown_one_is_not_found(act: Act) -> None:
    with pytest.raises(NotFound, match="hex"):
        revoke_certificate(act, "0" * 64, RevocationReason.UNSPECIFIED)
