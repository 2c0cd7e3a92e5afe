"""The settings' limits as the departments take them."""

from esb.certs.profile import SignatureLimits
from esb.conf.settings import Settings
from esb.registry.procedure import Limits
from esb.transport.limits import ClientLimits, ServerLimits


def signature_limits(settings: Settings) -> SignatureLimits:
    """The signature profile's limits."""
    return SignatureLimits(
        references=settings.signature.references,
        tokens=settings.signature.tokens,
        prefixes=settings.signature.prefixes,
        headers=settings.signature.headers,
        token_bytes=settings.signature.token_characters,
        value_bytes=settings.signature.value_characters,
    )


def server_limits(settings: Settings) -> ServerLimits:
    """The door's limits."""
    door = settings.door
    return ServerLimits(
        header_bytes=door.header_bytes,
        body_bytes=door.body_bytes,
        inflated_bytes=door.inflated_bytes,
        header_seconds=door.header_seconds,
        body_seconds=door.body_seconds,
        slowest_rate=door.slowest_rate,
        idle_seconds=door.idle_seconds,
        write_seconds=door.write_seconds,
        held_bytes=door.held_bytes,
        connections=door.connections,
    )


def client_limits(settings: Settings) -> ClientLimits:
    """The limits of the pool towards providers."""
    provider = settings.provider
    return ClientLimits(
        per_host=provider.connections_per_host,
        waiting_per_host=provider.waiting_per_host,
        idle_seconds=provider.idle_seconds,
        connect_seconds=provider.connect_seconds,
    )


def procedure_limits(settings: Settings) -> Limits:
    """The connection procedure's time limits, in working days."""
    procedure = settings.procedure
    return Limits(
        completeness=procedure.completeness_days,
        mending=procedure.mending_days,
        checks=procedure.checks_days,
        opinion=procedure.opinion_days,
        decision=procedure.decision_days,
        moving=procedure.moving_days,
        agreement=procedure.agreement_days,
        ahead=procedure.remind_days,
    )
