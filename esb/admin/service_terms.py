"""Changing how a service is reached or treated: those who ask it are told of what concerns them, in the same act."""

from typing import Any, Final, Unpack

from sqlalchemy import Engine

from esb.kernel.names import ServiceId
from esb.registry.acts import acting
from esb.registry.affected import consumers_of
from esb.registry.notices import Topic, tell
from esb.registry.services import OtherTerms, update_service

# Where its provider is and how the bus speaks to it is the owner's and the operator's business alone.
_CONSUMERS_BUSINESS: Final = ("status", "judge_request", "judge_answer", "answer_signature")


def change_terms(
    engine: Engine,
    service: ServiceId,
    *,
    author: str,
    now: float,
    **other: Unpack[OtherTerms],
) -> frozenset[str]:
    """Change what is named; what is None stays as it is.

    Returns:
        The members that are told of it: those with a grant in force, where something changed that concerns them.

    Raises:
        Invalid, NotFound: from the registry.
    """
    with acting(engine, author, now) as act:
        changed = update_service(act, service, **other)
        concerns: dict[str, Any] = {field: changed[field][1] for field in _CONSUMERS_BUSINESS if field in changed}
        if not concerns:
            return frozenset()
        told = consumers_of(act.session, service.member, {service.text}, now)
        tell(act, Topic.SERVICE_CHANGED, f"service:{service.text}", told, {"service": service.text, **concerns})
        return told
