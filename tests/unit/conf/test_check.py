"""Settings that are each lawful but cannot go together, and what is rarely meant."""

from pathlib import Path

import pytest

from esb.conf.check import cautions
from esb.conf.load import load
from esb.conf.problems import ConfigError


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        (
            {"SHLUZ_DOOR_TLS": "true", "SHLUZ_DOOR_TLS_KEY": "k", "SHLUZ_DOOR_CLIENT_ANCHORS": "a"},
            "door.tls_certificate",
        ),
        (
            {"SHLUZ_DOOR_TLS": "true", "SHLUZ_DOOR_TLS_CERTIFICATE": "c", "SHLUZ_DOOR_CLIENT_ANCHORS": "a"},
            "door.tls_key",
        ),
        (
            {"SHLUZ_DOOR_TLS": "true", "SHLUZ_DOOR_TLS_CERTIFICATE": "c", "SHLUZ_DOOR_TLS_KEY": "k"},
            "door.client_anchors",
        ),
        ({"SHLUZ_DOOR_BODY_BYTES": "11MiB"}, "door.inflated_bytes"),
        ({"SHLUZ_PROVIDER_CLIENT_KEY": "k"}, "provider.client_certificate"),
        ({"SHLUZ_PROVIDER_CLIENT_CERTIFICATE": "c"}, "provider.client_key"),
        ({"SHLUZ_KEYS_SECOND_SIGNING_KEY": "k"}, "keys.second_certificate"),
        ({"SHLUZ_KEYS_SECOND_CERTIFICATE": "c"}, "keys.second_signing_key"),
        ({"SHLUZ_EXTRACTS_SIGNING_KEY": "k"}, "extracts.certificate"),
        ({"SHLUZ_EXTRACTS_CERTIFICATE": "c"}, "extracts.signing_key"),
        ({"SHLUZ_TIME_SKEW_SECONDS": "301"}, "time.skew_seconds"),
        ({"SHLUZ_EVIDENCE_MAX_QUEUE": "1"}, "evidence.max_queue"),
        ({"SHLUZ_LOAD_MAX_IN_FLIGHT": "10"}, "load.per_service_in_flight"),
    ],
)
def test_contradictions_name_the_key_that_mends_them(environ: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(Path("/nowhere"), environ)
    assert [problem.key for problem in caught.value.problems] == [key]


def test_tls_without_demanding_client_certificates_needs_no_authorities() -> None:
    environ = {
        "SHLUZ_DOOR_TLS": "on",
        "SHLUZ_DOOR_TLS_CERTIFICATE": "c",
        "SHLUZ_DOOR_TLS_KEY": "k",
        "SHLUZ_DOOR_REQUIRE_CLIENT_CERTIFICATE": "off",
    }
    assert load(Path("/nowhere"), environ).settings.door.tls


def said(home: Path, **environ: str) -> str:
    return "\n".join(cautions(load(home, environ).settings))


def test_plain_http_beyond_loopback_and_a_loopback_address_in_wsdls_are_told(tmp_path: Path) -> None:
    text = said(tmp_path, SHLUZ_DOOR_HOST="0.0.0.0")
    assert "in the clear" in text
    assert "their own machine" in text
    quiet = said(tmp_path, SHLUZ_DOOR_HOST="localhost")
    assert "in the clear" not in quiet
    assert "their own machine" not in quiet


def test_a_missing_or_open_passphrase_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read, and SHLUZ_KEYS_PASSPHRASE is not set" in said(tmp_path)
    file = tmp_path / "keys" / "passphrase"
    file.parent.mkdir()
    file.write_text("x")
    file.chmod(0o644)
    assert f"chmod 600 {file}" in said(tmp_path)
    file.chmod(0o600)
    assert "passphrase" not in said(tmp_path)
    file.unlink()
    file.mkdir()
    assert "is not a file" in said(tmp_path)
    assert "passphrase" not in said(tmp_path, SHLUZ_KEYS_PASSPHRASE="x")


def test_a_second_key_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = said(tmp_path, SHLUZ_KEYS_SECOND_SIGNING_KEY="k", SHLUZ_KEYS_SECOND_CERTIFICATE="c")
    assert f"keys.second_signing_key: there is no file {tmp_path / 'k'}" in text
    assert f"keys.second_certificate: there is no file {tmp_path / 'c'}" in text


def test_nothing_is_said_of_a_whole_home(tmp_path: Path) -> None:
    for name in ("keys/bus.key", "keys/bus.pem", "keys/passphrase", "anchors/ca"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch(mode=0o600)
    assert said(tmp_path) == ""


def test_one_officer_is_told_of_where_others_reach_the_bus(tmp_path: Path) -> None:
    assert "grants.two_officers is off" in said(tmp_path, SHLUZ_DOOR_HOST="10.0.0.1")
    assert "two_officers" not in said(tmp_path, SHLUZ_DOOR_HOST="10.0.0.1", SHLUZ_GRANTS_TWO_OFFICERS="true")
    assert "two_officers" not in said(tmp_path, SHLUZ_DOOR_HOST="127.0.0.1")
