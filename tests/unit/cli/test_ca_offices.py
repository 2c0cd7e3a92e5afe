"""`esb ca responder`, `tsa` and `door`."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from cryptography import x509

Run = Callable[..., Result]


def test_init_makes_the_offices_that_the_settings_hold(run: Run, tmp_path: Path) -> None:
    run("init")
    result = run("ca", "init", "--key", "p256", SHLUZ_CA_TSA="false")
    assert "ocsp-responder" in result.stdout
    keys = tmp_path / "shluz-home" / "keys"
    assert (keys / "ocsp.key").exists()
    assert not (keys / "tsa.key").exists()
    assert "time-stamping" in run("ca", "tsa").stdout
    assert (keys / "tsa.key").exists()


def test_a_responder_is_renewed_and_a_door_is_made(office: Run, tmp_path: Path) -> None:
    path = tmp_path / "shluz-home" / "keys" / "ocsp.pem"
    before = path.read_bytes()
    assert office("ca", "responder", "--days", "7").exit_code == 0
    assert path.read_bytes() != before
    result = office("ca", "door", "--host", "bus.example")
    assert "door.tls_certificate" in result.stdout
    made = x509.load_pem_x509_certificate((path.parent / "door.pem").read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["bus.example"]
    assert "door-tls" in office("ca", "issued").stdout
    assert office("ca", "door", "--host", "*.example").exit_code == 1
