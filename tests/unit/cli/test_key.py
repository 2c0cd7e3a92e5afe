"""`esb key`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support import softhsm

Run = Callable[..., Result]


def test_a_key_is_made_listed_and_asks_for_a_certificate(office: Run, tmp_path: Path) -> None:
    made = office("key", "make", str(tmp_path / "agency.key"))
    assert made.exit_code == 0, made.stderr
    assert "esb key csr" in made.stdout
    again = office("key", "make", str(tmp_path / "agency.key"))
    assert again.exit_code == 1
    assert "not overwritten" in again.stderr
    asked = office("key", "csr", str(tmp_path / "agency.key"), "--name", "din.gov.az")
    assert asked.stdout.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    listed = office("key", "list", "--json")
    uses = {row["use"]: row["kind"] for row in json.loads(listed.stdout)}
    assert uses["the bus's signature"] == "in a file"


def test_a_key_in_a_device(office: Run, tmp_path: Path) -> None:
    uri = str(softhsm.uri(softhsm.fresh_token(), "agency"))
    made = office("key", "make", uri, "--pointer", str(tmp_path / "din.key"))
    assert made.exit_code == 0, made.stderr
    assert softhsm.PIN not in made.output
    assert (tmp_path / "din.key").read_text().strip() == uri
    for where in (uri, str(tmp_path / "din.key")):
        out = tmp_path / f"{len(where)}.csr"
        assert office("key", "csr", where, "--name", "din", "--out", str(out)).exit_code == 0
        assert b"REQUEST" in out.read_bytes()
    listed = office("key", "list", uri)
    assert "object=agency" in listed.stdout
    assert "p256" in listed.stdout


def test_a_pin_on_the_command_line_is_refused_and_not_repeated(office: Run) -> None:
    result = office("key", "make", "pkcs11:token=t;object=o?module-name=softhsm2&pin-value=4711")
    assert result.exit_code == 1
    assert "pin-source" in result.stderr
    assert "4711" not in result.output


def test_a_pointer_is_for_devices(office: Run, tmp_path: Path) -> None:
    result = office("key", "make", str(tmp_path / "a.key"), "--pointer", str(tmp_path / "b.key"))
    assert result.exit_code == 2
