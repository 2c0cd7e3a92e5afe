"""Whom a home believes: its anchors and revocation lists, read from their folders."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from esb.certs.answers import Answers
from esb.certs.chain import ChainJudge
from esb.certs.crl import CrlSet, load_crls
from esb.certs.index import CertificateLoader
from esb.kernel.directory import CertificateUse, KnownCertificate
from esb.kernel.faults import EsbError


class TrustBroken(EsbError):
    """An anchor or revocation list cannot be read; the text names the file."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Anchors and revocation lists at one moment.

    Attributes:
        anchors: the authorities that are believed.
        answers: what responders said; None where none is asked.
        stamp: names and times of the files it was read from; another stamp means to read again.
    """

    judge: ChainJudge
    crls: CrlSet
    stamp: tuple[tuple[str, int, int], ...]
    anchors: tuple[x509.Certificate, ...] = ()
    answers: Answers | None = None

    def known(self, loader: CertificateLoader, now: Callable[[], float]) -> Callable[..., KnownCertificate]:
        """What makes a registered certificate ready for use.

        The function raises :class:`~esb.certs.index.CertificateUnreadable` for what is not one certificate.
        """

        def known(der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate:
            loader.check(der)
            certificate = x509.load_der_x509_certificate(der)
            problem = self.judge.problem(certificate, now())
            return loader.known(
                der, owner, use, problem, revoked or self.revocation(certificate), self._known_until(certificate, owner)
            )

        return known

    def revocation(self, certificate: x509.Certificate) -> str | None:
        """Why lists or a responder revoke a certificate, or None."""
        listed = self.crls.revocation(certificate)
        return listed if listed or self.answers is None else self.answers.revocation(certificate)

    def _known_until(self, certificate: x509.Certificate, owner: str) -> float | None:
        listed = self.crls.until(certificate)
        # The bus's own certificates speak before they are registered (a renewal is rehearsed), so nobody asked yet.
        if self.answers is None or not owner:
            return listed
        asked = self.answers.known_until(certificate, self.anchors, listed)
        return listed if asked is None else asked


def files_stamp(anchors: Path, crl: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a folder of anchors or lists changed: names, sizes and times (nanoseconds) of their files."""
    found = []
    for path in (*_files(anchors), *_files(crl)):
        with suppress(FileNotFoundError):  # it went between the look at the folder and this one
            facts = path.stat()
            found.append((str(path), facts.st_size, facts.st_mtime_ns))
    return tuple(found)


def read_trust(anchors: Path, crl: Path, grace_seconds: float, now: float) -> Trust:
    """Read both folders.

    Raises:
        TrustBroken: there is no anchor, or a file is not what its folder is for.
        CrlInvalid: a list cannot be believed.
    """
    stamp = files_stamp(anchors, crl)
    authorities: list[x509.Certificate] = []
    for path in _files(anchors):
        try:
            authorities += x509.load_pem_x509_certificates(_read(path))
        except ValueError:
            raise TrustBroken(f"{path} is not a certificate in PEM: put only authorities' certificates there") from None
    if not authorities:
        raise TrustBroken(f"{anchors} holds no anchor: run esb ca init, or put the authority's certificate there")
    lists = [_read(path) for path in _files(crl)]
    return Trust(
        ChainJudge((), authorities), load_crls(lists, authorities, now, grace_seconds), stamp, tuple(authorities)
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrustBroken(f"{path} cannot be read: {error.strerror}") from error


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
