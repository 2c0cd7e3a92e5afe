"""Whom a home believes now: anchors and lists from their folders, and responders' answers from the registry.

The serving bus and whoever explains it read this by the same function, so that both judge alike.
"""

from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from sqlalchemy import Engine

from esb.admin.trust import Trust, TrustBroken, files_stamp, read_trust
from esb.certs.answers import Answers
from esb.certs.ocsp_answer import Word
from esb.registry.database import reading
from esb.registry.revocation import last_kept, newest_answers

OWN_AUTHORITY: Final = "shluz-ca.pem"
"""The name of the home's own authority in the folder of anchors."""


class Beliefs(Protocol):
    """What the settings say of it ([certs])."""

    @property
    def anchors(self) -> Path:
        """Folder of authorities."""

    @property
    def crl(self) -> Path:
        """Folder of revocation lists."""

    @property
    def crl_grace_hours(self) -> float:
        """How long past its end a list is relied upon."""

    @property
    def ocsp(self) -> str:
        """``off``, ``prefer`` or ``require``."""

    @property
    def ocsp_grace_hours(self) -> float:
        """How long past its end an answer is relied upon."""


def believe(certs: Beliefs, engine: Engine | None, now: float) -> Trust:
    """Read anchors, lists and answers.

    Args:
        engine: the registry's database; None for a node that follows a publication of it.

    Raises:
        TrustBroken, CrlInvalid: as :func:`read_trust`; and answers are wanted without a database to share them in.
        RegistryUnavailable: the database cannot be asked.
    """
    stamp = belief_stamp(certs, engine)
    trust = read_trust(certs.anchors, certs.crl, certs.crl_grace_hours * 3600, now)
    if certs.ocsp == "off":
        return trust
    if engine is None:
        raise TrustBroken(
            'certs.ocsp needs the registry\'s database, where answers are kept: set it to "off" on a node that '
            "follows a publication, and give it lists (certs.crl_urls)"
        )
    with reading(engine) as session:
        words = {
            each.subject: Word(each.reason if each.status == "revoked" else None, each.valid_from, each.valid_until)
            for each in newest_answers(session)
        }
    answers = Answers(words, certs.ocsp == "require", certs.ocsp_grace_hours * 3600, own_authority(certs))
    return replace(trust, answers=answers, stamp=stamp)


def belief_stamp(certs: Beliefs, engine: Engine | None) -> tuple[tuple[str, int, int], ...]:
    """What tells whether any of it changed."""
    stamp = files_stamp(certs.anchors, certs.crl)
    if certs.ocsp == "off" or engine is None:
        return stamp
    with reading(engine) as session:
        return (*stamp, ("", 0, last_kept(session)))


def own_authority(certs: Beliefs) -> x509.Certificate | None:
    """The certificate of the home's own authority, where it has one."""
    try:
        return x509.load_pem_x509_certificate((certs.anchors / OWN_AUTHORITY).read_bytes())
    except (OSError, ValueError):
        return None
