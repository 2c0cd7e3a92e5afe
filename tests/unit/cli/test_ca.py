"""`esb ca`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

Run = Callable[..., Result]


def fingerprint(run: Run, code: str = "EESMN") -> str:
    lines = run("member", "show", code).stdout.splitlines()
    return next(line.split()[1] for line in lines if line.startswith("certificate:"))


def revoked(home: Path) -> int:
    return len(list(x509.load_pem_x509_crl((home / "crl" / "shluz-ca.crl").read_bytes())))


def test_init_says_what_it_made_and_what_is_next(run: Run, tmp_path: Path) -> None:
    run("init")
    result = run("ca", "init", "--name", "Sınaq CA", "--key", "p256", "--days", "30")
    assert result.exit_code == 0
    for words in ("Sınaq CA", "ca/ca.key", "anchors/shluz-ca.pem", "keys/", "esb member add"):
        assert words in result.stdout
    certificate = x509.load_pem_x509_certificate((tmp_path / "shluz-home/anchors/shluz-ca.pem").read_bytes())
    assert "Sınaq CA" in certificate.subject.rfc4514_string()


def test_it_is_made_once(office: Run) -> None:
    result = office("ca", "init", "--key", "p256")
    assert result.exit_code == 1
    assert "exists: nothing was changed" in result.stderr


def test_a_home_is_needed(run: Run) -> None:
    result = run("ca", "init")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "esb init" in result.stderr


@pytest.mark.parametrize("arguments", [("--key", "rsa1024"), ("--days", "1"), ("--days", "x")])
def test_what_cannot_be_is_a_wrong_command_line(office: Run, arguments: tuple[str, str]) -> None:
    assert office("ca", "init", *arguments).exit_code == 2


def test_a_wrong_passphrase_is_told_without_it(office: Run) -> None:
    result = office("ca", "crl", SHLUZ_KEYS_PASSPHRASE="nonsense")
    assert result.exit_code == 1
    assert "passphrase" in result.stderr
    assert "nonsense" not in result.output


def test_crl_signs_a_fresh_list(office: Run, tmp_path: Path) -> None:
    result = office("ca", "crl")
    assert result.exit_code == 0
    assert "0 certificates are revoked" in result.stdout
    assert revoked(tmp_path / "shluz-home") == 0


def test_without_an_authority_there_is_no_list(run: Run) -> None:
    run("init")
    result = run("ca", "crl")
    assert result.exit_code == 1
    assert "esb ca init" in result.stderr


def test_revoking_takes_it_back_everywhere(office: Run, tmp_path: Path, csr: Path) -> None:
    office("member", "enrol", "EESMN", "--csr", str(csr))
    digest = fingerprint(office)
    result = office("ca", "revoke", digest, "--reason", "keyCompromise")
    assert result.exit_code == 1
    assert "add --yes" in result.stderr
    assert "standing:     good" in office("member", "show", "EESMN").stdout
    result = office("ca", "revoke", digest, "--reason", "keyCompromise", "--yes")
    assert (result.exit_code, result.stdout.startswith("Revoked.")) == (0, True)
    assert "revoked (keyCompromise)" in office("member", "show", "EESMN").stdout
    assert revoked(tmp_path / "shluz-home") == 1


def test_what_cannot_be_revoked(office: Run) -> None:
    result = office("ca", "revoke", "00", "--reason", "boredom", "--yes")
    assert result.exit_code == 2
    assert "keyCompromise" in result.stderr
    result = office("ca", "revoke", "0" * 64, "--yes")
    assert result.exit_code == 1


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


SECOND = {"SHLUZ_KEYS_SECOND_SIGNING_KEY": "keys/bus-rsa.key", "SHLUZ_KEYS_SECOND_CERTIFICATE": "keys/bus-rsa.pem"}


def test_init_makes_a_second_key_where_one_is_asked_for(run: Run, tmp_path: Path) -> None:
    run("init")
    result = run("ca", "init", "--key", "p256", "--second-bus-key", "rsa2048")
    assert result.exit_code == 0, result.output
    made = certificate(tmp_path / "shluz-home/keys/bus-rsa.pem")
    assert isinstance(made.public_key(), RSAPublicKey)
    for words in (
        'second_signing_key = "keys/bus-rsa.key"',
        'second_certificate = "keys/bus-rsa.pem"',
        made.fingerprint(SHA256()).hex(),
        certificate(tmp_path / "shluz-home/keys/bus.pem").fingerprint(SHA256()).hex(),
    ):
        assert words in result.stdout
    shown = [line.strip() for line in result.stdout.splitlines()]
    lines = [line for line in shown if line.startswith(("[keys]", "second_"))]
    (tmp_path / "shluz-home/esb.toml").write_text("\n".join(lines))
    assert str(tmp_path / "shluz-home/keys/bus-rsa.key") in run("config", "show").stdout


def test_a_second_key_for_a_home_that_is(office: Run, tmp_path: Path) -> None:
    result = office("ca", "second-key", "--kind", "rsa3072")
    assert result.exit_code == 0, result.output
    assert 'second_signing_key = "keys/bus-rsa.key"' in result.stdout
    assert certificate(tmp_path / "shluz-home/keys/bus-rsa.pem").public_key().key_size == 3072  # type: ignore[union-attr]
    again = office("ca", "second-key")
    assert again.exit_code == 1
    assert "exists: nothing was changed" in again.stderr


def test_a_second_key_goes_where_the_settings_say(office: Run, tmp_path: Path) -> None:
    places = {name: str(tmp_path / Path(path).name) for name, path in SECOND.items()}
    result = office("ca", "second-key", **places)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "bus-rsa.key").exists()
    assert "[keys]" not in result.stdout


@pytest.mark.parametrize("kind", ["p256", "rsa1024"])
def test_a_second_key_is_rsa(office: Run, kind: str) -> None:
    assert office("ca", "second-key", "--kind", kind).exit_code == 2
    assert office("ca", "init", "--second-bus-key", kind).exit_code == 2


def test_renewing_gives_each_of_the_buss_keys_a_new_certificate(office: Run, tmp_path: Path) -> None:
    office("ca", "second-key")
    paths = [tmp_path / "shluz-home/keys" / name for name in ("bus.pem", "bus-rsa.pem")]
    before = [certificate(path) for path in paths]
    alone = office("ca", "renew")
    assert alone.exit_code == 0, alone.output
    assert [certificate(path) == old for path, old in zip(paths, before, strict=True)] == [False, True]
    result = office("ca", "renew", **SECOND)
    assert result.exit_code == 0, result.output
    for path, old in zip(paths, before, strict=True):
        new = certificate(path)
        assert new != old
        assert new.public_key() == old.public_key()
        assert new.fingerprint(SHA256()).hex() in result.stdout
    assert "Running buses take them up within" in result.stdout
