"""The home's own authority and a foreign one over HTTP: a token is kept only where it holds."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from support.foreign_tsa import foreign_tsa, make_foreign_tsa
from support.offices import NOW, authority, office, openssl, write_pem

from esb.admin.stamp_sources import NoStamp, OtherStamps, OwnStamps, read_anchors, stamp_judge, stamp_places
from esb.certs.keys import store_key
from esb.certs.profiles import TIME_STAMPING

NOTE = b"bus.example/log\n7\nroot\n\n\xe2\x80\x94 bus.example/log c2ln\n"
PASSPHRASE = b"correct horse battery staple"


def own(folder: Path, now: float = NOW + 5, floor: float = 0.0) -> OwnStamps:
    paths = (folder / "ca.pem", folder / "tsa.key", folder / "tsa.pem")
    return OwnStamps(*paths, lambda: PASSPHRASE, "1.2.3", 1000, lambda: now, lambda: floor, secrets.token_bytes)


def make_key(folder: Path) -> None:
    key, certificate = office(TIME_STAMPING)
    write_pem(folder / "ca.pem", authority()[1])
    write_pem(folder / "tsa.pem", certificate)
    (folder / "tsa.key").unlink(missing_ok=True)
    store_key(key.private_key, folder / "tsa.key", PASSPHRASE)


def test_the_homes_own_authority_stamps_and_openssl_agrees(tmp_path: Path) -> None:
    make_key(tmp_path)
    source = own(tmp_path)
    token, said = source.stamp(NOTE)
    assert said.at == int((NOW + 5) * 1_000_000)
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "note").write_bytes(NOTE)
    verify = ("ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", "ca.pem")
    assert "Verification: OK" in openssl(tmp_path, *verify, "-attime", int(NOW) + 60)


def test_without_a_key_or_a_clock_that_can_be_believed_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NoStamp, match="esb ca tsa"):
        own(tmp_path).stamp(NOTE)
    make_key(tmp_path)
    with pytest.raises(NoStamp, match="stepped back"):
        own(tmp_path, floor=NOW + 100).stamp(NOTE)
    (tmp_path / "tsa.pem").write_text("nothing")
    with pytest.raises(NoStamp, match="cannot be used"):
        own(tmp_path).stamp(NOTE)


def test_a_foreign_authority_is_asked_over_http(tmp_path: Path) -> None:
    make_foreign_tsa(tmp_path)
    with foreign_tsa(tmp_path) as tsa:
        anchors = read_anchors([tmp_path / "root.pem"])
        source = OtherStamps(tsa.url, lambda: anchors, None, secrets.token_bytes)
        token, said = source.stamp(NOTE)
        assert (said.policy, said.authority) == ("1.2.3.4.1", "CN=Foreign tsa")
        assert stamp_judge(anchors)(token, NOTE) == (said.at, said.accuracy)
        (tmp_path / "token").write_bytes(token)
        (tmp_path / "note").write_bytes(NOTE)
        verify = ("ts", "-verify", "-token_in", "-in", "token", "-data", "note", "-CAfile", "root.pem")
        assert "Verification: OK" in openssl(tmp_path, *verify)
        tsa.broken = (tmp_path / "reply").read_bytes()  # an answer to an earlier question, played again
        with pytest.raises(NoStamp, match="nonce is another"):
            source.stamp(NOTE)
        with pytest.raises(NoStamp, match="digest is another"):
            source.stamp(b"other")
        tsa.broken = b""
        with pytest.raises(NoStamp, match="HTTP 500"):
            source.stamp(NOTE)
        tsa.broken = b"\x30\x03nonsense"
        with pytest.raises(NoStamp, match="no TimeStampResp"):
            source.stamp(NOTE)
        tsa.broken = None
        strange = OtherStamps(tsa.url, lambda: [authority()[1]], None, secrets.token_bytes)
        with pytest.raises(NoStamp, match="leads to none"):
            strange.stamp(NOTE)
    with pytest.raises(NoStamp, match="cannot be asked"):
        source.stamp(NOTE)


def test_anchors_are_read_from_files_and_folders(tmp_path: Path) -> None:
    write_pem(tmp_path / "shluz-ca.pem", authority()[1])
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "two.pem").write_bytes(authority("p256", "Two")[1].public_bytes(Encoding.PEM))

    class Evidence:
        timestamp_anchors: Any = None

    assert stamp_places(tmp_path, Evidence()) == [tmp_path / "shluz-ca.pem"]
    Evidence.timestamp_anchors = folder
    found = read_anchors(stamp_places(tmp_path, Evidence()))
    assert [each.fingerprint(_SHA) for each in found] == [
        each.fingerprint(_SHA) for each in (authority()[1], authority("p256", "Two")[1])
    ]
    for empty in (tmp_path / "none.pem", tmp_path.parent / "nowhere"):
        with pytest.raises(NoStamp):
            read_anchors([empty])
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoStamp, match="holds no certificate"):
        read_anchors([tmp_path / "empty"])


_SHA = SHA256()
