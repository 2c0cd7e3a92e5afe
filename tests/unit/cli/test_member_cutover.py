"""`esb member cutover`."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.keys import generate_key
from esb.certs.requests import make_request

Run = Callable[..., Result]


def other(folder: Path) -> Path:
    path = folder / "next.csr"
    path.write_bytes(make_request(generate_key("p256"), "x").public_bytes(Encoding.PEM))
    return path


def test_a_next_certificate_takes_over_or_is_given_up(office: Run, csr: Path, tmp_path: Path) -> None:
    office("member", "enrol", "DIN", "--csr", str(csr))
    assert office("member", "cutover", "DIN", "--yes", "--force").exit_code == 1, "nothing is under way"
    office("member", "enrol", "DIN", "--csr", str(other(tmp_path)))
    assert "is superseded" in office("member", "cutover", "DIN", "--yes", "--force").output
    result = office("ca", "issued", "--revoked")
    assert "superseded" in result.stdout
    office("member", "enrol", "DIN", "--csr", str(other(tmp_path)))
    assert "Revoked the next one" in office("member", "cutover", "DIN", "--abort", "--yes").stdout
