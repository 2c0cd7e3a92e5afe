"""Each limit of the settings reaches the department that keeps to it."""

from pathlib import Path

from esb.conf.load import load
from esb.limits import client_limits, procedure_limits, server_limits, signature_limits


def test_the_settings_are_what_the_departments_get(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        {
            "SHLUZ_DOOR_BODY_BYTES": "5MiB",
            "SHLUZ_DOOR_CONNECTIONS": "7",
            "SHLUZ_PROVIDER_CONNECTIONS_PER_HOST": "9",
            "SHLUZ_PROCEDURE_OPINION_DAYS": "9",
            "SHLUZ_SIGNATURE_REFERENCES": "11",
        },
    ).settings
    door = server_limits(settings)
    assert (door.body_bytes, door.connections, door.idle_seconds) == (5 * 1024**2, 7, settings.door.idle_seconds)
    assert client_limits(settings).per_host == 9
    signature = signature_limits(settings)
    assert (signature.references, signature.tokens) == (11, settings.signature.tokens)
    assert procedure_limits(settings).opinion == 9
