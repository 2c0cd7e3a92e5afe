"""A change of the registry is in force within two seconds, without a restart and without anybody telling the bus."""

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import hashes
from support.place import PERSONS, Place
from support.way import Asker, another

from esb.kernel.directory import MemberStatus, ServiceStatus
from esb.registry.certificates import revoke_certificate
from esb.registry.grants import revoke_grant
from esb.registry.members import set_member_status
from esb.registry.models import RevocationReason
from esb.registry.services import update_service

LIMIT = 2.0


@pytest.fixture(scope="module")
def polling(make_own: Callable[..., Place]) -> Iterator[Place]:
    """A bus that looks for changes as often as it does by default."""
    place = make_own(SHLUZ_REGISTRY_POLL_SECONDS="1")
    with place.serve():
        yield place


def soon(place: Place, outcome: Callable[[], str], wanted: str) -> None:
    """Ask until the outcome is as wanted; it must be within the limit."""
    begin = place.clock.monotonic()
    while outcome() != wanted:
        assert place.clock.monotonic() - begin < LIMIT, f"{outcome()!r} still, after {LIMIT} seconds"


def test_it_is_seen_soon(polling: Place) -> None:
    asker = Asker(polling)
    member = polling.member("NEW")
    service = another(polling, "DIN/IAMAS/New/v1", settle=False)

    def outcome() -> str:
        return asker.ask(member, service=service).reply.rule

    soon(polling, outcome, "ACC-02")
    grant = polling.grant("NEW", service)
    soon(polling, outcome, "")
    with polling.acting() as act:
        update_service(act, service, status=ServiceStatus.SUSPENDED)
    soon(polling, outcome, "RTE-03")
    with polling.acting() as act:
        update_service(act, service, status=ServiceStatus.ACTIVE)
        set_member_status(act, "NEW", MemberStatus.SUSPENDED)
    soon(polling, outcome, "ACC-01")
    with polling.acting() as act:
        set_member_status(act, "NEW", MemberStatus.ACTIVE)
        revoke_grant(act, grant, "test")
    soon(polling, outcome, "ACC-02")
    polling.grant("NEW", service)
    soon(polling, outcome, "")
    assert member.certificate is not None
    with polling.acting() as act:
        digest = member.certificate.fingerprint(hashes.SHA256()).hex()
        revoke_certificate(act, digest, RevocationReason.KEY_COMPROMISE)
    soon(polling, outcome, "CRT-05")
    # Those whom it does not touch never notice.
    assert asker.ask(service=PERSONS).reply.status == 200
