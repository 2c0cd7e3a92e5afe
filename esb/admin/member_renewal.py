"""Renewing a member's certificate: the next one counts beside the current until it was seen at work, then takes over.

Whether it was seen is read from the evidence log when somebody asks: the way of a message knows nothing of renewals.
"""

from contextlib import suppress

from sqlalchemy import Engine

from esb.admin.home import Home
from esb.admin.lists import ListsAsked, revoke
from esb.audit.entry import Kind
from esb.audit.query import Query
from esb.audit.record import StoreUnavailable
from esb.audit.search import Searcher
from esb.audit.search_index import IndexUnfit
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.registry.acts import acting
from esb.registry.authority_models import RenewalRow
from esb.registry.database import reading
from esb.registry.errors import Conflict
from esb.registry.models import RevocationReason
from esb.registry.renewals import Subject, end_renewal, list_renewals, note_seen, wanted_renewal


class NextNotSeen(EsbError):
    """The next certificate has not signed anything yet, so the one before is still needed."""


def note_first_sights(engine: Engine, evidence: str, *, author: str, now: float) -> str:
    """Look through the evidence log for the next certificates of members' renewals, and note when each was first met.

    Args:
        evidence: the log's URL.

    Returns:
        Why the log could not be read, "" when it could: a bus that never served has none, and nothing is seen then.
    """
    with reading(engine) as session:
        waiting = [row for row in list_renewals(session) if row.owner and row.seen_at is None]
    if not waiting:
        return ""
    searcher = Searcher(evidence)
    try:
        for row in waiting:
            seen = _first_sight(searcher, row)
            if seen is not None:
                with acting(engine, author, now) as act:
                    found = [each for each in list_renewals(act.session) if each.id == row.id]
                    if found:
                        note_seen(act, found[0], seen)
    except (StoreUnavailable, IndexUnfit) as error:
        return str(error)
    finally:
        searcher.close()
    return ""


def cut_over_member(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    owner: str,
    use: CertificateUse,
    evidence: str,
    *,
    force: bool,
    author: str,
    now: float,
    asked: ListsAsked,
) -> str:
    """Revoke the certificate before as superseded; returns its SHA-256, hex.

    Raises:
        NotFound: no renewal of this member is under way.
        NextNotSeen: the next certificate has not signed anything that was accepted; ``force`` goes on without.
    """
    subject = Subject("member", owner, use.value)
    problem = note_first_sights(engine, evidence, author=author, now=now)
    with acting(engine, author, now) as act:
        row = wanted_renewal(act.session, subject)
        if row.seen_at is None and not force:
            raise NextNotSeen(
                f"the next certificate of {owner} has not signed any request yet"
                f"{f' that could be read ({problem})' if problem else ''}: {owner} would be cut off. "
                "Wait until it does (esb ca renewal), or add --force"
            )
        old = row.old_sha256
        end_renewal(act, row, cut_over=True)
    # It may have been revoked meanwhile for a graver reason, which stands.
    with suppress(Conflict):
        revoke(home, engine, passphrase, old, RevocationReason.SUPERSEDED, author=author, now=now, asked=asked)
    return old


def give_up_member(
    home: Home,
    engine: Engine,
    passphrase: bytes,
    owner: str,
    use: CertificateUse,
    *,
    author: str,
    now: float,
    asked: ListsAsked,
) -> str:
    """Revoke the next certificate instead; returns its SHA-256, hex.  Raises NotFound without a renewal."""
    with acting(engine, author, now) as act:
        row = wanted_renewal(act.session, Subject("member", owner, use.value))
        following = row.next_sha256
        end_renewal(act, row, cut_over=False)
    reason = RevocationReason.CESSATION_OF_OPERATION
    revoke(home, engine, passphrase, following, reason, author=author, now=now, asked=asked)
    return following


def _first_sight(searcher: Searcher, row: RenewalRow) -> float | None:
    """When the next certificate first signed a request that was accepted, Unix seconds."""
    query = Query(kind=Kind.REQUEST, certificate=row.next_sha256, since=int(row.begun_at * 1_000_000))
    found = searcher.search(query, 1, oldest_first=True).records
    return found[0].entry.at / 1_000_000 if found else None
