"""Acts on deferrals: two officers decide that persons are told later of what is asked about them under a grant."""

from sqlalchemy import Engine

from esb.registry.acts import acting
from esb.registry.deferrals import Deferral, decide_deferral, request_deferral
from esb.registry.subject_models import DeferralStatus


def defer(engine: Engine, grant: int, deferral: Deferral, legal_basis: str, *, author: str, now: float) -> int:
    """Request a deferral, or the end of one; returns its number.

    Raises:
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        return request_deferral(act, grant, deferral, legal_basis)


def decide(engine: Engine, number: int, status: DeferralStatus, reason: str = "", *, author: str, now: float) -> int:
    """Approve, decline or withdraw a deferral; returns its grant's number.

    Raises:
        Forbidden: one officer would do both.
        NotFound, Conflict, Invalid: from the registry.
    """
    with acting(engine, author, now) as act:
        return decide_deferral(act, number, status, reason).grant_id
