"""Taking certificates back: for good or on hold, and the lists by which the built-in authority says so.

A complete list and a delta list are numbered in one sequence (RFC 5280, section 5.2.4).  Each complete list is followed
by a delta list that goes with it, so that the pointer from the one to the other never leads nowhere.
"""

from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.authority import CRL_DAYS, Authority, AuthorityMissing, open_authority, write_over
from esb.admin.home import Home
from esb.admin.kept_lists import kept_list
from esb.admin.register import adopt, key_digest
from esb.certs.ca import NOWHERE, Published, sign_crl
from esb.certs.der import MALFORMED
from esb.certs.keys import PrivateKey
from esb.registry.acts import Act, acting
from esb.registry.certificates import revoke_certificate
from esb.registry.issued import enter_list, last_list_number, release_certificate, revoked_serials
from esb.registry.models import RevocationReason
from esb.registry.revocation import keep_within

DELTA_HOURS: Final = 24.0
_DAY: Final = 86_400.0
_LIFTED: Final = x509.ReasonFlags.remove_from_crl.value

_Entry = tuple[int, float, str]


class ListsAsked(NamedTuple):
    """How lists are signed: how long they are good, and where the delta list is published."""

    crl_days: float = CRL_DAYS
    delta_hours: float = DELTA_HOURS
    published: Published = NOWHERE


_USUAL: Final = ListsAsked()


def revoke(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    sha256: str,
    reason: RevocationReason,
    *,
    author: str,
    now: float,
    asked: ListsAsked = _USUAL,
) -> None:
    """Take a certificate back: the registry refuses it within its polling time, and a new revocation list names it.

    With ``CERTIFICATE_HOLD`` it may speak again after :func:`release`.

    Raises:
        NotFound: no certificate of this digest is registered or was issued.
        Conflict: it is revoked already, for another reason.
    """
    with acting(engine, author, now) as act:
        if Authority(home).exists():
            adopt(act, home, Authority(home).read())
        revoke_certificate(act, sha256, reason)
    if Authority(home).exists():
        publish_crl(home, engine, passphrase, now, author=author, asked=asked)


def release(
    home: Home, engine: Engine, passphrase: bytes, sha256: str, *, author: str, now: float, asked: ListsAsked = _USUAL
) -> None:
    """Lift a hold; the delta list says so where the complete list still names the certificate.

    Raises:
        NotFound, Conflict: it is not there, or not on hold.
    """
    with acting(engine, author, now) as act:
        release_certificate(act, sha256)
    authority = Authority(home)
    if authority.exists():
        # A delta list, for only there removeFromCRL can be said to those who hold the complete list that names it.
        publish = publish_delta if authority.crl.exists() else publish_crl
        publish(home, engine, passphrase, now, author=author, asked=asked)


def publish_crl(
    home: Home, engine: Engine, passphrase: bytes, now: float, *, author: str = "esb", asked: ListsAsked = _USUAL
) -> int:
    """Sign a fresh complete list, and the delta list that goes with it; returns how many certificates it names."""
    key, certificate = open_authority(home, passphrase)
    authority = Authority(home)
    with acting(engine, author, now) as act:
        adopt(act, home, certificate)
        issuer = key_digest(certificate.public_key())
        revoked = revoked_serials(act.session, issuer)
        number = _next_number(act, issuer, authority)
        complete = _signed(act, key, certificate, revoked, number, asked.crl_days, None, asked.published)
        delta = _signed(act, key, certificate, [], number + 1, asked.crl_days, number, asked.published)
        # The complete one first: a delta list that is no newer than it says nothing, and one too new is refused.
        _write(authority.crl, complete)
        _write(authority.delta, delta)
    return len(revoked)


def publish_delta(
    home: Home, engine: Engine, passphrase: bytes, now: float, *, author: str = "esb", asked: ListsAsked = _USUAL
) -> int:
    """Sign a delta list against the complete one that is published; returns how many changes it names.

    Raises:
        AuthorityMissing: there is no authority, or no complete list that this registry's numbers know.
    """
    key, certificate = open_authority(home, passphrase)
    authority = Authority(home)
    with acting(engine, author, now) as act:
        adopt(act, home, certificate)
        issuer = key_digest(certificate.public_key())
        base = _read(authority.crl)
        if base is None:
            raise AuthorityMissing(
                f"{authority.crl} is no revocation list: sign a complete one first, with: esb ca crl"
            )
        changes = _changes(base, revoked_serials(act.session, issuer), now)
        end = base.next_update_utc.timestamp() if base.next_update_utc else now
        days = min(asked.delta_hours / 24, (end - now) / _DAY)
        if days <= 0:
            raise AuthorityMissing("The complete list has run out: sign a new one first, with: esb ca crl")
        number = _next_number(act, issuer, authority)
        _write(
            authority.delta,
            _signed(act, key, certificate, changes, number, days, _number(base), asked.published),
        )
    return len(changes)


def _changes(base: x509.CertificateRevocationList, revoked: list[_Entry], now: float) -> list[_Entry]:
    """What a reader of ``base`` does not know: newly revoked, revoked for another reason, released."""
    before = {}
    for entry in base:
        reason = "unspecified"
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason.value
        before[entry.serial_number] = reason
    changed = [entry for entry in revoked if before.get(entry[0]) != entry[2]]
    standing = {serial for serial, _, _ in revoked}
    return changed + [(serial, now, _LIFTED) for serial in before if serial not in standing]


def _signed(
    act: Act,
    key: PrivateKey,
    certificate: x509.Certificate,
    entries: list[_Entry],
    number: int,
    days: float,
    base: int | None,
    published: Published,
) -> x509.CertificateRevocationList:
    crl = sign_crl(key, certificate, entries, number, act.now, days, base=base, delta_url=published.delta)
    digest = crl.fingerprint(SHA256()).hex()
    enter_list(act, key_digest(certificate.public_key()), number, base, digest, len(entries), act.now + days * _DAY)
    keep_within(act.session, kept_list(crl, crl.public_bytes(Encoding.DER)), act.now)
    return crl


def _next_number(act: Act, issuer: str, authority: Authority) -> int:
    """Above whatever was signed: lists may be older than the registry's knowledge of them."""
    files = [crl for path in (authority.crl, authority.delta) if (crl := _read(path)) is not None]
    return 1 + max([last_list_number(act.session, issuer), *map(_number, files)])


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _read(path: Path) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_pem_x509_crl(path.read_bytes())
    except (FileNotFoundError, *MALFORMED):
        return None


def _write(path: Path, crl: x509.CertificateRevocationList) -> None:
    # The draft is hidden, so that a serving bus which looks into the folder meanwhile does not read half a list.
    write_over(path, crl.public_bytes(Encoding.PEM))
