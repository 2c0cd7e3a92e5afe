"""`esb ca`."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from cryptography import x509

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
