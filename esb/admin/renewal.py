"""Renewing a key of the bus without a restart: a next pair of files beside the current one, rehearsed, then swapped.

The swap is two renames.  The first, of the key, decides: whoever finds the new key beside the old certificate takes the
next certificate with it (:func:`read_pair`), so a crash between the two leaves nothing broken, and the same command
finishes it.  The pair before stays beside until the next renewal, so that a cut-over can be undone.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.authority import issue_own, open_authority, write_new, write_over
from esb.admin.home import Home
from esb.admin.register import adopt, enter
from esb.certs.ca import NOWHERE, Published
from esb.certs.keys import generate_key, load_key, store_key
from esb.certs.profiles import BUS_SIGNING
from esb.certs.sign import Signer
from esb.kernel.faults import EsbError
from esb.registry.acts import acting
from esb.registry.authority_models import RehearsalRow
from esb.registry.renewals import (
    Subject,
    begin_renewal,
    end_renewal,
    last_renewal,
    list_rehearsals,
    open_renewal,
    wanted_renewal,
)

_DAY = 86_400
_BUS_DAYS = 730


class CutOverTooEarly(EsbError):
    """The next key has not shown yet that it serves; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class OwnPair:
    """A key of the bus and its certificate, and the pairs that stand beside them.

    Attributes:
        subject: how the registry calls whose key it is.
    """

    subject: Subject
    key: Path
    certificate: Path

    @property
    def next_key(self) -> Path:
        """The key that is to come."""
        return beside(self.key, "next")

    @property
    def next_certificate(self) -> Path:
        """Its certificate."""
        return beside(self.certificate, "next")

    @property
    def key_before(self) -> Path:
        """The key that was before."""
        return beside(self.key, "before")

    @property
    def certificate_before(self) -> Path:
        """Its certificate."""
        return beside(self.certificate, "before")


def beside(path: Path, which: str) -> Path:
    """Where the next, or the former, file stands: ``bus.key`` → ``bus.next.key``."""
    return path.with_name(f"{path.stem}.{which}{path.suffix}")


def read_pair(key: Path, certificate: Path, passphrase: bytes) -> tuple[Signer, x509.Certificate]:
    """Open a key with its certificate, or with the next one where a swap was broken off half-way.

    Raises:
        KeyUnusable, SignerUnfit: they cannot be used.
        OSError, ValueError: the certificate cannot be read.
    """
    opened = load_key(key, passphrase)
    found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    following = beside(certificate, "next")
    if found.public_key() != opened.public_key() and following.exists():
        found = x509.load_pem_x509_certificates(following.read_bytes())[0]
    return Signer(opened, found), found


def begin_bus_renewal(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    pair: OwnPair,
    *,
    name: str,
    kind: str,
    overlap_days: int,
    author: str,
    now: float,
    random: Callable[[int], bytes],
    published: Published = NOWHERE,
) -> x509.Certificate:
    """Make the next key and certificate beside the current; running buses begin to rehearse them.

    Raises:
        Conflict: a renewal is under way.
        AuthorityMissing, KeyUnusable, AuthorityError: they cannot be made.
    """
    current = x509.load_pem_x509_certificates(pair.certificate.read_bytes())[0]
    authority_key, authority = open_authority(home, passphrase)
    own = generate_key(kind)
    issued = issue_own(authority_key, authority, own, name, BUS_SIGNING, _BUS_DAYS, now, random, published)
    with acting(engine, author, now) as act:
        begin_renewal(act, pair.subject, digest(current), digest(issued), now + overlap_days * _DAY)
        adopt(act, home, authority)
        enter(act, authority, issued, BUS_SIGNING, "")
        # What stands there belongs to no renewal that is under way: remains of one that was given up or is long over.
        for path in (pair.next_key, pair.next_certificate, pair.key_before, pair.certificate_before):
            path.unlink(missing_ok=True)
        store_key(own, pair.next_key, passphrase)
        write_new(pair.next_certificate, issued.public_bytes(Encoding.PEM))
    return issued


def cut_over_bus(engine: Engine, passphrase: bytes, pair: OwnPair, *, force: bool, author: str, now: float) -> None:
    """Let the next pair take the place of the current; running buses take it up within their polling time.

    Args:
        force: without a rehearsal, or though one failed.

    Raises:
        NotFound: no renewal is under way.
        CutOverTooEarly: it was not rehearsed, or a rehearsal failed.
        KeyUnusable, SignerUnfit: the next pair cannot be used; nothing was changed.
    """
    with acting(engine, author, now) as act:
        row = wanted_renewal(act.session, pair.subject)
        if not force:
            _insist_rehearsed(list_rehearsals(act.session, row.id))
        if pair.next_key.exists():
            Signer(load_key(pair.next_key, passphrase), _certificate(pair.next_certificate))
            for path, kept in ((pair.key, pair.key_before), (pair.certificate, pair.certificate_before)):
                write_over(kept, path.read_bytes())
            os.replace(pair.next_key, pair.key)
        os.replace(pair.next_certificate, pair.certificate)
        end_renewal(act, row, cut_over=True)


def give_up_bus(engine: Engine, pair: OwnPair, *, author: str, now: float) -> bool:
    """Undo the last step of a renewal: throw the next pair away, or put the one before a cut-over back.

    Returns:
        Whether a cut-over was undone.

    Raises:
        NotFound: there is nothing to undo.
    """
    with acting(engine, author, now) as act:
        row = open_renewal(act.session, pair.subject)
        undone = row is None
        if row is None:
            row = last_renewal(act.session, pair.subject)
            if row is None or row.cut_over_at is None or not pair.key_before.exists():
                row = wanted_renewal(act.session, pair.subject)  # says that none is under way
            # Certificate beside certificate first, for the same reason as in a cut-over: the key's rename decides.
            os.replace(pair.certificate_before, pair.next_certificate)
            os.replace(pair.key_before, pair.key)
            os.replace(pair.next_certificate, pair.certificate)
        else:
            pair.next_key.unlink(missing_ok=True)
            pair.next_certificate.unlink(missing_ok=True)
        end_renewal(act, row, cut_over=False)
    return undone


def digest(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, hex."""
    return certificate.fingerprint(SHA256()).hex()


def _insist_rehearsed(rows: list[RehearsalRow]) -> None:
    failed = [row for row in rows if row.failed]
    if failed:
        raise CutOverTooEarly(
            f"{sum(row.failed for row in failed)} rehearsals failed ({failed[0].problem}): see esb ca renewal; "
            "give it up with esb ca cutover --abort, or add --force"
        )
    if not any(row.rehearsed for row in rows):
        raise CutOverTooEarly(
            "no answer was signed with the next key yet: a running bus rehearses it on live answers; see "
            "esb ca renewal, or add --force where no bus runs"
        )


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]
