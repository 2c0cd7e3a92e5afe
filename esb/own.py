"""What the settings say of the bus's own keys and certificates."""

from pathlib import Path

from esb.admin.keyring import Keyring
from esb.conf.settings import Settings


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
