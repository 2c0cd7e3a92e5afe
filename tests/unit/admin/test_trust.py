"""Whom a home believes: read from folders, told when they change, and refused when they are not what they are for."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from esb.admin.trust import TrustBroken, files_stamp, read_trust
from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.crl import CrlInvalid
from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.certs.keys import generate_key
from esb.certs.requests import make_request, read_request
from esb.certs.standing import check_standing
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import Refusal

NOW = 1_790_000_000.0


class Folders:
    """Two folders, and an authority to fill them with."""

    def __init__(self, path: Path) -> None:
        self.anchors, self.crl = path / "anchors", path / "crl"
        self.anchors.mkdir()
        self.crl.mkdir()
        self.key, self.certificate = create_authority("CA", "p256", NOW - 100, 100)
        (self.anchors / "ca.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def member(self) -> Any:
        request = read_request(make_request(generate_key("p256"), "DIN").public_bytes(Encoding.DER))
        serial = serial_number(secrets.token_bytes(16))
        return issue(
            self.key, self.certificate, request, Subject("DIN", "DIN"), CertificateUse.SIGNING, NOW, 30, serial
        )

    def revoke(self, *certificates: Any, number: int = 1) -> None:
        entries = [(each.serial_number, NOW, "keyCompromise") for each in certificates]
        crl = sign_crl(self.key, self.certificate, entries, number, NOW, 7)
        (self.crl / "ca.crl").write_bytes(crl.public_bytes(Encoding.PEM))

    def read(self) -> Any:
        return read_trust(self.anchors, self.crl, 3600, NOW)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_anchors_judge_and_lists_revoke(folders: Folders) -> None:
    good, bad = folders.member(), folders.member()
    folders.revoke(bad)
    trust = folders.read()
    assert trust.judge.problem(good, NOW) is None
    assert (trust.crls.revocation(good), trust.crls.revocation(bad)) == (None, "keyCompromise")
    assert trust.crls.known_until == NOW + 7 * 86_400 + 3600


def test_without_lists_nothing_is_claimed_of_revocation(folders: Folders) -> None:
    assert folders.read().crls.known_until is None
    folders.crl.rmdir()
    assert folders.read().crls.known_until is None


def test_certificates_are_made_ready_with_both(folders: Folders) -> None:
    good, bad = folders.member(), folders.member()
    folders.revoke(bad)
    known = folders.read().known(CertificateLoader(), lambda: NOW)
    der = good.public_bytes(Encoding.DER)
    assert known(der, "DIN", CertificateUse.SIGNING, None).revoked is None
    assert known(der, "DIN", CertificateUse.SIGNING, "superseded").revoked == "superseded"
    assert known(bad.public_bytes(Encoding.DER), "DIN", CertificateUse.SIGNING, None).revoked == "keyCompromise"
    stranger_key, stranger = create_authority("Other CA", "p256", NOW - 100, 100)
    assert stranger_key
    problem = known(stranger.public_bytes(Encoding.DER), "DIN", CertificateUse.SIGNING, None).problem
    assert problem is not None


@pytest.mark.parametrize("der", [b"", b"garbage", b"\x30\x00"])
def test_what_is_no_certificate_is_told_as_such(folders: Folders, der: bytes) -> None:
    known = folders.read().known(CertificateLoader(), lambda: NOW)
    for octets in (der, folders.certificate.public_bytes(Encoding.DER) + b"\0"):
        with pytest.raises(CertificateUnreadable):
            known(octets, "DIN", CertificateUse.SIGNING, None)


def test_a_folder_without_an_anchor_is_refused(folders: Folders, tmp_path: Path) -> None:
    (folders.anchors / "ca.pem").unlink()
    for anchors in (folders.anchors, tmp_path / "none"):
        with pytest.raises(TrustBroken, match="holds no anchor: run esb ca init"):
            read_trust(anchors, folders.crl, 0, NOW)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_is_no_anchor_is_named(folders: Folders, content: bytes) -> None:
    (folders.anchors / "x.pem").write_bytes(content)
    with pytest.raises(TrustBroken, match=r"x\.pem is not a certificate in PEM"):
        folders.read()


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_list_that_cannot_be_believed_is_refused(folders: Folders, content: bytes) -> None:
    (folders.crl / "x.crl").write_bytes(content)
    with pytest.raises(CrlInvalid):
        folders.read()


def test_a_list_of_a_stranger_is_refused(folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Folders(tmp_path / "other")
    stranger.revoke()
    (folders.crl / "x.crl").write_bytes((stranger.crl / "ca.crl").read_bytes())
    with pytest.raises(CrlInvalid):
        folders.read()


def test_hidden_files_and_folders_are_passed_over(folders: Folders) -> None:
    (folders.anchors / ".draft").write_bytes(b"half")
    (folders.crl / ".ca.crl.new").write_bytes(b"half")
    (folders.anchors / "old").mkdir()
    folders.read()


def test_the_stamp_tells_every_change(folders: Folders) -> None:
    stamps = [files_stamp(folders.anchors, folders.crl)]
    assert folders.read().stamp == stamps[0] == files_stamp(folders.anchors, folders.crl)
    folders.revoke()
    stamps.append(files_stamp(folders.anchors, folders.crl))
    (folders.crl / "ca.crl").unlink()
    folders.revoke(folders.member(), number=2)
    stamps.append(files_stamp(folders.anchors, folders.crl))
    (folders.anchors / "second.pem").write_bytes(b"x")
    stamps.append(files_stamp(folders.anchors, folders.crl))
    assert len(set(stamps)) == 4


def test_a_stale_list_of_one_authority_does_not_shut_out_the_members_of_another(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    folders.revoke()
    key, other = create_authority("Other CA", "p256", NOW - 100 * 86_400, 1000)
    (folders.anchors / "other.pem").write_bytes(other.public_bytes(Encoding.PEM))
    stale = sign_crl(key, other, [], 1, NOW - 30 * 86_400, 7)
    (folders.crl / "other.crl").write_bytes(stale.public_bytes(Encoding.DER))
    request = read_request(make_request(generate_key("p256"), "VN").public_bytes(Encoding.DER))
    subject, serial = Subject("VN", "VN"), serial_number(secrets.token_bytes(16))
    shut_out = issue(key, other, request, subject, CertificateUse.SIGNING, NOW - 30 * 86_400, 300, serial)
    known = folders.read().known(CertificateLoader(), lambda: NOW)
    ready = [
        known(one.public_bytes(Encoding.DER), owner, CertificateUse.SIGNING, None)
        for one, owner in ((folders.member(), "DIN"), (shut_out, "VN"))
    ]
    check_standing(ready[0], NOW)
    with pytest.raises(Refusal) as refused:
        check_standing(ready[1], NOW)
    assert refused.value.rule.id == "CRT-07"
