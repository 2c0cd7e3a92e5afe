"""Whether a consumer may ask: the grant that lets it, or the rule that says no.  Default deny."""

from esb.kernel import rules
from esb.kernel.directory import Directory, Grant, MemberStatus, Operation, Service
from esb.kernel.faults import Refusal
from esb.kernel.message import ExchangeHeader
from esb.kernel.names import NameInvalid, check_client

# How each requirable field of the Exchange header is called in a grant, and where it stands in the header's type.
FIELDS = {
    "client": "client",
    "id": "id",
    "purpose": "purpose",
    "legalBasis": "legal_basis",
    "caseNumber": "case_number",
    "officer": "officer",
    "onBehalfOf": "on_behalf_of",
}


def check_member(directory: Directory, consumer: str) -> None:
    """The signer must be an active member (ACC-01).

    Raises:
        Refusal: ACC-01.
    """
    member = directory.members.get(consumer)
    if member is None or member.status is not MemberStatus.ACTIVE:
        raise Refusal(rules.ACC_MEMBER, "The member is not active on the bus: ask the operator.", {"member": consumer})


def find_grant(
    directory: Directory, consumer: str, service: Service, operation: Operation, header: ExchangeHeader, now: float
) -> tuple[Grant, str]:
    """The grant under which ``consumer`` asks, and the client that asks: the one it names, else itself.

    A named client's own grants come first, then its member's.  Of several grants the first that fits in every respect
    is taken; when none does, the refusal is the one of the grant that came furthest.

    Args:
        now: Unix seconds.

    Raises:
        Refusal: ACC-02 to ACC-06.
    """
    names = askers(consumer, header)
    failures: list[tuple[int, Refusal]] = []
    service_name = service.id.text
    for name in names:
        for grant in directory.grants.get((name, service_name), ()):
            failure = misfit(grant, operation, header, now)
            if failure is None:
                return grant, names[0]
            failures.append(failure)
    if failures:
        raise max(failures, key=lambda failure: failure[0])[1]
    raise Refusal(
        rules.ACC_GRANT,
        "There is no grant for this consumer on this resource: ask its owner for one.",
        {"consumer": names[0], "service": service_name},
    )


def askers(consumer: str, header: ExchangeHeader) -> tuple[str, ...]:
    """Under whose grants a request may pass, in the order in which they are looked at.

    Raises:
        Refusal: ACC-04.
    """
    if header.client is None or header.client == consumer:
        return (consumer,)
    if not header.client.startswith(consumer + "/") or not _is_lawful(header.client):
        raise Refusal(rules.ACC_CLIENT, "The client named in exch:Exchange is not a subsystem of the signer.")
    return header.client, consumer


def _is_lawful(client: str) -> bool:
    try:
        check_client(client)
    except NameInvalid:
        return False
    return True


def misfit(grant: Grant, operation: Operation, header: ExchangeHeader, now: float) -> tuple[int, Refusal] | None:
    """How far a grant came before it failed, with its refusal; None when it fits."""
    if grant.operations is not None and operation.name not in grant.operations:
        return 0, Refusal(rules.ACC_GRANT, "The grant does not cover this operation.", {"operation": operation.name})
    if now < grant.valid_from:
        return 1, Refusal(rules.ACC_TIME, "The grant is not yet in force.", {"grant": str(grant.id)})
    if grant.valid_until is not None and now >= grant.valid_until:
        return 1, Refusal(rules.ACC_TIME, "The grant has ended: ask for a new one.", {"grant": str(grant.id)})
    if header.purpose is not None and header.purpose != grant.purpose:
        return 2, Refusal(rules.ACC_PURPOSE, "The stated purpose is not the one granted.", {"grant": str(grant.id)})
    missing = [name for name in sorted(grant.required_fields) if not getattr(header, FIELDS[name])]
    if missing:
        return 3, Refusal(
            rules.ACC_FIELDS,
            "The grant requires fields that the exch:Exchange header does not carry.",
            {"missing": " ".join(missing)},
        )
    return None
