"""Which resource and operation a message asks for.  Every step is one dictionary lookup in the directory."""

from math import ceil

from esb.kernel import rules
from esb.kernel.clock import utc_text
from esb.kernel.directory import Directory, MemberStatus, Operation, Service, ServiceStatus
from esb.kernel.faults import Refusal
from esb.kernel.namespaces import WSA_2004_ANONYMOUS, WSA_ANONYMOUS, WSA_NONE

_RETRY_SUSPENDED = 3600
_NOWHERE_ELSE = frozenset({WSA_ANONYMOUS, WSA_NONE, WSA_2004_ANONYMOUS})


def find_service(directory: Directory, path: str, now: float) -> Service:
    """The resource registered at a URL path.

    Args:
        now: Unix seconds.

    Raises:
        Refusal: RTE-01 when there is none, RTE-03 when it or its owner is not active, RTE-04 when its sunset has
            passed.
    """
    service = directory.services.get(path)
    if service is None or service.status is ServiceStatus.RETIRED:
        raise Refusal(rules.RTE_RESOURCE, "No resource is registered at this address: see the bus's listServices.")
    owner = directory.members.get(service.id.member)
    if service.status is not ServiceStatus.ACTIVE or owner is None or owner.status is not MemberStatus.ACTIVE:
        suspended = Refusal(
            rules.RTE_SUSPENDED, "The resource is suspended: ask its owner when it returns.", {}, _RETRY_SUSPENDED
        )
        raise in_maintenance(suspended, directory, service, now)
    if service.sunset is not None and now >= service.sunset:
        instead = f"ask {service.successor} instead" if service.successor else "nothing takes its place"
        raise Refusal(
            rules.RTE_SUNSET,
            f"The resource ended on {utc_text(service.sunset)}: {instead}.",
            {"successor": service.successor} if service.successor else {},
        )
    return service


def maintained_until(directory: Directory, service: Service, now: float) -> float | None:
    """When the announced maintenance ends that a service is under at ``now`` (Unix seconds); None where it is not."""
    ends = (
        one.ends
        for one in directory.maintenance
        if one.member == service.id.member and one.starts <= now < one.ends
        if one.services is None or service.id.text in one.services
    )
    return max(ends, default=None)


def in_maintenance(refusal: Refusal, directory: Directory, service: Service, now: float) -> Refusal:
    """What to refuse with: while announced maintenance of the service lasts, its end is said, and to ask again then.

    Args:
        refusal: why the service cannot be asked now, without having been asked.
        now: Unix seconds.
    """
    end = maintained_until(directory, service, now)
    if end is None:
        return refusal
    until = utc_text(end)
    reason = f"{refusal.reason} Maintenance is announced until {until}."
    return Refusal(refusal.rule, reason, {**refusal.particulars, "maintenanceUntil": until}, ceil(end - now))


def find_operation(service: Service, payload_tag: str) -> Operation:
    """The operation whose input is the Body's element (``{namespace}local``, "" for an empty Body).

    Raises:
        Refusal: RTE-02 when the resource has no such operation.
    """
    operation = service.operations.get(payload_tag)
    if operation is None:
        known = ", ".join(sorted(each.name for each in service.operations.values()))[:300]
        raise Refusal(
            rules.RTE_OPERATION, "The Body's element is no operation's input here: see ?wsdl.", {"operations": known}
        )
    return operation


def check_actions(operation: Operation, http_action: str | None, addressed_action: str | None) -> None:
    """SOAPAction and wsa:Action, where they say anything, must say what the Body says (ADR-01).

    An absent or empty SOAPAction is lawful; a resource whose binding declares none takes any that is no contradiction.

    Raises:
        Refusal: ADR-01.
    """
    lawful = operation.actions
    if http_action and http_action != operation.soap_action and http_action not in lawful and lawful:
        raise Refusal(
            rules.WSA_ACTION, "SOAPAction names another operation than the Body.", {"operation": operation.name}
        )
    if addressed_action is not None and addressed_action not in (operation.soap_action or None, *lawful):
        raise Refusal(
            rules.WSA_ACTION, "wsa:Action names another operation than the Body.", {"operation": operation.name}
        )


def check_to(service: Service, to: str | None, addresses: frozenset[str]) -> None:
    """A signed wsa:To must be this resource's address (ADR-02), so that a message cannot be turned to another.

    Args:
        addresses: the base URLs by which the bus is known, without a trailing slash.

    Raises:
        Refusal: ADR-02.
    """
    if to is None or to in (WSA_ANONYMOUS, WSA_2004_ANONYMOUS):
        return
    path = service.id.path
    if not (to.endswith(path) and to[: -len(path)] in addresses):
        raise Refusal(rules.WSA_TO, "wsa:To is not the address of this resource: see soap:address in ?wsdl.")


def check_reply_address(address: str | None) -> None:
    """wsa:ReplyTo and wsa:FaultTo may only say *back here* (ADR-03): the bus opens no connection at a sender's word.

    Raises:
        Refusal: ADR-03.
    """
    if address is not None and address not in _NOWHERE_ELSE:
        raise Refusal(rules.WSA_REPLY, "Answers go back on this connection only: leave ReplyTo and FaultTo anonymous.")
