"""An authority with the offices that a bus holds for it, made once, and openssl to judge them by."""

import secrets
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esb.certs.ca import Subject, certify, create_authority, serial_number
from esb.certs.keys import FileKey, PrivateKey, generate_key
from esb.certs.profiles import Profile

NOW = 1_800_000_000.0


@cache
def authority(kind: str = "p384", name: str = "Sınaq CA") -> tuple[PrivateKey, x509.Certificate]:
    """An authority's key and certificate."""
    return create_authority(name, kind, NOW - 86_400, 3650)


def office(profile: Profile, kind: str = "p256", days: int = 60, **more: Any) -> tuple[FileKey, x509.Certificate]:
    """A key with a certificate of the authority."""
    key = generate_key(kind)
    serial = serial_number(secrets.token_bytes(16))
    made = certify(*authority(), key.public_key(), Subject("bus", "Şlüz"), profile, NOW, days, serial, **more)
    return FileKey(key), made


def openssl(folder: Path, *arguments: object) -> str:
    """Run openssl in a folder; what it said, on either stream."""
    done = subprocess.run(["openssl", *map(str, arguments)], cwd=folder, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def write_pem(path: Path, *certificates: x509.Certificate) -> Path:
    """Certificates in one PEM file."""
    path.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    return path
