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
from esb.admin.register import adopt, enter, key_digest
from esb.certs.ca import NOWHERE, Published, Subject, certify, create_authority, issue, serial_number, sign_crl
from esb.certs.keys import KeyMissing, KeyUnusable, PrivateKey, generate_key, load_key, make_key, point_key, store_key
from esb.certs.profiles import BUS_SIGNING, Profile, member_profile
from esb.certs.requests import read_request
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.kernel.token_uri import KeyPlace, TokenUri
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import reading
from esb.registry.issued import check_key_is_free
from esb.registry.members import get_member
from esb.registry.renewals import begin_member_renewal

AUTHORITY_ROOT: Final = "/ca/"
"""Below this path the bus publishes for its authority."""

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
        """Its complete revocation list."""
        return self.home.crl / "shluz-ca.crl"

    @property
    def delta(self) -> Path:
        """Its delta list: what changed since the complete one."""
        return self.home.crl / "shluz-ca-delta.crl"

    def exists(self) -> bool:
        """Whether it was made."""
        return self.key.exists()

    def read(self) -> x509.Certificate:
        """Its certificate."""
        return x509.load_pem_x509_certificate(self.certificate.read_bytes())


def init_authority(
    home: Home,
    passphrase: bytes,
    *,
    name: str,
    key_kind: str,
    days: int,
    bus_key: KeyPlace,
    bus_certificate: Path,
    bus_name: str,
    bus_key_kind: str = "p256",
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
    key_at: TokenUri | None = None,
) -> x509.Certificate:
    """Make the authority, and the bus's own signing key with a certificate of it.

    The bus's key is P-256 unless told otherwise: a signature by it costs a twentieth of one by RSA-2048.  For stacks
    that verify RSA signatures only there is :func:`add_bus_key`.  The register of what was issued learns of the bus's
    certificate by :func:`adopt`, for a home may get its authority before its registry.

    Args:
        key_at: where the authority's key shall lie in a device; None for a file in the home.
        bus_key: where the bus's key shall lie; one that lies in a device already is taken as it is.

    Raises:
        AuthorityMissing: the home has an authority already.
        KeyUnusable, AuthorityError: a key or certificate cannot be made.
    """
    authority = Authority(home)
    if authority.exists() or _is_file(bus_key):
        raise AuthorityMissing(
            f"{authority.key.parent if authority.exists() else bus_key} exists: nothing was changed."
        )
    kept = None if key_at is None else _own_key(key_at, key_kind, passphrase)
    key, certificate = create_authority(name, key_kind, now, days, kept)
    own = _own_key(bus_key, bus_key_kind, passphrase)
    own_certificate = issue_own(key, certificate, own, bus_name, BUS_SIGNING, _BUS_DAYS, now, random, published)
    crl = sign_crl(key, certificate, (), 1, now, CRL_DAYS, delta_url=published.delta)
    authority.folder.mkdir(mode=0o700, exist_ok=True)
    for folder in (bus_certificate.parent, authority.certificate.parent, authority.crl.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if key_at is None:
        store_key(key, authority.key, passphrase)
    else:
        point_key(key_at, authority.key)
    _store_own(own, bus_key, passphrase)
    write_new(authority.certificate, certificate.public_bytes(Encoding.PEM))
    write_new(bus_certificate, own_certificate.public_bytes(Encoding.PEM))
    write_new(authority.crl, crl.public_bytes(Encoding.PEM))
    return certificate


def add_bus_key(
    home: Home,
    passphrase: bytes,
    *,
    key: KeyPlace,
    certificate: Path,
    name: str,
    kind: str,
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
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
        if _is_file(path):
            raise AuthorityMissing(f"{path} exists: nothing was changed.")
    authority_key, authority = open_authority(home, passphrase)
    own = _own_key(key, kind, passphrase)
    issued = issue_own(authority_key, authority, own, name, BUS_SIGNING, _BUS_DAYS, now, random, published)
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _store_own(own, key, passphrase)
    write_new(certificate, issued.public_bytes(Encoding.PEM))
    return issued


def renew_bus_certificate(
    home: Home,
    passphrase: bytes,
    *,
    key: KeyPlace,
    certificate: Path,
    name: str,
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
) -> x509.Certificate:
    """Give a key of the bus a new certificate, in the place of the one it has; the key stays.

    A running bus takes it up within its polling time.  To change the key too: :mod:`esb.admin.renewal`.

    Raises:
        AuthorityMissing: the home has no authority.
        KeyUnusable, AuthorityError: the key cannot be opened, or the authority ends within a day.
    """
    own = load_key(key, passphrase).private_key
    authority_key, authority = open_authority(home, passphrase)
    issued = issue_own(authority_key, authority, own, name, BUS_SIGNING, _BUS_DAYS, now, random, published)
    write_over(certificate, issued.public_bytes(Encoding.PEM))
    return issued


def _is_file(place: KeyPlace) -> bool:
    return isinstance(place, Path) and place.exists()


def _own_key(place: KeyPlace, kind: str, passphrase: bytes) -> PrivateKey:
    """A new key for a file, or the one in a device, which is made there when there is none."""
    if isinstance(place, Path):
        return generate_key(kind)
    try:
        return load_key(place, passphrase).private_key
    except KeyMissing:
        return make_key(place, kind, passphrase).private_key


def _store_own(key: PrivateKey, place: KeyPlace, passphrase: bytes) -> None:
    if isinstance(place, Path):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        store_key(key, place, passphrase)


def fingerprint(certificate: Path) -> tuple[str, datetime]:
    """The SHA-256, in hexadecimal, of a certificate in a PEM file, by which people compare it; and when it ends."""
    read = x509.load_pem_x509_certificate(certificate.read_bytes())
    return read.fingerprint(SHA256()).hex(), read.not_valid_after_utc


def issue_own(
    authority_key: PrivateKey,
    authority: x509.Certificate,
    own: PrivateKey,
    name: str,
    profile: Profile,
    days: int,
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
    hostnames: tuple[str, ...] = (),
) -> x509.Certificate:
    """A certificate for a key of the bus's own: for ``days``, or a day less than its authority has left."""
    left = int((authority.not_valid_after_utc.timestamp() - int(now)) // _DAY)
    return certify(
        authority_key,
        authority,
        own.public_key(),
        Subject(name, name),
        profile,
        now,
        max(1, min(days, left - 1)),
        serial_number(random(16)),
        hostnames,
        published,
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
    published: Published = NOWHERE,
    overlap_days: int | None = None,
) -> x509.Certificate:
    """Certify a member's key and register the certificate as that member's, beside those that it has.

    Args:
        request: PKCS#10 in PEM or DER, made by the member, whose private key never comes here.
        overlap_days: where the member has a certificate already, this is its next one, and the two overlap for so long;
            None for one more that replaces none.

    Raises:
        NotFound: the member is not registered.
        Conflict: the key is somebody else's, or was revoked because others may have it; or a renewal is under way.
        RequestRefused, AuthorityError, AuthorityMissing: nothing was issued.
    """
    csr = read_request(request)
    with reading(engine) as session:
        row = get_member(session, member)
        # Asked twice: here before the authority's key is opened, and in the act, where it counts.
        check_key_is_free(session, key_digest(csr.public_key()), member)
    key, certificate = open_authority(home, passphrase)
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
        published,
    )
    with acting(engine, author, now) as act:
        adopt(act, home, certificate)
        check_key_is_free(act.session, key_digest(csr.public_key()), member)
        enter(act, certificate, issued, member_profile(use, bool(hostnames)), member)
        digest = add_certificate(act, issued.public_bytes(Encoding.DER), member, use)
        if overlap_days is not None:
            begin_member_renewal(act, member, use, digest, now + overlap_days * _DAY)
    return issued


def published_at(base: str, policy: str = "") -> Published:
    """Where a bus at the public base URL ``base`` (without trailing slash) publishes for its authority.

    Args:
        policy: object identifier of the certificate policy, "" for none.
    """
    root = base + AUTHORITY_ROOT
    return Published(root + "ca.crl", root + "delta.crl", root + "ocsp", root + "ca.cer", policy)


def open_authority(home: Home, passphrase: bytes) -> tuple[PrivateKey, x509.Certificate]:
    """The authority's key and certificate, for one act; a serving bus never calls this.

    Raises:
        AuthorityMissing: the home has none.
        KeyUnusable: its key cannot be opened.
    """
    authority = Authority(home)
    if not authority.exists():
        raise AuthorityMissing("This home has no authority of its own. Make one with: esb ca init")
    return load_key(authority.key, passphrase).private_key, authority.read()


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


def write_over(path: Path, content: bytes) -> None:
    """Write a file in the place of the one that is there, so that a reader finds the old or the new one whole."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    write_new(draft, content)
    os.replace(draft, path)
