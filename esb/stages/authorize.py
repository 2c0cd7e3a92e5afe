"""Authorize: which resource and operation, and whether this consumer may ask it.  Only after the signature."""

from esb.kernel.faults import Refusal
from esb.kernel.message import Authenticated, Authorized
from esb.routing.grants import check_member, find_grant
from esb.routing.table import check_actions, check_to, find_operation, find_service
from esb.stages.way import Way


def authorize(message: Authenticated, way: Way) -> Authorized:
    """Find resource, operation and grant; take a place with the provider and count against the grant's quota.

    ``esb/bus.py`` gives both back when the exchange ends.

    Raises:
        Refusal: ACC-01 to ACC-08, RTE-01 to RTE-04, ADR-01, ADR-02, BUS-02.
    """
    directory = way.directory
    received = message.parsed.received
    check_member(directory, message.consumer)
    now = way.clock.now()
    service = find_service(directory, received.path, now)
    check_to(service, message.to, way.addresses)
    operation = find_operation(service, _payload_tag(message))
    check_actions(operation, received.action, message.action)
    grant, client = find_grant(directory, message.consumer, service, operation, message.exchange, now)
    # A place with the provider is taken before anything is on record: who is refused here may send the same again.
    way.load.enter_service(service.id.text)
    try:
        way.quotas.take(grant, now)
    except Refusal:
        way.load.leave_service(service.id.text)
        raise
    return Authorized(message, service, operation, grant, client)


def _payload_tag(message: Authenticated) -> str:
    """Clark name of the signed Body's element; "" when the Body is empty."""
    body = message.signature.body.element
    return str(body[0].tag) if len(body) else ""
