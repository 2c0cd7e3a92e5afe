"""One worker's share of a node's limits."""

from dataclasses import replace

from esb.conf.settings import Settings


def share(settings: Settings, workers: int) -> Settings:
    """The settings that each of ``workers`` processes goes by, so that together they keep to the node's.

    What is limited by number or bytes over all messages is divided, rounded up.  What is limited for one message,
    connection or time stays, and so does what each process decides by itself: the pause for a failing provider
    ([breaker]), and evidence.max_batch, because each commits for itself.
    """

    def part(whole: int) -> int:
        return -(-whole // workers)

    door, load, provider, evidence = settings.door, settings.load, settings.provider, settings.evidence
    ca = settings.ca
    return replace(
        settings,
        door=replace(door, held_bytes=part(door.held_bytes), connections=part(door.connections)),
        ca=replace(ca, ocsp_per_second=part(ca.ocsp_per_second), tsa_per_second=part(ca.tsa_per_second)),
        load=replace(
            load,
            max_in_flight=part(load.max_in_flight),
            per_service_in_flight=part(load.per_service_in_flight),
        ),
        provider=replace(
            provider,
            connections_per_host=part(provider.connections_per_host),
            waiting_per_host=part(provider.waiting_per_host),
        ),
        evidence=replace(
            evidence,
            max_queue=part(evidence.max_queue),
            keep_strangers_per_second=part(evidence.keep_strangers_per_second),
        ),
    )
