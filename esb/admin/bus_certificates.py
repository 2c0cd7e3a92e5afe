"""The certificates that the bus signs with or has signed with: by which what it once sent is verified."""

from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.certs.profiles import BUS_SIGNING
from esb.registry.database import reading
from esb.registry.issued import list_issued


def bus_certificates(folder: Path, engine: Engine) -> list[bytes]:
    """DER of every certificate that the bus signs with or has signed with.

    Those in a folder's PEM files, and those that the home's authority ever issued to the bus: after some renewals the
    earlier ones are in no file any more.  Files that hold none are passed over.

    Raises:
        RegistryUnavailable: the registry cannot be read.
    """
    with reading(engine) as session:
        found = [row.der for row in list_issued(session) if row.profile == BUS_SIGNING.name]
    for path in sorted(folder.glob("*.pem")):
        with suppress(ValueError, OSError):
            found += [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(path.read_bytes())]
    return found
