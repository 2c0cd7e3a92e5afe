"""The log's key: made once, by whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from esb.admin.log_key import log_origin, open_log_signer
from esb.audit.notes import open_checkpoint
from esb.certs.keys import KeyUnusable, WrongPassphrase, generate_key, store_key

SECRET = b"a passphrase"


def test_all_who_come_at_once_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "log.key"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: open_log_signer(path, SECRET, "bus.example/log"), range(4)))
    assert len({signer.key.text for signer in found}) == 1
    checkpoint, _ = open_checkpoint(found[0].checkpoint(1, bytes(32)), found[1].key)
    assert checkpoint.size == 1
    assert path.stat().st_mode & 0o077 == 0


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    store_key(generate_key("p256"), tmp_path / "log.key", SECRET)
    with pytest.raises(KeyUnusable, match="no Ed25519 key"):
        open_log_signer(tmp_path / "log.key", SECRET, "bus.example/log")


def test_a_key_under_another_passphrase_is_not_made_anew(tmp_path: Path) -> None:
    open_log_signer(tmp_path / "log.key", SECRET, "bus.example/log")
    with pytest.raises(WrongPassphrase):
        open_log_signer(tmp_path / "log.key", b"another", "bus.example/log")


def test_a_log_is_called_after_the_bus_unless_told_otherwise() -> None:
    assert log_origin("", "https://bus.gov.example:8443") == "bus.gov.example:8443/log"
    assert log_origin("archive.example/x", "https://bus.gov.example") == "archive.example/x"
