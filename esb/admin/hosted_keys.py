"""Hosted keys of members that sign nothing themselves: made here, certified, and opened by a serving bus.

The private key lies in HOME/keys/hosted, encrypted, or in a device to which a file there points; it never leaves.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.keyring import Keyring
from esb.certs.keys import KeyUnusable, load_key, make_key, point_key
from esb.certs.sign import Hosted, SignerUnfit
from esb.kernel.directory import CertificateUse
from esb.kernel.token_uri import TokenUri
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate, get_certificate
from esb.registry.database import reading
from esb.registry.hosted_keys import host_key, hosted_keys
from esb.registry.members import get_member

_MOST = 1000


def make_hosted_key(
    folder: Path,
    engine: Engine,
    member: str,
    kind: str,
    at: TokenUri | None,
    passphrase: bytes,
    *,
    author: str,
    now: float,
) -> Path:
    """Make a key for a member; returns the file that holds it, or points to it in a device.

    Args:
        folder: of the keys' files.
        at: where in a device it shall be made; one that is there already is taken.  None for a file.

    Raises:
        NotFound: the member is not registered.
        KeyUnusable: the key cannot be made.
    """
    with reading(engine) as session:
        get_member(session, member)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = next(each for each in _names(folder, member) if not each.exists())
    if at is None:
        key = make_key(path, kind, passphrase)
    else:
        key = make_key(at, kind, passphrase)
        point_key(at, path)
    with acting(engine, author, now) as act:
        act.record("make", "key", member, {"kind": kind, "algorithm": key.algorithm, "place": path.name})
    return path


def _names(folder: Path, member: str) -> list[Path]:
    """The files that a member's keys may have, oldest first."""
    return [folder / f"{member}.key", *(folder / f"{member}-{number}.key" for number in range(2, _MOST))]


def use_hosted_key(
    folder: Path,
    engine: Engine,
    member: str,
    certificate: x509.Certificate,
    passphrase: bytes,
    *,
    author: str,
    now: float,
) -> Path:
    """Have a member's answers signed with the key that a certificate was issued for; returns the key's file.

    The certificate is registered as the member's where it is not yet.

    Raises:
        KeyUnusable: none of the member's keys here is this certificate's.
        NotFound, Conflict: the registry does not take it.
    """
    files = [path for path in _names(folder, member) if path.exists()]
    for path in reversed(files):
        if load_key(path, passphrase).public_key() == certificate.public_key():
            with acting(engine, author, now) as act:
                digest = add_certificate(act, certificate.public_bytes(Encoding.DER), member, CertificateUse.SIGNING)
                host_key(act, member, path.name, digest)
            return path
    raise KeyUnusable(
        f"none of {len(files)} keys of {member} in {folder} is this certificate's: make one, and take "
        "its request (--csr) to the authority"
    )


class HostedKeys:
    """The hosted keys that a serving bus has open.

    Args:
        folder: of the keys' files.
        told: told what an operator should see (a text, and facts by name).

    Attributes:
        signers: by member; replaced whole.
    """

    def __init__(self, ring: Keyring, folder: Path, told: Callable[..., None]) -> None:
        self._ring = ring
        self._folder = folder
        self._told = told
        self._open: dict[tuple[str, str], Hosted] = {}
        self.signers: Mapping[str, Hosted] = MappingProxyType({})

    def refresh(self, engine: Engine) -> None:
        """Open what is new and let go of what ended.  Blocking: opening a file takes a third of a second.

        A key that cannot be opened is left out, and what it should sign is refused (PRV-04): it must not keep the rest
        from coming into force.
        """
        with reading(engine) as session:
            rows = hosted_keys(session)
            ders = {
                certificate: get_certificate(session, certificate).der
                for _, place, certificate in rows
                if (place, certificate) not in self._open
            }
        for member, place, certificate in rows:
            der = ders.get(certificate)
            if der is None:
                continue
            known = x509.load_der_x509_certificate(der)
            try:
                signer = self._ring.signer(self._folder / Path(place).name, lambda known=known: known)  # type: ignore[misc]
            except (KeyUnusable, SignerUnfit) as error:
                self._told("a hosted key cannot be used", member=member, problem=str(error))
                continue
            self._open[place, certificate] = Hosted(signer, bytes.fromhex(certificate))
        wanted = {(place, certificate) for _, place, certificate in rows}
        self._open = {key: signer for key, signer in self._open.items() if key in wanted}
        self.signers = MappingProxyType(
            {
                member: self._open[place, certificate]
                for member, place, certificate in rows
                if (place, certificate) in self._open
            }
        )
