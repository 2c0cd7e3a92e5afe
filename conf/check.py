"""What must hold between settings, and what is allowed but worth a word."""

import ipaddress
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from esb.conf.problems import DEFAULT, Origin, Problem
from esb.conf.settings import Settings


def contradictions(settings: Settings, origins: Mapping[str, Origin]) -> list[Problem]:
    """Settings that are each lawful but cannot go together; each problem names the key that would mend it."""
    door, provider, keys, extracts = settings.door, settings.provider, settings.keys, settings.extracts
    found: list[tuple[bool, str, str, str]] = [
        (
            door.tls and door.tls_certificate is None,
            "door.tls_certificate",
            "door.tls is on, but there is no certificate",
            "Give the PEM file of the door's certificate.",
        ),
        (
            door.tls and door.tls_key is None,
            "door.tls_key",
            "door.tls is on, but there is no key",
            "Give the PEM file of the key.",
        ),
        (
            door.tls and door.require_client_certificate and door.client_anchors is None,
            "door.client_anchors",
            "client certificates are demanded, but no authority for them is named",
            "Give the authorities' PEM file or folder, or set door.require_client_certificate = false.",
        ),
        (
            door.inflated_bytes < door.body_bytes,
            "door.inflated_bytes",
            "an unpacked body may be smaller than a packed one",
            "Give door.body_bytes or more.",
        ),
        (
            (provider.client_certificate is None) != (provider.client_key is None),
            "provider.client_key" if provider.client_key is None else "provider.client_certificate",
            "a client certificate and its key go together, and one is missing",
            "Give both or neither.",
        ),
        (
            (keys.second_certificate is None) != (keys.second_signing_key is None),
            "keys.second_signing_key" if keys.second_signing_key is None else "keys.second_certificate",
            "a second signing key and its certificate go together, and one is missing",
            "Give both or neither.",
        ),
        (
            (extracts.certificate is None) != (extracts.signing_key is None),
            "extracts.signing_key" if extracts.signing_key is None else "extracts.certificate",
            "a key that signs extracts and its certificate go together, and one is missing",
            "Give both or neither.",
        ),
        (
            settings.registry.source == "snapshot" and not settings.snapshot.urls and settings.snapshot.folder is None,
            "snapshot.urls",
            "registry.source is snapshot, and nothing says where the publication is",
            "Give snapshot.urls or snapshot.folder.",
        ),
        (
            settings.registry.source == "snapshot" and settings.snapshot.publish != "nobody",
            "snapshot.publish",
            "a node that follows a publication cannot publish: it has no registry of its own",
            'Give "nobody".',
        ),
        (
            settings.snapshot.stamp_seconds >= settings.snapshot.expires_seconds,
            "snapshot.stamp_seconds",
            "a timestamp would run out before the next one",
            "Give less than snapshot.expires_seconds.",
        ),
        (
            settings.time.skew_seconds > settings.time.window_seconds,
            "time.skew_seconds",
            "the clock skew allowed is longer than the window itself",
            "Give time.window_seconds or less.",
        ),
        (
            settings.evidence.max_queue < settings.evidence.max_batch,
            "evidence.max_queue",
            "a whole batch could never gather",
            "Give evidence.max_batch or more.",
        ),
        (
            settings.evidence.timestamp not in ("own", "none") and settings.evidence.timestamp_anchors is None,
            "evidence.timestamp_anchors",
            "another's time-stamps cannot be verified without its authority's certificate",
            "Give the PEM file, or the folder of such files, that they must lead to.",
        ),
        (
            settings.evidence.timestamp == "none" and settings.evidence.timestamp_limit_seconds > 0,
            "evidence.timestamp_limit_seconds",
            "nobody stamps the time, so that every record would wait for ever",
            'Give 0, or let evidence.timestamp be "own" or a URL.',
        ),
        (
            settings.evidence.quorum > len(settings.evidence.witnesses),
            "evidence.quorum",
            "more witnesses must cosign than there are",
            "Give no more than the number of evidence.witnesses.",
        ),
        (
            settings.load.per_service_in_flight > settings.load.max_in_flight,
            "load.per_service_in_flight",
            "one service may have more requests in hand than the whole bus",
            "Give load.max_in_flight or less.",
        ),
    ]
    return [Problem(key, origins.get(key, DEFAULT), wrong, right) for holds, key, wrong, right in found if holds]


def cautions(settings: Settings) -> list[str]:
    """What is allowed but rarely meant: sentences for `esb config check`.  Looks at files' presence and modes."""
    door, keys = settings.door, settings.keys
    said = []
    if not door.tls and not _is_loopback(door.host):
        said.append(
            f"door.tls is off and door.host is {door.host}: messages cross the network in the clear. "
            "Turn door.tls on, or make sure that only a TLS proxy reaches this port."
        )
    if not _is_loopback(door.host) and _host_is_loopback(settings.bus.address):
        said.append(
            f"bus.address is {settings.bus.address}: WSDLs will send consumers to their own machine. "
            "Set it to the public address."
        )
    said.extend(one_officer(settings))
    for key, path in (
        ("keys.signing_key", keys.signing_key),
        ("keys.certificate", keys.certificate),
        ("keys.second_signing_key", keys.second_signing_key),
        ("keys.second_certificate", keys.second_certificate),
    ):
        if isinstance(path, Path) and not path.is_file():
            said.append(f"{key}: there is no file {path} yet; the bus cannot start without it.")
    if keys.passphrase is None:
        said.extend(_passphrase_file(keys.passphrase_file))
    if not settings.certs.anchors.is_dir():
        said.append(f"certs.anchors: there is no folder {settings.certs.anchors}; no member's certificate is believed.")
    return said


def one_officer(settings: Settings) -> list[str]:
    """The warning, if any, that one person alone can open a register on a bus that others reach."""
    if settings.grants.two_officers or _is_loopback(settings.door.host) or settings.registry.source != "database":
        return []  # the last gives no grants itself
    return [
        "grants.two_officers is off: one person alone can let a consumer ask a register. "
        "Turn it on, so that one officer requests a grant and another approves it."
    ]


def _passphrase_file(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return [f"keys.passphrase_file: {path} cannot be read, and SHLUZ_KEYS_PASSPHRASE is not set."]
    if not stat.S_ISREG(mode):
        return [f"keys.passphrase_file: {path} is not a file."]
    if mode & 0o077:
        return [f"keys.passphrase_file: others can read it. Run: chmod 600 {path}"]
    return []


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host_is_loopback(url: str) -> bool:
    return _is_loopback(urlsplit(url).hostname or "")
