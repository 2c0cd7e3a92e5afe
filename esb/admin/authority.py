"""The built-in authority of a home: made once, it certifies members and says what it took back.

Its key lies encrypted in HOME/ca and is opened only while an act needs it; a serving bus never opens it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.home import Home
from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.keys import KeyUnusable, PrivateKey, generate_key, load_key, store_key
from esb.certs.requests import make_request, read_request
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate, list_certificates, revoke_certificate
from esb.registry.database import reading
from esb.registry.members import get_member
from esb.registry.models import RevocationReason

CRL_DAYS: Final = 7
_BUS_DAYS: Final = 730
_DAY: Final = 86_400


class AuthorityMissing(EsbError):
    """The home has no authority yet, or has one already."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Where the home's authority lies."""

    home: Home

    @property
    def folder(self) -> Path:
        """The authority's own folder."""
        return self.home.path / "ca"

    @property
    def key(self) -> Path:
        """Its private key, encrypted."""
        return self.folder / "ca.key"

    @property
    def certificate(self) -> Path:
        """Its certificate, as it stands among the anchors."""
        return self.home.anchors / "shluz-ca.pem"

    @property
    def crl(self) -> Path:
        """Its revocation list."""
        return self.home.crl / "shluz-ca.crl"

    def exists(self) -> bool:
        """Whether it was made."""
        return self.key.exists()


