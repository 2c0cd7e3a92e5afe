"""The key that wraps keys, in a file; and another's RFC 3394 unwraps what it wraps."""

import shutil
import subprocess
from pathlib import Path

import pytest

from esb.certs import envelope
from esb.certs.keys import KeyMissing, KeyUnusable, WrongPassphrase, generate_key, store_key
from esb.certs.master_key import FileMaster, load_master, make_master

PASSPHRASE = b"correct horse"
DATA = bytes(range(32))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("master") / "bodies.key"
    make_master(path, PASSPHRASE)
    return path


def test_a_key_in_a_file_is_made_once_and_opened_again(path: Path) -> None:
    master = load_master(path, PASSPHRASE)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert master.unwrap(master.wrap(DATA)) == DATA
    assert len(master.wrap(DATA)) == 40
    with pytest.raises(KeyUnusable, match="is not overwritten"):
        make_master(path, PASSPHRASE)
    with pytest.raises(WrongPassphrase):
        load_master(path, b"another")


def test_nothing_else_is_taken_for_it(path: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        load_master(tmp_path / "nowhere.key", PASSPHRASE)
    with pytest.raises(KeyUnusable, match="give a passphrase"):
        make_master(tmp_path / "x.key", b"")
    signing = tmp_path / "signing.key"
    store_key(generate_key("p256"), signing, PASSPHRASE)
    with pytest.raises(KeyUnusable, match="another key than one of 256 bits"):
        load_master(signing, PASSPHRASE)
    broken = tmp_path / "broken.key"
    broken.write_bytes(path.read_bytes()[:-40])
    broken.chmod(0o600)
    with pytest.raises(KeyUnusable, match="is broken"):
        load_master(broken, PASSPHRASE)
    open_to_all = tmp_path / "open.key"
    shutil.copyfile(path, open_to_all)
    open_to_all.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        load_master(open_to_all, PASSPHRASE)


def test_what_was_altered_or_is_anothers_does_not_unwrap() -> None:
    master, other = FileMaster(b"a" * 32), FileMaster(b"b" * 32)
    wrapped = master.wrap(DATA)
    assert (len(master.name), master.name == other.name) == (16, False)
    for wrong in (wrapped[:-1] + bytes([wrapped[-1] ^ 1]), wrapped[:-8], b"", other.wrap(DATA)):
        with pytest.raises(KeyUnusable, match="altered, or is not under this master key"):
            master.unwrap(wrong)
    assert "6161" not in repr(master)
    assert "aaaa" not in repr(master)


def test_openssl_unwraps_it() -> None:
    key = bytes(range(100, 132))
    opened = subprocess.run(
        ["openssl", "enc", "-d", "-id-aes256-wrap", "-K", key.hex(), "-iv", "A6A6A6A6A6A6A6A6"],
        input=FileMaster(key).wrap(DATA),
        capture_output=True,
        check=True,
    )
    assert opened.stdout == DATA


def test_another_form_of_encryption_is_told_from_a_wrong_passphrase(path: Path) -> None:
    assert envelope.open_sealed(path.read_bytes(), PASSPHRASE)[-32:]
    for wrong in (b"no pem", path.read_bytes().replace(b"MI", b"ME", 1)):
        with pytest.raises(ValueError, match=r".*"):
            envelope.open_sealed(wrong, PASSPHRASE)
