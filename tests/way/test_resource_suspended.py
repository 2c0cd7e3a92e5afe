"""ResourceSuspended: the resource, or the member that owns it, is not served just now."""

from collections.abc import Callable

from support.place import Place
from support.way import Asker, another, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.kernel.soap import SoapVersion
from esb.registry.members import set_member_status
from esb.registry.services import update_service


def test_a_suspended_resource_and_its_return(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1")
    with place.acting() as act:
        update_service(act, service, status=ServiceStatus.SUSPENDED)
    place.settle()
    expect_refusal(asker.ask(version=version, service=service), rules.RTE_SUSPENDED, consumer="EESMN")
    with place.acting() as act:
        update_service(act, service, status=ServiceStatus.ACTIVE)
    place.settle()
    expect_person(asker.ask(version=version, service=service))


def test_a_resource_of_a_suspended_member(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    owner = place.member(fresh_name()).code
    service = granted(place, f"{owner}/SYS/PersonQuery/v1")
    expect_person(asker.ask(version=version, service=service))
    with place.acting() as act:
        set_member_status(act, owner, MemberStatus.SUSPENDED, "as was decided")
    place.settle()
    expect_refusal(asker.ask(version=version, service=service), rules.RTE_SUSPENDED, consumer="EESMN")


def test_who_has_no_grant_learns_no_more_than_that(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    """Suspended or not: one of routing's or access's refusals, and nothing delivered."""
    service = another(place, f"DIN/IAMAS/{fresh_name()}/v1", status=ServiceStatus.SUSPENDED)
    exchange = asker.ask(version=version, service=service)
    rule = {"RTE-03": rules.RTE_SUSPENDED, "ACC-02": rules.ACC_GRANT}[exchange.reply.rule]
    expect_refusal(exchange, rule, consumer="EESMN")
