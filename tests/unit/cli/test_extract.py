"""`esb extract`: made at a desk, verified by a stranger."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from support.entries import personal_system

Run = Callable[..., Result]
ANCHOR = "shluz-home/anchors/shluz-ca.pem"
CRL = "shluz-home/crl/shluz-ca.crl"
STRANGER = ("--anchor", ANCHOR, "--crl", CRL, "--signer", "bus")


@pytest.fixture
def made(office: Run, tmp_path: Path) -> Run:
    """``run`` where out.pdf and out.xml were made of DIN/IAMAS."""
    (tmp_path / "entry.json").write_text(json.dumps(personal_system()), encoding="utf-8")
    assert office("resource", "register", "entry.json", "--reason", "ilk").exit_code == 0
    result = office("extract", "make", "DIN/IAMAS", "--pdf", "out.pdf", "--xml", "out.xml")
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8080/extracts/" in result.stdout
    assert "Next: esb extract verify out.pdf" in result.stdout
    return office


@pytest.mark.parametrize("file", ["out.pdf", "out.xml"])
def test_it_verifies_here_and_for_a_stranger_without_a_home(made: Run, file: str, tmp_path: Path) -> None:
    assert made("extract", "verify", file).exit_code == 0
    result = made("--home", "nowhere", "extract", "verify", file, *STRANGER)
    assert result.exit_code == 0, result.output
    for words in ("1. ok", "7. ok", "What was signed:", "Şəxsiyyət vəsiqələrinin reyestri", "Register of identity"):
        assert words in result.stdout
    told = json.loads(made("extract", "verify", file, *STRANGER, "--json").stdout)
    assert (told["verdict"], told["extract"]["entry"]["code"], len(told["steps"])) == ("verified", "DIN/IAMAS", 7)


def test_the_first_step_that_fails_ends_it(made: Run, tmp_path: Path) -> None:
    octets = (tmp_path / "out.xml").read_bytes()
    (tmp_path / "bad.xml").write_bytes(octets.replace(b"10000000", b"10000001"))
    result = made("extract", "verify", "bad.xml", *STRANGER)
    assert result.exit_code == 1
    assert [line[:6] for line in result.stdout.splitlines()] == ["1. ok ", "2. NO "]
    assert "TAMPERED" in result.stderr
    told = json.loads(made("extract", "verify", "bad.xml", *STRANGER, "--json").stdout)
    assert told["verdict"] == "tampered"


def test_a_stranger_says_whom_he_expects(made: Run) -> None:
    result = made("extract", "verify", "out.pdf", "--anchor", ANCHOR)
    assert (result.exit_code, "--signer NAME" in result.stderr) == (1, True)
    assert made("--home", "nowhere", "extract", "verify", "out.pdf").exit_code == 1
    assert made("extract", "verify", "out.pdf", "--anchor", "shluz-home/keys/bus.pem").exit_code == 0
    bad = made("extract", "verify", "out.pdf", "--anchor", "out.xml")
    assert (bad.exit_code, "not a certificate in PEM" in bad.stderr) == (1, True)


def test_expired_is_told_and_can_be_judged_as_of_then(made: Run) -> None:
    late = made("extract", "verify", "out.pdf", "--anchor", ANCHOR, "--signer", "bus", "--at", "2035-01-01")
    assert (late.exit_code, "EXPIRED" in late.stderr) == (1, True)


def test_xmlsec_agrees_about_the_signature(made: Run, tmp_path: Path) -> None:
    """A program that is not ours, from the distribution, with the identifiers named to it."""

    def verify(file: str) -> int:
        named = ("urn:shluz:extract:1:Extract", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties")
        arguments = ["xmlsec1", "--verify"]
        for name in (*named, "http://www.w3.org/2000/09/xmldsig#:KeyInfo"):
            arguments += ["--id-attr:Id", name]
        arguments += ["--enabled-key-data", "x509", "--trusted-pem", ANCHOR, file]
        return subprocess.run(arguments, cwd=tmp_path, capture_output=True).returncode

    assert verify("out.xml") == 0
    octets = (tmp_path / "out.xml").read_bytes()
    for before, after in ((b"10000000", b"10000001"), (b"SigningTime>2", b"SigningTime>3")):
        (tmp_path / "bad.xml").write_bytes(octets.replace(before, after))
        assert verify("bad.xml") != 0


def test_nothing_is_overwritten(made: Run) -> None:
    result = made("extract", "make", "DIN/IAMAS", "--pdf", "out.pdf")
    assert (result.exit_code, "not overwritten" in result.stderr) == (2, True)
    assert len(json.loads(made("extract", "list", "--json").stdout)) == 1


def test_each_extract_is_listed_and_its_files_are_archived(made: Run, tmp_path: Path) -> None:
    [version] = json.loads(made("resource", "history", "DIN/IAMAS", "--json").stdout)
    moment = datetime.fromtimestamp(version["at"], UTC).isoformat()
    result = made("extract", "make", "DIN/IAMAS", "--as-of", moment)
    assert "esb document get" in result.stdout
    newest, first = json.loads(made("extract", "list", "--json").stdout)
    assert (newest["as_of"], first["as_of"], first["version"]) == (version["at"], None, 1)
    assert first["id"] in made("extract", "list", "--code", "DIN/IAMAS").stdout
    assert "esb extract make" in made("extract", "list", "--code", "DIN/X").stdout
    made("document", "get", first["pdf"], "--out", "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == (tmp_path / "out.pdf").read_bytes()


def test_a_key_of_its_own_signs_when_the_settings_name_one(made: Run, tmp_path: Path) -> None:
    second = made("ca", "second-key")
    assert second.exit_code == 0, second.output
    key = next(path for path in (tmp_path / "shluz-home/keys").glob("*.key") if path.name != "bus.key")
    environ = {
        "SHLUZ_EXTRACTS_SIGNING_KEY": str(key),
        "SHLUZ_EXTRACTS_CERTIFICATE": str(key.with_suffix(".pem")),
    }
    assert made("extract", "make", "DIN/IAMAS", "--xml", "rsa.xml", **environ).exit_code == 0
    assert b"xmldsig-more#rsa-sha256" in (tmp_path / "rsa.xml").read_bytes()
    assert made("extract", "verify", "rsa.xml").exit_code == 0
    half = made("extract", "make", "DIN/IAMAS", SHLUZ_EXTRACTS_SIGNING_KEY=str(key))
    assert (half.exit_code, "together" in half.stderr) == (2, True)
