"""Adapt: the request is delivered, once, and its answer awaited."""

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.message import Answered, Routed
from esb.routing.table import in_maintenance
from esb.stages.way import Way

_NOT_REACHED = frozenset({rules.PRV_CONNECT.id, rules.PRV_BROKEN.id})


async def adapt(message: Routed, way: Way) -> Answered:
    """Ask the provider through its adapter.

    Raises:
        Refusal: PRV-01 to PRV-03, PRV-06, PRV-07 from the adapter.
    """
    outgoing = message.outgoing
    service = outgoing.service
    began = way.clock.monotonic()
    reached = True
    try:
        answer = await way.adapters[service.adapter].ask(outgoing)
    except Refusal as refusal:
        reached = refusal.rule.id not in _NOT_REACHED
        if refusal.rule is not rules.PRV_CONNECT:
            raise
        raise in_maintenance(refusal, way.directory, service, way.clock.now()) from refusal
    finally:
        if reached:
            way.breaker.succeeded(service.endpoint)
        else:
            way.breaker.failed(service.endpoint, way.clock.monotonic())
    return Answered(message, answer, int((way.clock.monotonic() - began) * 1_000_000))
