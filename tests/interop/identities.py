"""Keys and certificates on files, for programs that read them from there."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from esb.certs.keys import PrivateKey


@dataclass(frozen=True)
class Identity:
    """A member's key and certificate as files, the way foreign clients want them (PEM, the key unencrypted)."""

    code: str
    key: Path
    certificate: Path
    x509: x509.Certificate


def write_identity(folder: Path, name: str, key: PrivateKey, certificate: x509.Certificate) -> Identity:
    """Write both to files."""
    paths = folder / f"{name}.key", folder / f"{name}.pem"
    paths[0].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    paths[1].write_bytes(certificate.public_bytes(Encoding.PEM))
    return Identity(name, *paths, certificate)
