"""A node that shall follow is told what is missing before it starts."""

from pathlib import Path
from typing import Any

import pytest

from esb.admin.following import CannotFollow, follow, towards_publisher
from esb.certs.dsse import KeyUnfit, public_pem
from esb.certs.keys import FileKey, generate_key
from esb.kernel.clock import SystemClock
from esb.registry.errors import Invalid, RegistryUnavailable


def make(tmp_path: Path, certificates: Any, urls: tuple[str, ...] = ()) -> Any:
    return follow(
        urls,
        tmp_path / "publication",
        trusted=tmp_path / "registry.pub",
        copy=tmp_path / "copy",
        grace=0.0,
        tls=None,
        known=certificates.known,
        index=certificates.index,
        clock=SystemClock(),
        keeps=True,
    )


def test_without_a_key_nothing_is_followed(tmp_path: Path, plain_certificates: Any) -> None:
    with pytest.raises(CannotFollow, match=r"registry\.pub"):
        make(tmp_path, plain_certificates)
    (tmp_path / "registry.pub").write_text("nonsense")
    with pytest.raises(KeyUnfit):
        make(tmp_path, plain_certificates)


def test_a_place_that_is_none(tmp_path: Path, plain_certificates: Any) -> None:
    (tmp_path / "registry.pub").write_text(public_pem(FileKey(generate_key("ed25519"))))
    with pytest.raises(Invalid):
        make(tmp_path, plain_certificates, ("ftp://x",))
    with pytest.raises(RegistryUnavailable, match=r"timestamp\.json"):
        make(tmp_path, plain_certificates).poll()


def test_tls_files_that_cannot_be_used(tmp_path: Path) -> None:
    assert towards_publisher(None, None, None, b"").check_hostname
    with pytest.raises(CannotFollow, match="provider"):
        towards_publisher(b"nonsense", None, None, b"")
    with pytest.raises(CannotFollow, match="provider"):
        towards_publisher(None, tmp_path / "none.pem", tmp_path / "none.key", b"")
