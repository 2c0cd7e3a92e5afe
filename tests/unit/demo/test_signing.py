"""Signatures by libxmlsec: what they cover, and that one which covers something else is not believed."""

import copy
from datetime import UTC, datetime

import pytest
from lxml import etree

from esb.demo.signing import Identity, OpinionError, check_signature, read_identity, security_headers, sign_envelope
from esb.kernel.namespaces import SOAP11, SOAP12, WSU
from esb.kernel.xml import Element

WSU_ID = f"{{{WSU}}}Id"


def envelope(soap: str = SOAP11) -> Element:
    return etree.fromstring(
        f'<S:Envelope xmlns:S="{soap}"><S:Header><h xmlns="urn:h">1</h></S:Header>'
        f'<S:Body><q xmlns="urn:q">ə</q></S:Body></S:Envelope>'
    )


def signed(identity: Identity, soap: str = SOAP11) -> Element:
    root = envelope(soap)
    sign_envelope(root, identity)
    return etree.fromstring(etree.tostring(root))  # as it is after a journey


@pytest.mark.parametrize("soap", [SOAP11, SOAP12])
@pytest.mark.parametrize("member", ["elliptic", "rsa"])
def test_body_timestamp_and_every_header_block_are_covered(
    member: str, soap: str, request: pytest.FixtureRequest
) -> None:
    identity = request.getfixturevalue(member)
    root = signed(identity, soap)
    (security,) = security_headers(root)
    names = [etree.QName(part).localname for part in check_signature(security, identity.certificate)]
    assert names == ["Body", "Timestamp", "h"]
    assert check_signature(security) == check_signature(security, identity.certificate)


def test_an_envelope_without_a_header_gets_one(elliptic: Identity) -> None:
    root = etree.fromstring(f'<S:Envelope xmlns:S="{SOAP11}"><S:Body/></S:Envelope>')
    sign_envelope(root, elliptic)
    assert len(security_headers(root)) == 1


def test_an_envelope_without_a_body_is_not_signed(elliptic: Identity) -> None:
    with pytest.raises(ValueError, match="Body"):
        sign_envelope(etree.fromstring(f'<S:Envelope xmlns:S="{SOAP11}"/>'), elliptic)


def test_the_time_is_that_of_the_clock_given(elliptic: Identity) -> None:
    root = envelope()
    sign_envelope(root, elliptic, lambda: datetime(2015, 2, 28, 12, 0, 0, 5000, UTC))
    created = next(root.iter(f"{{{WSU}}}Created"))
    expires = next(root.iter(f"{{{WSU}}}Expires"))
    assert (created.text, expires.text) == ("2015-02-28T12:00:00.005Z", "2015-02-28T12:05:00.005Z")


def test_a_changed_body_is_found(elliptic: Identity) -> None:
    root = signed(elliptic)
    root[1][0].text = "e"
    with pytest.raises(OpinionError, match="does not hold"):
        check_signature(security_headers(root)[0], elliptic.certificate)


def test_another_members_certificate_is_not_taken(elliptic: Identity, rsa: Identity) -> None:
    with pytest.raises(OpinionError, match="does not hold"):
        check_signature(security_headers(signed(elliptic))[0], rsa.certificate)


def test_an_id_that_stands_twice_is_found(elliptic: Identity) -> None:
    root = signed(elliptic)
    root.append(copy.deepcopy(root[1]))
    with pytest.raises(OpinionError, match="leads to 2 elements"):
        check_signature(security_headers(root)[0], elliptic.certificate)


def test_two_signatures_are_found(elliptic: Identity) -> None:
    root = signed(elliptic)
    (security,) = security_headers(root)
    security.append(copy.deepcopy(security[-1]))
    with pytest.raises(OpinionError, match="2 signatures"):
        check_signature(security, elliptic.certificate)


def test_a_token_that_is_no_certificate_is_found(elliptic: Identity) -> None:
    root = signed(elliptic)
    (security,) = security_headers(root)
    security[0].text = "AAAA"
    with pytest.raises(OpinionError, match="no certificate"):
        check_signature(security)


def test_an_identity_is_read_from_its_two_files_and_never_shown(elliptic: Identity, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    (folder / "EESMN.key").write_bytes(elliptic.key)
    (folder / "EESMN.pem").write_bytes(elliptic.certificate)
    assert read_identity(folder, "EESMN") == elliptic
    assert "PRIVATE" not in repr(elliptic)