def init_authority(
    home: Home,
    passphrase: bytes,
    *,
    name: str,
    key_kind: str,
    days: int,
    bus_key: Path,
    bus_certificate: Path,
    bus_name: str,
    bus_key_kind: str = "p256",
    now: float,
    random: Callable[[int], bytes],
) -> x509.Certificate:
    """Make the authority, and the bus's own signing key with a certificate of it.

    The bus's key is P-256 unless told otherwise: a signature by it costs a twentieth of one by RSA-2048.  For stacks
    that verify RSA signatures only there is :func:`add_bus_key`.

    Raises:
        AuthorityMissing: the home has an authority already.
        KeyUnusable, AuthorityError: a key or certificate cannot be made.
    """
    authority = Authority(home)
    if authority.exists() or bus_key.exists():
        raise AuthorityMissing(
            f"{authority.key.parent if authority.exists() else bus_key} exists: nothing was changed."
        )
    key, certificate = create_authority(name, key_kind, now, days)
    own = generate_key(bus_key_kind)
    own_certificate = _issue_own(key, certificate, own, bus_name, now, random)
    crl = sign_crl(key, certificate, (), 1, now, CRL_DAYS)
    authority.folder.mkdir(mode=0o700, exist_ok=True)
    for folder in (bus_key.parent, bus_certificate.parent, authority.certificate.parent, authority.crl.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store_key(key, authority.key, passphrase)
    store_key(own, bus_key, passphrase)
    write_new(authority.certificate, certificate.public_bytes(Encoding.PEM))
    write_new(bus_certificate, own_certificate.public_bytes(Encoding.PEM))
    write_new(authority.crl, crl.public_bytes(Encoding.PEM))
    return certificate


def add_bus_key(
    home: Home,
    passphrase: bytes,
    *,
    key: Path,
    certificate: Path,
    name: str,
    kind: str,
    now: float,
    random: Callable[[int], bytes],
) -> x509.Certificate:
    """Make one more signing key of the bus, with a certificate of the home's authority.

    Args:
        key, certificate: the files that it is written to; neither may exist.
        name: the bus's name, in the certificate.

    Raises:
        AuthorityMissing: the home has no authority, or one of the files exists.
        KeyUnusable, AuthorityError: the key or certificate cannot be made.
    """
    for path in (key, certificate):
        if path.exists():
            raise AuthorityMissing(f"{path} exists: nothing was changed.")
    authority_key, authority = _open(home, passphrase)
    own = generate_key(kind)
    issued = _issue_own(authority_key, authority, own, name, now, random)
    for folder in (key.parent, certificate.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store_key(own, key, passphrase)
    write_new(certificate, issued.public_bytes(Encoding.PEM))
    return issued


def renew_bus_certificate(
    home: Home,
    passphrase: bytes,
    *,
    key: Path,
    certificate: Path,
    name: str,
    now: float,
    random: Callable[[int], bytes],
) -> x509.Certificate:
    """Give a key of the bus a new certificate, in the place of the one it has; the key stays.

    A running bus goes on with the old one until its processes are renewed.

    Raises:
        AuthorityMissing: the home has no authority.
        KeyUnusable, AuthorityError: the key cannot be opened, or the authority ends within a day.
    """
    own = load_key(key, passphrase).private_key
    authority_key, authority = _open(home, passphrase)
    issued = _issue_own(authority_key, authority, own, name, now, random)
    draft = certificate.with_name(f".{certificate.name}.new")
    draft.unlink(missing_ok=True)
    write_new(draft, issued.public_bytes(Encoding.PEM))
    os.replace(draft, certificate)
    return issued


def fingerprint(certificate: Path) -> tuple[str, datetime]:
    """The SHA-256, in hexadecimal, of a certificate in a PEM file, by which people compare it; and when it ends."""
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    return read.fingerprint(SHA256()).hex(), read.not_valid_after_utc


def _issue_own(
    authority_key: PrivateKey,
    authority: x509.Certificate,
    own: PrivateKey,
    name: str,
    now: float,
    random: Callable[[int], bytes],
) -> x509.Certificate:
    """A certificate for a key of the bus: for two years, or a day less than its authority has left."""
    left = int((authority.not_valid_after_utc.timestamp() - int(now)) // _DAY)
    return issue(
        authority_key,
        authority,
        read_request(make_request(own, name).public_bytes(Encoding.DER)),
        Subject(name, name),
        CertificateUse.SIGNING,
        now,
        max(1, min(_BUS_DAYS, left - 1)),
        serial_number(random(16)),
    )


def enrol_member(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    member: str,
    request: bytes,
    *,
    use: CertificateUse,
    days: int,
    hostnames: tuple[str, ...],
    author: str,
    now: float,
    random: Callable[[int], bytes],
) -> x509.Certificate:
    """Certify a member's key and register the certificate as that member's.

    Args:
        request: PKCS#10 in PEM or DER, made by the member, whose private key never comes here.

    Raises:
        NotFound: the member is not registered.
        RequestRefused, AuthorityError, AuthorityMissing: nothing was issued.
    """
    csr = read_request(request)
    with reading(engine) as session:
        row = get_member(session, member)
    key, certificate = _open(home, passphrase)
    issued = issue(
        key,
        certificate,
        csr,
        Subject(row.code, row.name_az),
        use,
        now,
        days,
        serial_number(random(16)),
        hostnames,
    )
    with acting(engine, author, now) as act:
        add_certificate(act, issued.public_bytes(Encoding.DER), member, use)
    return issued


def revoke(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    sha256: str,
    reason: RevocationReason,
    *,
    author: str,
    now: float,
) -> None:
    """Take a certificate back: the registry refuses it within its polling time, and the next revocation list names it.

    Raises:
        NotFound: no certificate of this digest is registered.
    """
    with acting(engine, author, now) as act:
        revoke_certificate(act, sha256, reason)
    if Authority(home).exists():
        publish_crl(home, engine, passphrase, now)


def publish_crl(home: Home, engine: Engine, passphrase: bytes, now: float) -> int:
    """Sign a fresh revocation list of the home's authority; returns how many certificates it names."""
    authority = Authority(home)
    key, certificate = _open(home, passphrase)
    revoked: list[tuple[int, float, str]] = []
    with reading(engine) as session:
        for row in list_certificates(session):
            known = x509.load_der_x509_certificate(row.der)
            if row.revoked is not None and known.issuer == certificate.subject:
                revoked.append((known.serial_number, row.revoked_at or now, row.revoked.value))
    number = 1
    if authority.crl.exists():
        last = x509.load_pem_x509_crl(authority.crl.read_bytes())
        number = last.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    crl = sign_crl(key, certificate, revoked, number, now, CRL_DAYS)
    # Hidden, so that a serving bus which looks into the folder meanwhile does not read half a list.
    draft = authority.crl.with_name(f".{authority.crl.name}.new")
    draft.write_bytes(crl.public_bytes(Encoding.PEM))
    os.replace(draft, authority.crl)
    return len(revoked)


def _open(home: Home, passphrase: bytes) -> tuple[PrivateKey, x509.Certificate]:
    authority = Authority(home)
    if not authority.exists():
        raise AuthorityMissing("This home has no authority of its own. Make one with: esb ca init")
    return load_key(authority.key, passphrase).private_key, x509.load_pem_x509_certificate(
        authority.certificate.read_bytes()
    )


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet, readable by its owner alone.

    Raises:
        KeyUnusable: it exists or cannot be written.
    """
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists and is not overwritten: choose another name") from None
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be written: {error.strerror}") from error
