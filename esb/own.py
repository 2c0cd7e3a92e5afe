"""What the settings say of the bus's own keys and certificates, read and opened."""

from pathlib import Path
from ssl import get_default_verify_paths
from typing import Any
from warnings import catch_warnings, simplefilter

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from esb.admin.keyring import Keyring
from esb.certs.profile import is_rsa
from esb.certs.sign import Signer
from esb.conf.settings import Settings
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.transport.tls import ClientTls, server_options


class CannotStart(EsbError):
    """The bus cannot start as the home is; the text says what to mend."""


def own_certificates(settings: Settings) -> dict[str, Path | None]:
    """The certificates that the bus itself stands on, by what each is for."""
    keys, door, provider, ca = settings.keys, settings.door, settings.provider, settings.ca
    return {
        "the bus's signature": keys.certificate,
        "the bus's second signature": keys.second_certificate,
        "the door's TLS": door.tls_certificate if door.tls else None,
        "TLS towards providers": provider.client_certificate,
        "the OCSP responder": ca.ocsp_certificate if ca.serve and ca.ocsp else None,
        "the time-stamp authority": ca.tsa_certificate if ca.serve and ca.tsa else None,
        "the signature of extracts": settings.extracts.certificate,
    }


def signs_aside(settings: Settings, ring: Keyring) -> bool:
    """Whether what signs runs off the reactor: as the settings say, else where a signature was seen to take long."""
    chosen = settings.keys.sign_in_threads
    return ring.slow if chosen == "auto" else chosen == "always"


def second_signer(settings: Settings, ring: Keyring, clock: Clock) -> Signer | None:
    """The bus's second, RSA key with its certificate; None where the settings name none.

    Raises:
        EsbError: it is missing, broken or no RSA key.
    """
    path, certificate = settings.keys.second_signing_key, settings.keys.second_certificate
    if path is None or certificate is None:
        return None

    def insist_on_rsa(algorithm: str) -> None:
        if not is_rsa(algorithm):
            raise CannotStart(
                f"keys.second_signing_key: {path} is no RSA key, and requests signed with RSA alone are answered with "
                "it. Move it away and make one with: esb ca second-key"
            )

    return ring.signer(path, lambda: own_certificate(certificate, clock, "esb ca second-key"), insist_on_rsa)


def own_certificate(path: Path, clock: Clock, maker: str = "esb ca init") -> x509.Certificate:
    """A certificate of the bus's own; ``maker`` is the command that makes it.

    Raises:
        CannotStart: it is missing, broken or out of its time: a bus whose signature nobody accepts does not start.
    """
    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
    except FileNotFoundError:
        raise CannotStart(f"The bus has no certificate at {path}. Make one with: {maker}") from None
    except (OSError, ValueError):
        raise CannotStart(f"{path} is not a certificate in PEM that can be read.") from None
    now = clock.now()
    if not certificate.not_valid_before_utc.timestamp() <= now <= certificate.not_valid_after_utc.timestamp():
        raise CannotStart(
            f"The bus's certificate {path} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC only. Renew it with "
            "esb ca renew, or look at this machine's clock."
        )
    return certificate


def door_tls(settings: Settings, passphrase: bytes) -> Any:
    """The door's TLS context; None when it is plain."""
    door = settings.door
    if not door.tls or door.tls_certificate is None or door.tls_key is None:
        return None
    anchors = None if door.client_anchors is None else pem_of(door.client_anchors)
    return server_options(
        pem_of(door.tls_certificate),
        private_key(door.tls_key, passphrase),
        anchors,
        door.require_client_certificate and anchors is not None,
    )


def provider_tls(settings: Settings, passphrase: bytes) -> ClientTls | None:
    """TLS towards providers, judged by the configured anchors, else by the machine's list; None where it has none."""
    provider = settings.provider
    anchors = provider.anchors
    if anchors is None:
        machine = get_default_verify_paths().cafile
        if not machine:
            return None
        anchors = Path(machine)
    certificate = provider.client_certificate
    key = provider.client_key
    with catch_warnings():
        # A machine's list holds some certificates older than the rules that the library warns by.
        simplefilter("ignore")
        return ClientTls(
            pem_of(anchors),
            None if certificate is None else pem_of(certificate),
            None if key is None else private_key(key, passphrase),
        )


def pem_of(path: Path) -> bytes:
    """The PEM certificates of a file, or of every file in a folder.

    Raises:
        CannotStart: it cannot be read.
    """
    try:
        if not path.is_dir():
            return path.read_bytes()
        files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
        return b"\n".join(file.read_bytes() for file in files)
    except OSError as error:
        raise CannotStart(f"{path} cannot be read: {error.strerror}.") from None


def private_key(path: Path, passphrase: bytes) -> Any:
    """A TLS private key, encrypted under the passphrase of the home's keys or plain.

    Raises:
        CannotStart: it cannot be read.
    """
    try:
        pem = path.read_bytes()
        return load_pem_private_key(pem, passphrase if b"ENCRYPTED" in pem else None)
    except (OSError, ValueError, TypeError):
        raise CannotStart(f"{path} is not a private key in PEM that the passphrase opens.") from None
