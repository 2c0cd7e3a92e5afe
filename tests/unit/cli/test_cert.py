"""`esb cert`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def enrolled(office: Run, csr: Path, tmp_path: Path) -> Path:
    out = tmp_path / "din.pem"
    assert office("member", "enrol", "DIN", "--csr", str(csr), "--out", str(out), "--days", "40").exit_code == 0
    return out


def test_why_tells_a_good_certificates_standing_in_one_screen(office: Run, csr: Path, tmp_path: Path) -> None:
    result = office("cert", "why", str(enrolled(office, csr, tmp_path)))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("ACCEPTED")
    for words in ("Daxili İşlər Nazirliyi", "an anchor", "digitalSignature", "not revoked", "days left"):
        assert words in result.stdout
    assert len(result.stdout.splitlines()) <= 24


def test_why_tells_the_rule_and_what_to_do(office: Run, csr: Path, tmp_path: Path) -> None:
    path = enrolled(office, csr, tmp_path)
    sha256 = json.loads(office("cert", "why", str(path), "--json").stdout)["sha256"]
    assert office("cert", "revoke", sha256, "--reason", "keyCompromise", "--yes").exit_code == 0
    result = office("cert", "why", sha256)
    assert result.exit_code == 1
    assert "REFUSED, CRT-05" in result.stdout
    assert "Next:" in result.stdout
    plain = json.loads(office("cert", "why", sha256, "--json").stdout)
    assert (plain["good"], plain["rule"], plain["revoked"]) == (False, "CRT-05", "keyCompromise")


def test_certificates_are_listed_by_their_end(office: Run, csr: Path, tmp_path: Path) -> None:
    enrolled(office, csr, tmp_path)
    assert "DIN" in office("cert", "list").stdout
    assert json.loads(office("cert", "list", "--ending", "30", "--json").stdout) == []
    (row,) = json.loads(office("cert", "list", "--ending", "60", "--member", "DIN", "--json").stdout)
    assert (row["state"], row["days_left"]) in {("in force", 39), ("in force", 40)}


def test_a_certificate_is_shown(office: Run, csr: Path, tmp_path: Path) -> None:
    path = enrolled(office, csr, tmp_path)
    shown = office("cert", "show", str(path))
    assert "EC, secp256r1" in shown.stdout
    assert json.loads(office("cert", "show", str(path), "--json").stdout)["use"] == "signing"


def test_what_is_no_certificate_is_told(office: Run, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    result = office("cert", "why", str(tmp_path / "x"))
    assert result.exit_code == 1
    assert "SOAP message" in result.stderr
    assert office("cert", "why", "0" * 64).exit_code == 1
